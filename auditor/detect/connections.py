"""Credentials where something signs in: URLs with userinfo, connection strings, HTTP headers, commands.

The place says that it is a credential, so a chosen password counts, too, unless it or the host is what manuals write.
"""

from __future__ import annotations

from auditor.core.finding import Confidence
from auditor.core.pattern import BytePattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import Secret
from auditor.detect import names, statements, values
from auditor.detect.detection import ASSIGNED_SECRET, URL_CREDENTIAL, Detection
from auditor.detect.fillers import is_filler
from auditor.detect.randomness import is_random
from auditor.detect.statements import Named
from auditor.detect.tokens import is_sample

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

_AUTHORITY = BytePattern(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,24}+)://(?P<authority>[^\s\"'<>|\\/`,]{3,400}+)")
_HEADER = BytePattern(
    r"(?i)\b(?P<name>(?:proxy-)?authorization)[\"'`]?\]?[ \t]{0,9}[:=,][ \t]{0,9}[\"'`]?"
    r"(?P<scheme>bearer|basic|token|apikey|sso-key|ssws|key)[ \t]{1,4}"
    r"(?P<value>[A-Za-z0-9_+/.~:%=-]{8,2000}+)(?![({\[<$])"
)
_CONNECTION = BytePattern(
    r"(?i)(?<![A-Za-z0-9_])(?P<name>password|pwd)[ \t]{0,2}=[ \t]{0,2}"
    r"(?P<value>[^\s;&\"'<>{}`\\]{3,200}+)(?=[;&\"'`\s\\]|$)"
)
_CONNECTION_HINT = BytePattern(
    r"(?i)jdbc:|\b(?:server|data source|driver|provider|database|initial catalog|accountname|uid|user id)[ \t]{0,2}="
)
_COMMAND = BytePattern(
    r"(?:\bsshpass[ \t]{1,4}-p[ \t]{0,2}|\bcurl\b[^\n|;]{0,200}?[ \t](?:-u|--user)[ =]?[\"']?[^\s:\"'$]{1,64}:"
    r"|\bdocker[ \t]{1,4}login\b[^\n|;]{0,160}?[ \t](?:-p|--password)[ =]|\bPGPASSWORD=|\bunseal[ \t]{1,4}"
    r"|\bmysql(?:dump|admin)?\b[^\n|;]{0,120}?[ \t](?:-p|--password=)"
    r"|NetworkCredential\([\"'][^\"'\n]{1,80}[\"'],[ \t]{0,3})"
    r"(?P<quote>[\"']?)(?P<value>(?!-)[^\s\"'`$<>(){}|;\\]{4,200}+)(?P=quote)"
)
#: Hosts that manuals write, and those of one machine.
_NO_HOST = BytePattern(
    r"(?i)(?:^|[.@])(?:localhost\d*|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]|(?:[\w-]+\.)*example(?:\.\w+)?|host(?:name)?|server|domain"
    r"|(?:\w+\.)?(?:test|invalid|local|localdomain))(?:[:/?]|$)|^(?:my|your|some|test|foo|bar|proxy|db|host|server)[\w-]*(?:\.(?:com|org|net))?(?::|$)"
)
#: Hosts whose URLs hold a name in the place of a token that everybody may know.
_OPEN_USER = BytePattern(r"(?i)sentry|ingest|glitchtip|gravatar")
#: What passwords may look like, and signs of one that is yet to be filled in.
_PASSWORD_LIKE = frozenset("number version host path file fingerprint uuid".split())
#: A name of a program: words with dots between them, or in capitals with an underscore.
_NAME = BytePattern(r"(?:[A-Za-z_]+\.)+[A-Za-z_]+|[A-Z]+(?:_[A-Z]+)+")
#: What a call gives to a parameter: a name, a part of something, another call; and a name alone.
_EXPRESSION = BytePattern(r"[*&@!(]{0,2}[A-Za-z_$]")
_DOTTED_NAME = BytePattern(r"[A-Za-z_][A-Za-z0-9_.]{0,60}")
#: Hashes of passwords, as SQL takes them instead.
_HASHED = BytePattern(r"\*[0-9A-Fa-f]{40}|(?i:md5)[0-9a-f]{32}|SCRAM-SHA-256\$.*|0x[0-9A-Fa-f]{16,}")
#: What no name of a program has: a digit, or a sign beyond `_`, `-` and `.`.
_NO_WORD = BytePattern(r"[0-9!#$%^&*?+~@]")
_UNFINISHED = ("{", "}", "$(", "...", "***", "%s", "<")
#: A name or a caption of a secret, in a list of such.
_LABEL = BytePattern(r"(?i)passw|passphrase|secret|token|credential|label")
_LEAST_USER_TOKEN = 16
#: Shorter passwords are what tests and manuals have.
_LEAST_PASSWORD, _LONGEST_PASSWORD = 4, 200
#: Characters read beyond the range, so that what begins in it is seen whole.
_LONGEST = 600


