"""Plans of `audit fix --wrapper NAME`: secrets of ENV become references, and what starts is wrapped.

The wrapper's own credential is a file of the running container: it stays out of ENV, ARG and layers.
"""

from __future__ import annotations

import re

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.core.wrappers import SHIM
from auditor.fixes.origins import origin
from auditor.fixes.plan import DropPair, Plan, Refused, Replace
from auditor.fixes.shims import restated
from auditor.fixes.starters import start
from auditor.fixes.starting import StartingPlanner, planned, shell_in
from auditor.fixes.wrapping.scripts import asks, credential_names
from auditor.fixes.wrapping.starts import (
    Situation,
    credential_note,
    is_wrapped,
    missing,
    replaced,
    separated,
    with_settings,
    words_at,
    wrap,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.wrappers import Wrapping
    from auditor.fixes.plan import Refusal
    from auditor.flow.build import Build
    from auditor.flow.facts import Variable

_BARE = re.compile(r"[\w./:@#%+,~=>-]+")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]")


def plans(build: Build, form: str, wrapping: Wrapping) -> Iterator[Plan | Refusal]:
    """A plan, or the reason against it, for every ENV secret that the container may read, and what else is wanting for
    the wrapper to work."""
    yield from planned(build, lambda group: _Wrapping(build, group, form, wrapping))
    how, known = start(build), origin(build, wrapping.configs)
    at = Situation(build, how, known, shell_in(build, how, known), wrapping)
    for plan in _asked(at):
        plan.asked = True
        yield plan


class _Wrapping(StartingPlanner):
    """Plans for one group: the container gets it by the wrapper."""

    def __init__(self, build: Build, group: list[Variable], form: str, wrapping: Wrapping) -> None:
        super().__init__(build, group, form, wrapping.configs)
        self.wrapping = wrapping
        self.at = Situation(build, self.how, self.origin, self.has_shell(), wrapping)

    def is_meant(self, plan: Plan, names: list[str]) -> bool:
        """A variable that the user gave a reference for is read by the container."""
        return super().is_meant(plan, names) or any(name in self.wrapping.references for name in names)

    def give(self, plan: Plan, names: list[str]) -> bool:
        """Have the wrapper give the values. Raises Refused."""
        wrapper = self.wrapping.wrapper
        own = credential_names(wrapper)
        if all(name in own for name in names):
            return self._without_credential(plan, names)
        only = wrapper.get("variables")
        if any(name in own or (only is not None and name not in only) for name in names):
            return super().give(plan, names)
        self._check_files(names)
        doubts = self._refer(plan, names)
        wrapped = wrap(self.at, names)
        plan.changes += wrapped.changes
        shown = ", ".join(names)
        plan.title = f"{shown} {'comes' if len(names) == 1 else 'come'} from {wrapper['id']} when the container starts"
        plan.reason = f"given the same values of {shown}, the container starts as before"
        doubts += wrapped.doubts
        if doubts:
            plan.weaken(Applicability.UNSAFE, "; ".join(doubts))
        plan.notes += [credential_note(self.at, self.readable()), *wrapped.notes]
        return True

    def _check_files(self, names: list[str]) -> None:
        """Raises Refused where a variable is given by a file as well: most images end with an error then."""
        known = {v.name for v in self.build.facts.variables if v.kind == "environment" and v.step.ships}
        for name in names:
            if twice := sorted(known & {f"{name}_FILE", f"{name}__FILE", f"FILE__{name}"}):
                raise Refused(f"{twice[0]} is set as well: most images take one of the two only")

    def _without_credential(self, plan: Plan, names: list[str]) -> bool:
        """The wrapper's own credential: it goes, and comes as a file."""
        if is_wrapped(self.at) and (lines := missing(self.at)):
            plan.changes += with_settings(self.at, lines)
        plan.title = f"{', '.join(names)} goes: the container gets it when it starts"
        plan.reason = f"{self.wrapping.wrapper['id']} reads its credential where the container is given it"
        plan.notes.append(credential_note(self.at, self.readable()))
        return True

    def _refer(self, plan: Plan, names: list[str]) -> list[str]:
        """What stands in ENV from now on; returns what had to be guessed."""
        wrapper, given = self.wrapping.wrapper, self.wrapping.references
        unknown = [name for name in names if name not in given]
        if wrapper["takes"] == "configuration":
            return [f"what {wrapper['id']} takes has to hold {', '.join(names)}"]
        if wrapper["takes"] == "references":
            kept = {id(v.pair) for v in self.kept}
            plan.changes = [c for c in plan.changes if not (isinstance(c, DropPair) and id(c.pair) in kept)]
            for v in self.kept:
                if v.pair.raw is None:
                    raise Refused(f"{v.name} has no value that a reference could take the place of")
                value = given.get(v.name, wrapper["reference"])
                plan.changes.append(Replace(v.pair.raw.whole, _spelled(value, self.build.document.escape)))
        elif self.wrapping.way != SHIM:
            return [f"{wrapper['id']} has to know {name} by that name" for name in names]
        if not unknown:
            return []
        if wrapper["takes"] == "names" and wrapper["reference"] == "NAME":
            plan.notes.append(
                f"--map {unknown[0]}=NAME says what {wrapper['id']} calls it, where that is another name."
            )
            return [f"{wrapper['id']} is asked for {', '.join(unknown)} by that name"]
        plan.notes.append(f"{wrapper['reference']} stands for what is not known: --map {unknown[0]}=REFERENCE says it.")
        return [f"what {wrapper['id']} calls {', '.join(unknown)} has to be filled in"]


