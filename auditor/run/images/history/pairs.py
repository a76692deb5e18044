"""Splits what the history records of ENV, LABEL and ARG: names and values that only blanks divide."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple

#: A name that begins a pair: at the beginning, or behind a blank.
_ENV_NAME = Pattern(r"(?:^|(?<= ))([A-Za-z_][\w.-]{0,200})=")
_LABEL_NAME = Pattern(r"(?:^|(?<= ))(\"[^\"=]{1,200}\"|[A-Za-z0-9][\w./-]{0,200})=")
#: Most pairs of one instruction; the last one has the rest for its value.
MOST_PAIRS = 10_000
_LONGEST_QUOTED = 4096


class Pair(NamedTuple):
    """One name and its value; `start` and `end` are the value's place in the body."""

    name: str
    value: str
    start: int
    end: int


def split(keyword: str, body: str, known: Mapping[str, Collection[str]]) -> list[Pair]:
    """The pairs of an ENV, LABEL or ARG as recorded. Never raises; linear in the body.

    Builders write values without quotes, so one with `x=1` behind a blank looks like two pairs: `known` are values that
    a name had somewhere (name -> values), and where one of them fits it is believed.
    """
    if keyword == "ARG":
        name, equals, _ = body.partition("=")
        start = len(name) + 1
        return [Pair(name.strip(), body[start:], start, len(body))] if equals else []
    pattern = _LABEL_NAME if keyword == "LABEL" else _ENV_NAME
    found: list[Pair] = []
    begins: list[tuple[str, int, int]] = []
    believed = -1
    for match in pattern.finditer(body):
        if match.start() < believed:
            continue
        if len(begins) >= MOST_PAIRS:
            break
        name = match[1].strip('"')
        begins.append((name, match.start(), match.end()))
        believed = max(_end_of_known(body, match.end(), known.get(name, ())), _end_of_quoted(body, match.end()))
    for number, (name, _, start) in enumerate(begins):
        end = begins[number + 1][1] - 1 if number + 1 < len(begins) else len(body)
        found.append(_unquoted(Pair(name, body[start:end], start, end)))
    if not found and (blank := body.find(" ")) > 0:  # `ENV name value`, as it may stand in the Dockerfile
        found.append(Pair(body[:blank], body[blank + 1 :], blank + 1, len(body)))
    return found


def _end_of_known(body: str, start: int, known: Collection[str]) -> int:
    """Where a value ends that is known and stands at `start` as a whole; -1 for none."""
    for value in sorted(known, key=len, reverse=True):
        end = start + len(value)
        if body.startswith(value, start) and body[end : end + 1] in ("", " "):
            return end
    return -1


def _end_of_quoted(body: str, start: int) -> int:
    """Where a value in double quotes ends, as builders write it that keep the Dockerfile's text; -1 for none."""
    if not body.startswith('"', start):
        return -1
    end = body.find('"', start + 1, start + _LONGEST_QUOTED) + 1
    return end if end and body[end : end + 1] in ("", " ") else -1


def _unquoted(pair: Pair) -> Pair:
    value = pair.value
    if len(value) >= 2 and value[0] == value[-1] == '"' and '"' not in value[1:-1]:
        return pair._replace(value=value[1:-1], start=pair.start + 1, end=pair.end - 1)
    return pair
