"""Takes secrets out of the strings of an image's metadata before anything of them is kept or shown."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.core.record import NamedTuple
from auditor.core.secret import Masker, Secret
from auditor.run.images.sightings import Sighting

#: Characters before and after a secret that an excerpt shows.
_AROUND = 200
#: Characters times secrets that are compared for one image; what is beyond is not shown at all.
_MOST_WORK = 2_000_000_000
_CUT = "…"
_LONGEST_INSTRUCTION = 2_000


class Masked(NamedTuple):
    """A masked string, and for each secret in it, by place in the original, where its mask stands (half-open)."""

    text: str
    masks: dict[tuple[int, int], tuple[int, int]]


class StringMasker:
    """Masks strings: secrets at their places, and all known values wherever else they stand, in any spelling."""

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        self._spans: dict[str, dict[tuple[int, int], Secret]] = {}
        secrets: dict[str, Secret] = {}
        for one in sightings:
            secret = one.hit.secret
            self._spans.setdefault(one.text, {})[one.start, one.end] = secret
            for spelled in _spellings(secret.reveal()):
                secrets.setdefault(spelled, Secret(spelled, secret.kind, secret.prefix))
        self._masker = Masker(list(secrets.values()))
        self._cost = len(secrets)
        self._work = _MOST_WORK
        self._done: dict[str, Masked | None] = {}

    def excerpt(self, text: str, start: int, end: int) -> str:
        """The masked surroundings of a secret; "" where that would take too long."""
        masked = self._masked(text)
        if masked is None or (start, end) not in masked.masks:
            return ""
        first, last = masked.masks[start, end]
        begin, finish = max(0, first - _AROUND), min(len(masked.text), last + _AROUND)
        before, after = _CUT if begin else "", _CUT if finish < len(masked.text) else ""
        return f"{before}{masked.text[begin:finish]}{after}"

    def instruction(self, text: str) -> str:
        """A masked instruction, cut where it is very long; "" where masking would take too long."""
        masked = self._masked(text)
        if masked is None:
            return ""
        shown = masked.text
        return shown if len(shown) <= _LONGEST_INSTRUCTION else shown[:_LONGEST_INSTRUCTION] + _CUT

    def words(self, text: str) -> str:
        """A text of ours, into which a hostile name may have brought a secret."""
        return self._masker.mask(text)

    def _masked(self, text: str) -> Masked | None:
        if text not in self._done:
            self._work -= len(text) * max(1, self._cost)
            self._done[text] = self._mask(text) if self._work >= 0 else None
        return self._done[text]

    def _mask(self, text: str) -> Masked:
        parts: list[str] = []
        masks: dict[tuple[int, int], tuple[int, int]] = {}
        at = length = 0
        for (start, end), secret in sorted(self._spans.get(text, {}).items(), key=lambda item: item[0]):
            if start < at:  # two readings of one place
                masks[start, end] = masks.get((start, end), (max(0, length - 1), length))
                at = max(at, end)
                continue
            for part in (self._masker.mask(text[at:start]), secret.redacted):
                parts.append(part)
                length += len(part)
            masks[start, end] = (length - len(secret.redacted), length)
            at = end
        parts.append(self._masker.mask(text[at:]))
        return Masked("".join(parts), masks)


def _spellings(value: str) -> Iterable[str]:
    """The value as JSON, HTML-escaping JSON, Go and a shell write it."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    html = quoted.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return dict.fromkeys((value, quoted, html, value.replace("$", "\\$")))
