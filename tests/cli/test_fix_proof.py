"""`audit fix --prove`: nothing is written but what the proof shows to be right."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from auditor.cli import fixproof
from auditor.run.proving.shapes import Check, Proof, ProofError, Wish
from tests.cli.fixing import FIXED, ORIGINAL, Capture, Engine, fix, state
from tests.cli.fixing import engine as engine
from tests.cli.fixing import here as here

TOKEN = "tk7" + "WmQ2xVn8RzK4sLd9"


class Prover:
    """Stands for docker: says what a test wants, and remembers what it was asked."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.checks: list[Check] = [Check("absence", True, "The image after holds none of the values.", ("app/x",))]

    def __call__(self, wish: Wish, engine: object) -> Proof:
        self.wishes.append(wish)
        return Proof(all(check.ok for check in self.checks), tuple(self.checks), "sha256:a", "sha256:b", 1.25)


@pytest.fixture
def prover(monkeypatch: pytest.MonkeyPatch, engine: Engine, here: Path) -> Prover:
    made = Prover()
    monkeypatch.setattr(fixproof, "prove", made)
    monkeypatch.setattr(fixproof, "find_docker", lambda: None)
    return made


def test_it_holds(prover: Prover, here: Path, capsys: Capture) -> None:
    code, out, _ = fix(capsys, "app", "--prove", "--build-option=--pull", "--secret", "id=t,env=T")
    assert (code, state(here)) == (0, FIXED)
    assert "The proof holds (1.2 s)." in out and "yes The image after holds none of the values." in out
    assert "app/x" not in out
    [wish] = prover.wishes
    assert wish.before.decode() == ORIGINAL[0] and wish.after.decode() == FIXED[0]
    assert wish.options == ("--pull",) and wish.given.secrets == ("id=t,env=T",)
    assert wish.context == str(here / "app")


def test_a_person_is_told_what_takes_so_long(
    prover: Prover, here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "app/Dockerfile: building it before and after the change\n"
    assert told not in fix(capsys, "app", "--prove", "--diff")[2]
    monkeypatch.setattr(fixproof, "is_watched", lambda stream: True)
    assert told in fix(capsys, "app", "--prove", "--diff")[2]
    assert told not in fix(capsys, "app", "--prove", "--diff", "-q")[2]


def test_it_does_not_hold(prover: Prover, here: Path, capsys: Capture) -> None:
    prover.checks.append(Check("files", False, "The files of the images differ.", ("/app/x: mode 0644 before, 0600",)))
    code, out, _ = fix(capsys, "app", "--prove")
    assert (code, state(here)) == (4, ORIGINAL)
    assert "not changed\n  the proof does not hold: The files of the images differ." in out
    assert "NO  The files of the images differ." in out and "/app/x: mode 0644 before, 0600" in out
    code, out, _ = fix(capsys, "app", "--prove", "--format", "json")
    [file] = json.loads(out)["files"]
    assert code == 4 and file["state"] == "refused"
    assert file["proof"]["holds"] is False and file["proof"]["images"] == {"before": "sha256:a", "after": "sha256:b"}
    assert [check["ok"] for check in file["proof"]["checks"]] == [True, False]


def test_nothing_is_written_with_diff(prover: Prover, here: Path, capsys: Capture) -> None:
    code, _, err = fix(capsys, "app", "--prove", "--diff")
    assert (code, state(here)) == (0, ORIGINAL)
    assert "The proof holds" in err and len(prover.wishes) == 1


def test_no_engine(prover: Prover, here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise ProofError("the docker command is not installed: a proof builds with it")

    monkeypatch.setattr(fixproof, "find_docker", none)
    code, out, _ = fix(capsys, "app", "--prove")
    assert (code, state(here)) == (4, ORIGINAL)
    assert "it could not be proven: the docker command is not installed: a proof builds with it" in " ".join(
        out.split()
    )


def test_asked_to_end(prover: Prover, here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proof has made is removed, as with Ctrl-C."""
    removed = []

    def prove(wish: Wish, engine: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            removed.append("all")

    monkeypatch.setattr(fixproof, "prove", prove)
    handler = signal.getsignal(signal.SIGTERM)
    assert fix(capsys, "app", "--prove")[0] == 143
    assert removed and state(here) == ORIGINAL and signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.parametrize(
    "options",
    [
        ["--secret", f"id=t,env={TOKEN}"],
        ["--secret", f"{TOKEN}=x"],
        ["--build-arg", f"={TOKEN}"],
        ["--build-option=--tag=x"],
    ],
)
def test_options_that_cannot_be_meant(
    options: list[str], here: Path, engine: Engine, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixproof, "find_docker", lambda: None)
    code, out, err = fix(capsys, "app", "--prove", *options)
    assert (code, state(here), out) == (2, ORIGINAL, "")
    assert err.startswith(f"audit: error: {options[0][:8]}") and TOKEN not in err
