"""Searches one layer: a pure function of its bytes and the rules, whose result is small and can be pickled.

One pass over the raw tar finds the places worth a look (`detect.sweep`); the walk beside it says which file they are
in; only what is packed, and what names or first bytes ask for, is read by itself.
"""

from __future__ import annotations

import hashlib

from auditor.core.image import HIDDEN
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.sweep import SOURCES
from auditor.run.crash import describe, wants_traceback
from auditor.run.images import inside
from auditor.run.images.deferred import Deferred, is_deb, list_digest, without_data
from auditor.run.images.doubts import is_hash, lowered, source_of
from auditor.run.images.outcome import FileDigests, LayerOutcome
from auditor.run.images.pathset import PathSet
from auditor.run.images.telling import Bytes, leaks
from auditor.run.images.whiteouts import Changes
from auditor.sources.files import Skipped
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.layertar import FILE, PAX, UNIT, WHOLE, LayerTar
from auditor.sources.images.npm import NpmPackages, is_lockfile
from auditor.sources.images.packages import Owned, Packages, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO, Protocol

    from auditor.detect.detection import Detection
    from auditor.detect.views import Cut
    from auditor.run.images.leak import Leak
    from auditor.run.images.telling import Wanted
    from auditor.sources.contents import Piece
    from auditor.sources.images.layertar import Block, Entry, Segment

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

    #: Hits, with offsets in one content.
    Near = Sequence[tuple[int, int]]

#: Leaks of one layer that are told, of one file, and parts that could not be read.
MOST_LEAKS = 20_000
MOST_OF_FILE = 2_000
MOST_NOTES = 200
_HEAD = 8192
_TAIL = 4096
#: First bytes of what is packed, encoded in 16-bit units, a script, a key or an address.
_FIRST = frozenset(b"\x1fB\xfd\x28P!0\xedSPx\x5d\xff\xfe\x00#Mh\xce")
_DATABASE = b"SQLite format 3\0"
_TOO_DEEP = "nested deeper than"
_ONLY_FORMS = "searched for tokens and keys only that are told by their form"


class Job(NamedTuple):
    """One layer to search: how to open its stored bytes, whether these are what digests were made of, and whether they
    can be opened `again`. `problems` says what came up in its source while it was read: message and part."""

    open: Callable[[], BinaryIO]
    verify: bool = True
    again: bool = True
    problems: Callable[[], list[tuple[str, str]]] = list


class LayerSearch:
    """Searches layers. `max_depth`: of archives in archives. `everything`: also what public packages brought."""

    def __init__(
        self,
        sweep: Searching,
        wanted: Wanted,
        *,
        max_depth: int = 8,
        depth_asked: bool = False,
        everything: bool = False,
    ) -> None:
        self.everything = everything
        self.sweep = sweep
        self.wanted = wanted
        self.max_depth = max_depth
        self.depth_asked = depth_asked
        self.heard: Callable[[int], None] = _nobody

    def hear(self, heard: Callable[[int], None]) -> None:
        """Tell this function how many stored bytes were read, as they are."""
        self.heard = heard

    def audit(self, job: Job) -> LayerOutcome:
        """Search one layer. Never raises for what it holds; what could not be read is in `errors`."""
        run = _Run(self, again=job.again)
        try:
            stream = LayerStream(job.open(), verify=job.verify)
        except Exception as error:
            return run.failed(error)
        try:
            run.search(stream)
        except Exception as error:
            run.internal(error)
        finally:
            stream.close()
        run.conclude(job)
        return run.outcome(stream, job.problems())


def _nobody(_number: int) -> None:
    return None


class _Long:
    """A content of which the beginning was seen: what is needed of it when its next piece comes."""

    __slots__ = ("found", "head", "held", "line", "path", "text", "whole")

    def __init__(self, path: str, head: bytes, *, whole: bool, held: bytearray | None) -> None:
        self.path = path
        self.head = head
        self.whole = whole
        self.held = held
        self.text = b"\0" not in head
        self.line = 1 if self.text else 0
        self.found = 0


