"""What holds for any script: nothing raises, spans lie inside the text, what is read is in order, bounds are said."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.span import Span
from auditor.lang.shell import reader, windows
from auditor.lang.shell.nodes import Command, Script, Word
from auditor.lang.shell.words import MAX_DEPTH
from tests.work import calls

_PIECES = st.sampled_from(
    [
        *("a", "echo", "export ", "A=", "b", " ", " ", "\n", "\r\n", "\t", ";", "|", "&", "&&", "||", "(", ")", "{"),
        *("'", '"', "\\", "`", "$", "$(", "${", "$A", "${A:-", "}", "$((", "))", "<<E", "<<-'E'", "\nE\n", "<<<"),
        *(">", ">>", "2>", "&>", "<", ">&1", "<(", "if ", "then ", "fi", "for i in ", "do ", "done", "case ", "esac"),
        *("é", "\U0001f600", "\udcff", "\x00", "\x1b", "\ufeff", "#", "!", "=", "*", "~", "%A%", "$env:A", "set "),
        *("-x", "[ ", "]]"),
    ]
)
scripts = st.one_of(st.lists(_PIECES, max_size=40).map("".join), st.text(max_size=200))
read = st.sampled_from(
    [reader.read, lambda text: windows.read(text, "powershell"), lambda text: windows.read(text, "cmd")]
)


def words_of(command: Command) -> list[Word]:
    values = [a.value for a in command.assignments if a.value is not None]
    return [*command.words, *values, *(r.target for r in command.redirects)]


def spans(script: Script) -> Iterator[Span]:
    """Every span of the script, to any depth."""
    todo = list(script.commands)
    while todo:
        command = todo.pop()
        yield command.span
        yield from (span for a in command.assignments for span in (a.name_span, a.span))
        words = words_of(command)
        while words:
            word = words.pop()
            yield word.span
            for part in word.parts:
                yield part.span
            words += [use.default for use in word.variables() if use.default is not None]
            for part in word.substitutions():
                todo += part.script.commands


@given(scripts, read)
def test_spans_lie_inside_the_text(text: str, read: Callable[[str], Script]) -> None:
    for span in spans(read(text)):
        assert 0 <= span.start <= span.end <= len(text)


@given(scripts, read)
def test_words_of_a_command_follow_the_text(text: str, read: Callable[[str], Script]) -> None:
    for command in read(text).commands:
        at = 0
        for word in command.words:
            assert at <= word.span.start
            assert text[slice(*word.span)] == word.source
            at = word.span.end


@given(scripts, read)
def test_pipes_are_known_at_both_ends(text: str, read: Callable[[str], Script]) -> None:
    commands = read(text).commands
    for command in commands:
        assert all(command in follower.reads for follower in command.feeds)
        assert all(command in source.feeds for source in command.reads)


@pytest.mark.parametrize(
    "text",
    [
        "echo " + "x" * 600_000,
        "echo x\n" * 90_000,
        "é" * 300_000,
        "echo " + "(" * 10_000,
        "(" * 10_000 + "a" + ")" * 10_000,
        "echo $(" * 10_000,
        "{ " * 10_000,
        "echo " + "`" * 20_000,
    ],
    ids=["long-word", "many-lines", "wide-characters", "open", "subshells", "substitutions", "groups", "backquotes"],
)
def test_a_script_beyond_the_bounds_is_left_out_and_said_to_be(text: str) -> None:
    script = reader.read(text)
    assert (script.commands, script.truncated) == ((), True)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("echo a", True),
        ("(" * 10 + "a" + ")" * 10, True),
        ("a $(" * 10 + "b" + ")" * 10, True),
        ("echo ${a:-" * 1 + "b}", True),
        ("a '(" + "(" * 300 + "'", True),
        ("(" * 200 + "a" + ")" * 200, False),
        ("a $(" * 200 + "b" + ")" * 200, False),
        ("a " + "${a:-" * 200 + "b" + "}" * 200, False),
        ('a "' + "${a:-" * 200 + "b" + "}" * 200 + '"', False),
    ],
    ids=["plain", "shallow", "substitutions", "default", "quoted", "subshells", "nested", "defaults", "in-quotes"],
)
def test_nesting_beyond_the_bound_is_cut_and_said_to_be(text: str, whole: bool) -> None:
    assert MAX_DEPTH < 200
    assert reader.read(text).truncated is not whole


def test_a_script_of_many_commands_is_read_whole() -> None:
    script = reader.read("a | " * 5_000 + "b")
    assert not script.truncated
    assert len(script.commands) == 5_001
    assert len(reader.read("a --b=c\n" * 20_000).commands) == 20_000


@pytest.mark.parametrize("read", [reader.read, lambda text: windows.read(text, "powershell")], ids=["posix", "windows"])
@pytest.mark.parametrize(
    "make",
    [
        lambda n: "a b; " * n,
        lambda n: "a | " * n + "b",
        lambda n: "a " + "--b=c " * n,
        lambda n: "A=b " * n,
        lambda n: "a " + '"$b"' * n,
        lambda n: "a " + "> f " * n,
        lambda n: "a <<E\n" + "$b c\n" * n + "E\n",
        lambda n: "a '" + "b\\" * n + "'",
        lambda n: "if a; then " * 20 + "b; " * n,
        lambda n: "é " * n,
        lambda n: "'" * n,
        lambda n: "$" * n,
    ],
)
def test_work_grows_with_the_text_only(make: Callable[[int], str], read: Callable[[str], Script]) -> None:
    read(make(3))
    small, large = make(200), make(800)
    assert calls(lambda: read(large)) < 4.5 * calls(lambda: read(small)) + 500
