"""Build arguments that nothing in the Dockerfile shows to be secrets, while what calls the build hands them one."""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import secret_id
from auditor.fixes.callers.change import BuildChange, Caller, change
from auditor.fixes.callers.needs import PREDEFINED
from auditor.fixes.plan import BuildSecret
from auditor.flow.calling.given import is_in_url, is_secret_name
from auditor.flow.variables import unquoted
from auditor.lang.compose.interpolation import interpolated
from auditor.run.inputs import InputAuditor
from auditor.run.selection import asked
from auditor.sources.files import Input

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.flow.services import ComposeFacts
    from auditor.run.rewrite.callers import CallerFiles

_RULE = "build-arg-secret"


class Handing:
    """Finds out which arguments of a Dockerfile the files that call its build hand a secret to."""

    def __init__(self, callers: CallerFiles, auditor: InputAuditor) -> None:
        self.callers = callers
        self._auditor = auditor
        self._names: dict[str, frozenset[str]] = {}

    def handed(self, names: Iterable[str], dockerfile: str, context: str, *, sole: bool) -> dict[str, str]:
        """Those of some names that a call of this Dockerfile's build hands a secret to, with the reason in words.

        Only where all calls that are known hand it over, and can hand over a build secret just as well.
        """
        place = os.path.abspath(dockerfile), os.path.abspath(context)
        found: dict[str, str] = {}
        for name in sorted(set(names) - PREDEFINED):
            told = [path for path, text in self._texts() if name in text and name in self._told(path, text)]
            path = self._hands(name, told, place, sole=sole) if told else ""
            if path:
                found[name] = f"{os.path.normpath(path)} hands it one"
        return found

    def _texts(self) -> Iterator[tuple[str, str]]:
        for path, _kind, text in self.callers.files:
            yield path, self.callers.pending.get(os.path.abspath(path), text)

    def _hands(self, name: str, told: Sequence[str], place: tuple[str, str], *, sole: bool) -> str:
        """The first of the files `told` that builds this Dockerfile; "" where none does, or another call could not."""
        first = ""
        secret = BuildSecret(secret_id(name), "variable", name, argument=True)
        dropped = frozenset({name})
        for path, text in self._texts():
            caller = Caller(os.path.abspath(path), os.path.normpath(path), text)
            without = change(caller, BuildChange(*place, (), dropped, sole))
            if not without.matched and not without.problems:
                continue
            # Taking an argument away changes each call that has it, and no other one.
            if change(caller, BuildChange(*place, (secret,), dropped, sole)).problems:
                return ""
            if len(without.edits) + len(without.problems) < without.matched:
                return ""
            if path in told:
                first = first or path
        return first

    def _told(self, path: str, text: str) -> frozenset[str]:
        """Names of the build arguments that a file hands secrets to."""
        if path not in self._names:
            source = Input(path, path, text.encode("utf-8", "surrogateescape"), None)
            _target, analysis = self._auditor.examine(source)
            names = {f.subject for f in asked(analysis.findings, self._auditor.wanted) if f.rule == _RULE}
            if analysis.compose is not None:
                names |= _composed(analysis.compose)
            self._names[path] = frozenset(names)
        return self._names[path]


def _composed(facts: ComposeFacts) -> set[str]:
    """Names in `build.args` whose values hold secrets, or take them from a variable."""
    found = {one.entry.name for one in facts.given if one.kind == "args"}
    for section in facts.parts.sections:
        for entry in section.entries if section.kind == "args" else ():
            if entry.raw is None:
                continue
            text, uses = interpolated(unquoted(entry.raw))
            if is_in_url(text.text) or any(is_secret_name(use.name) for use in uses):
                found.add(entry.name)
    return found
