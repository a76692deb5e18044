"""What an engine keeps with containerd on this machine's disk: blobs of images, and folders of build steps.

The store of Docker from 29 on. containerd has a folder for each plugin (containerd, docs/ops.md): `content` is laid out
like the blobs of an OCI layout, and the snapshotter's `metadata.db` (snapshots/storage/bolt.go) says of which name
`snapshots/<number>/fs` is. Nothing is written, and no lock is taken.
"""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING
from auditor.core.smallfile import content_of
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.bolt import Bucket, Database
from auditor.sources.images.layout import BLOBS, LayoutBlobs
from auditor.sources.images.manifests import images_of
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.sources.images.model import Image

DRIVER = "overlayfs"
_SNAPSHOTTER, _CONTENT = "io.containerd.snapshotter.v1.overlayfs", "io.containerd.content.v1.content"
_KIND = ["driver-type", "io.containerd.snapshotter.v1"]
#: Where containerd keeps everything: one that docker has started, and the system's.
_OWN, _SYSTEM = ("containerd", "daemon"), "/var/lib/containerd"
_LARGEST_DATABASE = 256 << 20
_LARGEST_NUMBER = 10


def roots_of(about: Mapping[str, object]) -> list[str]:
    """Folders in which the engine that describes itself so may keep its images with containerd; [] if it does not.

    Only the superuser can be sure to read every file there; others get none.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return []
    if fields.text(about, "Driver") != DRIVER or _KIND not in fields.items(about, "DriverStatus"):
        return []
    data = fields.text(about, "DockerRootDir")
    own = [os.path.join(data, *_OWN)] if os.path.isabs(data) else []
    return [root for root in (*own, _SYSTEM) if os.path.isdir(root)]


def stored_images(roots: Sequence[str], name: str, digest: str, platform: str) -> Sequence[Image]:
    """The images behind the digest of a manifest or an index, if one of these folders has them whole; else none."""
    for root in roots:
        blobs = LayoutBlobs(os.path.join(root, _CONTENT))
        try:
            data = blobs.document(digest)
            images = images_of(name, blobs, data, digest=digest, platform=platform, sparse=True)
        except SourceError:
            continue
        if all(_is_whole(root, image) for image in images):
            return images
    return ()


def snapshots(roots: Sequence[str]) -> dict[str, str]:
    """Paths of the folders of build steps, by the id of their record in the build cache.

    Raises SourceError if no folder tells.
    """
    found: dict[str, str] = {}
    for root in roots:
        folder = os.path.join(root, _SNAPSHOTTER)
        path = os.path.join(folder, "metadata.db")
        if not os.path.lexists(path):
            continue
        for name, number in _numbers(path).items():
            files = os.path.join(folder, "snapshots", number, "fs")
            # The layers of images are named by digests, with a colon in it.
            if ":" not in name and os.path.isdir(files):
                found[name] = files
        return found
    raise SourceError("their list is not on this machine's disk")


def _is_whole(root: str, image: Image) -> bool:
    """Whether every layer is there: containerd can be told to keep only what it has unpacked."""
    if image.problems:
        return False
    parts = [digests.parts(layer.digest) for layer in image.layers]
    return all(found and os.path.isfile(os.path.join(root, _CONTENT, BLOBS, *found)) for found in parts)


def _numbers(path: str) -> dict[str, str]:
    """The folders' names in `snapshots`, by the last part of their key (`moby/1974/<id>`)."""
    data = content_of(path, _LARGEST_DATABASE, SourceError)
    try:
        database = Database(data)
        keys = database.bucket(b"v1", b"snapshots")
        numbers = {key: database.read(entry).get(b"id") for key, entry in keys.items() if isinstance(entry, Bucket)}
    except ValueError as error:
        raise SourceError(f"{path} cannot be read: {error}") from None
    named = ((key.rpartition(b"/")[2].decode("utf-8", "replace"), number) for key, number in numbers.items())
    return {name: str(_number(number)) for name, number in named if isinstance(number, bytes)}


def _number(data: bytes) -> int:
    """A number as Go's `binary.PutUvarint` writes it."""
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(data[:_LARGEST_NUMBER]))
