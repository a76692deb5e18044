"""Every format: golden file, no raw secret, hostile content."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.core.finding import Finding, Location, Report, Severity, Target, TargetError
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report import html, json_report, lines, runbook, sarif, text
from auditor.report.meta import Meta
from tests.report.comparing import compare

Render = Callable[[Report, Meta], str]
FORMATS: dict[str, Render] = {
    "report.txt": text.render,
    "summary.txt": lambda report, meta: text.problems(report, meta) + text.summary(report, meta),
    "report.json": json_report.render,
    "report.sarif": sarif.render,
    "github.txt": lines.github,
    "gnu.txt": lines.gnu,
    "runbook.md": runbook.render,
    "page.html": html.render,
}
VALUES = ("Tundra-42-kite", "zbV9QsLBHXKhgc1QxygJofAP", "Kp7$x9", "Kp7\\$x9", "0123456789abcdef")


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.endswith(".html")])  # see tests/report/html
def test_golden(name: str, report: Report, meta: Meta, update_golden: bool) -> None:
    compare(name, FORMATS[name](report, meta), update_golden)


@pytest.mark.parametrize("name", ["report.txt", "summary.txt"])
def test_golden_in_colour(name: str, report: Report, meta: Meta, update_golden: bool) -> None:
    got = FORMATS[name](report, meta._replace(color=True))
    compare(f"colour-{name}", got.replace("\x1b", "<ESC>"), update_golden)
    assert re.sub(r"\x1b\[[0-9;]*m", "", got) == FORMATS[name](report, meta), "colour changes nothing else"


def test_golden_in_full(report: Report, meta: Meta, update_golden: bool) -> None:
    compare(
        "verbose-report.txt",
        text.render(report, meta._replace(verbose=True, min_severity=Severity.INFO)),
        update_golden,
    )


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("verbose", [False, True])
def test_no_format_holds_a_raw_secret(name: str, verbose: bool, report: Report, meta: Meta) -> None:
    got = FORMATS[name](report, meta._replace(verbose=verbose, min_severity=Severity.INFO))
    assert [value for value in VALUES if value in got or json.dumps(value)[1:-1] in got] == []


def test_secrets_are_shown_on_request_only_where_they_are_meant_to_be(report: Report, meta: Meta) -> None:
    shown = meta._replace(show_secrets=True)
    content = json.loads(json_report.render(report, shown))
    assert [f["secret"].get("value") for f in content["findings"] if f["secret"]] == [
        f.secret.reveal() for f in report.findings if f.secret
    ]
    assert "value: Tundra-42-kite" in text.render(report, shown)
    for name in ("report.sarif", "github.txt", "gnu.txt", "runbook.md", "summary.txt"):
        assert FORMATS[name](report, shown) == FORMATS[name](report, meta)


def hostile_report() -> Report:
    """Names, messages and text with everything that could confuse a terminal or another reader."""
    nasty = "\x1b[31mred\x07 \u202eright\u202c \u200b\udcff\x85 ::error::x \r\n%0A,:&<>\"'"
    content = f"FROM a\nENV A={nasty}\n\ufeff\tB\x00C\n"
    index = LineIndex(content)
    target = Target(f"dir/{nasty}", "dockerfile", text=content)
    target.errors.append(TargetError(nasty, target.name))
    found = []
    for span in (Span(7, 13), Span(13, len(content)), Span(len(content), len(content)), Span(0, 0)):
        place = Location.of(target.name, index, span)
        found.append(Finding("env-secret", Severity.HIGH, place, nasty, nasty, secret=Secret(nasty, "password")))
    return Report([target], found)


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_content_is_escaped(name: str, meta: Meta) -> None:
    got = FORMATS[name](hostile_report(), meta._replace(verbose=True))
    assert got.encode("utf-8")
    allowed = "\n\r\t" if name in ("report.json", "report.sarif") else "\n"
    raw = {char for char in got if not char.isprintable() and char not in allowed}
    assert raw == set()


def test_a_workflow_command_cannot_be_injected(meta: Meta) -> None:
    got = lines.github(hostile_report(), meta)
    assert all(re.match(r"::(error|warning|notice) file=[^:,]*,line=\d+,", line) for line in got.split("\n") if line)


def test_a_file_name_in_an_annotation_is_escaped(meta: Meta) -> None:
    place = Location("evil\x1b[31m\nna:me.txt", 1, 1, 1, 2, Span(0, 1))
    got = lines.github(Report([], [Finding("env-secret", Severity.MEDIUM, place, "x", "y")]), meta)
    assert got.startswith("::warning file=evil\\x1b[31m%0Ana%3Ame.txt,line=1,")


def test_annotations_are_limited_for_each_kind(meta: Meta) -> None:
    levels = [Severity.MEDIUM] * 12 + [Severity.CRITICAL] * 3 + [Severity.HIGH] * 9
    place = Location("Dockerfile", 1, 1, 1, 2, Span(0, 1))
    found = [Finding("env-secret", level, place, "x", str(i)) for i, level in enumerate(levels)]
    got = lines.github(Report([], found), meta).splitlines()
    kinds = [line.split(" ")[0] for line in got]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10 + ["4"]


def test_sarif_is_valid(report: Report, meta: Meta, shared: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((shared / "schemas" / "sarif-schema-2.1.0.json").read_text())
    for each in (report, hostile_report(), Report([], [])):
        jsonschema.Draft4Validator(schema).validate(json.loads(sarif.render(each, meta)))


def test_sarif_keeps_githubs_limits(meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    place = Location("Dockerfile", 1, 1, 1, 2, Span(0, 1))
    levels = [Severity.LOW, Severity.HIGH, Severity.INFO, Severity.CRITICAL, Severity.MEDIUM]
    found = [Finding("env-secret", level, place, "x", level.label) for level in levels]
    (run,) = json.loads(sarif.render(Report([], found), meta))["runs"]
    assert sorted(r["properties"]["severity"] for r in run["results"]) == ["critical", "high", "medium"]
    assert "2 findings of 5 left out" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize(
    ("path", "prefix", "uri"),
    [
        ("Dockerfile", "", "Dockerfile"),
        ("a b/Dockerfile#1", "services/x", "services/x/a%20b/Dockerfile%231"),
        ("../Dockerfile", "services/x", "services/Dockerfile"),
        ("/abs/Dockerfile", "services", "file:///abs/Dockerfile"),
        ("d\udcff/Dockerfile", "", "d%FF/Dockerfile"),
    ],
)
def test_sarif_paths_start_at_the_repository_root(path: str, prefix: str, uri: str, meta: Meta) -> None:
    found = [Finding("env-secret", Severity.HIGH, Location(path, 1, 1, 1, 2, Span(0, 1)), "x", "x")]
    (run,) = json.loads(sarif.render(Report([], found), meta._replace(prefix=prefix)))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_json_counts_what_is_active_and_keys_fingerprints(report: Report, meta: Meta) -> None:
    one, two = (json.loads(json_report.render(report, meta._replace(key=key))) for key in (b"1", b"2"))
    assert one["summary"] == {
        "critical": 1, "high": 3, "medium": 1, "low": 1, "info": 0, "suppressed": 1, "seconds": 0.125
    }  # fmt: skip
    prints = [[f["secret"]["fingerprint"] for f in c["findings"] if f["secret"]] for c in (one, two)]
    assert prints[0][0] == prints[0][2], "the same value in two places"
    assert set(prints[0]).isdisjoint(prints[1]), "another key, other fingerprints"
    assert set(one) == {"schema_version", "tool", "targets", "findings", "summary"}
    assert list(one["findings"][0]) == [
        "id", "rule", "severity", "confidence", "verdict", "title", "message", "target", "location", "image",
        "related", "secret", "fixes", "suppressed", "facts",
    ]  # fmt: skip


def test_a_clean_run_prints_nothing_but_one_line(meta: Meta) -> None:
    clean = Report([Target("Dockerfile", "dockerfile")], [], 0.5)
    assert text.render(clean, meta) == ""
    assert text.summary(clean, meta) == "No leaks found in 1 file (0.50 s).\n"
