"""JSON reports read back: every format again, and what is wrong with a document to the field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Report, Severity
from auditor.core.proposal import Proposal
from auditor.core.secret import Remembered
from auditor.report import (
    checkstyle,
    gitlab_codequality,
    html,
    json_report,
    jsonl,
    junit,
    lines,
    markdown,
    runbook,
    sarif,
)
from auditor.report import text as text_report
from auditor.report.meta import Meta
from auditor.report.recorded.fields import RecordError
from auditor.report.recorded.reading import Recorded, read
from tests.report import test_formats, test_image_formats
from tests.report.imagesamples import VALUES as IMAGE_VALUES
from tests.report.imagesamples import image_report

Path = tuple[str | int, ...]
#: Formats that need nothing which a JSON report has not.
EQUAL: tuple[Callable[[Report, Meta], str], ...] = (
    json_report.render,
    jsonl.render,
    gitlab_codequality.render,
    checkstyle.render,
    junit.render,
    lines.gnu,
    lines.github,
    runbook.render,
)
OTHERS: tuple[Callable[[Report, Meta], str], ...] = (
    text_report.render,
    sarif.render,
    markdown.render,
    html.render,
)


def again(report: Report, meta: Meta) -> Recorded:
    return read(json_report.render(report, meta).encode(), "r.json")


def samples(report: Report, meta: Meta, image_meta: Meta) -> list[tuple[Report, Meta]]:
    proof = Report(image_report().targets, [])
    proof.sought = ("NPM_TOKEN",)
    return [(report, meta), (image_report(), image_meta), (proof, image_meta), (Report([], []), meta)]


def test_formats_that_can_are_the_same(report: Report, meta: Meta, image_meta: Meta) -> None:
    for each, told in samples(report, meta, image_meta):
        for level in (Severity.INFO, Severity.MEDIUM):
            shown = told._replace(min_severity=level)
            recorded = again(each, shown)
            assert (recorded.version, recorded.rules_digest, recorded.skipped) == ("1.2.3", "sha256:00", ())
            for render in EQUAL:
                assert render(recorded.report, shown) == render(each, shown), render.__module__


def test_the_other_formats_hold_the_findings(report: Report, meta: Meta, image_meta: Meta) -> None:
    for each, told in samples(report, meta, image_meta)[:2]:
        recorded = again(each, told).report
        for render in (*OTHERS, runbook.render):
            got = render(recorded, told)
            assert "DB_PASSWORD" in got
            values = (*test_formats.VALUES, *IMAGE_VALUES)
            assert [value for value in values if value in got] == []
    shown = text_report.render(again(report, meta).report, meta)
    assert "app/Dockerfile:4:46: written to /usr/src/app/.npmrc" in shown, "steps without an excerpt"
    assert " | " not in shown and "value:" not in text_report.render(recorded, meta._replace(show_secrets=True))


def test_hostile_reports_are_read_back(meta: Meta, image_meta: Meta) -> None:
    for report, told in ((test_formats.hostile_report(), meta), (test_image_formats.hostile_report(), image_meta)):
        for number, finding in enumerate(report.findings):
            finding.id = f"{number:020x}"
        recorded = again(report, told).report
        assert json_report.render(recorded, told) == json_report.render(report, told)
        for render in (*EQUAL, *OTHERS):
            assert render(recorded, told).encode()


def test_values_are_kept_only_where_they_were_asked_for(report: Report, meta: Meta) -> None:
    plain, shown = (again(report, meta._replace(show_secrets=flag)).report for flag in (False, True))
    assert {f.secret.reveal() for f in plain.findings if f.secret} == {""}
    assert "Tundra-42-kite" in {f.secret.reveal() for f in shown.findings if f.secret}
    for render in (*EQUAL, *OTHERS):
        got = render(shown, meta)
        assert [value for value in test_formats.VALUES if value in got] == [], render.__module__
    wanted = meta._replace(show_secrets=True)
    assert json_report.render(shown, wanted) == json_report.render(report, wanted)
    assert "value: Tundra-42-kite" in text_report.render(shown, wanted)


def test_secrets_are_told_apart_by_their_fingerprints() -> None:
    one, same, other = (Remembered("****", "password", print_ * 64) for print_ in ("a", "a", "b"))
    assert one == same and one != other and len({one, same, other}) == 2


def test_titles_and_newer_fields(report: Report, meta: Meta) -> None:
    content = json.loads(json_report.render(report, meta))
    content["findings"][0] |= {"rule": "of-the-user", "title": "A rule of mine", "age": 3}
    content["targets"][1]["owner"] = content["run"] = "x"
    recorded = read(json.dumps(content).encode("utf-8-sig"), "r.json")
    assert recorded.titles["of-the-user"] == "A rule of mine"
    assert recorded.skipped == ("findings[].age", "run", "targets[].owner")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "r.json:1:1: is not JSON: Expecting value"),
        (b'{"a": 1,\n x}', "r.json:2:2: is not JSON: Expecting property name enclosed in double quotes"),
        (b"\xff\xfe{\0}\0", "r.json: is not UTF-8 (byte 0)"),
        (b'{"a": NaN}', "r.json: is not JSON: NaN is no number"),
        (b'{"a": 1, "b": 2, "a": 3}', "r.json: is not JSON: the field 'a' is there twice"),
        (b'{"a": ' + b"9" * 5000 + b"}", None),
        (b"[" * 200_000, "r.json: is nested too deeply"),
        (b"[]", "r.json: must be an object, not a list"),
        (b"{}", "r.json: is not a JSON report of audit"),
        (b'{"runs": []}', "r.json: is SARIF, not a JSON report of audit"),
        (b'{"schema_version": 2}', "r.json: schema_version: is 2; this version of audit reads 1"),
        (b'{"schema_version": true}', "r.json: schema_version: must be a whole number, not true"),
        (
            b'{"schema_version": 1, "files": []}',
            "r.json: has no findings: reports of audit lint, image and scan are read, not those of audit fix",
        ),
    ],
)
def test_what_is_no_report_is_told(data: bytes, message: str | None) -> None:
    with pytest.raises(RecordError) as caught:
        read(data, "r.json")
    assert message is None or str(caught.value) == message


def changed(content: dict[str, Any], path: Path, value: object) -> bytes:
    """The document with one field changed; with `...` without it."""
    where: Any = content
    for step in path[:-1]:
        where = where[step]
    if value is ...:
        del where[path[-1]]
    else:
        where[path[-1]] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("tool", "name"), "other", "tool.name: must be one of audit, not 'other'"),
        (("tool",), [], "tool: must be an object, not a list"),
        (("sought",), [3], "sought: must be a text, not 3"),
        (("targets", 0, "complete"), True, "targets[0].complete: must be true where errors is empty, else false"),
        (("targets", 0, "stats", "layers"), 7, "targets[0].stats.layers: is 7, but 8 layers are listed"),
        (("targets", 0, "stats", "bytes"), -1, "targets[0].stats.bytes: must be a whole number from 0 on, not -1"),
        (("targets", 0, "image"), ..., "targets[0].image: is missing"),
        (
            ("targets", 0, "image", "layers", 2, "state"),
            "x",
            "must be one of scanned, cached, skipped, failed, not 'x'",
        ),
        (("findings", 1, "severity"), "urgent", "must be one of critical, high, medium, low, info, not 'urgent'"),
        (("findings", 1, "severity"), ..., "findings[1].severity: is missing"),
        (("findings", 1, "id"), "xyz", "findings[1].id: must be 20 hexadecimal digits, not 'xyz'"),
        (("findings", 1, "rule"), "a\x1b[31m", "must be a line of 1 to 300 printable characters, not 'a\\x1b[31m'"),
        (("findings", 1, "title"), "", "findings[1].title: must be a line of 1 to 300 printable characters, not ''"),
        (("findings", 1, "message"), None, "findings[1].message: must be a text, not null"),
        (("findings", 1, "message"), {"a": 1}, "findings[1].message: must be a text, not an object"),
        (("findings", 2, "image"), None, "findings[2].location.path: must be the target where image is null"),
        (("findings", 0, "image"), None, "findings[0].location: must be an object where image is null"),
        (("findings", 2, "location"), None, "image.dockerfile_line: must be a line where location is one, else null"),
        (("findings", 2, "location", "end_line"), 1, "location.end_line: must not stand before the beginning"),
        (("findings", 2, "location", "start_line"), 0, "start_line: must be a whole number from 1 on, not 0"),
        (("findings", 1, "image", "path"), "", "findings[1].image.path: must be a text or null, not empty"),
        (("findings", 1, "image", "in_base"), 0, "findings[1].image.in_base: must be true or false, not 0"),
        (("findings", 1, "secret", "redacted"), 5, "findings[1].secret.redacted: must be a text, not 5"),
        (("findings", 1, "suppressed"), {"by": "me", "reason": ""}, "must be one of inline, baseline, not 'me'"),
        (("findings", 1, "related"), None, "findings[1].related: must be a list, not null"),
        (("summary", "high"), 0, "summary.high: is 0, but 7 such findings are listed"),
        (("summary", "seconds"), 1e999, "Infinity is no number"),
        (("summary", "seconds"), "1", "summary.seconds: must be a number, not '1'"),
    ],
)
def test_errors_name_the_field(path: Path, value: object, message: str, image_meta: Meta) -> None:
    content = json.loads(json_report.render(image_report(), image_meta))
    with pytest.raises(RecordError) as caught:
        read(changed(content, path, value), "r.json")
    assert str(caught.value).startswith("r.json: ") and str(caught.value).endswith(message)
    assert caught.value.exit_code == 3


def places(value: object, path: Path = ()) -> list[Path]:
    """The way to every field and item of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(*path, key) for key, _ in items]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [way for key, inner in items for way in places(inner, (*path, key))]


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=6),
    st.just([]), st.just({}), st.lists(st.integers(), max_size=2), st.just(...),
)  # fmt: skip


