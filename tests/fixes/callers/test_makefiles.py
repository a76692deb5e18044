"""Makefiles: recipes, make's own variables, `$$`, continued recipe lines."""

from __future__ import annotations

import pytest

from auditor.core.edit import apply_edits
from tests.fixes.callers.building import after, edits, refused

SECRET = "--secret id=npm_token,env=NPM_TOKEN"
LITERAL = "tok" + "en-3f9a"


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("all:\n\t@docker build --build-arg NPM_TOKEN=$(NPM_TOKEN) .\n", f"all:\n\t@docker build {SECRET} .\n"),
        ("all:\n\tdocker build --build-arg NPM_TOKEN=$$NPM_TOKEN .\n", f"all:\n\tdocker build {SECRET} .\n"),
        (
            "A = --build-arg NPM_TOKEN=$(NPM_TOKEN)\nall:\n\tdocker build $(A) -t $(IMG) .\n",
            f"A = {SECRET}\nall:\n\tdocker build $(A) -t $(IMG) .\n",
        ),
        (
            "T = $(shell pass npm)\nall:\n\tcd . && docker build --build-arg NPM_TOKEN=$(T) .\n",
            f"T = $(shell pass npm)\nall:\n\tcd . && NPM_TOKEN=$(T) docker build {SECRET} .\n",
        ),
        (
            'all:\n\tdocker build --build-arg NPM_TOKEN="$$(pass npm)" .\n',
            f'all:\n\tNPM_TOKEN="$$(pass npm)" docker build {SECRET} .\n',
        ),
        (
            "IMG ?= app # name\r\nall: dep\r\n\tdocker build \\\r\n\t\t--build-arg NPM_TOKEN \\\r\n\t\t-t $(IMG) .\r\n",
            f"IMG ?= app # name\r\nall: dep\r\n\tdocker build \\\r\n\t\t{SECRET} \\\r\n\t\t-t $(IMG) .\r\n",
        ),
        (
            f"NPM_TOKEN ?= {LITERAL}\nall:\n\tdocker build --build-arg NPM_TOKEN=$(NPM_TOKEN) .\n",
            f"NPM_TOKEN ?=\nall:\n\tdocker build {SECRET} .\n",
        ),
        (
            f"T := {LITERAL}\nall:\n\tdocker build --build-arg NPM_TOKEN=$(T) .\n",
            f"T := $(NPM_TOKEN)\nall:\n\tdocker build {SECRET} .\n",
        ),
    ],
)
def test_recipes_pass_secrets(before: str, wanted: str) -> None:
    assert after("Makefile", before) == wanted


def test_the_folder_of_each_recipe_line_is_its_own() -> None:
    text = "all:\n\tcd other\n\tdocker build --build-arg NPM_TOKEN .\n"
    assert after("Makefile", text) == f"all:\n\tcd other\n\tdocker build {SECRET} .\n"


def test_a_value_in_a_variable_is_burnt() -> None:
    found = edits("Makefile", f"NPM_TOKEN := {LITERAL}\nall:\n\tdocker build --build-arg NPM_TOKEN=$(NPM_TOKEN) .\n")
    assert [(b.what, b.where) for b in found.burnt] == [("value of NPM_TOKEN", "Makefile:1")]


def test_other_recipe_prefixes_are_refused() -> None:
    assert "cannot be read" in refused("Makefile", ".RECIPEPREFIX = >\nall:\n>docker build --build-arg NPM_TOKEN .\n")


def test_a_variable_of_unclear_use_is_a_problem() -> None:
    text = "A = --build-arg NPM_TOKEN=$(shell x)\nall:\n\tdocker build $(A) .\n"
    found = edits("Makefile", text)
    assert found.problems == ("line 1: NPM_TOKEN is passed as a build argument where it cannot be changed",)
    assert SECRET in apply_edits(text, found.edits)
