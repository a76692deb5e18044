"""Takes secrets out of the strings of an image's metadata before anything of them is kept or shown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from auditor.core.record import NamedTuple
from auditor.core.secret import Secret
from auditor.run.images.metadata.sightings import Sighting

#: Characters before and after a secret that an excerpt shows.
_AROUND = 200
#: Comparisons for the strings of one image, and for a text of ours; what needs more is not shown.
_MOST_WORK, _MOST_FOR_WORDS = 100_000_000, 100_000
#: Values are looked up by so many of their first characters.
_GRAM = 4
#: As in `core.secret.Masker`: shorter values of word characters are masked only where they stand alone.
_STANDS_ANYWHERE_FROM = 8
_MASK = "****"
_CUT = "…"
_LONGEST_INSTRUCTION = 2_000


class Masked:
    """A masked string. `stretches` are those of the original that are masked, in order and apart, `masks` where the
    mask of each stands in `text` (half-open)."""

    def __init__(self, text: str, stretches: Sequence[_Stretch], masks: Sequence[tuple[int, int]]) -> None:
        self.text = text
        self._ends = [stretch.end for stretch in stretches]
        self._stretches = stretches
        self._masks = masks

    def around(self, start: int, end: int) -> tuple[int, int] | None:
        """The mask of what stands there in the original; None if it is not masked."""
        number = bisect_left(self._ends, end)
        if number < len(self._ends) and self._stretches[number].start <= start:
            return self._masks[number]
        return None


class _Stretch(NamedTuple):
    """A part of a text that must not be shown, and what is shown in its place."""

    start: int
    end: int
    shown: str


class _Values:
    """Finds values in texts: thousands of them cost hardly more than one."""

    def __init__(self, shown: dict[str, str]) -> None:
        self._shown = shown
        lengths: dict[str, set[int]] = {}
        for value in shown:
            lengths.setdefault(value[:_GRAM], set()).add(len(value))
        self._lengths = {gram: sorted(found, reverse=True) for gram, found in lengths.items()}
        self._sizes = sorted({len(gram) for gram in self._lengths})
        self._left = 0

    def within(self, text: str, most: int) -> tuple[list[_Stretch], int]:
        """The longest value at each place, and how much of `most` comparisons is left; if less than 0, not all are."""
        found: list[_Stretch] = []
        self._left = most - len(text) * len(self._sizes)
        for size in self._sizes if self._left >= 0 else ():
            known = self._lengths.get
            for at in range(len(text) - size + 1):
                lengths = known(text[at : at + size])
                if lengths is not None:
                    found += self._at(text, at, lengths)
        return found, self._left

    def _at(self, text: str, at: int, lengths: list[int]) -> list[_Stretch]:
        for length in lengths:
            if at + length > len(text):
                continue
            if self._left < 0:
                return []
            self._left -= 1 + length // 16
            shown = self._shown.get(text[at : at + length])
            if shown is not None and _counts(text, at, at + length):
                return [_Stretch(at, at + length, shown)]
        return []


class StringMasker:
    """Masks strings: secrets at their places, and all known values wherever else they stand, in any spelling."""

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        self._spans: dict[str, dict[tuple[int, int], Secret]] = {}
        shown: dict[str, str] = {}
        for one in sightings:
            secret = one.hit.secret
            self._spans.setdefault(one.text, {})[one.start, one.end] = secret
            for spelled in filter(None, _spellings(secret.reveal())):
                shown.setdefault(spelled, Secret(spelled, secret.kind, secret.prefix).redacted)
            # As it is written there, in base64 for one: an instruction is also shown in other words than the builder's.
            if one.start < one.end:
                shown.setdefault(one.text[one.start : one.end], secret.redacted)
        self._values = _Values(shown)
        self._work = _MOST_WORK
        self._done: dict[str, Masked | None] = {}

    def excerpt(self, text: str, start: int, end: int) -> str:
        """The masked surroundings of a secret; "" where that would take too long."""
        masked = self._masked(text)
        mask = masked.around(start, end) if masked is not None else None
        if masked is None or mask is None:
            return ""
        first, last = mask
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
        """A text of ours, into which a hostile name may have brought a secret; only a mask if that takes long."""
        known, left = self._values.within(text, _MOST_FOR_WORDS)
        return _with_masks(text, known).text if left >= 0 else _MASK

    def _masked(self, text: str) -> Masked | None:
        if text not in self._done:
            room = self._work // 2  # one hostile string does not leave the others without
            known, left = self._values.within(text, room)
            self._work -= room - max(0, left)
            seen = (_Stretch(*span, secret.redacted) for span, secret in self._spans.get(text, {}).items())
            self._done[text] = _with_masks(text, [*seen, *known]) if left >= 0 else None
        return self._done[text]


def _with_masks(text: str, found: Iterable[_Stretch]) -> Masked:
    stretches = _merged(found)
    parts: list[str] = []
    masks: list[tuple[int, int]] = []
    at = length = 0
    for stretch in stretches:
        parts += (text[at : stretch.start], stretch.shown)
        length += stretch.start - at + len(stretch.shown)
        masks.append((length - len(stretch.shown), length))
        at = stretch.end
    parts.append(text[at:])
    return Masked("".join(parts), stretches, masks)


def _counts(text: str, start: int, end: int) -> bool:
    """Whether a value here is masked: a password `root` must not blot out every `/root`."""
    if end - start >= _STANDS_ANYWHERE_FROM or not text[start:end].isalnum():
        return True
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return not (before.isalnum() or before in ("_", "/", ".") or after.isalnum() or after == "_")


def _merged(found: Iterable[_Stretch]) -> list[_Stretch]:
    """In order, and one for all that overlap; only one that covers the others says what is shown."""
    merged: list[_Stretch] = []
    for one in sorted(found, key=lambda stretch: (stretch.start, -stretch.end)):
        if not merged or one.start >= merged[-1].end:
            merged.append(one)
        elif one.end > merged[-1].end:
            merged[-1] = _Stretch(merged[-1].start, one.end, _MASK)
    return merged


def _spellings(value: str) -> Iterable[str]:
    """The value as JSON, HTML-escaping JSON, Go and a shell write it."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    html = quoted.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return dict.fromkeys((value, quoted, html, value.replace("$", "\\$")))
