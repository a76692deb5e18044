"""The small parts of flow: paths in the image, words as one text, the program a command line really runs."""

from __future__ import annotations

import pytest

from auditor.core.span import Span
from auditor.flow import commands
from auditor.flow.flat import Flat
from auditor.flow.paths import absolute, covers, home_of
from auditor.flow.runs import dialect_of
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Word


def words(text: str) -> tuple[Word, ...]:
    (command,) = reader.read(text).commands
    return command.words


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x", "/w/x"),
        ("./x/", "/w/x"),
        ("../x", "/x"),
        ("../../../x", "/x"),
        ("/a/./b/../c", "/a/c"),
        ("", "/w"),
        ("~", "/home/u"),
        ("~/x", "/home/u/x"),
        ("$HOME/x", "/home/u/x"),
        ("${HOME}", "/home/u"),
        ("~root/x", "/root/x"),
        ("~bob/x", "/home/bob/x"),
        ("$HOMEX/x", "/w/$HOMEX/x"),
        ("a~/x", "/w/a~/x"),
        ("C:\\a\\b", "C:/a/b"),
        ("a\\b", "/w/a/b"),
    ],
)
def test_absolute_path(path: str, expected: str) -> None:
    assert absolute(path, "/w", "/home/u") == expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/a/b", "/a/b", True),
        ("/a", "/a/b", True),
        ("/a/", "/a/b", True),
        ("/", "/a/b", True),
        ("/a/*", "/a/b/c", True),
        ("/a/b*", "/a/bc", True),
        ("/*/b", "/a/b", True),
        ("/a/?", "/a/b", True),
        ("/a**", "/ab", True),
        ("/a/b", "/a", False),
        ("/a", "/ab", False),
        ("/a/*", "/a", False),
        ("/*/b", "/a/c/b", False),
        ("/a/?", "/a/bc", False),
        ("/a.b*", "/axb", False),
        ("/" + "*a" * 3_000, "/" + "a" * 200 + "b", False),
    ],
)
def test_what_a_pattern_covers(pattern: str, path: str, expected: bool) -> None:
    assert covers(pattern, path) is expected


@pytest.mark.parametrize(
    ("user", "home"),
    [("", "/root"), ("root", "/root"), ("0:0", "/root"), ("root:x", "/root"), ("u", "/home/u"), ("u:g", "/home/u")],
)
def test_home_of_a_user(user: str, home: str) -> None:
    assert home_of(user) == home


@pytest.mark.parametrize(
    ("argv", "windows", "dialect"),
    [
        ((), False, "posix"),
        ((), True, "cmd"),
        (("/bin/bash", "-c"), True, "posix"),
        (("powershell.exe", "-Command"), False, "powershell"),
        (("C:\\x\\PWSH.EXE",), True, "powershell"),
        (("cmd", "/S", "/C"), False, "cmd"),
        (("python", "-c"), False, "other"),
        (("",), False, "other"),
    ],
)
def test_dialect_of_a_shell(argv: tuple[str, ...], windows: bool, dialect: str) -> None:
    assert dialect_of(argv, windows) == dialect


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("a b", "a b"),
        ("sudo a", "a"),
        ("sudo -E -u x a b", "a b"),
        ("env A=1 -u B a", "a"),
        ("timeout -s KILL 5 a b", "a b"),
        ("sudo -- a -b", "a -b"),
        ("exec nice -n 5 a", "a"),
        ("gosu u a", "a"),
        ("python3 -m pip install x", "pip install x"),
        ("python3 x.py", "python3 x.py"),
        ("python3 -m", "python3 -m"),
        ("sudo", "sudo"),
        ("sudo -u", "sudo -u"),
        ("sudoku a", "sudoku a"),
        ("echo sudo a", "echo sudo a"),
    ],
)
def test_program_behind_its_wrappers(text: str, program: str) -> None:
    assert " ".join(word.rendered for word in commands.program(words(text))) == program


@pytest.mark.parametrize(
    ("argv", "text", "matched"),
    [
        ("npm ci", "npm ci", 2),
        ("npm ci", "npm --x ci a", 3),
        ("npm ci", "npm --x=y ci", 3),
        ("npm ci", "npm --x y ci", 4),
        ("npm ci", "/usr/bin/NPM.exe ci", 2),
        ("apt-get update", "apt-get -y update && true".split(" &&")[0], 3),
        ("npm ci", "npm", 0),
        ("npm ci", "npm cix", 0),
        ("npm ci", "npm x ci", 0),
        ("npm ci", "npm --x y z ci", 0),
        ("npm ci", "xnpm ci", 0),
        ("npm ci", "echo npm ci", 0),
    ],
)
def test_words_that_make_up_a_call(argv: str, text: str, matched: int) -> None:
    assert commands.matched(argv, words(text)) == matched
    assert commands.matches(argv, words(text)) is (matched > 0)


def test_words_as_one_text_with_the_way_back() -> None:
    text = "a \"b$C\"'d' $(e)"
    flat = Flat(list(words(text)))
    assert flat.text == "a b${C}d $(...)"
    assert flat.span(0, 1) == Span(0, 1)
    assert text[slice(*flat.span(2, 8))] == "b$C\"'d"
    assert text[slice(*flat.span(7, 8))] == "d"
    assert text[slice(*flat.span(9, 14))] == "$(e)"
    assert [text[flat.source(i)] for i in (0, 2, 3, 7, 9)] == ["a", "b", "$", "d", "$"]
    assert len(flat.parts(0, len(flat.text))) == 5


def test_no_words_have_no_text() -> None:
    flat = Flat([])
    assert (flat.text, flat.span(0, 5), flat.source(3), flat.parts(0, 9)) == ("", Span(0, 0), 0, [])
