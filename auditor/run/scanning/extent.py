"""How far the secret may reach of which a detection is a part: what an excerpt must not show, either."""

from __future__ import annotations

from string import ascii_letters, digits

from auditor.core.pattern import Pattern

#: What joins parts of one password, and the letters and digits beside a token that are worth hiding.
_JOINING = frozenset("!#$%*+-.^_~" + ascii_letters + digits)
_LEAST_JOINED = 3
#: A quote, or two of them, and what follows at once.
_PIECES = Pattern(r"(?:[\\\"'`]{1,3}[^\s\\\"'`,;:=(){}\[\]<>&|]{3,})+")
_LONGEST_PIECES = 400


def pieces(text: str, start: int, end: int) -> tuple[int, int]:
    """A value with the quoted pieces that stand beside it without a space: `'one'"two"`, `'one''two'`."""
    after = _PIECES.compiled.match(text, end)
    before = _PIECES.match(text[max(0, start - _LONGEST_PIECES) : start][::-1])
    return start - (before.end() if before else 0), after.end() if after else end


def joined(text: str, start: int, end: int) -> tuple[int, int]:
    """The token with what is joined to it without a sign that separates: it may stand within a password."""
    low, high = start, end
    while low > 0 and text[low - 1] in _JOINING:
        low -= 1
    while high < len(text) and text[high] in _JOINING:
        high += 1
    telling = [sum(map(str.isalnum, text[a:b])) >= _LEAST_JOINED for a, b in ((low, start), (end, high))]
    return low if telling[0] else start, high if telling[1] else end


def unquoted(text: str, start: int, end: int) -> tuple[int, int]:
    """A value without quotes with what follows it without a space: a sign that separates elsewhere is part of it."""
    while end < len(text) and not text[end].isspace() and text[end] not in "\"'`<>{}()[]":
        end += 1
    return start, end


def value_around(text: str, start: int, end: int) -> tuple[int, int]:
    """What text[start:end] can be a part of: all between the quotes around it, else up to white space on both sides.

    Without quotes it does not go beyond `=` and `:` to the left, where the name of a value ends.
    """
    before, after = _quotes_around(text, start), _quotes_around(text, end)
    low = before[0] if before else start
    while not before and low > 0 and not text[low - 1].isspace() and text[low - 1] not in "=:\"'`":
        low -= 1
    high = after[1] if after else end
    while not after and high < len(text) and not text[high].isspace():
        high += 1
    return low, high


def _quotes_around(text: str, place: int) -> tuple[int, int] | None:
    """Beginning and end of what stands between the nearest quotes around a place; None without any."""
    opened = sorted((text.rfind(one, 0, place) for one in "\"'`" if text.count(one, 0, place) % 2), reverse=True)
    for at in opened:
        close = text.find(text[at], place)
        if close >= 0:
            return at + 1, close
    return None
