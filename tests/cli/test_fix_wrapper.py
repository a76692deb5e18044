"""`audit fix --wrapper` as people call it."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path

import pytest

from auditor.cli.main import main

Capture = pytest.CaptureFixture[str]
VALUE = "tk" + "-9sKxW2mQe7RuTi4LpBvA"
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "systems" / "ksm-dockerfile.md"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--wrapper", "kms"], "did you mean 'ksm'?"),
        (["--wrapper", ""], "'' is none of akeyless, "),
        (["--wrapper", "ejson2env"], "starts no program and prints no single value"),
        (["--wrapper", "akeyless", "--wrapper-form", "exec"], "akeyless starts no program"),
        (["--wrapper", "bws", "--wrapper-form", "shim"], "bws has no command that prints one value"),
        (["--map", "A=keeper://A/field/b"], "--map is for --wrapper, which is not given"),
        (["--wrapper-form", "shim"], "--wrapper-form is for --wrapper"),
        (["--base-config", "x"], "--base-config is for --wrapper"),
        (["--wrapper", "ksm", "--map", f"A={VALUE}"], "--map A: a reference of ksm looks like keeper://"),
        (["--wrapper", "ksm", "--map", VALUE], "--map: VARIABLE=keeper://"),
        (["--wrapper", "ksm", "--map", "a b=keeper://A/field/b"], "--map: VARIABLE=keeper://"),
        (["--wrapper", "ksm", "--map", "A=keeper://A/field/b\nRUN x"], "--map: VARIABLE=keeper://"),
        (["--wrapper", "ksm", *["--map", "A=keeper://A/field/b"] * 2], "A is given twice"),
        (["--wrapper", "bws", "--map", "A=b"], "takes all values of a project"),
        (["--wrapper", "chamber", "--map", "A=b"], "a reference of chamber looks like SERVICE/KEY"),
        (["--wrapper", "chamber", "--map", "A=b/-k"], "a reference of chamber looks like SERVICE/KEY"),
        (["--wrapper", "doppler", "--map", "A=--plain"], "a reference of doppler looks like NAME"),
        (["--wrapper", "op", "--map", "A=op://a/b/\u202ec"], "--map: VARIABLE=op://"),
        (["--wrapper", "ksm", "--base-config", "/no/such"], "/no/such: cannot be read"),
        (["--wrapper", "ksm", "--base-config", "/dev/null"], "not a regular file"),
    ],
)
def test_wrong_usage(given: list[str], message: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\n")
    code = main(["fix", *given, str(tmp_path)])
    _out, err = capsys.readouterr()
    assert code == 2 and message in err and VALUE not in err


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1]",
        "{",
        '{"Config": 1}',
        '[{"Config": {"Cmd": "x"}}]',
        '[{"Config": {"Cmd": ["a\\ud800"]}}]',
        '[{"Config": {"Entrypoint": ["a\\u0000b"]}}]',
        "[" * 100_000,
        "\xff",
    ],
)
def test_what_is_no_output_of_docker(content: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "inspect.json").write_text(content, encoding="latin-1")
    assert main(["fix", "--wrapper", "ksm", "--base-config", str(tmp_path / "inspect.json"), str(tmp_path)]) == 2
    assert "is not what `docker image inspect` prints" in capsys.readouterr().err


def test_what_is_not_seen_in_a_base_image_is_escaped(tmp_path: Path, capsys: Capture) -> None:
    """Neither a terminal nor a reader is led astray; the words are the same."""
    words = ["entry", "\u202e\u2066", "\x7f\x9b", "\U000e0041", "\u2028RUN x", "\n"]
    images = [{"RepoTags": ["acme/base:1"], "Config": {"Entrypoint": words, "Cmd": ["run"]}}]
    (tmp_path / "inspect.json").write_text(json.dumps(images))
    file = tmp_path / "Dockerfile"
    file.write_text(f"FROM acme/base:1\nRUN pip install keeper-secrets-manager-cli\nENV DB_PASSWORD={VALUE}\n")
    given = ["--map", "DB_PASSWORD=keeper://A/field/b", "--base-config", str(tmp_path / "inspect.json")]
    assert main(["fix", "--wrapper", "ksm", *given, str(file)]) == 0
    text = file.read_text()
    assert all(line.isprintable() for line in text.split("\n"))
    start = next(line for line in text.split("\n") if line.startswith("ENTRYPOINT "))
    assert json.loads(start.removeprefix("ENTRYPOINT "))[4:] == words


def test_the_configuration_of_a_base_image(tmp_path: Path, capsys: Capture) -> None:
    config = {"Entrypoint": ["/entry", "a b"], "Cmd": None, "Env": ["A=1"]}
    images = [{"RepoTags": ["acme/base:latest"], "RepoDigests": [], "Config": config}]
    (tmp_path / "inspect.json").write_text(json.dumps(images))
    file = tmp_path / "Dockerfile"
    file.write_text(
        f'FROM acme/base\nRUN pip install keeper-secrets-manager-cli\nENV DB_PASSWORD={VALUE}\nCMD ["run"]\n'
    )
    given = [
        "--wrapper",
        "ksm",
        "--map",
        "DB_PASSWORD=keeper://A/field/b",
        "--base-config",
        str(tmp_path / "inspect.json"),
    ]
    assert main(["fix", *given, str(file)]) == 0
    lines = file.read_text().splitlines()
    assert lines[4].endswith('"sh", "/entry", "a b"]') and lines[5] == 'CMD ["run"]'
    out, err = capsys.readouterr()
    assert VALUE not in out + err and "DB_PASSWORD comes from ksm" in out


def test_what_is_not_done_is_said(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text('FROM debian\nENV DB_PASSWORD=keeper://A/field/b\nENTRYPOINT ["/start"]\n')
    assert main(["fix", "--wrapper", "ksm", str(file)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "not done" in told and "the image has to have ksm" in told and "(--unsafe-fixes does it)" in told
    assert file.read_text().count("ksm") == 0


def test_a_reference_for_a_variable_that_no_file_has(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nENV DB_PASSWORD_FILE=/x\n")
    given = ["--wrapper", "ksm", "--map", "DB_PASSWORD=keeper://A/field/b", str(tmp_path)]
    assert main(["fix", *given]) == 0
    assert "--map DB_PASSWORD: no file here has a variable of that name" in capsys.readouterr().err
    assert main(["fix", "-q", *given]) == 0
    assert capsys.readouterr().err == ""


def test_the_page_about_keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Each command of it makes the next Dockerfile of the one before."""
    text = PAGE.read_text()
    files = re.findall(r"```dockerfile\n(.*?)```", text, re.DOTALL)
    commands = [shlex.split(line)[1:] for line in re.findall(r"^    (audit fix .*)$", text, re.MULTILINE)]
    assert len(files) == len(commands) + 1 == 3
    for before, command, after in zip(files, commands, files[1:], strict=False):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(before.encode())))
        assert main([*command, "-"]) == 0
        assert capsys.readouterr().out == after
