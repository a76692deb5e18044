"""What a CI file hands to container tools: in its scripts, in the inputs of actions, in its variables."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.flow.calling.given import LITERAL, Given, Values, of_text
from auditor.flow.calling.given import VARIABLE as UNKNOWN
from auditor.flow.calling.pipelines import (
    ScalarText,
    hide,
    holders,
    input_lines,
    is_github,
    is_push,
    sessions,
    shell_text,
    steps,
    uses,
)
from auditor.flow.calling.units import TELLING, Assignments, ShellText
from auditor.flow.calling.uses import BUILD_ARG, LOGIN, VARIABLE, Use
from auditor.flow.facts import Literal
from auditor.lang.compose import reader, scalars
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence, text_of, walk
from auditor.lang.derived import Derived
from auditor.lang.shell.nodes import Literal as Text
from auditor.lang.shell.nodes import Word

if TYPE_CHECKING:
    from auditor.flow.calling.files import Gathered

#: Where CI systems set variables.
_VARIABLES = ("env", "variables", "environment", "vars")
_ARGUMENTS = Pattern(r"(?i)(?:docker[-_]?)?build[-_]?(?:args?|arguments)")


def read_into(into: Gathered) -> None:
    """Everything in one file. Raises Unreadable."""
    for document in reader.read(into.text, unique=False):
        if isinstance(document, Mapping) and is_github(into.path, document):
            _github(into, document)
        else:
            for session in sessions(document):
                _scripts(into, session.texts)
        _variables(into, document)


def _github(into: Gathered, document: Mapping) -> None:
    for holder in holders(document):
        for step in steps(document, holder):
            script = step.script
            if script is not None:
                _scripts(into, [script])
            inputs = step.node.mapping("with")
            if inputs is not None:
                _inputs(into, step.node, inputs)


def _scripts(into: Gathered, nodes: list[Scalar]) -> None:
    """Texts that one shell runs in order."""
    units: list[ShellText] = []
    if not any(TELLING.search(node.value) for node in nodes):
        return
    for node in nodes:
        made = shell_text(into.path, into.text, node, anchored=True)
        if made is not None:
            units.append(ScalarText(into.text, made, node))
    into.shell(units)


def _inputs(into: Gathered, step: Mapping, inputs: Mapping) -> None:
    """What an action is given."""
    for key, value in inputs.pairs:
        name = text_of(key)
        if _ARGUMENTS.fullmatch(name):
            _arguments(into, step, value)
        elif name == "secrets" and is_push(step):
            _secrets(into, value)
        elif name == "password" and uses(step, "login-action"):
            literal = _literal(into, "password", value)
            if literal is not None:
                given = Given(LITERAL, value.span, literal, "")
                into.uses.append(Use(LOGIN, _action(step), "password", literal.span, given))


def _action(step: Mapping) -> str:
    return (step.text("uses") or "").partition("@")[0]


def _arguments(into: Gathered, step: Mapping, node: Node) -> None:
    """`build-args`: lines of `NAME=value`."""
    for line in input_lines(into.text, node) or []:
        if line.value is None:
            continue
        literal = of_text(line.name, line.value, line.at)
        given = Given(LITERAL, line.at, literal, "") if literal is not None else _expression(into, line.name, line.at)
        if given is not None:
            at = line.span if literal is None else literal.span
            into.uses.append(Use(BUILD_ARG, _action(step), line.name, at, given))


def _expression(into: Gathered, name: str, at: Span) -> Given | None:
    """A value that the CI system fills in: `${{ secrets.NPM_TOKEN }}`."""
    text = into.text[at.start : at.end]
    if "${{" not in text:
        return None
    derived = Derived(text, list(range(at.start, at.end)), at.end)
    unit = ScalarText(into.text, derived.with_text(hide(text)), Scalar(at, text, "", "", False))
    word = Word((Text(unit.text, Span(0, len(text))),), Span(0, len(text)), text)
    given = Values(unit, Assignments([])).by_name(name, word)
    return given if given is not None and given.how == UNKNOWN else None


def _secrets(into: Gathered, node: Node) -> None:
    """`secrets` of the action that builds: a value that stands there is as public as the file."""
    for line in input_lines(into.text, node) or []:
        literal = of_text(line.name, line.value, line.at) if line.value else None
        if literal is not None:
            given = Given(LITERAL, line.at, literal, "")
            into.uses.append(Use(VARIABLE, "", line.name, literal.span, given))


def _variables(into: Gathered, document: Node) -> None:
    """Literals among the variables of jobs, steps and services."""
    for node in walk(document):
        into.nodes += 1
        if not isinstance(node, Mapping):
            continue
        for key, value in node.pairs:
            if text_of(key) in _VARIABLES:
                for name, held in _settings(value):
                    literal = _literal(into, name, held)
                    if literal is not None:
                        given = Given(LITERAL, held.span, literal, "")
                        into.uses.append(Use(VARIABLE, "", name, literal.span, given))


def _settings(node: Node) -> Iterator[tuple[str, Node]]:
    """Names and values: of a mapping, of `{value: ...}` in it, of a list of either."""
    if isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Mapping) and item.text("name") is not None:
                value = item.get("value")
                if value is not None:
                    yield item.text("name") or "", value
            else:
                yield from _settings(item)
    for key, value in node.pairs if isinstance(node, Mapping) else ():
        inner = value.get("value") if isinstance(value, Mapping) else value
        if inner is not None:
            yield text_of(key), inner


def _literal(into: Gathered, name: str, node: Node) -> Literal | None:
    """The literal secret that a scalar is, with its place."""
    if not isinstance(node, Scalar) or node.null:
        return None
    made = scalars.derived(into.text, node, anchored=True)
    value = node.value if made is None else made.text
    literal = of_text(name, value, Span(0, len(value))) if value.strip() else None
    if literal is None:
        return None
    # With a rare escape, or a line break in quotes, the characters have no places of their own.
    return literal._replace(span=node.span if made is None else made.span(*literal.span))
