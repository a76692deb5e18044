"""What stands where a credential is expected: literals judged by their place, variables that the place gives away."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import names, positions, values
from auditor.flow.facts import Inference, Literal, Origin
from auditor.flow.flat import Flat
from auditor.lang.shell.nodes import Literal as Text
from auditor.lang.shell.nodes import VariableUse, Word

_FLAG = Pattern(r"^(--?|/)([A-Za-z][\w.-]*)$")
_EXPECTED = frozenset({"password", "token", "secret", "key", "credential"})
#: What may stand where a flag's secret is expected and is none, for passwords too.
_NOT_EXPECTED = values.HARMLESS - {"number", "host", "version", "uuid", "fingerprint", "boolean", "file", "search"}


def literal_at(flat: Flat, found: positions.Position) -> Literal:
    """The literal secret at a position of a flat text."""
    value = flat.text[found.start : found.end]
    secret = Secret(value, found.secret_kind, found.prefix)
    return Literal(secret, flat.span(found.begin, found.end), found.level, found.kind, found.name)


def expected(word: Word, kind: str, where: str, name: str) -> Literal | None:
    """A literal where a credential is expected by position: anything that is not plainly something else."""
    text, span = word.literal, word.span
    if text is None:
        default = next((p.default for p in word.parts if isinstance(p, VariableUse) and p.default), None)
        if len(word.parts) != 1 or default is None or default.literal is None:
            return None
        text, span = default.literal, default.span
    elif word.parts:
        span = Span(word.parts[0].span.start, word.parts[-1].span.end)
    level = expected_level(text, name)
    return Literal(Secret(text, kind), span, level, where, name) if level else None


def expected_level(text: str, name: str) -> str:
    """Level of a literal that stands where a password is expected; '' where it is none."""
    found = values.classify(text, name)
    if not any(c.isalnum() for c in text):
        return ""  # `useradd -p '*'`: no password at all
    if found.kind in _NOT_EXPECTED:
        return ""
    if found.kind == "placeholder":
        return "weak" if found.works else "placeholder"
    return "secret" if found.kind == "opaque" else "weak"


def infer(origins: tuple[Origin, ...], reason: str, span: Span) -> None:
    """Conclude that the variables behind a value are secrets, because they are used as one."""
    todo = [origin.variable for origin in origins if origin.variable is not None]
    while todo:
        variable = todo.pop()
        if variable.inferred is None and _may_hold_secret(variable.value, variable.name):
            variable.inferred = Inference(reason, span)
            todo += variable.sources


def _may_hold_secret(value: str, name: str) -> bool:
    if names.is_about_something_else(name):
        return False
    return values.classify(value, name).kind not in values.HARMLESS - {"empty", "template"}


def stands_for_nothing(word: Word, value: str, name: str) -> bool:
    """Whether a stored value is none: empty, a path, a reference that is resolved later (`'${NPM_TOKEN}'`)."""
    if any(not isinstance(p, Text) for p in word.parts):
        return False
    return values.classify(value, name).kind in ("empty", "reference", "path", "boolean", "template")


def is_sure(name: str) -> bool:
    """Whether a name by itself announces a secret."""
    reading = names.read(name)
    return reading is not None and reading.sure and reading.kind in _EXPECTED


def flag_kind(text: str) -> str:
    """Kind of secret a flag announces; '' for none."""
    match = _FLAG.match(text)
    if match is None:
        return ""
    reading = names.read(match[2])
    if reading is None or not reading.sure or reading.kind not in _EXPECTED:
        return ""
    return reading.kind


def is_convincing(flag: str, kind: str, literal: Literal) -> bool:
    """`--password x` takes anything; other flags need a value that looks like one (`--secret id=x` does not)."""
    value = literal.secret.reveal()
    return kind == "password" or (literal.level == "secret" and "=" not in value and "," not in value)


def after_colon(word: Word) -> Word:
    """The password part of `user:password`; an empty word where there is none."""
    flat = Flat([word])
    colon = flat.text.find(":")
    return drop(word, colon + 1) if colon >= 0 else Word((), word.span, "")


def drop(word: Word, count: int) -> Word:
    """The word without its first characters."""
    flat = Flat([word])
    if count >= len(flat.text):
        return Word((), word.span, "")
    return Word(tuple(flat.parts(count, len(flat.text))), flat.span(count, len(flat.text)), "")
