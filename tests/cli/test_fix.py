"""`audit fix` from the command line to files and output, with a run made by hand."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.core.finding import TargetError
from auditor.run.rewrite.outcome import FixRun, Rewrite
from tests.cli.fixing import FIXED, ORIGINAL, Capture, Engine, fix, state, whole
from tests.cli.fixing import engine as engine
from tests.cli.fixing import here as here
from tests.report.fixsamples import AFTER, BEFORE, PASSWORD, SCRIPT, rewrite, run, unread, untouched

pytestmark = pytest.mark.usefixtures("engine", "here")


def test_files_are_written_and_told(here: Path, capsys: Capture) -> None:
    code, out, err = fix(capsys)
    assert (code, state(here)) == (0, FIXED)
    assert out.startswith("app/Dockerfile  fixed, with app/build.sh and app/.dockerignore\n")
    assert "Rotate these" in out and "docker build --secret id=npm_token" in out
    assert err.startswith("3 findings fixed in 1 file (")
    assert PASSWORD not in out + err


@pytest.mark.parametrize("option", ["--diff", "--check"])
def test_nothing_is_written_on_request(option: str, here: Path, capsys: Capture) -> None:
    code, out, err = fix(capsys, option)
    assert (code, state(here)) == (1 if option == "--check" else 0, ORIGINAL)
    assert "3 findings can be fixed in 1 file" in err and f"nothing was written ({option})" in err
    assert ("app/Dockerfile  can be fixed" in out) == (option == "--check")


def test_the_diff_alone_goes_to_stdout(here: Path, capsys: Capture) -> None:
    code, out, err = fix(capsys, "--diff", "--show-secrets")
    assert code == 0 and out.startswith("diff --git a/app/Dockerfile b/app/Dockerfile\n")
    assert "Rotate these" in err and "masked" not in err
    subprocess.run(["git", "apply", "-"], input=out.encode(), cwd=here, check=True)
    assert state(here) == FIXED


def test_a_diff_with_masks_says_so(capsys: Capture) -> None:
    _, out, err = fix(capsys, "--diff", "-q")
    assert "-docker build --build-arg NPM_TOKEN=**** ." in out and PASSWORD not in out
    assert err == "note: secrets are masked, so that this diff cannot be applied; --show-secrets prints them\n"


def test_a_diff_is_named_as_seen_from_here(
    here: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    engine.make = lambda: run(absolute(here))
    monkeypatch.chdir(here / "app")
    assert fix(capsys, "--diff")[1].startswith("diff --git a/Dockerfile b/Dockerfile\n")


def absolute(here: Path) -> Rewrite:
    made = whole()
    made.path = str(here / "app" / "Dockerfile")
    made.changes = [change._replace(path=str(here / change.path)) for change in made.changes]
    return made


def test_other_files_are_called_as_the_dockerfile_is(here: Path, engine: Engine, capsys: Capture) -> None:
    def mixed() -> FixRun:
        made = whole()
        made.changes = [c if c.kind == "dockerfile" else c._replace(path=str(here / c.path)) for c in made.changes]
        return run(made)

    engine.make = mixed
    assert fix(capsys)[1].startswith("app/Dockerfile  fixed, with app/build.sh and app/.dockerignore\n")
    assert state(here) == FIXED


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "true"}, {"TF_BUILD": "True"}])
def test_a_build_service_takes_no_command_from_a_diff(
    environment: dict[str, str], engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def sly() -> FixRun:
        made = untouched("Dockerfile")
        made.changes = [rewrite().changes[0]._replace(before="::error::x\nA\n", after="::error::x\nB\n")]
        return run(made)

    engine.make = sly
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\n ::error::x\n" in fix(capsys, "--diff")[1]) == (not environment)


@pytest.mark.parametrize(
    ("make", "argv", "code"),
    [
        (lambda: run(), [], 0),
        (lambda: run(untouched()), [], 0),
        (lambda: run(untouched()), ["--check"], 0),
        (lambda: run(untouched()), ["--exit-non-zero-on-fix"], 0),
        (lambda: run(whole()), ["--exit-non-zero-on-fix"], 1),
        (lambda: run(whole()), ["--exit-non-zero-on-fix", "--exit-zero"], 1),
        (lambda: run(whole()), ["--diff", "--exit-non-zero-on-fix"], 0),
        (lambda: run(whole()), ["--diff", "--check"], 1),
        (lambda: run(rewrite()), [], 1),
        (lambda: run(rewrite()), ["--exit-zero"], 0),
        (lambda: run(rewrite()), ["--fail-on", "critical"], 0),
        (lambda: run(rewrite()), ["--fail-on", "never"], 0),
        (lambda: run(rewrite()), ["--diff"], 1),
        (lambda: run(unread()), [], 3),
        (lambda: run(unread(), rewrite()), ["--check"], 3),
        (lambda: failing("the folder cannot be listed"), [], 3),
        (lambda: internal(), [], 4),
    ],
)
def test_exit_codes(make: Callable[[], FixRun], argv: list[str], code: int, engine: Engine, capsys: Capture) -> None:
    engine.make = make
    assert fix(capsys, *argv)[0] == code


def failing(error: str) -> FixRun:
    made = run(untouched())
    made.errors.append(error)
    return made


def internal() -> FixRun:
    made = untouched()
    made.target.errors.append(TargetError("internal error", made.path, internal=True))
    return run(made)


def test_an_error_is_told_once(engine: Engine, capsys: Capture) -> None:
    def both() -> FixRun:
        made = run(unread())
        made.errors.append("old/Dockerfile: cannot be read: permission denied")
        return made

    engine.make = both
    code, out, err = fix(capsys)
    assert (code, out) == (3, "")
    assert err.startswith("old/Dockerfile: error: cannot be read: permission denied\nNothing to fix in what could be")
    assert err.count("permission denied") == 1 and "1 file not read whole" in err


def test_what_cannot_be_written_stays_and_is_told(here: Path, capsys: Capture) -> None:
    os.chmod("app/build.sh", 0o444)
    code, out, err = fix(capsys)
    assert (code, state(here)) == (4, ORIGINAL)
    assert out.startswith("app/Dockerfile  not changed\n  app/build.sh: is read-only\n")
    assert err.startswith("3 findings whose fix was refused in 1 file (")


def test_a_refused_fix_does_not_keep_others_back(here: Path, engine: Engine, capsys: Capture) -> None:
    other = here / "Dockerfile"
    other.write_text(BEFORE)

    def two() -> FixRun:
        made = whole()
        made.path = "Dockerfile"
        made.changes = [made.changes[0]._replace(path="Dockerfile")]
        return run(whole(), made)

    engine.make = two
    (here / "app" / "Dockerfile").write_text(BEFORE + "# new\n")
    code, out, _ = fix(capsys)
    assert code == 4 and "changed while it was being fixed" in out
    assert other.read_text() == AFTER and state(here)[1:] == ORIGINAL[1:]


def test_a_fix_whose_check_failed_exits_with_4(engine: Engine, capsys: Capture) -> None:
    class Failed:
        def __init__(self, left: Any) -> None:
            self.finding, self.reason, self.unsafe, self.refused = left.finding, left.reason, False, True

    def refused() -> FixRun:
        made = rewrite()
        made.changes, made.applied = [], []
        made.left = [Failed(made.left[2])]  # type: ignore[list-item]
        return run(made)

    engine.make = refused
    code, out, err = fix(capsys)
    assert code == 4 and out.startswith("app/Dockerfile  not changed\n  there is no automatic fix for it\n")
    assert err.startswith("1 finding whose fix was refused in 1 file")


def test_a_refused_fix_beside_others_has_its_own_reason(engine: Engine, capsys: Capture) -> None:
    class Failed:
        def __init__(self, left: Any) -> None:
            self.finding, self.reason, self.unsafe, self.refused = left.finding, "it does not hold", False, True

    def one_of_them() -> FixRun:
        made = rewrite()
        made.left = [made.left[1], Failed(made.left[0])]  # type: ignore[list-item]
        return run(made)

    engine.make = one_of_them
    code, out, err = fix(capsys)
    assert code == 4 and "    refused: it does not hold\n" in out and "app/Dockerfile  fixed" in out
    assert err.startswith("3 findings fixed, 1 finding whose fix was refused, 1 left in 1 file")


def test_json(here: Path, capsys: Capture) -> None:
    code, out, _ = fix(capsys, "--format", "json")
    content = json.loads(out)
    assert (code, state(here)) == (0, FIXED)
    assert content["summary"]["findings_fixed"] == 3 and content["files"][0]["changed"] is True
    (here / "app" / "Dockerfile").write_text(BEFORE)
    (here / "app" / "build.sh").write_text(SCRIPT)
    (here / "app" / ".dockerignore").unlink()
    code, out, _ = fix(capsys, "--diff", "--format", "json:out.json")
    assert out.startswith("diff --git") and json.loads((here / "out.json").read_text())["summary"]["planned"] == 1


def test_nothing_to_fix_is_one_line(engine: Engine, capsys: Capture) -> None:
    engine.make = lambda: run(untouched(), untouched("b"))
    code, out, err = fix(capsys, "--diff")
    assert (code, out) == (0, "") and err.startswith("Nothing to fix in 2 files (")
    assert fix(capsys, "-q") == (0, "", "")


def test_a_runbook_is_written_beside_the_text(here: Path, capsys: Capture) -> None:
    code, out, _ = fix(capsys, "--format", "text", "--format", "runbook:ROTATE.md")
    assert code == 0
    assert "Rotate these" in out
    written = (here / "ROTATE.md").read_text()
    assert written.startswith("# Rotation runbook\n")
    assert "- Taken out of the file by this run; what was built or pushed before has it\n" in written
    assert PASSWORD not in written


def test_a_runbook_goes_to_standard_output_alone(here: Path, capsys: Capture) -> None:
    _, out, err = fix(capsys, "--check", "--format", "runbook", "--show-secrets")
    assert out.startswith("# Rotation runbook\n") and "Still in the file, and can be taken out of it" in out
    assert "nothing was written (--check)" in err
    assert PASSWORD not in out + err
