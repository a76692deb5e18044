"""One content, a file or what is packed in one, piece by piece: detections become findings with places and quotes."""

from __future__ import annotations

from bisect import bisect_left

from auditor.core.finding import Finding, Location, Severity, Step
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Position, Span
from auditor.detect.detection import (
    ASSIGNED_SECRET,
    KNOWN_TOKEN,
    PRIVATE_KEY,
    PROVIDER_KEY,
    SECOND_OPINION,
    STORED_CREDENTIAL,
    URL_CREDENTIAL,
)
from auditor.run.scanning.extent import joined, pieces, unquoted, value_around
from auditor.run.scanning.ignores import no_effect, suppression
from auditor.run.scanning.measure import HEAD, Coding, Line, Ruler, line_above, line_at, printable_run
from auditor.run.scanning.remedies import remedy
from auditor.run.scanning.wording import message, severity, subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.core.finding import Target
    from auditor.detect.detection import Detection
    from auditor.sources.contents import Piece

#: Bytes on either side of a value within which a line is quoted whole, and what is quoted of a longer one.
_WHOLE = 1000
_BEFORE, _AFTER = 200, 400
_RUN = 80
#: Bytes of a line that are searched for comments.
_COMMENTED = 4000
_CUT = "…"
_KEY_FRAME = "-----BEGIN "
_MASK = "****"
#: What ends a value in one notation and is a part of a password in another.
_SEPARATING = tuple("&;,|")
#: These find whole values. A rule of the user's own may match a part of one, and the rest must not be shown either.
_EXACT = frozenset(
    {KNOWN_TOKEN, PRIVATE_KEY, STORED_CREDENTIAL, URL_CREDENTIAL, PROVIDER_KEY, ASSIGNED_SECRET, SECOND_OPINION}
)


class Quoted(NamedTuple):
    """A quote as kept: where it begins in the target's text, the bytes it shows, and its own text."""

    at: int
    line: Line
    text: str


class Content:
    """What is known of one content. `usual` are the severities of our rules, `size` the bytes seen so far."""

    __slots__ = (
        "_head",
        "_length",
        "_lines",
        "_masked",
        "_numbers",
        "_quoted",
        "_require_reason",
        "_ruler",
        "_usual",
        "path",
        "size",
    )

    def __init__(self, path: str, usual: Mapping[str, Severity], *, require_reason: bool = False) -> None:
        self.path = path
        self.size = 0
        self._usual = usual
        self._require_reason = require_reason
        self._masked: list[tuple[Span, str]] = []
        self._head = b""
        self._ruler: Ruler | None = None
        self._lines: list[str] = []
        self._numbers: list[int] = []
        self._quoted: dict[tuple[int, int], Quoted] = {}
        self._length = 0

    def take(self, piece: Piece, detections: Sequence[Detection], reported: Sequence[Detection]) -> list[Finding]:
        """The findings for what is `reported` of the next piece's `detections`; both are sorted by place."""
        if not piece.offset:
            self._head = piece.data[:HEAD]
        self.size = piece.offset + len(piece.data) - piece.lead
        if piece.last and not reported:
            return []
        ruler = self._ruler = self._ruler or Ruler(Coding.of(self._head))
        sight = Sight(piece.data, detections, ruler.coding)
        found: list[Finding] = []
        at = piece.start
        for detection in reported:
            ruler.move(piece.data[at : detection.start])
            at = detection.start
            end = ruler.beyond(piece.data[at : detection.end])
            found.append(self._finding(piece, detection, sight, (ruler.position, end)))
        if not piece.last:
            ruler.move(piece.data[at : piece.end])
        return found

    def finish(self, target: Target) -> None:
        """Give the target what reports quote, and what they must mask in it."""
        target.text = "\n".join(self._lines)
        target.numbers = tuple(self._numbers)
        target.secret_spans = self._masked
        target.size = self.size

    def _finding(self, piece: Piece, detection: Detection, sight: Sight, between: tuple[Position, Position]) -> Finding:
        begin, end = between
        offset = piece.offset + detection.start - piece.lead
        span = sight.span(self._quote(sight, detection, begin, offset), detection)
        coding = sight.coding
        location = Location(
            self.path, begin.line, begin.column, end.line, end.column, span, offset if coding.binary else None
        )
        finding = Finding(
            detection.rule,
            severity(detection, self._usual.get(detection.rule, Severity.HIGH)),
            location,
            message(detection),
            subject(detection),
            confidence=detection.confidence,
            verdict=detection.verdict,
            secret=detection.secret,
            remedy=remedy(detection, self.path),
        )
        if not coding.binary:
            self._heed(finding, *sight.comments(detection))
        return finding

    def _heed(self, finding: Finding, beside: tuple[str, str], above: str) -> None:
        """Let comments silence a finding, and say so of one that seems to be meant to and cannot."""
        finding.suppressed = suppression(finding.rule, beside, above, require_reason=self._require_reason)
        if finding.suppressed is None:
            note = no_effect(finding.rule, beside, above, require_reason=self._require_reason)
            finding.flow = (Step(note, None),) if note else ()

    def _quote(self, sight: Sight, detection: Detection, begin: Position, offset: int) -> Quoted:
        """The line of a detection, added to those that are kept unless it is there; its secrets noted for masking."""
        line = sight.line(detection)
        key = (begin.line, offset - (detection.start - line.start))
        if key not in self._quoted:
            text = sight.shown(line)
            quoted = self._quoted[key] = Quoted(self._length, line, text)
            self._lines.append(text)
            self._numbers.append(offset if sight.coding.binary else begin.line)
            self._length += len(text) + 1
            self._masked += sight.masked(quoted)
        return self._quoted[key]


