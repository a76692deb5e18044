"""What a check reports: a finding with its place, its story (flow) and what to do. Knows no rule and no format."""

from __future__ import annotations

from enum import IntEnum

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret, encoded
from auditor.core.span import LineIndex, Span

if TYPE_CHECKING:
    from auditor.core.facts import Facts
    from auditor.core.image import ImagePlace
    from auditor.core.layerline import LayerLine
    from auditor.core.proposal import Proposal


class Severity(IntEnum):
    """How bad it is if the finding is right; ordered, so thresholds compare."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """Lower-case name, as written in reports, configuration and rule files."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Severity:
        """Inverse of `label`. Raises KeyError."""
        return cls[label.upper()]


class Confidence(IntEnum):
    """How sure the check is that this is a secret at all."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @property
    def label(self) -> str:
        """Lower-case name."""
        return self.name.lower()


class Location(NamedTuple):
    """A place in a file: path as shown to the user, 1-based lines and columns, end column exclusive.

    `span` is in characters of what the target keeps for quoting. In a file that is no text all of it is one line,
    columns count bytes, and `offset` is the byte where the place begins (None: text).
    """

    path: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    span: Span
    offset: int | None = None

    @classmethod
    def of(cls, path: str, lines: LineIndex, span: Span) -> Location:
        """The location of a span of the text that `lines` indexes."""
        start = lines.position(span.start)
        end = lines.position(max(span.end, span.start))
        return cls(path, start.line, start.column, end.line, end.column, span)

    @classmethod
    def line(cls, path: str, number: int) -> Location:
        """A whole line (from 1) of a file whose text is not at hand: its columns are both 1."""
        return cls(path, number, 1, number, 1, Span(0, 0))

    @classmethod
    def target(cls, name: str) -> Location:
        """What findings in an image have for a location: the target's name; `Finding.image` says where in it."""
        return cls(name, 1, 1, 1, 1, Span(0, 0))


class Step(NamedTuple):
    """One step of the story that a finding tells: what happens, and where (None: outside the file)."""

    message: str
    location: Location | None


class Related(NamedTuple):
    """Another place that a finding tells of: in a file, in the image, or in neither."""

    message: str
    location: Location | None = None
    image: ImagePlace | None = None


class Suppression(NamedTuple):
    """Who silenced a finding (`inline` or `baseline`) and the reason written there."""

    by: str
    reason: str


