"""Numbers of users that the build itself creates: what `uid=` of a mount needs."""

from __future__ import annotations

from itertools import pairwise

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.script import acting, full_text

if TYPE_CHECKING:
    from auditor.flow.build import Build

_MAKERS = frozenset({"useradd", "adduser"})
_OPTIONS = ("-u", "--uid")


def numbers(build: Build) -> dict[str, str]:
    """User id by name, for users that a RUN creates with `useradd -u` or `adduser -u`."""
    found: dict[str, str] = {}
    for run in build.facts.runs:
        text = full_text(run.step.instruction)
        if not any(maker in text for maker in _MAKERS):
            continue
        for each in acting(run):
            if each.name not in _MAKERS:
                continue
            texts = [word.rendered for word in each.words]
            number = next((value for option, value in pairwise(texts) if option in _OPTIONS), "")
            number = number or next((t.partition("=")[2] for t in texts if t.startswith("--uid=")), "")
            if number.isascii() and number.isdigit() and len(texts) > 1 and not texts[-1].startswith("-"):
                found[texts[-1]] = number
    return found