class _Run:
    """The state while one layer is searched."""

    def __init__(self, search: LayerSearch, *, again: bool) -> None:
        self._again = again
        self._deferred = Deferred(search.sweep.reach)
        self._npm = NpmPackages()
        self._npm_files = 0
        self._lists: set[bytes] = set()
        self._debs: dict[str, bytes] = {}
        self._databases: set[str] = set()
        self._sweep = search.sweep
        self._wanted = search.wanted
        self._search = search
        self._changes = Changes()
        self._packages = Packages()
        self._leaks: list[Leak] = []
        self._digests: dict[str, FileDigests] = {}
        self._unhashed: set[str] = set()
        self._owned = Owned()
        self._long: _Long | None = None
        self._errors: list[tuple[str, str]] = []
        self._skipped: list[tuple[str, str]] = []
        self._told: set[tuple[str, str]] = set()
        self.files = 0

    def search(self, stream: LayerStream) -> None:
        """The one pass."""
        tar = LayerTar(stream)
        try:
            told = 0
            for block in tar.blocks():
                self._block(block)
                self._search.heard(stream.stored - told)
                told = stream.stored
            self._search.heard(stream.stored - told)
        finally:
            for problem in tar.problems:
                self._errors.append((problem, ""))

    def _block(self, block: Block) -> None:
        hits = self._sweep.hits(block.data)
        for entry in block.entries:
            self._entry(entry)
        at = 0
        for segment in block.segments:
            while at < len(hits) and hits[at][1] <= segment.start:
                at += 1
            first = at
            while at < len(hits) and hits[at][1] <= segment.end:
                at += 1
            if first == at and segment.kind == FILE and _is_plain(segment, block.data):
                self._long = None
                continue
            near = [(index, place - segment.start) for index, place in hits[first:at]]
            if segment.kind == FILE:
                self._file(segment, block.data, near)
            else:
                self._unnamed(segment, bytes(block.data[segment.start : segment.end]))

    def _entry(self, entry: Entry) -> None:
        if entry.kind == "0":
            self.files += 1
        told = self._changes.add(entry)
        if told is not None:
            # The same path a second time: what was found in the first one is behind it.
            self._leaks = [
                leak._replace(place=leak.place._replace(state=HIDDEN)) if leak.place.path == told else leak
                for leak in self._leaks
            ]

    def _unnamed(self, segment: Segment, data: bytes) -> None:
        """Bytes that belong to no file: extended headers and what is hidden between files.

        They are searched once more by themselves: in one piece with what stands before, no word may begin in them.
        """
        near = self._sweep.hits(data)
        if not near:
            return
        way = "tar header" if segment.kind == PAX else "tar padding"
        source = Bytes(segment.path, way, data, segment.offset, 0, hidden=True)
        self._tell(source, near, (segment.own_start - segment.start, segment.own_end - segment.start))

    def _file(self, segment: Segment, view: memoryview, near: Near) -> None:
        """A file's content, or the next piece of it."""
        long = self._long
        if segment.offset == 0:
            head = bytes(view[segment.start : min(segment.start + inside.HEAD, segment.end)])
            whole = self._sweep.reads_whole(segment.path, head)
            packs = inside.packs(head)
            keep = packs or is_list(segment.path) or is_lockfile(segment.path)
            told = near or whole or keep or segment.size % UNIT == 0
            if segment.last and not (told or head.startswith((b"#!", b"MZ"))):
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
            long.held += view[segment.own_start : segment.own_end]
        own = (segment.own_start - segment.start, segment.own_end - segment.start)
        before = len(self._leaks)
        if segment.last:
            self._packed(long, bytes(data) if alone else b"")
        if near or long.whole:
            self._raw(long, segment, data, near, own)
        if len(self._leaks) > before:
            self._note_digests(segment, data)
        if long.line:
            long.line += bytes(view[segment.own_start : segment.own_end]).count(b"\n")

    def _at_end(self, segment: Segment, view: memoryview) -> list[tuple[int, int]]:
        """Hits at the end of a content without padding, where the next header would go on with its last word."""
        start = max(segment.start, segment.end - _TAIL)
        return [(index, start - segment.start + place) for index, place in self._sweep.hits(view[start : segment.end])]

    def _put_off(self, segment: Segment, data: bytes | memoryview, near: Near) -> Near:
        """The hits that are looked at now."""
        if self._search.everything:
            return near
        if self._npm.brought(segment.path):
            self._npm_files += segment.last
            return [hit for hit in near if not self._sweep.is_weak(hit[0])]
        if not (isinstance(data, bytes) and segment.last and self._deferred.takes(segment.path)):
            return near
        weak = [hit for hit in near if self._sweep.is_weak(hit[0])]
        if not weak:
            return near
        self._deferred.add(segment.path, data, weak, _digests(data, segment.path))
        return [hit for hit in near if not self._sweep.is_weak(hit[0])]

    def _begin(self, segment: Segment, view: memoryview, *, whole: bool, keep: bool) -> _Long:
        head = bytes(view[segment.start : min(segment.start + _HEAD, segment.end)])
        held = None
        if keep and not segment.last:
            if segment.size <= inside.HELD:
                held = bytearray()
            else:
                self._note(segment.path, f"larger than {inside.HELD >> 20} MiB: not opened, its bytes are searched")
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
        found = {leak.group for leak in self._leaks if leak.place.inner_path and self._real(leak) == long.path}
        self._tell(source, near, own, whole=long.whole, known=found)

    def _real(self, leak: Leak) -> str:
        return inside.file_of(leak.place.path, leak.place.inner_path)

    def _packed(self, long: _Long, data: bytes) -> None:
        """What a whole file packs; lists of packages are kept."""
        content = data if long.held is None else bytes(long.held)
        long.held = None
        if is_list(long.path):
            self._packages.add(long.path, content)
            self._lists.add(list_digest(content))
        elif is_lockfile(long.path):
            self._npm.add(long.path, content)
        if not content or not (inside.packs(content[: inside.HEAD]) or inside.appended(content)):
            return
        if self._search.everything:
            self._open(long.path, content)
            return
        if self._again and is_deb(content[: inside.HEAD], long.path):
            content = without_data(content)
            self._debs[long.path] = b""
        elif len(content) <= WHOLE and self._deferred.takes(long.path):
            self._deferred.add_packed(long.path, content, _digests(content, long.path))
            return
        self._open(long.path, content)

    def _open(self, path: str, content: bytes) -> None:
        """Search what a file packs."""
        if content.startswith(_DATABASE):
            self._databases.add(path)
        for item in inside.contents(path, content, self._search.max_depth):
            if isinstance(item, Skipped):
                self._note(item.path, item.reason)
                continue
            if path in self._debs and item.path.endswith("/md5sums"):
                self._debs[path] = list_digest(item.data)
            self._piece(path, item)

    def _piece(self, path: str, piece: Piece) -> None:
        """A piece of something inside of a file."""
        shown, way = inside.split(path, piece.path)
        whole = self._sweep.reads_whole(piece.path, piece.data[: inside.HEAD])
        near = self._sweep.hits(piece.data)
        if near or whole:
            line = 1 if piece.offset == 0 and piece.lead == 0 else 0
            source = Bytes(shown, way, piece.data, piece.offset - piece.lead, line)
            self._tell(source, near, (piece.start, piece.end), whole=whole, name=piece.path)

    def _tell(
        self,
        source: Bytes,
        near: Near,
        own: tuple[int, int],
        *,
        whole: bool = False,
        name: str = "",
        known: set[str] | None = None,
    ) -> None:
        """Look at bytes that hits speak for, and note the leaks in them; those of `known` groups were told before."""
        path = name or source.path
        cuts: list[Cut] = []
        try:
            found = self._sweep.examine(source.data, near, path, cuts, whole=whole)
        except Exception as error:
            self.internal(error, path)
            return
        for cut in dict.fromkeys(cut.reason for cut in cuts):
            self._note(path, cut)
        if not found:
            return
        told = 0
        for leak in leaks(source, found, own, self._wanted):
            if known and leak.group in known:
                continue
            told += 1
            if told > MOST_OF_FILE or len(self._leaks) >= MOST_LEAKS:
                most = MOST_OF_FILE if told > MOST_OF_FILE else MOST_LEAKS
                self._note(path, f"more than {most:,} findings; the rest is not listed")
                return
            self._leaks.append(leak)
            self._changes.watch(source.path)

    def _note_digests(self, segment: Segment, data: bytes | memoryview) -> None:
        if segment.offset == 0 and segment.last:
            self._digests[segment.path] = _digests(data, segment.path)
        else:
            self._unhashed.add(segment.path)

    def conclude(self, job: Job) -> None:
        """What could only be told once the lists of packages were read, with a second look at the layer if need be."""
        self._owned = self._packages.owned()
        self._errors += ((f"list of a package not read: {reason}", path) for path, reason in self._packages.problems)
        rest, known = self._deferred.resolved(self._is_brought)
        known += self._npm_files
        for one in rest:
            if not one.hits:
                self._open(one.path, one.data)
                continue
            source = Bytes(one.path, "", one.data, one.start, one.line, one.head)
            before = len(self._leaks)
            self._tell(source, one.hits, (0, len(one.data)))
            if len(self._leaks) > before:
                self._digests[one.path] = self._deferred.digests[one.path]
        self._leaks = [self._weighed(leak) for leak in self._leaks]
        if known:
            self._skipped.append(("", f"{known:,} files of public packages: {_ONLY_FORMS}"))
        installed = {path for path, digest in self._debs.items() if digest in self._lists}
        if installed:
            self._skipped.append(("", f"{len(installed):,} packages of Debian whose files are installed: not opened"))
        again = set(self._debs) - installed
        wanted = {path for path in self._unhashed if self._owned.claims(path)}
        if (wanted or again) and self._again:
            self._look_again(job, wanted, again)

    def _weighed(self, leak: Leak) -> Leak:
        """The leak, less sure where what lies beside the file says that its values are not this image's secrets."""
        path = self._real(leak)
        source = source_of(path)
        digests = self._digests.get(source) or self._deferred.digests.get(source) if source else None
        if digests is not None and self._is_brought(source, digests):
            return lowered(leak, self._owned.owner(source, digests))
        expired = leak.verdict == "expired" and self._npm.brought(path)
        hashed = path in self._databases and is_hash(leak.secret.reveal())
        return lowered(leak, "") if expired or hashed else leak

    def _is_brought(self, path: str, digests: FileDigests) -> bool:
        return bool(self._owned.owner(path, digests)) or self._npm.brought(path)

    def _look_again(self, job: Job, to_hash: set[str], to_open: set[str]) -> None:
        """Hash long files with leaks that a package claims, and open what was put off."""
        try:
            stream = LayerStream(job.open(), verify=False)
        except Exception as error:
            self.internal(error)
            return
        hashes: dict[str, _Hashes] = {}
        contents: dict[str, bytearray] = {}
        try:
            for block in LayerTar(stream).blocks():
                for segment in block.segments:
                    if segment.kind == FILE and segment.path in to_hash:
                        self._hash(segment, block.data, hashes)
                    if segment.kind == FILE and segment.path in to_open:
                        held = contents.setdefault(segment.path, bytearray())
                        held += block.data[segment.own_start : segment.own_end]
                        if segment.last:
                            self._debs.pop(segment.path)
                            self._open(segment.path, bytes(contents.pop(segment.path)))
        finally:
            stream.close()

    def _hash(self, segment: Segment, view: memoryview, hashes: dict[str, _Hashes]) -> None:
        one = hashes[segment.path] = _Hashes(segment.path) if segment.offset == 0 else hashes[segment.path]
        one.update(view[segment.own_start : segment.own_end])
        if segment.last:
            self._digests[segment.path] = one.digests()

    def _note(self, path: str, reason: str) -> None:
        """Something that was not read; only nesting deeper than was asked for is no error."""
        if len(self._skipped) >= MOST_NOTES or (path, reason) in self._told:
            return
        self._told.add((path, reason))
        self._skipped.append((path, reason))
        if not (self._search.depth_asked and reason.startswith(_TOO_DEEP)):
            self._errors.append((f"not read: {reason}", path))

    def internal(self, error: Exception, path: str = "") -> None:
        """Note that we failed."""
        if wants_traceback():
            raise error
        self._errors.append((f"internal error in the search of a layer ({describe(error)}); please report it", path))

    def failed(self, error: Exception) -> LayerOutcome:
        """The outcome where the layer cannot be opened."""
        self._errors.append((str(error) or type(error).__name__, ""))
        return self.outcome(None)

    def outcome(self, stream: LayerStream | None, problems: Sequence[tuple[str, str]] = ()) -> LayerOutcome:
        """Everything that was found; `problems` are those of its source."""
        changes = self._changes
        return LayerOutcome(
            diff_id=stream.diff_id if stream else "",
            digest=stream.stored_digest if stream else "",
            size=stream.size if stream else 0,
            stored=stream.stored if stream else 0,
            files=self.files,
            leaks=tuple(self._leaks),
            removed=tuple(changes.removed),
            opaque=tuple(changes.opaque),
            files_here=PathSet(changes.files),
            folders_here=PathSet(changes.folders),
            links=tuple(changes.links),
            digests=self._digests,
            owned=self._owned,
            skipped=tuple(self._skipped),
            errors=(*self._errors, *problems),
        )


