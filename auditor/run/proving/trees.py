"""The file system that a container of an image sees: its layers one upon the other, whiteouts applied."""

from __future__ import annotations

import posixpath

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.proving.files import FOLDER, HARD_LINK, MOST, File, files_of
from auditor.run.proving.shapes import ProofError
from auditor.sources.images import fields
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.model import PassingSource, SourceError
from auditor.sources.images.target import open_source, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

    from auditor.sources.images.model import Image

Files = list[tuple[str, File]]
#: OCI image-spec, layer: "Whiteouts".
_WHITEOUT, _OPAQUE, _OTHER = ".wh.", ".wh..wh..opq", ".wh..wh."


class Whole(NamedTuple):
    """An image: its runtime configuration, and its files by path from the root."""

    config: Mapping[str, object]
    tree: Mapping[str, File]


class Reader:
    """Reads images; layers that several have in common are read once."""

    def __init__(self) -> None:
        self._layers: dict[str, Files] = {}

    def image(self, target: str) -> Whole:
        """The only image of a target. Raises ProofError for what cannot be read whole."""
        try:
            with open_source(parse_target(target), known=self._layers) as source:
                passed: dict[str, Files] = {}
                if isinstance(source, PassingSource):
                    for key, stream in source.passing():
                        self._keep(key, stream, passed)
                [image, *_] = source.images()
                layers = [self._layer(image, number, passed) for number in range(len(image.layers))]
                if image.problems:
                    problem = image.problems[0]
                    raise ProofError(f"an image cannot be read whole: {problem.part}: {problem.message}")
        except SourceError as error:
            raise ProofError(f"an image cannot be read: {error}") from None
        return Whole(fields.mapping(image.config, "config"), merged(layers))

    def _keep(self, key: str, stream: BinaryIO, passed: dict[str, Files]) -> None:
        """A blob that passes by; one that is no layer is not missed."""
        inflated = LayerStream(stream)
        try:
            passed[key] = files_of(inflated)
        except ProofError:
            return
        if inflated.diff_id:
            self._layers[inflated.diff_id] = passed[key]

    def _layer(self, image: Image, number: int, passed: Mapping[str, Files]) -> Files:
        layer = image.layers[number]
        if layer.diff_id in self._layers:
            return self._layers[layer.diff_id]
        if layer.key in passed:
            return passed[layer.key]
        stream = LayerStream(image.open(layer), like=(layer.diff_id, layer.digest))
        try:
            found = files_of(stream)
        finally:
            stream.close()
        if layer.diff_id and stream.diff_id != layer.diff_id:
            raise ProofError(f"layer {number} does not have the digest that its image states")
        self._layers[layer.diff_id or layer.key] = found
        return found


def merged(layers: Iterable[Files]) -> dict[str, File]:
    """One file system of all layers, base first. Raises ProofError if it is too large to be compared."""
    tree: dict[str, File] = {}
    for files in layers:
        _clear(tree, files)
        for path, file in files:
            name = posixpath.basename(path)
            if name.startswith(_WHITEOUT):
                continue
            if file.kind == HARD_LINK:
                file = tree.get(file.link, file)
            tree[path] = file
        if len(tree) > MOST:
            raise ProofError(f"an image has more than {MOST:,} files: they are not compared")
    return tree


def _clear(tree: dict[str, File], files: Files) -> None:
    """Take away what a layer removes of those below it, before its own files come."""
    gone: set[str] = set()
    emptied: set[str] = set()
    for path, file in files:
        folder, name = posixpath.split(path)
        if name == _OPAQUE:
            emptied.add(folder)
        elif name.startswith(_OTHER):
            continue
        elif name.startswith(_WHITEOUT):
            gone.add(posixpath.join(folder, name[len(_WHITEOUT) :]))
        elif file.kind != FOLDER and path in tree and tree[path].kind == FOLDER:
            gone.add(path)
    if gone or emptied:
        for path in [path for path in tree if path in gone or _is_below(path, gone, emptied)]:
            del tree[path]


def _is_below(path: str, gone: set[str], emptied: set[str]) -> bool:
    while path:
        path = posixpath.dirname(path)
        if path in gone or path in emptied:
            return True
    return False
