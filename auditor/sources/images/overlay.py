"""Images as an engine keeps them on this machine's disk, for those who may read it: several times as fast as asking.

Docker (moby, layer/filestore.go and image/fs.go): `image/overlay2/layerdb/sha256/<chain id>/` with `cache-id` and
`tar-split.json.gz`, and `overlay2/<cache id>/diff`. Podman (containers/storage): `overlay-layers/<id>.tar-split.gz` and
`overlay/<id>/diff`. A folder counts only together with its notes (`tarsplit`), so that every byte and digest is the
image's. Nothing is written, and no lock is taken.
"""

from __future__ import annotations

import base64
import os
import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.model import LARGEST_DOCUMENT, Image, SourceError
from auditor.sources.images.tarsplit import tar_again

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from auditor.sources.images.model import Layer

_NAME = re.compile(r"[A-Za-z0-9]{1,128}", re.ASCII)
_SHORT = 1 << 10
_DOCKER, _PODMAN = "overlay2", "overlay"


class Kept(NamedTuple):
    """A layer on disk: the folder with its files, and the file with what else its tar held."""

    folder: str
    notes: str


class KeptImage(NamedTuple):
    """An image on disk: the bytes of its config (b"" if they are elsewhere), and its layers, base first."""

    config: bytes
    layers: tuple[Kept, ...]


class OverlayImage(Image):
    """An image whose layers are read from an engine's folders; `kept` are those, base first."""

    def __init__(self, name: str, kept: Sequence[Kept]) -> None:
        super().__init__(name)
        self._kept = kept

    def open(self, layer: Layer) -> BinaryIO:
        """The layer's tar, uncompressed."""
        kept = self._kept[layer.number]
        return tar_again(kept.folder, kept.notes, f"layer {layer.number} of {self.name}", self.problems)


def kept_image(record: Mapping[str, object]) -> KeptImage | None:
    """The image that an engine's inspection describes, as it lies on disk; None if it cannot be read there.

    Only the superuser can be sure to read every file of every layer; others get None.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    driver = fields.mapping(record, "GraphDriver")
    identity = digests.parts(_with_algorithm(fields.text(record, "Id")))
    diff_ids = diff_ids_of(record)
    if not identity or not diff_ids or any(digests.parts(diff_id) is None for diff_id in diff_ids):
        return None
    data = fields.mapping(driver, "Data")
    name = fields.text(driver, "Name")
    try:
        if name == _DOCKER:
            return _docker(_root(data, _DOCKER), identity[1], diff_ids)
        if name == _PODMAN:
            return _podman(data, identity[1], diff_ids)
    except (SourceError, OSError, ValueError):
        return None
    return None


def diff_ids_of(record: Mapping[str, object]) -> list[str]:
    """The digests of the layers that an engine's inspection lists, base first."""
    return [item if isinstance(item, str) else "" for item in fields.items(fields.mapping(record, "RootFS"), "Layers")]


def chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """What identifies every layer together with those below it (OCI image-spec, Layer ChainID)."""
    made: list[str] = []
    for diff_id in diff_ids:
        made.append(digests.of(f"{made[-1]} {diff_id}".encode()) if made else diff_id)
    return made


def used_folders(root: str) -> frozenset[str]:
    """Names of the folders in a Docker engine's `overlay2` that belong to image layers or containers.

    Raises OSError if they cannot be listed.
    """
    names: set[str] = set()
    database = os.path.join(root, "image", _DOCKER, "layerdb")
    for folder, files in (("sha256", ("cache-id",)), ("mounts", ("mount-id", "init-id", "parent"))):
        for owner in os.listdir(os.path.join(database, folder)):
            for file in files:
                path = os.path.join(database, folder, owner, file)
                if os.path.exists(path):
                    names.add(_line(path))
    return frozenset(names)


def _with_algorithm(identity: str) -> str:
    return identity if ":" in identity else f"sha256:{identity}"


def _root(data: Mapping[str, object], driver: str) -> str:
    """The engine's data folder, from the path of a layer's. Raises ValueError."""
    head, name, last = _ends(fields.text(data, "UpperDir"))
    root, kind = os.path.split(head)
    if kind != driver or last != "diff" or not _NAME.fullmatch(name) or not os.path.isabs(root):
        raise ValueError("not a layer's folder")
    return root


def _ends(path: str) -> tuple[str, str, str]:
    head, last = os.path.split(path)
    return (*os.path.split(head), last)


def _docker(root: str, identity: str, diff_ids: Sequence[str]) -> KeptImage | None:
    database = os.path.join(root, "image", _DOCKER)
    config = content_of(os.path.join(database, "imagedb", "content", "sha256", identity), LARGEST_DOCUMENT, SourceError)
    if not digests.fits(f"sha256:{identity}", config):
        return None
    layers: list[Kept] = []
    for chain in chain_ids(diff_ids):
        entry = os.path.join(database, "layerdb", *chain.split(":"))
        name = _line(os.path.join(entry, "cache-id"))
        if not _NAME.fullmatch(name):
            return None
        layers.append(Kept(os.path.join(root, _DOCKER, name, "diff"), os.path.join(entry, "tar-split.json.gz")))
    return KeptImage(config, tuple(layers)) if _readable(layers) else None


def _podman(data: Mapping[str, object], identity: str, diff_ids: Sequence[str]) -> KeptImage | None:
    root = _root(data, _PODMAN)
    lower = fields.text(data, "LowerDir")
    folders = [*(lower.split(":")[::-1] if lower else []), fields.text(data, "UpperDir")]
    layers: list[Kept] = []
    for folder in folders:
        head, name, last = _ends(folder)
        if os.path.dirname(head) != root or last != "diff" or not _NAME.fullmatch(name):
            return None
        layers.append(Kept(folder, os.path.join(root, "overlay-layers", f"{name}.tar-split.gz")))
    if len(layers) != len(diff_ids) or not _readable(layers):
        return None
    key = "=" + base64.b64encode(f"sha256:{identity}".encode()).decode()
    config = content_of(os.path.join(root, "overlay-images", identity, key), LARGEST_DOCUMENT, SourceError)
    return KeptImage(config, tuple(layers)) if digests.fits(f"sha256:{identity}", config) else None


def _readable(layers: Sequence[Kept]) -> bool:
    return all(
        os.path.isdir(layer.folder) and os.access(layer.folder, os.R_OK | os.X_OK) and os.access(layer.notes, os.R_OK)
        for layer in layers
    )


def _line(path: str) -> str:
    return content_of(path, _SHORT, SourceError).decode("utf-8", "replace").strip()
