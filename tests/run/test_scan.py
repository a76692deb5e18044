"""The scan from files to findings, with a stand-in for the detector."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from auditor.core.config import Settings, resolve
from auditor.core.errors import ExitCode, UsageError
from auditor.core.finding import Finding, Report, Severity
from auditor.run import detecting, parallel, scan
from auditor.run.result import exit_code
from auditor.run.scanning import files
from tests.run.scanning import places, plant, rendered, scanned

VALUE = "Zq8vT1xK4m"


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)


def test_a_finding(tmp_path: Path) -> None:
    report, code = scanned(tmp_path / "a.txt", f"x\ny = PLANT={VALUE};\n")
    (found,) = report.findings
    assert code == ExitCode.FINDINGS
    assert places(report) == [(2, 11, 2, 21)]
    assert found.message == "Planted secret in PLANT (verified offline, account 42)."
    assert (found.rule, found.severity, found.verdict) == ("known-token", Severity.HIGH, "valid")
    assert [(t.name, t.kind, t.size, t.files, t.numbers) for t in report.targets] == [
        (str(tmp_path / "a.txt"), "file", 24, 1, (2,))
    ]


def test_clean_files_share_a_target(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}").write_text("clean")
    (tmp_path / "empty").write_text("")
    (tmp_path / "link").symlink_to("1")
    report, code = scanned(tmp_path, stdin_filename="x")
    assert code == ExitCode.CLEAN and report.findings == []
    (target,) = report.targets
    assert (target.name, target.kind, target.files, target.size) == (str(tmp_path), "files", 21, 100)
    assert [item.reason for item in target.skipped] == ["link"]


def test_ids_are_stable_and_do_not_hold_the_value(tmp_path: Path) -> None:
    before, _ = scanned(tmp_path / "a", f"PLANT={VALUE}\nPLANT=Other1\n")
    after, _ = scanned(tmp_path / "a", "\n\nPLANT=Fresh22\nPLANT=Other1\n")
    assert [f.id for f in before.findings] == [f.id for f in after.findings]
    assert len({f.id for f in before.findings}) == 2


@pytest.mark.parametrize(
    ("word", "given", "expected"),
    [
        ("PLANT", {}, [Severity.HIGH]),
        ("PLANT-medium", {}, [Severity.HIGH]),
        ("PLANT-low", {}, [Severity.LOW]),
        ("PLANT-sample", {}, [Severity.INFO]),
        ("PLANT-assigned-secret", {}, [Severity.MEDIUM]),
        ("PLANT-of-their-own", {}, [Severity.HIGH]),
        ("PLANT", {"select": ["private-key"]}, []),
        ("PLANT", {"ignore": ["known"]}, []),
        ("PLANT", {"select": ["scan"], "ignore": ["private-key"]}, [Severity.HIGH]),
    ],
)
def test_severity_and_selection(tmp_path: Path, word: str, given: dict[str, object], expected: list[Severity]) -> None:
    report, _ = scanned(tmp_path / "a", f"{word}={VALUE}\n", **given)
    assert [finding.severity for finding in report.findings] == expected


def test_severities_of_rules_can_be_changed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(f"PLANT={VALUE} PLANT-low={VALUE}")
    settings = Settings()
    settings.severities = {"known-token": Severity.CRITICAL}
    found = scan.scan(settings, [str(tmp_path)]).findings
    assert [finding.severity for finding in found] == [Severity.CRITICAL, Severity.LOW]


def test_selections_of_the_other_command(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(f"PLANT={VALUE}")
    with pytest.raises(UsageError, match="no rule of audit scan is among them"):
        scan.scan(resolve({"select": ["arg-secret"]}), [str(tmp_path)])
    shared = resolve({}, {"AUDIT_SELECT": "arg-secret"})
    assert len(scan.scan(shared, [str(tmp_path)]).findings) == 1
    with pytest.raises(UsageError, match="no rule, family or prefix"):
        scan.scan(resolve({"select": ["known-tokn"]}), [str(tmp_path)])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("PLANT=Abc123 # audit: ignore[known-token] only a test", "only a test"),
        ("# audit: ignore[private-key, known-token] why\nPLANT=Abc123", "why"),
        ("// audit: ignore[known-token]\nPLANT=Abc123", ""),
        ("<!-- audit: ignore[known-token] in xml -->\n<a>PLANT=Abc123</a>", "in xml"),
        ("/* audit: ignore[known-token] in c */ PLANT=Abc123", "in c"),
        ("-- audit: ignore[known-token] sql\nPLANT=Abc123", "sql"),
        ("PLANT=Abc123 gitleaks:allow", "gitleaks:allow"),
        ("PLANT=Abc123 // betterleaks:allow", "betterleaks:allow"),
        ("PLANT=Abc123 # trufflehog:ignore", "trufflehog:ignore"),
        ("PLANT=Abc123 # pragma: allowlist secret", "pragma: allowlist secret"),
        ("# pragma: allowlist nextline secret\nPLANT=Abc123", "pragma: allowlist nextline secret"),
        ("PLANT=Abc123 # ggignore", "ggignore"),
        ("PLANT=Abc123 # kingfisher:ignore", "kingfisher:ignore"),
        ("# audit: ignore[private-key] other\nPLANT=Abc123", None),
        ("x = 1 # audit: ignore[known-token] of this line only\nPLANT=Abc123", None),
        ("# audit: ignore[known-token] too far\n\nPLANT=Abc123", None),
        ("PLANT=Abc123 # pragma: allowlist nextline secret", None),
        ("# gitleaks:allow\nPLANT=Abc123", None),
        ("PLANT=ggignore1", None),
        ("PLANT=Abc123 notggignored", None),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_comments(tmp_path: Path, line: str, reason: str | None, encoding: str) -> None:
    report, code = scanned(tmp_path / "a", f"first\n{line}\nlast\n".encode(encoding))
    (found,) = report.findings
    assert (found.suppressed and found.suppressed.reason) == reason
    assert code == (ExitCode.FINDINGS if reason is None else ExitCode.CLEAN)


def test_a_reason_may_be_required(tmp_path: Path) -> None:
    content = "PLANT=Abc1 # audit: ignore[known-token]\nPLANT=Abc2 # audit: ignore[known-token] why\n"
    report, _ = scanned(tmp_path / "a", content, require_ignore_reason=True)
    assert [f.location.start_line for f in report.active] == [1]


@pytest.mark.parametrize(
    ("line", "silenced"),
    [
        ("PLANT=Abc1 # gitleaks:allow", False),
        ("PLANT=Abc1 # gitleaks:allow public demo key", True),
        ("PLANT=Abc1 /* pragma: allowlist secret */ x", False),
        ("PLANT=Abc1 # pragma: allowlist secret - rotated daily", True),
        ("PLANT=Abc1 # gitleaks:allow # trufflehog:ignore", False),
        ("# pragma: allowlist nextline secret\nPLANT=Abc1", False),
        ("# pragma: allowlist nextline secret (demo)\nPLANT=Abc1", True),
    ],
)
def test_a_reason_is_required_after_markers_of_other_tools_as_well(tmp_path: Path, line: str, silenced: bool) -> None:
    report, _ = scanned(tmp_path / "a", line, require_ignore_reason=True)
    assert (not report.active) == silenced
    assert ("a reason is required" in rendered(report)) != silenced


@pytest.mark.parametrize(
    ("line", "noted"),
    [
        ("PLANT=Abc1 # audit: ignore", True),
        ("# audit: ignore it is a demo\nPLANT=Abc1", True),
        ("x = 1 # audit: ignore\nPLANT=Abc1", False),
        ("PLANT=Abc1 # audit: ignore  [private-key] other", False),
        ("PLANT=Abc1 # audit: ignored", False),
    ],
)
def test_a_comment_that_names_no_rule_is_not_passed_over_in_silence(tmp_path: Path, line: str, noted: bool) -> None:
    report, code = scanned(tmp_path / "a", line)
    assert code == ExitCode.FINDINGS
    assert ("write audit: ignore[known-token] and the reason" in " ".join(rendered(report).split())) == noted


def test_what_cannot_be_read_makes_the_run_incomplete(tmp_path: Path) -> None:
    (tmp_path / "b").write_text(f"PLANT={VALUE}")
    settings = Settings()
    report = scan.scan(settings, [str(tmp_path / "none"), str(tmp_path / "b")])
    assert exit_code(report, settings) == ExitCode.INCOMPLETE
    assert len(report.findings) == 1
    assert "no such file" in rendered(report)


def test_damaged_archives_make_the_run_incomplete(tmp_path: Path) -> None:
    packed = gzip.compress(random.Random(1).randbytes(5000) + b"PLANT=Abc123")
    report, code = scanned(tmp_path / "a.gz", packed[:3000])
    assert code == ExitCode.INCOMPLETE
    assert [item.reason for target in report.targets for item in target.skipped] == ["truncated"]


def test_a_depth_that_was_asked_for_is_no_error(tmp_path: Path) -> None:
    nested = gzip.compress(gzip.compress(b"PLANT=Abc123"))
    report, code = scanned(tmp_path / "a.gz", nested, max_depth="1")
    assert (code, report.findings) == (ExitCode.CLEAN, [])
    assert [item.reason for target in report.targets for item in target.skipped] == ["nested deeper than 1"]
    assert scanned(tmp_path / "a.gz", nested)[1] == ExitCode.FINDINGS


def test_a_broken_detector_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "b").write_text(f"PLANT={VALUE}")
    report, code = scanned(tmp_path / "a", f"PLANT={VALUE} BOOM")
    assert code == ExitCode.INTERNAL and len(report.findings) == 1
    assert "hunter22" not in rendered(report)
    report, code = scanned(tmp_path)
    assert code == ExitCode.INTERNAL and len(report.findings) == 2


def test_findings_of_one_file_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FINDINGS", 10)
    report, code = scanned(tmp_path / "a", "PLANT=Abc123\n" * 11)
    assert (len(report.findings), code) == (10, ExitCode.INCOMPLETE)
    assert scanned(tmp_path / "a", "PLANT=Abc123\n" * 10)[1] == ExitCode.FINDINGS
    monkeypatch.setattr(files, "MOST_DETECTIONS", 5)
    assert scanned(tmp_path / "a", "PLANT=Abc123\n" * 6)[1] == ExitCode.INCOMPLETE


def test_placeholders_do_not_end_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FINDINGS", 10)
    monkeypatch.setattr(files, "MOST_PLACEHOLDERS", 5)
    report, code = scanned(tmp_path / "a", "PLANT-sample=Abc123\n" * 30 + "PLANT=Abc124\n" * 10)
    assert [f.verdict for f in report.findings].count("valid") == 10
    assert (len(report.findings), code) == (15, ExitCode.FINDINGS)
    reasons = [item.reason for target in report.targets for item in target.skipped]
    assert reasons == ["more than 5 placeholders; the rest of them is not listed"]
    assert scanned(tmp_path / "a", "PLANT-sample=Abc123\n" * 30 + "PLANT=Abc124\n" * 11)[1] == ExitCode.INCOMPLETE


def told(report: Report) -> list[object]:
    """All of a report but the clock."""

    def of(finding: Finding) -> tuple[object, ...]:
        return (finding.id, finding.location, finding.message, finding.secret and finding.secret.reveal())

    return [
        [(t.name, t.size, t.files, t.errors, t.text, t.numbers, t.secret_spans) for t in report.targets],
        [of(finding) for finding in report.findings],
    ]


def test_processes_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(400):
        (tmp_path / f"{number}").write_text(f"PLANT=Abc{number}\n" if number % 7 == 0 else "clean\n")
    (tmp_path / "large").write_bytes(os.urandom(10) + b"x" * (5 << 20))
    used: list[int] = []
    monkeypatch.setattr(parallel, "processes", lambda: used.append(1) or 3)
    spread = told(scan.scan(Settings(), [str(tmp_path)]))
    assert used
    monkeypatch.setattr(parallel, "processes", lambda: 1)
    assert told(scan.scan(Settings(), [str(tmp_path)])) == spread


def test_a_small_run_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "of_chunks", lambda *_: pytest.fail("started processes"))
    (tmp_path / "a").write_text("x")
    assert scanned(tmp_path)[1] == ExitCode.CLEAN


@pytest.mark.parametrize(
    ("error", "message"), [(ImportError("x"), "not installed"), (ValueError("unknown engine 'x'"), "unknown engine")]
)
def test_an_engine_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def refuse(_: str, **_more: object) -> None:
        raise error

    monkeypatch.setattr(detecting, "Detector", refuse)
    with pytest.raises(UsageError, match=message):
        scanned(tmp_path, engine="hyperscan")
