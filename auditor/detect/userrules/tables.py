"""Reads TOML files of rules, bounded in size, and the values in them with errors that name file, rule and key."""

from __future__ import annotations

from auditor.core.errors import RuleDataError
from auditor.core.record import TYPE_CHECKING, cast
from auditor.core.smallfile import content_of, toml_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 5 * 1024 * 1024
MAX_RULES = 10_000
#: The largest number that means anything; one of very many digits cannot even be written as a text.
_MOST = 10**9


def read_file(path: str) -> dict[str, object]:
    """Content of one file. Raises RuleDataError where it cannot be read, is no TOML or is larger than MAX_BYTES."""
    return toml_of(path, content_of(path, MAX_BYTES, RuleDataError), RuleDataError)


class Table:
    """One table of a file of gitleaks or betterleaks; like there, keys count in any case and unknown ones not at all.

    `where` names file and rule in messages. Every method raises RuleDataError on a value of the wrong kind.
    """

    __slots__ = ("values", "where")

    def __init__(self, values: dict[str, object], where: str) -> None:
        self.values = {key.lower(): value for key, value in values.items()}
        self.where = where

    def error(self, key: str, message: str) -> RuleDataError:
        """The error to raise about a key."""
        return RuleDataError(f"{self.where}: {key}: {message}")

    def text(self, key: str) -> str:
        """A text, "" without one."""
        value = self.values.get(key.lower(), "")
        if not isinstance(value, str):
            raise self.error(key, "must be a text")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts; one text holds them with commas between."""
        value = self.values.get(key.lower(), [])
        if isinstance(value, str):
            return [part for part in value.split(",") if part]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(key, "must be a list of texts")
        return cast("list[str]", value)

    def number(self, key: str) -> float:
        """A number, 0 without one."""
        value = self.values.get(key.lower(), 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise self.error(key, "must be a number")
        if abs(value) > _MOST:
            raise self.error(key, f"must be at most {_MOST}")
        return value

    def count(self, key: str) -> int | None:
        """A whole number from 0 on, None without one."""
        value = self.values.get(key.lower())
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise self.error(key, "must be a whole number, 0 or more")
        if value is not None and value > _MOST:
            raise self.error(key, f"must be at most {_MOST}")
        return value

    def flag(self, key: str) -> bool:
        """True or false, false without it."""
        value = self.values.get(key.lower(), False)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key.lower() in self.values

    def table(self, key: str) -> Table | None:
        """A table, None without one."""
        value = self.values.get(key.lower())
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(key, "must be a table")
        return Table(value, self.where)

    def tables(self, key: str) -> Iterator[Table]:
        """The elements of an array of tables."""
        value = self.values.get(key.lower(), [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.error(key, "must be an array of tables")
        for one in value:
            yield Table(one, self.where)
