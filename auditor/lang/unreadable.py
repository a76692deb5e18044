"""What a reader raises for a file that it cannot make anything of."""

from __future__ import annotations


class Unreadable(Exception):
    """The text is not of its format, or larger or deeper than is read; `reason` is a clause for the user, without any
    of the text. `line` is 1-based where one is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
