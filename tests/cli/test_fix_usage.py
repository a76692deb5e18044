"""`audit fix`: options, wrong usage, standard input; with a run made by hand."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.run.rewrite.options import FixOptions, ProveOptions
from tests.cli.fixing import ORIGINAL, Capture, Engine, fix, only_dockerfile, state
from tests.cli.fixing import engine as engine
from tests.cli.fixing import here as here
from tests.report.fixsamples import AFTER, BEFORE, run, unread, untouched

pytestmark = pytest.mark.usefixtures("engine", "here")


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        ([], FixOptions()),
        (["--diff", "Dockerfile"], FixOptions(diff=True)),
        (["--unsafe-fixes", "--exit-non-zero-on-fix"], FixOptions(unsafe=True, exit_non_zero_on_fix=True)),
        (["--secret-form", "env", "--no-callers", "--diff"], FixOptions(secret_form="env", callers=False, diff=True)),
        (["--callers", "Dockerfile"], FixOptions(all_callers=True)),
        (["--secret-form=env", "--", "-odd"], FixOptions(secret_form="env")),
    ],
)
def test_options(argv: list[str], wanted: FixOptions, engine: Engine, capsys: Capture) -> None:
    engine.make = run
    assert fix(capsys, *argv)[0] == 0
    assert engine.options == wanted
    assert engine.paths == (["Dockerfile"] if "Dockerfile" in argv else ["-odd"] if "-odd" in argv else ["."])


def test_settings_are_those_of_lint(here: Path, engine: Engine, capsys: Capture) -> None:
    engine.make = run
    (here / "audit.toml").write_text('ignore = ["package-cache"]\nformat = ["github"]\n')
    code, out, err = fix(capsys, "--select", "variables")
    assert (code, out) == (0, "") and err.startswith("Nothing to fix (")
    assert (engine.settings.select, engine.settings.ignore) == (("variables",), ("package-cache",))


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--format", "sarif"], "--format: audit fix writes text, json, runbook, not sarif"),
        (["--format", "json", "--diff"], "--format: --diff takes the standard output; name a file: json:FILE"),
        (["--format", "runbook", "--diff"], "--format: --diff takes the standard output; name a file: runbook:FILE"),
        (["--format", "json", "-"], "--format: - takes the standard output; name a file: json:FILE"),
        (["--format", "json", "--format", "text"], "--format: several reports cannot go to standard output"),
        (["-", "Dockerfile"], "-: standard input cannot be fixed together with files"),
        (["--callers", "--no-callers"], "--callers changes files, which neither --no-callers nor - does"),
        (["-", "--prove"], "--prove builds files, not standard input"),
        (["--secret", "id=a,src=b"], "--secret is for --prove, which is not given"),
        (["--keep-images"], "--keep-images is for --prove, which is not given"),
        (["--prove", "--prove-command", "'x"], "--prove-command: No closing quotation"),
        (["--context", "nowhere"], "--context: 'nowhere' is no directory"),
        (["--context", ".", "--no-context"], "--context and --no-context cannot be used together"),
        (["--secret-form", "argument"], "invalid choice: 'argument'"),
        (["--fix"], "unrecognized arguments: --fix"),
    ],
)
def test_wrong_usage(argv: list[str], message: str, here: Path, capsys: Capture) -> None:
    code, out, err = fix(capsys, *argv)
    assert (code, out, state(here)) == (2, "", ORIGINAL)
    assert message in err


def test_the_options_of_a_proof() -> None:
    from auditor.cli.fixoptions import arguments_of, take_options

    argv = [
        "--prove",
        "--secret",
        "id=a,src=b",
        "--secret",
        "id=c",
        "--build-arg",
        "A=1",
        "--ssh",
        "default",
    ]
    given = arguments_of([*argv, "--prove-command", "sh -c 'echo x'", "--keep-images"])
    wanted = ProveOptions(("id=a,src=b", "id=c"), ("A=1",), ("default",), ("sh", "-c", "echo x"), True)
    assert take_options(given, ["."]).prove == wanted


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_standard_input_is_fixed_to_stdout(engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    feed(monkeypatch, BEFORE.encode())
    engine.make = lambda: run(only_dockerfile())
    code, out, err = fix(capsys, "-")
    assert (code, out) == (0, AFTER)
    assert engine.stdin == BEFORE.encode() and engine.options.callers is False
    assert "Dockerfile  fixed\n" in err and "Rotate these" in err and "    docker build --secret" in err


def test_standard_input_without_anything_to_fix_comes_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    odd = b"\xef\xbb\xbfFROM a\r\n# \xff\r\nRUN x"
    feed(monkeypatch, odd)
    engine.make = lambda: run(untouched("Dockerfile"))
    assert main(["fix", "-", "-q"]) == 0
    assert capfdbinary.readouterr() == (odd, b"")


@pytest.mark.parametrize(
    ("argv", "code", "begin"),
    [(["--check"], 1, "Dockerfile  can be fixed"), (["--diff"], 0, "diff --git a/Dock")],
)
def test_standard_input_is_only_looked_at(
    argv: list[str], code: int, begin: str, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    feed(monkeypatch, BEFORE.encode())
    engine.make = lambda: run(only_dockerfile())
    got, out, _ = fix(capsys, "-", *argv)
    assert got == code and out.startswith(begin) and AFTER not in out


def test_standard_input_that_needs_other_files_stays(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Capture, here: Path
) -> None:
    feed(monkeypatch, BEFORE.encode())
    code, out, err = fix(capsys, "-")
    assert (code, out, state(here)) == (4, BEFORE, ORIGINAL)
    assert "app/build.sh, app/.dockerignore must change along" in err


def test_standard_input_that_cannot_be_taken(monkeypatch: pytest.MonkeyPatch, engine: Engine, capsys: Capture) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert fix(capsys, "-")[::2] == (2, "audit: error: -: standard input is closed\n")
    monkeypatch.setattr("auditor.cli.standardinput.DOCKERFILE_LIMIT", 10)
    feed(monkeypatch, b"x" * 12)
    engine.make = lambda: run(unread("Dockerfile"))
    assert fix(capsys, "-")[:2] == (3, "")
    assert engine.stdin == b"x" * 11
