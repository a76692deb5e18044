"""Brings a baseline up to date with what was found."""

from __future__ import annotations

from auditor.core.acceptance import Entry, unified
from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.acceptance.known import placed
from auditor.run.acceptance.matching import covered, matches_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.acceptance import Mark
    from auditor.core.config import Settings
    from auditor.run.acceptance.looking import Looked
    from auditor.run.acceptance.marks import Marked


class Edited(NamedTuple):
    """The entries of a baseline after a change, and what changed. `moved` are pairs of the old and the new entry.

    `unjudged` were not found, and the run could not have told that they are gone; `unknown` are of rules that are not
    known here. `committed`: what git stores of a secret whose file has an entry.
    """

    entries: tuple[Entry, ...]
    added: list[Entry]
    moved: list[tuple[Entry, Entry]]
    removed: list[Entry]
    unjudged: list[Entry]
    unknown: list[Entry]
    committed: frozenset[Mark]


def updated(
    entries: Iterable[Entry], looked: Looked, settings: Settings, reason: str = "", expires: str = ""
) -> Edited:
    """With an entry for everything that is new and would be reported; what is there stays as it is."""
    edited = followed(entries, looked)
    reason = looked.masker.mask(reason)
    known = {entry.mark for entry in edited.entries} | edited.committed
    new = [
        Entry(one.mark, one.subject, reason=reason, expires=expires)
        for one in looked.marked
        if one.mark not in known and is_reported(one, settings)
    ]
    committed = covered((entry.mark for entry in new), (entry.mark for entry in new))
    added = list(unified(entry for entry in new if entry.mark not in committed))
    return edited._replace(entries=unified([*edited.entries, *added]), added=added)


def pruned(entries: Iterable[Entry], looked: Looked) -> Edited:
    """Without the entries of which the run has shown that they speak of nothing any more."""
    edited = followed(entries, looked)
    gone = {entry.mark for entry in edited.removed}
    return edited._replace(entries=tuple(entry for entry in edited.entries if entry.mark not in gone))


def followed(entries: Iterable[Entry], looked: Looked) -> Edited:
    """With the new place of what has moved; `removed` are those that `pruned` takes out, and still there."""
    before = placed(entries, looked.marker)
    found = matches_of(before, looked.marked, looked.is_vacated)
    moves = [(old, old._replace(mark=mark)) for mark, old in found.moved.items()]
    left = {old.mark for old, _new in moves}
    after = unified([*(entry for entry in before if entry.mark not in left), *(new for _old, new in moves)])
    removed = [entry for entry in found.absent if looked.is_judged(entry)]
    unjudged = [entry for entry in found.absent if not looked.is_judged(entry)]
    unknown = [entry for entry in before if entry.mark.rule not in looked.known]
    return Edited(after, [], moves, removed, unjudged, unknown, frozenset(found.committed))


def is_reported(one: Marked, settings: Settings) -> bool:
    """Whether a run with these settings would print a finding, or fail because of it."""
    least: Severity = settings.min_severity
    if settings.fail_on is not None:
        least = min(least, settings.fail_on)
    return one.finding.suppressed is None and one.finding.severity >= least
