"""Small files, read and replaced whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.core.errors import RuleDataError, UsageError
from auditor.core.smallfile import content_of, json_of, replace_file


def test_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert content_of(str(tmp_path / "a"), 5) == b"12345"
    with pytest.raises(UsageError, match="larger than 4 bytes"):
        content_of(str(tmp_path / "a"), 4)


@pytest.mark.parametrize("name", ["missing", "a\0b", "."])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuleDataError, match="cannot be read"):
        content_of(str(tmp_path / name), 4, RuleDataError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="not a regular file"):
        content_of(str(tmp_path / "pipe"), 4)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff", r"x: not UTF-8 \(byte 0\)"),
        (b"[\n1,", "x: not JSON: .* line 2"),
        (b"9" * 5_000, "x: not JSON: a number has too many digits"),
        (b"[" * 100_000, "x: nested too deeply"),
    ],
)
def test_what_is_no_json(content: bytes, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        json_of("x", content)


def test_json_with_a_byte_order_mark() -> None:
    assert json_of("x", b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_a_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", _fails)
    with pytest.raises(UsageError, match="cannot be written: no room"):
        replace_file(str(path), "new")
    assert [file.name for file in tmp_path.iterdir()] == ["x"]
    assert path.read_text() == "old"


def _fails(_source: str, _target: str) -> None:
    raise OSError(28, "no room")
