"""PEM blocks (RFC 7468, RFC 1421 headers) as they stand in files, strings, JSON and continued lines."""

from __future__ import annotations

import binascii

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple

_BEGIN = Pattern(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_HEADER = Pattern(r"(?m)^[ \t]*([A-Za-z][A-Za-z0-9-]{1,30}):[ \t]*([^\r\n]{0,200}(?:\\\n[^\r\n]{0,200})?)$")
#: Line ends written as escapes, and what strings and shell continuations put around lines.
_ESCAPED = Pattern(r"\\r\\n|\\n|\\r|\r\n?")
_AROUND = str.maketrans("", "", " \t\r\n\"'`,;\\")
_STANDARD = str.maketrans("-_", "+/")


class Block(NamedTuple):
    """One block: label, headers, the text between the markers without white space, its bytes (None: no base64).

    `closed` says whether the end marker was there.
    """

    label: str
    headers: dict[str, str]
    text: str
    data: bytes | None
    closed: bool


def blocks(text: str, most: int = 1) -> list[Block]:
    """The first `most` blocks of a text, in order."""
    found: list[Block] = []
    at = 0
    while len(found) < most and (begin := _BEGIN.search(text, at)):
        end = text.find(f"-----END {begin[1]}-----", begin.end())
        at = len(text) if end < 0 else end
        found.append(_block(begin[1], text[begin.end() : at], end >= 0))
    return found


def _block(label: str, inside: str, closed: bool) -> Block:
    lines = _ESCAPED.sub("\n", _bare(inside, closed))
    headers = {m[1]: m[2] for m in _HEADER.finditer(lines)} if ":" in lines else {}
    body = (_HEADER.sub("", lines) if headers else lines).translate(_AROUND)
    armoured, _, _checksum = body.partition("=") if label.startswith("PGP") else (body, "", "")
    return Block(label, headers, body, _decoded(armoured if label.startswith("PGP") else body), closed)


def _bare(inside: str, closed: bool) -> str:
    """The lines without what stands around each of them: the sign of a comment or a diff, a string that is continued.

    The line of one marker shows what follows on every line, that of the other what precedes.
    """
    first, *lines = inside.split("\n")
    if not lines or not closed:
        return inside
    after, before = first.rstrip(), lines.pop()
    bare = before.rstrip()
    if bare and all(line.startswith(before) or line.rstrip() == bare for line in lines):
        lines = [line[len(before) :] for line in lines]
    if after:
        lines = [line.rstrip().removesuffix(after) for line in lines]
    return "\n".join(["", *lines, ""])


def _decoded(body: str) -> bytes | None:
    """The bytes of padded base64; None if it is none."""
    try:
        stripped = body.rstrip("=")
        return binascii.a2b_base64(stripped + "=" * (-len(stripped) % 4), strict_mode=True) if stripped else None
    except ValueError:
        return None
