"""Masks everything secret in what a report quotes: prose, and source lines with the places kept."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.finding import Report, Target
    from auditor.core.secret import Secret
    from auditor.core.span import Span

_MASK = "****"
_SHORTEST_PIECE = 8
#: As in `core.secret.Masker`: shorter values of word characters are masked only where they stand alone.
_STANDS_ANYWHERE_FROM = 8
_GRAM = 4
_KEY_FRAME = re.compile(r"-----BEGIN [A-Z0-9 ]{1,60}-----")
#: Words that our own sentences use: where one of them is the password, masking it in prose hides nothing.
_OUR_WORDS = frozenset(
    "account build command default file image key layer literal password root secret server token user value".split()
)


class Masked(NamedTuple):
    """A stretch of text that must not be shown, and what is shown in its place."""

    start: int
    end: int
    shown: str


class FileMasker:
    """Masks one file's secrets: their values wherever they stand, lines of values of several lines, and the places
    where a check saw a value in another spelling (escaped, encoded, continued on the next line).

    Thousands of secrets cost no more per line than one: values are looked up by their first characters.
    """

    __slots__ = ("_ends", "_lengths", "_longest", "_sizes", "_spans", "_values")

    def __init__(self, secrets: list[Secret], spans: list[tuple[Span, str]]) -> None:
        self._values = {piece: _MASK for secret in secrets for piece in _pieces(secret)}
        self._values |= {secret.reveal(): secret.redacted for secret in secrets if _is_secret(secret.reveal())}
        lengths: dict[str, set[int]] = {}
        for value in self._values:
            lengths.setdefault(value[:_GRAM], set()).add(len(value))
        self._lengths = {gram: sorted(found, reverse=True) for gram, found in lengths.items()}
        self._sizes = sorted({len(gram) for gram in self._lengths})
        self._longest = max(map(len, self._values), default=0)
        self._spans = sorted(Masked(span.start, span.end, shown) for span, shown in spans)
        self._ends = list(accumulate((masked.end for masked in self._spans), max))

    def mask(self, text: str) -> str:
        """A sentence of ours with every known value replaced by its redacted form."""
        parts: list[str] = []
        at = 0
        found = self._occurrences(text, 0, len(text))
        for masked in _merged([m for m in found if text[m.start : m.end] not in _OUR_WORDS]):
            parts += (text[at : masked.start], masked.shown)
            at = masked.end
        return "".join((*parts, text[at:]))

    def line(self, text: str, offset: int, start: int = 0, end: int | None = None) -> list[Masked]:
        """What to mask in `text`, a line that starts at `offset` of the file: in order, without overlap.

        At least what touches the characters from `start` to `end` is found.
        """
        end = len(text) if end is None else end
        found = self._occurrences(text, max(0, start - self._longest), end)
        for masked in self._seen(offset, offset + len(text)):
            found.append(Masked(max(masked.start - offset, 0), min(masked.end - offset, len(text)), masked.shown))
        return _merged(found)

    def _seen(self, start: int, end: int) -> list[Masked]:
        """The given places that touch this range of the file."""
        at = bisect_left(self._spans, (end,))
        found: list[Masked] = []
        while at > 0 and self._ends[at - 1] > start:
            at -= 1
            if self._spans[at].end > start:
                found.append(self._spans[at])
        return found

    def _occurrences(self, text: str, start: int, end: int) -> list[Masked]:
        found: list[Masked] = []
        for size in self._sizes:
            for at in range(start, end):
                lengths = self._lengths.get(text[at : at + size])
                if lengths is not None:
                    found += self._at(text, at, lengths)
        return found

    def _at(self, text: str, at: int, lengths: list[int]) -> list[Masked]:
        """The longest value that stands at this place."""
        for length in lengths:
            shown = self._values.get(text[at : at + length])
            if shown is not None and _counts(text, at, at + length):
                return [Masked(at, at + length, shown)]
        return []


def shown_line(masker: FileMasker, line: str, offset: int) -> str:
    """A line that starts at `offset` of the file, without secrets."""
    parts: list[str] = []
    at = 0
    for masked in masker.line(line, offset):
        parts += (line[at : masked.start], masked.shown)
        at = masked.end
    return "".join((*parts, line[at:]))


def maskers(report: Report) -> dict[str, FileMasker]:
    """A masker for every target, by name; that of an image knows the secrets of all findings in it."""
    in_images: dict[str, list[Secret]] = {}
    for finding in report.findings:
        if finding.image is not None and finding.secret is not None:
            in_images.setdefault(finding.location.path, []).append(finding.secret)
    return {target.name: masker(target, in_images.get(target.name, [])) for target in report.targets}


def masker(target: Target, more: Sequence[Secret] = ()) -> FileMasker:
    """The masker of one target's text, which hides these secrets, too."""
    return FileMasker([*target.secrets, *more], target.secret_spans)


def _counts(text: str, start: int, end: int) -> bool:
    """Whether a value here is masked: a password `root` must not blot out every `/root`."""
    if end - start >= _STANDS_ANYWHERE_FROM or not text[start:end].isalnum():
        return True
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return not (before.isalnum() or before in ("_", "/", ".") or after.isalnum() or after == "_")


def _is_secret(value: str) -> bool:
    """The line that begins a key says what it is, and nothing of the key."""
    return bool(value) and not _KEY_FRAME.fullmatch(value)


def _pieces(secret: Secret) -> list[str]:
    value = secret.reveal()
    if "\n" not in value:
        return []
    lines = (line.strip() for line in value.split("\n"))
    return [line for line in lines if len(line) >= _SHORTEST_PIECE and not line.startswith("-----")]


def _merged(found: list[Masked]) -> list[Masked]:
    """Overlapping stretches become one; the longest that covers it all says what is shown."""
    merged: list[Masked] = []
    for item in sorted(found, key=lambda m: (m.start, -m.end)):
        if not merged or item.start >= merged[-1].end:
            merged.append(item)
        elif item.end > merged[-1].end:
            merged[-1] = Masked(merged[-1].start, item.end, _MASK)
    return merged
