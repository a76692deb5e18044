from __future__ import annotations

import pytest

from auditor.core.span import Span
from auditor.lang.shell import windows
from auditor.lang.shell.nodes import Command, Literal, VariableUse


def shown(command: Command) -> str:
    """A command on one line: assignments, words, redirections, what it reads."""
    parts = [f"{a.name}:={a.value.rendered if a.value else ''}" for a in command.assignments]
    parts += [word.rendered for word in command.words]
    parts += [f"{r.fd}{r.op}[{r.target.rendered}]" for r in command.redirects]
    return " ".join([*parts, *(f"<-{source.name}" for source in command.reads)])


def lines(text: str, dialect: str) -> list[str]:
    return [shown(command) for command in windows.read(text, dialect).commands]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ;\n| ", []),
        ("a b", ["a b"]),
        ("a; b && c || d\ne", ["a", "b", "c", "d", "e"]),
        ("a & b", ["a & b"]),
        ("a | b -c | d", ["a", "b -c <-a", "d <-b"]),
        ("a 'b; c' \"d | e\"", ["a b; c d | e"]),
        ("a '$b' \"x $env:C\" ${d}.e %f%", ["a $b x ${C} ${d}.e %f%"]),
        ("a $Env:B ${env:C}", ["a ${B} ${C}"]),
        ('a "b', ["a b"]),
        ("a 1$ $", ["a 1$ $"]),
        ("a > f", ["a >[f]"]),
        ("a >> 'f g'; b", ["a >>[f g]", "b"]),
        ("a >", ["a >"]),
        ("$a = 'b c'", ["a:=b c ${a} = b c"]),
        ("$env:A = $b", ["A:=${b} ${A} = ${b}"]),
        ("$a == b", ["${a} == b"]),
        ("$a =", ["${a} ="]),
        ("a = b", ["a = b"]),
    ],
)
def test_powershell(text: str, expected: list[str]) -> None:
    assert lines(text, "powershell") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a & b && c || d", ["a", "b", "c", "d"]),
        ("a; b", ["a; b"]),
        ("a | b", ["a", "b <-a"]),
        ('a "b & c" > f', ["a b & c >[f]"]),
        ("a 'b c'", ["a 'b c'"]),
        ("a %B%%C% %d", ["a ${B}${C} %d"]),
        ("a $b 100% done%", ["a $b 100% done%"]),
        ("set", ["set"]),
        ("set /p", ["set /p"]),
        ("set A", ["set A"]),
    ],
)
def test_cmd(text: str, expected: list[str]) -> None:
    assert lines(text, "cmd") == expected


def test_assignment_by_set_names_its_variable() -> None:
    for text in ("set A=b", "SET A=b", 'set "A=b c"'):
        (command,) = windows.read(text, "cmd").commands
        assert [assignment.name for assignment in command.assignments] == ["A"]


@pytest.mark.parametrize("dialect", ["powershell", "cmd"])
def test_every_part_stands_where_it_says(dialect: str) -> None:
    text = 'é \'ü x\' "\U0001f600 $env:A %B%" | c > "f é"\r\nd\n'
    for command in windows.read(text, dialect).commands:
        for word in (*command.words, *(r.target for r in command.redirects)):
            assert text[slice(*word.span)] == word.source
            for part in word.parts:
                if isinstance(part, Literal):
                    assert text[slice(*part.span)] == part.text
                elif isinstance(part, VariableUse):
                    assert part.name in text[slice(*part.span)]


def test_offsets_go_through_the_given_map() -> None:
    (command,) = windows.read("a 'b'", "powershell", lambda offset: 100 + 10 * offset).commands
    assert [word.span for word in command.words] == [Span(100, 101), Span(120, 141)]
    assert command.words[1].parts[0].span == Span(130, 131)


def test_a_script_beyond_the_bound_is_left_out_and_said_to_be() -> None:
    script = windows.read("a;" * (windows.MAX_CHARS // 2 + 1), "powershell")
    assert (script.commands, script.truncated) == ((), True)
    assert not windows.read("a;" * 10, "powershell").truncated