def _is_plain(segment: Segment, view: memoryview) -> bool:
    """Whether a file without hits needs no look: of a kind of which there are tens of thousands, and nothing packed."""
    start = segment.start
    return (
        segment.offset == 0
        and segment.path.rpartition(".")[2] in SOURCES
        and view[start] not in _FIRST
        and (segment.size < 2 or view[start + 1] != 0)
        and segment.size % UNIT != 0
        and segment.last
    )


class _Hashes:
    """The digests that lists of packages use, of one content. Those of wheels have SHA-256 only."""

    def __init__(self, path: str) -> None:
        wheel = "site-packages/" in path or (path.startswith("usr/local/") and "dist-packages/" in path)
        names = ("sha256",) if wheel else ("md5", "sha1", "sha256")
        self._all = {name: hashlib.new(name, usedforsecurity=False) for name in names}

    def update(self, data: bytes | memoryview) -> None:
        for one in self._all.values():
            one.update(data)

    def digests(self) -> FileDigests:
        known = {name: one.hexdigest() for name, one in self._all.items()}
        return FileDigests(known.get("md5", ""), known.get("sha1", ""), known.get("sha256", ""))


def _digests(data: bytes | memoryview, path: str) -> FileDigests:
    hashes = _Hashes(path)
    hashes.update(data)
    return hashes.digests()
