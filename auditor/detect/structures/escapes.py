"""What a value says where its notation writes some characters with a backslash."""

from __future__ import annotations

from auditor.core.pattern import Pattern

JSON, ANY, QUOTES, PROPERTIES = "json", "any", "quotes", "properties"

_ANY = Pattern(r"(?s)\\(.)")
_QUOTES = Pattern(r"\\([\\'\"])")
_PROPERTIES = Pattern(r"(?s)\\(?:\r?\n[ \t]{0,200}|u(?P<code>[0-9a-fA-F]{4})|(?P<other>.))")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


def plain(written: str, notation: str) -> str:
    """The value that `written` is in a notation (one of the names above, "": as it stands). Never raises."""
    if "\\" not in written or not notation:
        return written
    if notation == JSON:
        return _json(written)
    if notation == PROPERTIES:
        return _PROPERTIES.sub(lambda match: _character(match["code"], match["other"]), written)
    return (_ANY if notation == ANY else _QUOTES).sub(lambda match: str(match[1]), written)


def _json(written: str) -> str:
    import json  # start-up: only for values with escapes

    try:
        said = json.loads(f'"{written}"', strict=False)
    except ValueError:
        return written
    # Half a pair of surrogates cannot be written anywhere.
    return said if isinstance(said, str) and said.isprintable() else written


def _character(code: str | None, other: str | None) -> str:
    """A character of a properties file; a line that goes on below has none."""
    if code is not None:
        number = int(code, 16)
        return f"\\u{code}" if 0xD800 <= number < 0xE000 else chr(number)
    return "" if other is None else _CONTROLS.get(other, other)
