"""Lines added to an ignore file."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.run.rewrite.ignores import IgnoreText, context_with, current, extended
from auditor.sources.context import BuildContext
from auditor.sources.files import UnreadableFile


@pytest.mark.parametrize(
    ("text", "lines", "after"),
    [
        ("", [".npmrc"], ".npmrc\n"),
        ("node_modules\n", [".npmrc", ".env"], "node_modules\n.npmrc\n.env\n"),
        ("node_modules", [".npmrc"], "node_modules\n.npmrc\n"),
        ("a\r\nb\r\n", [".npmrc"], "a\r\nb\r\n.npmrc\r\n"),
        (".npmrc\n", [".npmrc"], ".npmrc\n"),
        ("a\n", [".env", ".env"], "a\n.env\n"),
    ],
)
def test_added(text: str, lines: list[str], after: str) -> None:
    assert extended(IgnoreText(".dockerignore", text, text), lines).after == after


def test_where_it_is(tmp_path: Path) -> None:
    dockerfile = str(tmp_path / "Dockerfile")
    assert current(dockerfile, str(tmp_path), {}) == IgnoreText(str(tmp_path / ".dockerignore"), None, "")
    (tmp_path / ".dockerignore").write_text("a\n")
    assert current(dockerfile, str(tmp_path), {}) == IgnoreText(str(tmp_path / ".dockerignore"), "a\n", "a\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("b\n")
    path = str(tmp_path / "Dockerfile.dockerignore")
    assert current(dockerfile, str(tmp_path), {}) == IgnoreText(path, "b\n", "b\n")
    assert current(dockerfile, str(tmp_path), {path: "c\n"}) == IgnoreText(path, "b\n", "c\n")


def test_too_large(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(UnreadableFile):
        current(str(tmp_path / "Dockerfile"), str(tmp_path), {})


def test_the_context_as_it_would_be_sent(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("x")
    (tmp_path / "app.js").write_text("x")
    ignore = extended(current(str(tmp_path / "Dockerfile"), str(tmp_path), {}), [".npmrc"])
    before = BuildContext(str(tmp_path), None, None)
    assert set(before.select(".")) == {".npmrc", "app.js"}
    assert set(context_with(before, ignore).select(".")) == {"app.js"}
