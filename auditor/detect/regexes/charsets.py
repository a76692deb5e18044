"""Sets of characters as sorted, disjoint ranges of code points, and the classes that Go's expressions name.

Source of the classes: the documentation of Go's package regexp/syntax. `\\d`, `\\s`, `\\w` and the classes in
`[[:...:]]` are ASCII; `\\p{...}` is a general category of Unicode, as Python's `unicodedata` knows it.
"""

from __future__ import annotations

from functools import lru_cache

from auditor.core.record import TYPE_CHECKING
from auditor.lang.automaton import TOP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.lang.automaton import Ranges

ANY: Ranges = ((0, TOP),)
#: More characters than this are not searched for letters beyond ASCII that have another case.
_MAX_FOLDED = 2048


def normal(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same characters, sorted, with ranges that touch joined."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


def overlap(one: Ranges, other: Ranges) -> bool:
    """Whether two normal sets share a character."""
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i][1] < other[j][0]:
            i += 1
        elif other[j][1] < one[i][0]:
            j += 1
        else:
            return True
    return False


def folded(ranges: Ranges) -> Ranges:
    """The set with the other case of its letters. ASCII letters fold to ASCII only, others one to one."""
    out = list(ranges)
    for low, high in ranges:
        for first, last, shift in ((65, 90, 32), (97, 122, -32)):
            if low <= last and high >= first:
                out.append((max(low, first) + shift, min(high, last) + shift))
        beyond = max(low, 0x80)
        if high - beyond < _MAX_FOLDED:
            for code in range(beyond, high + 1):
                cases = {chr(code).lower(), chr(code).upper()}
                out += [(ord(case), ord(case)) for case in cases if len(case) == 1 and ord(case) >= 0x80]
    return normal(out)


def _pairs(text: str) -> Ranges:
    return normal((ord(text[i]), ord(text[i + 1])) for i in range(0, len(text), 2))


NEWLINE = _pairs("\n\n")
WORD = _pairs("09AZ__az")
PERL = {"d": _pairs("09"), "s": _pairs("\t\n\f\r  "), "w": WORD}
POSIX = {
    "alnum": _pairs("09AZaz"),
    "alpha": _pairs("AZaz"),
    "ascii": _pairs("\x00\x7f"),
    "blank": _pairs("\t\t  "),
    "cntrl": _pairs("\x00\x1f\x7f\x7f"),
    "digit": _pairs("09"),
    "graph": _pairs("!~"),
    "lower": _pairs("az"),
    "print": _pairs(" ~"),
    "punct": _pairs("!/:@[`{~"),
    "space": _pairs("\t\r  "),
    "upper": _pairs("AZ"),
    "word": WORD,
    "xdigit": _pairs("09AFaf"),
}
_CATEGORIES = frozenset(
    "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split()
)


@lru_cache(maxsize=64)
def category(name: str) -> Ranges | None:
    """Characters of a general category ("L", "Nd") or "Any"; None for a name that is neither (Go also knows scripts).

    The first use of a category asks for all code points, about 0.2 s. Code points that are not assigned are in none.
    """
    if name == "Any":
        return ANY
    if name not in _CATEGORIES:
        return None
    from unicodedata import category as category_of  # start-up: only a user's rule with \p needs the tables

    out: list[tuple[int, int]] = []
    for code in range(TOP + 1):
        found = category_of(chr(code))
        if found.startswith(name) and found != "Cn":
            out.append((code, code))
    return normal(out)
