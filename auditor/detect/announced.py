"""Values without a form of their own that something beside them announces: a setting's name, a service's name, a word.

First the value, then who speaks for it. A value counts as a whole only: delimited on both sides, or it is a piece of
something else. The surest announcement is the name it is assigned to; a service's name near a value that has the shape
of that service's keys comes next; a word such as `token` somewhere before it on the line is the weakest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.core.finding import Confidence
from auditor.core.pattern import BytePattern
from auditor.core.record import NamedTuple
from auditor.core.secret import Secret
from auditor.detect import announcing, names, providers, values
from auditor.detect.detection import ASSIGNED_SECRET, PROVIDER_KEY, Detection
from auditor.detect.fillers import is_filler
from auditor.detect.notations import assignment, expansion
from auditor.detect.randomness import is_random
from auditor.detect.tokens import is_sample

#: Characters before a value in which its announcement is looked for: for a service's name, and for a word on its line.
NEAR, LINE = 48, 200
#: Shortest random value that a service's name alone makes a key of that service.
_LEAST_OF_SERVICE = 16
_LEAST_RANDOM = 10
#: Of a reference with a default: characters from its dollar sign to the value.
_LONGEST_NAME = 100
#: Shortest random value that is more than a guess without a service's shape.
_LEAST_SURE = 16
_LONGEST = 1200
#: Characters before a value in which a word says that it is something else.
_NEXT = 64
_DIGIT = BytePattern(r"[0-9]")
#: Names that say as much as those of two words.
_WHOLE_NAMES = frozenset(("apikey", "authorization"))
#: A long number; no time in microseconds, of which there are many beside tokens.
_NUMBER = BytePattern(r"(?!1[0-9]{15}\Z)[0-9]{16,40}")
#: What no word and no name has, among the signs of a value without quotes.
_NO_NAME = BytePattern(r"[0-9!+~%]")
#: A quote is doubled within a text, or stands behind a backslash; three of them are one.
_WITHIN = r"(?:(?!(?P=quote))[^\s\\]|(?P=quote){2}|\\[\"'])"
_QUOTED = rf"(?P<quote>\"{{3}}|'{{3}}|[\"'`])(?P<quoted>{_WITHIN}{{8,900}}+)(?P=quote)(?![\w\"'`])"
#: With a first half that ends in a colon, if that has a digit in it, as no name has (`110201543:AAH...`).
_HALF = r"(?:(?=[A-Za-z_/+-]{0,40}[0-9])[A-Za-z0-9_/+-]{6,64}={0,2}:)?"
_BARE = (
    rf"(?<![A-Za-z0-9_+/.~%$@!?*^#-])(?P<bare>{_HALF}[A-Za-z0-9_+/.~%!-]{{8,1200}}+={{0,3}}+)"
    r"(?=[\s<>,;)}\]|&\\]|[\"'`](?![\w\"'`])|:(?![/\w])|$)"
)
_ELEMENT = r"(?<=>)(?P<element>[^\s\"'`<>\\]{8,1200}+)(?=</)"
#: What stands alone behind a name, up to the end of its line or a comment, with signs that only passwords have; or
#: with `=` in it, unless it is an operator, an option, or a version with its build (`1.4.0=py_0`).
_SIGNS = r"(?=[^\s]{0,64}?[@$#^*?()&,;\x80-\xff]|(?![=-]|v?[0-9][0-9a-z.]*=)[^\s=]{1,64}=[^\s=])"
_LINE = rf"(?<=[:=])[ \t]{{0,16}}(?P<line>{_SIGNS}[^\s\"'`<>{{}}\[\]|\\]{{8,120}}+)(?=[ \t]{{0,16}}(?:\r?\n|$|[ \t]#))"
_CANDIDATE = BytePattern(f"{_QUOTED}|{_ELEMENT}|{_LINE}|{_BARE}")
_BARE_CANDIDATE = BytePattern(f"{_BARE}")
#: A quoted text that is made of parts: an address, pairs in a row.
_COMPOSED = BytePattern(r"://|[;&?][A-Za-z_][\w.-]{0,60}=|^(?P<name>[A-Za-z_][\w.-]{0,60})=[^=]")
#: A value that a service hands out: no spaces, none of the characters that only expressions and patterns have.
_TOKEN = BytePattern(r"[A-Za-z0-9_+/.~-][A-Za-z0-9_+/.~%:!=@#$&-]+")
#: Schemes that stand before a value within its quotes.
_SCHEME = BytePattern(r"(?i)(?:oauth2?|bearer|basic|token|apikey|key):")
#: Words that say the value right after them is something else, whatever stands further left; among them tokens that
#: number a page or a request. A badge's token may be read by everybody.
_OTHERWISE = BytePattern(
    r"(?i)(?:sha\d*|md5|digest|checksum|integrity|hash|commit|revision|\brev|etag|nonce|guid|uuid|version|thumbprint"
    r"|fingerprint|public[-_ ]?key|signature|src|href|url|uri|path|file\w*|class|xmlns|charset|key[-_ ]?id"
    r"|client[-_ ]?id|(?<![a-z])(?:client[-_ ]?|next[-_ ]?|prev(?:ious)?[-_ ]?)?(?:page|next|continuation|request"
    r"|idempotency|cancell?ation|resume|sync|cursor|marker|change|websocket|csrf\w{0,12}?|xsrf|forgery|authenticity|verification"
    r"|registration)[-_ ]?(?:token|key)|badge[^\n]{0,20}token"
    r")[\"'\])]{0,3}\s{0,3}(?:(?:=>|:=|[=:,(]|-|value=)\s{0,3}){0,2}[\"'`({\[]{0,3}\Z"
)
#: Names of things that are wrong on purpose.
_NEGATED = BytePattern(
    r"(?i)(?:^|[_. -])(?:non|not|no|wrong|bad|invalid|fake|mock|dummy|sample|example|broken|unused|hashed"
    r"|encrypted|masked|redacted)"
    r"(?:[_. -]|matching|valid)*(?:token|key|secret|pass|cred|api|auth|$)"
)
#: Whose keys every visitor of a web page gets.
_PUBLISHED = BytePattern(r"(?i)docsearch|(?:search|public|publishable)[-_ ]?(?:only[-_ ]?)?(?:api[-_ ]?)?key\W{0,8}\Z")
#: Values of a test or sandbox account open nothing that is in use.
_SANDBOX = BytePattern(r"(?i)sandbox|(?:^|[_-])(?:sbx?|test)(?:[_-])")
_LABEL = BytePattern(r"(?i)^\{.*\}$|passw|passphrase|secret|token|credential|label|&lt;|^arn:|^[#,:./@]")
#: What assigns a chosen value; a comma or a dash between two words lists them.
_ASSIGNING = ("=", ":", "=>", ":=", "?=", "==", "===", ">")
#: What stands behind a name in a program.
_GOES_ON = frozenset(";,)}")
_NAME = BytePattern(r"[A-Za-z_][\w.]*")
#: A call, or a part of something; plain members are what `values` says is an expression.
_CALL = BytePattern(r"[A-Za-z_$@&*!]{0,2}[A-Za-z_]\w*+(?:[.:>-]++\w*+)*+[(\[]")
#: Words and a number at the end, as things are called: `text-input-2`.
_IS_NAME = BytePattern(r"[a-z]+(?:[-_.][a-z]+)*[-_.]?[0-9]{0,2}")
_DEFINES = BytePattern(r"\s*#\s*define\s")
#: What no name of a program has: a digit, or a sign beyond `_`, `-` and `.`.
_NO_WORD = BytePattern(r"[0-9!#$%^&*?+~@]")
#: Two folders from the root on.
_ROOTED = BytePattern(r"/(?:usr|var|run|etc|opt|home|root|tmp|proc|sys|dev|mnt|srv)/[a-z0-9._-]{1,40}/")
_HASH_FREE = frozenset("uuid fingerprint host file version path number digest email".split())


class _Value(NamedTuple):
    """A value with what stands around it."""

    text: str
    start: int
    name: str
    op: str
    left: str
    quoted: bool
    after: str

    @property
    def line(self) -> str:
        return self.left.rpartition("\n")[2]


def find(text: str, start: int = 0, end: int | None = None) -> Iterator[Detection]:
    """Announced values that begin between two offsets of the text, by place. Linear in that range."""
    last = len(text) if end is None else end
    for match in _CANDIDATE.compiled.finditer(text, start, last + _LONGEST):
        if match.start() > last:
            return
        bare = match["bare"]
        if bare is not None and not _NO_NAME.search(bare):
            continue  # a word; most candidates of a program are
        found = () if _is_composed(match["quoted"] or match["line"] or "") else tuple(_found(text, (match,)))
        yield from found
        for group in ("quoted", "line"):
            if not found and match[group] is not None:
                yield from _found(text, _BARE_CANDIDATE.compiled.finditer(text, *match.span(group)))


def _is_composed(text: str) -> bool:
    """Whether a quoted text is made of parts, each of which is a value of its own."""
    match = _COMPOSED.search(text)
    return match is not None and not (match["name"] and is_random(match["name"]))


def _found(text: str, matches: Iterable[re.Match[str]]) -> Iterator[Detection]:
    for match in matches:
        value = _value(text, match)
        found = _judged(value) if value is not None else None
        if found is not None:
            yield found


def _value(text: str, match: re.Match[str]) -> _Value | None:
    """The value with what stands before it; None if no word there announces one."""
    group = next(name for name in ("quoted", "element", "line", "bare") if match.groupdict().get(name) is not None)
    raw, start = match[group], match.start(group)
    scheme = _SCHEME.match(raw)
    if scheme is not None:
        raw, start = raw[scheme.end() :], start + scheme.end()
    if group == "bare" and raw[0] == "-" and expansion(text[max(0, start - _LONGEST_NAME) : start + 1]):
        raw, start = raw[1:], start + 1
    left = text[max(0, start - LINE) : start]
    if raw.startswith("//") and left.endswith(":"):
        return None  # an address
    if not (
        (announcing.BEGINS.match(text, start) and announcing.announce(left))
        or (announcing.IS_CHOSEN.match(text, start) and announcing.choose(left))
    ):
        return None
    quoted, after = group == "quoted", text[match.end(group) : match.end(group) + 1]
    name = (
        expansion(left.removesuffix('"'))
        if text[match.end(group) + quoted : match.end(group) + quoted + 1] == "}"
        else ""
    )
    if name:
        return _Value(raw, start, name, "=", left, True, after)
    assigned = assignment(left)
    if assigned is None:
        return _Value(raw, start, "", "", left, quoted, after)
    if assigned.op == "," and not quoted:
        return None  # a list of names
    return _Value(raw, start, assigned.name, assigned.op, left, quoted, after)


def _judged(value: _Value) -> Detection | None:
    text = value.text
    if _OTHERWISE.search(value.left[-_NEXT:]) or _NEGATED.search(value.name):
        return None
    reading = names.read(value.name) if value.name else None
    numbered = _numbered(value, reading) if _NUMBER.fullmatch(text) else None
    if numbered is not None:
        return numbered
    random = (
        len(text) >= _LEAST_RANDOM
        and _DIGIT.search(text) is not None
        and _TOKEN.fullmatch(text) is not None
        and is_random(text)
    )
    if reading is None and not random:
        return None
    kind = values.classify(text, value.name).kind
    if kind in values.HARMLESS and not (random and kind in _HASH_FREE and not _ROOTED.match(text)):
        return None
    found = _issued(value, reading, kind) if random else None
    if random and (reading is None or reading.kind != "password"):
        return found
    chosen = _chosen(value, reading)
    return max((one for one in (found, chosen) if one is not None), key=lambda one: one.confidence, default=None)


def _issued(value: _Value, reading: names.Reading | None, kind: str) -> Detection | None:
    """A random value, as services hand them out: of a service that is named near it, or of nobody knows whom."""
    filler = is_filler(value.text)
    if is_sample(value.text):
        return None
    named = providers.near(value.left[-NEAR:])
    for one in reversed(named):
        for provider in one.providers:
            if provider.fits(value.text):
                confidence = Confidence.MEDIUM if filler else Confidence.HIGH
                confidence = Confidence.LOW if _PUBLISHED.search(value.left) else confidence
                return _detection(PROVIDER_KEY, provider.title, provider.id, value, confidence)
    if filler:
        return None
    if named and len(value.text) >= _LEAST_OF_SERVICE:
        # Shorter than any key of the service: cut off, or something else of it.
        whole = any(len(value.text) >= one.least for one in named)
        told = reading is not None and (reading.sure or _is_compound(value.name))
        confidence = Confidence.MEDIUM if told and whole else Confidence.LOW
        name = named[-1].name
        kind = name if name.endswith(("key", "token", "secret")) else f"{name}-key"
        return _detection(PROVIDER_KEY, "key of a service", kind, value, confidence)
    if reading is None:
        return _detection(ASSIGNED_SECRET, "secret", "secret", value, Confidence.LOW)
    compound = _is_compound(value.name) or value.name.lower() in _WHOLE_NAMES
    sure = (compound if kind == "uuid" else compound or reading.sure) and not _SANDBOX.search(value.text)
    sure = sure and len(value.text) >= _LEAST_SURE
    confidence = Confidence.MEDIUM if sure else Confidence.LOW
    return _detection(ASSIGNED_SECRET, reading.kind, reading.kind, value, confidence)


def _numbered(value: _Value, reading: names.Reading | None) -> Detection | None:
    """A long number that a setting calls the token or the key of a service that issues numbers."""
    if reading is None or not reading.sure or reading.kind == "password" or is_filler(value.text):
        return None
    for one in reversed(providers.near(value.name)):
        for provider in one.providers:
            if provider.fits(value.text):
                return _detection(PROVIDER_KEY, provider.title, provider.id, value, Confidence.MEDIUM)
    return None


def _is_compound(name: str) -> bool:
    """Whether a name says whose key it is: `GEMSTASH_KEY`, not `key` or `using key`."""
    return len(names.split(name.rpartition(" ")[2])) > 1


def _chosen(value: _Value, reading: names.Reading | None) -> Detection | None:
    """A value that somebody chose: a password, told by its name alone."""
    if reading is None or not reading.sure or _LABEL.search(value.text):
        return None
    if value.op not in _ASSIGNING and not _DEFINES.match(value.line):
        return None
    if not value.quoted and _is_code(value):
        return None
    judged = values.judge(value.name, value.text)
    if judged.level not in ("secret", "weak"):
        return None
    real = judged.level == "secret" and reading.kind == "password" and _NO_WORD.search(value.text) is not None
    real = real and (value.quoted or not _IS_NAME.fullmatch(value.text))
    confidence = Confidence.MEDIUM if real else Confidence.LOW
    return _detection(ASSIGNED_SECRET, reading.kind, judged.kind, value, confidence)


def _is_code(value: _Value) -> bool:
    """Whether a text without quotes is a name, a type or a call of a program."""
    return bool(
        (value.after in _GOES_ON and _NAME.fullmatch(value.text))
        or _CALL.match(value.text)
        or value.text.endswith((",", ";", "("))
        or value.text.startswith("*.")
    )


def _detection(rule: str, title: str, kind: str, value: _Value, confidence: Confidence) -> Detection:
    secret = Secret(value.text, kind)
    return Detection(rule, title, value.start, value.start + len(value.text), secret, confidence, value.name)
