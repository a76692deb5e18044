"""What must hold before a rewritten Dockerfile takes the original's place."""

from __future__ import annotations

import pytest

from auditor.core.config import Settings
from auditor.core.edit import Edit
from auditor.core.finding import Finding
from auditor.core.span import Span
from auditor.run.analysis import Analysis
from auditor.run.inputs import InputAuditor
from auditor.run.rewrite.check import objection
from auditor.run.selection import chosen
from auditor.sources.files import Input

BEFORE = "FROM a\nARG NPM_TOKEN\nRUN npm ci\nCMD x\n"
AFTER = (
    "FROM a\nRUN --mount=type=secret,id=npm_token,required=true \\\n"
    '    export NPM_TOKEN="$(cat /run/secrets/npm_token)"; \\\n    npm ci\nCMD x\n'
)


def read(text: str) -> Analysis:
    settings = Settings()
    settings.no_context = True
    _target, analysis = InputAuditor(settings, chosen(settings)).examine(
        Input("Dockerfile", "Dockerfile", text.encode(), None)
    )
    return analysis


def about(analysis: Analysis, rule: str) -> list[Finding]:
    return [finding for finding in analysis.findings if finding.rule == rule]


def whole(text: str) -> list[Edit]:
    """An edit of everything between the first and the last line."""
    start = text.index("\n") + 1
    return [Edit(Span(start, text.index("CMD")), "")]


def test_nothing_to_object() -> None:
    before = read(BEFORE)
    assert objection(before, read(AFTER), whole(BEFORE), about(before, "arg-secret")) == ""


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (BEFORE, "the finding of arg-secret would still be there"),
        ("FROM a\nARG npm_token\nRUN npm ci\nCMD x\n", "arg-secret would still be there"),
        (AFTER.replace("npm ci", "echo $NPM_TOKEN"), "lead to a finding of echoed-secret"),
        (AFTER.replace("npm ci", "echo _authToken=$NPM_TOKEN > .npmrc"), "lead to a finding of leaked-mount-secret"),
        (AFTER.replace("RUN", "RUNN"), "the builder would reject the result"),
        (AFTER.replace("CMD x", "CMD y"), "would read differently"),
        (AFTER.replace("FROM a", "FROM b"), "would read differently"),
    ],
)
def test_objections(after: str, reason: str) -> None:
    before = read(BEFORE)
    assert reason in objection(before, read(after), whole(BEFORE), about(before, "arg-secret"))
