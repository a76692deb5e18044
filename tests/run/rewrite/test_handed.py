"""Build arguments that only their callers show to be secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.main import main

DOCKERFILE = "FROM python:3.12\nARG PIP_INDEX_URL\nRUN pip install flask\nRUN apt-get install -y curl\n"
FIXED = (
    "FROM python:3.12\nRUN --mount=type=secret,id=pip_index_url,required=true \\\n"
    '    export PIP_INDEX_URL="$(cat /run/secrets/pip_index_url)"; \\\n    pip install flask\n'
    "RUN apt-get install -y curl\n"
)
URL = "http://ci:{}@pypi.corp.example/simple"
GIVEN = f"PIP_INDEX_URL={URL}"
LITERAL = "zQ8vT1xK" + "w3RbLm5YcN7d"
SHELL = f"docker build --build-arg {GIVEN.format('$PYPI_PASS')} ."
SECRET = "docker build --secret id=pip_index_url,env=PIP_INDEX_URL ."
STEP = (
    "on: push\njobs:\n  b:\n    runs-on: x\n    steps:\n      - uses: docker/build-push-action@v6\n"
    "        with:\n          context: .\n          {}: |\n            {}\n"
)
BAKE = 'variable "PYPI_PASS" {{}}\ntarget "app" {{\n  context = "."\n{}}}\n'
SERVICE = "services:\n  app:\n    build:\n      context: .\n      args:\n        PIP_INDEX_URL: {}\n"


def fix(folder: Path, dockerfile: str = DOCKERFILE, *, options: tuple[str, ...] = (), **callers: str) -> str:
    """The Dockerfile after `audit fix` of a folder with these files (`build_sh` for build.sh)."""
    (folder / "Dockerfile").write_text(dockerfile)
    for name, text in callers.items():
        (folder / name.replace("_", ".")).write_text(text)
    assert main(["fix", "--isolated", *options, str(folder)]) in (0, 1)
    return (folder / "Dockerfile").read_text()


def test_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fix(tmp_path, build_sh=f"#!/bin/sh\n{SHELL}\n") == FIXED
    url = URL.format("$PYPI_PASS")
    assert (tmp_path / "build.sh").read_text() == f"#!/bin/sh\nPIP_INDEX_URL={url} {SECRET}\n"
    assert "PIP_INDEX_URL becomes a build secret" in capsys.readouterr().out
    assert main(["fix", "--isolated", "--check", str(tmp_path)]) == 0


def test_a_makefile(tmp_path: Path) -> None:
    assert fix(tmp_path, Makefile=f"image:\n\t{SHELL.replace('$PYPI_PASS', '$(PYPI_PASS)')}\n") == FIXED
    url = URL.format("$(PYPI_PASS)")
    assert (tmp_path / "Makefile").read_text() == f"image:\n\tPIP_INDEX_URL={url} {SECRET}\n"


def test_a_literal_comes_from_outside(tmp_path: Path) -> None:
    assert fix(tmp_path, build_sh=f"docker build --build-arg {GIVEN.format(LITERAL)} .\n") == FIXED
    assert (tmp_path / "build.sh").read_text() == f"{SECRET}\n"


def test_a_step_of_github(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    url = URL.format("${{ secrets.PYPI }}")
    (folder / "ci.yml").write_text(STEP.format("build-args", f"PIP_INDEX_URL={url}"))
    assert fix(tmp_path) == FIXED
    assert (folder / "ci.yml").read_text() == STEP.format("secrets", f"pip_index_url={url}")


def test_compose(tmp_path: Path) -> None:
    assert fix(tmp_path, compose_yaml=SERVICE.format("${PYPI_TOKEN}")) == FIXED
    after = (tmp_path / "compose.yaml").read_text()
    assert "args" not in after and "    environment: PYPI_TOKEN\n" in after


@pytest.mark.parametrize("value", ["http://ci:${PYPI_PASS}@pypi.corp.example/simple", "${PIP_INDEX_URL}"])
def test_compose_that_cannot_change_or_tells_nothing(value: str, tmp_path: Path) -> None:
    assert fix(tmp_path, compose_yaml=SERVICE.format(value)) == DOCKERFILE
    assert (tmp_path / "compose.yaml").read_text() == SERVICE.format(value)


def test_a_bake_file(tmp_path: Path) -> None:
    given = '  args = {\n    PIP_INDEX_URL = "${PYPI_PASS}"\n  }\n'
    assert fix(tmp_path, **{"docker-bake_hcl": BAKE.format(given)}) == FIXED
    secret = '  secret = ["type=env,id=pip_index_url,env=PYPI_PASS"]\n'
    assert (tmp_path / "docker-bake.hcl").read_text() == BAKE.format(secret)


def test_a_bake_file_that_cannot_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = BAKE.format(f'  args = {{\n    PIP_INDEX_URL = "{URL.format("${PYPI_PASS}")}"\n  }}\n')
    assert fix(tmp_path, **{"docker-bake_hcl": given}) == DOCKERFILE
    assert (tmp_path / "docker-bake.hcl").read_text() == given
    assert "build-arg-secret" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("dockerfile", "script"),
    [
        (DOCKERFILE, "docker build --build-arg PIP_INDEX_URL=http://pypi.corp.example/simple ."),
        (DOCKERFILE, "docker build --build-arg PIP_INDEX_URL=$INDEX ."),
        # Without the argument the build takes its default, which a secret could not be left out for.
        (DOCKERFILE.replace("_URL\n", "_URL=https://mirror.example/simple\n"), SHELL),
        # Another call builds without it.
        (DOCKERFILE, f"{SHELL}\ndocker build -t plain ."),
        (DOCKERFILE, f"{SHELL.replace(' .', ' other')}\ndocker build ."),
        (DOCKERFILE, f"# audit: ignore[build-arg-secret] a test\n{SHELL}"),
    ],
)
def test_what_is_left(dockerfile: str, script: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "Dockerfile").write_text("FROM scratch\n")
    assert fix(tmp_path, dockerfile, build_sh=f"#!/bin/sh\n{script}\n") == dockerfile
    assert (tmp_path / "build.sh").read_text() == f"#!/bin/sh\n{script}\n"


def test_another_secret_changes_where_this_one_cannot(tmp_path: Path) -> None:
    text = DOCKERFILE.replace("ARG ", "ARG GITHUB_TOKEN\nARG ").replace("apt-get install -y curl", "git clone x")
    script = "docker build --build-arg GITHUB_TOKEN {}.\n"
    after = fix(tmp_path, text, build_sh=script.format(f"--build-arg {GIVEN.format('$P')} ") + script.format(""))
    assert "ARG PIP_INDEX_URL\n" in after and "ARG GITHUB_TOKEN" not in after


def test_callers_are_left_alone_if_asked(tmp_path: Path) -> None:
    assert fix(tmp_path, options=("--no-callers",), build_sh=f"{SHELL}\n") == DOCKERFILE
