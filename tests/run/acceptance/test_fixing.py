"""What `audit fix` leaves alone because a baseline accepts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core.config import Settings
from auditor.core.finding import Severity
from auditor.run.acceptance.fixing import OneByOne, accepted_in
from auditor.run.acceptance.known import Accepted
from auditor.run.pipeline import lint
from auditor.run.rewrite.engine import fix, with_accepted
from auditor.run.rewrite.options import FixOptions

LEAKY = "FROM alpine:3.20\nARG NPM_TOKEN\nRUN npm ci --token $NPM_TOKEN\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text(LEAKY)
    assert main(["baseline", "create", "--reason", "known", "."]) == 0


def settings(baseline: str = "audit-baseline.jsonl") -> Settings:
    made = Settings()
    made.baseline = baseline
    return made


def test_without_a_baseline_nothing_is_accepted() -> None:
    assert accepted_in(settings(""), ["."]) is None
    assert with_accepted(settings(""), ["."], FixOptions()) == FixOptions()


def test_what_is_accepted_stays() -> None:
    run = fix(settings(), ["."], FixOptions())
    assert not [change for rewrite in run.rewrites for change in rewrite.changes]
    assert [change for rewrite in fix(settings(""), ["."], FixOptions()).rewrites for change in rewrite.changes]


def test_what_has_moved_to_another_file_is_accepted_in_one_place() -> None:
    Path("more.Dockerfile").write_text(LEAKY)
    changed = {r.path for r in fix(settings(), ["."], FixOptions()).rewrites if r.changes}
    assert changed == {"more.Dockerfile"}


def test_it_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    options = with_accepted(settings(), ["."], FixOptions())
    assert isinstance(options.accepted, Accepted)
    monkeypatch.setattr("auditor.run.acceptance.fixing.lint", lambda *_: pytest.fail("a second time"))
    assert with_accepted(settings(), ["."], options) is options
    assert not [change for rewrite in fix(settings(), ["."], options).rewrites for change in rewrite.changes]


def test_standard_input_is_asked_about_as_it_comes() -> None:
    accepted = accepted_in(settings(), ["-"])
    assert isinstance(accepted, OneByOne)
    report = lint(settings(""), ["Dockerfile"])
    accepted.silence(report.findings, report.targets[0])
    told = [f.suppressed.by for f in report.findings if f.severity >= Severity.MEDIUM and f.suppressed is not None]
    assert told == ["baseline", "baseline"]
