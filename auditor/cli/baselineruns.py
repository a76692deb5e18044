"""What the actions of `audit baseline` do."""

from __future__ import annotations

import os
import sys

from auditor.core import acceptance
from auditor.core.baseline import MAX_BYTES
from auditor.core.errors import ExitCode, UsageError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of
from auditor.report.terminal import escape, inert
from auditor.run.acceptance import editing
from auditor.run.acceptance.importing import from_detect_secrets, from_gitleaks, is_gitleaks
from auditor.run.acceptance.known import need_ours, today
from auditor.run.acceptance.looking import Looked, Where, look
from auditor.run.acceptance.marks import Marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.acceptance import Acceptances, Entry
    from auditor.core.config import Settings
    from auditor.run.acceptance.editing import Edited

_MOST_LISTED = 200


class Task(NamedTuple):
    """What an action was told. `path`: the baseline, which `is_configured` if somebody named it. `file`: what is
    imported, or written as an export."""

    settings: Settings
    path: str
    is_configured: bool
    paths: Sequence[str]
    images: Sequence[str]
    commands: Sequence[str]
    reason: str = ""
    expires: str = ""
    force: bool = False
    file: str = ""


def create_baseline(task: Task) -> int:
    """`audit baseline create`. Raises UsageError where there is a file already."""
    if os.path.lexists(task.path) and not task.force:
        raise UsageError(f"{task.path}: is there already; audit baseline update adds to it, --force starts anew")
    empty = acceptance.Acceptances(task.path, acceptance.new_salt(), ())
    looked = looked_at(task, empty)
    edited = editing.updated((), looked, task.settings, task.reason, task.expires)
    acceptance.write(task.path, empty.salt, edited.entries)
    _say(f"{task.path}: {_findings(len(edited.added))} accepted")
    _hint(task)
    return finish(looked)


def update_baseline(task: Task) -> int:
    """`audit baseline update`."""
    known = opened(task.path)
    looked = looked_at(task, known)
    edited = editing.updated(known.entries, looked, task.settings, task.reason, task.expires)
    acceptance.write(task.path, known.salt, edited.entries)
    _list("added", edited.added)
    _say(f"{task.path}: {len(edited.added):,} added, {len(edited.entries) - len(edited.added):,} kept{_moved(edited)}")
    _notes(task, edited)
    return finish(looked)


def prune_baseline(task: Task) -> int:
    """`audit baseline prune`."""
    known = opened(task.path)
    looked = looked_at(task, known)
    edited = editing.pruned(known.entries, looked)
    acceptance.write(task.path, known.salt, edited.entries)
    _list("removed", edited.removed)
    kept = f"{len(edited.entries):,} kept"
    if edited.unjudged:
        kept += f" ({len(edited.unjudged):,} of them not looked for in this run)"
    _say(f"{task.path}: {len(edited.removed):,} removed, {kept}{_moved(edited)}")
    _notes(task, edited)
    return finish(looked)


def import_baseline(task: Task) -> int:
    """`audit baseline import FILE`."""
    there = os.path.lexists(task.path)
    known = opened(task.path) if there else acceptance.Acceptances(task.path, acceptance.new_salt(), ())
    looked = looked_at(task, known)
    if is_gitleaks(content_of(task.file, MAX_BYTES)):
        found = from_gitleaks(task.file, looked.marked, looked.marker.key, task.reason, task.expires)
    else:
        found = from_detect_secrets(task.file, looked.marked, task.reason, task.expires)
    before = editing.followed(known.entries, looked).entries
    marks = {entry.mark for entry in before}
    new = [entry for entry in found.entries if entry.mark not in marks]
    acceptance.write(task.path, known.salt, [*before, *new])
    _list("not found, not taken over", found.left)
    _list("a confirmed secret, which stays a finding", found.confirmed)
    _say(f"{task.path}: {_findings(len(new))} accepted, as {task.file} does")
    _hint(task)
    return finish(looked)


def export_baseline(task: Task) -> int:
    """`audit baseline export`."""
    from auditor.cli.baselineexport import export

    return export(task)


def review_baseline(task: Task) -> int:
    """`audit baseline review`."""
    from auditor.cli.baselinereview import review

    return review(task)


def opened(path: str) -> Acceptances:
    """The baseline. Raises UsageError where there is none of ours."""
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such file; audit baseline create makes one")
    content = content_of(path, acceptance.MAX_BYTES)
    need_ours(path, content)
    return acceptance.parse(path, content)


def looked_at(task: Task, known: Acceptances) -> Looked:
    """What is found where the task says."""
    from auditor.cli.image import Shown  # start-up: where images are read

    listener = Shown(quiet=False) if task.images else None
    where = Where(task.paths, task.images, task.commands, tuple(filter(None, (task.path, task.file))))
    looked = look(task.settings, where, Marker(task.path, known.salt), known.salt, listener)
    if listener is not None:
        listener.close()
    return looked


def finish(looked: Looked) -> int:
    """Say what could not be read, and return the exit code."""
    reports = looked.reports.values()
    for error in (error for report in reports for target in report.targets for error in target.errors):
        _say(f"{error.path}: error: {error.message}")
    return ExitCode.CLEAN if looked.complete else ExitCode.INCOMPLETE


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
        _say(f"moved: {old.mark} is in {new.mark.path} now")
    day = today()
    expired = sum(entry.is_expired(day) for entry in edited.entries)
    if expired:
        _say(f"note: the acceptance of {_findings(expired)} has expired; set a later day, or review them")
    unknown = sorted({entry.mark.rule for entry in edited.unknown})
    if unknown:
        _say(f"note: entries of rules that are not known here: {', '.join(unknown)[:400]}")


def _hint(task: Task) -> None:
    if not task.is_configured:
        _say(f'Use it in every run: baseline = "{task.path}" in audit.toml, or --baseline {task.path}')


def _say(text: str) -> None:
    print(inert(escape(text)), file=sys.stderr)
