"""Secrets among the variables and commands that start a container, so that none of them is written down again."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.overriding.facts import Leaks
from auditor.lang.compose.interpolation import interpolated
from auditor.lang.dockerfile.text import Text
from auditor.run.images.metadata.judging import Judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.detect.detector import Detector
    from auditor.fixes.overriding.facts import ImageFacts, ServiceFacts

#: Characters of one value that are judged: more than anybody writes.
_LONGEST = 1 << 16
#: From this length on a value is looked for inside of words; a shorter one may be part of any.
_TELLING = 8
#: The operators of compose before a value that stands in for that of the variable (`:?` comes before a message).
_DEFAULTS = frozenset({":-", "-", ":+", "+"})


def leaks_of(image: ImageFacts, service: ServiceFacts, mapped: Iterable[str], detector: Detector) -> Leaks:
    """What holds secrets, by the judgement of `audit image`, and by the user's, who has `mapped` these variables."""
    judge = Judge(detector)
    pairs = (*image.environment, *service.environment)
    wanted = frozenset(mapped)
    values = {text for name, value in pairs if name in wanted and value for text in (value, *_defaults(value))}
    baked = list(_leaking(judge, image.environment, values))
    given = [(name, value) for name, value in service.environment if value and not _is_filled_in(value)]
    set_there = list(_leaking(judge, given, values))
    telling = {what for what, words in _commands(image, service) if _tells(judge, words, values)}
    return Leaks(tuple(baked), tuple(set_there), frozenset(telling))


def _leaking(judge: Judge, pairs: Iterable[tuple[str, str]], values: set[str]) -> Iterable[str]:
    """The names of variables that hold a secret, which is added to `values`."""
    for name, value in pairs:
        hits = judge.value(name, value[:_LONGEST]) if value else ()
        if hits:
            values.update(hit.secret.reveal() for hit in hits)
            values.update((value, *_defaults(value)))
            yield name


def _commands(image: ImageFacts, service: ServiceFacts) -> Iterable[tuple[str, Sequence[str]]]:
    for start in (image, service):
        yield "entrypoint", start.entrypoint or ()
        yield "command", start.command or ()
        yield "health check", start.health or ()


def _tells(judge: Judge, words: Sequence[str], values: set[str]) -> bool:
    cut = [word[:_LONGEST] for word in words]
    known = {_undoubled(value) for value in values}
    said = [_undoubled(word) for word in words]
    if any(value in said or (len(value) >= _TELLING and any(value in word for word in said)) for value in known):
        return True
    return bool(cut) and bool(judge.words(cut))


def _undoubled(text: str) -> str:
    """A text without the doubled dollar signs of compose: an image's value and a compose file's are spelled alike."""
    return text.replace("$$", "$")


def _defaults(value: str) -> list[str]:
    """What compose takes where a variable from outside is not set: it stands in the file."""
    return [use.default for use in interpolated(Text.at(value, 0)).uses if use.default and use.operator in _DEFAULTS]


def _is_filled_in(value: str) -> bool:
    """Whether compose fills all of a value in from outside."""
    uses = interpolated(Text.at(value, 0)).uses
    return len(uses) == 1 and uses[0].default is None and uses[0].start == 0 and uses[0].end == len(value)
