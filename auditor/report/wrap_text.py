"""What the standard error says of `audit wrap`: what was read, what was done with each variable, what to do next."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.overriding.override import read_from
from auditor.fixes.overriding.plan import BY_REFERENCE, BY_SHIM, BY_VARIABLE, COMPOSE
from auditor.report.terminal import escape, inert

if TYPE_CHECKING:
    from auditor.fixes.overriding.plan import Generated, Given, Request


def summary(request: Request, made: Generated) -> str:
    """For a run that has generated something."""
    what = "compose override" if made.kind == COMPOSE else "script"
    where = f", written to {request.output}" if request.output else ""
    lines = [f"{request.image.name}: {what} for the service {made.service}{where}", ""]
    lines += [f"  {name.ljust(11)} {text}" for name, text in read_from(request.image, request.leaks.telling)]
    lines.append("")
    lines += [f"  {one.variable}: {_told(one)}" for one in made.given]
    lines += ["", *(f"note: {note}" for note in made.notes), *([""] if made.notes else []), "next:"]
    lines += [f"  {number}. {step}" for number, step in enumerate(made.steps, 1)]
    return inert("\n".join(map(escape, lines))) + "\n"


def refusal(request: Request, reason: str) -> str:
    """For a run that has not."""
    return inert(escape(f"audit: refused: {request.image.name}: {reason}")) + "\n"


def _told(one: Given) -> str:
    if one.how == BY_VARIABLE:
        return f"{one.target} names the file of the secret {one.secret} ({one.basis})"
    if one.how == BY_SHIM:
        return f"a shell reads it from {one.target} ({one.basis})"
    if one.how == BY_REFERENCE:
        return f"{one.target} ({one.basis})"
    return one.basis
