"""Changes of a Dockerfile as text edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.core.edit import apply_edits
from auditor.core.span import Span
from auditor.fixes.compose import compose
from auditor.fixes.plan import Change, Drop, DropCommand, DropPair, DropSource, Mount, Prelude, Refused, Replace
from auditor.lang.dockerfile.parser import parse

if TYPE_CHECKING:
    from auditor.lang.dockerfile.nodes import Document, Instruction

MOUNT = "--mount=type=secret,id=t"


def after(document: Document, *changes: Change) -> str:
    return apply_edits(document.text, compose(document, changes))


def second(text: str) -> tuple[Document, Instruction]:
    document = parse(text)
    assert document.error is None
    return document, document.instructions[1]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN a\n", f"RUN {MOUNT} \\\n    b; \\\n    a\n"),
        ("RUN   a\n", f"RUN {MOUNT} \\\n    b; \\\n    a\n"),
        ("RUN --network=host a\n", f"RUN --network=host \\\n    {MOUNT} \\\n    b; \\\n    a\n"),
        ("RUN \\\n  a \\\n  c\n", f"RUN {MOUNT} \\\n    b; \\\n  a \\\n  c\n"),
        ("RUN \\\n  # why\n  a\n", f"RUN {MOUNT} \\\n    b; \\\n  # why\n  a\n"),
        ("RUN <<E\na\nE\n", f"RUN {MOUNT} <<E\nb\na\nE\n"),
        ("RUN <<E\n#!/bin/bash\na\nE\n", f"RUN {MOUNT} <<E\n#!/bin/bash\nb\na\nE\n"),
        ('RUN ["x", "y"]\n', f'RUN {MOUNT} ["/bin/sh", "-c", "b; exec \\"$0\\" \\"$@\\"", "x", "y"]\n'),
        ("RUN a", f"RUN {MOUNT} \\\n    b; \\\n    a"),
        ("run a\r\n", f"run {MOUNT} \\\r\n    b; \\\r\n    a\r\n"),
    ],
)
def test_a_mount_and_a_statement(run: str, expected: str) -> None:
    newline = "\r\n" if "\r" in run else "\n"
    document, node = second(f"FROM x{newline}{run}")
    assert after(document, Mount(node, MOUNT), Prelude(node, "b")) == f"FROM x{newline}{expected}"


def test_changes_of_several_plans_meet_in_one_run() -> None:
    document, node = second("FROM x\nRUN a\n")
    changes = [Prelude(node, "set", 3), Mount(node, MOUNT), Prelude(node, "rm f", 2), Prelude(node, "rm g", 2)]
    changes += [Mount(node, MOUNT), Prelude(node, "export A=1", 0)]
    assert after(document, *changes) == (
        f"FROM x\nRUN {MOUNT} \\\n    export A=1; \\\n    trap 'rm f; rm g' EXIT; \\\n    set; \\\n    a\n"
    )


def test_an_exec_form_with_a_trap_keeps_its_shell() -> None:
    document, node = second('FROM x\nRUN ["y"]\n')
    assert '"$0\\" \\"$@\\""' in after(document, Prelude(node, "rm f", 2))
    assert "exec" not in after(document, Prelude(node, "rm f", 2))


@pytest.mark.parametrize(
    "run", ["RUN if a; then trap 'x' EXIT; fi; b\n", "RUN trap x EXIT; b\n", "RUN trap 'x' EXIT; trap 'y' EXIT\n"]
)
def test_a_trap_that_cannot_take_ours(run: str) -> None:
    document, node = second(f"FROM x\n{run}")
    with pytest.raises(Refused, match="trap of its own"):
        compose(document, [Prelude(node, "rm f", 2)])


@pytest.mark.parametrize(
    ("run", "is_refused"),
    [("RUN a && exec b\n", True), ("RUN exec b\n", True), ("RUN exec 2>&1; b\n", False), ("RUN (exec b); c\n", False)],
)
def test_a_shell_that_becomes_another_program_cleans_nothing_up(run: str, is_refused: bool) -> None:
    document, node = second(f"FROM x\n{run}")
    if is_refused:
        with pytest.raises(Refused, match="exec"):
            compose(document, [Prelude(node, "rm f", 2)])
    else:
        assert "trap 'rm f' EXIT" in after(document, Prelude(node, "rm f", 2))


@pytest.mark.parametrize(
    ("text", "gone", "expected"),
    [
        ("RUN a && b && c\n", ["b"], "RUN a && c\n"),
        ("RUN a && b && c\n", ["a"], "RUN b && c\n"),
        ("RUN a && b && c\n", ["a", "b"], "RUN c\n"),
        ("RUN a && \\\n  b; \\\n  c\n", ["c"], "RUN a && \\\n  b; \\\n  :\n"),
        ("RUN set -eu; a; b\n", ["b"], "RUN set -eu; a\n"),
        ("RUN set -u; a; b\n", ["b"], "RUN set -u; a; :\n"),
        ("RUN a; b && c\n", ["b"], "RUN a; : && c\n"),
        ("RUN a; b && c; d\n", ["b", "c"], "RUN a; d\n"),
        ("RUN a; b; c\n", ["b"], "RUN a; c\n"),
        ("RUN a && b; c\n", ["b"], "RUN a; c\n"),
        ("RUN set -e; a && b; c\n", ["b"], "RUN set -e; a && :; c\n"),
        ("RUN b; a && c\n", ["b"], "RUN a && c\n"),
        ("RUN a && b\n", ["a", "b"], ""),
        ("RUN <<E\na\nb\nE\n", ["a"], "RUN <<E\nb\nE\n"),
    ],
)
def test_commands_go(text: str, gone: list[str], expected: str) -> None:
    document, node = second(f"FROM x\n{text}CMD y\n")
    body = document.text.index("RUN") + 4
    places = [document.text.index(name, body) for name in gone]
    assert after(document, *(DropCommand(node, at) for at in places)) == f"FROM x\n{expected}CMD y\n"


def test_a_statement_goes_as_a_whole() -> None:
    document, node = second("FROM x\nRUN a && if c; then b; fi; d\n")
    assert after(document, DropCommand(node, document.text.index("b;"))) == "FROM x\nRUN a; d\n"


@pytest.mark.parametrize("run", ["RUN a & b\n", "RUN a && ( b\n", 'RUN ["b"]\n', "RUN cat <<E > f\nb\nE\n"])
def test_commands_that_cannot_be_told_apart_stay(run: str) -> None:
    document, node = second(f"FROM x\n{run}")
    with pytest.raises(Refused):
        compose(document, [DropCommand(node, document.text.rindex("b"))])


@pytest.mark.parametrize(
    ("line", "gone", "expected"),
    [
        ("ENV A=1 B=2 C=3\n", ["B"], "ENV A=1 C=3\n"),
        ("ENV A=1 B=2 C=3\n", ["A", "C"], "ENV B=2\n"),
        ("ENV A=1 \\\n    B=2\n", ["B"], "ENV A=1\n"),
        ("ENV A=1\n", ["A"], ""),
    ],
)
def test_pairs_go(line: str, gone: list[str], expected: str) -> None:
    document, node = second(f"FROM x\n{line}CMD y\n")
    changes = [DropPair(node, pair) for pair in node.pairs if pair.name in gone]
    assert after(document, *changes) == f"FROM x\n{expected}CMD y\n"


@pytest.mark.parametrize(
    ("line", "gone", "expected"),
    [
        ("COPY a b c /d/\n", ["b"], "COPY a c /d/\n"),
        ("COPY a /d/\n", ["a"], ""),
        ('COPY ["a", "b c", "/d/"]\n', ["a"], 'COPY ["b c", "/d/"]\n'),
        ("COPY --chown=1 a b /d/\n", ["a"], "COPY --chown=1 b /d/\n"),
    ],
)
def test_sources_go(line: str, gone: list[str], expected: str) -> None:
    document, node = second(f"FROM x\n{line}CMD y\n")
    changes = [DropSource(node, word.whole) for word in node.words[:-1] if word.text in gone]
    assert after(document, *changes) == f"FROM x\n{expected}CMD y\n"


def test_an_instruction_goes_with_what_else_was_planned_for_it() -> None:
    text = "FROM x\nRUN <<E\na\nE\nCMD y\n"
    document, node = second(text)
    inside = Replace(Span(text.index("a\n"), text.index("a\n") + 1), "b")
    assert after(document, Mount(node, MOUNT), inside, Drop(node)) == "FROM x\nCMD y\n"


@pytest.mark.parametrize("gone", [[0], [1], [0, 1], []])
def test_a_line_between_two_that_go_stays(gone: list[int]) -> None:
    document = parse("FROM x\nENV A=1\nENV B=2\nCMD y\n")
    lines = document.instructions[1:3]
    place = lines[1].span.start
    text = after(document, Replace(Span(place, place), "USER u\n"), *(Drop(lines[at]) for at in gone))
    kept = ["ENV A=1\n" if 0 not in gone else "", "USER u\n", "ENV B=2\n" if 1 not in gone else ""]
    assert text == f"FROM x\n{''.join(kept)}CMD y\n"


def test_the_byte_order_mark_stays() -> None:
    document = parse("\ufeffARG T\nFROM x\n")
    assert after(document, Drop(document.instructions[0])) == "\ufeffFROM x\n"


@pytest.mark.parametrize("first", ["#!/usr/bin/env python3", "#!/usr/bin/python3", "#!/usr/bin/perl -w", "#!/bin/fish"])
def test_no_statement_of_a_shell_in_a_script_of_another_program(first: str) -> None:
    document, node = second(f"FROM x\nRUN <<E\n{first}\na\nE\n")
    assert after(document, Mount(node, MOUNT)) == f"FROM x\nRUN {MOUNT} <<E\n{first}\na\nE\n"
    with pytest.raises(Refused, match="another program"):
        after(document, Mount(node, MOUNT), Prelude(node, "b"))


@pytest.mark.parametrize("first", ["#!/bin/sh -eu", "#!/usr/bin/env bash", "#! /bin/dash", "#!/usr/bin/env -S bash -e"])
def test_a_script_that_names_its_shell(first: str) -> None:
    document, node = second(f"FROM x\nRUN <<E\n{first}\na\nE\n")
    assert after(document, Prelude(node, "b")) == f"FROM x\nRUN <<E\n{first}\nb\na\nE\n"


@pytest.mark.parametrize(
    ("run", "fits"),
    [
        ("a && exec b", False),
        ("exec b", False),
        ("if c; then exec b; fi", False),
        ("(exec b); a", True),
        ("exec 2>&1; a", True),
        ("a exec b", True),
    ],
)
def test_what_cleans_up_needs_a_shell_that_ends(run: str, fits: bool) -> None:
    document, node = second(f"FROM x\nRUN {run}\n")
    change = Prelude(node, "rm -f /f", 2)
    if fits:
        assert "trap 'rm -f /f' EXIT" in after(document, change)
    else:
        with pytest.raises(Refused, match="exec"):
            after(document, change)
