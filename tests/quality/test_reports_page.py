"""The page about reports: its examples are made here (`--update` writes them), its lists are complete."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from auditor.cli.reporting import RENDERERS
from auditor.core.config import FORMATS
from auditor.core.finding import Finding, Location, Report, Severity, Step, Target, number_findings
from auditor.core.rule import Rule
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report.meta import Meta
from auditor.run.selection import all_rules

PAGE = Path(__file__).parents[2] / "docs/reports.md"
TEXT = "FROM node:22\nENV DB_PASSWORD=Tundra-42-kite\n"
_LANGUAGES = {"json": "json", "jsonl": "json", "sarif": "json", "junit": "xml", "checkstyle": "xml"}
_BLOCK = r"<!-- example: {} -->(?:\n\n~~~\w*\n.*?\n~~~(?=\n))?"


def example() -> tuple[Report, Meta]:
    """The run of which the page shows every format."""
    target = Target("Dockerfile", "dockerfile", size=len(TEXT), text=TEXT)
    target.secrets = [Secret("Tundra-42-kite", "password")]
    start = TEXT.index("Tundra")
    span = Span(start, start + len("Tundra-42-kite"))
    place = Location.of("Dockerfile", LineIndex(TEXT), span)
    message = "DB_PASSWORD is set to a secret; the image's configuration and history show it."
    flow = (Step("every container and docker inspect show it", None),)
    finding = Finding(
        "env-secret",
        Severity.HIGH,
        place,
        message,
        "DB_PASSWORD",
        secret=target.secrets[0],
        secret_span=span,
        flow=flow,
    )
    number_findings([finding])
    rule: Rule = all_rules()["env-secret"]
    meta = Meta(
        version="1.0.0",
        rules={"env-secret": rule},
        rules_digest="sha256:53fe9114",
        key=b"key",
        time="2026-01-02T03:04:05Z",
        prose={"env-secret": "The configuration of the image keeps the variable."},
    )
    return Report([target], [finding], 0.125), meta


def made(name: str) -> str:
    """The block of one format."""
    module, function = RENDERERS[name][:2]
    text = getattr(import_module(f"auditor.report.{module}"), function)(*example())
    language = _LANGUAGES.get(name, "json" if name.startswith("gitlab") else "")
    return f"<!-- example: {name} -->\n\n~~~{language}\n{text.rstrip()}\n~~~"


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("runbook", "html")])
def test_examples_are_what_is_written(name: str, update_golden: bool) -> None:
    pattern = re.compile(_BLOCK.format(re.escape(name)), re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    (shown,) = pattern.findall(page)
    if update_golden:
        PAGE.write_text(pattern.sub(lambda _found: made(name), page), encoding="utf-8")
        shown = made(name)
    assert shown == made(name), "run with --update if the change is wanted"


def test_every_format_is_listed_and_links_lead_somewhere() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in page.split("## Limits")[0]] == []
    headings = {line.removeprefix("#").strip("# ").replace(" ", "-") for line in page.splitlines() if line[:1] == "#"}
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert link.removeprefix("#") in headings or (PAGE.parent / link).exists(), link
