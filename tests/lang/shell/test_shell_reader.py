from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor.core.span import Span
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Command, Literal, Script, VariableUse, Word


def shown(command: Command) -> str:
    """A command on one line: kind, assignments, words, redirections, what it reads and whether it is captured."""
    parts = [command.kind + ":"] if command.kind != "command" else []
    parts += [a.name if a.value is None else f"{a.name}={a.value.rendered}" for a in command.assignments]
    parts += [word.rendered for word in command.words]
    parts += [f"{r.fd}{r.op}[{r.target.rendered}]" for r in command.redirects]
    parts += [f"<-{source.name}" for source in command.reads]
    return " ".join(parts) + (" (captured)" if command.captured else "")


def words_of(command: Command) -> list[Word]:
    values = [a.value for a in command.assignments if a.value is not None]
    return [*command.words, *values, *(r.target for r in command.redirects)]


def everything(script: Script) -> Iterator[Command]:
    """All commands, those of substitutions behind the one that holds them."""
    for command in script.commands:
        yield command
        for word in words_of(command):
            for part in word.substitutions():
                yield from everything(part.script)


def lines(text: str) -> list[str]:
    return [shown(command) for command in everything(reader.read(text))]


def only_word(text: str) -> Word:
    (command,) = reader.read("a " + text).commands
    (_, word) = command.words
    return word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        ("# only a comment", []),
        ("a b", ["a b"]),
        ("a # b", ["a"]),
        ("# c\na", ["a"]),
        ("a;b\nc & d", ["a", "b", "c", "d"]),
        ("a && b || c", ["a", "b", "c"]),
        ("a \r\n b\r\n", ["a", "b"]),
        ("! a", ["a"]),
        ("a && \\\n b", ["a", "b"]),
        ("time a", ["time a"]),
        ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("while a; do b; done", ["a", "b"]),
        ("until a; do b; done", ["a", "b"]),
        ("case $x in y) b;; *) c;; esac", ["test: ${x}", "test: y", "b", "c"]),
        ("for i in x $y; do b; done", ["for: i x ${y}", "b"]),
        ("for ((i=0;i<3;i++)); do b; done", ["i=0", "b"]),
        ("f() { a; }; f", ["function: f", "f"]),
        ("(a; { b; })", ["a", "b"]),
        ("a $(b | c) `d`", ["a $(...) $(...)", "b (captured)", "c <-b (captured)", "d (captured)"]),
        ("a <(b)", ["a $(...)", "b (captured)"]),
        ('a "$(b "$(c)")"', ["a $(...)", "b $(...) (captured)", "c (captured)"]),
        ('a "${A:-$(b)}"', ["a ${A}", "b (captured)"]),
        ("a > $(b)", ["a >[$(...)]", "b (captured)"]),
    ],
)
def test_commands_in_execution_order(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", ["A=1"]),
        ("A=", ["A="]),
        ("A+=b", ["A=b"]),
        ("A=b=c", ["A=b=c"]),
        ("A=1 B=2", ["A=1 B=2"]),
        ("A='x''y' b", ["A=xy b"]),
        ("A=$B$(c)d", ["A=${B}$(...)d", "c (captured)"]),
        ("export A=1 B C='x y'", ["declare: A=1 B C=x y export"]),
        ("readonly A; local B=c; unset D", ["declare: A readonly", "declare: B=c local", "declare: D unset"]),
        ("declare -x A=1", ["declare: A=1 declare -x"]),
        ("env A=1 b", ["env A=1 b"]),
        ("b --c=d E=f", ["b --c=d E=f"]),
        ('[ "$A" = b ] && c', ["test: ${A} b", "c"]),
        ("[[ $A == b ]]", ["test: ${A} b"]),
        ("test -n $A", ["test -n ${A}"]),
    ],
)
def test_assignments_and_tests(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > f", ["a >[f]"]),
        ("a>f", ["a >[f]"]),
        ("a 2> e >> g", ["a 2>[e] >>[g]"]),
        ("a >| f; b &> g; c &>> h", ["a >|[f]", "b &>[g]", "c &>>[h]"]),
        ("a > f 2>&1", ["a >[f] 2>&[1]"]),
        ("a < f", ["a <[f]"]),
        ("> f", [">[f]"]),
        ("a >&2", ["a >&[2]"]),
        ("a > f$b.c", ["a >[f${b}.c]"]),
        ("a && b > f", ["a", "b >[f]"]),
        ("a | b > f", ["a", "b >[f] <-a"]),
        ("{ a; b; } > f", ["a >[f]", "b >[f]"]),
        ("(a; b) > f", ["a >[f]", "b >[f]"]),
        ("if a; then b; fi > f", ["a >[f]", "b >[f]"]),
        ("for i in x; do b; done > f", ["for: i x", "b >[f]"]),
        ("while a; do b > g; done < f", ["a <[f]", "b >[g] <[f]"]),
        ("exec 3> f", ["exec 3>[f]"]),
        ('a <<< "$x"', ["a <<<[${x}]"]),
        ("a <<E\nx $y\nE\n", ["a <<[x ${y}\n]"]),
        ("a <<'E'\nx $y\nE\nb", ["a <<[x $y\n]", "b"]),
        ("a <<\\E\n$x\nE\n", ["a <<[$x\n]"]),
        ('a <<-"E"\nx $y\nE\n', ["a <<[x $y\n]"]),
        ("a <<E > f && b\nx\nE\n", ["a <<[x\n] >[f]", "b"]),
        ("a > f <<E\nx\nE\n", ["a >[f] <<[x\n]"]),
        ("a <<E || b\nx\nE\n", ["a <<[x\n]", "b"]),
        ("a <<E | b\nx\nE\n", ["a <<[x\n]", "b <-a"]),
    ],
)
def test_redirections_and_heredocs(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a; b", ["a", "b"]),
        ("a || b", ["a", "b"]),
        ("a | b | c", ["a", "b <-a", "c <-b"]),
        ("a |& b", ["a", "b <-a"]),
        ("(a; b) | c", ["a", "b", "c <-a <-b"]),
        ("{ a; } 2>x | b", ["a 2>[x]", "b <-a"]),
        ("a | { b; c; }", ["a", "b <-a", "c <-a"]),
        ("a | while b; do c; done", ["a", "b <-a", "c <-a"]),
        ("a | if b; then c; fi", ["a", "b <-a", "c <-a"]),
        ("a $(b) | c", ["a $(...)", "b (captured)", "c <-a"]),
    ],
)
def test_pipes(text: str, expected: list[str]) -> None:
    assert lines(text) == expected
    for command in everything(reader.read(text)):
        assert command.piped == bool(command.feeds)
        assert all(command in follower.reads for follower in command.feeds)


