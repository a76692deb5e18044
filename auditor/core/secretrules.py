"""Checks of the entries in `rules/secrets/` beyond the kinds of their values, and the shapes of providers' keys."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.core.ruledata import Entry, JsonValue

#: Character classes a shape is named after: `hex:32` is 32 of `hex`, `alnum:20-40` between 20 and 40 of `alnum`.
CLASSES = {
    "digits": "[0-9]",
    "hex": "[0-9a-fA-F]",
    "lower": "[a-z0-9]",
    "upper": "[A-Z0-9]",
    "alnum": "[A-Za-z0-9]",
    "base64": "[A-Za-z0-9+/]",
    "base64url": "[A-Za-z0-9_-]",
}
_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_NAME = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
_MIN_NAME = 4
_MAX_SHAPE = 1200


def shape_pattern(shape: str) -> str:
    """Regular expression for a shape (`uuid`, or a class of CLASSES with a length or a range), without boundaries.

    Base64 shapes count the characters before the padding, which is optional. Raises ValueError on an unknown shape.
    """
    if shape == "uuid":
        return _UUID
    name, _, length = shape.partition(":")
    least, _, most = length.partition("-")
    if name not in CLASSES or not least.isdecimal() or (most and not most.isdecimal()):
        raise ValueError(f"unknown shape {shape!r}")
    low, high = int(least), int(most or least)
    if not 0 < low <= high <= _MAX_SHAPE:
        raise ValueError(f"shape {shape!r} must have a length between 1 and {_MAX_SHAPE}")
    return f"{CLASSES[name]}{{{low},{high}}}" + ("={0,2}" if name == "base64" else "")


def check_secret(entry: Entry) -> str:
    """What is wrong with one token format ("key: message"), "" if nothing is."""
    problem = _check_pattern(str(entry["pattern"]), entry.get("group"))
    if problem:
        return problem
    for key, least in (("examples", 2), ("lookalikes", 3)):
        if key in entry and not _are_examples(entry[key], least):
            return f"{key}: must be a list of at least {least} texts, or tables with text and secret"
    return ""


def check_provider(entry: Entry) -> str:
    """What is wrong with one provider ("key: message"), "" if nothing is."""
    names = entry["names"]
    for name in names if isinstance(names, list) else ():
        if not _NAME.fullmatch(str(name)) or len(str(name).replace(" ", "")) < _MIN_NAME:
            return f"names: {name!r} must be words of a-z and 0-9 joined by single spaces, at least {_MIN_NAME} long"
    if ("shape" in entry) == ("pattern" in entry):
        return "shape: exactly one of shape and pattern is needed"
    if "pattern" in entry:
        return _check_pattern(str(entry["pattern"]), entry.get("group"))
    try:
        shape_pattern(str(entry["shape"]))
    except ValueError as error:
        return f"shape: {error}"
    return ""


def _check_pattern(pattern: str, group: JsonValue | None) -> str:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return f"pattern: {error}"
    if list(compiled.groupindex) != ([] if group is None else [group]):
        return "group: must name the pattern's only named group, and be left out if there is none"
    return ""


def _are_examples(value: JsonValue, least: int) -> bool:
    if not isinstance(value, list) or len(value) < least:
        return False
    return all(isinstance(one, str) or (isinstance(one, dict) and set(one) == {"text", "secret"}) for one in value)
