"""Settings with their origins, as `audit config` shows them: aligned text, JSON, a configuration file."""

from __future__ import annotations

import json
import os

from auditor import __version__
from auditor.core.configtexts import (
    SEVERITY_ABOUT,
    SEVERITY_EXAMPLE,
    SEVERITY_KEY,
    choices,
    may_be_configured,
    text_of,
)
from auditor.core.places import near
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.plain import clean
from auditor.report.terminal import escape, escape_path, inert, inert_json, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEMA_VERSION = 1
COMMAND_LINE, ENVIRONMENT, FILE, DEFAULT = "command-line", "environment", "file", "default"
_WIDTH = 80
#: Columns that the values of the table take at most before what follows is pushed aside.
_WIDEST = 32


class Origin(NamedTuple):
    """Where a value came from: its kind, the option, variable or path ("" for a default), and in files the line, 0
    where that is not known."""

    kind: str
    name: str = ""
    line: int = 0


class Row(NamedTuple):
    """One setting: its key, its value and its default as a configuration would have them, and the origin."""

    key: str
    value: object
    default: object
    origin: Origin


class Shown(NamedTuple):
    """All settings of a run, and the configuration file that counts, "" if there is none."""

    file: str
    rows: Sequence[Row]


def text(shown: Shown) -> str:
    """A table: key, value as TOML, origin."""
    lines = [f"configuration file: {_path(shown.file) if shown.file else 'none'}", ""]
    cells = [(row.key, escape(toml_value(row.value)), _origin(row.origin)) for row in shown.rows]
    width = max(len(key) for key, _, _ in cells)
    widest = min(max(len(value) for _, value, _ in cells), _WIDEST)
    lines += [f"{key.ljust(width)}  {value.ljust(widest)}  {origin}" for key, value, origin in cells]
    return inert("\n".join(lines) + "\n")


def as_json(shown: Shown) -> str:
    """The settings, version 1; docs/schemas/settings-1.schema.json. Fields are added, never renamed."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "audit", "version": __version__},
        "file": clean(shown.file) or None,
        "settings": [
            {
                "key": row.key,
                "value": _cleaned(row.value),
                "default": row.default,
                "origin": {
                    "kind": row.origin.kind,
                    "name": clean(row.origin.name) or None,
                    "line": row.origin.line or None,
                },
            }
            for row in shown.rows
        ],
    }
    return inert_json(json.dumps(content, indent=1)) + "\n"


def as_toml(shown: Shown) -> str:
    """A configuration file that says what these settings say, every other setting with an example in a comment."""
    lines = ["# Settings of audit. Every line may be left out; what is commented out is an example.", ""]
    for row in shown.rows:
        if row.key == SEVERITY_KEY:
            lines += _severity_table(row.value)
        elif text_of(row.key).option.shared:
            lines += [*_setting(row, shown.file), ""]
    return "\n".join(lines) + "\n"


def _setting(row: Row, file: str) -> Iterator[str]:
    said = text_of(row.key)
    words = choices(said.option.kind)
    about = f"{said.about} One of {', '.join(words)}." if words else said.about_in_file
    if row.default not in ("", [], False):
        about += f" Default: {toml_value(row.default)}."
    yield from (f"# {line}" for line in wrap(about, _WIDTH - 2, "", ""))
    if row.value == row.default and row.origin.kind == DEFAULT:
        yield f"# {row.key} = {toml_value(said.example)}"
        return
    value = _relative(row, file)
    line = f"{row.key} = {toml_value(value)}"
    yield line if may_be_configured(said.option, value) else f"# may not stand in a file: {line}"


def _relative(row: Row, file: str) -> object:
    """A value with paths as the file would have them: relative to its folder, else to the current one."""
    folder = os.path.dirname(file) if file and row.origin.kind == FILE else os.curdir
    if text_of(row.key).option.kind == "file" and row.value:
        return os.path.relpath(str(row.value), folder)
    if text_of(row.key).option.kind == "files" and isinstance(row.value, list):
        return [os.path.relpath(path, folder) for path in row.value]
    return row.value


def _severity_table(value: object) -> Iterator[str]:
    yield f"# {SEVERITY_ABOUT}"
    told = value if isinstance(value, dict) and value else None
    comment = "" if told else "# "
    yield f"{comment}[severity]"
    for rule, level in (told or SEVERITY_EXAMPLE).items():
        yield f"{comment}{_toml_key(rule)} = {toml_value(level)}"


def toml_value(value: object) -> str:
    """A text, flag, number, list or table as TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inner = ", ".join(f"{_toml_key(str(key))} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml_value, value))}]"
    return str(value) if isinstance(value, int) else _toml_text(str(value))


def _toml_key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else _toml_text(key)


def _toml_text(value: str) -> str:
    # What JSON escapes TOML escapes alike, but for characters beyond 16 bits, and the last of ASCII.
    escaped = json.dumps(clean(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in escaped)


def _cleaned(value: object) -> object:
    if isinstance(value, list):
        return [clean(str(one)) for one in value]
    if isinstance(value, dict):
        return {clean(str(key)): one for key, one in value.items()}
    return clean(value) if isinstance(value, str) else value


def _origin(origin: Origin) -> str:
    if origin.kind == FILE:
        return f"{_path(origin.name)}{f':{origin.line}' if origin.line else ''}"
    return {COMMAND_LINE: f"command line ({origin.name})", ENVIRONMENT: f"environment ({origin.name})"}.get(
        origin.kind, origin.kind
    )


def _path(path: str) -> str:
    return escape_path(near(path))
