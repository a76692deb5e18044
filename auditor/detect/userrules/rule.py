"""One rule of a user: finds secrets in a text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from auditor.core.finding import Confidence
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret
from auditor.detect.detection import Detection
from auditor.detect.entropy import entropy
from auditor.detect.userrules.allowlist import Allowlist, Found, matches_path
from auditor.detect.userrules.goregex.anchors import lowered

if TYPE_CHECKING:
    from typing import Protocol

    from auditor.detect.userrules.filters.filter import Filter
    from auditor.detect.userrules.goregex.expression import Expression

    class Finder(Protocol):
        """What finds the matches of a rule: `pattern` is its regular expression as Python writes it.

        `linear`: Python would be slow with it, so that only the finder may search for it.
        """

        pattern: str

        @property
        def linear(self) -> bool:
            """See above."""

        def hits(self, text: str, lower: str) -> Iterator[Hit]:
            """Every match; `lower` is the text in lower case, character by character."""


_NEWLINE = Pattern(r"\n")
#: Characters of a line on either side of a match that allowlists and filters see, and pairs of matches compared.
_LINE_SIDE, _MAX_PAIRS = 4096, 1_000_000


class Hit(NamedTuple):
    """One match: half-open ranges of the match and of the secret in it."""

    start: int
    end: int
    secret_start: int
    secret_end: int


class Component(NamedTuple):
    """A rule that must also match (unless optional) for its owner to report anything.

    `lines` and `characters`: how far before and after the match it may start, None for any distance; `columns`: how far
    its column may be from the match's.
    """

    rule: UserRule
    lines: tuple[int, int] | None = None
    characters: tuple[int, int] | None = None
    columns: int | None = None


class _Text:
    """A text under search, with what is derived from it once."""

    __slots__ = ("_newlines", "lower", "path", "text")

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.lower = lowered(text)
        self._newlines: list[int] | None = None

    def line(self, at: int) -> int:
        """Number of the line, from 0."""
        if self._newlines is None:
            self._newlines = [found.start() for found in _NEWLINE.finditer(self.text)]
        return bisect_left(self._newlines, at)

    def column(self, at: int) -> int:
        """Characters between the line's start and the place."""
        return at - self.text.rfind("\n", 0, at) - 1

    def lines_of(self, hit: Hit) -> tuple[int, int]:
        """Range of the lines that the match touches, cut at _LINE_SIDE characters on either side."""
        low, high = max(hit.start - _LINE_SIDE, 0), min(hit.end + _LINE_SIDE, len(self.text))
        start = self.text.rfind("\n", low, hit.start) + 1
        end = self.text.find("\n", hit.end, high)
        return max(start, low), high if end < 0 else end


