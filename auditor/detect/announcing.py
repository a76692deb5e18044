"""The words that announce a secret, and what may stand between them and the value.

`announced.py` asks whether the text before a value ends in such a word; `triggers.py` makes patterns of the same parts,
with which the whole text is searched at once.
"""

from __future__ import annotations

from auditor.core.pattern import BytePattern
from auditor.core.record import NamedTuple

#: What assigns a value to the word right before it.
_OP = r"[0-9]?[\"'`\])]{0,3}[ \t]{0,9}(?:=|:|,|>|is |\|\||\?[?:]|or )"
#: Words that announce a value anywhere after them on the line, and those too short for that, which must be assigned to;
#: each with the literals (lower case) one of which it contains. The detector's triggers are made of them.
WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("token", ("token",)),
    ("secret", ("secret",)),
    ("passw", ("passw",)),
    ("passphrase", ("passphrase",)),
    ("credential", ("credential",)),
    ("bearer", ("bearer",)),
    ("authorization", ("authorization",)),
    ("webhook", ("webhook",)),
    ("licen[sc]e", ("license", "licence")),
    ("api[_. -]?key", ("apikey", "api_key", "api.key", "api key", "api-key")),
)
SHORT_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (f"[_. ?&-]key{_OP}", ("_key", ".key", " key", "?key", "&key", "-key")),
    (f"[a-z0-9]key{_OP}", ("key",)),
    (f"[_. -]pat{_OP}", ("_pat", ".pat", " pat", "-pat")),
    (f"[_. -]auth{_OP}", ("_auth", ".auth", " auth", "-auth")),
    (f"[_. -]pwd{_OP}", ("_pwd", ".pwd", " pwd", "-pwd")),
    (f"[_. -]pass{_OP}", ("_pass", ".pass", " pass", "-pass")),
)
#: Ten characters of a value, one of which is a digit.
VALUE = r"(?:[A-Za-z_+/.~%!-]{0,31}[0-9][A-Za-z0-9_+/.~%!=:-]{6}|[A-Za-z_+/.~%!-]{9,31}[0-9])"
#: The same without bounds, for the search: of the automaton of that, fewer states take less time (bench/prefilter.py).
SOUGHT = r"(?:[A-Za-z_+/.~%!-]*[0-9][A-Za-z0-9_+/.~%!=:-]{6}|[A-Za-z_+/.~%!-]{9}[A-Za-z_+/.~%!-]*[0-9])"
#: From a word that announces a value to the value: anything that ends with a delimiter; one line break after it.
TO_VALUE = r"[^\n]{0,80}?[ \t\"'`:=>({\[,\\&](?:(?:[+-]|\|\||\?[?:])?\r?\n[ \t]{0,40}[\"'`]?)?"
#: The same from what assigns, and from a name in one field to the value in the next.
ON_VALUE = r"[^\n]{0,40}?(?:\r?\n[ \t]{0,40}[\"'`]?)?"
PAIRED = (
    r"[A-Za-z0-9_.-]{0,24}(?:[\"']?[,{ ]{0,3}\s{1,60}[\"']?(?:value|default|val|string)[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
    r"|</(?:key|name)>\s{0,60}<(?:string|value)>)"
)
#: A value that somebody chose, for a password: with a digit or a sign in it.
CHOOSING = (
    r"(?:passw|passphrase|[_.-]pwd|[_.-]pass|secret)[A-Za-z0-9_.-]{0,16}(?:</(?:key|name)>\s{0,60}<(?:string|value)>"
    r"|[\"'`\])]{0,3}[ \t]{0,16}(?::[ \t]{0,2}[&A-Za-z][A-Za-z0-9_.<>?|'& \[\]]{0,24}[ \t]=|=>|:=|\?=|={1,3}|[:> ]"
    r"|\|\|=?|\?\?=?|\?:|or|\{|:-)"
    r"[ \t]{0,16}(?:[|>][+-]?[ \t]{0,3}\r?\n[ \t]{1,40})?(?:<!\[CDATA\[)?[rbfuRBFUL@$]{0,2}(?:\"{3}|'{3}|[\"'`]?))"
)
CHOSEN = r"[^\s\"'`0-9!#$%^&*?+~@]{0,24}[0-9!#$%^&*?+~@]"
#: Whether such a value begins at a place.
BEGINS, IS_CHOSEN = BytePattern(VALUE), BytePattern(CHOSEN)


class _Wording(NamedTuple):
    """Words that announce a value: literals, and the pattern from so many characters ahead of them to the value."""

    literals: tuple[str, ...]
    pattern: BytePattern
    ahead: int = 0


_CHOOSING = (
    _Wording(
        ("passw", "passphrase", "_pwd", ".pwd", "-pwd", "_pass", ".pass", "-pass", "secret"),
        BytePattern(rf"(?i){CHOOSING}\Z"),
    ),
)
_ANNOUNCING = (
    *(_Wording(literals, BytePattern(f"(?i){word}(?:{TO_VALUE}|{PAIRED})\\Z")) for word, literals in WORDS),
    *(
        _Wording(literals, BytePattern(f"(?i){word}{ON_VALUE}\\Z"), ahead=1 if literals == ("key",) else 0)
        for word, literals in SHORT_WORDS
    ),
)


def announce(left: str) -> bool:
    """Whether a word before a value announces that it is a secret."""
    return _leads(left, _ANNOUNCING)


def choose(left: str) -> bool:
    """Whether what stands before a value assigns it to a password or the like."""
    return _leads(left, _CHOOSING)


def _leads(left: str, wordings: tuple[_Wording, ...]) -> bool:
    """Whether one of these words, where it stands last, leads up to the end of the text."""
    # Lower case of the same length, whatever the letters.
    lower = left.encode("latin-1", "replace").lower().decode("latin-1")
    for wording in wordings:
        for literal in wording.literals:
            place = lower.rfind(literal)
            if place >= 0 and wording.pattern.match(left, max(0, place - wording.ahead)):
                return True
    return False
