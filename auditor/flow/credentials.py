"""Where a command takes credentials: arguments, flags, input, URLs, headers; and what tools then keep of them."""

from __future__ import annotations

import re
from bisect import bisect_right

from auditor.core.pattern import Pattern
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import positions
from auditor.flow import commands, outputs
from auditor.flow.expected import (
    after_colon,
    drop,
    expected,
    expected_level,
    flag_kind,
    infer,
    is_convincing,
    is_sure,
    literal_at,
)
from auditor.flow.facts import Literal, Origin
from auditor.flow.flat import Flat
from auditor.flow.state import Shell
from auditor.lang.shell.nodes import Command, VariableUse, Word
from auditor.lang.shell.nodes import Literal as Text

_PRESET = Pattern(r"[ \t]password[ \t]+(?P<value>\S+)")
#: curl's flags without a value, then one that takes it in the same word.
_CLUSTER = Pattern(r"-[fsSLkvIiNgqjJO#46]*([uU])(?=.)")


def _takes_secret(flag: str, known: commands.Known) -> bool:
    """Whether a flag of a known command takes a secret; case matters for single letters only (`sqlcmd -P`)."""
    return flag in known.flags or (len(flag) > 2 and flag.lower() in known.flags)


def _joined(word: Word, known: commands.Known) -> Word | None:
    """The `user:password` that is joined to its flag: `-uNAME:PASSWORD`, `-fsSuNAME:PASSWORD`, `--user=NAME:...`."""
    text = word.rendered
    for flag in known.flags_pair:
        if flag.startswith("--"):
            if text.startswith(flag + "="):
                return drop(word, len(flag) + 1)
        elif (match := _CLUSTER.match(text)) is not None and match[1] == flag[1]:
            return drop(word, match.end())
    return None


