"""`audit lint` from the command line to its output, with the real checks."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from auditor.cli import reporting
from auditor.cli.main import main
from auditor.core.config import FORMATS

CLEAN = "FROM debian:bookworm-slim\nRUN true\n"
LEAKY = 'FROM node:22\nENV DB_PASSWORD=Tundra-42-kite\nARG API_TOKEN="zbV9QsLBHXKhgc1QxygJofAP"\nRUN ./x $API_TOKEN\n'
VALUES = ("Tundra-42-kite", "zbV9QsLBHXKhgc1QxygJofAP")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository as current folder."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main(["lint", *argv])
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


@pytest.mark.parametrize(
    ("content", "argv", "code"),
    [
        (CLEAN, [], 0),
        (LEAKY, [], 1),
        (LEAKY, ["Dockerfile"], 1),
        (LEAKY, ["--exit-zero"], 0),
        (LEAKY, ["--fail-on", "never"], 0),
        (LEAKY, ["--fail-on", "urgent"], 2),
        (LEAKY, ["--select", "no-such-rule"], 2),
        (LEAKY, ["--config", "none.toml"], 2),
        (LEAKY, ["--config", "audit.toml", "--isolated"], 2),
        (LEAKY, ["--context", "no-such-folder"], 2),
        (LEAKY, ["--context", ".", "--no-context"], 2),
        (LEAKY, ["--format", "json", "--format", "text"], 2),
        (LEAKY, ["--format", "json:a", "--format", "text:a"], 2),
        (LEAKY, ["--format", "json:no-such-folder/a"], 2),
        (LEAKY, ["missing"], 3),
        (LEAKY + "RUNN x\n", [], 3),
        (LEAKY + "RUNN x\n", ["--exit-zero"], 3),
        ("", [], 3),
    ],
)
def test_exit_codes(content: str, argv: list[str], code: int, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(content)
    got, _, err = lint(capsys, *argv)
    assert got == code
    assert "Traceback" not in err and "internal error" not in err


def test_a_clean_run_says_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(CLEAN)
    code, out, err = lint(capsys)
    assert (code, out) == (0, "")
    assert err.startswith("No leaks found in 1 file (") and err.count("\n") == 1
    assert lint(capsys, "-q") == (0, "", "")


def test_no_dockerfile_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys) == (0, "", "No Dockerfile found.\n")


def test_findings_go_to_stdout_and_the_summary_to_stderr(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(LEAKY)
    code, out, err = lint(capsys)
    assert code == 1
    assert "Dockerfile:2:17  high  env-secret" in out
    assert " in 1 file (" in err and "audit explain env-secret says more" in err


@pytest.mark.parametrize("extra", [[], ["-v"], ["--color", "always"]])
def test_no_output_holds_a_planted_value(extra: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(LEAKY + f"RUN echo {VALUES[0]} | x\nRUNN {VALUES[1]} A={VALUES[0]}\n")
    for name in FORMATS:
        code, out, err = lint(capsys, "--format", name, "--format", f"{name}:out", "--min-severity", "info", *extra)
        assert code == 3
        written = (here / "out").read_text()
        assert "env-secret" in out and "env-secret" in written
        assert [value for value in VALUES for text in (out, err, written) if value in text] == []


def test_secrets_are_shown_on_request(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(LEAKY)
    _, out, _ = lint(capsys, "--format", "json", "--show-secrets")
    values = {finding["secret"].get("value") for finding in json.loads(out)["findings"] if finding["secret"]}
    assert set(VALUES) <= values


def test_standard_input(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LEAKY.encode())))
    code, out, _ = lint(capsys, "-", "--stdin-filename", "app/Dockerfile", "--format", "gnu")
    assert code == 1
    assert out.startswith("app/Dockerfile:2:17: high: ")


def test_a_file_named_explicitly_is_read_whatever_its_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "build.txt").write_text(LEAKY)
    assert lint(capsys, "build.txt")[0] == 1
    assert lint(capsys, ".")[0] == 0


def test_settings_from_file_environment_and_command_line(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = here / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text(LEAKY)
    (here / "pyproject.toml").write_text('[tool.audit]\nfail-on = "never"\n')
    assert lint(capsys, "app/Dockerfile")[0] == 0
    assert lint(capsys, "app", "--isolated")[0] == 1
    monkeypatch.setenv("AUDIT_FAIL_ON", "high")
    assert lint(capsys, "app")[0] == 1
    assert lint(capsys, "app", "--fail-on", "critical")[0] == 0
    (here / "other.toml").write_text("exit-zero = true\n")
    assert lint(capsys, "app", "--config", "other.toml")[0] == 0
    monkeypatch.setenv("AUDIT_CONFIG", "other.toml")
    assert lint(capsys, "app")[0] == 0


def test_a_wrong_configuration_names_its_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(CLEAN)
    (here / "audit.toml").write_text("fail-onn = 1\n")
    code, _, err = lint(capsys)
    assert code == 2
    assert err == f"audit: error: {here / 'audit.toml'}: fail-onn: unknown key; did you mean 'fail-on'?\n"


def test_a_configuration_outside_the_repository_is_not_used(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = here / "inner"
    (inner / ".git").mkdir(parents=True)
    (inner / "Dockerfile").write_text(LEAKY)
    (here / "audit.toml").write_text('fail-on = "never"\n')
    assert lint(capsys, "inner")[0] == 1


def test_report_files_are_replaced_whole(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(LEAKY)
    (here / "out.json").write_text("old")
    code, out, _ = lint(capsys, "--format", "json:out.json", "--format", "github")
    assert code == 1
    assert json.loads((here / "out.json").read_text())["schema_version"] == 1
    assert out.startswith("::error file=Dockerfile,line=2,")
    assert sorted(os.listdir(here)) == [".git", "Dockerfile", "out.json"]


def test_paths_for_github_start_at_the_repository_root(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "app").mkdir()
    (here / "app" / "Dockerfile").write_text(LEAKY)
    monkeypatch.chdir(here / "app")
    assert lint(capsys, "--format", "github")[1].startswith("::error file=app/Dockerfile,")
    assert lint(capsys, "--format", "gnu")[1].startswith("Dockerfile:2:17:")


def test_hidden_findings_are_counted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(CLEAN.replace("RUN", "# audit: ignore[arg-secret] r\nRUN"))
    code, out, err = lint(capsys)
    assert (code, out) == (0, "")
    assert "1 low not shown (--min-severity low)" in err
    assert "unused-ignore" in lint(capsys, "--min-severity", "low")[1]
    assert lint(capsys, "--fail-on", "low")[0] == 1


@pytest.mark.parametrize("name", ["a b", "ü", "\udcff", "\x1b[31m"])
def test_odd_file_names(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / name).mkdir()
    (here / name / "Dockerfile").write_text(LEAKY)
    for format_name in FORMATS:
        code, out, err = lint(capsys, "--format", format_name)
        assert code == 1, err
        assert out


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "wanted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(
    choice: str, environment: dict[str, str], terminal: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert reporting.wants_color(choice, Stream()) is wanted


def test_nothing_is_called_clean_that_was_not_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "missing.Dockerfile"]) == 3
    assert "Nothing could be read (" in capsys.readouterr().err
    (here / "Dockerfile").write_text("FROM alpine:3.20\n")
    assert main(["lint", "missing.Dockerfile", "Dockerfile"]) == 3
    assert "No leaks found in what could be read of 2 files (" in capsys.readouterr().err
