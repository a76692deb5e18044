"""Secrets among the variables and commands that start a container, so that none of them is written down again."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import Secret
from auditor.fixes.wrapping.facts import Leaks
from auditor.lang.compose.interpolation import interpolated
from auditor.lang.dockerfile.text import Text
from auditor.run.images.metadata.judging import Judge

if TYPE_CHECKING:
    from auditor.detect.detector import Detector
    from auditor.fixes.wrapping.facts import ImageFacts, ServiceFacts

#: Characters of one value that are judged, and commands that are: more than any that somebody wrote.
_LONGEST = 1 << 16
_SHORTEST_HIDDEN = 4


def leaks_of(image: ImageFacts, service: ServiceFacts, detector: Detector) -> Leaks:
    """What holds secrets by the judgement of `audit image`."""
    judge = Judge(detector)
    values: dict[str, Secret] = {}
    found: list[list[str]] = [[], []]
    for where, pairs in enumerate((image.environment, service.environment)):
        for name, value in pairs:
            hits = judge.value(name, value[:_LONGEST]) if value else ()
            if where and value and hits and _is_filled_in(value):
                continue
            if hits:
                found[where].append(name)
                values.update((hit.secret.reveal(), hit.secret) for hit in hits)
                if value is not None:
                    values.setdefault(value, Secret(value, "value"))
    commands = ""
    own = (("entrypoint", service.entrypoint), ("command", service.command), ("health check", service.health))
    for what, words in (
        ("entrypoint", image.entrypoint), ("command", image.command), ("health check", image.health), *own
    ):  # fmt: skip
        hits = tuple(hit for _number, hit in judge.words([word[:_LONGEST] for word in words or ()]))
        values.update((hit.secret.reveal(), hit.secret) for hit in hits)
        shown = any(value in word for value in values if len(value) >= _SHORTEST_HIDDEN for word in words or ())
        if (hits or shown) and not commands:
            commands = what
    hidden = tuple(secret for value, secret in values.items() if len(value) >= _SHORTEST_HIDDEN)
    return Leaks(tuple(found[0]), tuple(found[1]), hidden, commands)


def _is_filled_in(value: str) -> bool:
    """Whether compose fills all of a value in from outside."""
    uses = interpolated(Text.at(value, 0)).uses
    return len(uses) == 1 and uses[0].default is None and len(value) <= len(uses[0].name) + 4
