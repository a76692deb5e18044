"""Compose files among the paths: services that run the image get the files that their containers need from now on."""

from __future__ import annotations

import os.path

from auditor.core.edit import EditConflict, apply_edits
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.shapes import BuildChange, Caller
from auditor.fixes.services.giving import give_files
from auditor.run.rewrite.callers import context_of
from auditor.run.rewrite.outcome import FileChange

if TYPE_CHECKING:
    from auditor.core.edit import Edit
    from auditor.run.rewrite.callers import CallerFiles
    from auditor.run.rewrite.dockerfile import State
    from auditor.run.rewrite.outcome import Rewrite
    from auditor.sources.files import Input


def give(files: CallerFiles, last: State, source: Input, rewrite: Rewrite, *, unsafe: bool) -> str:
    """Add the compose files' changes to the rewrite.

    Returns why the Dockerfile must not change after all ("" where it may): a service would start without its key. With
    `unsafe` that is only noted.
    """
    place = os.path.abspath(source.path), os.path.abspath(context_of(source, last))
    asked = BuildChange(*place, (), frozenset(), False)
    problems: list[str] = []
    for path, kind, text in files.files:
        if kind != "compose":
            continue
        earlier = next((c for c in rewrite.changes if os.path.abspath(c.path) == os.path.abspath(path)), None)
        before = earlier.after if earlier is not None else files.pending.get(os.path.abspath(path), text)
        found = give_files(Caller(os.path.abspath(path), os.path.normpath(path), before), asked, rewrite.given)
        problems += [f"{os.path.normpath(path)}: {problem}" for problem in found.problems]
        try:
            after = apply_edits(before, found.edits)
        except EditConflict:
            problems.append(f"{os.path.normpath(path)}: two changes concern the same text")
            continue
        if after == before:
            continue
        first = before
        steps: tuple[tuple[Edit, ...], ...] = (tuple(found.edits),)
        if earlier is not None:
            rewrite.changes.remove(earlier)
            first, steps = earlier.before or "", (*earlier.steps, *steps)
        rewrite.changes.append(FileChange(path, "compose", first, after, steps))
    if problems and not unsafe:
        return f"a service needs the key from outside, too: {problems[0]}"
    rewrite.notes += problems
    return ""
