"""Names for the variables that take the place of secrets in one compose file."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_USED = Pattern(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")

#: What a person has to do for a variable from outside.
NOTE = "set {} where compose is run: in the environment, or in .env beside the compose file."
KEEP = "keep .env out of git and out of build contexts: a line `.env` in .gitignore and .dockerignore."


class Variables:
    """Which name stands for which value; a name is used again for the same value only.

    `known` are variables that hold a value already, by the value.
    """

    def __init__(self, text: str, known: dict[str, str]) -> None:
        self._values: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._known = known
        self._used = frozenset(match[1] for match in _USED.finditer(text))

    def own(self, value: str, *names: str) -> str:
        """A name for an entry that is called so itself, whether or not the file uses the variable already."""
        return self._first(value, names, frozenset())

    def new(self, value: str, *names: str) -> str:
        """A name for a value: that of the setting that has it, or one that the file does not use yet."""
        known = self._known.get(value) or self._names.get(value)
        if known is not None:
            return self._first(value, (known,), frozenset())
        return self._first(value, names, self._used)

    def _first(self, value: str, names: tuple[str, ...], used: frozenset[str]) -> str:
        for made in _numbered(names):
            if self._values.get(made, value) == value and (made not in used or made in self._values):
                self._values[made] = value
                self._names.setdefault(value, made)
                return made
        raise AssertionError("the names do not end")


def _numbered(names: tuple[str, ...]) -> Iterator[str]:
    yield from names
    number = 2
    while True:
        yield f"{names[-1]}_{number}"
        number += 1
