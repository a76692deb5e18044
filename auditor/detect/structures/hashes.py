"""Hashes of passwords in htpasswd files, /etc/shadow and lines copied from them.

Formats: crypt(5), shadow(5), the manual of Apache's htpasswd.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect.structures.candidate import Candidate, Source

_B64 = "[./A-Za-z0-9]"
_LINE = Pattern(
    r"(?m)^[ \t]{0,20}(?P<user>[A-Za-z0-9_.@+-]{1,100}):(?P<value>"
    rf"\$(?:1|apr1)\${_B64}{{1,8}}\${_B64}{{22}}"
    rf"|\$2[abxy]\$\d\d\${_B64}{{53}}"
    rf"|\$5\$(?:rounds=\d{{1,9}}\$)?{_B64}{{1,16}}\${_B64}{{43}}"
    rf"|\$6\$(?:rounds=\d{{1,9}}\$)?{_B64}{{1,16}}\${_B64}{{86}}"
    rf"|\$(?:y|gy|7)\${_B64}{{2,20}}\${_B64}{{1,86}}\${_B64}{{43}}"
    r"|\{SHA\}[A-Za-z0-9+/]{27}=|\{SSHA\}[A-Za-z0-9+/]{32,60}={0,2})(?=[:\s]|\Z)"
)
#: Thirteen characters of the oldest crypt: only where the file's name says what they are.
_OLD = Pattern(rf"(?m)^(?P<user>[A-Za-z0-9_.@+-]{{1,100}}):(?P<value>{_B64}{{13}})(?=[:\r\n]|\Z)")
_SCHEMES = (
    ("$apr1$", "APR1-MD5"),
    ("$1$", "MD5"),
    ("$2", "bcrypt"),
    ("$5$", "SHA-256"),
    ("$6$", "SHA-512"),
    ("$y$", "yescrypt"),
    ("$gy$", "GOST yescrypt"),
    ("$7$", "scrypt"),
    ("{SHA}", "SHA-1 without salt"),
    ("{SSHA}", "SHA-1"),
)


def find(source: Source) -> Iterator[Candidate]:
    """The hashes, with the account and the scheme as facts. A locked account (`!`, `*`) has none."""
    for match in _LINE.finditer(source.text):
        yield _candidate(match["user"], match["value"], *match.span("value"))
    if source.kind in ("htpasswd", "shadow"):
        for match in _OLD.finditer(source.text):
            yield _candidate(match["user"], match["value"], *match.span("value"))


def _candidate(user: str, value: str, start: int, end: int) -> Candidate:
    scheme = next((name for prefix, name in _SCHEMES if value.startswith(prefix)), "DES crypt")
    facts = (("user", user), ("scheme", scheme))
    return Candidate("password-hash", f"Password hash ({scheme})", start, end, user, "hash", "", "", facts)
