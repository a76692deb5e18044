"""Hostile JSON documents, read within bounds: a field of the wrong type counts as a field that is not there."""

from __future__ import annotations

import json

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Most values in the documents of one source: each takes many times the memory of its text.
_MOST_VALUES = 1_000_000
#: Longest text that names something.
_LONGEST_NAME = 1000


class Parser:
    """Reads JSON documents until all of them have too many values."""

    def __init__(self) -> None:
        self._room = _MOST_VALUES

    def parse(self, data: bytes) -> object:
        """The value of a document. Raises ValueError, whose message quotes nothing."""
        count = sum(map(data.count, (b",", b"[", b"{")))
        if count > self._room:
            raise ValueError(f"more than {_MOST_VALUES:,} values in all documents")
        self._room -= count
        return _loaded(data)


def parse(data: bytes) -> object:
    """The value of one JSON document, as `Parser` reads it."""
    return Parser().parse(data)


def _loaded(data: bytes) -> object:
    try:
        value: object = json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except ValueError as error:
        place = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"malformed JSON{place}") from None
    return value


def begins_json(data: bytes) -> bool:
    """Whether bytes begin as a JSON object or array does."""
    return data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") and bool(data)


def mapping(value: object, key: str = "") -> Mapping[str, object]:
    """A JSON object, or the one under a key of it; {} if there is none."""
    if key:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: object, key: str) -> list[object]:
    """The array under a key; [] if there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def text(value: object, key: str) -> str:
    """The string under a key; "" if there is none. What cannot be encoded is replaced."""
    found = value.get(key) if isinstance(value, dict) else None
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else ""


def short(value: object, key: str) -> str:
    """The string under a key as a name for people; "" if it is too long for that."""
    found = text(value, key)
    return found if len(found) <= _LONGEST_NAME else ""


def size(value: object, key: str) -> int:
    """The length under a key; -1 if there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 63 else -1


def texts(value: object, key: str) -> dict[str, str]:
    """The strings of the object under a key."""
    return {name: text(found, name) for found in (mapping(value, key),) for name in found if text(found, name)}
