"""One file of `audit scan` from end to end. What it gives is small and can be pickled."""

from __future__ import annotations

from contextlib import closing

from auditor.core.finding import Skipped as LeftOut
from auditor.core.finding import Target, TargetError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.crash import describe, wants_traceback
from auditor.run.scanning.content import Content
from auditor.sources.contents import STDIN, read
from auditor.sources.files import Skipped, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import Protocol

    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Severity
    from auditor.core.secret import Secret
    from auditor.detect.detection import Detection
    from auditor.detect.views import Cut
    from auditor.run.scanning.installed import Installed
    from auditor.sources.contents import Found, Piece

    class Detecting(Protocol):
        """What finds secrets in bytes; offsets are those of the bytes."""

        def detect(self, data: bytes, path: str, cuts: list[Cut] | None = None) -> Iterator[Detection]:
            """The candidate secrets of one piece of a content at `path`; what was not decoded is added to `cuts`."""

        def take_problems(self) -> list[str]:
            """What could not be searched since the last call."""


#: Findings and placeholders of one file that are reported, detections of one piece that are looked at, cuts inside of
#: one file that are told one by one.
MOST_FINDINGS = 5_000
MOST_PLACEHOLDERS = 1_000
MOST_DETECTIONS = 50_000
MOST_NOTES = 100
#: Values found inside of an archive that its own bytes are compared with.
_MOST_KNOWN = 500
_TOO_DEEP = "nested deeper than"


class Scanned(NamedTuple):
    """What one file gave: contents and bytes without anything to tell, targets and findings for the others.

    `path` is the file's; `whole`: all of it was searched, with everything that is packed in it.
    """

    files: int
    size: int
    targets: tuple[Target, ...] = ()
    findings: tuple[Finding, ...] = ()
    path: str = ""
    whole: bool = False


class FileScanner:
    """Scans one file after the other.

    `left_out` are the rules not to report, `usual` the severities of rules.
    """

    def __init__(
        self,
        settings: Settings,
        left_out: Collection[str],
        usual: Mapping[str, Severity],
        detector: Detecting,
    ) -> None:
        self.settings = settings
        self.left_out = left_out
        self.usual = usual
        self.detector = detector
        self._installed: Installed | None = None

    def audit(self, found: Found) -> Scanned:
        """What a file holds, archives opened. Never raises for what it contains."""
        scan = _FileScan(self, found.display)
        try:
            with closing(read(found, depth=self.settings.max_depth)) as items:
                for item in items:
                    if isinstance(item, Skipped):
                        scan.note(item)
                    elif not scan.take(item):
                        break
        except UnreadableFile as error:
            scan.target(found.display).errors.append(TargetError(f"cannot be read: {error}", found.display))
        except Exception as error:
            scan.internal("reading this file", error, found.display)
        result = scan.result()
        if result.findings and found.path != STDIN:
            self._weigh(found.path, result.findings)
        return result

    def _weigh(self, path: str, findings: Sequence[Finding]) -> None:
        """Lower what everybody can have who installs a public package."""
        if self._installed is None:
            from auditor.run.scanning.installed import Installed  # start-up: finds only

            self._installed = Installed()
        self._installed.weigh(path, findings)