class UserRule:
    """A user's rule. What the attributes mean is said in `rules/secrets/` for our format, in gitleaks' manual for its.

    `pattern` is a Python regular expression ("" for a rule about paths only). `keywords` are in lower case; where the
    text in lower case has none of them the rule finds nothing; without keywords it is searched for everywhere.
    `caseless` says that keywords count in any case. `hidden`: the rule is only a part of others and reports nothing.
    `id` is what findings name; `written_id` is what the file calls the rule.
    """

    __slots__ = (
        "_cut",
        "allowlists",
        "components",
        "confidence",
        "entropy",
        "entropy_reached",
        "file",
        "filters",
        "finder",
        "hidden",
        "id",
        "keywords",
        "path",
        "prefilters",
        "prefix",
        "title",
        "written_id",
    )
    caseless = True

    def __init__(self, rule_id: str, title: str, file: str, finder: Finder | None) -> None:
        self.id = self.written_id = rule_id
        self.title = title or rule_id
        self.file = file
        self.finder = finder
        self.keywords: tuple[str, ...] = ()
        self.path: Expression | None = None
        #: Bits per character that the secret must exceed, or (`entropy_reached`) reach.
        self.entropy = 0.0
        self.entropy_reached = False
        self.prefix = 0
        self.confidence = Confidence.MEDIUM
        self.hidden = False
        self.allowlists: tuple[Allowlist, ...] = ()
        self.prefilters: tuple[Filter, ...] = ()
        self.filters: tuple[Filter, ...] = ()
        self.components: tuple[Component, ...] = ()
        self._cut = False

    @property
    def linear(self) -> bool:
        """Whether only the finder may search for the pattern, because `re` would be slow."""
        return self.finder is not None and self.finder.linear

    @property
    def pattern(self) -> str:
        """The regular expression, as Python writes it."""
        return self.finder.pattern if self.finder else ""

    def find(self, text: str, path: str) -> Iterator[Detection]:
        """Every secret in the text of the file at this path, in order. Never raises; bounded in the text's length."""
        if self.hidden:
            return
        source = _Text(text, path)
        found = self._matches(source)
        if not self.components:
            yield from (detection for _hit, detection in found)
            return
        first = next(found, None)
        if first is None:
            return
        parts = [(one, [hit for hit, _ in one.rule._matches(source)]) for one in self.components]
        pairs = 0
        for hit, detection in (first, *found):
            pairs += sum(len(hits) for _, hits in parts)
            if pairs > _MAX_PAIRS:
                self._cut = True
                return
            if all(any(_near(source, one, hit, other) for other in hits) for one, hits in parts):
                yield detection

    def take_problems(self) -> list[str]:
        """What could not be searched since the last call: one line where there were too many matches to compare."""
        told = [f"rule {self.id}: too many matches to compare with its components; the rest is not searched"]
        told, self._cut = told if self._cut else [], False
        return told

    def _matches(self, source: _Text) -> Iterator[tuple[Hit, Detection]]:
        """Matches that path, keywords, entropy, allowlists and filters let pass."""
        if self.finder and self.keywords and not any(word in source.lower for word in self.keywords):
            return
        if any(one.allows_file(source.path) for one in self.allowlists):
            return
        if self.path is not None and not matches_path((self.path,), source.path):
            return
        if any(one.skips(source.path) for one in self.prefilters):
            return
        if self.finder is None:
            yield Hit(0, 0, 0, 0), self._detection("", Hit(0, 0, 0, 0), self.confidence)
            return
        for hit in self.finder.hits(source.text, source.lower):
            confidence = self._judge(source, hit)
            if confidence is not None:
                yield hit, self._detection(source.text[hit.secret_start : hit.secret_end], hit, confidence)

    def _judge(self, source: _Text, hit: Hit) -> Confidence | None:
        """How sure the match is, None if it is not to be reported."""
        secret = source.text[hit.secret_start : hit.secret_end]
        if self.entropy:
            bits = entropy(secret)
            if bits < self.entropy or (bits == self.entropy and not self.entropy_reached):
                return None
        confidence = self.confidence
        if self.allowlists or self.filters:
            low, high = source.lines_of(hit)
            found = Found(secret, source.text[hit.start : hit.end], source.text[low:high], source.path)
            if any(one.allows(found) for one in self.allowlists):
                return None
            for one in self.filters:
                verdict = one.judge(found, self._about(source, hit, (low, high)))
                if verdict.skip:
                    return None
                confidence = confidence if verdict.confidence is None else verdict.confidence
        return confidence

    def _about(self, source: _Text, hit: Hit, line: tuple[int, int]) -> dict[str, object]:
        """What filters can ask about a match beyond its texts; offsets are in characters."""
        return {
            "rule_id": self.written_id,
            "description": self.title,
            "fragment_raw": source.text,
            "match_start_idx": hit.start,
            "match_end_idx": hit.end,
            "match_line_start_idx": line[0],
            "match_line_end_idx": line[1],
            "local_line": source.text[line[0] : line[1]],
            "local_line_match_start_idx": hit.start - line[0],
            "local_line_match_end_idx": hit.end - line[0],
        }

    def _detection(self, value: str, hit: Hit, confidence: Confidence) -> Detection:
        secret = Secret(value, self.id, value[: self.prefix])
        return Detection(self.id, self.title, hit.secret_start, hit.secret_end, secret, confidence)


class GoFinder:
    """Matches of a Go expression. `group`: number of the secret's group, 0 for the first that is not empty."""

    __slots__ = ("_expression", "_group", "linear", "pattern")

    def __init__(self, expression: Expression, group: int) -> None:
        self._expression = expression
        self._group = group
        self.pattern = expression.pattern
        self.linear = expression.linear

    def hits(self, text: str, lower: str) -> Iterator[Hit]:
        """Every match with a secret; as in gitleaks the groups are those of the match read by itself."""
        for start, end in self._expression.finditer(text, lower):
            while start < end and text[start] == "\n":
                start += 1
            while start < end and text[end - 1] == "\n":
                end -= 1
            low, high = self._secret(text[start:end])
            if high > low:
                yield Hit(start, end, start + low, start + high)

    def _secret(self, match: str) -> tuple[int, int]:
        spans = self._expression.spans(match) if self._expression.groups else []
        if spans and self._group:
            return spans[self._group]
        return next((span for span in spans[1:] if span[1] > span[0]), (0, len(match)))


def _near(source: _Text, part: Component, hit: Hit, other: Hit) -> bool:
    """Whether the match of a component lies where it must."""
    if part.lines is not None:
        distance = source.line(other.start) - source.line(hit.start)
        if not -part.lines[0] <= distance <= part.lines[1]:
            return False
    if part.characters is not None:
        low, high = hit.start - part.characters[0], hit.end + part.characters[1]
        if not (low <= other.start and other.end <= high):
            return False
    return part.columns is None or abs(source.column(other.start) - source.column(hit.start)) <= part.columns
