"""Which entry of the history set a field of the finished configuration."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.run.images.history import pairs
from auditor.run.images.history.entries import History


class Setters:
    """The last entries that set each variable and label, by name and value, and each other field.

    `known` are the values of the final configuration by instruction (ENV, LABEL) and name.
    """

    def __init__(self, history: History, known: Mapping[str, Mapping[str, frozenset[str]]]) -> None:
        self._pairs: dict[tuple[str, str, str], int] = {}
        self._names: dict[tuple[str, str], int] = {}
        self._fields: dict[tuple[str, str], int] = {}
        for entry in history.entries:
            keyword, body = entry.recorded.keyword, entry.recorded.body
            self._fields[keyword, body] = self._fields[keyword, ""] = entry.number
            for pair in pairs.split(keyword, body, known[keyword]) if keyword in known else ():
                self._pairs[keyword, pair.name, pair.value] = entry.number
                self._names[keyword, pair.name] = entry.number

    def pair(self, keyword: str, name: str, value: str) -> int | None:
        """The entry that gave a variable (ENV) or label (LABEL) this value, else the last that set it."""
        exact = self._pairs.get((keyword, name, value))
        return exact if exact is not None else self._names.get((keyword, name))

    def field(self, keyword: str, body: str = "") -> int | None:
        """The last entry with this instruction; with `body` the last that says just this."""
        return self._fields.get((keyword, body))
