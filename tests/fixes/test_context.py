"""Secret files that a folder takes along from the build context: left out where nothing needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixes.fixing import fixed

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "DB_PASSWORD=Kestrel_27" + "_moss\n"
TOKEN = "//npm.registry.example/:_auth" + "Token=" + "npm_" + "Zk81LqW0xTr5VnB3yHs7" * 2 + "\n"
KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n"
HEAD = "FROM node:22\nWORKDIR /app\n"
ALL = HEAD + "COPY . .\n"


def placed(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_nothing_reads_it(tmp_path: Path) -> None:
    files = {".env": SECRET, "server.js": "console.log(process.env.PORT)\n", "README.md": "copy .env.example to .env\n"}
    result = fixed(ALL, context=placed(tmp_path, files))
    assert (result.text, result.ignored, result.left) == (ALL, [".env"], {})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("server.js", "require('dotenv').config()\n"),
        ("start.sh", "set -a; . /app/.env; exec node server.js\n"),
        ("package.json", '{"dependencies": {"next": "15.0.0"}}\n'),
    ],
)
def test_the_container_reads_it(tmp_path: Path, name: str, text: str) -> None:
    result = fixed(ALL, context=placed(tmp_path, {".env": SECRET, name: text}), unsafe=True)
    assert result.ignored == []
    assert any(name in why for why in result.left.values())


@pytest.mark.parametrize("entry", [".env", "[.env]", "\n      - .env", "\n    - path: .env\n      required: false"])
def test_compose_reads_it(tmp_path: Path, entry: str) -> None:
    compose = f"services:\n  app:\n    env_file: {entry}\n    build: .\n"
    result = fixed(ALL, context=placed(tmp_path, {".env": SECRET, "compose.yaml": compose}))
    assert (result.ignored, result.left) == ([".env"], {})
    compose += "    command: node --env-file=.env server.js\n"
    result = fixed(ALL, context=placed(tmp_path, {"compose.yaml": compose, ".dockerignore": ""}), unsafe=True)
    assert result.ignored == []


def test_the_start_command_names_it(tmp_path: Path) -> None:
    text = ALL + 'CMD ["node", "--env-file=.env", "server.js"]\n'
    result = fixed(text, context=placed(tmp_path, {".env": SECRET}), unsafe=True)
    assert result.ignored == []
    assert any("CMD" in why for why in result.left.values())


def test_a_run_reads_it(tmp_path: Path) -> None:
    text = HEAD + "COPY . .\nRUN npm ci\nRUN rm .npmrc\nRUN echo done\n"
    result = fixed(text, context=placed(tmp_path, {"web.js": "", ".npmrc": TOKEN}))
    mount = "RUN --mount=type=secret,id=npmrc,target=/app/.npmrc,required=true \\\n    npm ci\n"
    assert result.text == HEAD + "COPY . .\n" + mount + "RUN echo done\n"
    assert result.ignored == [".npmrc"]
    assert [secret.source for secret in result.secrets] == [".npmrc"]


def test_carried_on(tmp_path: Path) -> None:
    text = "FROM node:22 AS b\nWORKDIR /app\nCOPY . .\nRUN ./get .npmrc\nFROM node:22\nCOPY --from=b /app /app\n"
    result = fixed(text, context=placed(tmp_path, {".npmrc": TOKEN, "get": "#!/bin/sh\n"}))
    assert "RUN --mount=type=secret,id=npmrc,target=/app/.npmrc,required=true \\\n    ./get .npmrc\n" in result.text
    assert (result.ignored, result.left) == ([".npmrc"], {})


def test_several_files_at_once(tmp_path: Path) -> None:
    files = {".env": SECRET, "deploy/key.pem": KEY, "app.py": "print('shop')\n"}
    result = fixed(ALL, context=placed(tmp_path, files))
    assert result.ignored == [".env", "deploy/key.pem"]


def test_all_or_none(tmp_path: Path) -> None:
    files = {".env": SECRET, "deploy/key.pem": KEY, "app.py": "open('deploy/key.pem')\n"}
    assert fixed(ALL, context=placed(tmp_path, files), unsafe=True).ignored == []


def test_a_folder_is_copied_on_purpose(tmp_path: Path) -> None:
    text = HEAD + "COPY deploy/ /opt/deploy/\n"
    context = placed(tmp_path, {"deploy/key.pem": KEY, "deploy/run.sh": "#!/bin/sh\n"})
    alone = fixed(text, context=context)
    assert alone.ignored == []
    assert any("on purpose" in why for why in alone.left.values())
    assert fixed(text, context=context, unsafe=True).ignored == ["deploy/key.pem"]


def test_an_ignored_line_is_not_written_twice(tmp_path: Path) -> None:
    context = placed(tmp_path, {".env": SECRET, ".dockerignore": "node_modules\n"})
    assert fixed(ALL, context=context).ignored == [".env"]
    placed(tmp_path, {".dockerignore": "node_modules\n.env\n"})
    assert fixed(ALL, context=context).ignored == []


@pytest.mark.parametrize(
    ("runs", "files", "ignored"),
    [
        ("RUN npm ci\n", {}, []),
        ("", {}, [".git"]),
        ("RUN git describe > version\n", {}, []),
        ("", {"setup.cfg": "[options]\nsetup_requires = setuptools_scm\n"}, []),
    ],
)
def test_history(tmp_path: Path, runs: str, files: dict[str, str], ignored: list[str]) -> None:
    context = placed(tmp_path, {".git/HEAD": "ref: refs/heads/main\n", ".git/config": "[core]\n", **files})
    assert fixed(ALL + runs, context=context).ignored == ignored


def test_more_names_than_can_be_searched_for(tmp_path: Path) -> None:
    context = placed(tmp_path, {f"keys/{n}.pem": KEY for n in range(60)})
    result = fixed(ALL, context=context, unsafe=True)
    assert result.ignored == []
    assert any("60 files" in why for why in result.left.values())


def test_a_context_that_cannot_be_searched_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.fixes.context._MAX_TOTAL", 10)
    context = placed(tmp_path, {".env": SECRET, "server.js": "console.log(process.env.PORT)\n"})
    assert fixed(ALL, context=context).ignored == []
    assert fixed(ALL, context=context, unsafe=True).ignored == [".env"]
