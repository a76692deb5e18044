"""The pipeline: what a run reports, in which order, and what it returns when something breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.core.config import Settings, resolve
from auditor.core.errors import ExitCode, UsageError
from auditor.core.finding import Finding, Location, Report, Severity
from auditor.core.span import Span
from auditor.run import pipeline

pytestmark = pytest.mark.usefixtures("checks")


def audit(folder: Path, text: str, **given: object) -> tuple[Report, ExitCode]:
    """Write a Dockerfile, audit it, and return the report and the exit code."""
    path = folder / "Dockerfile"
    path.write_text(text, newline="")
    settings = resolve(given)
    report = pipeline.lint(settings, [str(path)])
    return report, pipeline.exit_code(report, settings)


def test_a_clean_file(tmp_path: Path) -> None:
    report, code = audit(tmp_path, "FROM a\n")
    assert (report.findings, report.complete, code) == ([], True, ExitCode.CLEAN)
    assert [(t.kind, t.size, t.files) for t in report.targets] == [("dockerfile", 7, 1)]


def test_findings_come_in_place_order_with_stable_ids(tmp_path: Path) -> None:
    report, code = audit(tmp_path, "FROM a\nENV PLANT=bbbbbbbb PLANT=aaaaaaaa\nRUN PLANT-arg-secret=bbbbbbbb\n")
    assert code == ExitCode.FINDINGS
    assert [(f.location.start_line, f.location.start_column) for f in report.findings] == [(2, 11), (2, 26), (3, 22)]
    moved, _ = audit(tmp_path, "FROM a\n\n\nENV PLANT=bbbbbbbb PLANT=aaaaaaaa\nRUN PLANT-arg-secret=bbbbbbbb\n")
    assert [f.id for f in moved.findings] == [f.id for f in report.findings]
    assert len({f.id for f in report.findings}) == 3


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, ExitCode.FINDINGS),
        ({"fail_on": "high"}, ExitCode.FINDINGS),
        ({"fail_on": "critical"}, ExitCode.CLEAN),
        ({"fail_on": "never"}, ExitCode.CLEAN),
        ({"exit_zero": True}, ExitCode.CLEAN),
        ({"ignore": ["env-secret"]}, ExitCode.CLEAN),
        ({"select": ["layers"]}, ExitCode.CLEAN),
    ],
)
def test_exit_codes_of_a_complete_run(tmp_path: Path, given: dict[str, object], code: ExitCode) -> None:
    assert audit(tmp_path, "FROM a\nENV PLANT=hunter22\n", **given)[1] == code


def test_a_suppressed_finding_stays_in_the_report_and_fails_nothing(tmp_path: Path) -> None:
    report, code = audit(tmp_path, "FROM a\n# audit: ignore[env-secret] known\nENV PLANT=hunter22\n")
    assert code == ExitCode.CLEAN
    assert [(f.suppressed.by, f.suppressed.reason) for f in report.findings if f.suppressed] == [("inline", "known")]
    assert report.active == []


def test_a_rejected_file_is_a_finding_and_an_incomplete_run(tmp_path: Path) -> None:
    report, code = audit(tmp_path, "FROM a\nRUNN x\nENV PLANT=hunter22\n", exit_zero=True)
    assert code == ExitCode.INCOMPLETE
    assert [f.rule for f in report.findings] == ["unreadable-dockerfile", "env-secret"]
    (error,) = report.targets[0].errors
    assert error.line == 2 and "unknown instruction" in error.message
    assert report.findings[0].severity is Severity.HIGH


def test_an_unused_ignore_in_a_rejected_file_is_not_reported(tmp_path: Path) -> None:
    report, _ = audit(tmp_path, "FROM a\n# audit: ignore[env-secret] r\nRUNN x\n")
    assert [f.rule for f in report.findings] == ["unreadable-dockerfile"]


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no such file"), (b"FROM a\0", "binary file"), (b"x" * (5 << 20) + b"x", "larger")]
)
def test_inputs_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    good = tmp_path / "good" / "Dockerfile"
    good.parent.mkdir()
    good.write_text("FROM a\nENV PLANT=hunter22\n")
    path = tmp_path / "Dockerfile"
    if content is not None:
        path.write_bytes(content)
    report = pipeline.lint(Settings(), [str(path), str(good)])
    assert pipeline.exit_code(report, Settings()) == ExitCode.INCOMPLETE
    assert message in report.targets[0].errors[0].message
    assert [f.rule for f in report.findings] == ["env-secret"], "one broken file stops no other"


def test_a_broken_check_stops_no_other(tmp_path: Path, checks: Callable[[object], None]) -> None:
    def check(build: object, rules: frozenset[str]) -> list[Finding]:
        if "arg-secret" in rules:
            raise ValueError("hunter22 quoted by a bug")
        if "env-secret" not in rules:
            return []
        place = Location("Dockerfile", 2, 1, 2, 2, Span(7, 8))
        return [Finding("env-secret", Severity.HIGH, place, "message", "subject")]

    checks(check)
    report, code = audit(tmp_path, "FROM a\nENV PLANT=hunter22\n")
    assert code == ExitCode.INTERNAL
    assert [f.rule for f in report.findings] == ["env-secret"]
    (error,) = report.targets[0].errors
    assert error.message.startswith("internal error in rule arg-secret (ValueError")
    assert "hunter22" not in error.message
    assert audit(tmp_path, "FROM a\nRUNN x\n")[1] == ExitCode.INCOMPLETE, "3 says more than 4"


def test_secrets_of_rules_that_were_not_chosen_are_masked_too(tmp_path: Path) -> None:
    report, _ = audit(tmp_path, "FROM a\nENV PLANT=hunter22\n", select=["arg-secret"])
    assert report.findings == []
    assert [secret.reveal() for secret in report.targets[0].secrets] == ["hunter22"]


def test_severities_can_be_changed_by_rule(tmp_path: Path) -> None:
    settings = Settings()
    settings.severities = {"env-secret": Severity.LOW}
    (tmp_path / "Dockerfile").write_text("FROM a\nENV PLANT=hunter22\n")
    report = pipeline.lint(settings, [str(tmp_path)])
    assert report.findings[0].severity is Severity.LOW
    assert pipeline.exit_code(report, settings) == ExitCode.CLEAN
    settings.severities = {"env-secrt": Severity.LOW}
    with pytest.raises(UsageError, match="did you mean 'env-secret'"):
        pipeline.lint(settings, [str(tmp_path)])


def test_a_directory_stands_for_its_dockerfiles(tmp_path: Path) -> None:
    for name in ("Dockerfile", "app/Dockerfile.dev", "b/c/web.dockerfile", "node_modules/Dockerfile", "Dockerfile.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM a\n")
    report = pipeline.lint(resolve({"exclude": ["c"]}), [str(tmp_path)])
    read = [Path(t.name).relative_to(tmp_path).as_posix() for t in report.targets if t.kind == "dockerfile"]
    assert read == ["Dockerfile", "app/Dockerfile.dev"]
    left_out = [Path(s.path).name for t in report.targets for s in t.skipped]
    assert sorted(left_out) == ["c", "node_modules"]
    assert report.complete


def test_a_stage_that_is_not_built_is_left_out(tmp_path: Path) -> None:
    text = "FROM a AS one\nENV PLANT=hunter21\nFROM a AS two\nENV PLANT=hunter22\nFROM one AS three\n"
    lines = {
        target: [f.location.start_line for f in audit(tmp_path, text, target=target)[0].findings]
        for target in ("one", "two", "three", "1")
    }
    assert lines == {"one": [2], "two": [4], "three": [2], "1": [4]}
    report, code = audit(tmp_path, text, target="four")
    assert code == ExitCode.INCOMPLETE
    assert "no stage 'four'" in report.targets[0].errors[0].message


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["arg-secret"], {"arg-secret"}),
        (["variables"], {"arg-secret", "arg-default-secret", "env-secret"}),
        (["arg-"], {"arg-secret", "arg-default-secret"}),
    ],
)
def test_selection_by_id_family_and_prefix(names: list[str], expected: set[str]) -> None:
    from auditor.run.selection import LINT, chosen, rule_ids

    assert chosen(resolve({"select": names})) == expected
    assert chosen(resolve({"ignore": names})) == rule_ids(LINT) - expected
    assert chosen(resolve({"select": ["layers"], "extend_select": names})) >= expected
    assert chosen(resolve({"select": ["all"]})) == rule_ids(LINT)


def test_a_name_that_fits_no_rule_is_a_usage_error() -> None:
    from auditor.run.selection import chosen

    with pytest.raises(UsageError, match="--select: 'arg-secrt' is no rule.*did you mean 'arg-secret'"):
        chosen(resolve({"select": ["arg-secrt"]}))
