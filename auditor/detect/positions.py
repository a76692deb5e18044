"""Where in a text a credential stands: URL userinfo, `name=value`, HTTP headers, netrc entries, SQL, known tokens.

Works on rendered text, in which `${NAME}` and `$(...)` stand for what is not literal; it only finds places and says
what stands there, whoever calls decides what that means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.core.overlap import apart
from auditor.core.pattern import BytePattern
from auditor.core.record import NamedTuple
from auditor.detect import names, statements, tokens, values
from auditor.detect.statements import HOLE, Named

_ANY_HOLE = BytePattern(HOLE)
_URL_START = BytePattern(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://")
# Possessive repeats: a hole also fits the class beside it, and backtracking between the two would be exponential.
#: The key of a Sentry DSN without a secret part: pages hand it to every browser.
_CLIENT_KEY = BytePattern(r"[0-9a-f]{32}@[\w.:-]{1,255}/(?:[\w-]{1,100}/)?\d{1,20}(?![\w/])")
_USERINFO = BytePattern(
    rf"(?P<user>(?:{HOLE}|[^\s/?#@:'\"<>|\\])*+)(?P<colon>:(?P<password>(?:{HOLE}|[^\s/?#@'\"<>|\\])*+))?+"
    r"@(?=[^\s/?#'\"])"
)
_PAIR = BytePattern(
    r"(?<![A-Za-z0-9_])(?<!\$\{)(?P<name>[A-Za-z_][A-Za-z0-9_.\-]{1,80})['\"]?[ \t]{0,3}(?P<op>=>|:=|=|:)[ \t]{0,3}"
    r"(?P<quote>['\"]?)(?=[^\s'\"`;<>|()\\])"
)
_PAIR_VALUE = BytePattern(rf"(?:{HOLE}|[^\s'\"`;<>|()\\])++")
_QUERY_VALUE = BytePattern(rf"(?:{HOLE}|[^\s'\"`;<>|()\\&])++")
_XML = BytePattern(r"<(?P<name>[A-Za-z][\w.-]{1,80})>\s{0,20}(?P<value>[^<>\s]{1,2000})\s{0,20}</(?P=name)>")
_HEADER = BytePattern(
    r"(?i)\b(?P<name>authorization|proxy-authorization)['\"]?[ \t]{0,9}[:=][ \t]{0,9}['\"]?"
    rf"(?:(?P<scheme>bearer|basic|token|negotiate|apikey)[ \t]+)?(?P<value>(?:{HOLE}|[^\s'\",\\])+)"
)
#: The beginning of a word; `\n` and `\t` written out, as in `printf`, are space before it.
_WORD = r"(?:(?<![\w-])|(?<=\\[nt]))"
#: Where a program puts a header's value together, no value: `%s`, `{token}`, an operator alone.
_FORMAT = BytePattern(r"%(?:\(\w+\))?s|\{\w*\}|[^\w\x80-\U0010ffff$*.]+")
#: What follows a text of a program that ends here.
_JOINED = BytePattern(r"[ \t]?[+.%,&][ \t]?[A-Za-z_$]")
#: Characters in front of a quote in which its opening one is looked for.
_BEFORE = 200
_NETRC = BytePattern(rf"{_WORD}(?:password|passwd)[ \t]+(?P<value>(?:{HOLE}|[^\s'\"\\])+)")
_MACHINE = BytePattern(rf"{_WORD}(?:machine|default|login)[ \t\n]+\S")
_VARIABLE = BytePattern(r"\$\{?([A-Za-z_][A-Za-z0-9_]*).*")
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
    found: list[Position] = []
    for token in tokens.find(text):
        level = "placeholder" if token.documented else "secret"
        found.append(Position("token", token.kind, token.start, token.end, level, token.kind, token.secret.prefix))
    if "://" in text:
        found += _urls(text)
    lower = text.lower()
    if "authorization" in lower:
        found += _headers(text)
    if "passw" in lower or "identified" in lower:
        found += _netrc(text)
        found += _sql(text)
    found += _named_values(statements.named(text), text)
    if "</" in text:
        found += _named_values((Named(m["name"], *m.span("value")) for m in _XML.finditer(text)), text)
    if "=" in text or ":" in text:
        found += _pairs(text)
    return apart(found)


def _level(value: str, name: str, fallback: str = "password") -> str:
    """Level of a literal value that stands where a credential is expected."""
    if _ANY_HOLE.search(value):
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
        if password in ("x-oauth-basic", "x", "X") and (_ANY_HOLE.search(user) or _token_user(user)):
            password = ""  # the token stands where the name does
        if password:
            level = _level(password, "")
            if level == "weak" and values.is_manual_login(user, password):
                level = "placeholder"
            yield Position("url", "password", *match.span("password"), level, "url-password", "", match.start())
        elif user and user.lower() not in _ACCOUNT and _token_user(user) and not _CLIENT_KEY.match(text, match.start()):
            yield Position("url", "token", *match.span("user"), _level(user, "token"), "url-token", "", match.start())


def _token_user(user: str) -> bool:
    """Whether a lone userinfo is a token: a variable that is not named like an account, or an opaque literal."""
    hole = _VARIABLE.fullmatch(user)
    if hole:
        return not names.is_about_something_else(hole[1])
    return values.is_opaque(user) and len(user) >= 10 and any(c.isdigit() for c in user)


def _pairs(text: str) -> Iterator[Position]:
    done = 0
    for match in _PAIR.finditer(text):
        if match.start() < done:
            continue  # inside a value that was looked at
        name, start = match["name"], match.end()
        reading = names.read(name)
        if reading is None or reading.kind == "credential-url":
            continue
        in_query = match.start() > 0 and text[match.start() - 1] in "?&"
        found = (_QUERY_VALUE if in_query else _PAIR_VALUE).match(text, start)
        if found is None or (match["op"] == ":" and found[0].startswith("//")):
            continue
        done = found.end()
        value = found[0] if match["quote"] else found[0].rstrip(",.]")
        if not match["quote"] and "${" not in value:
            value = value.rstrip("}")
        if match["quote"] and _ends_text(text, match.start("quote"), value):
            continue
        level = _pair_level(name, value, text[start + len(value) : start + len(value) + 1])
        if level != "none":
            yield Position("pair", name, start, start + len(value), level, reading.kind)


def _ends_text(text: str, at: int, value: str) -> bool:
    """Whether the quote at a place ends a text of a program, which is joined to what follows: `"pw=" + given`."""
    if _JOINED.match(value) is None:
        return False
    return text.count(text[at], max(at - _BEFORE, 0), at) % 2 == 1


def _pair_level(name: str, value: str, following: str) -> str:
    """Level of the value of a pair; text that a shell will still expand is not literal."""
    if _ANY_HOLE.search(value):
        return "variable"
    if not value or value.startswith(("$", "`")) or (value.endswith("$") and following == "("):
        return "none"
    judged = values.judge(name, value)
    return "placeholder" if judged.verdict == "placeholder" else judged.level


def _named_values(found: Iterable[Named], text: str) -> Iterator[Position]:
    """Values with their names in other notations: XML elements, calls of programs."""
    for name, start, end in found:
        judged = values.judge(name, text[start:end])
        if judged.level != "none":
            yield Position("pair", name, start, end, judged.level, judged.kind)


def _headers(text: str) -> Iterator[Position]:
    for match in _HEADER.finditer(text):
        value = match["value"]
        if (not match["scheme"] and value.lower() in ("bearer", "basic", "token")) or _FORMAT.fullmatch(value):
            continue
        if value.startswith(("$(", "`")) and not _ANY_HOLE.match(value):
            continue  # a script as text: its shell will expand that
        yield Position(
            "header", match["name"], *match.span("value"), _level(value, "token", "token"), "authorization-header"
        )


def _netrc(text: str) -> Iterator[Position]:
    if _MACHINE.search(text) is None:
        return
    for match in _NETRC.finditer(text):
        yield Position("netrc", "password", *match.span("value"), _level(match["value"], "password"), "netrc-password")


def _sql(text: str) -> Iterator[Position]:
    for start, end in statements.sql(text):
        yield Position("sql", "password", start, end, _level(text[start:end], "password"), "database-password")