class _FileScan:
    """The state while one file is scanned."""

    def __init__(self, scanner: FileScanner, name: str) -> None:
        self._scanner = scanner
        self._name = name
        self._targets: dict[str, Target] = {}
        self._findings: list[Finding] = []
        self._content: Content | None = None
        self._files = 0
        self._size = 0
        self._notes = 0
        self._placeholders = 0
        self._told: set[str] = set()
        self._counted = False
        self._inside: set[str] = set()
        self._before: dict[Secret, int] = {}

    def target(self, path: str) -> Target:
        """The target for a content, made when something is to be told of it."""
        if path not in self._targets:
            self._targets[path] = Target(path, "file")
        return self._targets[path]

    def note(self, item: Skipped) -> None:
        """Something that could not be read; only nesting deeper than was asked for is no error."""
        target = self.target(self._name)
        self._notes += 1
        if self._notes > MOST_NOTES:
            if self._notes == MOST_NOTES + 1:
                target.errors.append(TargetError("more parts could not be read", self._name))
            return
        target.skipped.append(LeftOut(item.path, item.reason))
        if not (item.reason.startswith(_TOO_DEEP) and "max-depth" in self._scanner.settings.origins):
            target.errors.append(TargetError(f"not read: {item.reason}", item.path))

    def cut(self, reason: str, path: str) -> None:
        """Something encoded that was not decoded; once for each content."""
        error = TargetError(f"not followed: {reason}", path)
        target = self.target(path)
        if error not in target.errors:
            target.errors.append(error)

    def internal(self, place: str, error: Exception, path: str) -> None:
        """Note that we failed."""
        if wants_traceback():
            raise error
        message = f"internal error in {place} ({describe(error)}); please report it"
        self.target(path).errors.append(TargetError(message, path, internal=True))

    def take(self, piece: Piece) -> bool:
        """Search one piece; False once there are more findings than are reported."""
        content = self._content
        if content is None or not piece.offset:
            content = self._next(piece.path)
        detections = self._detections(piece)
        reported = [found for found in detections if self._is_reported(found, piece)] if detections else []
        reported, cut = self._bounded(reported)
        if reported:
            target = self.target(piece.path)
            known = set(target.secrets)
            target.secrets += dict.fromkeys(found.secret for found in detections if found.secret not in known)
        self._findings += content.take(piece, detections, reported)
        self._remember(piece, reported)
        if cut:
            message = f"more than {MOST_FINDINGS:,} findings; the rest is not searched"
            self.target(self._name).errors.append(TargetError(message, piece.path))
        return not cut

    def result(self) -> Scanned:
        """What was found, once everything was taken."""
        self._end()
        if not self._counted and self._name not in self._targets:
            self._files += 1  # an empty file, or an archive whose own bytes say nothing
        targets = tuple(self._targets.values())
        whole = not any(target.errors or target.skipped for target in targets)
        return Scanned(self._files, self._size, targets, tuple(self._findings), self._name, whole)

    def _bounded(self, reported: list[Detection]) -> tuple[list[Detection], bool]:
        """As many of these as may still be reported, and whether the search must end.

        Placeholders count for themselves: filler must not end the search before a secret.
        """
        room = MOST_FINDINGS + self._placeholders - len(self._findings)
        kept: list[Detection] = []
        for found in reported:
            if found.verdict != "placeholder":
                if not room:
                    return kept, True
                room -= 1
            elif self._placeholders < MOST_PLACEHOLDERS:
                self._placeholders += 1
            else:
                self._leave_out_placeholders()
                continue
            kept.append(found)
        return kept, False

    def _leave_out_placeholders(self) -> None:
        reason = f"more than {MOST_PLACEHOLDERS:,} placeholders; the rest of them is not listed"
        if reason not in self._told:
            self._told.add(reason)
            self.target(self._name).skipped.append(LeftOut(self._name, reason))

    def _next(self, path: str) -> Content:
        self._end()
        self._before = {}
        settings = self._scanner.settings
        content = Content(path, self._scanner.usual, require_reason=settings.require_ignore_reason)
        self._content = content
        return content

    def _end(self) -> None:
        """Close the content that was taken last."""
        content = self._content
        if content is None:
            return
        self._counted = self._counted or content.path == self._name
        if content.path in self._targets:
            content.finish(self._targets[content.path])
        else:
            self._files += 1
            self._size += content.size
        self._content = None

    def _detections(self, piece: Piece) -> list[Detection]:
        """All detections in a piece, sorted by place; what goes wrong is noted, and what came before is kept."""
        found: list[Detection] = []
        cuts: list[Cut] = []
        try:
            for detection in self._scanner.detector.detect(piece.data, piece.path, cuts):
                found.append(detection)
                if len(found) >= MOST_DETECTIONS:
                    message = f"more than {MOST_DETECTIONS:,} candidates in one place; the rest of it is not searched"
                    self.target(piece.path).errors.append(TargetError(message, piece.path))
                    break
        except Exception as error:
            self.internal("the detector", error, piece.path)
        for reason in dict.fromkeys(cut.reason for cut in cuts):
            self.cut(reason, piece.path)
        for problem in self._scanner.detector.take_problems():
            if problem not in self._told:
                self._told.add(problem)
                self.target(self._name).errors.append(TargetError(problem, piece.path))
        return sorted(found, key=lambda detection: (detection.start, detection.end))

    def _is_reported(self, found: Detection, piece: Piece) -> bool:
        """Whether a detection is this piece's own, of a chosen rule, and not told already."""
        if not piece.start <= found.start < piece.end or found.rule in self._scanner.left_out:
            return False
        if found.start + piece.offset - piece.lead < self._before.get(found.secret, 0):
            return False
        return not (piece.outer and self._is_inside(found.secret.reveal()))

    def _is_inside(self, value: str) -> bool:
        """Whether this was found in an archive's contents before; the archive's own bytes may show more beside it."""
        return value in self._inside or any(value in known or known in value for known in self._inside)

    def _remember(self, piece: Piece, reported: Sequence[Detection]) -> None:
        """Note what the next piece, or the archive that holds this content, will show once more."""
        shift = piece.offset - piece.lead
        self._before = {found.secret: found.end + shift for found in reported}
        if not piece.outer and piece.path != self._name:
            for found in reported[: _MOST_KNOWN - len(self._inside)]:
                self._inside.add(found.secret.reveal())
