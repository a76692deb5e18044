"""Inline contents that become files, and files that stay out of build contexts."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.config import Settings
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions
from tests.fixes.services.composing import V, fixed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"configs:\n  c:\n    content: |\n      password = {V}\n  d: {{file: x}}\n",
            "configs:\n  c:\n    file: ./secrets/c\n  d: {file: x}\n",
        ),
        (
            f"configs:\n  c:\n    content: |2-\n        password = {V}\n\n# end\n",
            "configs:\n  c:\n    file: ./secrets/c\n\n# end\n",
        ),
        (
            f"configs:\n  c:\n    name: n\n    content: >-\n      password = {V}",
            "configs:\n  c:\n    name: n\n    file: ./secrets/c",
        ),
        (f"secrets:\n  c: {{content: '{V}', name: n}}\n", "secrets:\n  c: {file: ./secrets/c, name: n}\n"),
        (f"secrets:\n  c:\n    content: {V} # why\n", "secrets:\n  c:\n    file: ./secrets/c # why\n"),
        (
            f"secrets:\n  c: {{file: x}}\nconfigs:\n  c: {{content: 'password={V}'}}\n",
            "secrets:\n  c: {file: x}\nconfigs:\n  c: {file: ./secrets/configs-c}\n",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_content_becomes_a_file(tmp_path: Path, before: str, after: str, newline: str) -> None:
    found = fixed(tmp_path, before.replace("\n", newline))
    assert found.text == after.replace("\n", newline)
    assert any("make the file ./secrets/" in note for note in found.rewrite.notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            f"configs:\n  c:\n    content: |\n      host = ${{H}}\n      password = {V}\n",
            "fills in variables of the content",
        ),
        (f"configs:\n  c: &c\n    content: 'password={V}'\n  d: *c\n", "shared by an anchor"),
        (f"configs:\n  c:\n    content: 'password={V}'\n    file: x\n", "which compose rejects"),
        (f"configs:\n  a/b:\n    content: 'password={V}'\n", "no file can be named after configs.a/b"),
    ],
)
def test_what_is_left_says_why(tmp_path: Path, text: str, reason: str) -> None:
    found = fixed(tmp_path, text, unsafe=True)
    assert found.text == text and found.left and all(reason in one for one in found.left)


def test_a_doubled_dollar_sign_is_told(tmp_path: Path) -> None:
    found = fixed(tmp_path, f"configs:\n  c:\n    content: |\n      price = $$5\n      password = {V}\n")
    assert any("(`$$` in compose is one `$`)" in note for note in found.rewrite.notes)


COMPOSE = "services:\n  web:\n    build: .\n    secrets: [db]\nsecrets:\n  db:\n    file: ./deploy/db_pass\n"
DOCKERFILE = "FROM base.example/app:1\nWORKDIR /app\nCOPY . .\n"


def ignored(folder: Path, *, unsafe: bool = False, compose: str = COMPOSE, **files: str) -> tuple[str, list[str]]:
    """The ignore file afterwards ("": none), and why findings are left."""
    for name, text in {"deploy/db_pass": f"{V}\n", "Dockerfile": DOCKERFILE, **files}.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    (folder / "compose.yml").write_text(compose)
    [rewrite] = fix(Settings(), [str(folder / "compose.yml")], FixOptions(unsafe=unsafe)).rewrites
    [after] = [change.after for change in rewrite.changes if change.kind == "ignore"] or [""]
    assert len(rewrite.changes) == bool(after)
    return after, [left.reason for left in rewrite.left]


def test_a_file_stays_out_of_the_context(tmp_path: Path) -> None:
    assert ignored(tmp_path) == ("deploy/db_pass\n", [])


def test_the_ignore_file_keeps_its_lines(tmp_path: Path) -> None:
    assert ignored(tmp_path, __dockerignore="node_modules\r\n.git\r\n") == (
        "node_modules\r\n.git\r\ndeploy/db_pass\r\n",
        [],
    )


def test_several_files(tmp_path: Path) -> None:
    compose = COMPOSE + "  other:\n    file: ./deploy/other\n"
    assert ignored(tmp_path, compose=compose, **{"deploy/other": V}) == ("deploy/db_pass\ndeploy/other\n", [])


def test_a_file_that_something_names_may_be_read(tmp_path: Path) -> None:
    files = {"server.js": "open('deploy/db_pass')\n"}
    text, left = ignored(tmp_path, **files)
    assert text == "" and "server.js names it" in left[0]
    assert ignored(tmp_path, unsafe=True, **files)[0] == "deploy/db_pass\n"


@pytest.mark.parametrize(
    ("dockerfile", "reason"),
    [
        ("FROM base.example/app:1\nCOPY deploy/db_pass /x\n", "copies it by name"),
        (f"{DOCKERFILE}RUN cat deploy/db_pass | sh\n", "a RUN in the Dockerfile of web names it"),
    ],
)
def test_a_file_that_the_build_needs_is_left(tmp_path: Path, dockerfile: str, reason: str) -> None:
    text, [left] = ignored(tmp_path, unsafe=True, Dockerfile=dockerfile)
    assert text == "" and reason in left


def test_the_dockerfiles_own_ignore_file(tmp_path: Path) -> None:
    assert ignored(tmp_path, Dockerfile__dockerignore="x\n") == ("x\ndeploy/db_pass\n", [])


def test_the_dockerfiles_fix_may_add_lines_as_well(tmp_path: Path) -> None:
    files = {"Dockerfile": DOCKERFILE, "compose.yml": COMPOSE, "deploy/db_pass": V, ".env": f"API_TOKEN={V}\n"}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    first, second = fix(Settings(), [str(tmp_path)], FixOptions(unsafe=True)).rewrites
    [before] = [change for change in first.changes if change.kind == "ignore"]
    [after] = [change for change in second.changes if change.kind == "ignore"]
    assert (before.before, before.after) == (None, ".env\n")
    assert (after.before, after.after) == (".env\n", ".env\ndeploy/db_pass\n")
