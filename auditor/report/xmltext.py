"""Elements of XML 1.0: whatever a text holds, the result is well-formed and says the same to every reader."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.report.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_LONGEST = 4000
_CUT = "…"


def quoted(text: str) -> str:
    """One line of text. Characters that XML does not have, and those that nobody sees, are written out."""
    line = escape(text)
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]}{_CUT}{line[-_LONGEST // 2 :]}"
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def start(name: str, attributes: Mapping[str, object], *, empty: bool = False) -> str:
    """A start tag, or that of an empty element."""
    listed = "".join(f' {key}="{quoted(str(value))}"' for key, value in attributes.items())
    return f"<{name}{listed}{'/' if empty else ''}>"


def lines_of(texts: Iterable[str]) -> str:
    """Several lines of text as the content of an element."""
    return "\n".join(map(quoted, texts))
