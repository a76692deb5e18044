"""Searches the files of one layer as they come by, block after block."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.detect.sweep import SOURCES
from auditor.run.images.layers import inside
from auditor.run.images.layers.brought import Brought
from auditor.run.images.layers.deferred import Deb, Deferred, is_deb, without_data
from auditor.run.images.layers.gathered import Gathered
from auditor.run.images.layers.hashing import digests_of
from auditor.run.images.layers.headers import HeaderSearch
from auditor.run.images.layers.keeping import Keeping, KeptSearch
from auditor.run.images.layers.telling import Bytes
from auditor.sources.archives.stream import Store
from auditor.sources.files import Skipped
from auditor.sources.images.layertar import UNIT, WHOLE
from auditor.sources.images.tarblocks import FILE, PAX

if TYPE_CHECKING:
    from typing import BinaryIO

    from auditor.run.images.layers.keeping import Kept
    from auditor.run.images.layers.searching import Near, Settings
    from auditor.sources.contents import Piece
    from auditor.sources.images.tarblocks import Block, Segment

_HEAD = 8192
_TAIL = 4096
#: First bytes of what is packed, encoded in 16-bit units, a program, a key or an address.
_FIRST = frozenset(b"\x1fB\xfd\x28P!0\xedSPx\x5d\xff\xfe\x00Mh\xce")
_SCRIPT, _ZERO = b"#!", b"\0"
_DATABASE = b"SQLite format 3\0"


class _Long:
    """A content of which the beginning was seen: what is needed of it when its next piece comes."""

    __slots__ = ("found", "head", "held", "line", "path", "text", "whole")

    def __init__(self, path: str, head: bytes, *, whole: bool, held: Kept | None) -> None:
        self.path = path
        self.head = head
        self.whole = whole
        self.held = held
        self.text = b"\0" not in head
        self.line = 1 if self.text else 0
        self.found = 0


class FileSearch:
    """The state between blocks.

    `debs`: packages of Debian of which only the control files were opened. `unhashed`: long files with leaks, whose
    beginning was gone when one was found. `appended`: long programs with an archive behind them.
    """

    def __init__(self, settings: Settings, gathered: Gathered, *, again: bool) -> None:
        self._settings = settings
        self._sweep = settings.sweep
        self._gathered = gathered
        self._again = again
        self._headers = HeaderSearch(settings.sweep, gathered)
        self._long: _Long | None = None
        self._place = self._read = 0
        self.brought = Brought()
        self.keeping = Keeping(settings.folder)
        self.deferred = Deferred(settings.sweep.reach)
        self.opening = inside.Opening(settings.max_depth, self.keeping.spool)
        self.debs: dict[str, Deb] = {}
        up_to_data = self.debs if again and not settings.everything else None
        self.kept = KeptSearch(gathered, self.brought, up_to_data, self.open)
        self.unhashed: set[str] = set()
        self.appended: set[str] = set()

    def end(self) -> None:
        """Let go of a content that did not come whole."""
        if self._long is not None and self._long.held is not None:
            self._long.held.close()
            self._long.held = None

    def block(self, block: Block) -> None:
        """Search what lies in one block."""
        hits = self._sweep.hits(block.data)
        self.opening.passed(block.place + len(block.data) - self._read)
        self._place, self._read = block.place, block.place + len(block.data)
        if self._settings.everything:
            self._headers.search(block, hits)
        at = noted = 0
        for segment in block.segments:
            while at < len(hits) and hits[at][1] <= segment.start:
                at += 1
            first = at
            while at < len(hits) and hits[at][1] <= segment.end:
                at += 1
            if first == at and segment.kind == FILE and _is_plain(segment, block.data):
                self._long = None
                continue
            # Members behind this one may link to it, or have its path.
            self._gathered.note_members(block.entries[noted : segment.members])
            noted = segment.members
            near = [(index, place - segment.start) for index, place in hits[first:at]]
            if segment.kind == FILE:
                self._file(segment, block.data, near)
            else:
                self._unnamed(segment, bytes(block.data[segment.start : segment.end]))
        self._gathered.note_members(block.entries[noted:])

    def _unnamed(self, segment: Segment, data: bytes) -> None:
        """Bytes that belong to no file: extended headers and what is hidden between files.

        They are searched once more by themselves: in one piece with what stands before, no word may begin in them.
        """
        near = self._sweep.hits(data)
        if not near:
            return
        way = "tar header" if segment.kind == PAX else "tar padding"
        source = Bytes(segment.path, way, data, segment.offset, 0, hidden=True)
        self._gathered.tell(source, near, (segment.own_start - segment.start, segment.own_end - segment.start))

    def _file(self, segment: Segment, view: memoryview, near: Near) -> None:
        """A file's content, or the next piece of it."""
        long = self._long
        if segment.offset == 0:
            head = bytes(view[segment.start : min(segment.start + inside.HEAD, segment.end)])
            whole = self._sweep.reads_whole(segment.path, head)
            packs = inside.packs(head)
            keep = (
                packs
                or self.brought.wants(segment.path)
                or (inside.is_program(head) and (self.keeping.in_place or not self._again))
            )
            told = near or whole or keep or segment.size % UNIT == 0
            if segment.last and not (told or inside.is_program(head)):
                self._long = None
                return
            long = self._long = self._begin(segment, view, whole=whole, keep=keep)
        if long is None:
            return
        if segment.last and segment.size % UNIT == 0:
            near = [*near, *self._at_end(segment, view)]
        alone = segment.offset == 0 and segment.last
        data: bytes | memoryview = view[segment.start : segment.end]
        if alone or long.whole:
            data = bytes(data)
        near = self._put_off(segment, data, near) if near and not long.whole else near
        if long.held is not None:
            long.held.write(view[segment.own_start : segment.own_end])
        own = (segment.own_start - segment.start, segment.own_end - segment.start)
        before = len(self._gathered.leaks)
        if segment.last:
            if not alone and long.held is None and inside.is_program(long.head) and self._again:
                self._at_program(segment, view)
            self._packed(long, bytes(data) if alone else b"")
        if near or long.whole:
            self._raw(long, segment, data, near, own)
        if len(self._gathered.leaks) > before:
            self._note_digests(segment, data)
        if long.line and not segment.last:
            long.line += bytes(view[segment.own_start : segment.own_end]).count(b"\n")

    def _at_program(self, segment: Segment, view: memoryview) -> None:
        """Note a long program that has an archive behind it: its beginning is gone by now."""
        if inside.has_end(bytes(view[max(segment.start, segment.end - inside.TAIL) : segment.end])):
            self.appended.add(segment.path)

    def _at_end(self, segment: Segment, view: memoryview) -> list[tuple[int, int]]:
        """Hits at the end of a content without padding, where the next header would go on with its last word."""
        start = max(segment.start, segment.end - _TAIL)
        return [(index, start - segment.start + place) for index, place in self._sweep.hits(view[start : segment.end])]

    def _put_off(self, segment: Segment, data: bytes | memoryview, near: Near) -> Near:
        """The hits that are looked at now."""
        if self._settings.everything:
            return near
        if self.brought.by_npm(segment.path):
            self.brought.npm_files += segment.last
            return [hit for hit in near if not self._sweep.is_weak(hit[0])]
        if not (isinstance(data, bytes) and segment.last and self.deferred.takes(segment.path)):
            return near
        weak = [hit for hit in near if self._sweep.is_weak(hit[0])]
        if not weak:
            return near
        self._gathered.changes.watch(segment.path)
        self.deferred.add(segment.path, data, weak)
        return [hit for hit in near if not self._sweep.is_weak(hit[0])]

    def _begin(self, segment: Segment, view: memoryview, *, whole: bool, keep: bool) -> _Long:
        head = bytes(view[segment.start : min(segment.start + _HEAD, segment.end)])
        held = None
        if keep and not segment.last:
            held = self.keeping.begin(self._place + segment.start, segment.size)
        return _Long(segment.path, head, whole=whole, held=held)

    def _raw(
        self,
        long: _Long,
        segment: Segment,
        data: bytes | memoryview,
        near: Near,
        own: tuple[int, int],
    ) -> None:
        """A content's own bytes."""
        line = long.line
        if line and own[0]:
            line -= bytes(data[: own[0]]).count(b"\n")
        source = Bytes(long.path, "", data, segment.offset, line, long.head)
        self._gathered.tell(source, near, own, whole=long.whole, known=self._gathered.inside.get(long.path))

    def _packed(self, long: _Long, content: bytes) -> None:
        """What a whole file packs; lists of packages are kept."""
        if long.held is not None:
            held, long.held = long.held, None
            self.kept.search(long.path, held)
            return
        if self.brought.wants(long.path):
            self.brought.add(long.path, content)
        if not content or not (inside.packs(content[: inside.HEAD]) or inside.appended(content)):
            return
        if self._settings.everything:
            self.open(long.path, content)
            return
        if self._again and is_deb(content[: inside.HEAD], long.path):
            content = without_data(content)
            self.debs[long.path] = Deb()
        elif len(content) <= WHOLE and self.deferred.takes(long.path):
            self._gathered.changes.watch(long.path)
            self.deferred.add_packed(long.path, content)
            return
        self.open(long.path, content)

    def open(self, path: str, content: bytes | BinaryIO) -> None:
        """Search what a file packs."""
        head = content if isinstance(content, bytes) else Store(content).at(0, len(_DATABASE))
        if head.startswith(_DATABASE):
            self.brought.add_database(path)
        for item in self.opening.contents(path, content):
            if isinstance(item, Skipped):
                self._gathered.note(item.path, item.reason)
                continue
            if path in self.debs:
                self.debs[path] = self.debs[path].told(item.path.rpartition("/")[2], item.data)
            self._piece(path, item)

    def _piece(self, path: str, piece: Piece) -> None:
        """A piece of something inside of a file."""
        shown, way = inside.split(path, piece.path)
        whole = self._sweep.reads_whole(piece.path, piece.data[: inside.HEAD])
        near = self._sweep.hits(piece.data)
        if self._settings.everything and piece.offset == 0 and way:
            self._name_inside(shown, way)
        if near or whole:
            line = 1 if piece.offset == 0 and piece.lead == 0 else 0
            source = Bytes(shown, way, piece.data, piece.offset - piece.lead, line)
            self._gathered.tell(source, near, (piece.start, piece.end), whole=whole, name=piece.path)

    def _name_inside(self, path: str, way: str) -> None:
        """The name of something packed, which only somebody who knows what to look for has to look at."""
        data = encoded(way)
        near = self._sweep.hits(data)
        if near:
            self._gathered.tell(Bytes(path, "names", data, 0, 0), near, (0, len(data)))

    def _note_digests(self, segment: Segment, data: bytes | memoryview) -> None:
        if segment.offset == 0 and segment.last:
            self.brought.digests[segment.path] = digests_of(data, segment.path)
        else:
            self.unhashed.add(segment.path)


def _is_plain(segment: Segment, view: memoryview) -> bool:
    """Whether a file without hits needs no look: of a kind of which there are tens of thousands, and nothing packed."""
    if segment.path.rpartition(".")[2] not in SOURCES or segment.offset or not segment.last:
        return False
    head = bytes(view[segment.start : segment.start + 2])
    return head[0] not in _FIRST and head[1:] != _ZERO and head != _SCRIPT and segment.size % UNIT != 0
