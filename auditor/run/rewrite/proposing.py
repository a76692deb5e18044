"""What `audit fix` would do about the findings of `audit lint`, for reports that show it; bounded, nothing is written.

Safe fixes are made first, as `audit fix` does without an option; then, in files that have more, unsafe ones.
"""

from __future__ import annotations

import os.path
import time

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.rewrite.dockerfile import ANOTHER_RUN
from auditor.run.rewrite.engine import fix, with_accepted
from auditor.run.rewrite.options import FixOptions
from auditor.run.rewrite.shown import remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Report
    from auditor.run.rewrite.outcome import Applied, FixRun, Rewrite

#: Seconds for all files, and files: those with the worst findings come first.
MOST_SECONDS, MOST_FILES = 10.0, 200

_Key = tuple[str, int, int, str, str]


class Proposed(NamedTuple):
    """The plan that removes a finding, and the rewrite of its file that it is part of; no plan where the file changes
    along with another one, and the finding goes with that."""

    finding: Finding
    applied: Applied | None
    rewrite: Rewrite


def proposed(
    settings: Settings,
    paths: Sequence[str],
    report: Report,
    most: float = MOST_SECONDS,
    rewind: Callable[[], None] = lambda: None,
) -> tuple[list[Proposed], int]:
    """What removes the findings of a report on these paths; and for how many findings there was no time to look.

    At most so many seconds are taken, but for the plan that is being tried when they are over. `rewind` is called
    before files are read, which may be twice: it brings the standard input back. Faults go into the report's notes.
    """
    asked = [f for f in report.active if f.image is None and f.severity >= settings.min_severity]
    wanted = {finding.sort_key: finding for finding in asked}
    files = _strongest(asked)
    kept = frozenset(files[:MOST_FILES])
    until = time.monotonic() + most
    options = with_accepted(settings, paths, FixOptions(check=True, until=until))
    rewind()
    done = _fixed(settings, paths, options, kept)
    faults = dict.fromkeys(done.faults)
    found = {key: one for key, one in _by_place(done) if key in wanted}
    more = frozenset(r.path for r in done.rewrites if any(left.unsafe for left in r.left))
    if more and not options.is_late:
        rewind()
        unsafe = _fixed(settings, paths, options._replace(unsafe=True), more)
        faults.update(dict.fromkeys(unsafe.faults))
        for key, one in _by_place(unsafe):
            if key in wanted:
                found.setdefault(key, one)
    cut = {r.path for r in done.rewrites if any(left.reason == ANOTHER_RUN for left in r.left)}
    report.notes += faults
    cut.update(done.late, files[MOST_FILES:])
    unexamined = sum(key not in found and finding.location.path in cut for key, finding in wanted.items())
    made = [Proposed(finding, *found[key]) for key, finding in wanted.items() if key in found]
    return [*made, *_along(done, [finding for key, finding in wanted.items() if key not in found])], unexamined


def _along(done: FixRun, findings: Iterable[Finding]) -> Iterable[Proposed]:
    """Findings that are gone once their files have changed along with others."""
    left = {(r.path, one.finding.rule, one.finding.subject) for r in done.rewrites for one in r.left}
    changed = {
        os.path.normpath(change.path): rewrite
        for rewrite in reversed(done.rewrites)
        for change in rewrite.changes
        if change.before is not None and os.path.normpath(change.path) != os.path.normpath(rewrite.path)
    }
    for finding in findings:
        path = finding.location.path
        rewrite = changed.get(os.path.normpath(path))
        if rewrite is not None and (path, finding.rule, finding.subject) not in left:
            yield Proposed(finding, None, rewrite)


def _fixed(settings: Settings, paths: Sequence[str], options: FixOptions, only: frozenset[str]) -> FixRun:
    done = fix(settings, paths, options, only)
    remember(done, settings)
    return done


def _strongest(findings: Iterable[Finding]) -> list[str]:
    """Files by their worst finding, then by name."""
    worst: dict[str, int] = {}
    for finding in findings:
        path = finding.location.path
        worst[path] = max(worst.get(path, 0), finding.severity)
    return sorted(worst, key=lambda path: (-worst[path], path))


def _by_place(done: FixRun) -> Iterable[tuple[_Key, tuple[Applied, Rewrite]]]:
    """What was applied, by the findings that it answers as they stand in the files on disk."""
    for rewrite in done.rewrites:
        for applied in rewrite.applied:
            for finding in applied.findings:
                yield finding.sort_key, (applied, rewrite)