class Credentials:
    """Looks over one command for credentials it is given; records uses, infers secret variables."""

    def __init__(self, command: Command, words: tuple[Word, ...], shell: Shell, *, writes: bool) -> None:
        self.command = command
        self.words = words
        self.shell = shell
        #: Literals of a text that ends in a file are reported with the file.
        self.writes = writes
        self.match = commands.lookup(words)
        self.literals: list[Literal] = []
        self._places: set[Span] = set()
        self._word_starts = [word.span.start for word in words]
        self.origins: list[Origin] = []

    def run(self) -> None:
        """Record everything."""
        if any(word.rendered in ("--unset", "--unset-all", "--remove-section") for word in self.words):
            return
        if self.words:
            printed = self._detail() in ("echo", "printf")
            self._positions(Flat(outputs.printed_words(self.command) if printed else list(self.words)))
            self._flags()
            self._known_input()
            self._positional()
        for word in outputs.input_words(self.command):
            self._positions(Flat([word]))
        for literal in self.literals:
            if not (self.writes and literal.kind in ("pair", "netrc", "token", "url")):
                self.shell.use("literal" if literal.kind != "url" else "url", literal.span, self._detail(), (), literal)

    def _detail(self) -> str:
        return commands.base_name(self.words[0]) if self.words else ""

    def add(self, literal: Literal | None) -> None:
        """Take a literal into account, each place once."""
        if literal is not None and literal.span not in self._places:
            self._places.add(literal.span)
            self.literals.append(literal)

    def look_at(self, value: Word, name: str) -> None:
        """An assigned value: credentials at their places in it, such as the password of a URL."""
        flat = Flat([value])
        self._positions(flat)
        for literal in self.literals:
            self.shell.use("literal" if literal.kind != "url" else "url", literal.span, name, (), literal)

    # -- text positions ------------------------------------------------------------------------------------------

    def _positions(self, flat: Flat) -> None:
        for found in positions.find(flat.text):
            is_literal = flat.is_literal(found.start, found.end)
            if found.level != "variable" and found.level != "none" and is_literal:
                self.add(literal_at(flat, found))
            if found.level != "variable" or is_literal:
                continue  # a variable in single quotes is the text of its name, not its value
            word = Word(tuple(flat.parts(found.start, found.end)), flat.span(found.start, found.end), "")
            origins = self._value(word, found)
            if found.kind == "url":
                self.shell.use("url", flat.span(found.begin, found.end), self._detail(), origins)
            elif origins and found.kind in ("header", "pair") and not self.writes:
                self.shell.use("flag", self._word_at(word.span), found.name, origins)

    def _word_at(self, span: Span) -> Span:
        """The whole argument that a place lies in."""
        index = bisect_right(self._word_starts, span.start) - 1
        word = self.words[index].span if index >= 0 else span
        return word if word.start <= span.start and span.end <= word.end else span

    def _value(self, word: Word, found: positions.Position) -> tuple[Origin, ...]:
        """Origins of a non-literal value in a credential position; literal defaults inside it count as literals."""
        holes = Word(tuple(p for p in word.parts if not isinstance(p, Text)), word.span, "")
        for part in holes.parts:
            if isinstance(part, VariableUse) and part.default is not None:
                self.add(expected(part.default, found.secret_kind, found.kind, found.name))
        origins = outputs.of_word(holes, self.shell)
        if found.kind in ("url", "netrc", "header", "sql") or is_sure(found.name):
            infer(origins, f"it is used as a {found.secret_kind.replace('-', ' ')}", word.span)
        self.origins += origins
        return origins

    # -- flags ---------------------------------------------------------------------------------------------------

    def _flags(self) -> None:
        known = self.match.known if self.match else None
        index = 1
        while index < len(self.words):
            text = self.words[index].rendered
            value = self.words[index + 1] if index + 1 < len(self.words) else None
            if known and value and (_takes_secret(text, known) or text in known.flags_pair):
                self._flag_value(text, value, pair=text in known.flags_pair, lax=known.lax)
                index += 1
            elif known and (pair := _joined(self.words[index], known)) is not None:
                self._flag_value(text[:2], pair, pair=True)
            elif known and any(
                text.startswith(g) and len(text) > len(g) and not text.startswith("--") for g in known.glued
            ):
                self._glued(self.words[index], known.glued)
            elif value is not None and (kind := flag_kind(text)) and not value.rendered.startswith("-"):
                self._flag_value(text, value, kind=kind)
                index += 1
            index += 1

    def _flag_value(
        self, flag: str, value: Word, *, pair: bool = False, lax: bool = False, kind: str = "password"
    ) -> None:
        if pair:
            value = after_colon(value)
        literal = expected(value, kind, "flag", flag.lstrip("-/"))
        if literal is not None:
            if not (lax and literal.level == "weak") and is_convincing(flag, kind, literal):
                self.add(literal)
            return
        self._given(value, f"{flag} of {self._detail()}", flag)

    def _given(self, value: Word, reason: str, detail: str) -> None:
        """A non-literal value handed over as a credential."""
        origins = outputs.of_word(value, self.shell)
        if origins:
            infer(origins, f"it is passed as {reason}", value.span)
            self.origins += origins
            self.shell.use("flag", value.span, detail, origins)

    def _glued(self, word: Word, glued: tuple[str, ...]) -> None:
        """`mysql -pSECRET`."""
        prefix = next(g for g in glued if word.rendered.startswith(g))
        self._flag_value(prefix, drop(word, len(prefix)))

    # -- input and positions -------------------------------------------------------------------------------------

    def _known_input(self) -> None:
        stdin = self.match.known.stdin if self.match else ""
        reads_secret = stdin or any("stdin" in w.rendered for w in self.words[1:] if w.rendered.startswith("-"))
        if not reads_secret:
            return
        for word in outputs.input_words(self.command):
            if stdin == "user:password":
                self._accounts(word)
            elif stdin == "debconf":
                self._presets(word)
            elif (literal := expected(word, "password", "stdin", self._detail())) is not None:
                self.add(literal)
            else:
                self._given(word, f"the input of {self._detail()}", self._detail())

    def _accounts(self, word: Word) -> None:
        """`user:password` lines for chpasswd."""
        flat = Flat([word])
        for line in re.finditer(r"[^\n]+", flat.text):
            colon = line[0].find(":")
            if colon < 0:
                continue
            start, end = line.start() + colon + 1, line.end()
            while end > start and flat.text[end - 1] in " \t\"'":
                end -= 1
            if end == start:
                continue
            parts = [p for p in flat.parts(start, end) if not isinstance(p, Text)]
            if parts:
                self._given(
                    Word(tuple(parts), flat.span(start, end), ""), f"a password to {self._detail()}", self._detail()
                )
            elif level := expected_level(flat.text[start:end], "password"):
                secret = Secret(flat.text[start:end], "account-password")
                self.add(Literal(secret, flat.span(start, end), level, "stdin", self._detail()))

    def _presets(self, word: Word) -> None:
        """`package question/name password VALUE` lines for debconf."""
        flat = Flat([word])
        for match in _PRESET.finditer(flat.text):
            start, end = match.span("value")
            if not flat.is_literal(start, end):
                value = Word(tuple(flat.parts(start, end)), flat.span(start, end), "")
                self._given(value, "a preset password", "debconf")
            elif level := expected_level(match["value"], "password"):
                secret = Secret(match["value"], "preset-password")
                self.add(Literal(secret, flat.span(start, end), level, "stdin", self._detail()))

    def _positional(self) -> None:
        if self.match is None or not self.match.known.positional:
            return
        known = self.match.known
        after = self.words[self.match.after :]
        options = [w.rendered for w in self.words[1:] if w.rendered.startswith("-") and not w.rendered.startswith("--")]
        if known.needs and not any(known.needs in o for o in options):
            return
        plain = [w for w in after if not w.rendered.startswith("-")]
        for index in known.positional:
            if -len(plain) <= index < len(plain) and (index >= 0 or len(plain) > 0):
                word = plain[index]
                literal = expected(word, "password", "argument", self._detail())
                if literal is not None:
                    self.add(literal)
                else:
                    self._given(word, f"an argument of {self._detail()}", self._detail())
