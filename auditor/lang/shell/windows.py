"""Reads PowerShell and cmd.exe scripts by word: no grammar, but commands, words, variables and redirections with spans.

Enough to follow a secret into a flag or a file; control flow is not understood and never needed to be.
"""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.pattern import Pattern
from auditor.core.span import Span, mapped
from auditor.lang.shell.nodes import Assignment, Command, Literal, Part, Redirect, Script, VariableUse, Word

MAX_CHARS = 512 * 1024

_VARIABLE = {
    "powershell": Pattern(r"(?i)\$\{?(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}?"),
    "cmd": Pattern(r"%([A-Za-z_][A-Za-z0-9_]*)%"),
}
_BREAKS = {"powershell": ("&&", "||", ";", "|", "\n"), "cmd": ("&&", "||", "&", "|", "\n")}
_REDIRECT = Pattern(r"[0-9*]?>>?(?:&[0-9])?")
_GLUED = Pattern(r"(?i)\$(?:env:)?([A-Za-z_][A-Za-z0-9_]*)=(?!=)")
_ASSIGNMENT = Pattern(r"(?i)\$(?:env:)?([A-Za-z_][A-Za-z0-9_]*)$")


def read(text: str, dialect: str, at: Callable[[int], int] | None = None) -> Script:
    """Split a script of `dialect` (`powershell` or `cmd`) into commands. Never raises on content.

    `at` maps an offset of `text` to the source file (None: identity).
    """
    if len(text) > MAX_CHARS:
        return Script((), truncated=True)
    return Script(tuple(_Splitter(text, dialect, at).run()))


class _Splitter:
    def __init__(self, text: str, dialect: str, at: Callable[[int], int] | None) -> None:
        self.text = text
        self.variable = _VARIABLE[dialect]
        self.breaks = _BREAKS[dialect]
        self.quotes = "\"'" if dialect == "powershell" else '"'
        self.at = at

    def span(self, start: int, end: int) -> Span:
        return mapped(start, end, self.at)

    def run(self) -> list[Command]:
        commands: list[Command] = []
        words: list[Word] = []
        start = index = 0
        feeding: Command | None = None
        while index <= len(self.text):
            found = next((b for b in self.breaks if self.text.startswith(b, index)), None)
            if found is None and index < len(self.text):
                if self.text[index].isspace():
                    index += 1
                    continue
                redirection = _REDIRECT.match(self.text, index)
                end = redirection.end() if redirection else self._word_end(index)
                words.append(self._word(index, end))
                index = end
                continue
            if words:
                command = self._command(words, start, index)
                if feeding is not None:
                    feeding.feeds, command.reads = (command,), (feeding,)
                feeding = command if found == "|" else None
                commands.append(command)
            words = []
            index += len(found) if found else 1
            start = index
        return commands

    def _word_end(self, index: int) -> int:
        quote = ""
        while index < len(self.text):
            char = self.text[index]
            if quote:
                quote = "" if char == quote else quote
            elif char in self.quotes:
                quote = char
            elif char == ">" or char.isspace() or any(self.text.startswith(b, index) for b in self.breaks):
                break
            index += 1
        return index

    def _word(self, start: int, end: int) -> Word:
        parts: list[Part] = []
        index, quote, literal = start, "", start
        while index < end:
            char = self.text[index]
            match = self.variable.match(self.text, index, end) if quote != "'" else None
            if match:
                self._literal(parts, literal, index)
                parts.append(VariableUse(match[1], self.span(index, match.end()), "", None))
                index = literal = match.end()
            elif char in self.quotes and quote in ("", char):
                self._literal(parts, literal, index)
                quote = "" if quote else char
                index = literal = index + 1
            else:
                index += 1
        self._literal(parts, literal, end)
        return Word(tuple(parts), self.span(start, end), self.text[start:end])

    def _literal(self, parts: list[Part], start: int, end: int) -> None:
        if end > start:
            parts.append(Literal(self.text[start:end], self.span(start, end)))

    def _command(self, words: list[Word], start: int, end: int) -> Command:
        command = Command(self.span(start, end))
        rest: list[Word] = []
        redirects: list[Redirect] = []
        index = 0
        while index < len(words):
            source = words[index].source
            if _REDIRECT.fullmatch(source):
                if not source.endswith(">"):  # to another stream
                    index += 1
                    continue
                if index + 1 < len(words):
                    redirects.append(Redirect(source.lstrip("*0123456789"), "", words[index + 1]))
                    index += 2
                    continue
            rest.append(words[index])
            index += 1
        command.redirects = tuple(redirects)
        if rest and rest[0].source.startswith(('"', "'", '\\"')):
            where = Span(rest[0].span.start, rest[0].span.start)
            rest.insert(0, Word((Literal("write-output", where),), where, ""))  # a string by itself is its output
        command.words = tuple(rest)
        self._assign(command, rest)
        return command

    def _assign(self, command: Command, words: list[Word]) -> None:
        """`$name = value`, `$env:NAME='value'`, `set NAME=value`, `setx NAME value`."""
        first = words[0].source if words else ""
        target = _ASSIGNMENT.match(first)
        if target and len(words) > 2 and words[1].source == "=":
            command.assignments = (Assignment(target[1], words[2], words[0].span, command.span),)
        elif (glued := _GLUED.match(first)) is not None and len(words) == 1:
            command.assignments = (self._cut(words[0], glued[1], glued.end()),)
        elif len(words) > 1 and first.lower() in ("set", "setx"):
            name, equals, _value = words[1].rendered.partition("=")
            if equals:
                command.assignments = (self._cut(words[1], name, len(name) + 1),)
            elif first.lower() == "setx" and len(words) > 2:
                command.assignments = (Assignment(name, words[2], words[1].span, command.span),)

    def _cut(self, word: Word, name: str, size: int) -> Assignment:
        """An assignment written as one word: what stands behind its first `size` characters is the value."""
        parts: list[Part] = []
        at = 0
        for part in word.parts:
            width = len(part.text) if isinstance(part, Literal) else part.span.end - part.span.start
            if at >= size:
                parts.append(part)
            elif isinstance(part, Literal) and at + width > size:
                parts.append(part.cut(size - at, width))
            at += width
        span = Span(parts[0].span.start, parts[-1].span.end) if parts else Span(word.span.end, word.span.end)
        return Assignment(name, Word(tuple(parts), span, word.source), word.span, word.span)