@given(st.data())
def test_any_change_is_read_or_told(data: st.DataObject) -> None:
    meta = Meta(version="1", rules={}, rules_digest="sha256:0", key=b"key", min_severity=Severity.INFO, command="image")
    content = json.loads(json_report.render(image_report(), meta))
    document = changed(content, data.draw(st.sampled_from(places(content))), data.draw(ANYTHING))
    try:
        recorded = read(document, "r.json")
    except RecordError as error:
        assert str(error).startswith("r.json")
        return
    for render in (*EQUAL, *OTHERS):
        assert render(recorded.report, meta).encode("utf-8", "backslashreplace")


def test_half_characters_break_no_format(report: Report, meta: Meta) -> None:
    text = json_report.render(report, meta).replace("app/Dockerfile", "\\ud800/\\udc80").encode()
    got = read(text, "r.json").report
    assert set(got.targets[0].name) == {"\ufffd", "/"}
    assert sarif.render(got, meta).isascii()


def test_fixes_are_read_back(report: Report, meta: Meta) -> None:
    got = read(json_report.render(report, meta).encode(), "r.json").report
    (fix,) = got.findings[0].fixes
    assert fix == report.findings[0].fixes[0]._replace(replacements=())
    old = json.loads(json_report.render(report, meta))
    old["findings"][0]["fixes"] = [{"title": "x", "applicability": "safe"}]
    assert read(json.dumps(old).encode(), "r.json").report.findings[0].fixes == (Proposal("x", "safe", "", ""),)
    old["findings"][0]["fixes"][0]["also"] = [1]
    with pytest.raises(RecordError, match=r"fixes\[0\].also: must be a text"):
        read(json.dumps(old).encode(), "r.json")


def test_results_without_a_sentence_have_the_title(report: Report, meta: Meta) -> None:
    for finding in report.findings:
        finding.message = ""
    results = json.loads(sarif.render(report, meta))["runs"][0]["results"]
    assert results[0]["message"]["text"] == "Secret in a build argument"
