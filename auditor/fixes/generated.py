"""Files that must not be edited by hand, nor by us."""

from __future__ import annotations

from auditor.core.pattern import Pattern

_GENERATED = Pattern(r"(?i)#.*\b(?:do not edit|don't edit|auto-?generated|generated (?:by|from|via)|was generated)\b")
_HEAD_LINES = 12


def says_generated(text: str) -> bool:
    """Whether a file says in its first lines that a program made it."""
    return _GENERATED.search("\n".join(text.split("\n", _HEAD_LINES)[:_HEAD_LINES])) is not None