class Sight:
    """One piece's bytes with everything that was detected in them."""

    __slots__ = ("_data", "_detections", "_longest", "_starts", "coding")

    def __init__(self, data: bytes, detections: Sequence[Detection], coding: Coding) -> None:
        self._data = data
        self._detections = detections
        self._starts = [detection.start for detection in detections]
        self._longest = max((detection.end - detection.start for detection in detections), default=0)
        self.coding = coding

    def line(self, detection: Detection) -> Line:
        """What is quoted of the detection's first line."""
        if self.coding.binary:
            return printable_run(self._data, detection.start, min(detection.end, detection.start + _AFTER), _RUN)
        line = line_at(self._data, detection.start, self.coding, _WHOLE)
        if not (line.cut_left or line.cut_right):
            return line
        near = line_at(self._data, detection.start, self.coding, _BEFORE)
        after = line_at(self._data, detection.start, self.coding, _AFTER)
        return Line(near.start, after.end, near.cut_left, after.cut_right)

    def shown(self, line: Line) -> str:
        """The line's text, with a sign where it is cut."""
        text = self.coding.text(self._data[line.start : line.end]).replace("\n", " ")
        text = text.removeprefix("\ufeff").removesuffix("\r")
        return f"{_CUT if line.cut_left else ''}{text}{_CUT if line.cut_right else ''}"

    def span(self, quoted: Quoted, detection: Detection) -> Span:
        """Where a detection stands in the target's text; up to the end of the quote where it goes on."""
        start = self._character(quoted, detection.start)
        return Span(quoted.at + start, quoted.at + max(start, self._character(quoted, detection.end)))

    def masked(self, quoted: Quoted) -> list[tuple[Span, str]]:
        """The stretches of a quote that must not be shown: of every detection, chosen or not."""
        first = bisect_left(self._starts, quoted.line.start - self._longest)
        beyond = bisect_left(self._starts, quoted.line.end)
        spans = []
        for detection in self._detections[first:beyond]:
            span = self.span(quoted, detection)
            text = quoted.text[span.start - quoted.at : span.end - quoted.at]
            if detection.end > quoted.line.start and not _is_frame(text):
                spans.append((span, detection.secret.redacted))
                spans += _wider(quoted, span, detection)
        return spans

    def comments(self, detection: Detection) -> tuple[tuple[str, str], str]:
        """Text of the detection's line before and after it, and of the line above."""
        line = line_at(self._data, detection.start, self.coding, _COMMENTED)
        before = self.coding.text(self._data[line.start : detection.start])
        rest = line
        if detection.end > line.end:
            rest = line_at(self._data, detection.end, self.coding, _COMMENTED)
        after = self.coding.text(self._data[detection.end : rest.end])
        return (before, after), line_above(self._data, line, self.coding, _COMMENTED)

    def _character(self, quoted: Quoted, place: int) -> int:
        """The character of a quote that begins at a byte of the data, as near as the quote goes."""
        line = quoted.line
        before = self.coding.text(self._data[line.start : min(max(place, line.start), line.end)])
        if line.start == 0 and before.startswith("\ufeff"):
            before = before[1:]
        return min(len(before) + (1 if line.cut_left else 0), len(quoted.text))


def _wider(quoted: Quoted, span: Span, detection: Detection) -> list[tuple[Span, str]]:
    """What else to mask around a detection that may be a part of a longer secret."""
    start, end = span.start - quoted.at, span.end - quoted.at
    if detection.rule == KNOWN_TOKEN:
        low, high = joined(quoted.text, *pieces(quoted.text, start, end))
        shown = f"{_MASK if low < start else ''}{detection.secret.redacted}{_MASK if high > end else ''}"
    elif detection.rule not in _EXACT:
        (low, high), shown = value_around(quoted.text, start, end), _MASK
    else:
        low, high = pieces(quoted.text, start, end)
        if detection.rule == ASSIGNED_SECRET and quoted.text[end : end + 1] in _SEPARATING:
            low, high = unquoted(quoted.text, low, high)
        shown = _MASK
    return [(Span(quoted.at + low, quoted.at + high), shown)] if (low, high) != (start, end) else []


def _is_frame(text: str) -> bool:
    """Whether this is the line that says what key follows, which tells nothing of the key."""
    return text.startswith(_KEY_FRAME) and text.rstrip("\r").endswith("-----") and len(text) <= _RUN
