"""Images of archives that do not list them: very old ones, and those that end before they would."""

from __future__ import annotations

import posixpath

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.assembly import MOST_LAYERS, diff_ids
from auditor.sources.images.bundle import BundleBlobs, BundledImage, digest_of_path
from auditor.sources.images.manifests import images_of
from auditor.sources.images.model import CONFIG, LARGEST_DOCUMENT, LEGACY, Document, Problem, SourceError
from auditor.sources.images.platforms import described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.sources.images.bundle import Bundle
    from auditor.sources.images.model import Image

#: Documents that are looked at, and bytes of them, to find out what they are.
_MOST_DOCUMENTS, _MOST_BYTES = 2_000, 128 << 20
_LAYER, _JSON = "layer.tar", "json"


def remnants_of(name: str, bundle: Bundle) -> list[Image]:
    """The images that can be made out without a list; else one that has whatever looks like a layer; else none."""
    found = _Documents(bundle)
    images = _by_manifests(name, bundle, found) or _by_parents(name, bundle, found)
    if not images:
        images = _whatever(name, bundle, found)
    if images and not bundle.resolved("repositories"):
        images[0].problems.append(Problem("archive", "it does not say which images it holds; this is what is left"))
    return images


class _Documents:
    """The JSON objects of an archive by path: configs, manifests, and the json of layers."""

    def __init__(self, bundle: Bundle) -> None:
        self.configs: dict[str, Mapping[str, object]] = {}
        self.manifests: list[str] = []
        self.layers: dict[str, Mapping[str, object]] = {}
        self.data: dict[str, bytes] = {}
        room = _MOST_BYTES
        for path in list(bundle.names()):
            size = bundle.size(path)
            if size > min(room, LARGEST_DOCUMENT) or not fields.begins_json(bundle.begins(path)):
                continue
            try:
                data = bundle.document(path)
                value = bundle.parser.parse(data)
            except (SourceError, ValueError):
                continue
            room -= size
            self._sort(path, data, fields.mapping(value))
            if len(self.data) >= _MOST_DOCUMENTS:
                break

    def _sort(self, path: str, data: bytes, value: Mapping[str, object]) -> None:
        if isinstance(value.get("layers"), list) and digest_of_path(path):
            self.manifests.append(path)
        elif posixpath.basename(path) == _JSON:
            self.layers[posixpath.dirname(path)] = value
        elif "rootfs" in value:
            self.configs[path] = value
        else:
            return
        self.data[path] = data


def _by_manifests(name: str, bundle: Bundle, found: _Documents) -> list[Image]:
    images: list[Image] = []
    for path in found.manifests:
        try:
            images += images_of(name, BundleBlobs(bundle), found.data[path], digest=digest_of_path(path))
        except SourceError as error:
            bundle.problems.append(Problem(path, str(error)))
    return images


def _by_parents(name: str, bundle: Bundle, found: _Documents) -> list[Image]:
    """Images of the time before `manifest.json`: every layer's json names the layer below it."""
    below = {folder: fields.short(value, "parent") for folder, value in found.layers.items()}
    tops = [folder for folder in below if folder not in below.values()]
    images: list[Image] = []
    for top in tops:
        chain = _chain(top, below)
        image = BundledImage(name, bundle)
        image.reference = top[:12]
        for folder in chain:
            path = f"{folder}/{_JSON}"
            image.documents.append(Document(LEGACY, path, found.data[path]))
        paths = [f"{folder}/{_LAYER}" for folder in chain if bundle.resolved(f"{folder}/{_LAYER}")]
        # A config that was saved before the archive ended is the one of the only image.
        if len(tops) == 1 and len(found.configs) == 1:
            _configure(image, found)
        image.platform = described(image.config or found.layers[top])
        image.stack(paths, diff_ids(image.config, len(paths), image.problems))
        image.config = image.config or found.layers[top]
        if len(paths) < len(chain):
            image.problems.append(Problem("archive", f"{len(chain) - len(paths)} layers are missing"))
        images.append(image)
    if images and not (len(tops) == 1 and len(found.configs) == 1):
        images[0].documents.extend(Document(LEGACY, path, found.data[path]) for path in found.configs)
    return images


def _chain(top: str, below: Mapping[str, str]) -> list[str]:
    """Folders of layers from the base to the top."""
    chain = [top]
    while (parent := below.get(chain[-1], "")) in below and parent not in chain and len(chain) < MOST_LAYERS:
        chain.append(parent)
    return chain[::-1]


def _configure(image: BundledImage, found: _Documents) -> None:
    path = next(iter(found.configs))
    image.config = found.configs[path]
    image.documents.append(Document(CONFIG, f"config {path}", found.data[path]))


def _whatever(name: str, bundle: Bundle, found: _Documents) -> list[Image]:
    paths = [
        path
        for path in bundle.names()
        if path not in found.data and (digest_of_path(path) or posixpath.basename(path) == _LAYER)
    ]
    if not paths and not found.configs:
        return []
    image = BundledImage(name, bundle)
    if len(found.configs) == 1:
        _configure(image, found)
    for path in found.data:
        if path not in found.configs or len(found.configs) > 1:
            image.documents.append(Document(LEGACY, path, found.data[path]))
    image.platform = described(image.config)
    image.stack(paths, diff_ids(image.config, len(paths), image.problems))
    return [image]
