"""Fixes as reports show them: for each finding its part of what `audit fix` would change, secrets masked.

The part of a plan are the stretches of changed lines that it touches, with those of every plan that it shares one with:
no change is shown in half.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from auditor.core.proposal import Proposal, Replacement
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report import fix_diff
from auditor.report.diff import FileDiff, unified
from auditor.report.fix_shapes import is_main
from auditor.report.linediff import Replaced, replaced
from auditor.report.masking import FileMasker
from auditor.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from auditor.core.finding import Finding
    from auditor.core.span import Span
    from auditor.report.diff import Hide
    from auditor.report.fix_shapes import Applied, Change, Origin, Rewrite

#: Of one diff: lines, and characters of a line.
_MOST_LINES, _LONGEST = 120, 400
#: Unchanged lines beside a change, from which the diff takes what it shows.
_AROUND = 10
#: Other files and commands that are told of one fix.
_MOST_ALONG = 20
#: Kinds of changed files that are part of the build, not callers of it.
_OF_THE_BUILD = ("ignore", "configuration")


class Proposals:
    """The fixes of one rewrite. `disk` is the text that its file has; `name` gives a path as the report calls it."""

    def __init__(self, rewrite: Rewrite, disk: str, name: Callable[[str], str] = str) -> None:
        self._rewrite = rewrite
        self._name = name
        self._words = FileMasker(rewrite.target.secrets, [])
        main = next((change for change in rewrite.changes if is_main(change, rewrite) and change.before), None)
        self._main = _File(main, rewrite) if main is not None else None
        self._is_on_disk = main is not None and main.before == disk
        self._groups = self._main.groups([applied.spans for applied in rewrite.applied]) if self._main else []
        self._numbers = {id(applied): number for number, applied in enumerate(rewrite.applied)}
        #: By group: whether its plans change other files of the build, and what has to call it.
        self._flags: dict[int, tuple[bool, bool]] = {}
        for one, group in zip(rewrite.applied, self._groups, strict=False):
            has_more, is_called = self._flags.get(id(group), (False, False))
            self._flags[id(group)] = (has_more or one.has_more, is_called or one.is_called)

    def of(self, applied: Applied) -> Proposal:
        """One fix of the rewrite."""
        rewrite, words = self._rewrite, self._words
        group = self._groups[self._numbers[id(applied)]] if self._groups else []
        own = applied.has_more, applied.is_called
        has_more, is_called = self._flags[id(group)] if group else own
        others = [c for c in rewrite.changes if not is_main(c, rewrite) and c.before != c.after]
        more = [change for change in others if change.kind in _OF_THE_BUILD] if has_more else []
        along = [self._name(c.path) for c in others if c.kind not in _OF_THE_BUILD] if is_called else []
        commands = [words.mask(c) for c in dict.fromkeys(rewrite.commands)] if is_called else []
        diffs = [self._main.diff(group, self._name(rewrite.path))] if self._main and group else []
        diffs += [_cut(fix_diff.of_change(change, rewrite, self._name(change.path).lstrip("/"))) for change in more]
        is_whole = self._is_on_disk and not more and not along
        return Proposal(
            words.mask(applied.title),
            applied.applicability.label,
            words.mask(applied.reason),
            "".join(diffs),
            tuple(along[:_MOST_ALONG]),
            tuple(commands[:_MOST_ALONG]),
            self._main.replacements(group, rewrite.path) if self._main and is_whole else (),
        )


def along(finding: Finding, rewrite: Rewrite, name: Callable[[str], str] = str) -> Proposal | None:
    """The fix for a finding in a file that changes along with another one; None where the rewrite leaves that alone."""
    path = finding.location.path
    change = next((c for c in rewrite.changes if name(c.path) == name(path) and c.before != c.after), None)
    calling = [applied for applied in rewrite.applied if applied.is_called]
    if change is None or not calling:
        return None
    words = FileMasker(rewrite.target.secrets, [])
    return Proposal(
        words.mask(f"{name(path)} changes along with {rewrite.path}"),
        max(applied.applicability for applied in calling).label,
        "",
        _cut(fix_diff.of_change(change, rewrite, name(path).lstrip("/"))),
        (rewrite.path,),
        tuple(words.mask(command) for command in list(dict.fromkeys(rewrite.commands))[:_MOST_ALONG]),
    )


class _Line(NamedTuple):
    """A line of a text with its end, and what says how it is shown: worked out when it is asked for."""

    text: str
    start: int
    hide: Hide


class _File:
    """The file of a rewrite, by lines."""

    def __init__(self, change: Change, rewrite: Rewrite) -> None:
        self._is_new = change.before is None
        file = fix_diff.masked(change, rewrite)
        self._old = _lines(change.before or "", file.hide)
        self._new = _lines(change.after, file.hide_new)
        changed = replaced([line.text for line in self._old], [line.text for line in self._new])
        self._changed = [one for part in changed for one in self._split(part, rewrite.origin)]

    def _split(self, part: Replaced, origin: Origin | None) -> Iterator[Replaced]:
        """A stretch where lines of it begin what is no part of the change of the lines before."""
        starts = [line.start for line in self._new]
        at, new_at = part.start, part.new_start
        for number in range(part.start + 1, part.end):
            ahead = origin.ahead(self._old[number].start) if origin is not None else None
            there = bisect_left(starts, ahead) if ahead is not None else -1
            if new_at <= there < part.new_end and starts[there] == ahead:
                yield from self._differing(Replaced(at, number, new_at, there))
                at, new_at = number, there
        yield from self._differing(Replaced(at, part.end, new_at, part.new_end))

    def _differing(self, part: Replaced) -> Iterator[Replaced]:
        old, new = self._old[part.start : part.end], self._new[part.new_start : part.new_end]
        if [line.text for line in old] != [line.text for line in new]:
            yield part

    def groups(self, plans: Sequence[Sequence[Span]]) -> list[list[Replaced]]:
        """For each plan, by the places that it changes in the old text, what belongs together with it."""
        starts = [line.start for line in self._old]
        touched = [self._touched(spans, starts) for spans in plans]
        parent = list(range(len(self._changed)))

        def root(at: int) -> int:
            while parent[at] != at:
                parent[at] = parent[parent[at]]
                at = parent[at]
            return at

        for numbers in touched:
            for number in numbers[1:]:
                parent[root(number)] = root(numbers[0])
        members: dict[int, list[Replaced]] = {}
        for number, part in enumerate(self._changed):
            members.setdefault(root(number), []).append(part)
        return [members[root(numbers[0])] if numbers else [] for numbers in touched]

    def _touched(self, spans: Iterable[Span], starts: list[int]) -> list[int]:
        found: set[int] = set()
        for start, end in spans:
            first = max(bisect_right(starts, start) - 1, 0)
            last = max(bisect_right(starts, max(end - 1, start)) - 1, first)
            here = self._between(first, last + 1) or self._between(first - 1, last + 2)
            found.update(here or range(len(self._changed)))
        return sorted(found)

    def _between(self, start: int, end: int) -> list[int]:
        """What has changed at these lines; what is put in before or behind them does not count twice."""
        number = bisect_left(self._changed, start, key=lambda part: max(part.end, part.start + 1) - 1)
        found = []
        while number < len(self._changed) and self._changed[number].start < end:
            found.append(number)
            number += 1
        return found

    def diff(self, parts: Sequence[Replaced], name: str) -> str:
        """The diff of these changes alone, as if no other one was made."""
        top = max(parts[0].start - _AROUND, 0) if parts else 0
        old = self._old[top : parts[-1].end + _AROUND] if parts else []
        after: list[_Line] = []
        at = 0
        for part in parts:
            after += [*old[at : part.start - top], *self._new[part.new_start : part.new_end]]
            at = part.end - top
        after += old[at:]
        before = None if self._is_new else "".join(line.text for line in old)
        file = FileDiff(name.lstrip("/"), before, "".join(line.text for line in after))
        return _cut(unified(file, _hide(old), _hide(after), top))

    def replacements(self, parts: Sequence[Replaced], path: str) -> tuple[Replacement, ...]:
        """These changes for programs; nothing where new lines hold secrets, or are no text."""
        new = [line for part in parts for line in self._new[part.new_start : part.new_end]]
        if any(_shown(line) != line.text or clean(line.text) != line.text for line in new):
            return ()
        found: list[Replacement] = []
        for part in parts:
            text = "".join(line.text for line in self._new[part.new_start : part.new_end])
            last = self._old[part.end - 1].text if part.end == len(self._old) and part.end else "\n"
            if part.start == len(self._old) and not last.endswith("\n"):
                return ()
            width = 0 if last.endswith("\n") or part.start == part.end else len(last)
            found.append(Replacement(path, part.start + 1, part.end + 1, text, width))
        return tuple(found)


def _cut(diff: str) -> str:
    lines = [line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…" for line in diff.split("\n")]
    if len(lines) > _MOST_LINES + 1:
        lines[_MOST_LINES:] = [f"… {len(lines) - 1 - _MOST_LINES:,} more lines", ""]
    return "\n".join(lines)


def _lines(text: str, hide: Hide) -> list[_Line]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    starts = [0, *accumulate(map(len, lines))]
    return [_Line(line, start, hide) for line, start in zip(lines, starts, strict=False) if line]


def _shown(line: _Line) -> str:
    body = line.text.removesuffix("\n")
    return line.hide(body, line.start) + line.text[len(body) :]


def _hide(lines: Sequence[_Line]) -> Hide:
    """What `unified` asks for a text that these lines make."""
    places = dict(zip(accumulate((len(line.text) for line in lines), initial=0), lines, strict=False))

    def hide(line: str, start: int | None) -> str:
        return _shown(places[start]).removesuffix("\n") if start in places else "****"

    return hide