def find(text: str, start: int = 0, end: int | None = None) -> Iterator[Detection]:
    """Credentials in connections that begin between two offsets of the text. Linear in that range."""
    stop = len(text) if end is None else min(end + _LONGEST, len(text))
    yield from _urls(text, start, stop)
    for match in _HEADER.compiled.finditer(text, start, stop):
        value = match["value"].rstrip(".,:")
        basic = match["scheme"].lower() == "basic" and len(value) >= 12 and values.is_opaque(value)
        if (basic or is_random(value)) and not is_sample(value):
            yield _at(match.start("value"), value, "authorization header", "authorization-header", Confidence.MEDIUM)
    for match in _CONNECTION.compiled.finditer(text, start, stop):
        line = text[max(start, text.rfind("\n", start, match.start()) + 1, match.start() - 400) : match.end() + 200]
        if _CONNECTION_HINT.search(line.split("\n", 1)[0]) and not _is_argument(match):
            yield from _password(match.start("value"), match["value"], real=not _names_no_host(line))
    for match in _COMMAND.compiled.finditer(text, start, stop):
        yield from _given(match.start("value"), match["value"], "password of a command", "command-password")
    for place, last in statements.sql(text, start, stop):
        if last - place <= _LONGEST_PASSWORD and values.is_opaque(text[place:last]):
            yield from _given(place, text[place:last], "password of a database account", "database-password")
    for one in statements.named(text, start, stop):
        yield from _named(one, text[one.start : one.end])


def _is_argument(match: re.Match[str]) -> bool:
    """Whether `password=` names a parameter of a call, so that what follows is an expression: `password=pw, `.

    Arguments stand behind a bracket or a comma. Within a bracket of the same line all but a random value is taken for
    one; where the bracket is further up, the name of a password is (`password=db_password,`).
    """
    text, start = match.string, match.start()
    value = match["value"].rstrip(",;)]")
    if value != match["value"] and values.classify(value).kind == "placeholder":
        return True  # `[options.password=null]` in a comment
    if text[max(0, start - _LONGEST) : start].rstrip()[-1:] not in ("(", ","):
        return False
    left = text[max(text.rfind("\n", 0, start) + 1, start - _LONGEST) : start]
    if _is_quoted(left):
        return False
    if left.count("(") > left.count(")"):
        return not is_random(value) and _EXPRESSION.match(value) is not None
    return match["value"] != value and _DOTTED_NAME.fullmatch(value) is not None and names.read(value) is not None


def _is_quoted(left: str) -> bool:
    """Whether a line that begins so has a text that is not closed."""
    quote = ""
    for char in left:
        if char == quote:
            quote = ""
        elif not quote and char in "\"'`":
            quote = char
    return bool(quote)


def _given(place: int, value: str, title: str, kind: str) -> Iterator[Detection]:
    """A password that a command or a statement takes."""
    if not _is_password(value) or values.is_example_password(value) or _HASHED.fullmatch(value):
        return
    confidence = Confidence.MEDIUM if values.is_opaque(value) and not is_filler(value) else Confidence.LOW
    yield Detection(ASSIGNED_SECRET, title, place, place + len(value), Secret(value, kind), confidence)


def _named(one: Named, value: str) -> Iterator[Detection]:
    """A value that a call gives to a name: a password that is no word, anything else only if it is random."""
    reading = names.read(one.name)
    if reading is None or not reading.sure or not _is_password(value) or not _NO_WORD.search(value):
        return
    judged = values.judge(one.name, value)
    likely = is_random(value) or (reading.kind == "password" and not values.is_example_password(value))
    if judged.level == "secret" and likely and not is_filler(value) and not _LABEL.search(value):
        secret = Secret(value, judged.kind)
        yield Detection(ASSIGNED_SECRET, reading.kind, one.start, one.end, secret, Confidence.MEDIUM, one.name)


def _names_no_host(line: str) -> bool:
    return "localhost" in line or "127.0.0.1" in line or "example" in line


def _urls(text: str, start: int, stop: int) -> Iterator[Detection]:
    for match in _AUTHORITY.compiled.finditer(text, start, stop):
        userinfo, at, host = match["authority"].rpartition("@")
        if not at or not userinfo or not host or not (host[0].isalnum() or host[0] in "[%_"):
            continue
        user, colon, password = userinfo.partition(":")
        place = match.start("authority")
        real = not _NO_HOST.search(host)
        if colon and password:
            if values.is_example_login(user, password):
                continue
            yield from _password(place + len(user) + 1, password, real=real)
        elif _is_user_token(user) and real and not _OPEN_USER.search(host):
            yield _at(place, user, "token in a URL", "url-token", Confidence.MEDIUM)


def _is_user_token(user: str) -> bool:
    return len(user) >= _LEAST_USER_TOKEN and is_random(user) and not is_filler(user) and not is_sample(user)


def _password(place: int, password: str, *, real: bool) -> Iterator[Detection]:
    """A password at a place, unless it stands in for one; `real` says that the host does not."""
    if not _is_password(password):
        return
    chosen = len(password) >= _LEAST_PASSWORD and not values.is_example_password(password) and not is_filler(password)
    confidence = Confidence.MEDIUM if chosen and (real or is_random(password)) else Confidence.LOW
    yield _at(place, password, "password in a URL or connection string", "url-password", confidence)


def _is_password(password: str) -> bool:
    if _NAME.fullmatch(password) or is_sample(password):
        return False
    kind = values.classify(password).kind
    likely = kind in _PASSWORD_LIKE or kind not in values.HARMLESS
    return (
        likely
        and kind != "placeholder"
        and not (password.startswith("$") or any(sign in password for sign in _UNFINISHED))
    )


def _at(place: int, value: str, title: str, kind: str, confidence: Confidence) -> Detection:
    return Detection(URL_CREDENTIAL, title, place, place + len(value), Secret(value, kind), confidence)
