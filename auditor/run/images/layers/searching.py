"""What looks for something in the contents of a layer, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from auditor.core.record import NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

    from auditor.detect.detection import Detection
    from auditor.detect.views import Cut
    from auditor.run.images.layers.telling import Wanted
    from auditor.sources.images.model import Layer

#: Hits, with offsets in one content.
Near = Sequence[tuple[int, int]]


class Job(NamedTuple):
    """One layer to search: how to open its stored bytes, whether these are what digests were made of, and whether they
    can be opened `again`. `problems` says what came up in its source while it was read: message and part. `diff_id`
    and `digest` are what is stated of the tar and of its stored bytes, whose algorithms are used. `layer`: as its image
    lists it, None where that is known once it has passed by only."""

    open: Callable[[], BinaryIO]
    verify: bool = True
    again: bool = True
    problems: Callable[[], list[tuple[str, str]]] = list
    diff_id: str = ""
    digest: str = ""
    layer: Layer | None = None


class Searching(Protocol):
    """What finds something in bytes: see `detect.sweep.Sweep`."""

    def hits(self, data: bytes | memoryview) -> list[tuple[int, int]]:
        """Where in a block something may be."""

    def reads_whole(self, path: str, head: bytes, /) -> bool:
        """Whether a content is to be read whole."""

    def is_weak(self, index: int, /) -> bool:
        """Whether a hit may wait."""

    def reach(self, index: int, /) -> int:
        """Bytes around a weak hit that are needed."""

    def take_problems(self) -> list[str]:
        """What could not be searched since the last call."""

    def examine(
        self,
        data: bytes | memoryview,
        hits: Sequence[tuple[int, int]],
        path: str,
        cuts: list[Cut] | None = None,
        /,
        *,
        whole: bool = False,
    ) -> list[Detection]:
        """What is in one content."""


class Settings(NamedTuple):
    """How layers are searched: with what, what is told, how deep archives in archives are opened and whether somebody
    asked for that depth; and whether to look at `everything`, also at what public packages have brought, and at names.
    `overlap`: bytes of the longest find; `folder`: where long contents may be kept (see `Spool`)."""

    sweep: Searching
    wanted: Wanted
    max_depth: int = 8
    depth_asked: bool = False
    everything: bool = False
    overlap: int = 0
    folder: str = ""
