"""Values of builder flags: the comma-separated fields of `RUN --mount` and the durations of HEALTHCHECK."""

from __future__ import annotations

import re
from collections.abc import Callable

from auditor.core.pattern import Pattern

_DURATION = r"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+\Z"
_PART = r"([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)"
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}
_FIELD = Pattern(r'"((?:[^"]|"")*+)"(,|\Z)|([^",]*+)(,|\Z)')


def csv_fields(value: str) -> list[str] | None:
    """Fields of one CSV line; None where it is empty or a quote is misplaced."""
    if not value:
        return None
    fields: list[str] = []
    at = 0
    while at <= len(value):
        match = _FIELD.match(value, at)
        if match is None:
            return None
        quoted, end, plain, plain_end = match.groups()
        fields.append(quoted.replace('""', '"') if quoted is not None else plain)
        if not (end or plain_end):
            break
        at = match.end()
    return fields


def mount_fields(value: str) -> dict[str, str]:
    """Fields of a `--mount` value by lower-case key, aliases made one (`target`, `source`, `readonly`); a field
    without `=` has the value "true"."""
    fields: dict[str, str] = {}
    for field in csv_fields(value) or ():
        key, equals, content = field.partition("=")
        key = key.lower()
        fields[_ALIASES.get(key, key)] = content if equals else "true"
    return fields


def flag_duration(value: str) -> str:
    """Why Go rejects a HEALTHCHECK duration, with `%s` for the flag's name; "" where it does not."""
    if not value or value in ("0", "+0", "-0"):
        return ""
    if not re.match(_DURATION, value):
        return f'time: invalid duration "{value[:64]}"'
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, value))
    if value.startswith("-"):
        seconds = -seconds
    if seconds and seconds < 0.001:
        return 'Interval "%s" cannot be less than 1ms'
    return ""


_TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
_BOOLEANS = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")
_FREE_KEYS = ("from", "source", "src", "target", "dst", "destination", "id", "env")
_FLAG_KEYS = ("readonly", "ro", "readwrite", "rw")
_OWNER_KEYS = {"mode": "[0-7]+", "uid": "[0-9]+", "gid": "[0-9]+"}
_SIZE = r"[0-9]+(?:\.[0-9]+)? ?(?:[kKmMgGtTpP]?[iI]?[bB]?)\Z"


def mount_error(value: str, expand: Callable[[str], str]) -> str:
    """Why BuildKit refuses a `--mount` value when it runs the instruction; keys are taken in order, as it does.

    `expand` gives a field's content with variables expanded; what it raises passes through.
    """
    kind, given = "bind", dict.fromkeys(("from", "source", "target", "id", "sharing"), "")
    owner = ""
    for field in csv_fields(value) or ():
        key, equals, content = field.partition("=")
        key = key.lower()
        content = expand(content) if equals else content
        if not equals and key not in (*_FLAG_KEYS, "required"):
            return f"invalid field '{field}' must be a key=value pair"
        if error := _field_error(key, content if equals else "true", kind):
            return error
        kind = content.lower() if key == "type" else kind
        owner = owner or (key if key in _OWNER_KEYS else "")
        given[_ALIASES.get(key, key)] = content
    if owner and kind not in ("secret", "ssh", "cache"):
        return f'{owner} not allowed for "{kind}" type mounts'
    if kind == "ssh" and given["source"]:
        return "ssh does not support source"
    if kind == "secret" and (error := _secret_error(given)):
        return error
    return f"invalid cache sharing set for {kind} mount" if given["sharing"] and kind != "cache" else ""


def _field_error(key: str, content: str, kind: str) -> str:
    """Why one field is refused in a mount that is of this kind so far."""
    misplaced = (key == "required" and kind not in ("secret", "ssh")) or (key == "size" and kind != "tmpfs")
    if misplaced:
        return f"unexpected key '{key}' for mount type '{kind}'"
    if key in (*_FLAG_KEYS, "required"):
        valid = content in _BOOLEANS
    elif key == "type":
        valid = content.lower() in _TYPES
    elif key == "sharing":
        valid = content.lower() in ("shared", "private", "locked")
    elif key == "size":
        valid = re.match(_SIZE, content) is not None
    elif key in _OWNER_KEYS:
        valid = re.fullmatch(_OWNER_KEYS[key], content) is not None and int(content[-12:], 10) < 2**32
    elif key in _FREE_KEYS:
        valid = True
    else:
        return f"unexpected key '{key}'"
    return "" if valid else f"invalid value for {key}: {content}"


def _secret_error(given: dict[str, str]) -> str:
    if given["from"]:
        return "secret mount should not have a from"
    if given["sharing"]:
        return "secret mount should not define sharing"
    if not (given["source"] or given["target"] or given["id"]):
        return "invalid secret mount. one of source, target required"
    return "both source and id can't be set" if given["source"] and given["id"] else ""


def _unexpected(key: str, field: str) -> str:
    return f"unexpected key '{key}' in '{field}'"


def device_error(value: str) -> str:
    """Why BuildKit refuses a `--device` value."""
    fields = csv_fields(value)
    if fields is None:
        return "failed to parse csv devices"
    name = ""
    for field in fields:
        key, equals, content = field.partition("=")
        key = key.lower()
        if key == "required" and (not equals or content in _BOOLEANS):
            continue
        if key == "required":
            return f"invalid value for required: {content}"
        if name:
            return f"device name already set to {name}" if equals and key == "name" else _unexpected(key, field)
        name = content if equals and key == "name" else field
    return ""
