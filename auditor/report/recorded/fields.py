"""Fields of a JSON document, each checked as it is read; an error names the file, the place and what is wrong."""

from __future__ import annotations

import math

from auditor.core.errors import AuditError, ExitCode
from auditor.core.record import TYPE_CHECKING, cast
from auditor.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_LINE = 300
_LONGEST_SHOWN = 60
_MOST = (1 << 53) - 1
_KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


class RecordError(AuditError):
    """A report that cannot be read: the message names the file and the place."""

    exit_code = ExitCode.INCOMPLETE


class Table:
    """An object of the document. `file` is the document's name, `path` leads to the object (`findings[3].secret`).

    Every method that reads a field raises RecordError where it is missing or of another kind.
    """

    __slots__ = ("_file", "_path", "_values")

    def __init__(self, value: object, file: str, path: str = "") -> None:
        self._file = file
        self._path = path
        if not isinstance(value, dict):
            raise self.error("", f"must be an object, not {_shown(value)}")
        self._values = cast("dict[str, object]", value)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def error(self, key: str, message: str) -> RecordError:
        """What to raise about a field ("": the object itself)."""
        where = ".".join(part for part in (self._path, key) if part)
        return RecordError(": ".join(part for part in (self._file, where, message) if part))

    def others(self, known: Iterable[str]) -> list[str]:
        """Names of fields that are not among `known`."""
        return sorted(self._values.keys() - set(known))

    def text(self, key: str) -> str:
        """Any text; half characters, which no report of ours has, are replaced."""
        return clean(cast("str", self._get(key, str)))

    def maybe_text(self, key: str) -> str:
        """Any text but the empty one; "" where it is null."""
        value = cast("str | None", self._get(key, str, null=True))
        if value == "":
            raise self.error(key, "must be a text or null, not empty")
        return clean(value or "")

    def line(self, key: str) -> str:
        """A short text that any terminal can be sent."""
        value = self.text(key)
        if not value or len(value) > _LONGEST_LINE or not value.isprintable():
            raise self.error(key, f"must be a line of 1 to {_LONGEST_LINE} printable characters, not {_shown(value)}")
        return value

    def digits(self, key: str, least: int, most: int) -> str:
        """Lower-case hexadecimal digits."""
        value = self.text(key)
        if not least <= len(value) <= most or not set(value) <= set("0123456789abcdef"):
            count = str(least) if least == most else f"{least} to {most}"
            raise self.error(key, f"must be {count} hexadecimal digits, not {_shown(value)}")
        return value

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        """One of these words."""
        value = self.text(key)
        if value not in choices:
            raise self.error(key, f"must be one of {', '.join(choices)}, not {_shown(value)}")
        return value

    def whole(self, key: str, least: int = 0) -> int:
        """A whole number, not below `least`."""
        value = cast("int", self._get(key, int))
        if not least <= value <= _MOST:
            raise self.error(key, f"must be a whole number from {least} on, not {_shown(value)}")
        return value

    def maybe_whole(self, key: str, least: int = 0) -> int | None:
        """The same, or None where it is null."""
        return None if self._get(key, int, null=True) is None else self.whole(key, least)

    def number(self, key: str) -> float:
        """A number from 0 on."""
        value = cast("float", self._get(key, float))
        if not (math.isfinite(value) and 0 <= value <= _MOST):
            raise self.error(key, f"must be a number from 0 on, not {_shown(value)}")
        return float(value)

    def flag(self, key: str) -> bool:
        """True or false."""
        return cast("bool", self._get(key, bool))

    def table(self, key: str) -> Table:
        """An object."""
        return Table(self._get(key, dict), self._file, self._at(key))

    def maybe_table(self, key: str) -> Table | None:
        """An object, or None where it is null."""
        value = self._get(key, dict, null=True)
        return None if value is None else Table(value, self._file, self._at(key))

    def lines(self, key: str) -> list[str]:
        """A list of texts, each as `line` has it."""
        values = cast("list[object]", self._get(key, list))
        return [Table({key: value}, self._file, self._path).line(key) for value in values]

    def texts(self, key: str) -> list[str]:
        """A list of any texts."""
        values = cast("list[object]", self._get(key, list))
        return [Table({key: value}, self._file, self._path).text(key) for value in values]

    def tables(self, key: str) -> list[Table]:
        """A list of objects."""
        values = cast("list[object]", self._get(key, list))
        return [Table(value, self._file, f"{self._at(key)}[{number}]") for number, value in enumerate(values)]

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str, kind: type, *, null: bool = False) -> object:
        if key not in self._values:
            raise self.error(key, "is missing")
        value = self._values[key]
        if value is None and null:
            return None
        allowed = (int, float) if kind is float else kind
        # For Python, true is a whole number.
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
            wanted = f"{_KINDS[kind]} or null" if null else _KINDS[kind]
            raise self.error(key, f"must be {wanted}, not {_shown(value)}")
        return value


def _shown(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
