"""What builds leave behind in an engine: images without a name, and the cache of BuildKit."""

from __future__ import annotations

import os
from contextlib import suppress

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.answers import NotFound
from auditor.sources.images.containerd import snapshots
from auditor.sources.images.contexts import endpoint_of
from auditor.sources.images.daemon import Engine, images_of, patience_for
from auditor.sources.images.described import DescribedImage, as_json
from auditor.sources.images.exported import Export, ExportSource, KeptSource
from auditor.sources.images.model import CACHE, Document, Image, Layer, Problem, SourceError
from auditor.sources.images.overlay import used_folders
from auditor.sources.images.rootfs import tar_of

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import BinaryIO

    from auditor.sources.images.model import Source

_MOST_IMAGES, _MOST_RECORDS = 10_000, 100_000
#: Digits of an id that are shown, as the docker command does.
_SHORT = 12
_UNNAMED = ("<none>:<none>", "<none>@<none>")
#: Folders of `overlay2` that are no layers: the links that keep mount options short.
_LINKS = "l"


class CacheImage(Image):
    """A folder of the build cache as an image of one layer: files of a build step that are in no image."""

    def __init__(self, name: str, folder: str, step: str) -> None:
        super().__init__(name)
        self._folder = folder
        self.layers = [Layer(0, f"folder {folder}")]
        self.config = {"history": [{"created_by": step}]} if step else {}

    def open(self, layer: Layer) -> BinaryIO:
        """The folder as a tar; no digest is known for it."""
        return tar_of(self._folder, overlay=True, problems=self.problems)


def open_build_cache(kind: str, *, known: Container[str] = frozenset()) -> Source:
    """What the builds of an engine (kind of target: docker or podman) left behind there.

    Untagged images, those in between of a build among them; the records of the build cache as documents of one image;
    and every folder that only the build cache uses, as an image. `known` as for `open_daemon`. Raises SourceError.
    """
    engine = Engine(endpoint_of(kind))
    try:
        name = f"build cache of {engine.endpoint.shown}"
        images, size = _unnamed(engine)
        cache = _cache(engine)
        closed = [image for image in images if image.layers and isinstance(image, DescribedImage)]
        beside = [*(image for image in images if image not in closed), *cache]
        if not closed:
            engine.close()
            return KeptSource(name, beside)
        names = [image.digest for image in closed]
        export = Export(engine, "/images/get", {"names": names}, patience_for(size))
        return ExportSource(name, export, closed, known=known, beside=beside)
    except BaseException:
        engine.close()
        raise


def _unnamed(engine: Engine) -> tuple[list[Image], int]:
    """The images that no tag leads to, and how large they are together, in bytes."""
    found = engine.document("/images/json", all="1")
    images: list[Image] = []
    size = 0
    for item in found if isinstance(found, list) else []:
        entry = fields.mapping(item)
        tags = [tag for tag in fields.items(entry, "RepoTags") if tag not in _UNNAMED]
        identity = fields.text(entry, "Id")
        if tags or not identity:
            continue
        if len(images) == _MOST_IMAGES:
            images[-1].problems.append(Problem("untagged images", f"more than {_MOST_IMAGES:,}; the others: not read"))
            break
        # It may have been removed since the list was made.
        with suppress(NotFound):
            record = fields.mapping(engine.document(f"/images/{identity}/json"))
            name = f"untagged image {identity.removeprefix('sha256:')[:_SHORT]}"
            images.extend(images_of(engine, identity, name, record))
            size += max(fields.size(entry, "Size"), 0)
    return images, size


def _cache(engine: Engine) -> list[Image]:
    """The records of the build cache, and the folders that only it uses, each as an image."""
    image = DescribedImage("build cache")
    try:
        usage = engine.document("/system/df", type="build-cache")
    except SourceError as error:
        image.problems.append(Problem("records of the build cache", str(error)))
        return [image]
    records = [fields.mapping(item) for item in fields.items(usage, "BuildCache")]
    if not records:
        return [image]
    if len(records) > _MOST_RECORDS:
        image.problems.append(Problem("records of the build cache", f"only the first {_MOST_RECORDS:,} were read"))
    steps: dict[str, str] = {}
    for record in records[:_MOST_RECORDS]:
        identity = fields.short(record, "ID")
        steps[identity] = fields.text(record, "Description")
        try:
            image.documents.append(Document(CACHE, f"build cache {identity}", as_json(record)))
        except ValueError as error:
            image.problems.append(Problem(f"build cache {identity}", str(error)))
    try:
        folders = _snapshots(engine, records) if engine.containerd else _folders(engine)
    except (OSError, SourceError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        image.problems.append(Problem("files of the build cache", f"not searched: {reason}"))
        return [image]
    return [image, *(CacheImage(f"build cache {name}", path, steps.get(name, "")) for name, path in folders)]


def _snapshots(engine: Engine, records: Sequence[Mapping[str, object]]) -> list[tuple[str, str]]:
    """As `_folders`, where containerd keeps them; what the engine calls shared belongs to an image, too."""
    found = snapshots(engine.containerd)
    names = (fields.short(record, "ID") for record in records if record.get("Shared") is not True)
    return sorted((name, found[name]) for name in names if name in found)


def _folders(engine: Engine) -> list[tuple[str, str]]:
    """Names and paths of the folders that belong to no image layer and to no container.

    Raises OSError or SourceError if they cannot be told.
    """
    about = fields.mapping(engine.document("/info"))
    root = fields.text(about, "DockerRootDir")
    if not engine.endpoint.socket or fields.text(about, "Driver") != "overlay2" or not os.path.isabs(root):
        raise SourceError("they do not lie in folders on this machine's disk")
    used = used_folders(root)
    overlay = os.path.join(root, "overlay2")
    names = sorted(set(os.listdir(overlay)) - used - {_LINKS})
    paths = ((name, os.path.join(overlay, name, "diff")) for name in names if not name.endswith("-init"))
    return [(name, path) for name, path in paths if os.path.isdir(path)]
