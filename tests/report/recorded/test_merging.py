"""Several recorded reports as one."""

from __future__ import annotations

import pytest

from auditor.core.errors import UsageError
from auditor.core.finding import (
    Finding,
    Location,
    Report,
    Severity,
    Skipped,
    Suppression,
    Target,
    TargetError,
    number_findings,
)
from auditor.core.image import LAYER, ImagePlace
from auditor.core.proposal import Proposal
from auditor.core.span import Span
from auditor.report.recorded.merging import merged
from auditor.report.recorded.reading import Recorded


def leak(path: str, rule: str = "env-secret", severity: Severity = Severity.HIGH, line: int = 3) -> Finding:
    return Finding(rule, severity, Location(path, line, 1, line, 5, Span(0, 0)), "It leaks.", "x")


def run(*found: Finding, names: tuple[str, ...] = ("a", "b"), seconds: float = 1.0, version: str = "1") -> Recorded:
    number_findings(list(found))
    report = Report([Target(name, "dockerfile", size=9) for name in names], list(found), seconds)
    return Recorded(report, version, f"sha256:{version}", {f.rule: f"Title of {version}" for f in found})


def image(digest: str, name: str = "shop:1") -> Recorded:
    target = Target(name, "image")
    target.digest = digest
    found = Finding("env-secret", Severity.HIGH, Location.target(name), "x", "x", image=ImagePlace(LAYER, 1, path="a"))
    number_findings([found])
    return Recorded(Report([target], [found]), "1", "sha256:1", {})


def test_one_run_stays_as_it_is() -> None:
    one = run(leak("b"), leak("a"))
    assert merged([one], "9") is one


def test_findings_with_one_id_are_one_and_the_strongest() -> None:
    low, high = leak("a", severity=Severity.LOW), leak("a", severity=Severity.CRITICAL)
    silent = leak("b")
    silent.suppressed = Suppression("inline", "x")
    got = merged([run(low, silent), run(high, leak("b"), leak("b", "arg-secret", line=1))], "9").report
    assert [(f.location.path, f.rule, f.severity.label, f.suppressed) for f in got.findings] == [
        ("a", "env-secret", "critical", None), ("b", "arg-secret", "high", None), ("b", "env-secret", "high", None)
    ]  # fmt: skip
    assert [t.name for t in got.targets] == ["a", "b"] and got.seconds == 2.0
    again = leak("b")
    again.suppressed = Suppression("baseline", "y")
    both = merged([run(silent), run(again)], "9").report
    assert [f.suppressed for f in both.findings] == [Suppression("inline", "x")]


def test_one_id_in_two_targets_is_two_findings() -> None:
    one, two = leak("a"), leak("b")
    one.id = two.id = "0" * 20
    reports = [Recorded(Report([], [finding]), "1", "d", {}) for finding in (one, two)]
    assert len(merged(reports, "9").report.findings) == 2


def test_targets_keep_what_went_wrong() -> None:
    one, two = run(), run()
    one.report.targets[0].errors.append(TargetError("odd", "a"))
    for each in (one, two):
        each.report.targets[1].skipped.append(Skipped("x", "encrypted"))
    two.report.targets[0].size = 20
    got = merged([one, two], "9").report
    assert not got.complete and got.targets[0].size == 20
    assert got.targets[1].skipped == [Skipped("x", "encrypted")]


def test_images_of_one_name_and_several_digests_are_told_apart() -> None:
    got = merged([image("sha256:aa"), image("sha256:bb"), image("sha256:aa")], "9").report
    assert [t.name for t in got.targets] == ["shop:1@sha256:aa", "shop:1@sha256:bb"]
    assert [f.location.path for f in got.findings] == ["shop:1@sha256:aa", "shop:1@sha256:bb"]
    same = merged([image("sha256:aa"), image("sha256:aa")], "9").report
    assert [t.name for t in same.targets] == ["shop:1"] and len(same.findings) == 1


def test_versions_and_rules_of_several_runs() -> None:
    same = merged([run(leak("a"), version="1"), run(version="1")], "9")
    assert (same.version, same.rules_digest) == ("1", "sha256:1")
    mixed = merged([run(leak("a"), version="1"), run(leak("a"), version="2")], "9")
    assert mixed.version == "9" and len(mixed.rules_digest) == len("sha256:") + 64
    assert mixed.titles == {"env-secret": "Title of 1"}
    turned = merged([run(leak("a"), version="2"), run(leak("a"), version="1")], "9")
    assert turned.rules_digest == mixed.rules_digest


def test_proofs_are_not_merged() -> None:
    proof = run()
    proof.report.sought = ("NPM_TOKEN",)
    assert merged([proof], "9").report.sought == ("NPM_TOKEN",)
    with pytest.raises(UsageError, match="assert-absent"):
        merged([run(), proof], "9")


def test_a_fix_that_one_run_knows_stays() -> None:
    fix = Proposal("x", "safe", "", "")
    for first, second in ((leak("a"), leak("a", severity=Severity.LOW)), (leak("a"), leak("a"))):
        second.fixes = (fix,)
        (got,) = merged([run(first), run(second)], "9").report.findings
        assert (got.severity, got.fixes) == (Severity.HIGH, (fix,))
