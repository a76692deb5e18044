"""What a command is handed: a literal that stands in the file, a variable, the output of a program; judged as a secret.

As in a Dockerfile, a literal is judged by its name and its text, and what is not literal by the names in it alone.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import names, positions, values
from auditor.flow import commands
from auditor.flow.calling.makefiles import MakeText, variable_of
from auditor.flow.calling.units import is_typed
from auditor.flow.expected import expected
from auditor.flow.facts import Literal
from auditor.flow.flat import Flat
from auditor.flow.script import literal_value
from auditor.lang.derived import FOREIGN
from auditor.lang.shell.nodes import Literal as Text
from auditor.lang.shell.nodes import Substitution, VariableUse, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.flow.calling.units import Assignments, ShellText

#: How a value gets to the command. TYPED: by a variable whose value stands in the file.
LITERAL, TYPED, VARIABLE, FETCHED, BARE = "literal", "typed", "variable", "fetched", "bare"

_NAME = Pattern(r"[A-Za-z_]\w*")
_IDENTIFIER = Pattern(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_FOREIGN = Pattern(f"{FOREIGN}+")
_DEFAULTS = (":-", "-", ":=", "=")
_MAX_DEPTH = 4


class Given(NamedTuple):
    """One value that is or may be a secret.

    `span` is its place at the command, `literal` the secret with its own place (None where the file does not hold it),
    both of the file. `source` says what a value that is not literal comes from, for messages.
    """

    how: str
    span: Span
    literal: Literal | None
    source: str


class _Stands(NamedTuple):
    """A word that stands in the file, and how its offsets become those of the file."""

    word: Word
    place: Callable[[int, int], Span]
    how: str


class Values:
    """Looks at the words of one shell text."""

    def __init__(self, unit: ShellText, variables: Assignments, own: Mapping[str, Word] | None = None) -> None:
        self.unit = unit
        self.variables = variables
        #: Variables that the command alone gets, before those of the text.
        self.own = own or {}

    def known(self, word: Word) -> str | None:
        """The text that a word stands for, where the file tells: for the names of programs."""
        found = self._resolved(word)
        return found.word.literal if found is not None else None

    def by_name(self, name: str, word: Word) -> Given | None:
        """The value of `name=value` as a secret."""
        at = self.unit.span(*word.span)
        found = self._resolved(word)
        if found is not None:
            literal = literal_value(name, found.word)
            return Given(found.how, at, _moved(literal, found), "") if literal is not None else None
        if FOREIGN not in word.rendered:
            literal = literal_value(name, word) or _default(name, word)
            if literal is not None:
                return Given(LITERAL, at, _moved(literal, _Stands(word, self.unit.span, LITERAL)), "")
        return self._told(name, word, at)

    def by_place(self, kind: str, name: str, word: Word) -> Given | None:
        """The value where a credential is expected; None for one that is plainly something else."""
        at = self.unit.span(*word.span)
        found = self._resolved(word)
        if found is not None:
            literal = expected(found.word, kind, "flag", name)
            return Given(found.how, at, _moved(literal, found), "") if literal is not None else None
        literal = expected(word, kind, "flag", name) if FOREIGN not in word.rendered else None
        if literal is not None:
            return Given(LITERAL, at, _moved(literal, _Stands(word, self.unit.span, LITERAL)), "")
        return Given(_how(word), at, None, self.source(word)) if word.parts else None

    def source(self, word: Word) -> str:
        """What a value comes from, for messages: `$NAME`, an expression as written, the program that prints it."""
        for part in word.parts:
            if isinstance(part, VariableUse) and _NAME.fullmatch(part.name):
                return f"${part.name}"
            if isinstance(part, Substitution):
                return _program(part)
            if isinstance(part, Text) and FOREIGN in part.text:
                return self._expression(part)
        return ""

    def _told(self, name: str, word: Word, at: Span) -> Given | None:
        """A value that is not literal: a secret if its name or what it is made of says so."""
        if not word.parts or names.is_public(name):
            return None
        telling = is_secret_name(name) or any(map(is_secret_name, self._mentioned(word))) or is_in_url(word.rendered)
        fetched = any(_mints(part) for part in word.parts if isinstance(part, Substitution))
        return Given(FETCHED if fetched else _how(word), at, None, self.source(word)) if telling or fetched else None

    def _mentioned(self, word: Word) -> list[str]:
        """The names in the variables and expressions that a value consists of."""
        found: list[str] = []
        for part in word.parts:
            if isinstance(part, VariableUse):
                found.append(part.name)
            elif isinstance(part, Text) and FOREIGN in part.text:
                found += [m[0].rpartition(".")[2] for m in _IDENTIFIER.finditer(self._expression(part))]
        return found

    def _expression(self, part: Text) -> str:
        first, last = part.text.index(FOREIGN), part.text.rindex(FOREIGN)
        return self.unit.raw(part.place(first), part.place(last) + 1)

    def _resolved(self, word: Word, depth: int = 0) -> _Stands | None:
        """The literal that a word is, or that the one assignment of its variable gives it; None for anything else."""
        literal = word.literal
        if literal is not None and FOREIGN not in literal:
            return _Stands(word, self.unit.span, LITERAL)
        only = word.parts[0] if len(word.parts) == 1 else None
        if isinstance(only, VariableUse) and not only.operator and depth < _MAX_DEPTH:
            own = self.own.get(only.name)
            if own is not None:
                is_text = own.literal is not None and FOREIGN not in own.literal
                return _Stands(own, self.unit.span, TYPED) if is_text else None
            found = self.variables.assigned.get(only.name, [])
            value = found[0].value if len(found) == 1 else None
            if value is not None and is_typed(found[0]):
                return _Stands(value, found[0].unit.span, TYPED)
        if isinstance(only, Text) and only.text and not only.text.strip(FOREIGN) and isinstance(self.unit, MakeText):
            return _of_make(self.unit, self._expression(only))
        return None


def is_secret_name(name: str) -> bool:
    """Whether a name by itself announces a secret."""
    reading = names.read(name)
    return reading is not None and reading.sure


def is_in_url(text: str) -> bool:
    """Whether something that is filled in later is the password of a URL, whatever it is called."""
    if "://" not in text or "@" not in text:
        return False
    places = positions.find(_FOREIGN.sub("${_}", text))
    return any((at.kind, at.name, at.level) == ("url", "password", "variable") for at in places)


def _of_make(unit: MakeText, raw: str) -> _Stands | None:
    """The value of a variable of make that is set once, to a text."""
    found = unit.settings.by_name.get(variable_of(raw), [])
    if len(found) != 1 or not unit.settings.is_typed(found[0]):
        return None
    span = found[0].value
    text = unit.file[span.start : span.end]
    return _Stands(Word((Text(text, span),), span, text), Span, TYPED)


def _default(name: str, word: Word) -> Literal | None:
    """The literal that stands in for a variable that is not set: `${X:-literal}`."""
    for part in word.parts:
        if isinstance(part, VariableUse) and part.default is not None and part.operator in _DEFAULTS:
            literal = literal_value(name, part.default) or literal_value(part.name, part.default)
            if literal is not None and literal.level != "placeholder":
                return literal
    return None


def _moved(literal: Literal | None, found: _Stands) -> Literal | None:
    return literal._replace(span=found.place(*literal.span)) if literal is not None else None


def _how(word: Word) -> str:
    return FETCHED if any(isinstance(part, Substitution) for part in word.parts) else VARIABLE


def _mints(part: Substitution) -> bool:
    """Whether the output is a credential that a secret manager or a cloud hands out."""
    for command in part.script.commands:
        match = commands.lookup(commands.program(command.words))
        if match is not None and match.known.mints:
            return True
    return False


def _program(part: Substitution) -> str:
    command = next((c for c in part.script.commands if c.words), None)
    return f"$({command.words[0].rendered} ...)" if command is not None else "$(...)"


def of_text(name: str, text: str, span: Span) -> Literal | None:
    """The literal secret of a setting that is plain text of the file; None for anything that is filled in later."""
    if not text or "${" in text or "{{" in text or "$(" in text or text.startswith("$"):
        return None
    word = Word((Text(text, span),), span, text)
    literal = literal_value(name, word)
    return literal if literal is not None and values.classify(text, name).kind != "template" else None


def whole(flat: Flat, kind: str, level: str, name: str) -> Literal:
    """A whole text as a literal secret."""
    return Literal(Secret(flat.text, kind), flat.span(0, len(flat.text)), level, "stdin", name)
