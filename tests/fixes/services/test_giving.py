"""Services of compose files get the files that their containers need when they start."""

from __future__ import annotations

import pytest

from auditor.core.edit import apply_edits
from auditor.fixes.callers.shapes import BuildChange, Caller
from auditor.fixes.plan import Given
from auditor.fixes.services.giving import give_files

KEY = Given("site.key", "tls/site.key", "/run/secrets/site.key")
BUILD = BuildChange("/r/web/Dockerfile", "/r/web", (), frozenset(), True)


def given(text: str) -> tuple[str, tuple[str, ...]]:
    found = give_files(Caller("/r/compose.yml", "compose.yml", text), BUILD, [KEY])
    return apply_edits(text, found.edits), found.problems


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "services:\n  web:\n    build: ./web  # x\n  db:\n    image: a\n",
            "services:\n  web:\n    build: ./web  # x\n    secrets:\n      - site.key\n  db:\n    image: a\n"
            "secrets:\n  site.key:\n    file: ./web/tls/site.key\n",
        ),
        (
            "services:\n  web:\n    build: {context: web}\n    secrets: [a]\nsecrets:\n  a:\n    file: ./a\n",
            "services:\n  web:\n    build: {context: web}\n    secrets: [a, site.key]\nsecrets:\n  a:\n    file: ./a\n"
            "  site.key:\n    file: ./web/tls/site.key\n",
        ),
        (
            "services:\r\n  web:\r\n    build: web\r\n",
            "services:\r\n  web:\r\n    build: web\r\n    secrets:\r\n      - site.key\r\n"
            "secrets:\r\n  site.key:\r\n    file: ./web/tls/site.key\r\n",
        ),
        ("services:\n  api:\n    build: ./api\n", None),
        ("services:\n  web:\n    image: web\n", None),
        ("services:\n  web:\n    build: ${WHERE}\n", None),
        ("services:\n  web:\n    build: ./web\n    secrets: [site.key]\n", None),
        ("x: [build\n", None),
    ],
)
def test_the_service_that_builds_it_gets_it(before: str, after: str | None) -> None:
    text, problems = given(before)
    assert text == (before if after is None else after)
    assert not problems or "x:" in before


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  web:\n    build: ./web\n    secrets: {}\n",
        "services:\n  web:\n    build: ./web\nsecrets: *a\n",
    ],
)
def test_what_cannot_be_written_is_a_problem(text: str) -> None:
    after, problems = given(text)
    assert after == text and problems
