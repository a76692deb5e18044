"""Long contents of a layer that pack others, kept until they are whole.

Where the layer lies uncompressed in a file they are read there; else they are written into a spool.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.run.images.layers import inside
from auditor.run.images.layers.deferred import Deb, data_place, is_deb
from auditor.sources.archives.limits import Damaged
from auditor.sources.archives.spool import Spool
from auditor.sources.archives.stream import Store
from auditor.sources.images.model import SourceError
from auditor.sources.images.slices import Slice

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, Protocol

    from auditor.run.images.layers.brought import Brought
    from auditor.run.images.layers.gathered import Gathered

    class Kept(Protocol):
        """One content. `reason`: why it could not be kept, else ""."""

        reason: str

        def write(self, data: memoryview, /) -> object:
            """Add bytes."""

        def file(self) -> BinaryIO:
            """All of it, to be read at any place as long as this is open."""

        def close(self) -> None:
            """Let the bytes go."""


#: Longest list of a package, and control files of one, that are taken into memory.
_LIST = 96 << 20


class Keeping:
    """Keeps contents of one layer. `folder`: as for `Spool`; `in_place`: they are read where they lie."""

    def __init__(self, folder: str) -> None:
        self.spool = Spool(folder)
        self._opened: Callable[[], BinaryIO] | None = None

    @property
    def in_place(self) -> bool:
        """Whether keeping costs nothing."""
        return self._opened is not None

    def read_from(self, opened: Callable[[], BinaryIO]) -> None:
        """Read contents from this: the uncompressed layer as a seekable file."""
        self._opened = opened

    def begin(self, place: int, size: int) -> Kept:
        """A content that is to come, of `size` bytes from `place` in the tar."""
        return self.spool.begin(size) if self._opened is None else _Lying(self._opened, place, size)


class _Lying:
    """A content that stays where it is."""

    def __init__(self, opened: Callable[[], BinaryIO], place: int, size: int) -> None:
        self._opened = opened
        self._range = (place, size)
        self._file: Slice | None = None
        self.reason = ""

    def write(self, _data: memoryview) -> None:
        """Nothing needs to be written."""

    def file(self) -> BinaryIO:
        """The part of the layer. Raises SourceError."""
        if self._file is None:
            self._file = Slice(self._opened(), *self._range)
        self._file.seek(0)
        return self._file  # type: ignore[return-value]

    def close(self) -> None:
        """Close the layer."""
        if self._file is not None:
            self._file.close()


class KeptSearch:
    """Searches long contents once they are whole.

    `opened` searches what one packs. `up_to_data` notes packages of Debian of which only the control files were opened;
    None: they are opened as a whole.
    """

    def __init__(
        self,
        gathered: Gathered,
        brought: Brought,
        up_to_data: dict[str, Deb] | None,
        opened: Callable[[str, bytes | BinaryIO], None],
    ) -> None:
        self._gathered = gathered
        self._brought = brought
        self._up_to_data = up_to_data
        self._open = opened

    def search(self, path: str, held: Kept, *, whole: bool = False) -> None:
        """Search one content, and let it go; a package of Debian with all its files if the `whole` is asked for."""
        try:
            if held.reason:
                self._gathered.note(path, held.reason)
            else:
                self._search(path, held.file(), whole=whole)
        except (SourceError, Damaged) as error:
            self._gathered.errors.append((str(error), path))
        finally:
            held.close()

    def _search(self, path: str, file: BinaryIO, *, whole: bool) -> None:
        store = Store(file)
        head = store.at(0, inside.HEAD)
        if self._brought.wants(path):
            self._add(path, store)
        if not inside.packs(head):
            tail = store.at(max(store.size - inside.TAIL, 0), inside.TAIL)
            if not (inside.is_program(head) and inside.has_end(tail)):
                return
        if self._up_to_data is not None and not whole and is_deb(head, path):
            self._up_to_data[path] = Deb()
            self._open(path, store.at(0, min(data_place(store), _LIST)))
        else:
            self._open(path, file)

    def _add(self, path: str, store: Store) -> None:
        if store.size <= _LIST:
            self._brought.add(path, store.at(0, store.size))
        else:
            self._gathered.note(path, f"larger than {_LIST >> 20} MiB: not read as a list of a package")
