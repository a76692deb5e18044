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
    "base32": "[A-Z2-7]",
    "base58": "[1-9A-HJ-NP-Za-km-z]",
    "alnum": "[A-Za-z0-9]",
    "base64": "[A-Za-z0-9+/]",
    "base64url": "[A-Za-z0-9_-]",
    "padded": "[A-Za-z0-9_=-]",
    "dotted": "[A-Za-z0-9_.-]",
}
#: Shapes with a name of their own. Groups of a `uuid` are any letters and digits: masked and made-up ones in manuals,
#: for instance, are not hexadecimal. `common` is for owners whose lengths are not known: 32, 40 or 64, a UUID or a JWT.
_NAMED = {
    "uuid": "[0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}",
    "jwt": r"ey[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1200}",
}
_NAMED["common"] = rf"(?:[A-Za-z0-9]{{32}}(?:[A-Za-z0-9]{{8}}|[A-Za-z0-9]{{32}})?|{_NAMED['uuid']}|{_NAMED['jwt']})"
#: What `onecase` stands for: digests and many generated keys keep to one case, and a hexadecimal one may mix them.
_ONE_CASE = ("lower", "upper", "hex")
_NAME = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
_MIN_NAME = 4
_MAX_SHAPE = 1200


def shape_pattern(shape: str) -> str:
    """Regular expression for a shape, without boundaries.

    A shape is `uuid`, `jwt`, `common`, or a class of CLASSES with lengths: one or several numbers or ranges
    (`alnum:32`, `alnum:20-40`, `alnum:32,40`). `onecase` in place of a class is hexadecimal digits, or letters and
    digits of one case. Alternatives are joined by `|`. Base64 shapes count the characters before the padding, which
    is optional. Raises ValueError on an unknown shape.
    """
    alternatives = [_alternative(one) for one in shape.split("|")]
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


def _alternative(shape: str) -> str:
    if shape in _NAMED:
        return _NAMED[shape]
    name, _, lengths = shape.partition(":")
    if name not in CLASSES and name != "onecase":
        raise ValueError(f"unknown shape {shape!r}")
    counts = [_count(length, shape) for length in lengths.split(",")]
    classes = [CLASSES[one] for one in (_ONE_CASE if name == "onecase" else (name,))]
    parts = [f"{characters}{count}" for characters in classes for count in counts]
    end = "={0,2}" if name == "base64" else ""
    return f"(?:{'|'.join(parts)}){end}" if len(parts) > 1 else parts[0] + end


def _count(length: str, shape: str) -> str:
    least, _, most = length.partition("-")
    if not least.isdecimal() or (most and not most.isdecimal()):
        raise ValueError(f"unknown shape {shape!r}")
    low, high = int(least), int(most or least)
    if not 0 < low <= high <= _MAX_SHAPE:
        raise ValueError(f"shape {shape!r} must have a length between 1 and {_MAX_SHAPE}")
    return f"{{{low},{high}}}"


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
