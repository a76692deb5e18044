"""One Dockerfile whose build arguments became secrets, and what becomes of a file that builds it."""

from __future__ import annotations

import os

from auditor.core.edit import apply_edits
from auditor.fixes.callers.change import BuildChange, Caller, CallerEdits, change
from auditor.fixes.plan import BuildSecret

ROOT = os.path.abspath("/nowhere/app")
NPM = BuildSecret("npm_token", "variable", "NPM_TOKEN", argument=True)
FILE = BuildSecret("npmrc", "file", source=".npmrc")
SSH = BuildSecret("default", "ssh")


def build(*secrets: BuildSecret, sole: bool = True, dropped: tuple[str, ...] = ("NPM_TOKEN",)) -> BuildChange:
    """What became of `ROOT/Dockerfile`."""
    return BuildChange(f"{ROOT}/Dockerfile", ROOT, secrets or (NPM,), frozenset(dropped), sole)


def edits(name: str, text: str, asked: BuildChange | None = None) -> CallerEdits:
    """What is to be changed in a file below `ROOT`."""
    return change(Caller(f"{ROOT}/{name}", name, text), asked or build())


def after(name: str, text: str, asked: BuildChange | None = None) -> str:
    """A file's new text; it has to be found and to be changed without a problem."""
    found = edits(name, text, asked)
    assert found.problems == ()
    assert found.matched
    return apply_edits(text, found.edits)


def refused(name: str, text: str, asked: BuildChange | None = None) -> str:
    """The one problem of a file that must stay as it is."""
    found = edits(name, text, asked)
    assert found.edits == ()
    (problem,) = found.problems
    return problem
