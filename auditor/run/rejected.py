"""The finding about a file that the builder rejects. Such a line was read by no check, so nothing in it is trusted."""

from __future__ import annotations

import re

from auditor.core.finding import Finding, Location, Severity, TargetError
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import Secret
from auditor.core.span import Span

if TYPE_CHECKING:
    from auditor.core.finding import Target
    from auditor.lang.dockerfile.nodes import DockerfileError, Document

UNREADABLE = "unreadable-dockerfile"
_LONGEST_QUOTE = 2000
_LONGEST_MESSAGE = 200
#: What may be a value: after "=", before "@" in an address, a long word that mixes letters and digits.
_VALUE = re.compile(
    r"""=["']?(?P<assigned>[^\s"']{4,})|//(?P<user>[^\s/@]{1,200})@"""
    r"""|(?P<word>(?=[A-Za-z_+/-]*[0-9])(?=[0-9_+/-]*[A-Za-z])[\w+/-]{12,})"""
)


def rejection(document: Document, error: DockerfileError, target: Target) -> Finding:
    """The finding for a file that the builder rejects; notes the error, and what must not be quoted, in `target`."""
    line = min(max(error.line, 1), document.lines.count)
    message = error.message[:_LONGEST_MESSAGE].removesuffix(".")
    target.errors.append(TargetError(f"the builder rejects this file: {message}", target.name, line))
    bounds = document.lines.bounds(line)
    _distrust(document.text[bounds.start : bounds.end], bounds, target)
    place = Location.of(target.name, document.lines, bounds)
    text = f"The builder rejects this file: {message}."
    return Finding(UNREADABLE, Severity.HIGH, place, text, subject=target.name)


def _distrust(line: str, bounds: Span, target: Target) -> None:
    """Have everything masked in a line that no check could read but that may hold a value."""
    words = [match[match.lastgroup or 0] for match in _VALUE.finditer(line[:_LONGEST_QUOTE])]
    target.secrets += [Secret(word, "unread") for word in dict.fromkeys(words)]
    if len(line) > _LONGEST_QUOTE:
        target.secret_spans.append((Span(bounds.start + _LONGEST_QUOTE, bounds.end), "****"))
