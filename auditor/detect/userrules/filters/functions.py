"""What filter expressions can call, and how their operators work.

Supported: matchesAny, containsAny, findMatch, entropy, get, len, size, lower, upper, trim, trimPrefix, trimSuffix,
hasPrefix, hasSuffix, indexOf, replace, split, min, max, abs, int, float, string, setConfidence. Approximated, for their
tokenizer and word list are not here: failsTokenEfficiency and tokenRatio, by how random the text's letters look.
"""

from __future__ import annotations

from functools import lru_cache

from auditor.core.record import TYPE_CHECKING
from auditor.detect.entropy import entropy
from auditor.detect.randomness import is_random
from auditor.detect.userrules.goregex.expression import Expression
from auditor.detect.userrules.goregex.nodes import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

#: Token ratio that stands for readable text, and the one for random text; betterleaks' own threshold is 2.5.
_READABLE, _RANDOM = 4.0, 1.5
_MAX_TEXT, _MAX_ITEMS = 1 << 20, 10_000
APPROXIMATED = frozenset({"failsTokenEfficiency", "tokenRatio"})


class Mismatch(Exception):
    """An operation on values it is not made for; the filter then lets the match pass."""


@lru_cache(maxsize=4096)
def compiled(source: str) -> Expression:
    """One pattern of a filter. Raises Unsupported."""
    return Expression(source)


def text(value: object) -> str:
    """A text; nothing is the empty one. Raises Mismatch."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Mismatch
    return value


def number(value: object) -> float:
    """A number. Raises Mismatch."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Mismatch
    return value


def texts(value: object) -> list[str]:
    """A list of texts. Raises Mismatch."""
    if not isinstance(value, list):
        raise Mismatch
    return [text(one) for one in value]


def matches(value: object, pattern: object) -> bool:
    """Whether the pattern is found in the text; a pattern that is none matches nothing."""
    try:
        return compiled(text(pattern)).search(text(value))
    except Unsupported:
        return False


def contained(one: object, other: object) -> bool:
    """`one in other`: an element of a list, a key of a map."""
    if not isinstance(other, list | dict):
        raise Mismatch
    return any(one == each and isinstance(one, bool) == isinstance(each, bool) for each in other)


def length(value: object) -> int:
    """Characters or elements."""
    if not isinstance(value, str | list | dict):
        raise Mismatch
    return len(value)


def plus(one: object, other: object) -> object:
    """A sum, texts or lists joined (bounded)."""
    if isinstance(one, str) and isinstance(other, str):
        if len(one) + len(other) > _MAX_TEXT:
            raise Mismatch
        return one + other
    if isinstance(one, list) and isinstance(other, list):
        if len(one) + len(other) > _MAX_ITEMS:
            raise Mismatch
        return one + other
    return number(one) + number(other)


def slice_of(value: object, low: object, high: object) -> object:
    """`value[low:high]`; bounds below 0 count from the end."""
    if not isinstance(value, str | list):
        raise Mismatch
    return value[None if low is None else int(number(low)) : None if high is None else int(number(high))]


def get(value: object, key: object, default: object = None) -> object:
    """The value of a key or the element at an index, the default without one."""
    if isinstance(value, dict):
        found = value.get(key) if isinstance(key, str) else None
        return default if found is None else found
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return default


def _find_match(value: object, pattern: object) -> str:
    try:
        spans = compiled(text(pattern)).spans(text(value))
    except Unsupported:
        return ""
    return text(value)[spans[0][0] : spans[0][1]] if spans else ""


def _integer(value: object) -> int:
    try:
        return int(value) if isinstance(value, str) else int(number(value))
    except (ValueError, OverflowError):
        raise Mismatch from None


def _decimal(value: object) -> float:
    try:
        return float(value) if isinstance(value, str) else float(number(value))
    except (ValueError, OverflowError):
        raise Mismatch from None


def _replace(value: object, old: object, new: object) -> str:
    source, before, after = text(value), text(old), text(new)
    if not before or len(source) * (len(after) + 1) > _MAX_TEXT:
        raise Mismatch
    return source.replace(before, after)


def _split(value: object, separator: object) -> object:
    if not text(separator):
        raise Mismatch
    return text(value).split(text(separator))


def _numbers(values: tuple[object, ...]) -> list[float]:
    return [number(value) for value in values] or [0]


#: Name -> what it does and how many arguments it takes, at least and at most.
FUNCTIONS: dict[str, tuple[Callable[..., object], int, int]] = {
    "matchesAny": (lambda value, patterns: any(matches(value, one) for one in texts(patterns)), 2, 2),
    "containsAny": (lambda value, terms: any(one.lower() in text(value).lower() for one in texts(terms)), 2, 2),
    "findMatch": (_find_match, 2, 2),
    "entropy": (lambda value: entropy(text(value)), 1, 1),
    "failsTokenEfficiency": (lambda value: bool(text(value)) and not is_random(text(value)), 1, 1),
    "tokenRatio": (lambda value: _RANDOM if is_random(text(value)) else _READABLE, 1, 1),
    "get": (get, 2, 3),
    "len": (length, 1, 1),
    "size": (length, 1, 1),
    "lower": (lambda value: text(value).lower(), 1, 1),
    "upper": (lambda value: text(value).upper(), 1, 1),
    "trim": (lambda value, chars=" \t\n\r\f\v": text(value).strip(text(chars)), 1, 2),
    "trimPrefix": (lambda value, start: text(value).removeprefix(text(start)), 2, 2),
    "trimSuffix": (lambda value, end: text(value).removesuffix(text(end)), 2, 2),
    "hasPrefix": (lambda value, start: text(value).startswith(text(start)), 2, 2),
    "hasSuffix": (lambda value, end: text(value).endswith(text(end)), 2, 2),
    "indexOf": (lambda value, part: text(value).find(text(part)), 2, 2),
    "replace": (_replace, 3, 3),
    "split": (_split, 2, 2),
    "min": (lambda *values: min(_numbers(values)), 1, 8),
    "max": (lambda *values: max(_numbers(values)), 1, 8),
    "abs": (lambda value: abs(number(value)), 1, 1),
    "int": (_integer, 1, 1),
    "float": (_decimal, 1, 1),
    "string": (lambda value: value if isinstance(value, str) else f"{number(value):g}", 1, 1),
}
#: Methods of CEL -> the function whose first argument is what stands before the dot.
METHODS = {
    "startsWith": "hasPrefix",
    "endsWith": "hasSuffix",
    "lowerAscii": "lower",
    "upperAscii": "upper",
    "size": "size",
    "trim": "trim",
    "replace": "replace",
    "split": "split",
    "indexOf": "indexOf",
}
