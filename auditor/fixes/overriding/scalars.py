"""Scalars of YAML that every reader takes for the same text: those of compose (YAML 1.1 and 1.2) and swarm too."""

from __future__ import annotations

from auditor.core.pattern import Pattern

#: A plain scalar that no reader takes for anything but a text, wherever it stands in a block.
_PLAIN = Pattern(r"(?:\.{0,2}/|[A-Za-z_])[\w./@%+=-]*(?: [\w./@%+=-]+)*")
#: Words that some reader takes for something else: YAML 1.1, 10.3 and its types bool and null.
_WORDS = frozenset("y n yes no true false on off null".split())
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def key(name: str) -> str:
    """A key, which is on one line."""
    plain = name.isascii() and _PLAIN.fullmatch(name) and name.lower() not in _WORDS
    return name if plain else '"' + "".join(map(_escaped, name)) + '"'


def scalar(value: str | bool, pad: str = "") -> str:
    """A scalar that stands behind a key or dash with the indentation `pad`; lines of a text on lines of their own."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if "\n" in value and _is_literal(value):
        lines = value.removesuffix("\n").split("\n")
        mark = "|" if value.endswith("\n") else "|-"
        return "\n".join([mark, *(f"{pad}  {line}" if line else "" for line in lines)])
    return key(value)


def one_line(text: str) -> str:
    """Text as it may stand in a comment: what is not printable is written as an escape."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _is_literal(text: str) -> bool:
    """Whether a text can stand as a literal block: nothing of it is lost, and nothing needs an escape."""
    lines = text.removesuffix("\n").split("\n")
    return (
        all(line.isprintable() and line == line.rstrip() for line in lines)
        and lines[0][:1] not in ("", " ")
        and bool(lines[-1])
    )


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
