"""Reads one rule file (TOML) as a value that JSON can hold, bounded in size."""

from __future__ import annotations

from auditor.core.errors import RuleDataError
from auditor.core.record import TYPE_CHECKING, cast
from auditor.core.smallfile import toml_of

if TYPE_CHECKING:
    from auditor.core.ruledata import Entry, JsonValue

_MAX_BYTES = 1 << 20
_INFINITY = float("inf")


def read_toml(path: str, shown: str) -> Entry:
    """Content of one rule file. `shown` names it in messages. Raises RuleDataError and OSError."""
    with open(path, "rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise RuleDataError(f"{shown}: larger than {_MAX_BYTES} bytes")
    data = cast("Entry", toml_of(shown, content, RuleDataError))
    _reject_unwritable(data, shown)
    return data


def _reject_unwritable(data: Entry, shown: str) -> None:
    """TOML has dates and infinities; JSON has neither."""
    waiting: list[tuple[str, JsonValue]] = list(data.items())
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((key, element) for element in value)
        elif not isinstance(value, str | int | float) or value in (_INFINITY, -_INFINITY) or value != value:
            raise RuleDataError(f"{shown}: {key}: dates, times, infinities and NaN are not allowed")
