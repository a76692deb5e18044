"""Ids for secrets that had no name of their own: literal values, by what announces them."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import secret_id
from auditor.fixes import lasting, urls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.flow.build import Build
    from auditor.flow.facts import Literal

#: Names that say nothing about which of several secrets is meant.
_GENERIC = frozenset("password pass passwd pw token secret key user pwd stdin authorization".split())
#: `root:` before a password.
_ACCOUNT = Pattern(r"([A-Za-z_][\w.-]*):\Z")
_VARIABLE = Pattern(r"[A-Z_][A-Z0-9_]*\Z")
_BEFORE = 64


def taken_ids(build: Build) -> set[str]:
    """Ids that other secrets of the build have or are going to have."""
    taken = {secret_id(v.name) for v in build.facts.variables if v.sensitive}
    for run in build.facts.runs:
        for flag in run.step.instruction.flags:
            for field in (flag.value or "").split(",") if flag.name == "mount" else ():
                key, _equals, value = field.partition("=")
                taken |= {value} if key == "id" else set()
    return taken


def literal_id(text: str, literal: Literal, program: str, taken: Iterable[str]) -> str:
    """An id that is not taken, for a value that is written into the file's `text` and given to a program."""
    base = secret_id(_name(text, literal, program))
    if base[0].isdigit():  # in upper case it has to be good as a variable's name
        base = secret_id(f"{program or literal.kind}_{literal.name or base}")
    made, number = base, 2
    used = frozenset(taken)
    while made in used:
        made, number = f"{base}_{number}", number + 1
    return made


def variable_of(literal: Literal) -> str:
    """The variable that a value is assigned to where it stands; "" for none."""
    return literal.name if literal.kind == "pair" and _VARIABLE.match(literal.name) else ""


def _name(text: str, literal: Literal, program: str) -> str:
    name = literal.name
    if literal.kind == "url":
        return f"{urls.host_behind(text, literal.span.end)}_{name}"
    account = _ACCOUNT.search(text[max(literal.span.start - _BEFORE, 0) : literal.span.start])
    if lasting.is_keeper(name) or (literal.kind in ("stdin", "argument") and name == program):
        return f"{account[1] if account is not None else name}_password"
    if literal.kind == "token" or not name:
        return literal.secret.kind
    if len(name) < 3 or name.lower() in _GENERIC:
        if not program and name.lower() in literal.secret.kind:
            return literal.secret.kind
        owner = program if program.lower() != name.lower() else ""
        return f"{owner}_{name if len(name) > 2 else 'password'}"
    return name
