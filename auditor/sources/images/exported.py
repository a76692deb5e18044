"""Images of an engine as sources: read from its disk, or out of the archive that it exports."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.model import PassingSource, Problem, Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from typing import BinaryIO, Protocol

    from auditor.sources.images.model import Image

    class Streams(Protocol):
        """What an export comes from."""

        def stream(self, path: str, patience: int, **parameters: str | Sequence[str]) -> BinaryIO:
            """The bytes of an answer."""

        def close(self) -> None:
            """Give back the connections."""


class Export(NamedTuple):
    """How an engine is asked for an archive of images; `patience` in seconds, until it begins."""

    engine: Streams
    path: str
    parameters: Mapping[str, str | Sequence[str]]
    patience: int


class KeptSource(Source):
    """Images whose layers lie on this machine's disk."""

    def __init__(self, name: str, images: Sequence[Image]) -> None:
        super().__init__(name)
        self._images = images

    def images(self) -> Sequence[Image]:
        """The images."""
        return self._images


class ExportSource(PassingSource):
    """Images that an engine exports as one archive; what it says about them is there before.

    Nothing passes by if all layers are in `known` (diff_ids): then the images are those described. `beside` are images
    whose layers are read in other ways.
    """

    def __init__(
        self,
        name: str,
        export: Export,
        described: Sequence[Image],
        *,
        known: Container[str] = frozenset(),
        platform: str = "",
        beside: Sequence[Image] = (),
    ) -> None:
        super().__init__(name)
        self._export = export
        self._described = described
        self._known = known
        self._platform = platform
        self._beside = beside
        self._passed: PassingSource | None = None

    def described(self) -> Sequence[Image]:
        """The images as the engine describes them (config, history and layers by their diff_ids, not to be opened), and
        those beside them."""
        return [*self._described, *self._beside]

    def passing(self) -> Iterator[tuple[str, BinaryIO]]:
        """The layers of the export; none if they are known already. Raises SourceError."""
        # start-up: an engine's disk is read without
        from auditor.sources.images.passing import open_stream

        layers = [layer.diff_id for image in self._described for layer in image.layers]
        if layers and all(diff_id in self._known for diff_id in layers):
            return
        engine, path, parameters, patience = self._export
        with engine.stream(path, patience, **parameters) as stream:
            self._passed = open_stream(self.name, stream, platform=self._platform)
            yield from self._passed.passing()

    def images(self) -> Sequence[Image]:
        """The images as exported, those that did not come whole as described, and the images beside them.

        The layers of these last ones can be opened.
        """
        return [*(self._described if self._passed is None else self._exported(self._passed)), *self._beside]

    def _exported(self, passed: PassingSource) -> Sequence[Image]:
        images: Sequence[Image] = ()
        reason = "the engine did not export it whole"
        try:
            images = passed.images()
        except SourceError as error:
            reason = str(error)
        came = {image.digest for image in images} | {
            document.digest for image in images for document in image.documents
        }
        missing = [image for image in self._described if image.digest not in came]
        for image in missing:
            image.problems.append(Problem("export", reason))
        return [*images, *missing]

    def close(self) -> None:
        """Give back the connection."""
        if self._passed is not None:
            self._passed.close()
        self._export.engine.close()
