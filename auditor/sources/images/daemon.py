"""Images of a running engine: metadata first, then layers from its disk where that is possible, else its export.

The Docker SDK's only home; it brings sockets, pipes, ssh and TLS. Answers are read here, within bounds.
"""

from __future__ import annotations

import json
import socket
import warnings
from contextlib import suppress
from functools import cached_property
from urllib.parse import quote

from auditor.core.record import TYPE_CHECKING, cast
from auditor.sources.images import fields, platforms
from auditor.sources.images.answers import Body, NotFound, failure, refusal
from auditor.sources.images.containerd import DRIVER as CONTAINERD
from auditor.sources.images.containerd import roots_of, stored_images
from auditor.sources.images.contexts import endpoint_of
from auditor.sources.images.described import DescribedImage, fill, platform_of
from auditor.sources.images.exported import Export, ExportSource, KeptSource
from auditor.sources.images.model import LARGEST_DOCUMENT, Problem, SourceError
from auditor.sources.images.overlay import OverlayImage, kept_image
from auditor.sources.images.platforms import suits

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import BinaryIO

    from docker import APIClient  # type: ignore[import-untyped]

    from auditor.sources.images.contexts import Endpoint
    from auditor.sources.images.model import Image, Source
    from auditor.sources.images.target import Target

#: Versions of the Engine API that are understood.
_OLDEST, _NEWEST = (1, 24), (1, 51)
#: The versions that take a platform with an inspection, and with an export.
_PLATFORM_INSPECTED, _PLATFORM_EXPORTED = (1, 49), (1, 48)
#: Seconds for an answer about metadata.
_PATIENCE = 60
#: Slowest export that is waited for, in bytes per second: before it begins, the engine may write all of it to its disk.
_SLOWEST = 2_000_000
_LONGEST_PATIENCE = 6 * 3600
_BLOCK = 1 << 18
_LONGEST_REFUSAL = 1 << 20


