"""Images in a registry, read without an engine: `registry:HOST/REPOSITORY[:TAG][@DIGEST]`."""

from __future__ import annotations

import os
import platform as machine

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.distribution.blobs import RegistryBlobs
from auditor.sources.images.distribution.client import Client
from auditor.sources.images.distribution.host import Policy, insecure_registries
from auditor.sources.images.distribution.limits import Limits
from auditor.sources.images.distribution.referrers import add_referrers
from auditor.sources.images.distribution.repository import Absent, Repository
from auditor.sources.images.manifests import images_of
from auditor.sources.images.model import LARGEST_DOCUMENT, Source, SourceError
from auditor.sources.images.platforms import normal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from auditor.sources.images.distribution.repository import Found
    from auditor.sources.images.model import Image
    from auditor.sources.images.reference import Reference
    from auditor.sources.images.target import Target

#: Names of architectures by those of `platform.machine`, where `platforms.normal` does not know them.
_MACHINES = {"armv7l": "arm/v7", "armv6l": "arm/v6", "i686": "386", "i586": "386", "loongarch64": "loong64"}
#: The folder of the default registry in which images without a folder lie.
_LIBRARY = "library"


def open_registry(
    target: Target, platform: str = "", *, insecure: Collection[str] = (), limits: Limits | None = None
) -> RegistrySource:
    """The images that a reference leads to. Nothing is asked yet.

    `platform` "" means that of this machine where there are several, "all" every one. `insecure` are registries
    ("host[:port]") without TLS or without a trusted certificate; AUDIT_INSECURE_REGISTRIES names more. A reference
    without a host belongs to AUDIT_DEFAULT_REGISTRY. Raises SourceError if that is not set.
    """
    reference = target.reference
    if reference is None or not reference.repository:
        raise SourceError(f"{target.name}: not a reference to an image")
    policy = Policy([*insecure, *insecure_registries()])
    client = Client(policy, limits or Limits())
    return RegistrySource(target.name, _complete(reference), platform, client)


class RegistrySource(Source):
    """One reference in one registry."""

    def __init__(self, name: str, reference: Reference, platform: str, client: Client) -> None:
        super().__init__(name)
        self._reference = reference
        self._platform = platform
        self._client = client
        self._images: list[Image] | None = None

    def images(self) -> Sequence[Image]:
        """The images of the platform asked for, with what the registry keeps about them."""
        if self._images is None:
            self._images = self._read()
        return self._images

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _read(self) -> list[Image]:
        reference = self._reference
        repository = Repository(self._client, reference.domain, reference.repository)
        blobs = RegistryBlobs(repository)
        root = self._root(repository)
        blobs.learn(root.data)
        images: list[Image] = images_of(
            str(reference),
            blobs,
            root.data,
            media_type=root.media_type,
            digest=root.digest,
            platform=self._wanted(root.data),
        )
        others: list[Image] = []
        for image in images:
            if image.digest:
                others += add_referrers(image, image.digest, blobs)
        if root.digest not in (image.digest for image in images):
            others += add_referrers(images[0], root.digest, blobs)
        return images + others

    def _root(self, repository: Repository) -> Found:
        reference = self._reference
        try:
            return repository.manifest(reference.digest or reference.tag, LARGEST_DOCUMENT, str(reference))
        except Absent as error:
            raise SourceError(f"{reference}: the registry has no such image or tag ({error.answer})") from None

    def _wanted(self, root: bytes) -> str:
        """The platform to read: a reference that leads to one image means this, whatever its platform."""
        if self._platform:
            return self._platform
        try:
            several = bool(fields.items(fields.parse(root), "manifests"))
        except ValueError:
            several = False
        return own_platform() if several else ""


def own_platform() -> str:
    """The platform of containers on this machine, "linux/<architecture>"."""
    name = machine.machine().lower()
    return normal(f"linux/{_MACHINES.get(name, name)}")


def _complete(reference: Reference) -> Reference:
    """A reference with its host and its tag. Raises SourceError if there is no host to be had."""
    tag = reference.tag or ("" if reference.digest else "latest")
    if reference.domain:
        return reference._replace(domain=reference.domain.lower(), tag=tag)
    domain = os.environ.get("AUDIT_DEFAULT_REGISTRY", "").strip().rstrip("/").lower()
    if not domain:
        raise SourceError(
            f"{reference}: which registry is meant? Write its host (registry:HOST/{reference.repository}:{tag}), "
            "or set AUDIT_DEFAULT_REGISTRY"
        )
    folder = "" if "/" in reference.repository else f"{_LIBRARY}/"
    return reference._replace(domain=domain, repository=folder + reference.repository, tag=tag)
