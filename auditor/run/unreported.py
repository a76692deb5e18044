"""Secrets that stand on a line that is quoted, though no finding is about them: they are masked all the same."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.detect import tokens
from auditor.flow.calling.given import of_text

if TYPE_CHECKING:
    from auditor.core.secret import Secret

#: What an expression of a CI system, of Groovy or of make puts in the place of a value that is missing.
_SPARE = Pattern(r"(?:\|\||&&|\?:|,)[ \t]*(?P<quote>[\"'])(?P<value>[^\"'\n]{6,500})(?P=quote)")


def unreported(text: str) -> list[Secret]:
    """Tokens of known formats, and texts in expressions that are secrets."""
    found = [token.secret for token in tokens.find(text) if not token.documented]
    for match in _SPARE.finditer(text):
        literal = of_text("password", match["value"], Span(*match.span("value")))
        if literal is not None and literal.level == "secret":
            found.append(literal.secret)
    return found
