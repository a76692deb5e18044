"""Places in a rewritten text are told by where they stood at first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.main import main
from auditor.core.edit import Edit, EditConflict, apply_edits
from auditor.core.finding import Finding, Location, Related, Severity, Step
from auditor.core.span import LineIndex, Span
from auditor.run.rewrite.origin import Origin

FIRST = "FROM a\nARG TOKEN\nENV KEY=v\nRUN use\n"


def edit(text: str, old: str, new: str) -> Edit:
    at = text.index(old)
    return Edit(Span(at, at + len(old)), new)


def test_two_steps() -> None:
    origin = Origin(FIRST)
    one = [edit(FIRST, "ARG TOKEN\n", ""), edit(FIRST, "use", "--mount=x \\\n    use")]
    second = apply_edits(FIRST, one)
    origin.add(one)
    two = [edit(second, "ENV", "# why\nENV")]
    third = apply_edits(second, two)
    origin.add(two)
    at = third.index("KEY=v")
    assert FIRST[origin.span(Span(at, at + 5)).start :].startswith("KEY=v\n")
    at = third.index("use")
    span = origin.span(Span(at, at + 3))
    assert span.start == FIRST.index("use")
    place = Location.of("Dockerfile", LineIndex(third), Span(at, at + 3))
    finding = Finding("r", Severity.HIGH, place, "m", "s", flow=(Step("x", place),), related=(Related("y", place),))
    finding.secret_span = Span(at, at + 3)
    origin.move(finding)
    assert (finding.location.start_line, finding.location.start_column) == (4, 5)
    assert finding.flow[0].location == finding.related[0].location == finding.location
    assert finding.secret_span == span


@given(st.data())
def test_what_is_not_touched_comes_from_where_it_was(data: st.DataObject) -> None:
    text = "".join(chr(ord("A") + i) for i in range(20))
    origin = Origin(text)
    now = text
    for _ in range(data.draw(st.integers(0, 3))):
        spans = data.draw(st.lists(st.tuples(st.integers(0, len(now)), st.integers(0, 3), st.text("xyz", max_size=3))))
        edits = [Edit(Span(start, min(start + size, len(now))), new) for start, size, new in spans]
        try:
            following = apply_edits(now, edits)
        except EditConflict:
            continue
        origin.add(edits)
        now = following
    for at, char in enumerate(now):
        if char in text:
            assert text[origin.span(Span(at, at + 1)).start] == char


def test_what_stays_has_its_place_in_the_file_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text('FROM a\nARG NPM_TOKEN\nRUN npm ci\nLABEL registry.token="Gq4zT8pLx2VnR6sW9aB"\n')
    for option, line in (("--check", 4), ("--no-callers", 5)):
        main(["fix", "--format", "json", option, str(file)])
        lefts = json.loads(capsys.readouterr().out)["files"][0]["left"]
        (left,) = [left for left in lefts if left["finding"]["rule"] == "label-secret"]
        assert left["finding"]["location"]["start_line"] == line
