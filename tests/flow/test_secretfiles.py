"""Files of secrets that a compose file names: reported where an image takes them, or git has them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.core.config import Settings
from auditor.run.pipeline import lint

V = "Rk5wV9" + "xQm3Zt7Lp"
COMPOSE = "services:\n  web:\n    build: .\n    env_file: app.conf\nsecrets:\n  db: {file: ./deploy/db}\n"
FILES = {"app.conf": f"STAGE=prod\nexport DB_PASSWORD='{V}'\n", "deploy/db": f"{V}\n", "src/a.js": "1\n"}


def found(folder: Path, compose: str = COMPOSE, **files: str) -> list[str]:
    """Rule and place of every finding in the compose file; `__` in names stands for a dot."""
    given = {**FILES, **{name.replace("__", "."): text for name, text in files.items()}}
    for name, text in {"compose.yml": compose, **given}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    report = lint(Settings(), [str(folder / "compose.yml")])
    assert report.complete
    return [f"{f.rule}:{f.location.start_line} {f.message}" for f in report.active]


def context(folder: Path, dockerfile: str, compose: str = COMPOSE, **files: str) -> list[int]:
    return [int(one.split(":")[1].split()[0]) for one in found(folder, compose, Dockerfile=dockerfile, **files)]


@pytest.mark.parametrize(
    ("copy", "lines"),
    [
        ("COPY . /app", [4, 6]),
        ("COPY ./ /app", [4, 6]),
        ("ADD . /app", [4, 6]),
        ("COPY deploy /app", [6]),
        ("COPY deploy/ app.conf /app/", [4, 6]),
        ("COPY d* /app", [6]),
        ("COPY src /app", []),
        ("COPY --from=web . /app", []),
        ("COPY --exclude=deploy . /app", []),
        ("COPY $SRC /app", []),
        ("RUN --mount=type=bind,target=/x true", []),
    ],
)
def test_what_a_build_takes(tmp_path: Path, copy: str, lines: list[int]) -> None:
    assert context(tmp_path, f"FROM base.example/app:1\n{copy}\n") == lines


@pytest.mark.parametrize(
    ("build", "lines"),
    [
        ("build: .", [4, 6]),
        ("build: {context: ., dockerfile: Dockerfile}", [4, 6]),
        ("build: ${CONTEXT:-.}", [4, 6]),
        ("build: ${CONTEXT}", []),
        ("build: ./src", []),
        ("build: https://git.example/x.git", []),
        ("build: {context: ., dockerfile_inline: 'FROM x'}", []),
        ("image: x", []),
    ],
)
def test_which_build_it_is(tmp_path: Path, build: str, lines: list[int]) -> None:
    compose = COMPOSE.replace("build: .", build)
    assert context(tmp_path, "FROM base.example/app:1\nCOPY . /app\n", compose) == lines


@pytest.mark.parametrize(
    ("ignored", "lines"), [("deploy\n", [4]), ("**\n", []), ("*\n!deploy/db\n", [6]), ("app.conf\ndeploy/\n", [])]
)
def test_what_the_ignore_file_leaves_out(tmp_path: Path, ignored: str, lines: list[int]) -> None:
    assert context(tmp_path, "FROM base.example/app:1\nCOPY . /app\n", __dockerignore=ignored) == lines


def test_what_the_dockerfile_is_told_of_is_not_told_twice(tmp_path: Path) -> None:
    compose = COMPOSE.replace("app.conf", ".env")
    dockerfile = "FROM base.example/app:1\nCOPY . /app\n"
    assert context(tmp_path, dockerfile, compose, __env=f"DB_PASSWORD={V}\n") == [6]


@pytest.mark.parametrize("text", ["", "\n", "STAGE=prod\n", "DB_PASSWORD=\n", "DB_PASSWORD=${X}\n", "# DB_PASSWORD\n"])
def test_files_without_secrets(tmp_path: Path, text: str) -> None:
    dockerfile = "FROM base.example/app:1\nCOPY app.conf /app\n"
    assert context(tmp_path, dockerfile, app__conf=text) == []


def test_the_message_says_what_and_where(tmp_path: Path) -> None:
    shown = found(tmp_path, Dockerfile="FROM base.example/app:1\nCOPY . /app\n")
    assert shown == [
        "compose-secret-file:4 app.conf sets DB_PASSWORD, and COPY in line 2 of the Dockerfile of web takes it into a"
        " layer; no .dockerignore excludes it.",
        "compose-secret-file:6 ./deploy/db is the secret db, and COPY in line 2 of the Dockerfile of web takes it into"
        " a layer; no .dockerignore excludes it.",
    ]


@pytest.mark.parametrize(("size", "said"), [(0, "is empty"), (511_999, ""), (512_000, "512,000 bytes long")])
def test_sizes(tmp_path: Path, size: int, said: str) -> None:
    path = tmp_path / "deploy" / "db"
    path.parent.mkdir()
    text = COMPOSE.replace("build: .", "image: x")
    (tmp_path / "compose.yml").write_text(text)
    path.write_text("a" * size)
    messages = [f.message for f in lint(Settings(), [str(tmp_path / "compose.yml")]).active]
    assert len(messages) == bool(said) and all(said in message for message in messages)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_what_git_tracks(tmp_path: Path) -> None:
    assert found(tmp_path, COMPOSE.replace("build: .", "image: x")) == []
    for words in (["init", "-q"], ["add", "deploy/db"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    [shown] = found(tmp_path, COMPOSE.replace("build: .", "image: x"))
    assert shown.startswith("compose-secret-file:6 ") and "git tracks it" in shown


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../etc/passwd", "~/x", "/dev/zero", '"a\\0b"', "link"])
def test_what_lies_elsewhere_is_not_looked_at(tmp_path: Path, path: str) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    compose = COMPOSE.replace("./deploy/db", path).replace("app.conf", path)
    assert context(tmp_path, "FROM base.example/app:1\nCOPY . /app\n", compose) == []


def test_without_a_context_nothing_is_looked_at(tmp_path: Path) -> None:
    found(tmp_path, Dockerfile="FROM base.example/app:1\nCOPY . /app\n")
    settings = Settings()
    settings.no_context = True
    assert lint(settings, [str(tmp_path / "compose.yml")]).active == []
