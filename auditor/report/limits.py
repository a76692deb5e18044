"""Keeps a report within what its readers take: the strongest findings stay."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.core.finding import Finding

#: Of what would fit if all findings were of one length, this share is tried: they are not.
_SHARE = 0.95


def strongest(findings: list[Finding], most: int) -> list[Finding]:
    """At most so many findings, in the order they had: active before suppressed ones, then by severity."""
    if len(findings) <= most:
        return findings
    ranked = sorted(range(len(findings)), key=lambda at: (findings[at].suppressed is not None, -findings[at].severity))
    return [findings[at] for at in sorted(ranked[:most])]


def fitted(
    findings: list[Finding], most: int, size: Callable[[str], int], write: Callable[[list[Finding]], str]
) -> tuple[str, list[Finding]]:
    """What `write` makes of the most findings for which its `size` is at most `most`; and these findings."""
    kept = findings
    text = write(kept)
    measured = size(text)
    while measured > most and kept:
        kept = strongest(kept, int(len(kept) * most / measured * _SHARE))
        text = write(kept)
        measured = size(text)
    return text, kept


def left_out(findings: list[Finding], kept: list[Finding], reader: str) -> str:
    """A sentence without a full stop on what was cut; "" where nothing was."""
    cut = len(findings) - len(kept)
    if not cut:
        return ""
    noun = "finding" if cut == 1 else "findings"
    return f"{cut:,} {noun} of {len(findings):,} left out, the least severe ones: {reader}"
