"""Build arguments that a script puts together before the call: what is known about them, and their change."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.callers import needs
from auditor.fixes.callers.surroundings import Unit, Variables
from auditor.flow.calling import arguments, programs
from auditor.flow.calling.units import ENVIRONMENT, OTHER, TYPED

if TYPE_CHECKING:
    from auditor.fixes.callers.calls import Call
    from auditor.fixes.callers.work import Work
from auditor.lang.shell.nodes import Command, Word

_LITERAL = Pattern(
    r"(?<!\S)--build-arg(?:=|[ \t]+)(?P<quote>[\"'])?(?P<name>[A-Za-z_]\w*)=(?P<value>[\w.+/@%:,=-]+)"
    r"(?(quote)(?P=quote))(?=\s|$)"
)
#: A group that may not run: what stands in it is not marked as a branch.
_MAYBE = Pattern(r"(?:&&|\|\|)[\s\\]*\{")
_SECRETS = Pattern(r"--secret(?:=|\s)|--ssh(?:=|\s)")


class Held(NamedTuple):
    """A build argument; `start` and `end`: its option, in the text that the shell reads; `value`: place of a literal
    there, else None; `variable`: what its value comes from."""

    name: str
    start: int
    end: int
    value: tuple[int, int] | None
    variable: str


def in_words(work: Work, unit: Unit, words: tuple[Word, ...], first: int) -> list[Held] | None:
    """The arguments among a command's words that must not be given any more; None where one cannot be changed."""
    found: list[Held] = []
    options, _ = programs.options_of(words, first)
    for option in options:
        if option.name in ("--secret", "--ssh"):
            return None
        if option.name != "--build-arg" or option.value < 0:
            continue
        argument = arguments.argument(option, words, unit.text)
        if argument is None:
            return None
        if not work.gone(argument.name):
            continue
        if argument.kind not in (arguments.LITERAL, arguments.BARE, arguments.VARIABLE) or argument.quote[:1] == "$":
            return None
        value = None
        if argument.kind == arguments.LITERAL:
            value = arguments.literal_span(argument.start, argument.end, argument.quote, unit.text)
        start, end = words[option.first].span.start, words[option.value].span.end
        found.append(Held(argument.name, start, end, value, argument.variable or argument.name))
    return found


def in_value(work: Work, unit: Unit, value: Word) -> list[Held] | None:
    """The literal arguments in the string or the list that a variable gets; None where the words cannot be told."""
    source = unit.text[value.span.start : value.span.end]
    around = source[:1] + source[-1:]
    is_list = around == "()"
    cut = 1 if is_list or around in ('""', "''") else 0
    inner = source[cut : len(source) - cut]
    if any(c in inner for c in ("#\\`" if is_list else "\"'\\`")) or "$(" in inner or _SECRETS.search(inner):
        return None
    found: list[Held] = []
    for match in _LITERAL.finditer(inner):
        if not work.gone(match["name"]):
            continue
        before = inner[: match.start()]
        if (match["quote"] and not is_list) or before.count('"') % 2 or before.count("'") % 2:
            return None
        base = value.span.start + cut
        place = base + match.start("value"), base + match.end("value")
        found.append(Held(match["name"], base + match.start(), base + match.end(), place, match["name"]))
    return found


def is_plain(unit: Unit, command: Command) -> bool:
    """Whether a command is run once, where it stands, by the shell of the script itself."""
    before = unit.text[: command.span.start]
    line = before.rpartition("\n")[2].strip()
    alone = (not line or line[-1] == ";") and not any(c in line for c in "&|{(")
    alone = alone and before.rstrip(" \t\r\n\\")[-1:] not in ("&", "|") and not _MAYBE.search(before)
    return alone and not (command.branch or command.subshells or command.feeds or command.reads or command.captured)


def are_known(held: list[Held], variables: Variables) -> bool:
    """Whether the environment can have the values: each name once, out of a literal or a variable with a known one."""
    names = [h.name for h in held]
    return len(set(names)) == len(names) and all(
        variables.status(h.name if h.value else h.variable) in ((ENVIRONMENT,) if h.value else (ENVIRONMENT, TYPED))
        for h in held
    )


def change(held: list[Held], unit: Unit, call: Call, variables: Variables) -> frozenset[str]:
    """Make them build secrets in the draft of the call; the ids that it has then."""
    draft, ids = call.draft, set()
    for one in held:
        call.work.seen.append(unit.span(one.start, one.end))
        secret = call.work.secret_of(one.name)
        if secret is None:
            draft.fail(f"{one.name} is put together before the call; take it out there")
            continue
        name = one.name if one.value else one.variable
        if one.value:
            unit.supply(name, draft)
            draft.burnt.append((name, unit.span(*one.value)))
            draft.ask(name)
        elif variables.status(name) == TYPED:
            name = variables.untype(name, one.name, draft)
        text = needs.from_variable(secret, name)
        if "'" in text or secret.id in call.given() or variables.status(name) == OTHER:
            draft.fail(f"{one.name} comes out of a variable; pass it as a build secret there")
        ids.add(secret.id)
        call.name(name)
        draft.replace(unit.span(one.start, one.end), unit.own(text))
    return frozenset(ids)