class Engine:
    """A connection to one engine. Raises SourceError with whatever goes wrong."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client = self._connected(endpoint)
        try:
            self.version = self._agreed()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def document(self, path: str, **parameters: str | Sequence[str]) -> object:
        """The JSON that the engine answers to a question."""
        return self._document(self._versioned(path), parameters)

    @cached_property
    def containerd(self) -> Sequence[str]:
        """Folders on this machine's disk in which it may keep its images with containerd (`containerd.roots_of`)."""
        with suppress(SourceError):
            return roots_of(fields.mapping(self.document("/info")))
        return []

    def stream(self, path: str, patience: int, **parameters: str | Sequence[str]) -> BinaryIO:
        """The bytes that the engine answers. `patience`: seconds in which it has to give the next ones."""
        return cast("BinaryIO", self._get(self._versioned(path), parameters, patience))

    def _versioned(self, path: str) -> str:
        return "/v{}.{}{}".format(*self.version, quote(path, safe="/:@"))

    def _document(self, path: str, parameters: Mapping[str, str | Sequence[str]]) -> object:
        with self._get(path, parameters, _PATIENCE) as body:
            data = body.whole(LARGEST_DOCUMENT)
        try:
            return fields.parse(data)
        except ValueError as error:
            raise SourceError(f"what answers at {self.endpoint.shown} is no container engine: {error}") from None

    def _get(self, path: str, parameters: Mapping[str, str | Sequence[str]], patience: int) -> Body:
        return self._asked(path, parameters, patience)[0]

    def _asked(
        self, path: str, parameters: Mapping[str, str | Sequence[str]], patience: int
    ) -> tuple[Body, Mapping[str, str]]:
        """The body of an answer, and its header."""
        try:
            with warnings.catch_warnings():
                # Contexts can ask not to verify; the library would warn each time.
                warnings.filterwarnings("ignore", message="Unverified HTTPS request")
                response = self._client.get(
                    self._client.base_url + path,
                    params=dict(parameters),
                    stream=True,
                    allow_redirects=False,
                    # Said each time: else REQUESTS_CA_BUNDLE would stand above what the context says.
                    verify=self._client.verify,
                    timeout=(min(patience, _PATIENCE), patience),
                    headers={"Accept-Encoding": "identity"},
                )
        except (OSError, ValueError) as error:
            raise failure(error, self.endpoint, patience) from None
        body = Body(response.iter_content(_BLOCK), response.close, self.endpoint, patience)
        if response.status_code != 200:
            with body:
                raise refusal(response.status_code, body.whole(_LONGEST_REFUSAL), self.endpoint)
        return body, response.headers

    def _agreed(self) -> tuple[int, int]:
        """The version of the API to be used. Raises SourceError if there is none, or no engine."""
        body, header = self._asked("/_ping", {}, _PATIENCE)
        with body:
            body.whole(_LONGEST_REFUSAL)
        # podman takes a quarter of a second to answer /version.
        version = _number(header.get("Api-Version", ""))
        if version is None:
            version = _number(fields.text(self._document("/version", {}), "ApiVersion"))
        if version is None:
            raise SourceError(f"what answers at {self.endpoint.shown} is no container engine")
        if version < _OLDEST:
            raise SourceError(
                "the engine at {} is too old: it speaks version {}.{} of its API, needed is {}.{}; "
                "read an archive made by `docker save`".format(self.endpoint.shown, *version, *_OLDEST)
            )
        return min(version, _NEWEST)

    def _connected(self, endpoint: Endpoint) -> APIClient:
        if endpoint.socket:
            # The library would say less, and leave its socket open. Some systems have no such sockets.
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.settimeout(_PATIENCE)
                    probe.connect(endpoint.socket)
            except (OSError, AttributeError) as error:
                raise failure(error, endpoint, _PATIENCE) from None
        # start-up: a fifth of a second
        from docker import APIClient
        from docker.errors import DockerException  # type: ignore[import-untyped]
        from docker.tls import TLSConfig  # type: ignore[import-untyped]

        try:
            pair = (endpoint.certificate, endpoint.key) if endpoint.certificate else None
            tls = TLSConfig(pair, endpoint.ca or None, endpoint.verify) if endpoint.tls else False
            client = APIClient(endpoint.host, "{}.{}".format(*_OLDEST), _PATIENCE, tls=tls, use_ssh_client=True)
        except (DockerException, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise failure(error, endpoint, _PATIENCE) from None
        # Else passwords from ~/.netrc would be sent along.
        client.auth = _as_it_is
        return client


def open_daemon(target: Target, platform: str = "", *, known: Container[str] = frozenset()) -> Source:
    """The image that a target `docker:REF` or `podman:REF` names, where the user's own commands would look for it.

    Metadata is read at once. Gives a source whose layers can be opened where the engine's disk can be read, else an
    `ExportSource`, which delivers nothing if all of its layers are in `known` (diff_ids). Raises SourceError.
    """
    engine = Engine(endpoint_of(target.kind))
    try:
        return _opened(engine, target, platform, known)
    except BaseException:
        engine.close()
        raise


def images_of(engine: Engine, reference: str, name: str, record: Mapping[str, object]) -> Sequence[Image]:
    """An image that an engine has described, as it lies on this machine's disk; if it does not, as described.

    More than one where containerd keeps, beside it, something about it that is an image of its own.
    """
    # Nothing else tells that an engine behind a network address works on this disk.
    if not engine.endpoint.socket:
        return [_described(engine, reference, name, record)]
    if fields.text(fields.mapping(record, "GraphDriver"), "Name") == CONTAINERD:
        digest = fields.text(record, "Id")
        stored = stored_images(engine.containerd, name, digest, platform_of(record))
        return stored or [_described(engine, reference, name, record)]
    kept = kept_image(record)
    if kept is None:
        return [_described(engine, reference, name, record)]
    image = OverlayImage(name, kept.layers)
    fill(image, record, [], kept.config)
    return [image]


def _described(engine: Engine, reference: str, name: str, record: Mapping[str, object]) -> Image:
    image = DescribedImage(name)
    history: object = []
    try:
        history = engine.document(f"/images/{reference}/history")
    except SourceError as error:
        image.problems.append(Problem("history", str(error)))
    fill(image, record, history, b"")
    return image


def patience_for(size: int) -> int:
    """Seconds in which an engine has to begin its export of images of so many bytes."""
    return min(_PATIENCE + max(size, 0) // _SLOWEST, _LONGEST_PATIENCE)


def _opened(engine: Engine, target: Target, platform: str, known: Container[str]) -> Source:
    record = _inspected(engine, target, platform)
    images = images_of(engine, target.where, target.name, record)
    if not isinstance(images[0], DescribedImage):
        engine.close()
        return KeptSource(target.name, images)
    parameters = {"platform": _as_json(platform)} if _chosen(engine, platform, _PLATFORM_EXPORTED) else {}
    export = Export(engine, f"/images/{target.where}/get", parameters, patience_for(fields.size(record, "Size")))
    return ExportSource(target.name, export, images, known=known, platform=platform)


def _inspected(engine: Engine, target: Target, platform: str) -> Mapping[str, object]:
    """What an engine says about an image. Raises SourceError if it has none, or none for this platform."""
    reference = target.where
    path = f"/images/{reference}/json"
    try:
        record = fields.mapping(engine.document(path))
    except NotFound:
        stored = target.reference is not None and target.reference.domain
        raise SourceError(
            f"the container engine at {engine.endpoint.shown} has no image {reference}: "
            f"get it with `{target.kind} pull {reference}`"
            + (f", or read it where it is stored: registry:{reference}" if stored else "")
        ) from None
    if suits(platform, platform_of(record)):
        return record
    if _chosen(engine, platform, _PLATFORM_INSPECTED):
        with suppress(NotFound):
            return fields.mapping(engine.document(path, platform=_as_json(platform)))
    found = [platform_of(record), *_others(engine, path)]
    raise SourceError(f"{reference} is not there for {platform}, but for {', '.join(dict.fromkeys(found))}")


def _others(engine: Engine, path: str) -> list[str]:
    """The platforms of an image of which the engine keeps several."""
    if engine.version < _PLATFORM_EXPORTED:
        return []
    described = fields.items(engine.document(path, manifests="1"), "Manifests")
    images = [fields.mapping(item, "ImageData") for item in described if fields.mapping(item).get("Available") is True]
    return sorted(filter(None, (platforms.described(fields.mapping(image, "Platform")) for image in images)))


def _chosen(engine: Engine, platform: str, since: tuple[int, int]) -> bool:
    return platform not in ("", platforms.ALL) and engine.version >= since


def _as_json(platform: str) -> str:
    """A platform as the Engine API takes it."""
    system, architecture, variant = (*platforms.normal(platform).split("/"), "", "")[:3]
    return json.dumps({"os": system, "architecture": architecture, **({"variant": variant} if variant else {})})


def _as_it_is(request: object) -> object:
    return request


def _number(version: str) -> tuple[int, int] | None:
    major, _, minor = version.partition(".")
    if not (major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit() and len(version) < 12):
        return None
    return int(major), int(minor)
