"""What the search of one layer has found so far, and what it could not read."""

from __future__ import annotations

from auditor.core.image import HIDDEN
from auditor.core.record import TYPE_CHECKING
from auditor.run.crash import describe, wants_traceback
from auditor.run.images.layers.inside import file_of
from auditor.run.images.layers.telling import leaks
from auditor.run.images.layers.whiteouts import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.detect.views import Cut
    from auditor.run.images.layers.searching import Near, Settings
    from auditor.run.images.layers.telling import Bytes
    from auditor.run.images.leak import Leak
    from auditor.sources.images.tarblocks import Entry

#: Leaks of one layer that are told, of one content, and parts that could not be read.
MOST_LEAKS = 20_000
MOST_OF_CONTENT = 2_000
#: Places of values that the metadata shows, in one layer: they are not told at the cost of the others.
MOST_SHOWN = 1_000
MOST_NOTES = 200
_TOO_DEEP = "nested deeper than"
#: How reasons begin that are bounds of ours.
_BOUNDS = (
    *("more than", "larger than", "compressed more than", "needs too much memory", "object too large"),
    *("too many parts", "no library for", _TOO_DEEP),
)


class Gathered:
    """Collects leaks, what was left out (path, reason), errors (message, path), and what the layer changes below.

    `inside` are the groups of leaks in what files pack, by the path of the file. `debs` counts packages of Debian.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._told: set[tuple[str, str]] = set()
        self.leaks: list[Leak] = []
        self.skipped: list[tuple[str, str]] = []
        self.errors: list[tuple[str, str]] = []
        self.changes = Changes(self.errors)
        self.inside: dict[str, set[str]] = {}
        self.files = 0
        self.debs = 0
        self._by_path: dict[str, list[int]] = {}
        self._indexed = 0
        self._shown = 0
        self._more = 0

    def note_members(self, entries: Sequence[Entry]) -> None:
        """Note members of the tar, in order."""
        add = self.changes.add
        for entry in entries:
            if entry.kind == "0":
                self.files += 1
                self.debs += entry.path.endswith(".deb")
            told = add(entry)
            if told is not None:
                self._hide(told)

    def _hide(self, path: str) -> None:
        """The same path a second time: what was found in the first one is behind it."""
        for at in range(self._indexed, len(self.leaks)):
            self._by_path.setdefault(self.leaks[at].place.path, []).append(at)
        self._indexed = len(self.leaks)
        for at in self._by_path.pop(path, ()):
            place = self.leaks[at].place._replace(state=HIDDEN)
            self.leaks[at] = self.leaks[at]._replace(place=place)

    def tell(
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
            found = self._settings.sweep.examine(source.data, near, path, cuts, whole=whole)
        except Exception as error:
            self.internal(error, path)
            return
        for problem in self._settings.sweep.take_problems():
            self._fail(problem, "")
        for cut in dict.fromkeys(cut.reason for cut in cuts):
            self.note(path, cut)
        if not found:
            return
        told = 0
        for leak in leaks(source, found, own, self._settings.wanted):
            if known and leak.group in known:
                continue
            if not leak.by_rule:
                self._tell_shown(leak, source.path)
                continue
            told += 1
            if told > MOST_OF_CONTENT or len(self.leaks) - self._shown >= MOST_LEAKS:
                most = MOST_OF_CONTENT if told > MOST_OF_CONTENT else MOST_LEAKS
                self.note(path, f"more than {most:,} findings; the rest is not listed")
                return
            self.leaks.append(leak)
            if leak.place.inner_path:
                self.inside.setdefault(file_of(leak.place.path, leak.place.inner_path), set()).add(leak.group)
            self.changes.watch(source.path)

    def _tell_shown(self, leak: Leak, path: str) -> None:
        """A value that was looked for by itself; one more than are told shows that there are more."""
        if self._shown <= MOST_SHOWN:
            self._shown += 1
            self.leaks.append(leak)
            self.changes.watch(path)

    def _fail(self, message: str, path: str) -> None:
        """Something that makes the search incomplete."""
        if (message, path) in self._told:
            return
        if len(self.errors) < MOST_NOTES:
            self._told.add((message, path))
            self.errors.append((message, path))
        elif len(self.errors) == MOST_NOTES:
            self.errors.append(("more parts of it were not read", ""))

    def more(self) -> list[tuple[str, str]]:
        """What to say of parts that were left out and are not listed one by one."""
        return [("", f"{self._more:,} more parts were not read")] if self._more else []

    def note(self, path: str, reason: str) -> None:
        """Something that was not read. Where one of our bounds is the reason, the search is incomplete.

        A damaged or encrypted archive inside of a layer is how it was made: there are some in the tests of many a
        package, and their bytes have been searched. Nesting deeper than was asked for is what was asked for. A proof
        of absence is incomplete whatever the reason.
        """
        if (path, reason) in self._told:
            return
        deep = reason.startswith(_TOO_DEEP)
        bound = (reason.startswith(_BOUNDS) and not deep) or (deep and not self._settings.depth_asked)
        if bound or self._settings.everything:
            self._fail(f"not read: {reason}", path)
        self._more += len(self.skipped) >= MOST_NOTES
        if len(self.skipped) < MOST_NOTES:
            self._told.add((path, reason))
            self.skipped.append((path, reason))

    def internal(self, error: Exception, path: str = "") -> None:
        """Note that we failed."""
        if wants_traceback():
            raise error
        self.errors.append((f"internal error in the search of a layer ({describe(error)}); please report it", path))
