"""Searches one layer: a pure function of its bytes and the rules, whose result is small and can be pickled.

One pass over the raw tar finds the places worth a look (`detect.sweep`); the walk beside it says which file they are
in; only what is packed, and what names or first bytes ask for, is read by itself.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.run.images.layers.files import FileSearch
from auditor.run.images.layers.gathered import Gathered
from auditor.run.images.layers.hashing import Hashes, settled
from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.layers.telling import Bytes
from auditor.sources.images.ahead import Ahead
from auditor.sources.images.inflate import LayerStream
from auditor.sources.images.layertar import OVERLAP, LayerTar
from auditor.sources.images.tarblocks import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from auditor.run.images.layers.keeping import Kept
    from auditor.run.images.layers.searching import Job, Settings
    from auditor.sources.images.tarblocks import Segment

_INSTALLED = "whose files are installed: not opened"
_ONLY_FORMS = "searched for token formats and keys only, not for named values"


class LayerSearch:
    """Searches layers, one after the other. With `ahead`, each is read in a thread beside the search."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ahead = False
        self.heard: Callable[[int], None] = _nobody

    def hear(self, heard: Callable[[int], None]) -> None:
        """Tell this function how many stored bytes were read, as they are."""
        self.heard = heard

    def audit(self, job: Job) -> LayerOutcome:
        """Search one layer. Never raises for what it holds; what could not be read is in `errors`."""
        run = _Run(self.settings, self.heard, again=job.again)
        try:
            stream = LayerStream(job.open(), verify=job.verify, like=(job.diff_id, job.digest))
        except Exception as error:
            return run.failed(error)
        if job.again and stream.in_place:
            run.read_in_place(job.open)
        reader = Ahead(stream) if self.ahead else stream
        try:
            run.search(reader)
        except Exception as error:
            run.gathered.internal(error)
        finally:
            reader.close()
        try:
            run.conclude(job)
        except Exception as error:
            run.gathered.internal(error)
        return run.outcome(stream, job.problems())


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _nobody(_number: int) -> None:
    return None


class _Run:
    """The state while one layer is searched."""

    def __init__(self, settings: Settings, heard: Callable[[int], None], *, again: bool) -> None:
        self._settings = settings
        self._heard = heard
        self._again = again
        self.gathered = Gathered(settings)
        self._files = FileSearch(settings, self.gathered, again=again)

    def read_in_place(self, opened: Callable[[], BinaryIO]) -> None:
        """The stored bytes, which this opens, are the tar, and can be read at any place."""
        self._files.keeping.read_from(opened)

    def search(self, stream: LayerStream | Ahead) -> None:
        """The one pass."""
        tar = LayerTar(stream, overlap=max(OVERLAP, 2 * self._settings.overlap))
        try:
            told = 0
            for block in tar.blocks():
                self._files.block(block)
                self._heard(stream.stored - told)
                told = stream.stored
            self._heard(stream.stored - told)
        finally:
            self._files.end()
            for problem in tar.problems:
                self.gathered.errors.append((problem, ""))

    def conclude(self, job: Job) -> None:
        """What could only be told once the lists of packages were read, with a second look at the layer if need be."""
        files, brought, gathered = self._files, self._files.brought, self.gathered
        gathered.errors += brought.read()
        rest, known = files.deferred.resolved(brought.holds)
        known += brought.npm_files
        told: dict[str, set[str]] = {}
        for leak in gathered.leaks:
            if leak.by_rule and not leak.place.inner_path:
                told.setdefault(leak.place.path, set()).add(leak.group)
        for one in rest:
            if not one.hits:
                files.open(one.path, one.data)
                continue
            source = Bytes(one.path, "", one.data, one.start, one.line, one.head)
            before = len(gathered.leaks)
            gathered.tell(source, one.hits, (0, len(one.data)), known=told.get(one.path))
            if len(gathered.leaks) > before:
                brought.digests[one.path] = settled(files.deferred.digests[one.path])
        gathered.leaks = [brought.weighed(leak, files.deferred.digests) for leak in gathered.leaks]
        if known:
            gathered.skipped.append(("", f"{_count(known, 'file')} of public packages: {_ONLY_FORMS}"))
        installed = {path for path, deb in files.debs.items() if brought.has_installed(deb)}
        if installed:
            gathered.skipped.append(
                ("", f"{_count(len(installed), 'package')} of Debian whose files are installed: not opened")
            )
        again = files.appended | set(files.debs) - installed
        wanted = {path for path in files.unhashed if brought.owned.claims(path)}
        if (wanted or again) and self._again:
            self._look_again(job, wanted, again)
        if files.opening.unopened:
            left = _count(files.opening.unopened, "packed file")
            gathered.note("", f"{files.opening.reason}: {left} not opened, their bytes are searched")

    def _look_again(self, job: Job, to_hash: set[str], to_open: set[str]) -> None:
        """Hash long files with leaks that a package claims, and open what was put off."""
        try:
            stream = LayerStream(job.open(), verify=False)
        except Exception as error:
            self.gathered.internal(error)
            return
        hashes: dict[str, Hashes] = {}
        held: Kept | None = None
        try:
            for block in LayerTar(stream).blocks():
                for segment in block.segments:
                    if segment.kind == FILE and segment.path in to_hash:
                        self._hash(segment, block.data, hashes)
                    if segment.kind != FILE or segment.path not in to_open:
                        continue
                    if segment.offset == 0:
                        held = self._files.keeping.begin(block.place + segment.start, segment.size)
                    if held is not None:
                        held.write(block.data[segment.own_start : segment.own_end])
                    if held is not None and segment.last:
                        self._files.debs.pop(segment.path, None)
                        self._files.kept.search(segment.path, held, whole=True)
                        held = None
        finally:
            stream.close()
            if held is not None:
                held.close()

    def _hash(self, segment: Segment, view: memoryview, hashes: dict[str, Hashes]) -> None:
        one = hashes[segment.path] = Hashes(segment.path) if segment.offset == 0 else hashes[segment.path]
        one.update(view[segment.own_start : segment.own_end])
        if segment.last:
            self._files.brought.digests[segment.path] = one.digests()

    def failed(self, error: Exception) -> LayerOutcome:
        """The outcome where the layer cannot be opened."""
        self.gathered.errors.append((str(error) or type(error).__name__, ""))
        return self.outcome(None)

    def outcome(self, stream: LayerStream | None, problems: Sequence[tuple[str, str]] = ()) -> LayerOutcome:
        """Everything that was found; `problems` are those of its source."""
        gathered, changes = self.gathered, self.gathered.changes
        files, brought = PathSet(changes.files), self._files.brought
        claimed = any(map(brought.owned.claims, self._files.unhashed))
        return LayerOutcome(
            diff_id=stream.diff_id if stream else "",
            digest=stream.stored_digest if stream else "",
            size=stream.size if stream else 0,
            stored=stream.stored if stream else 0,
            files=gathered.files,
            leaks=tuple(gathered.leaks),
            removed=tuple(changes.removed),
            opaque=tuple(changes.opaque),
            files_here=files,
            folders_here=PathSet(changes.folders),
            links=changes.links,
            digests=brought.digests,
            owned=brought.owned,
            skipped=(*gathered.skipped, *gathered.more()),
            errors=(*gathered.errors, *problems),
            symlinks=changes.symlinks(files),
            final=self._again or not (gathered.debs or claimed),
        )
