"""Whether a rewritten Dockerfile may take the original's place: what must hold before anything is written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter

from auditor.core.edit import merged
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.run.rewrite.second import disagreement
from auditor.run.suppress import ABOUT_COMMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.edit import Edit
    from auditor.core.finding import Finding
    from auditor.lang.dockerfile.nodes import Document
    from auditor.run.analysis import Analysis


def objection(before: Analysis, after: Analysis, edits: Sequence[Edit], answered: Sequence[Finding]) -> str:
    """Why the result must not be written, as a sentence part; "" where everything holds.

    `answered` are the findings that the plan promised to remove.
    """
    if before.document is None or after.document is None or after.build is None:
        return "the result could not be read again"
    if after.document.error is not None:
        return f"the builder would reject the result: {after.document.error.summary}"
    old, new = _counted(before.findings), _counted(after.findings)
    for key, count in _counted(answered).items():
        if new[key] > old[key] - count:
            return f"the finding of {key[0]} would still be there"
    for key, count in new.items():
        if count > old[key]:
            return f"the change would lead to a finding of {key[0]}"
    if not _untouched(before.document, after.document, edits):
        return "an instruction that the change does not concern would read differently"
    return disagreement(before.document, after.document)


def _counted(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    """Findings by rule and subject; the subject's spelling does not count, since a variable becomes a mount's id."""
    return Counter((f.rule, _plain(f.subject)) for f in findings if f.rule not in ABOUT_COMMENTS)


def _plain(subject: str) -> str:
    return "".join(c for c in subject.lower() if c.isalnum())


def _untouched(before: Document, after: Document, edits: Sequence[Edit]) -> bool:
    """Whether every instruction without an edit in it stands in the result, byte for byte and in order."""
    spans = [edit.span for edit in merged(edits)]
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    following = iter([_source(after, node.span) for node in after.instructions])
    for node in before.instructions:
        lines = Span(node.span.start, max(node.span.end, *(h.span.end for h in node.heredocs), node.span.end))
        near = spans[bisect_left(ends, lines.start) : bisect_right(starts, lines.end)]
        if any(_concerns(span, lines) for span in near):
            continue
        if not any(text == _source(before, node.span) for text in following):
            return False
    return True


def _concerns(edited: Span, lines: Span) -> bool:
    """Whether an edit replaces a part of these lines, or adds something to one of their ends."""
    is_added = edited.start == edited.end and edited.start in lines
    return is_added or (edited.start < lines.end and edited.end > lines.start) or lines.covers(edited.start)


def _source(document: Document, span: Span) -> str:
    return document.text[span.start : span.end]
