"""Callers of a changed Dockerfile that are not among the paths: they stay as they are, and are named."""

from __future__ import annotations

import os
import re

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import LineIndex
from auditor.fixes.callers.change import Caller, change
from auditor.run.rewrite.outcome import Unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.fixes.callers.shapes import BuildChange, CallerEdits
    from auditor.run.rewrite.outcome import Rewrite
    from auditor.sources.files import Input

_PROBLEM = Pattern(r"(?s)line (\d+): (.*)")
#: Files that are named; a repository with more of them has one more note.
_MOST = 20


def name_unchanged(files: Sequence[Input], asked: BuildChange, pending: Mapping[str, str], rewrite: Rewrite) -> None:
    """Note in a rewrite which of some files still call the build as it was."""
    more = 0
    for source in files:
        path = os.path.abspath(source.path)
        text = pending.get(path, (source.data or b"").decode("utf-8", "surrogateescape"))
        found = _calls(text, source.display, change(Caller(path, source.display, text), asked), asked)
        if len(rewrite.unchanged) >= _MOST:
            more += bool(found)
            continue
        rewrite.unchanged += found
        if found:
            rewrite.notes.append(_sentence(found))
    if more:
        rewrite.notes.append(
            f"{more} more file{'s' if more > 1 else ''} of the repository still call the build as it was"
        )


def _calls(text: str, path: str, edits: CallerEdits, asked: BuildChange) -> list[Unchanged]:
    """One entry for every line that would have to change."""
    lines = LineIndex(text)
    secrets = {secret.name for secret in asked.secrets if secret.name and secret.argument}
    names = sorted(secrets | asked.dropped)
    passed: dict[int, set[str]] = {}
    for edit in edits.edits:
        removed = text[edit.span.start : edit.span.end]
        known = {name for name in names if re.search(rf"\b{re.escape(name)}\b", removed)}
        if known:
            # White space in front of an option, and a line break in it, go along with it.
            at = edit.span.start + len(removed) - len(removed.lstrip(" \t\\\r\n"))
            passed.setdefault(lines.line(at), set()).update(known)
    if edits.edits and not passed:
        passed[lines.line(edits.edits[0].span.start)] = set()
    found = [Unchanged(path, line, tuple(sorted(known))) for line, known in sorted(passed.items())]
    for problem in edits.problems:
        match = _PROBLEM.fullmatch(problem)
        if match is not None:
            found.append(Unchanged(path, int(match[1]), (), match[2]))
    return found


def _sentence(calls: Sequence[Unchanged]) -> str:
    path = calls[0].path
    lines = [str(line) for line in sorted({call.line for call in calls})]
    where = f"{path} (line{'s' if len(lines) > 1 else ''} {', '.join(lines)})"
    names = sorted({name for call in calls for name in call.arguments})
    form = "as build arguments" if len(names) > 1 else "as a build argument"
    still = f"still passes {', '.join(names)} {form}" if names else "still calls the build as it was"
    problem = next((call.problem for call in calls if call.problem), "")
    if problem:
        return f"{where} {still}, and has to change by hand: {problem}"
    return f"{where} {still}, and has to change along: give it to audit fix as well, or use --callers"