def _asked(at: Situation) -> Iterator[Plan]:
    """Plans for what is no finding, but what the wrapper needs."""
    names = _waiting(at)
    if names:
        yield _resolving(at, names)
    if is_wrapped(at) and at.wrapping.form == SHIM:
        yield _replaced(at)
    elif is_wrapped(at):
        yield from _mended(at)
    base, node = at.origin.base, at.origin.entrypoint
    if base is not None and node is not None and at.origin.command is None and _ends_with(node.args, base.entrypoint):
        reason = f"the ENTRYPOINT clears the CMD of {at.origin.image}: without it nothing was started"
        plan = Plan(f"CMD {' '.join(base.command)} is said again", reason, Applicability.UNSAFE)
        plan.changes.append(restated(at.build, at.origin))
        yield plan


def _mended(at: Situation) -> Iterator[Plan]:
    """What a start lacks that the wrapper does already."""
    name = at.wrapping.wrapper["id"]
    change = separated(at)
    if change is not None:
        plan = Plan(
            f"-- stands before the command of {name}", f"{name} takes the command's options for its own without"
        )
        plan.changes.append(change)
        yield plan
    baked = any(file.kind is not None and file.kind.wrapper for file in at.build.facts.files)
    if not baked and (lines := missing(at)):
        reason = f"the container has been given the credential of {name} in another way so far"
        plan = Plan(f"{name} finds its credential where it is mounted", reason, Applicability.UNSAFE)
        plan.changes += with_settings(at, lines)
        plan.notes.append(credential_note(at))
        yield plan


def _replaced(at: Situation) -> Plan:
    """The shim in place of a wrapper that stays as a parent process: asked for by --wrapper-form."""
    wrapper = at.wrapping.wrapper
    title = f"a shell asks {wrapper['id']} for the values, and becomes the program"
    try:
        change = replaced(at, _held(at))
    except Refused as refused:
        return Plan(title, refused.reason, Applicability.SHOW)
    plan = Plan(title, "the program gets the same values, and signals and exit codes reach it and the engine")
    plan.changes += [change, *with_settings(at, missing(at))]
    plan.notes.append(credential_note(at))
    return plan


def _held(at: Situation) -> list[str]:
    """Variables of the image that hold references."""
    prefixes = tuple(at.wrapping.wrapper.get("prefixes", ()))
    last = {v.name: v for v in at.build.facts.variables if v.kind == "environment" and v.step.ships}
    values = {name: v.pair.raw.text.strip("\"'") for name, v in last.items() if v.pair.raw is not None}
    return [name for name, value in values.items() if value.startswith(prefixes)]


def _waiting(at: Situation) -> list[str]:
    """Those that nothing resolves."""
    wrapper, node = at.wrapping.wrapper, at.how.entrypoint
    if wrapper["takes"] != "references" or is_wrapped(at):
        return []
    held = _held(at)
    if node is None or not asks(words_at(node), wrapper):
        return held
    return [name for name in held if f"case ${name} in" not in words_at(node)[2]]


def _resolving(at: Situation, names: list[str]) -> Plan:
    """The plan that wraps what starts for references that are there already."""
    try:
        wrapped = wrap(at, names)
    except Refused as refused:
        return _refused(at, names, refused)
    shown = ", ".join(names)
    verb = "is" if len(names) == 1 else "are"
    plan = Plan(
        f"{shown} {verb} fetched by {at.wrapping.wrapper['id']} when the container starts",
        "the image holds references, which nothing resolved so far",
    )
    plan.changes += wrapped.changes
    if wrapped.doubts:
        plan.weaken(Applicability.UNSAFE, "; ".join(wrapped.doubts))
    plan.notes += [credential_note(at), *wrapped.notes]
    return plan


def _refused(at: Situation, names: list[str], why: Refused) -> Plan:
    """What is told of references that stay as they are: nothing finds fault with them."""
    title = f"fetching {', '.join(names)} by {at.wrapping.wrapper['id']}"
    return Plan(title, why.reason, Applicability.SHOW)


def _ends_with(words: tuple[str, ...], entrypoint: tuple[str, ...]) -> bool:
    return bool(entrypoint) and len(words) >= len(entrypoint) and words[-len(entrypoint) :] == entrypoint


def _spelled(value: str, escape: str) -> str:
    """A value as ENV takes it."""
    if _UNWRITABLE.search(value):
        raise Refused("the reference has characters in it that no line can hold")
    if _BARE.fullmatch(value):
        return value
    return '"' + re.sub(r'["$\\`]', lambda m: (escape if m[0] in f'"${escape}' else "") + m[0], value) + '"'
