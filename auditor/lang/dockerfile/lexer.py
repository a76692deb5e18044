"""One pass over a shell word: quotes, escapes, variable expansion as BuildKit's `frontend/dockerfile/shell` does them.

Knows nothing of instructions. Expansion is bounded: nesting deeper than `MAX_DEPTH` and results longer than
`MAX_LENGTH` characters raise ExpansionError, where BuildKit would go on until its memory ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from auditor.lang.dockerfile.pattern import PatternError, replace
from auditor.lang.dockerfile.substitution import ExpansionError, VariableUse, Words, letters, substitute

MAX_DEPTH = 50
MAX_LENGTH = 1 << 20

_SPECIAL = frozenset("@*#?-$!0")
_SURROGATE = "[\ud800-\udfff]"
_NAME = re.compile(r"\d+|\w*")


Lookup = Callable[[str], "str | None"]


@cache
def _plain(escape: str) -> re.Pattern[str]:
    """Characters that no state of the lexer looks at."""
    return re.compile(rf"[^$<'\"/}}{re.escape(escape)}]+")


class Lexer:
    """One pass over one text.

    `raw_quotes` and `raw_escapes` keep quotes and escapes in the result; `keep_unset` keeps uses of unset variables
    as they are; `plain_quotes` gives quotes no meaning (BuildKit's RawQuotes, RawEscapes, SkipUnsetEnv,
    SkipProcessQuotes).
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_depth",
        "_escape",
        "_keep_unset",
        "_length",
        "_lookup",
        "_plain",
        "_plain_quotes",
        "_raw_escapes",
        "_raw_quotes",
        "_text",
        "uses",
    )

    def __init__(
        self,
        text: str,
        lookup: Lookup,
        escape: str = "\\",
        *,
        raw_quotes: bool = False,
        raw_escapes: bool = False,
        keep_unset: bool = False,
        plain_quotes: bool = False,
    ) -> None:
        self._text = text if text.isascii() else re.sub(_SURROGATE, "\ufffd", text)
        self._at = 1 if text.startswith("\ufeff") else 0
        self._lookup = lookup
        self._escape = escape
        self._plain = _plain(escape)
        self._raw_quotes = raw_quotes
        self._raw_escapes = raw_escapes
        self._keep_unset = keep_unset
        self._plain_quotes = plain_quotes
        self._buffer: list[str] = []
        self._depth = 0
        self._length = 0
        self.uses: list[VariableUse] = []

    def run(self) -> tuple[str, list[str]]:
        """The whole text expanded, as one word and split into words. Raises ExpansionError."""
        return self._until("", self._raw_escapes, False)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        character = self._text[self._at : self._at + 1]
        self._at += 1
        return character

    def _until(self, stop: str, raw_escapes: bool, keep_pattern: bool) -> tuple[str, list[str]]:
        """Up to and over `stop` ("" for the end of the text); `keep_pattern` doubles escapes inside quotes."""
        outer, self._raw_escapes = self._raw_escapes, raw_escapes
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpansionError("substitutions nested too deeply")
        try:
            return self._scan(stop, keep_pattern)
        finally:
            self._raw_escapes = outer
            self._depth -= 1

    def _scan(self, stop: str, keep_pattern: bool) -> tuple[str, list[str]]:
        words = Words(self._buffer)
        result: list[str] = []
        while character := self._peek():
            if character == stop:
                self._at += 1
                return "".join(result), words.finish()
            if character == "$":
                part = self._dollar()
                words.add(part)
            elif character == "<":
                part = self._less_than()
                words.add_raw(part)
            elif character in "'\"" and not self._plain_quotes:
                part = self._single(keep_pattern) if character == "'" else self._double(keep_pattern)
                words.add_raw(part)
            elif character == self._escape:
                part = self._escaped()
                words.add_raw(part)
            else:
                match = self._plain.match(self._text, self._at)
                part = match.group() if match else character
                self._at += len(part)
                words.add(part)
            result.append(part)
            self._grow(len(part))
        if stop:
            raise ExpansionError(f"unexpected end of statement while looking for matching {stop}")
        return "".join(result), words.finish()

    def _grow(self, length: int) -> None:
        self._length += length
        if self._length > MAX_LENGTH + 2 * len(self._text):
            raise ExpansionError("expansion too long")

    def _escaped(self) -> str:
        self._at += 1
        character = self._next()
        return self._escape + character if self._raw_escapes else character

    def _less_than(self) -> str:
        self._at += 1
        if self._peek() != "<":
            return "<"
        start = self._at - 1
        self._at += 1
        while self._peek() in ("\t", "\r", " "):
            self._at += 1
        return self._text[start : self._at]

    def _single(self, keep_pattern: bool) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            self._at = len(self._text)
            raise ExpansionError("unexpected end of statement while looking for matching single-quote")
        body = self._text[self._at + 1 : end]
        self._at = end + 1
        if keep_pattern:
            body = body.replace(self._escape, self._escape * 2)
        return f"'{body}'" if self._raw_quotes else body

    def _double(self, keep_pattern: bool) -> str:
        self._at += 1
        result = ['"'] if self._raw_quotes else []
        while character := self._peek():
            if character == '"':
                self._at += 1
                if self._raw_quotes:
                    result.append('"')
                return "".join(result)
            if character == "$":
                part = self._dollar()
                self._grow(len(part))
            elif character == self._escape:
                part = self._escape_in_double(keep_pattern)
            else:
                match = self._plain.match(self._text, self._at)
                part = match.group() if match else character
                self._at += len(part)
            result.append(part)
        raise ExpansionError("unexpected end of statement while looking for matching double-quote")

    def _escape_in_double(self, keep_pattern: bool) -> str:
        self._at += 1
        character = self._peek()
        if not character:
            return ""
        if character in ('"', "$", self._escape):
            self._at += 1
            return self._escape + character if self._raw_escapes else character
        doubled = self._raw_escapes and (not self._raw_quotes or keep_pattern)
        return self._escape * 2 if doubled else self._escape

    def _dollar(self) -> str:
        start = self._at
        self._at += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            self._use(name, start, "", None)
            value = self._lookup(name)
            return ("$" + name if self._keep_unset else "") if value is None else value
        self._at += 1
        if self._peek() in ("", "{", "}", ":"):
            raise ExpansionError("syntax error: bad substitution" if self._peek() else "syntax error: missing '}'")
        name = self._name()
        operator = self._next()
        if operator == "}":
            self._use(name, start, "", None)
            value = self._lookup(name)
            return (f"${{{name}}}" if self._keep_unset else "") if value is None else value
        if operator == "/":
            return self._replaced(name, start)
        return self._modified(name, operator, start)

    def _modified(self, name: str, operator: str, start: int) -> str:
        null_is_unset = operator == ":"
        if null_is_unset:
            operator = self._next()
        shown = ":" * null_is_unset + (operator or "\ufffd")
        pattern = operator in ("#", "%") and operator != ""
        if (not null_is_unset and operator not in ("+", "-", "?", "#", "%")) or (null_is_unset and pattern):
            raise ExpansionError(f"unsupported modifier ({shown}) in substitution")
        begin = self._at
        word = self._operand("}", pattern, pattern, "}")
        self._use(name, start, shown, self._text[begin : self._at - 1])
        value = self._lookup(name)
        if value is None and self._keep_unset:
            return f"${{{name}{shown}{word}}}"
        return substitute(name, shown, word, value)

    def _replaced(self, name: str, start: int) -> str:
        everywhere = self._peek() == "/"
        if everywhere:
            self._at += 1
        begin = self._at
        pattern = self._operand("/", True, True, "/")
        replacement = self._operand("}", True, False, "}")
        self._use(name, start, "//" if everywhere else "/", self._text[begin : self._at - 1])
        value = self._lookup(name)
        if value is None and self._keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        try:
            return replace(pattern, value or "", replacement, everywhere=everywhere)
        except PatternError as error:
            raise ExpansionError(f"invalid pattern ({pattern}) in substitution: {error}") from None

    def _operand(self, stop: str, raw_escapes: bool, keep_pattern: bool, missing: str) -> str:
        try:
            word, _ = self._until(stop, raw_escapes, keep_pattern)
        except ExpansionError:
            if self._at >= len(self._text):
                place = " in ${}" if missing == "/" else ""
                raise ExpansionError(f"syntax error: missing '{missing}'{place}") from None
            raise
        return word

    def _name(self) -> str:
        character = self._peek()
        if character and character in _SPECIAL and not character.isdecimal():
            self._at += 1
            return character
        match = _NAME.match(self._text, self._at)
        name = match.group() if match else ""
        if not name.isascii():
            name = letters(name)
        self._at += len(name)
        return name

    def _use(self, name: str, start: int, operator: str, default: str | None) -> None:
        if name and name not in _SPECIAL:
            self.uses.append(VariableUse(name, start, self._at, operator, default))