@pytest.mark.parametrize(
    ("text", "rendered", "literal"),
    [
        ("b", "b", "b"),
        ("'b $c'", "b $c", "b $c"),
        ('"b c"', "b c", "b c"),
        (r"b\ c", "b c", "b c"),
        (r'"\x\n"', r"\x\n", r"\x\n"),
        (r'"\"\$\\\`"', '"$\\`', '"$\\`'),
        ('"b\\\nc"', "bc", "bc"),
        (r"$'b\nc'", "b\nc", "b\nc"),
        ("'b'\"c\"d", "bcd", "bcd"),
        ('--b="c d"', "--b=c d", "--b=c d"),
        ("~/*.b", "~/*.b", "~/*.b"),
        ('"b$"', "b$", "b$"),
        ("$b", "${b}", None),
        ("$b'c'", "${b}c", None),
        ('"$1$b"', "${1}${b}", None),
        ("$(b)", "$(...)", None),
        ("$((b + 1))c", "$(...)c", None),
        ("${b%.*}", "${b}", None),
    ],
)
def test_word_value(text: str, rendered: str, literal: str | None) -> None:
    word = only_word(text)
    assert (word.rendered, word.literal, word.source) == (rendered, literal, text)


@pytest.mark.parametrize(
    ("text", "name", "operator", "default"),
    [
        ("$b", "b", "", None),
        ("${b}", "b", "", None),
        ("${b[0]}", "b", "", None),
        ("${b:-c}", "b", ":-", "c"),
        ("${b-c}", "b", "-", "c"),
        ("${b:='c d'}", "b", ":=", "c d"),
        ('${b:+"c"}', "b", ":+", "c"),
        ("${b:-${c:-d}}", "b", ":-", "${c}"),
        ("${b:?c}", "b", ":?", None),
        ("${b#c}", "b", "#", None),
        ("${b/c/d}", "b", "/", None),
    ],
)
def test_variable_and_its_default(text: str, name: str, operator: str, default: str | None) -> None:
    (part,) = only_word(text).parts
    assert isinstance(part, VariableUse)
    assert (part.name, part.operator, part.default and part.default.rendered) == (name, operator, default)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("'$b'", []),
        (r"\$b", []),
        ("$(echo $b)", []),
        ("$b${c}", ["b", "c"]),
        ("${b:-$c}d$e", ["b", "c", "e"]),
        ("${b:-${c:-${d}}}", ["b", "c", "d"]),
        ("${b#$c}", ["b"]),
    ],
)
def test_variables_that_a_value_depends_on(text: str, names: list[str]) -> None:
    assert [use.name for use in only_word(text).variables()] == names


