"""How a server wants to be signed in to: the WWW-Authenticate header (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PIECE = re.compile(
    rf"[\s,]*(?:(?P<name>{_TOKEN})\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>{_TOKEN}))|(?P<scheme>{_TOKEN}))",
    re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
#: Longest header that is looked at, and most pieces of it.
_LONGEST, _MOST = 16_384, 200


class Challenge(NamedTuple):
    """One way to sign in; `scheme` and the names of the parameters are in small letters."""

    scheme: str
    parameters: Mapping[str, str]


def challenges(values: Iterable[str]) -> list[Challenge]:
    """The challenges in the values of WWW-Authenticate headers; what is malformed ends the value it stands in."""
    found: list[Challenge] = []
    for value in values:
        found.extend(_challenges(value[:_LONGEST]))
    return found


def _challenges(value: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    position = 0
    for _ in range(_MOST):
        piece = _PIECE.match(value, position)
        if piece is None:
            break
        position = piece.end()
        if piece["scheme"]:
            found.append((piece["scheme"].lower(), {}))
        elif found:
            text = piece["plain"] if piece["quoted"] is None else _ESCAPE.sub(r"\1", piece["quoted"])
            found[-1][1].setdefault(piece["name"].lower(), text)
    return [Challenge(scheme, parameters) for scheme, parameters in found]
