"""Limits of the readers of reports: the strongest findings stay, and the cut is told."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from auditor.core.finding import Report, Severity, Suppression, Target
from auditor.report import junit, lines, markdown, sarif
from auditor.report.limits import fitted, strongest
from auditor.report.meta import Meta
from auditor.report.noted import Noted
from tests.report import test_image_formats
from tests.report.imagesamples import image_report
from tests.report.test_ci_formats import check, check_markdown, leak, many
from tests.report.validating import check_github


def test_the_strongest_stay() -> None:
    found = many(10)
    found[-1].suppressed = Suppression("baseline", "")
    assert strongest(found, 10) is found
    assert [f.severity.label for f in strongest(found, 3)] == ["high", "high", "critical"]
    text, kept = fitted(found, 50, len, lambda some: "x" * 10 * len(some))
    assert len(text) <= 50 and 3 <= len(kept) <= 5
    assert fitted(found, 0, lambda text: 1, lambda some: "head") == ("head", [])


def test_limits_cut_the_weakest_and_say_so(meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    found = many(400)
    report = Report([Target("Dockerfile", "dockerfile")], found)
    all_ = meta._replace(min_severity=Severity.INFO)
    monkeypatch.setattr(junit, "MOST_BYTES", 10_000)
    got = junit.render(report, all_)
    check("junit.xml", got)
    assert len(got.encode()) <= 10_000 and "critical" in got and "(info)" not in got
    assert "report is whole" in got and re.fullmatch(r"\d+ findings of 400 left out, .*GitLab.*", got.notes[0])

    monkeypatch.setattr(markdown, "MOST_BYTES", 8_000)
    got = markdown.render(report, all_)
    check_markdown(got)
    assert len(got) < 12_000 and "- **critical**" in got and "- **info**" not in got
    assert got.notes[0] in got and re.match(r"\d+ of 400 findings left out", got.notes[0])


def test_sarif_within_githubs_limits(meta: Meta, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_BYTES", 9_000)
    monkeypatch.setattr(sarif, "MOST_SHOWN", 20)
    found = many(600)
    got = sarif.render(Report([Target("Dockerfile", "dockerfile")], found), meta)
    run = check_github(got)
    assert len(gzip.compress(got.encode())) <= 9_000
    kept = [result["properties"]["severity"] for result in run["results"]]
    assert kept.count("critical") == 120 and 120 < len(kept) < 600
    assert isinstance(got, Noted) and len(got.notes) == 2
    told = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert told == [f"{note}." for note in got.notes]
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((shared / "schemas" / "sarif-schema-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema).validate(json.loads(got))


def test_sarif_is_as_github_wants_it(report: Report, meta: Meta, image_meta: Meta) -> None:
    for each, told in (
        (report, meta),
        (image_report(), image_meta),
        (test_image_formats.hostile_report(), image_meta),
        (Report([], [leak("a", rule="of-the-user")]), meta._replace(titles={"of-the-user": "A rule of mine"})),
    ):
        run = check_github(sarif.render(each, told))
        assert run["results"]
    assert run["tool"]["driver"]["rules"][-1]["shortDescription"]["text"] == "A rule of mine"


def test_small_reports_have_no_notes(report: Report, meta: Meta) -> None:
    for render in (sarif.render, junit.render, markdown.render, lines.github):
        assert render(report, meta).notes == ()
    (note,) = lines.github(Report([], many(200)), meta).notes
    assert note == "100 more not shown as annotations: GitHub takes 10 of a kind"