class Finding:
    """One leak at one place.

    `subject` names what leaks in words that survive edits (variable name, file path), `covers` all of several: with
    rule, path and occurrence it makes the stable `id`. `message` is one sentence about this very case; `remedy`
    overrides the rule's general advice where the case allows a more precise one. `verdict` is the offline verdict
    (valid, expired, malformed, placeholder, unverified). `secret_span` is where quotes leave the secret out.

    A finding in an image has `image`, its place there; its `location` is `Location.target`. `group` is the secret's
    fingerprint under the key of the run, equal for findings of one secret ("": a group of its own); `excerpt` is the
    line that holds it, masked ("" if there is none to show). `related` are further places, of the same secret too.
    `fixes` is what `audit fix` would do, if asked for; `facts` are set where a report is read back.
    """

    __slots__ = (
        "confidence",
        "covers",
        "excerpt",
        "facts",
        "fixes",
        "flow",
        "group",
        "id",
        "image",
        "location",
        "message",
        "related",
        "remedy",
        "rule",
        "secret",
        "secret_span",
        "severity",
        "subject",
        "suppressed",
        "verdict",
    )

    def __init__(
        self,
        rule: str,
        severity: Severity,
        location: Location,
        message: str,
        subject: str,
        *,
        confidence: Confidence = Confidence.HIGH,
        verdict: str = "unverified",
        flow: tuple[Step, ...] = (),
        secret: Secret | None = None,
        secret_span: Span | None = None,
        remedy: str = "",
        image: ImagePlace | None = None,
        related: tuple[Related, ...] = (),
        group: str = "",
        excerpt: str = "",
    ) -> None:
        self.rule = rule
        self.severity = severity
        self.confidence = confidence
        self.covers: tuple[str, ...] = ()
        self.verdict = verdict
        self.location = location
        self.message = message
        self.subject = subject
        self.flow = flow
        self.secret = secret
        self.secret_span = secret_span
        self.remedy = remedy
        self.image = image
        self.related = related
        self.group = group
        self.excerpt = excerpt
        self.suppressed: Suppression | None = None
        self.facts: Facts | None = None
        self.fixes: tuple[Proposal, ...] = ()
        self.id = ""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of a report: by place, then rule; in an image layers come first, then its metadata."""
        if self.image is not None:
            from auditor.core.identity import image_order  # start-up: only for findings in images

            return image_order(self, self.image)
        return (self.location.path, self.location.start_line, self.location.start_column, self.rule, self.subject)


class TargetError(NamedTuple):
    """Why an input could not be read whole; `line` is 1-based where one is known, `internal` says it is our fault."""

    message: str
    path: str
    line: int | None = None
    internal: bool = False


class Skipped(NamedTuple):
    """Something that was left out on purpose, and why."""

    path: str
    reason: str


class Target:
    """One audited input: what it was, whether it was read whole, and what was left out.

    `secrets` and `secret_spans` are everything that must be masked where `text` is quoted: those of every rule,
    chosen or not. Where `text` is but a choice of lines, `numbers` has for each one its number in the file (for what is
    no text, its byte offset); it is empty where `text` is the whole file. An image has `digest` (of its manifest, else
    of its config), `platform` and `layers`, base first; its `size` is that of the uncompressed layers that were read.
    """

    __slots__ = (
        "digest",
        "errors",
        "files",
        "kind",
        "layers",
        "name",
        "numbers",
        "platform",
        "secret_spans",
        "secrets",
        "size",
        "skipped",
        "text",
    )

    def __init__(self, name: str, kind: str, *, size: int = 0, files: int = 1, text: str = "") -> None:
        self.name = name
        self.kind = kind
        self.size = size
        self.files = files
        self.text = text
        self.digest = ""
        self.platform = ""
        self.layers: list[LayerLine] = []
        self.numbers: tuple[int, ...] = ()
        self.errors: list[TargetError] = []
        self.skipped: list[Skipped] = []
        self.secrets: list[Secret] = []
        self.secret_spans: list[tuple[Span, str]] = []

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was read."""
        return not self.errors


class Report:
    """The outcome of one run: targets and findings in display order, and how long it took in seconds.

    `sought` are the names of the values that a proof of absence has looked for, instead of for secrets. `key` is that
    of fingerprints, if the run has one; `notes` are sentences for the summary. `unexamined` findings had
    no time left to look for a fix.
    """

    __slots__ = ("findings", "key", "notes", "seconds", "sought", "targets", "unexamined")

    def __init__(self, targets: list[Target], findings: list[Finding], seconds: float = 0.0) -> None:
        self.targets = targets
        self.findings = findings
        self.seconds = seconds
        self.sought: tuple[str, ...] = ()
        self.key, self.notes, self.unexamined = b"", list[str](), 0

    @property
    def active(self) -> list[Finding]:
        """Findings that nothing suppressed."""
        return [f for f in self.findings if f.suppressed is None]

    @property
    def complete(self) -> bool:
        """Whether every target was read whole."""
        return all(t.complete for t in self.targets)


def number_findings(findings: list[Finding]) -> None:
    """Give every finding its stable id: digest of its identity (`core.identity`) and occurrence; never of the value.

    Occurrences count within one target. The id of a finding in an image leaves out the target's name and all digests:
    the same image has the same ids from a registry and from an archive, and mostly after a rebuild, too. Of two such
    targets in one report only target and id together are unique.
    """
    import hashlib  # start-up: only when there is something to report

    from auditor.core.identity import identity  # start-up: as above

    seen: dict[tuple[str, ...], int] = {}
    for finding in findings:
        same = identity(finding)
        key = (finding.location.path, *same)
        occurrence = seen[key] = seen.get(key, 0) + 1
        text = "\0".join((*same, str(occurrence)))
        finding.id = hashlib.sha256(encoded(text)).hexdigest()[:20]
