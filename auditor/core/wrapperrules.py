"""Checks of the entries in `rules/wrappers/` and `rules/vendors/` beyond the kinds of their values."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, cast
from auditor.core.ruledata import KINDS, is_kind

if TYPE_CHECKING:
    from auditor.core.ruledata import Entry, JsonValue

_CHOICES = {
    "passes": ("argv", "shell", "none"),
    "takes": ("references", "names", "configuration"),
    "process": ("exec", "fork"),
    "signals": ("kept", "forwarded", "delayed", "dropped"),
    "exit_code": ("kept", "one"),
}
_LIBC = ("static", "glibc", "musl", "python", "node")
_VENDOR_LIBC = ("glibc", "musl", "windows")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_SETTING = re.compile(r"[A-Z_][A-Z0-9_]*=[^\n]*")
_PLACE = re.compile(r"\{[^{}]*\}")
_PLACES = ("{reference}", "{before}", "{after}")
_CREDENTIAL = {
    **dict.fromkeys(("title", "variable", "file_variable", "file_is", "file_name", "file_made"), "text"),
    "settings": "texts",
    "shared": "flag",
}


def check_wrapper(entry: Entry) -> str:
    """What is wrong with a wrapper whose keys and kinds are right; "" if nothing is."""
    for key, allowed in _CHOICES.items():
        if entry[key] not in allowed:
            return f"{key}: must be one of {', '.join(allowed)}"
    if wrong := [one for one in _texts(entry, "libc") if one not in _LIBC]:
        return f"libc: {wrong[0]!r} is none of {', '.join(_LIBC)}"
    if wrong := [one for one in _texts(entry, "environment") if not _SETTING.fullmatch(one)]:
        return f"environment: {wrong[0]!r} is not NAME=value"
    for key in ("unset", "handed_as", "variables"):
        if wrong := [one for one in _texts(entry, key) if not _VARIABLE.fullmatch(one)]:
            return f"{key}: {wrong[0]!r} is no variable"
    if wrong := [one for one in _texts(entry, "fill") if not any(one in word for word in _texts(entry, "argv"))]:
        return f"fill: no word of argv has {wrong[0]!r}"
    return _check_references(entry) or _check_resolve(entry) or _check_credentials(entry)


def check_vendor(entry: Entry) -> str:
    """The same for how an image starts."""
    if entry["libc"] not in _VENDOR_LIBC:
        return f"libc: must be one of {', '.join(_VENDOR_LIBC)}"
    return _compiles(entry, "tags")


def _check_references(entry: Entry) -> str:
    """A wrapper that takes references has a pattern for them, which its own example fits."""
    if problem := _compiles(entry, "pattern"):
        return problem
    if entry["takes"] != "references":
        return "pattern: only for a wrapper that takes references" if "pattern" in entry else ""
    if "pattern" not in entry or "prefixes" not in entry:
        return "pattern and prefixes: a wrapper that takes references needs them"
    reference = str(entry["reference"])
    if not re.fullmatch(str(entry["pattern"]), reference):
        return f"reference: {reference!r} does not fit the pattern"
    if not reference.startswith(tuple(_texts(entry, "prefixes"))):
        return f"reference: {reference!r} begins with none of prefixes"
    return ""


def _check_resolve(entry: Entry) -> str:
    """The command for one value names the reference, whole or in the two parts that the separator makes."""
    words = _texts(entry, "resolve")
    found = {place for word in words for place in _PLACE.findall(word)}
    if unknown := sorted(found - set(_PLACES)):
        return f"resolve: {unknown[0]} is none of {', '.join(_PLACES)}"
    if not words:
        return "resolve: a wrapper that takes names needs it" if entry["takes"] == "names" else ""
    if not found or ("{reference}" in found and len(found) > 1):
        return "resolve: must name {reference}, or {before} and {after}"
    in_parts = "{reference}" not in found
    if in_parts != ("separator" in entry):
        return "separator: goes with {before} and {after} in resolve"
    if in_parts and (entry["takes"] != "names" or str(entry["separator"]) not in str(entry["reference"])):
        return "separator: only for names, and reference has to show it"
    return ""


def _check_credentials(entry: Entry) -> str:
    for one in cast("list[Entry]", entry["credential"]):
        for key, value in one.items():
            kind = _CREDENTIAL.get(key)
            if kind is None:
                return f"credential: {key}: unknown key"
            if not is_kind(value, kind):
                return f"credential: {key}: must be {KINDS[kind]}"
        names = [str(one[key]) for key in ("variable", "file_variable") if key in one]
        if "title" not in one or not names:
            return "credential: needs a title, and variable or file_variable"
        if wrong := [name for name in (*names, *_texts(one, "settings")) if not _VARIABLE.fullmatch(name)]:
            return f"credential: {wrong[0]!r} is no variable"
        if problem := _check_file(one):
            return f"credential: {problem}"
    return ""


def _check_file(credential: Entry) -> str:
    given = [key for key in ("file_variable", "file_is", "file_name") if key in credential]
    if given and len(given) != 3:
        return f"{given[0]}: file_variable, file_is and file_name go together"
    if given and credential["file_is"] not in ("file", "folder"):
        return "file_is: must be file or folder"
    return ""


def _compiles(entry: Entry, key: str) -> str:
    try:
        re.compile(str(entry.get(key, "")))
    except (re.error, RecursionError, OverflowError) as error:
        return f"{key}: {error}"
    return ""


def _texts(entry: Entry, key: str) -> list[str]:
    value: JsonValue = entry.get(key, [])
    return [str(one) for one in value] if isinstance(value, list) else []
