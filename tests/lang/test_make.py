"""Makefiles: recipes with places, variables, exports."""

from __future__ import annotations

import pytest

from auditor.lang import make
from auditor.lang.derived import FOREIGN, plain


def _read(text: str) -> make.Makefile:
    found = make.read(text)
    assert found is not None
    return found


def test_recipes_are_what_the_shell_reads() -> None:
    text = "all: x\n\t@-echo $$HOME $(X) \\\n\t  b\n\nb:\r\n\tcd ${D:a=b} && x $@\r\n"
    recipes = _read(text).recipes
    assert [r.text for r in recipes] == [
        "echo $HOME " + FOREIGN * 4 + " \\\n  b",
        "cd " + FOREIGN * 8 + " && x " + FOREIGN * 2,
    ]
    for recipe in recipes:
        assert all(text[recipe.at(i)] == char for i, char in enumerate(recipe.text) if char != FOREIGN)


def test_variables() -> None:
    text = "A = b # c\nexport D := e f\nG ?=\nH += \\\n  i\n  J=k\\#l # m\nall:\n\tN=o\n"
    found = _read(text).variables
    assert [(v.name, v.operator, text[slice(*v.value)], v.exported) for v in found] == [
        ("A", "=", "b", False),
        ("D", ":=", "e f", True),
        ("G", "?=", "", False),
        ("H", "+=", "\\\n  i", False),
        ("J", "=", "k\\#l", False),
    ]


@pytest.mark.parametrize(
    ("text", "exported", "is_all", "includes"),
    [
        ("export A B # c\n", {"A", "B"}, False, False),
        ("export\n", set(), True, False),
        ("-include x.mk\n", set(), False, True),
        ("all:\n\texport A\n", set(), False, False),
    ],
)
def test_exports(text: str, exported: set[str], is_all: bool, includes: bool) -> None:
    found = _read(text)
    assert (found.exported, found.exports_all, found.includes) == (exported, is_all, includes)


def test_what_cannot_be_read() -> None:
    assert make.read(".RECIPEPREFIX = >\n") is None
    assert make.read("a" * (make.MAX_CHARS + 1)) is None


def test_expansions_end_where_their_brackets_do() -> None:
    for text in ("$(a $(b) c)x", "${a}x", "$ax", "$(a"):
        end = make.expansion_end(text, 0, len(text))
        assert text[end:] in ("x", "")


def test_a_whole_file_without_its_carriage_returns() -> None:
    text = "\ufeffa\r\nb\rc\r\n"
    made = plain(text)
    assert made.text == "a\nb\rc\n"
    assert made.span(1, 2) == (3, 4)
    assert text[made.at(2)] == "b"
    assert plain("ab").span(1, 1) == (1, 1)
