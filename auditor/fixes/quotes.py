"""How a place in a shell script is quoted, and what to write there to have a command's output in its word."""

from __future__ import annotations

import json

from auditor.core.record import NamedTuple
from auditor.fixes.plan import Refused
from auditor.lang.shell.heredocs import extract

#: Quoting of a place: nothing, `'...'`, `"..."`, a heredoc's body with expansions and one without; a JSON string around
#: a script; text that the shell ignores; and what nothing can be put into safely (backquotes, `$'...'`, arithmetic).
BARE, SINGLE, DOUBLE, HERE, RAW, JSON, COMMENT, CLOSED = (
    "bare", "single", "double", "here", "raw", "json", "comment", "closed",
)  # fmt: skip
_WHY_NOT = {
    RAW: "it stands in a heredoc whose delimiter is quoted: nothing is expanded there",
    CLOSED: "it stands in backquotes, $'...' or arithmetic, where a value cannot be put in safely",
    BARE: "it stands in text that the shell expands twice",
}
_SPECIAL = {DOUBLE: '\\$"`', HERE: "\\$`"}


class Quoting(NamedTuple):
    """How a place is quoted; `escaped` where a backslash stands before it that belongs to its character."""

    kind: str
    escaped: bool = False


def quoting(text: str, at: int) -> Quoting:
    """How the character at an offset of a script is quoted."""
    bare, heredocs = extract(text)
    for heredoc in heredocs.values():
        if heredoc.start <= at < heredoc.end:
            if not heredoc.expands:
                return Quoting(RAW)
            return _Scan(text[heredoc.start : heredoc.end], HERE).quoting(at - heredoc.start)
    return _Scan(bare, BARE).quoting(at)


def insertion(kinds: tuple[str, ...], command: str) -> str:
    """What to write where a literal stood, so that the word has the command's output in its place, as one piece.

    `kinds` is the quoting of the place, that of the outermost script first. Raises Refused where it cannot be done.
    """
    kind = kinds[-1]
    forms = {BARE: f'"$({command})"', SINGLE: f"'\"$({command})\"'", DOUBLE: f"$({command})", HERE: f"$({command})"}
    if kind not in forms:
        raise Refused(_WHY_NOT.get(kind, _WHY_NOT[CLOSED]))
    text = forms[kind]
    for outer in reversed(kinds[:-1]):
        text = quoted(text, outer)
    return text


def quoted(text: str, kind: str) -> str:
    """Text as it is written where it is quoted in this way. Raises Refused for places that take no other text."""
    if kind == SINGLE:
        return text.replace("'", "'\\''")
    if kind == JSON:
        return json.dumps(text, ensure_ascii=False)[1:-1]
    if kind == RAW:
        return text
    if kind not in _SPECIAL:
        raise Refused(_WHY_NOT.get(kind, _WHY_NOT[CLOSED]))
    return "".join("\\" + char if char in _SPECIAL[kind] else char for char in text)


class _Scan:
    """Walks a script up to a place. `stack` holds (quoting, what closes it), innermost last."""

    def __init__(self, text: str, kind: str) -> None:
        self.text = text
        self.stack = [(kind, "")]
        self.at = 0

    def quoting(self, goal: int) -> Quoting:
        """How the character at an offset is quoted."""
        while self.at < goal:
            before = self.at
            kind = self._step()
            if self.at > goal:
                return Quoting(self._kind(kind), escaped=self.text[before] == "\\")
        return Quoting(self._kind())

    def _kind(self, inside: str = "") -> str:
        closed = any(closer == "`" or kind == CLOSED for kind, closer in self.stack)
        return CLOSED if closed else inside or self.stack[-1][0]

    def _step(self) -> str:
        """One character or one closed stretch; returns the quoting inside the latter ("" for the former)."""
        kind, closer = self.stack[-1]
        char = self.text[self.at]
        if char == "\\":
            following = self.text[self.at + 1 : self.at + 2]
            self.at += 2 if kind == BARE or (following and following in '\\$"`\n') else 1
            return ""
        if char == closer:
            self.stack.pop()
            self.at += 1
            return ""
        return self._expansion(kind) or (self._bare(char) if kind == BARE else self._inside(char, closer))

    def _expansion(self, kind: str) -> str:
        """`$(`, `${`, `$((` and backquotes begin alike everywhere."""
        if self.text.startswith("$((", self.at):
            return self._stretch("))", 3, CLOSED)
        for opening, pushed in (("$(", (BARE, ")")), ("${", (kind, "}")), ("`", (BARE, "`"))):
            if self.text.startswith(opening, self.at):
                self.stack.append(pushed)
                self.at += len(opening)
                return pushed[0]
        return ""

    def _bare(self, char: str) -> str:
        if char == "'":
            return self._stretch("'", 1, SINGLE)
        if self.text.startswith("$'", self.at):
            return self._ansi()
        if self.text.startswith("((", self.at):
            return self._stretch("))", 2, CLOSED)
        if char == "#" and (self.at == 0 or self.text[self.at - 1] in " \t\n;&|("):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
            return COMMENT
        if char in '"(':
            self.stack.append((DOUBLE, '"') if char == '"' else (BARE, ")"))
        self.at += 1
        return ""

    def _inside(self, char: str, closer: str) -> str:
        """Double quotes and heredocs; quotes inside `"${X:-...}"` mean different things to different shells."""
        if char == '"' and closer == "}":
            self.stack.append((CLOSED, '"'))
        self.at += 1
        return ""

    def _stretch(self, end: str, opening: int, kind: str) -> str:
        behind = self.text.find(end, self.at + opening)
        self.at = len(self.text) if behind < 0 else behind + len(end)
        return kind

    def _ansi(self) -> str:
        at = self.at + 2
        while at < len(self.text) and self.text[at] != "'":
            at += 2 if self.text[at] == "\\" else 1
        self.at = min(at + 1, len(self.text) + 1)
        return CLOSED
