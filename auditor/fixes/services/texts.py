"""Secrets inside of command lines, health checks and driver options: they come from outside the file.

Compose fills in variables before anything is run, so the program gets what it got, if somebody sets the variable.
"""

from __future__ import annotations

from bisect import bisect_left

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Refusal, Refused
from auditor.fixes.services.plan import TextPlan
from auditor.fixes.services.variables import KEEP, NOTE
from auditor.flow.services import Setting
from auditor.lang.compose.nodes import Mapping, Scalar, Sequence, walk
from auditor.lang.compose.places import content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.span import Span
    from auditor.fixes.services.variables import Variables
    from auditor.flow.facts import Literal
    from auditor.flow.services import ComposeFacts
    from auditor.flow.spoken import Spoken

#: Letters that no shell and no splitting into words gives a meaning.
_PLAIN = Pattern(r"[A-Za-z0-9_.,:/@%+=^-]+")
_NOT_IN_NAMES = Pattern(r"[^A-Z0-9]+")
_USE = Pattern(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*):?-[^{}]*\}")
_LINES = {"command": "command", "entrypoint": "entrypoint", "healthcheck": "health check"}
_LABEL = "a label is there to be read: whether the program that reads it takes the value from elsewhere cannot be seen"


def plans(facts: ComposeFacts, variables: Variables) -> Iterator[TextPlan | Refusal]:
    """A plan, or the reason against one, for every secret that is a part of a text."""
    texts = _Texts(facts, variables)
    for setting in facts.given:
        if setting.kind == "labels":
            yield Refusal((setting.literal.span,), _LABEL)
    found: list[Setting | Spoken] = [setting for setting in facts.given if setting.kind == "options"]
    found += [one for one in facts.spoken if one.kind in _LINES]
    for each in sorted(found, key=lambda one: one.literal.span):
        yield texts.option(each) if isinstance(each, Setting) else texts.spoken(each)


class _Texts:
    def __init__(self, facts: ComposeFacts, variables: Variables) -> None:
        self.file = facts.file
        self.parts = facts.parts
        self.variables = variables
        self._in_flow: set[int] | None = None

    def option(self, setting: Setting) -> TextPlan | Refusal:
        """One in the options of a driver."""
        node, literal = self.file.resolve(setting.entry.node), setting.literal
        try:
            if setting.entry.aliased or self.file.is_used_elsewhere(setting.entry.node) or not isinstance(node, Scalar):
                raise Refused(f"the value stands at an anchor (line {self.file.lines.line(literal.span.start)})")
            whole = "" if literal.secret.reveal() == node.value else "a part of "
            where = f"{whole}{setting.entry.name} of {setting.entry.section.label}"
            return self._plan(setting.label, setting.entry.section.label, where, literal, node)
        except Refused as refused:
            return Refusal((literal.span,), refused.reason)

    def spoken(self, one: Spoken) -> TextPlan | Refusal:
        """One in a command line."""
        try:
            if one.shared:
                raise Refused(f"the text is used elsewhere by its anchor (line {self.file.line(one.node)})")
            where = f"a part of the {_LINES[one.kind]} of {one.label}"
            return self._plan(f"{one.label}.{one.kind}", one.label, where, one.literal, one.node)
        except Refused as refused:
            return Refusal((one.literal.span,), refused.reason)

    def _plan(self, subject: str, label: str, where: str, literal: Literal, node: Scalar) -> TextPlan:
        place, given = self._place(literal, node, label)
        quoted = not node.style and self._is_in_flow(node)
        reason = f"{given} has to be set where compose is run"
        notes = [NOTE.format(given), KEEP]
        if subject.endswith(tuple(_LINES)):
            notes.append("docker inspect and process lists still show it: let the program read the value from a file.")
        return TextPlan(
            subject,
            literal.span,
            node,
            place,
            self._offset(place, node),
            self.file.text[slice(*place)],
            given,
            quoted,
            Applicability.UNSAFE,
            f"{where} comes from outside the file, as {given}",
            reason,
            tuple(notes),
        )

    def _place(self, literal: Literal, node: Scalar, label: str) -> tuple[Span, str]:
        """What is replaced, and the variable that takes its place. Raises Refused."""
        file, value = self.file, literal.secret.reveal()
        inner = content(file.text, node)
        start, end = inner
        if not (start <= literal.span.start and literal.span.end <= end) or node.marked:
            raise Refused(f"the YAML there cannot be changed safely (line {file.line(node)})")
        for use in _USE.finditer(file.text, start, end):
            if use.start() <= literal.span.start < use.end():
                return inner._replace(start=use.start(), end=use.end()), use[1]
        at = literal.span.end - len(value)
        if file.text[at : literal.span.end] != value:
            raise Refused(f"the value is written with escapes (line {file.lines.line(literal.span.start)})")
        if value != node.value and not _PLAIN.fullmatch(value):
            raise Refused(
                "the value has characters that a shell reads in a way of its own; a variable in its place would not"
                f" (line {file.lines.line(at)})"
            )
        return inner._replace(start=at, end=literal.span.end), self.variables.new(value, _name(label, literal))

    def _offset(self, place: Span, node: Scalar) -> int:
        """Where a place of the file is in the value of the scalar. Raises Refused where that is not certain."""
        value = self.parts.text_of(node)
        at = bisect_left(range(len(value.text)), place.start, key=value.source)
        old = self.file.text[slice(*place)]
        if not node.value.startswith(old, at) or value.span(at, at + len(old)) != place:
            raise Refused(f"the value is written with escapes (line {self.file.lines.line(place.start)})")
        return at

    def _is_in_flow(self, node: Scalar) -> bool:
        """Whether a scalar stands in brackets or braces."""
        if self._in_flow is None:
            self._in_flow = set()
            for document in self.file.documents:
                for one in walk(document):
                    if isinstance(one, Sequence) and one.flow:
                        self._in_flow.update(id(item) for item in one.items)
                    elif isinstance(one, Mapping) and one.flow:
                        self._in_flow.update(id(value) for _key, value in one.pairs)
        return id(node) in self._in_flow


def _name(label: str, literal: Literal) -> str:
    """A variable's name: of the service and of what announces the value."""
    word = literal.name if len(literal.name) > 2 and literal.kind != "token" else literal.secret.kind
    word = "password" if literal.kind == "url" and literal.secret.kind == "url-password" else word
    made = _NOT_IN_NAMES.sub("_", f"{label}_{word}".upper()).strip("_")
    return f"SECRET_{made}" if made[:1].isdigit() or not made else made
