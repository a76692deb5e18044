"""The line of a configuration file that sets a key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.configlines import line_of

AUDIT = ("tool", "audit")


@pytest.mark.parametrize(
    ("content", "table", "line"),
    [
        ('fail-on = "low"\n', (), 1),
        ('\ufeff# fail-on = 1\r\n\r\n  "fail-on"\t= "low"\r\n', (), 3),
        ("'fail-on' = 1", (), 1),
        ("fail-on-x = 1\nfail-on = 1\n", (), 2),
        ('exclude = ["""\nfail-on = 1\n"""]\nfail-on = 1\n', (), 4),
        ("exclude = [\n  'x',\n]\nfail-on = 1\n", (), 4),
        ("[severity]\nfail-on = 1\n", (), 0),
        ("[a]\nfail-on = 1\n[tool.audit]\nfail-on = 1\n", AUDIT, 4),
        ("[ tool . 'audit' ]\nx = 1\nfail-on = 1\n", AUDIT, 3),
        ("[tool]\naudit = { fail-on = 1 }\n", AUDIT, 0),
        ("[tool]\naudit.fail-on = 1\n", AUDIT, 0),
        ("x = 1\n", (), 0),
        ("", (), 0),
        ("fail-on = [\n" * 100, (), 1),
        ("[fail-on]\na = 1\n", (), 1),
        ("[tool.audit]\n[tool.audit.fail-on]\n", AUDIT, 2),
        ('x = """\n[fail-on]\n"""\n[fail-on]\n', (), 4),
        ("".join(f"[a{n}]\nfail-on = 1\n" for n in range(50)) + "[tool.audit]\nfail-on=1", AUDIT, 0),
    ],
)  # fmt: skip
def test_lines(content: str, table: tuple[str, ...], line: int, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_bytes(content.encode())
    assert line_of(str(tmp_path / "audit.toml"), table, "fail-on") == line


@pytest.mark.parametrize("content", [b"\xff", b"fail-on = " + b"[" * 100_000])
def test_a_broken_file_is_no_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_bytes(content)
    assert line_of(str(tmp_path / "audit.toml"), (), "fail-on") in (0, 1)
    assert line_of(str(tmp_path / "none.toml"), (), "fail-on") == 0


LINES = st.sampled_from(
    [
        "fail-on = 1",
        "x = 1",
        '"fail-on" = 2',
        "[a]",
        "[tool.audit]",
        'y = """',
        '"""',
        "z = [",
        "]",
        "# fail-on = 1",
        "",
    ]
)


@given(st.lists(LINES, max_size=8))
def test_what_is_told_sets_the_key(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Of any file that is right: without the line the key is not there."""
    try:
        table = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return
    path = tmp_path_factory.getbasetemp() / "audit.toml"
    path.write_text("\n".join(lines))
    line = line_of(str(path), (), "fail-on")
    assert (line > 0) == ("fail-on" in table)
    if line:
        without = tomllib.loads("\n".join(lines[: line - 1] + lines[line:]))
        assert "fail-on" not in without
