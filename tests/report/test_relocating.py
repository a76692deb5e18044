"""Findings of a text that is not written are told by their places in the one that is there."""

from __future__ import annotations

from auditor.core.finding import Finding, Location, Related, Severity, Step
from auditor.core.span import LineIndex, Span
from auditor.report.relocating import relocate

BEFORE = 'FROM a\nARG TOKEN\nRUN curl -H "$TOKEN" x\nENV KEY=v\nCOPY id /id\nRUN use'
AFTER = """\
FROM a
RUN --mount=type=secret,id=token \\
    export TOKEN="$(cat /run/secrets/token)"; \\
    curl -H "$TOKEN" x
ENV KEY=v
# new
COPY id /id
RUN --mount=type=secret,id=key use
"""


def finding(text: str, within: str) -> Finding:
    at = within.index(text)
    place = Location.of("Dockerfile", LineIndex(within), Span(at, at + len(text)))
    return Finding("arg-secret", Severity.HIGH, place, "It leaks.", text)


def moved(text: str) -> str:
    """What stands in the old text at the new place of a finding."""
    one = finding(text, AFTER)
    relocate([one], BEFORE, AFTER)
    span = one.location.span
    assert one.location == Location.of("Dockerfile", LineIndex(BEFORE), span)
    return f"{one.location.start_line}:{one.location.start_column} {BEFORE[span.start : span.end]}"


def test_lines_that_stay() -> None:
    assert moved("KEY=v") == "4:5 KEY=v"
    assert moved("id /id") == "5:6 id /id"
    assert moved("FROM a") == "1:1 FROM a"


def test_a_command_behind_what_was_put_before_it() -> None:
    assert moved('curl -H "$TOKEN"') == '3:5 curl -H "$TOKEN"'


def test_a_line_without_its_like_goes_to_where_it_came_from() -> None:
    assert moved("export").startswith("2:1 ")
    assert moved("# new").startswith("5:")
    assert moved("use\n").startswith("6:1 ")


def test_everything_of_a_finding_moves_along() -> None:
    one = finding("KEY=v", AFTER)
    one.secret_span = Span(one.location.span.start + 4, one.location.span.end)
    one.flow = (Step("copied", finding("id /id", AFTER).location), Step("outside", None))
    one.related = (Related("also", finding("id /id", AFTER).location),)
    relocate([one], BEFORE, AFTER)
    assert BEFORE[one.secret_span.start : one.secret_span.end] == "v"
    assert [step.location and step.location.start_line for step in one.flow] == [5, None]
    assert [one.location and one.location.start_line for one in one.related] == [5]


def test_nothing_to_move() -> None:
    one = finding("id", BEFORE)
    relocate([one], BEFORE, BEFORE)
    assert one.location == finding("id", BEFORE).location
    relocate([one], "", BEFORE)
    assert one.location.span == Span(0, 0)
