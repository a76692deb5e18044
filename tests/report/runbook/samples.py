"""Findings for runbooks, and the runbook of some."""

from __future__ import annotations

from auditor.core.finding import Finding, Location, Report, Severity, Target, number_findings
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.report import runbook
from auditor.report.meta import Meta
from auditor.run.selection import all_rules
from tests.report.runbook.reading import check_form

PASSWORD = "Tundra-42-kite"
META = Meta("1.2.3", all_rules("lint"), min_severity=Severity.MEDIUM, key=b"key")


def place(path: str = "Dockerfile", line: int = 1) -> Location:
    return Location(path, line, 1, line, 2, Span(0, 1))


def leak(name: str, value: str = "", line: int = 1, path: str = "Dockerfile", **more: object) -> Finding:
    secret = Secret(value, "password") if value else None
    rule = "env-secret" if value else "arg-secret"
    return Finding(rule, Severity.HIGH, place(path, line), f"{name} leaks.", name, secret=secret, **more)  # type: ignore[arg-type]


def rendered(meta: Meta, *found: Finding, kind: str = "dockerfile") -> str:
    names = dict.fromkeys(finding.location.path for finding in found)
    number_findings(list(found))
    made = runbook.render(Report([Target(name, kind) for name in names], list(found)), meta)
    check_form(made)
    return made
