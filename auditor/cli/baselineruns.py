"""What the actions of `audit baseline` do."""

from __future__ import annotations

import os
import sys

from auditor.cli.baselinetask import Task, finish, looked_at, save, say
from auditor.core import acceptance
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretsbaseline import MAX_BYTES
from auditor.core.smallfile import content_of
from auditor.report.terminal import escape, inert
from auditor.run.acceptance import editing
from auditor.run.acceptance.importing import from_detect_secrets, from_gitleaks, is_gitleaks
from auditor.run.acceptance.known import today

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.core.acceptance import Entry
    from auditor.run.acceptance.editing import Edited

_MOST_LISTED = 200


def create(task: Task) -> int:
    """`audit baseline create`. Raises UsageError where there is a file already."""
    if os.path.lexists(task.path) and not task.force:
        raise UsageError(f"{task.path}: is there already; audit baseline update adds to it, --force starts anew")
    empty = acceptance.empty(task.path)
    looked = looked_at(task, empty)
    edited = editing.updated((), looked, task.settings, task.reason, task.expires)
    if not edited.entries and not looked.complete:
        say(f"{task.path}: not written: nothing is found, and not everything could be read")
        return finish(looked)
    acceptance.write(task.path, empty.salt, edited.entries)
    say(f"{task.path}: {_findings(len(edited.added))} accepted")
    _hint(task)
    return finish(looked)


def update(task: Task) -> int:
    """`audit baseline update`."""
    known = acceptance.read(task.path)
    looked = looked_at(task, known)
    edited = editing.updated(known.entries, looked, task.settings, task.reason, task.expires)
    save(known, edited.entries)
    _list("added", edited.added)
    say(f"{task.path}: {len(edited.added):,} added, {len(edited.entries) - len(edited.added):,} kept{_moved(edited)}")
    _notes(task, edited)
    return finish(looked)


def prune(task: Task) -> int:
    """`audit baseline prune`."""
    known = acceptance.read(task.path)
    looked = looked_at(task, known)
    edited = editing.pruned(known.entries, looked)
    save(known, edited.entries)
    _list("removed", edited.removed)
    kept = f"{len(edited.entries):,} kept"
    if edited.unjudged:
        kept += f" ({len(edited.unjudged):,} of them not looked for in this run)"
    say(f"{task.path}: {len(edited.removed):,} removed, {kept}{_moved(edited)}")
    _notes(task, edited)
    return finish(looked)


def take_over(task: Task) -> int:
    """`audit baseline import FILE`."""
    known = acceptance.read(task.path) if os.path.lexists(task.path) else acceptance.empty(task.path)
    looked = looked_at(task, known)
    reason = looked.masker.mask(task.reason)
    if is_gitleaks(content_of(task.file, MAX_BYTES)):
        found = from_gitleaks(task.file, looked.marked, looked.marker.key, reason, task.expires)
    else:
        found = from_detect_secrets(task.file, looked.marked, reason, task.expires)
    before = editing.followed(known.entries, looked).entries
    marks = {entry.mark for entry in before}
    new = [entry for entry in found.entries if entry.mark not in marks]
    save(known, [*before, *new])
    _list("not found, not taken over", found.left)
    _list("a confirmed secret, which stays a finding", found.confirmed)
    say(f"{task.path}: {_findings(len(new))} accepted, as {task.file} does")
    _hint(task)
    return finish(looked)


def _findings(number: int) -> str:
    return "1 finding" if number == 1 else f"{number:,} findings"


def _moved(edited: Edited) -> str:
    return f", {len(edited.moved):,} moved with their files" if edited.moved else ""


def _list(what: str, items: Iterable[Entry | str]) -> None:
    """A line for each on the standard output; of very many the first ones."""
    lines = [f"{what}: {item if isinstance(item, str) else item.mark}" for item in items]
    for line in lines[:_MOST_LISTED]:
        print(inert(escape(line)))
    if len(lines) > _MOST_LISTED:
        print(f"{what}: {len(lines) - _MOST_LISTED:,} more")
    sys.stdout.flush()


def _notes(task: Task, edited: Edited) -> None:
    for old, new in edited.moved[:_MOST_LISTED]:
        say(f"moved: {old.mark} is in {new.mark.path} now")
    day = today()
    expired = sum(entry.is_expired(day) for entry in edited.entries)
    if expired:
        say(f"note: the acceptance of {_findings(expired)} has expired; set a later day, or review them")
    unknown = sorted({entry.mark.rule for entry in edited.unknown})
    if unknown:
        say(f"note: entries of rules that are not known here: {', '.join(unknown)[:400]}")


def _hint(task: Task) -> None:
    if not task.is_configured:
        say(f'Use it in every run: baseline = "{task.path}" in audit.toml, or --baseline {task.path}')
