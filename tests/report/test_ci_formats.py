"""Formats for CI servers and hosting services: their schemas, hostile content, planted values, limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Finding, Location, Report, Severity, Suppression, Target, TargetError, number_findings
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.report import (
    checkstyle,
    gitlab_codequality,
    gitlab_secrets,
    json_report,
    jsonl,
    junit,
    markdown,
)
from auditor.report.meta import Meta
from auditor.report.xmltext import quoted
from tests.report import test_formats, test_image_formats
from tests.report.comparing import compare
from tests.report.fixsamples import hostile_fix
from tests.report.imagesamples import VALUES as IMAGE_VALUES
from tests.report.imagesamples import image_report
from tests.report.runbook.reading import BLOCKS, SPANS, links, spans, tokens
from tests.report.validating import (
    CHECKSTYLE,
    GITLAB_CODEQUALITY,
    GITLAB_SECRETS,
    JUNIT,
    REPORT,
    validate,
)
from tests.report.validating import tree as xml_tree

Render = Callable[[Report, Meta], str]
FORMATS: dict[str, Render] = {
    "report.jsonl": jsonl.render,
    "gitlab-secrets.json": gitlab_secrets.render,
    "gitlab-codequality.json": gitlab_codequality.render,
    "junit.xml": junit.render,
    "checkstyle.xml": checkstyle.render,
    "markdown.md": markdown.render,
}
NASTY = [
    "]]>", "<![CDATA[x", "<script>alert(1)</script>", "&lt;&#0;", "a\x00b\x1b[31m\x7f\x85", "\ud800\udfff\udcff",
    "\ufffe\uffff", "a\r\nb\u2028c", "\u202eabc", "::error::x", "##vso[task.x]y", "\"'<>&", "![x](http://evil.example)",
    "[a]: http://evil.example", "# heading", "- item", "1. item", "> quote", "```", "| a | b |\n|---|---|", "<!-- -->",
    "@owner", "#1", "GH-1", "!2", "/close", "x" * 9000, "日本語", "\U0001f600",
]  # fmt: skip


def leak(
    name: str, message: str = "It leaks.", severity: Severity = Severity.HIGH, rule: str = "env-secret"
) -> Finding:
    """A finding in a file of this name."""
    return Finding(rule, severity, Location(name, 3, 5, 3, 9, Span(0, 4)), message, name)


def many(number: int, name: str = "Dockerfile") -> list[Finding]:
    """Findings of every severity, the strongest last."""
    found = [leak(name, f"Case {i}.", Severity(i * 5 // number), f"rule-{i % 40}") for i in range(number)]
    number_findings(found)
    return found


#: The only HTML there is: what folds the proposed changes away.
FOLDED = {"<details>\n<summary>Diffs</summary>\n", "</details>\n"}


def hostile(text: str) -> Report:
    """A report of which every name and sentence is this text."""
    target = Target(text, "dockerfile")
    target.errors.append(TargetError(text, text))
    found = [leak(text, text), leak(text, text, rule="of-the-user")]
    found[0].remedy = found[1].remedy = f"{text}\n\n    {text}"
    found[1].secret = Secret(text, "password")
    found[0].fixes = (hostile_fix(text),)
    found.append(leak(text, text, rule="label-secret"))
    found[2].suppressed = Suppression("inline", text)
    number_findings(found)
    return Report([target], found)


def check(name: str, got: str) -> None:
    """Assert that a report is what its readers take."""
    if name == "report.jsonl":
        records = [json.loads(line) for line in got.splitlines()]
        assert [records[0]["type"], records[-1]["type"]] == ["report", "summary"]
        parts: dict[str, list[dict[str, object]]] = {"target": [], "finding": []}
        for record in records[1:-1]:
            parts[record.pop("type")].append(record)
        for record in (records[0], records[-1]):
            record.pop("type")
        validate(
            {**records[0], "targets": parts["target"], "findings": parts["finding"], "summary": records[-1]}, REPORT
        )
    elif name == "gitlab-secrets.json":
        validate(json.loads(got), GITLAB_SECRETS)
    elif name == "gitlab-codequality.json":
        issues = json.loads(got)
        validate(issues, GITLAB_CODEQUALITY)
        assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    elif name == "junit.xml":
        check_junit(got)
    elif name == "checkstyle.xml":
        validate(xml_tree(got), CHECKSTYLE)
    else:
        check_markdown(got)


def check_junit(got: str) -> None:
    top = xml_tree(got)
    validate(top, JUNIT)
    (suite,) = top["children"]
    cases = suite["children"]
    outcomes = [case["children"][0]["tag"] if case["children"] else "passed" for case in cases]
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite["attributes"][attribute]) == int(top["attributes"][attribute]) == outcomes.count(kind)
    assert int(suite["attributes"]["tests"]) == len(cases)
    names = [(case["attributes"]["classname"], case["attributes"]["name"]) for case in cases]
    assert len(set(names)) == len(names), "of equal names GitLab takes the first"


def check_markdown(got: str) -> None:
    assert {token.type for token in tokens(got)} <= BLOCKS | {"html_block"}, got
    assert {token.content for token in tokens(got) if token.type == "html_block"} <= FOLDED
    assert {token.type for token in spans(got)} <= SPANS, got
    assert links(got) == []
    told = "".join(token.content for token in spans(got) if token.type in ("text", "text_special"))
    assert not re.search(r"@\w|#\d|!\d|\bGH-\d", told)
    assert len(got) < 65_536


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str, report: Report, meta: Meta, image_meta: Meta, update_golden: bool) -> None:
    for prefix, each, told in (("", report, meta), ("image-", image_report(), image_meta)):
        got = FORMATS[name](each, told)
        compare(f"{prefix}{name}", got, update_golden)
        check(name, got)


def test_golden_json_is_as_the_schema_says(report: Report, meta: Meta, image_meta: Meta) -> None:
    for each, told in ((report, meta), (image_report(), image_meta), (report, meta._replace(show_secrets=True))):
        validate(json.loads(json_report.render(each, told)), REPORT)
    proof = Report([], [])
    proof.sought = ("NPM_TOKEN",)
    validate(json.loads(json_report.render(proof, meta)), REPORT)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_holds_a_raw_secret(name: str, report: Report, meta: Meta, image_meta: Meta) -> None:
    all_ = meta._replace(min_severity=Severity.INFO, verbose=True)
    got = FORMATS[name](report, all_)
    got += FORMATS[name](image_report(), image_meta._replace(min_severity=Severity.INFO))
    values = (*test_formats.VALUES, *IMAGE_VALUES)
    assert [value for value in values if value in got or json.dumps(value)[1:-1] in got] == []
    if name != "report.jsonl":
        assert FORMATS[name](report, all_._replace(show_secrets=True)) == FORMATS[name](report, all_)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_hostile_content_is_text(name: str, text: str, meta: Meta) -> None:
    got = FORMATS[name](hostile(text), meta)
    check(name, got)
    assert {char for char in got if not char.isprintable() and char not in "\n\u200b"} == set()
    assert not [line for line in got.splitlines() if line.lstrip().startswith("::")] and "##vso[" not in got


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_samples(name: str, meta: Meta, image_meta: Meta) -> None:
    for report, told in ((test_formats.hostile_report(), meta), (test_image_formats.hostile_report(), image_meta)):
        number_findings(report.findings)
        check(name, FORMATS[name](report, told))


@given(st.text(st.characters(codec=None), min_size=1, max_size=60))
def test_any_text_is_well_formed_xml(text: str) -> None:
    (child,) = xml_tree(f'<a><b c="{quoted(text)}">{quoted(text)}</b></a>')["children"]
    assert child["text"] == child["attributes"]["c"]
    if text.isprintable():
        assert child["text"] == text


@pytest.mark.parametrize("name", FORMATS)
def test_a_clean_run(name: str, meta: Meta) -> None:
    for report in (Report([], []), Report([Target("Dockerfile", "dockerfile"), Target(".", "directory", files=0)], [])):
        check(name, FORMATS[name](report, meta))


def test_junit_tells_what_passes_fails_and_was_not_read(report: Report, meta: Meta) -> None:
    clean = Target("c/Dockerfile", "dockerfile")
    got = xml_tree(junit.render(Report([*report.targets, clean], report.findings), meta._replace(prefix="sub")))
    cases = {
        (c["attributes"]["classname"], c["attributes"]["name"]): c["children"][0] if c["children"] else None
        for c in got["children"][0]["children"]
    }
    assert cases["c/Dockerfile", "no findings"] is None
    assert cases["b/Dockerfile", "read whole"]["tag"] == "error"
    assert cases["app/Dockerfile", "label-secret"]["tag"] == "skipped"
    failure = cases["app/Dockerfile", "env-secret"]
    assert failure["tag"] == "failure" and failure["attributes"]["type"] == "critical"
    assert [line.split(" ")[0] for line in failure["text"].splitlines()] == [
        "sub/app/Dockerfile:5:17:", "sub/app/Dockerfile:5:41:", "sub/app/Dockerfile:7:9:"
    ]  # fmt: skip
    assert ("app/Dockerfile", "package-cache") not in cases, "below --min-severity"


def test_junit_names_no_test_twice(meta: Meta) -> None:
    targets = [Target(name, kind) for name in ("a", "b") for kind in ("dockerfile", "file")]
    targets[2].errors.append(TargetError("odd", "b", 3))
    targets[3].errors.append(TargetError("unreadable", "b"))
    got = junit.render(Report(targets, []), meta)
    check_junit(got)
    assert got.count("<testcase ") == 2 and ">b:3: odd\nb: unreadable</error>" in got


def test_gitlab_gets_times_and_errors(report: Report, meta: Meta) -> None:
    report.seconds = 65.4
    scan = json.loads(gitlab_secrets.render(report, meta._replace(time="2026-01-02T03:04:05+02:00")))["scan"]
    assert (scan["start_time"], scan["end_time"], scan["status"]) == (
        "2026-01-02T01:02:59", "2026-01-02T01:04:05", "failure"
    )  # fmt: skip
    assert scan["messages"] == [{"level": "warn", "value": "b/Dockerfile: cannot be read: permission denied"}]


def test_ids_for_gitlab_stay_and_differ(meta: Meta) -> None:
    found = [leak("a"), leak("b")]
    found[0].id = found[1].id = "0" * 20
    for render, key in ((gitlab_secrets.render, "id"), (gitlab_codequality.render, "fingerprint")):
        first, again = (json.loads(render(Report([], found), meta)) for _ in range(2))
        assert first == again
        ids = [one[key] for one in (first["vulnerabilities"] if key == "id" else first)]
        assert len(set(ids)) == 2, "one id in two targets"


def test_a_long_solution_is_cut_between_paragraphs(meta: Meta) -> None:
    found = leak("a")
    found.remedy = "\n\n".join(f"Paragraph {i} of an advice.\n\n    code {i}" for i in range(900))
    (one,) = json.loads(gitlab_secrets.render(Report([Target("a", "dockerfile")], [found]), meta))["vulnerabilities"]
    assert 6000 < len(one["solution"]) <= 7000
    assert one["solution"].count("```") % 2 == 0


def test_markdown_counts_other_places_of_a_secret_in_an_image(image_meta: Meta) -> None:
    got = markdown.render(image_report(), image_meta)
    assert got.startswith("## audit image: ") and " in 2 images\n" in got
    assert "Also in 3 other places" in got


@pytest.mark.parametrize("text", ["word " * 400, "日本" * 400, "`" * 400, "@a|<b>" * 200])
def test_a_comment_is_never_longer_than_github_takes(text: str, meta: Meta) -> None:
    found = [leak(f"{number}/{text}", f"{number}{text}") for number in range(400)]
    for number, finding in enumerate(found):
        finding.remedy = f"{number}{text}.\n\n" + f"    {text}\n" * 30
        finding.rule = f"rule-{number}"
        finding.fixes = (hostile_fix(f"{number}{text}"),)
    targets = [Target(finding.location.path, "dockerfile") for finding in found]
    for target in targets:
        target.errors.append(TargetError(text, text))
    for number in (1, 40, 400):
        got = markdown.render(Report(targets, found[:number]), meta)
        assert len(got.encode("utf-8")) <= 65_536
        check_markdown(got)
    assert "left out, the least severe ones" in got and "proposed changes left out" in got


def test_equal_changes_are_told_once(meta: Meta) -> None:
    found = [leak("a"), leak("a", rule="arg-secret"), leak("b")]
    for finding in found:
        finding.fixes = (hostile_fix("x"),)
    got = markdown.render(Report([Target("a", "dockerfile")], found), meta)
    assert got.count("```diff") == 1 and "- `a:3`, `a:3`, `b:3`: x (safe: x)" in got
