"""Edits of a text by spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.edit import Applicability, Edit, EditConflict, apply_edits, merged
from auditor.core.span import Span

TEXT = "0123456789"


def edit(start: int, end: int, text: str = "") -> Edit:
    return Edit(Span(start, end), text)


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        ([], TEXT),
        ([edit(2, 4, "xyz")], "01xyz456789"),
        ([edit(5, 5, "-"), edit(0, 1)], "1234-56789"),
        ([edit(10, 10, "!")], TEXT + "!"),
        ([edit(2, 4, "a"), edit(2, 4, "a")], "01a456789"),
        ([edit(2, 8), edit(3, 5)], "0189"),
        ([edit(2, 5), edit(4, 8)], "0189"),
        ([edit(2, 4, "a"), edit(4, 6, "b")], "01ab6789"),
    ],
)
def test_applied(edits: list[Edit], after: str) -> None:
    assert apply_edits(TEXT, edits) == after
    assert apply_edits(TEXT, reversed(edits)) == after


@pytest.mark.parametrize(
    "edits",
    [
        [edit(2, 6, "a"), edit(4, 8, "b")],
        [edit(2, 6), edit(3, 3, "b")],
        [edit(2, 2, "a"), edit(2, 2, "b")],
        [edit(2, 6, "a"), edit(2, 6, "b")],
    ],
)
def test_two_that_claim_the_same_text(edits: list[Edit]) -> None:
    with pytest.raises(EditConflict) as caught:
        apply_edits(TEXT, edits)
    assert caught.value.first.span.start <= caught.value.second.span.start


@pytest.mark.parametrize("span", [(-1, 2), (3, 2), (4, 11)])
def test_outside_the_text(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="outside"):
        apply_edits(TEXT, [edit(*span)])


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 3), st.sampled_from(["", "a", "bc"])), max_size=5))
def test_what_no_edit_touches_stays(parts: list[tuple[int, int, str]]) -> None:
    edits = [edit(start, min(start + length, 10), text) for start, length, text in parts]
    try:
        after = apply_edits(TEXT, edits)
    except EditConflict:
        return
    touched = {at for one in edits for at in range(one.span.start, one.span.end)}
    assert [c for c in after if c.isdigit()] == [c for at, c in enumerate(TEXT) if at not in touched]
    assert merged(merged(edits)) == merged(edits)


def test_the_weakest_part_decides() -> None:
    assert max(Applicability.SAFE, Applicability.UNSAFE) is Applicability.UNSAFE
    assert [one.label for one in Applicability] == ["safe", "unsafe", "show-only"]
