"""The images of an archive: by `manifest.json` (docker save), by `index.json` (OCI), or by what is left of it."""

from __future__ import annotations

import posixpath
import re

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.assembly import MOST_LAYERS, diff_ids, read_config
from auditor.sources.images.bundle import BundleBlobs, BundledImage, digest_of_path
from auditor.sources.images.manifests import images_of
from auditor.sources.images.model import CONFIG, LEGACY, MANIFEST, Document, Problem, SourceError
from auditor.sources.images.orphans import add_orphans, asks_for_all
from auditor.sources.images.platforms import ALL, described, suits
from auditor.sources.images.remnants import remnants_of
from auditor.sources.images.tarheaders import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.sources.images.bundle import Bundle
    from auditor.sources.images.model import Image

LIST, INDEX_FILE = "manifest.json", "index.json"
_LAYER = "layer.tar"
_MOST_IMAGES = 1_000
_CONFIG_NAME = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.json)?", re.ASCII)


def images_in(name: str, bundle: Bundle, *, tag: str = "", platform: str = "") -> list[Image]:
    """The images of an archive that have a tag or digest ("" = all), for a platform, each once. Raises SourceError."""
    images: list[Image] = []
    failed: list[SourceError] = []
    listed = bool(bundle.resolved(LIST))
    if bundle.resolved(INDEX_FILE):
        try:
            root, blobs = bundle.document(INDEX_FILE), BundleBlobs(bundle)
            # containerd lists all platforms of an image in an archive, also those that it does not have.
            images = images_of(name, blobs, root, platform=platform, tag=tag, sparse=listed)
        except SourceError as error:
            failed.append(error)
    if listed:
        try:
            _Listed(name, bundle, images).add_all(tag, platform)
        except SourceError as error:
            failed.append(error)
    chosen = bool(tag) or platform not in ("", ALL)
    listed_all = bool(images)
    if not images and not (failed and chosen):
        images = remnants_of(name, bundle)
    if not images:
        raise failed[-1] if failed else _nothing(name, bundle)
    images[0].problems.extend(bundle.problems)
    # Where an image was chosen, one of the two lists need not have it.
    if not chosen:
        images[0].problems.extend(Problem("archive", str(error)) for error in failed)
    images = _told_apart(images)
    if listed_all and asks_for_all(tag, platform):
        stored = {digest: bundle.size(path) for path in bundle.names() if (digest := digest_of_path(path))}
        add_orphans(name, BundleBlobs(bundle), stored, images)
    return images


def _told_apart(images: list[Image]) -> list[Image]:
    for image in images if len(images) > 1 else ():
        if isinstance(image, BundledImage) and image.reference:
            image.name = f"{image.name} ({image.reference})"
    return images


def _nothing(name: str, bundle: Bundle) -> SourceError:
    if bundle.problems:
        return SourceError(f"{name}: {bundle.problems[0].part}: {bundle.problems[0].message}")
    return SourceError(f"{name}: no archive of images: it has no {LIST} and no {INDEX_FILE}; see `audit scan`")


