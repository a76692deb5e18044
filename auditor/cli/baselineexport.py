"""`audit baseline export`: a `.secrets.baseline` that detect-secrets reads, audits and updates."""

from __future__ import annotations

import os
import sys

from auditor.core import acceptance
from auditor.core.baselinepaths import entry_key, folder_of
from auditor.core.errors import ExitCode
from auditor.core.places import is_within
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretsbaseline import read
from auditor.report.terminal import escape, escape_path, inert
from auditor.run.acceptance.known import OwnBaseline
from auditor.run.acceptance.matching import is_gone
from auditor.run.result import exit_code
from auditor.run.scan import scan
from auditor.run.secretsbaseline import write
from auditor.run.selection import SCAN, chosen, more_rules, rule_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.cli.baselinetask import Task


def export(task: Task) -> int:
    """Write what is found in the paths into the file of the task, and return the exit code. Raises UsageError."""
    settings, target = task.settings, task.file
    known = acceptance.read(task.path) if task.is_configured or os.path.lexists(task.path) else None
    whole: list[str] = []
    report = scan(settings, task.paths, leave_out=(target, task.path), whole=whole)
    more = more_rules(settings)
    names = [rule.id for rule in more]
    if known is not None:
        OwnBaseline(known).accept(report, whole, more)
        report.findings = [one for one in report.findings if one.suppressed and one.suppressed.by == "baseline"]
    everything = chosen(settings, SCAN, more) >= rule_ids(SCAN).union(names)
    judged = [*whole, *_gone(target, task.paths)] if everything else []
    written = write(target, report.findings, judged, names)
    kept = f"{written.kept} kept"
    if written.unjudged:
        kept += f" ({written.unjudged} of them not looked for in this run)"
    print(f"{escape_path(target)}: {written.added} added, {kept}, {written.removed} removed", file=sys.stderr)
    for error in (error for one in report.targets for error in one.errors):
        print(inert(f"{escape_path(error.path)}: {escape(error.message)}"), file=sys.stderr)
    return exit_code(report, settings) if not report.complete else ExitCode.CLEAN


def _gone(target: str, paths: Sequence[str]) -> list[str]:
    """The files of the old baseline below one of the paths that are not there any more."""
    if not os.path.lexists(target):
        return []
    folder = folder_of(target)
    roots = [os.path.realpath(path) for path in paths]
    entries = [entry_key(entry.path, folder) for entry in read(target).entries if _is_path(entry.path)]
    listed = {os.path.realpath(os.path.join(folder, path)) for path in entries}
    return [path for path in listed if any(is_within(path, root) for root in roots) and is_gone(path)]


def _is_path(text: str) -> bool:
    """Whether the system takes a text for a path: no null character, and nothing that has no bytes."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False
