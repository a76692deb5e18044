"""What `audit rules check` says about the fixed text of an example."""

from __future__ import annotations

import pytest

from auditor.core.finding import Severity
from auditor.run.examples import Example
from auditor.run.rewrite.examples import problem, rewritten, with_fix

AFTER = "FROM a\nCMD x\n"
PLAIN = Example("arg-secret", "bad", 1, "", "FROM a\nARG NPM_TOKEN\nCMD x\n", ("NPM_TOKEN",), None, None, fixed=AFTER)
COPIED = Example(
    "context-secret-file", "bad", 1, "", "FROM a\nCOPY . .\n", (".",), None,
    {".env": "A_TOKEN=zbV9QsLBHXKhgc1QxygJofAP\n", ".dockerignore": "*.log\n"}, ignored=(".env",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (PLAIN, ""),
        (COPIED, ""),
        (PLAIN._replace(fixed="FROM b\n"), "the fixed text is another one"),
        (PLAIN._replace(text="FROM a\nARG VERSION\n"), "nothing is fixed: "),
        (
            PLAIN._replace(text="FROM a\nARG NPM_TOKEN\nLABEL a=$NPM_TOKEN\n"),
            "nothing is fixed: NPM_TOKEN is used in LABEL",
        ),
        (COPIED._replace(ignored=("*",)), "the ignore file should get ['*'], gets ['.env']"),
        (COPIED._replace(fixed="FROM b\n"), "the fixed text is another one"),
    ],
)
def test_problems(example: Example, expected: str) -> None:
    found = problem(example)
    assert found.startswith(expected) if expected else found == ""


def test_the_example_afterwards_has_both_files() -> None:
    result = rewritten(COPIED)
    after = with_fix(COPIED, result)
    assert after.text == COPIED.text
    assert after.files == {**(COPIED.files or {}), ".dockerignore": "*.log\n.env\n"}
    assert rewritten(after).ignored == ()


def test_the_least_severity() -> None:
    cache = Example("package-cache", "bad", 1, "", "FROM node:22\nRUN npm ci\n", ("npm ci",), None, None)
    assert rewritten(cache).text == cache.text
    assert "type=cache" in rewritten(cache._replace(least=Severity.LOW)).text
