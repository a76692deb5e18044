"""Data as YAML that reads back as the same data."""

from __future__ import annotations

from auditor.core.errors import AuditError
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.overriding.scalars import one_line
from auditor.fixes.overriding.templates import rendered
from auditor.lang.compose.loading import loaded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Value = str | bool | Sequence["Value"] | Mapping[str, "Value"]


def override(data: Mapping[str, Value], head: Sequence[str]) -> str:
    """A YAML file with comment lines before it. Raises AuditError if it does not read back as the same data."""
    text = rendered("compose-override.yml.j2", data=data, head=[one_line(line) for line in head])
    if loaded(text) != data:
        raise AuditError("internal error: the override does not read back as it was meant; please report it")
    return text
