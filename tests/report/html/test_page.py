"""The HTML report without a browser: golden files, markup, policy, hostile names, what is cut."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise

import pytest

from auditor.core.finding import Finding, Location, Report, Severity, Skipped, Target, TargetError
from auditor.core.rule import Rule
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report.html import page, render
from auditor.report.meta import Meta
from tests.report import test_formats, test_image_formats
from tests.report.comparing import compare
from tests.report.fixsamples import hostile_fix
from tests.report.html.reading import Reader, structure
from tests.report.imagesamples import image_report

MARKUP = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script><!-- {{ 7 * 7 }} &amp; ::error::x ##[error]"


def test_golden(report: Report, meta: Meta, update_golden: bool) -> None:
    compare("report.html", structure(report, meta), update_golden)


def test_golden_of_an_image(image_meta: Meta, update_golden: bool) -> None:
    compare("image-report.html", structure(image_report(), image_meta), update_golden)


def reports(name: str, report: Report) -> Report:
    """A report by name."""
    made = {
        "files": report,
        "image": image_report(),
        "hostile files": test_formats.hostile_report(),
        "hostile image": test_image_formats.hostile_report(),
        "nothing": Report([Target("Dockerfile", "dockerfile")], []),
    }
    return made[name]


NAMES = ("files", "image", "hostile files", "hostile image", "nothing")


@pytest.mark.parametrize("name", NAMES)
def test_markup_is_sound(name: str, report: Report, meta: Meta) -> None:
    read = Reader(render(reports(name, report), meta))
    assert (read.open, read.stray) == ([], [])
    ids = [found["id"] for _, found in read.tags if "id" in found]
    assert sorted(ids) == sorted(set(ids))
    used = [found["href"][1:] for _, found in read.tags if found.get("href", "").startswith("#")]
    used += [found["for"] for found in read.all("label") if "for" in found]
    used += [found["aria-labelledby"] for _, found in read.tags if "aria-labelledby" in found]
    used += [f"remedy-{found['data-remedy']}" for _, found in read.tags if "data-remedy" in found]
    assert [one for one in used if one not in ids] == []
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded_and_nothing_runs_but_the_one_script(name: str, report: Report, meta: Meta) -> None:
    read = Reader(render(reports(name, report), meta))
    assert len(read.all("style")) == len(read.all("script")) == 1
    assert [found for _, found in read.tags if {"src", "srcset", "action", "style", "data"} & set(found)] == []
    assert [n for _, found in read.tags for n in found if n.startswith("on")] == []
    links = [found["href"] for _, found in read.tags if "href" in found]
    assert [link for link in links if not link.startswith(("#", "data:image/svg+xml,"))] == []
    (policy,) = [found["content"] for found in read.all("meta") if "http-equiv" in found]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    hashes = {
        tag: b64encode(sha256("".join(text).encode()).digest()).decode() for tag, text in read.raw.items()
    }  # fmt: skip
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{hashes['style']}'",
        "script-src": f"'sha256-{hashes['script']}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "trusted-types": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_the_policy_comes_before_what_it_governs(report: Report, meta: Meta) -> None:
    got = render(report, meta)
    assert got.index("Content-Security-Policy") < min(got.index("<style>"), got.index("<script>"), got.index("<link"))


def renamed(text: str) -> Report:
    """A report where everything that an input chooses is this text; values are not."""
    content = f"FROM a\nENV A={text} B=maple-Quail-6\n"
    at = content.index("maple")
    place = Location.of(f"dir/{text}", LineIndex(content), Span(at, at + 13))
    target = Target(place.path, "dockerfile", text=content)
    target.errors.append(TargetError(text, text))
    target.skipped.append(Skipped(text, text))
    found = Finding("env-secret", Severity.HIGH, place, text, text, secret=Secret("maple-Quail-6", "password"))
    found.remedy, found.id, found.verdict, found.fixes = text, text, "unverified", (hostile_fix(text),)
    return Report([target], [found])


def test_names_change_no_markup(meta: Meta) -> None:
    plain, hostile = (Reader(render(renamed(text), meta)) for text in ("word", MARKUP))
    assert hostile.shape == plain.shape
    assert hostile.words.count(MARKUP) >= 6, "all of it is there as text"


def test_names_in_an_image_change_no_markup(image_meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    for text in ("word", MARKUP):
        monkeypatch.setattr(test_image_formats, "NASTY", text)
        shapes.append(Reader(render(test_image_formats.hostile_report(), image_meta)).shape)
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) > 500


def test_a_rule_of_the_users_changes_no_markup(meta: Meta) -> None:
    shapes = []
    for text in ("word", MARKUP):
        report = renamed("x")
        report.findings[0].rule, report.findings[0].remedy = text, ""
        rule = meta.rules["env-secret"]._replace(id=text, title=text, remedy=f"{text}\n\n    {text}\n")
        assert isinstance(rule, Rule)
        given = meta._replace(rules={text: rule}, prose={text: text}, version=text, rules_digest=text)
        shapes.append(Reader(render(report, given)).shape)
    assert shapes[0] == shapes[1]


def test_no_command_to_a_build_service_is_in_the_page(meta: Meta, image_meta: Meta) -> None:
    for got in (render(renamed(MARKUP), meta), render(test_image_formats.hostile_report(), image_meta)):
        assert "##[" not in got and "##vso[" not in got
        assert [line for line in got.split("\n") if line.lstrip().startswith("::")] == []


def test_secrets_stay_masked_on_request_too(report: Report, meta: Meta) -> None:
    assert render(report, meta._replace(show_secrets=True)) == render(report, meta)


def test_a_finding_tells_all_that_is_known(report: Report, meta: Meta) -> None:
    words = Reader(render(report, meta)).words
    for told in (
        "app/Dockerfile:3:5", "written to /usr/src/app/.npmrc, which the layer keeps app/Dockerfile:4:46",
        "docker history shows the argument of every RUN", "zb**** api-key", "valid: its checksum or structure is right",
        "medium confidence", "Mount a netrc file that holds ****.", "Value", "The history keeps it.",
        "RUN --mount=type=secret,id=npm_token,required=true \\", "cannot be read: permission denied",
        "1 finding suppressed", "1 finding below medium not shown", "directory of dependencies or tool data",
    ):  # fmt: skip
        assert told in words, told


def test_the_page_says_when_there_is_nothing(meta: Meta) -> None:
    clean = Report([Target("Dockerfile", "dockerfile")], [])
    assert "Nothing was found." in Reader(render(clean, meta)).words
    clean.targets[0].errors.append(TargetError("cannot be read", "Dockerfile"))
    words = Reader(render(clean, meta)).words
    assert "Nothing was found in what could be read." in words and "Not everything could be read: 1 problem" in words


def test_what_is_hidden_is_not_called_nothing(report: Report, meta: Meta) -> None:
    report.findings = [finding for finding in report.findings if finding.severity < Severity.MEDIUM]
    words = Reader(render(Report(report.targets[:1], report.findings), meta)).words
    assert "Nothing to show." in words and "1 finding below medium not shown." in words
    assert "Nothing was found" not in words


def test_of_too_many_findings_the_strongest_stay(report: Report, meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_FINDINGS", 2)
    read = Reader(render(report, meta))
    assert [found["data-severity"] for found in read.all("article")] == ["critical", "high"]
    assert "3 findings more, weaker than these, are left out" in read.words


def test_a_report_without_its_text_has_no_excerpt(report: Report, meta: Meta) -> None:
    assert [found for found in Reader(render(report, meta)).all("pre") if found.get("class") == "quote"]
    for target in report.targets:
        target.text = ""
    read = Reader(render(report, meta))
    assert [found for found in read.all("pre") if found.get("class") == "quote"] == []
    assert len(read.all("article")) == 5


def test_files_are_compared_where_there_are_several(meta: Meta) -> None:
    found = [
        Finding("env-secret", level, Location(path, 1, 1, 1, 2, Span(0, 1)), "x", str(level))
        for path, levels in (("a", [Severity.HIGH, Severity.MEDIUM]), ("b", [Severity.HIGH]))
        for level in levels
    ]
    read = Reader(render(Report([Target("a", "dockerfile"), Target("b", "dockerfile")], found), meta))
    bars = [found["aria-label"] for found in read.all("svg") if "aria-label" in found]
    assert bars[1:] == ["1 high, 1 medium", "1 high"]
    options = [found["value"] for found in read.all("option")]
    assert options[-3:] == ["", "0", "1"], "files to choose from"
