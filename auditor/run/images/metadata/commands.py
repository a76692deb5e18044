"""Secrets in shell commands and in the arguments of programs, found by following them as `audit lint` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.core.pattern import BytePattern
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import names, values
from auditor.flow.facts import Step
from auditor.flow.script import follow, follow_traps
from auditor.flow.state import Facts, Layers, Shell
from auditor.lang.dockerfile.nodes import Instruction, Text
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Command, Script, Word
from auditor.lang.shell.nodes import Literal as ShellText
from auditor.run.images.metadata.hits import Hit, make, of_literals, sureness, words_of

#: What no flow explains: a login that is only printed, and a value printed into a file that is called what it is.
_LOGIN = BytePattern(
    r"\blogin\b[^\n|;&<>]{0,120}?[ \t](?:-p|--password|--pass|--token)(?:[ \t]+|=)['\"]?(?P<value>[^\s'\"|;&<>]{6,200})"
)
_PRINTED = BytePattern(
    r"\b(?:echo|printf)[ \t]+(?:-[neE]+[ \t]+|['\"]?%s(?:\\n)?['\"]?[ \t]+){0,4}(?P<quote>['\"]?)"
    r"(?P<value>[^\s'\"`;|&<>]{6,200})(?P=quote)[ \t]*>{1,2}[ \t]*['\"]?(?P<path>[^\s'\";|&<>]{1,300})"
)
#: Files that list accounts, and are called after passwords that have not been in them for decades.
_ACCOUNTS = ("passwd", "passwd-")


def in_command(text: str) -> Iterator[Hit]:
    """The literals of a shell command, each at its place."""
    yield from _followed(reader.read(text))


def in_arguments(words: Sequence[str]) -> Iterator[Hit]:
    """The literals among the arguments of a program; places are those in the words joined by blanks."""
    yield from _followed(Script((_given(words),)))


def _given(words: Sequence[str]) -> Command:
    """A command with these words, each at its place in the words joined by blanks."""
    start = 0
    made: list[Word] = []
    for word in words:
        span = Span(start, start + len(word))
        made.append(Word((ShellText(word, span),), span, word))
        start = span.end + 1
    command = Command(Span(0, max(0, start - 1)))
    command.words = tuple(made)
    return command


def _followed(script: Script) -> Iterator[Hit]:
    facts = Facts()
    node = Instruction("RUN", Span(0, 0), (), Text.at("", 0), "")
    shell = Shell(Step(node, 0, True, False), facts, Layers(), "/", "/root")
    follow(script, shell)
    follow_traps(shell)
    yield from of_literals(use.literal for use in facts.uses)
    yield from of_literals(literal for file in facts.files for literal in file.literals)


def unexplained(text: str) -> Iterator[Hit]:
    """What no command that is followed takes, and a reader knows at sight."""
    for match in _LOGIN.finditer(text):
        value = match["value"]
        kind = values.classify(value).kind
        if "$" not in value and kind in ("opaque", "weak") and not value.startswith("-"):
            level = "secret" if kind == "opaque" else "weak"
            yield make(match.start("value"), Secret(value, "password"), "flag", level, "", "password", sureness(level))
    for match in _PRINTED.finditer(text):
        value = match["value"]
        name = match["path"].rstrip("/").rpartition("/")[2].lstrip(".").partition(".")[0]
        reading = names.read(name) if "$" not in value and name not in _ACCOUNTS else None
        if reading is not None and reading.sure and reading.kind != "identity":
            judged = values.judge(name, value)
            if judged.level in ("secret", "weak") and judged.verdict != "placeholder":
                secret = Secret(value, judged.kind)
                yield make(match.start("value"), secret, "pair", judged.level, name, words_of(judged.kind))
