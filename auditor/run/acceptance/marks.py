"""What makes a finding of this run the one that a baseline speaks of."""

from __future__ import annotations

from hashlib import sha256

from auditor.core.acceptance import Mark
from auditor.core.baselinepaths import Keys, folder_of, stored
from auditor.core.identity import image_place
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Masker, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.finding import Finding, Report, Target

#: Nothing else in such a file was looked at, so that to accept it would hide what nobody has seen.
NEVER_ACCEPTED = frozenset({"unreadable-dockerfile"})
_SEPARATORS = Pattern(r"&&|\|\|?|;")
_CONTINUED = ("\\", "`")
#: Lines around a place that may belong to its instruction, characters of names that are kept.
_MOST_LINES = 200
_LONGEST = 4_000
_LONGEST_SUBJECT = 200


class Marked(NamedTuple):
    """A finding with its mark, and its subject with all values masked."""

    mark: Mark
    finding: Finding
    subject: str


def masker_of(reports: Iterable[Report]) -> Masker:
    """Masks every value that these runs have found: a reason may tell one, of another file even."""
    secrets: dict[Secret, None] = {}
    for report in reports:
        for target in report.targets:
            secrets.update(dict.fromkeys(target.secrets))
        secrets.update({finding.secret: None for finding in report.findings if finding.secret is not None})
    return Masker(list(secrets))


class Marker:
    """Makes the marks of findings under the salt of a baseline in this file."""

    def __init__(self, path: str, salt: bytes) -> None:
        self._folder = folder_of(path)
        self._salt = salt
        self._keys: dict[str, str] = {}
        self._places = Keys(self._folder)

    def all(self, report: Report) -> list[Marked]:
        """The findings of a run that a baseline may speak of, silenced ones included, in order."""
        targets = {target.name: target for target in report.targets}
        return self.of(report.findings, targets)

    def of(self, findings: Iterable[Finding], targets: dict[str, Target]) -> list[Marked]:
        """As `all`, of these findings; targets by name."""
        statements: dict[str, Statements] = {}
        maskers: dict[str, Masker] = {}
        made = []
        for finding in findings:
            if finding.rule in NEVER_ACCEPTED:
                continue
            target = targets.get(finding.location.path)
            name = target.name if target is not None else ""
            if target is not None and name not in maskers:
                statements[name] = Statements(target.text)
                maskers[name] = Masker(target.secrets)
            mark = Mark(finding.rule, *self._place(finding), self._hash(finding, statements.get(name)))
            subject = maskers[name].mask(finding.subject) if name in maskers else finding.subject
            if finding.secret is not None:
                subject = Masker([finding.secret]).mask(subject)
            made.append(Marked(mark, finding, subject.replace("\0", "\\0")[:_LONGEST_SUBJECT]))
        return made

    def key(self, path: str) -> str:
        """How the path of a file of this run stands in the baseline."""
        if path not in self._keys:
            self._keys[path] = _short(stored(self._places.path(path)))
        return self._keys[path]

    def entry(self, path: str) -> str:
        """As `key`, of a path that stands in the baseline."""
        return stored(self._places.entry(path))

    @property
    def folder(self) -> str:
        """Of the baseline, links resolved."""
        return self._folder

    def _place(self, finding: Finding) -> tuple[str, str, str, str]:
        if finding.image is None:
            return ("", self.key(finding.location.path), "", "")
        part, path, inner, pointer = image_place(finding.image)
        return (part, _short(path), _short(inner), _short(pointer))

    def _hash(self, finding: Finding, statements: Statements | None) -> str:
        """Of the value; of a finding without one, of all that it names and the command that it stands in."""
        if finding.secret is not None:
            return finding.secret.fingerprint(self._salt)
        text = statements.at(finding.location.span.start) if statements is not None else ""
        named = "\0".join(sorted(finding.covers)) or finding.subject
        # No value begins with a null character.
        return Secret(f"\0{named}\0{text}", "").fingerprint(self._salt)


class Statements:
    """The commands of a text by place, without what changes when lines move, are joined, indented or commented on.

    A command is a logical line up to the next `&&`, `||`, `|` or `;`: other commands of the same instruction may
    change. Quotes are not heeded: what matters is that one text is cut in one way.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: Sequence[str] | None = None
        self._starts: list[int] = []

    def at(self, place: int) -> str:
        """The command around a character of the text."""
        from bisect import bisect_right  # start-up: only with a baseline, and findings without a value

        lines = self._split()
        if not lines or place > len(self._text):
            return ""
        number = max(bisect_right(self._starts, place) - 1, 0)
        before = [lines[number][: place - self._starts[number]]]
        at = number - 1
        while at >= max(0, number - _MOST_LINES) and (_is_comment(lines[at]) or _goes_on(lines[at])):
            before.append(_bare(lines[at]))
            at -= 1
        after = [_bare(lines[number][place - self._starts[number] :])]
        at, open_end = number, _goes_on(lines[number])
        while open_end and at + 1 < min(len(lines), number + _MOST_LINES):
            at += 1
            after.append(_bare(lines[at]))
            open_end = _is_comment(lines[at]) or _goes_on(lines[at])
        return _cut(" ".join(reversed(before)), " ".join(after))

    def _split(self) -> Sequence[str]:
        if self._lines is None:
            self._lines = self._text.split("\n")
            start = 0
            for line in self._lines:
                self._starts.append(start)
                start += len(line) + 1
        return self._lines


def _cut(before: str, after: str) -> str:
    ends = [match.end() for match in _SEPARATORS.finditer(before)]
    found = _SEPARATORS.search(after)
    text = before[ends[-1] if ends else 0 :] + after[: found.start() if found else len(after)]
    return " ".join(text.split())


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _goes_on(line: str) -> bool:
    return not _is_comment(line) and line.rstrip().endswith(_CONTINUED)


def _bare(line: str) -> str:
    """A line without the sign that joins the next one; nothing of a comment."""
    if _is_comment(line):
        return ""
    return line.rstrip()[:-1] if _goes_on(line) else line


def _short(text: str) -> str:
    text = text.replace("\0", "\\0")
    if len(text) <= _LONGEST:
        return text
    return f"{text[:100]}\u2026{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
