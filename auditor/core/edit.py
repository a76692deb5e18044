"""Changes to a text by spans: applied together, or refused with the reason. Knows no file format."""

from __future__ import annotations

from enum import IntEnum

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable


class Applicability(IntEnum):
    """How far a fix may go on its own; ordered, so that the weakest part of a fix decides for the whole.

    SAFE: the build does what it did, as far as can be proven. UNSAFE: probably, but something had to be guessed; only
    with `--unsafe-fixes`. SHOW: for a person to carry out.
    """

    SAFE = 0
    UNSAFE = 1
    SHOW = 2

    @property
    def label(self) -> str:
        """As written in reports: `safe`, `unsafe`, `show-only`."""
        return ("safe", "unsafe", "show-only")[self]


class Edit(NamedTuple):
    """Text to stand in the place of a span of the original; an empty span inserts."""

    span: Span
    text: str


class EditConflict(Exception):
    """Two edits claim the same text. `first` and `second` are those edits, in the order of their places."""

    def __init__(self, first: Edit, second: Edit) -> None:
        super().__init__("two changes overlap")
        self.first = first
        self.second = second


def merged(edits: Iterable[Edit]) -> list[Edit]:
    """The edits by place, each once; a deletion inside a larger deletion is part of it.

    Raises EditConflict where two different ones touch the same characters or insert at the same place.
    """
    ordered = sorted(set(edits), key=lambda e: (e.span.start, -e.span.end))
    kept: list[Edit] = []
    for edit in ordered:
        last = kept[-1] if kept else None
        if last is None or not _clash(last, edit):
            kept.append(edit)
        elif last.text or edit.text:
            raise EditConflict(last, edit)
        elif edit.span.end > last.span.end:
            kept[-1] = Edit(Span(last.span.start, edit.span.end), "")
    return kept


def _clash(first: Edit, second: Edit) -> bool:
    """Whether the second, which does not begin before the first, touches what the first changes."""
    return second.span.start < first.span.end or second.span.start == first.span.start


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. Raises EditConflict, and ValueError for a span outside the text."""
    parts: list[str] = []
    at = 0
    for edit in merged(edits):
        start, end = edit.span
        if not 0 <= start <= end <= len(text):
            raise ValueError("an edit lies outside the text")
        parts += [text[at:start], edit.text]
        at = end
    return "".join([*parts, text[at:]])
