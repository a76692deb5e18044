"""A secret's place in a credential file, and the judgement that makes a detection of it."""

from __future__ import annotations

from auditor.core.finding import Confidence
from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.secret import Secret
from auditor.detect import values
from auditor.detect.detection import PRIVATE_KEY, STORED_CREDENTIAL, Detection
from auditor.detect.fillers import is_typed
from auditor.detect.verify import verify

#: Readings of a value that stands where a password belongs and still is none.
_NO_PASSWORD = frozenset("empty template reference encrypted boolean path url expression".split())
#: What a generated token may look like besides opaque; anything else harmless is none.
_TOKEN_LIKE = frozenset("uuid fingerprint digest".split())
#: Passwords of plain words are guessable below this length.
_LONG_PASSWORD = 12
_BESIDE = 32768
#: Characters of the shortest private key in common use, with its frame (EC P-256, PKCS#8).
_WHOLE_KEY = 200
#: A name or a call of a program where its source has a setting's name on the left.
_EXPRESSION = Pattern(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:\(.*|\[.*)?")
_QUOTES = ('"', "'", "`")
#: What expressions of a program have and tokens have not.
_NOT_IN_TOKENS = frozenset("()[]{} \t'\"")


class Source(NamedTuple):
    """A text to search. `base`: the file's name in lower case; `kind`: what `credfiles.recognise` calls it, or "".

    `trusted`: the name is that of a credential file and of no sample, so that even weak tokens count. `doubtful`: it
    is that of a sample, a program or a text about such files, so that weak passwords do not count either. `ways` are
    the places of the ways in `hints` that the text has, None where nobody has asked.
    """

    text: str
    path: str
    base: str
    kind: str
    trusted: bool
    doubtful: bool
    ways: frozenset[int] | None = None


class Candidate(NamedTuple):
    """The place of a possible secret, half-open, in characters.

    `mode` says how to judge the value: `password` (chosen by a person), `token` (generated), `named` (the name
    decides), `sure` (the reader has proved it), `likely` and `weak` (the same with less certainty), `hash` (of a
    password) and `key` (a private key). `verifier` is the kind for `verify` and `beside` the text that it may look at.
    `plain` is the value itself where the place holds it with escapes.
    """

    kind: str
    title: str
    start: int
    end: int
    name: str = ""
    mode: str = "password"
    verifier: str = ""
    beside: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    plain: str = ""


def detection(candidate: Candidate, source: Source) -> Detection | None:
    """The detection that a candidate is, None if its value is no secret."""
    value = candidate.plain or source.text[candidate.start : candidate.end]
    judged = _judged(candidate, value, source)
    if judged is None or (source.doubtful and _is_code(source.text, candidate, value)):
        return None
    confidence, verdict = judged
    if candidate.mode in ("password", "token", "named") and is_typed(value):
        confidence, verdict = Confidence.LOW, "placeholder"
    facts, basis = candidate.facts, ""
    if candidate.verifier:
        told = verify(candidate.verifier, value, beside=candidate.beside[:_BESIDE])
        facts = (*told.facts, *facts)
        if told.verdict != "unverified":
            verdict, basis = told.verdict, told.basis
            confidence = _after(confidence, verdict, told.fact("encrypted") == "yes")
            confidence = Confidence.LOW if _is_scrap(candidate, verdict) else confidence
    if confidence is Confidence.LOW and source.doubtful:
        return None
    rule = PRIVATE_KEY if candidate.mode == "key" else STORED_CREDENTIAL
    secret = Secret(value, candidate.kind)
    return Detection(
        rule, candidate.title, candidate.start, candidate.end, secret, confidence, candidate.name, verdict, facts, basis
    )


def _is_code(text: str, candidate: Candidate, value: str) -> bool:
    """Whether a program computes the value: a name or a call, not in quotes."""
    if candidate.mode not in ("password", "token", "named") or text[candidate.start - 1 : candidate.start] in _QUOTES:
        return False
    return _EXPRESSION.fullmatch(value) is not None


def _after(confidence: Confidence, verdict: str, encrypted: bool) -> Confidence:
    """Confidence once the offline check has spoken; a failed check lowers it and never ends the matter."""
    if verdict == "placeholder":
        return Confidence.LOW
    if verdict == "malformed" or encrypted:
        return min(confidence, Confidence.MEDIUM)
    return confidence


def _is_scrap(candidate: Candidate, verdict: str) -> bool:
    """Whether a private key is too short to be one that something has cut off, as manuals show them."""
    return candidate.mode == "key" and verdict == "malformed" and candidate.end - candidate.start < _WHOLE_KEY


def _judged(candidate: Candidate, value: str, source: Source) -> tuple[Confidence, str] | None:
    if candidate.mode in ("sure", "key"):
        return Confidence.HIGH, "unverified"
    if candidate.mode in ("hash", "likely"):
        return Confidence.MEDIUM, "unverified"
    if candidate.mode == "weak":
        return Confidence.LOW, "unverified"
    if value.startswith(("$(", "`", "<%", "{{", "${")):
        return None
    if candidate.mode == "named":
        return _named(candidate.name, value)
    found = values.classify(value, candidate.name or "password")
    if candidate.mode == "token":
        if "EXAMPLE" in value:
            return Confidence.LOW, "placeholder"
        return None if _NOT_IN_TOKENS.intersection(value) else _token(found, source.trusted)
    return _password(found, value)


def _named(name: str, value: str) -> tuple[Confidence, str] | None:
    judged = values.judge(name, value)
    if judged.level == "none":
        return None
    sure = judged.level == "secret"
    return (Confidence.HIGH if sure else Confidence.LOW), judged.verdict


def _token(found: values.Value, trusted: bool) -> tuple[Confidence, str] | None:
    if found.kind == "opaque" or found.kind in _TOKEN_LIKE:
        return Confidence.HIGH, "unverified"
    if found.kind == "placeholder":
        return Confidence.LOW, "placeholder"
    return (Confidence.LOW, "unverified") if found.kind in ("weak", "own-name") and trusted else None


def _password(found: values.Value, value: str) -> tuple[Confidence, str] | None:
    if found.kind in _NO_PASSWORD:
        return None
    if found.kind == "opaque":
        return Confidence.HIGH, "unverified"
    if found.kind == "placeholder":
        return Confidence.LOW, "placeholder"
    plain = found.kind in ("weak", "own-name", "number")
    long = len(value) >= _LONG_PASSWORD and found.kind != "own-name"
    return (Confidence.LOW if plain and not long else Confidence.MEDIUM), "unverified"
