"""Detections in bytes become leaks: worded, placed, and quoted with everything secret masked."""

from __future__ import annotations

from auditor.core.finding import Severity
from auditor.core.image import HIDDEN, LAYER, LIVE, ImagePlace
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.images.leak import Leak
from auditor.run.scanning.content import Quoted, Sight
from auditor.run.scanning.ignores import suppression
from auditor.run.scanning.measure import Coding
from auditor.run.scanning.remedies import remedy
from auditor.run.scanning.wording import message, severity, subject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from auditor.core.span import Span
    from auditor.detect.detection import Detection

_HEAD = 8192
#: Longest excerpt, in characters.
_LONGEST = 400
_CUT = "…"


class Wanted(NamedTuple):
    """What is reported and how: ids of rules not to report, severities by rule id, whether comments that silence need
    a reason, the key of fingerprints, and whether such comments `silence` at all."""

    left_out: Collection[str]
    usual: Mapping[str, Severity]
    require_reason: bool
    key: bytes
    silence: bool = True


class Bytes(NamedTuple):
    """Bytes of a content in a layer: its path and the way inside of it, where they begin in it, and the number of that
    line (0: not known). `head` are the content's first bytes. `hidden`: no path leads to them."""

    path: str
    inner_path: str
    data: bytes | memoryview
    offset: int = 0
    line: int = 1
    head: bytes = b""
    hidden: bool = False


def leaks(source: Bytes, detections: Sequence[Detection], own: tuple[int, int], wanted: Wanted) -> Iterator[Leak]:
    """The leaks that these detections are, of those that begin in the range `own` of the data, by place."""
    ordered = sorted(detections, key=lambda one: (one.start, one.end))
    data = bytes(source.data)
    coding = Coding.of(source.head or data[:_HEAD])
    sight = Sight(data, ordered, coding)
    for detection in ordered:
        if own[0] <= detection.start < own[1] and detection.rule not in wanted.left_out:
            yield _leak(source, detection, sight, coding, wanted)


def _leak(source: Bytes, detection: Detection, sight: Sight, coding: Coding, wanted: Wanted) -> Leak:
    silenced = None
    if wanted.silence and not coding.binary:
        beside, above = sight.comments(detection)
        silenced = suppression(detection.rule, beside, above, require_reason=wanted.require_reason)
    name = source.inner_path or source.path
    return Leak(
        rule=detection.rule,
        severity=severity(detection, wanted.usual.get(detection.rule, Severity.HIGH)),
        confidence=detection.confidence,
        verdict=detection.verdict,
        message=message(detection),
        subject=subject(detection),
        secret=detection.secret,
        group=detection.secret.fingerprint(wanted.key),
        place=_place(source, detection, coding),
        excerpt=excerpt(sight, detection),
        remedy=remedy(detection, name),
        silenced=None if silenced is None else silenced.reason,
    )


def _place(source: Bytes, detection: Detection, coding: Coding) -> ImagePlace:
    line: int | None = None
    if source.line and not coding.binary:
        before = bytes(source.data[: detection.start])
        line = source.line + (before.count(b"\n") if coding.unit == 1 else coding.text(before).count("\n"))
    return ImagePlace(
        part=LAYER,
        path=source.path,
        inner_path=source.inner_path,
        line=line,
        offset=source.offset + detection.start,
        state=HIDDEN if source.hidden else LIVE,
    )


def excerpt(sight: Sight, detection: Detection) -> str:
    """The line of a detection with all that was detected in it masked, cut around the place."""
    line = sight.line(detection)
    text = sight.shown(line)
    quoted = Quoted(0, line, text)
    at = sight.span(quoted, detection).start
    shown, place = _masked(text, sight.masked(quoted), at)
    if len(shown) <= _LONGEST:
        return shown.strip()
    start = max(0, min(place - _LONGEST // 3, len(shown) - _LONGEST))
    end = start + _LONGEST
    return f"{_CUT if start else ''}{shown[start:end].strip()}{_CUT if end < len(shown) else ''}"


def _masked(text: str, spans: Sequence[tuple[Span, str]], at: int) -> tuple[str, int]:
    """The text without what stands in these places, and where the character `at` is then."""
    parts: list[str] = []
    done, moved = 0, at
    for span, shown in _merged(spans):
        parts += (text[done : span.start], shown)
        if span.end <= at:
            moved += len(shown) - (span.end - span.start)
        done = span.end
    return "".join((*parts, text[done:])), max(moved, 0)


def _merged(spans: Sequence[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """In order and apart: of those that touch the widest says what is shown, where one does not hold the other a
    mask."""
    merged: list[tuple[Span, str]] = []
    for span, shown in sorted(spans, key=lambda item: (item[0].start, -item[0].end)):
        if not merged or span.start >= merged[-1][0].end:
            merged.append((span, shown))
        elif span.end > merged[-1][0].end:
            merged[-1] = (span._replace(start=merged[-1][0].start), "****")
    return merged
