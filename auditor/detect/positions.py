"""Where in a text a credential stands: URL userinfo, `name=value`, HTTP headers, netrc entries, SQL, known tokens.

Works on rendered text, in which `${NAME}` and `$(...)` stand for what is not literal; it only finds places and says
what stands there, whoever calls decides what that means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from auditor.detect import names, tokens, values

_HOLE = r"\$\{[^{}\s]{1,200}\}|\$\(\.\.\.\)|\$[A-Za-z_][A-Za-z0-9_]*"
_URL_START = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://")
_USERINFO = re.compile(
    rf"(?P<user>(?:{_HOLE}|[^\s/?#@:'\"<>|\\])*)(?P<colon>:(?P<password>(?:{_HOLE}|[^\s/?#@'\"<>|\\])*))?@(?=[^\s/?#'\"])"
)
_PAIR = re.compile(
    rf"(?<![A-Za-z0-9_])(?P<name>[A-Za-z_][A-Za-z0-9_.\-]{{1,80}})['\"]?[ \t]{{0,3}}(?P<op>=>|:=|=|:)[ \t]{{0,3}}"
    rf"(?P<quote>['\"]?)(?P<value>(?:{_HOLE}|[^\s'\"`;<>|()\\])+)"
)
_HEADER = re.compile(
    rf"(?i)\b(?P<name>authorization|proxy-authorization)['\"]?[ \t]*[:=][ \t]*['\"]?(?:(?P<scheme>bearer|basic|token|negotiate|apikey)[ \t]+)?(?P<value>(?:{_HOLE}|[^\s'\",\\])+)"
)
_NETRC = re.compile(rf"(?<![\w-])(?:password|passwd)[ \t]+(?P<value>(?:{_HOLE}|[^\s'\"\\])+)")
_MACHINE = re.compile(r"(?<![\w-])(?:machine|default|login)[ \t\n]+\S")
_SQL = re.compile(
    rf"(?i)\b(?:identified\s+(?:with\s+\S+\s+)?by|(?:with\s+)?(?:encrypted\s+)?password|set\s+password\s*=)\s+\\?['\"](?P<value>(?:{_HOLE}|[^'\"\\])+)"
)
_SQL_HINT = re.compile(r"(?i)\b(?:alter|create)\s+(?:user|role|login)|identified\s|set\s+password")
_LIMIT = 64 * 1024
#: Userinfo that is a name, not a secret: `git@host`, `root@host`.
_ACCOUNT = frozenset("git root user admin hg svn anonymous ubuntu ec2-user www-data postgres mongo redis".split())


class Position(NamedTuple):
    """A credential's place in a rendered text, half-open.

    `kind`: `url`, `pair`, `header`, `netrc`, `sql` or `token`. `name` is what announces it (setting or header name,
    token format). `level` is `secret`, `weak`, `placeholder`, `none` for a literal value, `variable` where the value
    is not literal. `secret_kind` names the credential for reports; `prefix` its public part. In a URL `lead` is where
    the whole userinfo begins.
    """

    kind: str
    name: str
    start: int
    end: int
    level: str
    secret_kind: str
    prefix: str = ""
    lead: int = -1

    @property
    def begin(self) -> int:
        """Start of what is reported: the userinfo of a URL, elsewhere the value itself."""
        return self.lead if self.lead >= 0 else self.start


def find(text: str) -> list[Position]:
    """Every credential position of a rendered text, by place; the strongest reading of a place comes first."""
    text = text[:_LIMIT]
    found: list[Position] = []
    for token in tokens.find(text):
        level = "placeholder" if token.documented else "secret"
        found.append(Position("token", token.kind, token.start, token.end, level, token.kind, token.secret.prefix))
    found += _urls(text)
    found += _headers(text)
    found += _netrc(text)
    found += _sql(text)
    found += _pairs(text)
    return _distinct(found)


def _distinct(found: list[Position]) -> list[Position]:
    """One position for one place: earlier kinds (more specific) win over what overlaps them."""
    kept: list[Position] = []
    for position in found:
        if not any(position.start < other.end and other.start < position.end for other in kept):
            kept.append(position)
    return sorted(kept, key=lambda p: p.start)


def _level(value: str, name: str, fallback: str = "password") -> str:
    """Level of a literal value that stands where a credential is expected."""
    if re.search(_HOLE, value):
        return "variable"
    found = values.classify(value, name)
    if found.kind in values.HARMLESS and found.kind not in (
        "number",
        "host",
        "file",
        "path",
        "version",
        "uuid",
        "fingerprint",
    ):
        return "none"
    if found.kind == "placeholder":
        return "weak" if found.works and fallback == "password" else "placeholder"
    return "secret" if found.kind == "opaque" else "weak"


def _urls(text: str) -> Iterator[Position]:
    for start in _URL_START.finditer(text):
        match = _USERINFO.match(text, start.end())
        if match is None:
            continue
        user, password = match["user"], match["password"]
        if password:
            yield Position(
                "url",
                "password",
                *match.span("password"),
                _level(password, "password"),
                "url-password",
                "",
                match.start(),
            )
        elif user and user.lower() not in _ACCOUNT and _token_user(user):
            yield Position("url", "token", *match.span("user"), _level(user, "token"), "url-token", "", match.start())


def _token_user(user: str) -> bool:
    """Whether a lone userinfo is a token: a variable that is not named like an account, or an opaque literal."""
    hole = re.fullmatch(r"\$\{?([A-Za-z_][A-Za-z0-9_]*).*", user)
    if hole:
        return names.split(hole[1])[-1:] not in (["user"], ["username"], ["login"], ["name"], ["account"], ["host"])
    return values.is_opaque(user) and len(user) >= 16


def _pairs(text: str) -> Iterator[Position]:
    for match in _PAIR.finditer(text):
        name, value = match["name"], match["value"]
        if match["op"] == ":" and value.startswith("//"):
            continue
        reading = names.read(name)
        if reading is None or reading.kind == "credential-url":
            continue
        end = match.end("value")
        if not match["quote"]:
            bare = value.rstrip(",.]" if "${" in value else ",.}]")
            end -= len(value) - len(bare)
            value = bare
        if not value:
            continue
        if re.search(_HOLE, value):
            level = "variable"
        else:
            judged = values.judge(name, value)
            level = judged.level
        if level != "none":
            yield Position("pair", name, match.start("value"), end, level, reading.kind)


def _headers(text: str) -> Iterator[Position]:
    for match in _HEADER.finditer(text):
        value = match["value"]
        if not match["scheme"] and value.lower() in ("bearer", "basic", "token"):
            continue
        yield Position(
            "header", match["name"], *match.span("value"), _level(value, "token", "token"), "authorization-header"
        )


def _netrc(text: str) -> Iterator[Position]:
    if _MACHINE.search(text) is None:
        return
    for match in _NETRC.finditer(text):
        yield Position("netrc", "password", *match.span("value"), _level(match["value"], "password"), "netrc-password")


def _sql(text: str) -> Iterator[Position]:
    if _SQL_HINT.search(text) is None:
        return
    for match in _SQL.finditer(text):
        yield Position("sql", "password", *match.span("value"), _level(match["value"], "password"), "database-password")
