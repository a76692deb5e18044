"""Commands that do nothing but print a secret to the build log."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes import sites
from auditor.fixes.plan import Drop, DropCommand, Plan, Refusal, Refused, Replace
from auditor.fixes.script import acting, statements
from auditor.fixes.tracing import TRACED, silenced
from auditor.flow import commands
from auditor.lang.shell.chain import is_simple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.plan import Change
    from auditor.flow.build import Build
    from auditor.flow.facts import Run, Use
    from auditor.lang.shell.nodes import Command, Redirect, Script, Word

_PRINTERS = frozenset("echo printf cat env printenv".split())
#: What may follow a printer in a pipeline: programs that always succeed on text and change nothing.
_FILTERS = frozenset("sort uniq head tail cut tr cat base64 nl rev wc".split())
_RULE = "echoed-secret"
_QUIET = " > /dev/null"


def plans(build: Build, _form: str = "file") -> Iterator[Plan | Refusal]:
    """A plan for each command that prints a secret, and for each RUN that traces one."""
    runs = {id(run.step.instruction): run for run in build.facts.runs}
    seen: set[int] = set()
    for use in build.facts.uses:
        if use.kind not in ("printed", "xtrace") or use.span.start in seen:
            continue
        run = runs.get(id(use.step.instruction))
        if run is None or not any(origin.sensitive for origin in use.origins):
            continue
        seen.add(use.span.start)
        try:
            yield _untraced(build, run, use) if use.kind == "xtrace" else _unprinted(run, use)
        except Refused as refused:
            yield Refusal((use.span,), refused.reason)


def _unprinted(run: Run, use: Use) -> Plan:
    node = run.step.instruction
    if run.step.onbuild:
        raise Refused("it stands in an ONBUILD trigger")
    plan = Plan(f"{use.detail} no longer prints the secret", "the command only prints to the build log")
    plan.covers.append(use.span)
    if all(origin.kind == "mount" for origin in use.origins) and len(statements(node)) <= 1:
        raise Refused("the RUN is there to print a build secret: whether it may go is for its author to say")
    if node.json:
        name = node.words[0].text.rpartition("/")[2] if node.words else ""
        if name not in _PRINTERS - {"env"} and [word.text for word in node.words] != ["env"]:
            raise Refused(f"{use.detail} prints the secret to the build log, but does more than that")
        plan.changes.append(Drop(node))
    else:
        change = unprinted(run, use.span.start)
        if change is None:
            raise Refused(f"{use.detail} prints the secret to the build log, but is part of a larger command")
        plan.changes.append(change)
        if isinstance(change, Replace) and change.text == _QUIET:
            plan.only = _RULE  # the finding about the file stands at the same place
    return plan


def unprinted(run: Run, place: int) -> Change | None:
    """The change that takes out the command at a place, if it does nothing but print; None where it cannot go."""
    node = run.step.instruction
    if only_prints(run, place):
        links = statements(node)
        last, whole = links[-1]
        if len(links) > 1 and whole.covers(place) and last.join in (";", "\n"):
            return Replace(whole, ":")  # without it, the command before would decide whether the RUN fails
        return DropCommand(node, place)
    command = next((each.command for each in acting(run) if each.command.span.covers(place)), None)
    if command is None or command.feeds or _is_led_elsewhere(run, place):
        return None
    if _only_copies(command):
        return Replace(Span(command.span.end, command.span.end), _QUIET)
    if command.reads or not _prints(command, command.span, conditional=True):
        return None
    return Replace(command.span, ":")


def _only_copies(command: Command) -> bool:
    """Whether it is a `tee` that prints what it writes to files: it goes on without its output."""
    words = commands.program(command.words)
    is_tee = bool(words) and commands.base_name(words[0]) == "tee" and command.kind == "command"
    files = [word.rendered for word in words[1:] if not word.rendered.startswith("-")]
    return is_tee and not command.redirects and bool(files) and not any(f.startswith("/dev/") for f in files)


def only_prints(run: Run, place: int) -> bool:
    """Whether the statement at a place does nothing but print, and can be taken out of its RUN."""
    links = statements(run.step.instruction)
    if not is_simple(tuple(link for link, _span in links)):
        return False
    whole = next((span for _link, span in links if span.covers(place)), None)
    if whole is None or _is_led_elsewhere(run, place):
        return False
    inside: list[Command] = []
    for each in acting(run):
        if whole.covers(each.command.span.start):
            inside.append(each.command)
    return bool(inside) and all(_prints(command, whole) for command in inside)


def _is_led_elsewhere(run: Run, place: int) -> bool:
    """Whether `exec >FILE` before a place makes what is printed there something else than a line of the log."""
    return any(
        command.name == "exec" and command.span.start < place and any(not _is_log(r) for r in command.redirects)
        for command in sites.all_commands(run)
    )


def _is_log(redirect: Redirect) -> bool:
    """Whether a redirection leads to standard output or error."""
    return redirect.op == ">&" and redirect.target.rendered in ("1", "2")


def _prints(command: Command, whole: Span, *, conditional: bool = False) -> bool:
    words = commands.program(command.words)
    name = commands.base_name(words[0]) if words else ""
    allowed = _PRINTERS if not command.reads else _FILTERS
    if (
        name not in allowed
        or command.kind != "command"
        or (command.branch and not conditional)
        or words != command.words
    ):
        return False
    if name == "env" and len(words) > 1:
        return False
    if any(not whole.covers(fed.span.start) for fed in command.feeds):
        return False
    if not all(_is_log(r) for r in command.redirects):
        return False
    values = [a.value for a in command.assignments if a.value is not None]
    return all(_harmless(word) for word in (*words, *values))


def _harmless(word: Word) -> bool:
    """Whether expanding a word changes nothing and cannot fail."""
    if any(use.operator in (":=", "=", ":?", "?") for use in word.variables()):
        return False
    return all(_only_reads(part.script) for part in word.substitutions())


def _only_reads(script: Script) -> bool:
    for command in script.commands:
        words = commands.program(command.words)
        if not words or commands.base_name(words[0]) not in _PRINTERS | _FILTERS or command.redirects:
            return False
    return True


def _untraced(build: Build, run: Run, use: Use) -> Plan:
    changes = silenced(build, run)
    if not changes:
        raise Refused(TRACED)
    plan = Plan("set -x no longer prints the secret", "only the trace in the build log goes")
    plan.covers.append(use.span)
    plan.changes += changes
    return plan