class _Listed:
    """Adds the images of `manifest.json` to those that the index lists."""

    def __init__(self, name: str, bundle: Bundle, images: list[Image]) -> None:
        self._name = name
        self._bundle = bundle
        self._images = images
        self._configs = {document.digest: image for image in images for document in image.documents if _is(document)}
        self._tags: list[str] = []
        self._platforms: list[str] = []

    def add_all(self, tag: str, platform: str) -> None:
        """Add the images asked for. Raises SourceError if there are none at all."""
        data = self._bundle.document(LIST)
        try:
            items = self._bundle.parser.parse(data)
        except ValueError as error:
            raise SourceError(f"{self._name}: {LIST}: {error}") from None
        if not isinstance(items, list):
            raise SourceError(f"{self._name}: {LIST}: no JSON array")
        for item in items[:_MOST_IMAGES]:
            self._add(fields.mapping(item), data, tag, platform)
        if not self._images:
            raise SourceError(f"{self._name}: {self._missing(tag, platform)}")
        if len(items) > _MOST_IMAGES:
            self._images[0].problems.append(Problem(LIST, f"more than {_MOST_IMAGES:,} images; the others: not read"))

    def _missing(self, tag: str, platform: str) -> str:
        if self._platforms:
            return f"no image for {platform}; there are images for {', '.join(sorted(set(self._platforms))[:20])}"
        if tag:
            return f"no image {tag} in it; there are {', '.join(self._tags[:10]) or 'none with a name'}"
        return f"{LIST} lists no image"

    def _add(self, item: Mapping[str, object], data: bytes, tag: str, platform: str) -> None:
        tags = [found for found in fields.items(item, "RepoTags") if isinstance(found, str) and len(found) < 1000]
        path = fields.text(item, "Config")
        digest = _config_digest(path)
        self._tags.extend(tags)
        if tag and tag != digest and not any(found == tag or found.endswith((f":{tag}", f"/{tag}")) for found in tags):
            return
        layers = [found for found in fields.items(item, "Layers") if isinstance(found, str)]
        known = self._configs.get(digest)
        if known is not None:
            _add_legacy(known, self._bundle, layers)
            return
        image = BundledImage(self._name, self._bundle)
        image.reference = tags[0] if tags else digest[:19]
        image.documents.append(Document(MANIFEST, LIST, data))
        if len(layers) != len(fields.items(item, "Layers")) or not isinstance(item.get("Layers"), list):
            image.problems.append(Problem(LIST, "it does not list the layers as texts"))
        configure(image, self._bundle, path, digest)
        image.platform = described(image.config)
        if not suits(platform, image.platform):
            self._platforms.append(image.platform)
            return
        _stack(image, self._bundle, layers)
        self._images.append(image)
        if digest:
            self._configs[digest] = image


def _is(document: Document) -> bool:
    return document.kind == CONFIG and bool(document.digest)


def _config_digest(path: str) -> str:
    match = _CONFIG_NAME.fullmatch(path)
    return digest_of_path(path) or (f"sha256:{match[1]}" if match else "")


def configure(image: Image, bundle: Bundle, path: str, digest: str) -> None:
    """Give an image the config that an archive holds under a path; `digest` is the one it should have, if known."""
    try:
        data = bundle.document(path) if path else b""
    except SourceError as error:
        image.problems.append(Problem("config", str(error)))
        return
    if not path:
        image.problems.append(Problem("config", "the manifest names none"))
        return
    if digest and not digests.fits(digest, data):
        image.problems.append(Problem("config", f"{path} has another digest: {digests.of(data)}"))
    image.digest = digest or digests.of(data)
    image.documents.append(Document(CONFIG, f"config {path}", data, image.digest))
    image.config = read_config(data, image.problems, bundle.parser)


def _stack(image: BundledImage, bundle: Bundle, paths: list[str]) -> None:
    image.stack(paths, diff_ids(image.config, len(paths), image.problems))
    if len(paths) > MOST_LAYERS:
        image.problems.append(Problem("layers", f"more than {MOST_LAYERS:,}; the others were not read"))
    _add_legacy(image, bundle, paths)


def _add_legacy(image: Image, bundle: Bundle, paths: list[str]) -> None:
    """Add the json that old archives have beside each layer."""
    for folder in _folders(bundle, paths[:MOST_LAYERS]):
        path = f"{folder}/json"
        try:
            image.documents.append(Document(LEGACY, path, bundle.document(path)))
        except SourceError as error:
            image.problems.append(Problem(path, str(error)))


def _folders(bundle: Bundle, paths: list[str]) -> list[str]:
    """The folders of layers, base first: those of the paths, else those that have links to them."""
    found = {normal(posixpath.dirname(path)): 0 for path in paths if posixpath.basename(path) == _LAYER}
    if not found:
        places = {bundle.resolved(path): number for number, path in enumerate(paths)}
        folders = [posixpath.dirname(name) for name in bundle.names() if posixpath.basename(name) == "json"]
        found = {folder: places.get(bundle.resolved(f"{folder}/{_LAYER}"), -1) for folder in folders}
    return [
        folder for folder in sorted(found, key=lambda key: found[key]) if found[folder] >= 0 and _has(bundle, folder)
    ]


def _has(bundle: Bundle, folder: str) -> bool:
    return bool(folder) and bool(bundle.resolved(f"{folder}/json"))
