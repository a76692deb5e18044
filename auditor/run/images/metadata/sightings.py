"""Secrets seen in an image's metadata, each with its place and what is said of it, before equal ones are joined."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.checks.case import is_key, is_wrapper
from auditor.core.image import ImagePlace
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.flow.facts import Literal
from auditor.run.images.metadata.hits import Hit

#: Most sightings of one image that are kept.
MOST = 5_000
METADATA, ATTESTATION = "metadata-secret", "attestation-secret"
#: Rules of text that anybody wrote, in which a URL has a rule of its own.
_WRITTEN = frozenset("env-secret arg-secret arg-default-secret literal-secret".split())
#: How near a place is to what a container gets to see; of equal secrets the nearest one is reported.
CONFIG_RANK, HISTORY_RANK, COPY_RANK, OTHER_RANK = range(4)


class Sighting(NamedTuple):
    """A secret between `start` and `end` of a string.

    Sightings with the same `channel` and value have one cause: the same variable, the same command. `sentence` says
    what is wrong, without a full stop; `{count}` in it stands for the number of places.
    """

    hit: Hit
    text: str
    start: int
    end: int
    place: ImagePlace
    channel: tuple[str, str]
    rule: str
    sentence: str
    rank: int


class Context(NamedTuple):
    """What all secrets of one string have in common; see `Sighting`. `rule` is the one for ordinary secrets."""

    text: str
    place: ImagePlace
    channel: tuple[str, str]
    rule: str
    sentence: str
    rank: int


class Sightings:
    """Collects them. `left_out` counts those beyond the bound."""

    def __init__(self) -> None:
        self.found: list[Sighting] = []
        self.left_out = 0

    def add(self, hits: Iterable[Hit], context: Context, offset: int = 0, extent: Span | None = None) -> None:
        """Take hits in a part of a string that begins at `offset`, or takes all of `extent` in another spelling."""
        for hit in hits:
            if len(self.found) >= MOST:
                self.left_out += 1
                continue
            start, end = (offset + hit.start, offset + hit.end) if extent is None else (extent.start, extent.end)
            rule = _rule(hit, context.rule)
            what = f"{'an' if hit.title[:1] in 'aeioAEIO' else 'a'} {hit.title}"
            sentence = context.sentence.replace("{what}", what)
            self.found.append(
                Sighting(hit, context.text, start, end, context.place, context.channel, rule, sentence, context.rank)
            )


def _rule(hit: Hit, usual: str) -> str:
    if usual in (METADATA, ATTESTATION, "onbuild-secret"):
        return usual
    literal = Literal(hit.secret, Span(0, 0), hit.level, hit.how, hit.name)
    if is_key(literal):
        return "baked-private-key"
    if is_wrapper(literal):
        return "baked-wrapper-config"
    return "url-credentials" if hit.how == "url" and usual in _WRITTEN else usual
