"""Marks findings that a comment silences, and reports the comments that silence nothing."""

from __future__ import annotations

from auditor.core.config import suggestion
from auditor.core.finding import Finding, Location, Severity, Suppression
from auditor.core.record import TYPE_CHECKING
from auditor.run.directives import Ignore, Lines, gives_reason, ignores, marker, same_line_marker

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditor.run.directives import Commented

UNUSED = "unused-ignore"
#: Rules about comments: a comment that silenced what is gone now is no new leak.
ABOUT_COMMENTS = frozenset({UNUSED})
#: Findings about the file itself: no comment can silence them.
_ALWAYS = frozenset({UNUSED, "unreadable-dockerfile"})
#: Findings that are not about a value on a line, so a secret scanner's marker says nothing about them.
_NOT_MARKED = _ALWAYS | {
    "missing-dockerignore",
    "package-cache",
    "retired-secret-server",
    "squash-as-fix",
    "compose-secret-mount",
    "compose-secret-size",
}


class Silencer:
    """The silencing comments of one file, indexed so that every finding costs one look-up.

    `known` are all rule ids; `idle` those that could not find anything in this run (an ignore of theirs may well
    be needed elsewhere, so it is not called unused). `part` is what the file consists of, for messages.
    """

    __slots__ = (
        "_by_file",
        "_by_instruction",
        "_document",
        "_idle",
        "_ignores",
        "_known",
        "_lines",
        "_markers",
        "_require_reason",
    )

    def __init__(
        self,
        document: Commented,
        known: Collection[str],
        idle: Collection[str] = (),
        *,
        require_reason: bool = False,
        part: str = "instruction",
    ) -> None:
        self._document = document
        self._known = known
        self._idle = idle
        self._lines = Lines(document)
        self._ignores = ignores(document, self._lines, part)
        self._by_instruction: dict[tuple[int, str], Ignore] = {}
        self._by_file: dict[str, Ignore] = {}
        self._markers: dict[int, str] = {}
        self._require_reason = require_reason
        for ignore in self._ignores:
            if require_reason and ignore.ours and not ignore.problem and not ignore.reason:
                ignore.problem = "This ignore has no effect: a reason is required after the brackets."
            if not require_reason or ignore.explained:
                self._index(ignore)

    def apply(self, findings: list[Finding]) -> None:
        """Set `suppressed` on every finding that a comment silences."""
        for finding in findings:
            if finding.rule not in _ALWAYS:
                finding.suppressed = self._suppression(finding)

    def unused(self, path: str) -> Iterator[Finding]:
        """Findings about our own comments that silence nothing, name no rule or an unknown one."""
        for ignore in self._ignores:
            if not ignore.ours:
                continue
            if ignore.problem:
                yield self._report(ignore, path, ignore.problem)
                continue
            for rule in ignore.rules:
                problem = self._problem(ignore, rule)
                if problem:
                    yield self._report(ignore, path, problem)

    def _index(self, ignore: Ignore) -> None:
        if ignore.problem:
            return
        for rule in ignore.rules:
            if ignore.line is None:
                self._by_file.setdefault(rule, ignore)
            else:
                self._by_instruction.setdefault((ignore.line, rule), ignore)

    def _suppression(self, finding: Finding) -> Suppression | None:
        line = finding.location.start_line
        start = self._lines.instruction(line) or line
        ignore = self._by_instruction.get((start, finding.rule)) or self._by_file.get(finding.rule)
        if ignore is not None:
            ignore.used.add(finding.rule)
            return Suppression("inline", ignore.reason)
        word = "" if finding.rule in _NOT_MARKED else self._marker(line, start)
        return Suppression("inline", word) if word else None

    def _marker(self, line: int, start: int) -> str:
        beside = self._line(line)
        return (
            self._explained(same_line_marker(beside), beside)
            or self._comment_marker(line - 1)
            or self._comment_marker(start - 1)
        )

    def _explained(self, word: str, line: str) -> str:
        return word if not self._require_reason or gives_reason(line, word) else ""

    def _comment_marker(self, line: int) -> str:
        if line not in self._markers:
            text = self._line(line)
            word = marker(text) if text.lstrip().startswith("#") else ""
            self._markers[line] = self._explained(word, text)
        return self._markers[line]

    def _line(self, line: int) -> str:
        lines = self._document.lines
        if not 1 <= line <= lines.count:
            return ""
        span = lines.bounds(line)
        return self._document.text[span.start : span.end]

    def _problem(self, ignore: Ignore, rule: str) -> str:
        if rule not in self._known:
            return f"This ignore names {rule[:60]!r}, which is no rule{suggestion(rule[:60], self._known)}"
        if rule in ignore.used or rule in self._idle:
            return ""
        return f"This ignore of {rule} silences nothing; take it out."

    def _report(self, ignore: Ignore, path: str, message: str) -> Finding:
        place = Location.of(path, self._document.lines, ignore.span)
        return Finding(UNUSED, Severity.LOW, place, message, subject=",".join(ignore.rules))
