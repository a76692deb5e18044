"""Values inside HTML: markup, control and invisible characters, and commands to a build service are written out."""

from __future__ import annotations

from html import escape as markup

from auditor.report.plain import clean
from auditor.report.terminal import escape

#: What a value may have of characters: names and messages are the input's.
_LONGEST = 4000
_CUT = "…"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


#: A line break; values have theirs written out.
BREAK = Html("\n")


def prose(text: str) -> Html:
    """A paragraph of ours; what stands between backticks is code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return Html(_text(text))
    return Html("".join(f"<code>{_text(piece)}</code>" if at % 2 else _text(piece) for at, piece in enumerate(pieces)))


def finalize(value: object) -> str:
    """A value as the template may put it out, in text and in quoted attributes."""
    if isinstance(value, Html):
        return value
    if hasattr(value, "__html__"):  # what a macro of the template has made
        return Html(value)
    return Html(_text(str(value)))


def _text(value: str) -> str:
    if len(value) > _LONGEST:
        value = f"{value[: _LONGEST // 2]}{_CUT}{value[-_LONGEST // 2 :]}"
    safe = markup(clean(escape(value)))
    # As references these mean the same to a browser, and nothing to a build service that reads a log.
    return safe.replace("::", "&#58;:").replace("##", "&#35;#")