def parts(word: Word) -> Iterator[tuple[str, Span]]:
    """What each part stands for and where: the text of a literal, `$name` of a variable."""
    for part in word.parts:
        if isinstance(part, Literal):
            yield part.text, part.span
        elif isinstance(part, VariableUse):
            yield "$" + part.name, part.span


@pytest.mark.parametrize(
    "text",
    [
        "a b 'c' \"d\" $e",
        "é 'ü' \"\U0001f600$x\" y",
        'A=é b="ü$c" d > "f é"',
        "a <<É\né $b\nÉ\nc é\n",
        "a\r\nb 'c\r\n' d\r\n",
        "a $(b 'é' \"$(c ü)\") `d é`",
        "a\ufeffb c\x00d e\udcffg h",
    ],
)
def test_every_part_stands_where_it_says(text: str) -> None:
    for command in everything(reader.read(text)):
        for word in words_of(command):
            assert text[slice(*word.span)] == word.source
            for shown_text, span in parts(word):
                assert text[slice(*span)] == shown_text
        for assignment in command.assignments:
            assert text[slice(*assignment.name_span)] == assignment.name
            assert text[slice(*assignment.span)].startswith(assignment.name + "=")


def test_offsets_go_through_the_given_map() -> None:
    (command,) = reader.read("a 'b' > c", lambda offset: 100 + 10 * offset).commands
    assert [word.span for word in command.words] == [(100, 101), (120, 141)]
    assert command.words[1].parts[0].span == (130, 131)
    assert command.redirects[0].target.span == (180, 181)


@pytest.mark.parametrize(
    ("text", "name"),
    [("a", "a"), ("/usr/bin/a", "a"), ("'C:\\x\\a'", "a"), ("$a", ""), ("A=1", ""), ("> f", ""), ("a$b", "")],
)
def test_name_of_a_command(text: str, name: str) -> None:
    (command,) = reader.read(text).commands
    assert command.name == name


@pytest.mark.parametrize("text", ["a '", 'a "', "a $(", "a ${", "if a; then", "a <<E\nx", ")", "}", "|", "&& a"])
def test_broken_scripts_give_what_can_be_read(text: str) -> None:
    script = reader.read(text)
    assert not script.truncated
    assert {shown(command).split()[0] for command in script.commands if command.words} <= {"a", "b", "|", ")", "}"}
