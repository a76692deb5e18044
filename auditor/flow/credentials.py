"""Where a command takes credentials: arguments, flags, input, URLs, headers; and what tools then keep of them."""

from __future__ import annotations

import re

from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import credfiles, positions
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
    stands_for_nothing,
)
from auditor.flow.facts import LayerFile, Literal, Origin
from auditor.flow.flat import Flat
from auditor.flow.state import Shell, unique
from auditor.lang.shell.nodes import Command, VariableUse, Word
from auditor.lang.shell.nodes import Literal as Text

_NO_CREDENTIAL = frozenset({"--help", "-h", "--version", "--identity", "-i", "--use-device-code", "--managed-identity"})


def _takes_secret(flag: str, known: commands.Known) -> bool:
    """Whether a flag of a known command takes a secret; case matters for single letters only (`sqlcmd -P`)."""
    return flag in known.flags or (len(flag) > 2 and flag.lower() in known.flags)


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
        self.origins: list[Origin] = []

    def run(self) -> None:
        """Record everything."""
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

    def _add(self, literal: Literal | None) -> None:
        if literal is not None and all(known.span != literal.span for known in self.literals):
            self.literals.append(literal)

    # -- text positions ------------------------------------------------------------------------------------------

    def _positions(self, flat: Flat) -> None:
        for found in positions.find(flat.text):
            parts = flat.parts(found.start, found.end)
            if found.level != "variable":
                if found.level != "none" and all(isinstance(p, Text) for p in parts):
                    self._add(literal_at(flat, found))
                continue
            if all(isinstance(p, Text) for p in parts):
                continue  # single-quoted: the text of a variable's name, not its value
            word = Word(tuple(parts), flat.span(found.start, found.end), "")
            origins = self._value(word, found)
            if found.kind == "url":
                self.shell.use("url", flat.span(found.begin, found.end), self._detail(), origins)
            elif origins and found.kind in ("header", "pair") and not self.writes:
                self.shell.use("flag", self._word_at(word.span), found.name, origins)

    def _word_at(self, span: Span) -> Span:
        """The whole argument that a place lies in."""
        return next((w.span for w in self.words if w.span.start <= span.start and span.end <= w.span.end), span)

    def _value(self, word: Word, found: positions.Position) -> tuple[Origin, ...]:
        """Origins of a non-literal value in a credential position; literal defaults inside it count as literals."""
        holes = Word(tuple(p for p in word.parts if not isinstance(p, Text)), word.span, "")
        for part in holes.parts:
            if isinstance(part, VariableUse) and part.default is not None:
                self._add(expected(part.default, found.secret_kind, found.kind, found.name))
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
                self._add(literal)
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
            elif (literal := expected(word, "password", "stdin", self._detail())) is not None:
                self._add(literal)
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
                self._add(Literal(secret, flat.span(start, end), level, "stdin", self._detail()))

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
                    self._add(literal)
                else:
                    self._given(word, f"an argument of {self._detail()}", self._detail())

    # -- what tools keep -----------------------------------------------------------------------------------------

    def stored(self) -> LayerFile | None:
        """The file in which the tool keeps the credential it was given, if it does."""
        known = self.match.known if self.match else None
        if self.match is None or known is None or known.stores in ("", "never"):
            return None
        if any(w.rendered in _NO_CREDENTIAL for w in self.words[1:]):
            return None
        after = self.words[self.match.after :]
        origins = [o for w in after for o in outputs.of_word(w, self.shell)]
        origins += outputs.of_input(self.command, self.shell)
        if known.stores == "pairs" and not self._has_pair(after, known.keys):
            return None
        live = [lit for lit in self.literals if lit.level in ("secret", "weak")]
        if known.stores == "secrets" and not (
            live or self.origins or any(o.sensitive for o in origins) or self._holed(after)
        ):
            return None
        span = Span(self.words[0].span.start, self.words[self.match.after - 1].span.end)
        path = self.shell.path(known.writes)
        file = LayerFile(path, "stored", span, self.shell.step, credfiles.recognise(path))
        file.origins, file.literals = unique([*origins, *self.origins]), tuple(self.literals)
        file.title, file.undo, file.extent = known.title, known.undo, self.command.span
        return file

    def _holed(self, after: tuple[Word, ...]) -> bool:
        """Whether a credential position of the arguments is filled at build time by something unknown."""
        flat = Flat(list(after))
        holes = (p for p in positions.find(flat.text) if p.level == "variable")
        return any(not isinstance(part, Text) for p in holes for part in flat.parts(p.start, p.end))

    def _has_pair(self, after: tuple[Word, ...], keys: str) -> bool:
        """Whether a `key value` or `key=value` among the arguments sets a credential."""
        plain = [w for w in after if not w.rendered.startswith("-")]
        for index, word in enumerate(plain):
            key, equals, value = word.rendered.partition("=")
            leaf = key.rpartition(":")[2].rpartition("/")[2]
            telling = re.search(keys, key) is not None if keys else False
            if not (telling or (not keys and is_sure(leaf))):
                continue
            rest = [word] if equals else plain[index + 1 :]
            given = [w for w in rest if not stands_for_nothing(w, value if equals else w.rendered, leaf)]
            for last in plain[index + 1 :][-1:] if not equals else []:
                self._add(expected(last, "token", "argument", leaf))
                origins = outputs.of_word(last, self.shell)
                infer(origins, f"it is stored as {leaf}", last.span)
            return bool(given)
        return False
