"""Text that is safe and readable on a terminal: escaping, width in columns, wrapping, colour."""

from __future__ import annotations

from auditor.core.finding import Severity

_TAB = "    "
_CUT = "…"
_RESET = "\x1b[0m"
#: What the runners of GitHub and Azure obey in any output: the first at the beginning of a line, the others anywhere.
_COMMAND = "::"
_OLD_COMMANDS = ("##[", "##vso[")
_STYLES = {
    "critical": "\x1b[1;31m",
    "high": "\x1b[31m",
    "medium": "\x1b[33m",
    "low": "\x1b[36m",
    "info": "\x1b[2m",
    "path": "\x1b[1m",
    "gutter": "\x1b[34m",
    "dim": "\x1b[2m",
    "fix": "\x1b[32m",
}


def escape(text: str) -> str:
    """The text on one line: control and invisible characters, bidi overrides and lone surrogates written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(escape_character, text))


def escape_path(path: str) -> str:
    """A path as a line may begin with it: a build service would take some names for commands to itself."""
    return escape(f"./{path}" if path.lstrip().startswith(_COMMAND) else path)


def inert(text: str) -> str:
    """The lines with that written out which a build service would obey."""
    for sign in _OLD_COMMANDS:
        text = text.replace(sign, f"#\\x23{sign[2:]}")
    if _COMMAND not in text:
        return text
    return "\n".join(map(_inert_line, text.split("\n")))


def inert_json(document: str) -> str:
    """A JSON document that means the same, and has nothing in its strings which a build service would obey."""
    for sign in _OLD_COMMANDS:
        document = document.replace(sign, f"#\\u0023{sign[2:]}")
    return document


def _inert_line(line: str) -> str:
    rest = line.lstrip()
    return f"{line[: len(line) - len(rest)]}\\x3a{rest[1:]}" if rest.startswith(_COMMAND) else line


def escape_character(char: str) -> str:
    """One character as a terminal may be sent it."""
    if char == "\t":
        return _TAB
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def columns(text: str) -> int:
    """How many terminal columns an escaped text takes."""
    if text.isascii():
        return len(text)
    import unicodedata  # start-up: only for text that is not ASCII

    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def wrap(text: str, width: int, first: str, rest: str) -> list[str]:
    """The words of `text` in lines of at most `width` columns, led by `first` and then by `rest`."""
    lines: list[str] = []
    line, used = first, columns(first)
    empty = True
    for word in escape(" ".join(text.split())).split(" "):
        needed = columns(word)
        if not empty and used + 1 + needed > width:
            lines.append(line)
            line, used, empty = rest, columns(rest), True
        line += word if empty else " " + word
        used += needed + (0 if empty else 1)
        empty = False
    return [*lines, line]


def cut(text: str, width: int, focus: int = 0) -> str:
    """At most `width` columns of an escaped text, the character at `focus` among them; what was left out is marked."""
    if columns(text) <= width:
        return text
    start = max(focus - width // 3, 0) if focus > width * 2 // 3 else 0
    shown, used = (_CUT, 2) if start else ("", 1)
    whole = columns(text[start:]) < width
    for char in text[start : start + width]:
        used += columns(char)
        if used > width + whole:
            break
        shown += char
    return shown if whole else shown + _CUT


class Painter:
    """Adds colour where it is wanted."""

    __slots__ = ("_on",)

    def __init__(self, on: bool) -> None:
        self._on = on

    def paint(self, style: str, text: str) -> str:
        """`text` in a named style: "path", "gutter", "dim", "fix", or a severity's label."""
        return f"{_STYLES[style]}{text}{_RESET}" if self._on and text else text

    def severity(self, severity: Severity, text: str) -> str:
        """`text` in the colour of a severity."""
        return self.paint(severity.label, text)
