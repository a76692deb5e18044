"""Settings of servers' configuration files: which words stand behind a name, and where. Knows no server.

Four notations are read: `statements` (nginx), `lines` (Apache, Redis), `options` (HAProxy, Caddyfile) and `assignments`
(`name = value` and `name: value`). What is in none of them is left out; a file that cannot be read for certain is told
from one that has no such setting.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Iterator

#: nginx, `ngx_conf_read_token`: a quote counts where a word begins, a backslash takes the next character along.
_STATEMENT = Pattern(
    r"(?s)(?P<space>\s+)|(?P<comment>#[^\n]*)|(?P<mark>[;{}])|\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'"
    r"|(?P<bare>(?:\\.|\$\{|[^\s;{}\\])(?:\\.|\$\{|[^\s;{\\])*)"
)
_WORD = Pattern(r"(?P<space>(?:[ \t\r]|\\\r?\n)+)|\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<bare>[^ \t\r\n]+)")
_ASSIGNMENT = Pattern(
    r"[ \t]*(?:-[ \t]+)?(?P<name>[A-Za-z][\w.\-]*)(?:[ \t]*[=:][ \t]*|[ \t]+)(?:<[ \t]*)?"
    r"(?:\"(?P<double>[^\"\r\n]*)\"|'(?P<single>[^'\r\n]*)'|(?P<bare>[^\s#;\"'=:<]\S*))"
    r"[ \t]*\r?(?:[#;][^\n]*)?(?:\n|\Z)"
)
_OTHER_LANGUAGE = "_by_lua_block"


class Word(NamedTuple):
    """A value as it is written between its quotes, if any, and its place."""

    text: str
    span: Span


class Setting(NamedTuple):
    """One setting: its name as it is written, and the words behind it."""

    name: str
    words: tuple[Word, ...]


class Settings(NamedTuple):
    """The settings with the names that were asked for, and where comments stand; `sure`: all of the text was read."""

    found: tuple[Setting, ...]
    comments: tuple[Span, ...]
    sure: bool


def settings(text: str, notation: str, names: Collection[str], *, caseless: bool = False) -> Settings:
    """The settings of a text that have one of these names (in lower case if `caseless`). Linear in the text."""
    reader: Callable[[str, list[Span]], Iterator[Setting | None]] = {
        "statements": _statements,
        "lines": _lines,
        "options": _options,
        "assignments": _assignments,
    }[notation]
    comments: list[Span] = []
    found: list[Setting] = []
    sure = True
    for setting in reader(text, comments):
        if setting is None:
            sure = False
            break
        if (setting.name.lower() if caseless else setting.name) in names:
            found.append(setting)
    return Settings(tuple(found), tuple(comments), sure)


def _statements(text: str, comments: list[Span]) -> Iterator[Setting | None]:
    """`name value ...;` and `name value ... {`; None where the text stops making sense."""
    words: list[Word] = []
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        match = _STATEMENT.match(text, at)
        if match is None or (match["bare"] or "")[:1] in ('"', "'"):
            yield None
            return
        at = match.end()
        if match["comment"] is not None:
            comments.append(Span(*match.span()))
        elif match["mark"] is not None:
            if words and words[0].text.endswith(_OTHER_LANGUAGE):
                yield None
                return
            if words:
                yield Setting(words[0].text, tuple(words[1:]))
            words = []
        elif match["space"] is None:
            words.append(_word(match))
    if words:
        yield None


def _lines(text: str, comments: list[Span]) -> Iterator[Setting]:
    """`name value ...`, a line each; a comment is a line of its own."""
    for words, _comment in _rows(text, comments, inside=False):
        if words:
            yield Setting(words[0].text, tuple(words[1:]))


def _options(text: str, comments: list[Span]) -> Iterator[Setting]:
    """Every word with those behind it in its line."""
    for words, _comment in _rows(text, comments, inside=True):
        for number, word in enumerate(words):
            yield Setting(word.text, tuple(words[number + 1 : number + 3]))


def _rows(text: str, comments: list[Span], *, inside: bool) -> Iterator[tuple[list[Word], int]]:
    """The words of each line; `inside`: a comment may follow them."""
    at = 1 if text.startswith("\ufeff") else 0
    words: list[Word] = []
    while at < len(text):
        if text[at] == "\n":
            yield words, at
            words, at = [], at + 1
            continue
        match = _WORD.match(text, at)
        if match is None:  # a quote that does not end in its line
            at += 1
            continue
        if text[at] == "#" and (inside or not words):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            comments.append(Span(at, end))
            at = end
            continue
        at = match.end()
        if match["space"] is None:
            words.append(_word(match))
    yield words, at


def _assignments(text: str, comments: list[Span]) -> Iterator[Setting]:
    """`name = value`, `name: value` and `name value`, a line each."""
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end + 1
        head = text[at:end].lstrip()
        if head[:1] in ("#", ";"):
            comments.append(Span(end - len(head), end))
        match = _ASSIGNMENT.match(text, at, end)
        if match is not None:
            word = _word(match)
            if word.span.end < match.end():
                behind = text[word.span.end : match.end()]
                mark = min((place for c in "#;" if (place := behind.find(c)) >= 0), default=-1)
                if mark >= 0:
                    comments.append(Span(word.span.end + mark, match.end()))
            yield Setting(match["name"], (word,))
        at = end


def _word(match: re.Match[str]) -> Word:
    group = next(name for name in ("double", "single", "bare") if match[name] is not None)
    return Word(match[group], Span(*match.span(group)))
