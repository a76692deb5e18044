"""A secret in a string of an image's metadata: what it is, where it stands, how it was told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.core.finding import Confidence
from auditor.core.overlap import apart
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret

if TYPE_CHECKING:
    from auditor.flow.facts import Literal

_KINDS = {
    "url-password": "password in a URL",
    "url-token": "token in a URL",
    "basic-authorization": "name and password in base64",
    "webhook-url": "webhook address",
}
#: Characters of a name that are shown.
LONGEST_NAME = 80


class Hit(NamedTuple):
    """A secret in a string, half-open in characters.

    `how`: token, key, url, header, pair, flag, value or text. `level` is secret or weak (a password that people
    choose). `name` is what announces it ("" for nothing), `title` what it is, for people. `verdict`, `facts` and
    `basis` are those of a detection.
    """

    start: int
    end: int
    secret: Secret
    how: str
    level: str
    name: str
    title: str
    confidence: Confidence
    verdict: str = "unverified"
    facts: tuple[tuple[str, str], ...] = ()
    basis: str = ""


def make(
    start: int, secret: Secret, how: str, level: str, name: str, title: str, confidence: Confidence = Confidence.HIGH
) -> Hit:
    """A hit whose value stands as it is at `start`."""
    end = start + len(secret.reveal())
    return Hit(start, end, secret, how, level, name[:LONGEST_NAME], title or "secret", confidence)


def of_literals(literals: Iterable[Literal | None]) -> Iterator[Hit]:
    """The literals that `audit lint` would report."""
    for one in literals:
        if one is not None and one.level in ("secret", "weak"):
            title = words_of(one.secret.kind)
            found = make(one.span.start, one.secret, one.kind, one.level, one.name, title, sureness(one.level))
            yield found._replace(end=max(one.span.end, one.span.start + 1))


def joined(found: Iterable[Hit]) -> tuple[Hit, ...]:
    """One hit for one place, by place: the surest, with the verdict of the detector where it saw the same."""
    hits = list(found)
    verdicts = {(one.start, one.end): one for one in hits if one.verdict != "unverified" or one.facts}
    kept = []
    for one in apart(sorted(hits, key=_rank)):
        known = verdicts.get((one.start, one.end))
        if known is not None:
            one = one._replace(verdict=known.verdict, facts=known.facts, basis=known.basis)
        kept.append(one)
    return tuple(one for one in kept if one.start >= 0)


def _rank(hit: Hit) -> tuple[int, bool, bool, int, int]:
    ways = ("token", "key", "url", "header", "pair", "netrc", "sql", "flag")
    order = ways.index(hit.how) if hit.how in ways else len(ways)
    return (-hit.confidence, order > 1, hit.level != "secret", order, hit.start - hit.end)


def sureness(level: str) -> Confidence:
    """How sure a literal of this level is."""
    return Confidence.MEDIUM if level == "weak" else Confidence.HIGH


def words_of(kind: str) -> str:
    """A kind in words: "npm-token" is "npm token"."""
    return _KINDS.get(kind) or kind.replace("-", " ")
