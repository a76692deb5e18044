"""One run of `audit scan`: find files, search each by itself, sort, number."""

from __future__ import annotations

import os
from itertools import islice

from auditor.core.finding import Report, Skipped, Target, TargetError, number_findings
from auditor.core.record import TYPE_CHECKING
from auditor.run.detecting import selective_of
from auditor.run.scanning.files import FileScanner
from auditor.run.selection import SCAN, all_rules, chosen, more_rules
from auditor.sources.contents import BY_CHOICE, EXCLUDED, STDIN, find
from auditor.sources.files import Skipped as SkippedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.core.config import Settings
    from auditor.detect.userrules import UserRule
    from auditor.run.scanning.files import Detecting, Scanned
    from auditor.sources.contents import Found

#: Files and bytes between two reports of a process, and how many such chunks are listed at once.
_CHUNK_FILES = 64
_CHUNK_BYTES = 4 << 20
_CHUNKS = 256
#: From so many files or bytes on, starting processes pays.
_MANY_FILES = 256
_MANY_BYTES = 4 << 20
_MOST_NAMED = 3


def scan(
    settings: Settings,
    paths: Sequence[str],
    detector: Detecting | None = None,
    *,
    leave_out: Sequence[str] = (),
    whole: list[str] | None = None,
) -> Report:
    """Search the files among and below these paths ("-" is the standard input) for secrets, with this detector.

    The baseline of the settings and the files `leave_out` are not searched. The paths of all files that were read whole
    are appended to `whole`. Raises UsageError for names of rules that do not exist and for an engine that is not
    installed; RuleDataError for rule files that cannot be used; never for what a file contains.
    """
    notes: list[str] = []
    skipped: list[SkippedFile] = []
    scanner = _scanner(settings, detector, notes)
    known = None
    if settings.baseline:
        from auditor.run.acceptance.known import known_of  # start-up: only with a baseline

        known = known_of(settings)
    read: list[str] = []
    found = find(paths, exclude=settings.exclude, stdin_filename=settings.stdin_filename or STDIN, skipped=skipped)
    report = Report([], [])
    rest = Target("", "files", files=0)
    rest.skipped += (Skipped("rules", note) for note in notes)
    for scanned in _results(scanner, _without(found, (settings.baseline, *leave_out), skipped)):
        report.targets += scanned.targets
        report.findings += scanned.findings
        rest.files += scanned.files
        rest.size += scanned.size
        if scanned.whole:
            read.append(scanned.path)
    _note_skipped(rest, skipped)
    if rest.files or rest.skipped or not report.targets:
        rest.name = _name(paths, {target.name for target in report.targets})
        report.targets.append(rest)
    report.findings.sort(key=lambda finding: finding.sort_key)
    if report.findings:
        number_findings(report.findings)
    if known is not None:
        known.accept(report, read, more_rules(settings))
    if whole is not None:
        whole += read
    return report


def _scanner(settings: Settings, detector: Detecting | None, notes: list[str]) -> FileScanner:
    """What scans files with these settings; what was left out of rule files on purpose is added to `notes`."""
    rules: list[UserRule] = []
    if settings.rules:
        from auditor.detect.userrules import load  # start-up: only with rules of the user's own

        rules = load(settings.rules, notes, within=settings.folder_of("rules"))
    more = more_rules(settings, rules)
    wanted = chosen(settings, SCAN, more)
    usual = {rule.id: rule.severity for rule in all_rules(SCAN).values()}
    left_out = frozenset({*usual, *(rule.id for rule in more)}) - wanted
    detector = detector or selective_of(settings, rules)
    return FileScanner(settings, left_out, {**usual, **settings.severities}, detector)


def _without(found: Iterable[Found], files: Iterable[str], skipped: list[SkippedFile]) -> Iterator[Found]:
    """All but these files, which are known by where they really are: a namesake elsewhere is a file like any other."""
    real = {os.path.realpath(path) for path in files if path}
    names = {os.path.basename(path) for path in real}
    for file in found:
        # Only what was named may be a link; to resolve every path would cost as much as the search.
        if (file.named or os.path.basename(file.path) in names) and os.path.realpath(file.path) in real:
            skipped.append(SkippedFile(file.display, EXCLUDED))
        else:
            yield file


def _results(scanner: FileScanner, found: Iterator[Found]) -> Iterator[Scanned]:
    chunks = _chunks(found)
    while batch := list(islice(chunks, _CHUNKS)):
        files = sum(map(len, batch))
        size = sum(file.size for chunk in batch for file in chunk)
        if len(batch) > 1 and (files >= _MANY_FILES or size >= _MANY_BYTES):
            from auditor.run.parallel import of_chunks  # start-up: large runs only

            yield from of_chunks(scanner, batch)
        else:
            yield from (scanner.audit(file) for chunk in batch for file in chunk)


def _chunks(found: Iterable[Found]) -> Iterator[list[Found]]:
    chunk: list[Found] = []
    size = 0
    for file in found:
        chunk.append(file)
        size += file.size
        if len(chunk) >= _CHUNK_FILES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _note_skipped(rest: Target, skipped: Iterable[SkippedFile]) -> None:
    """What a search through directories left out; a part that could not be searched makes the run incomplete."""
    for item in skipped:
        rest.skipped.append(Skipped(item.path, item.reason))
        if item.reason not in BY_CHOICE:
            rest.errors.append(TargetError(f"not searched: {item.reason}", item.path))


def _name(paths: Sequence[str], taken: set[str]) -> str:
    """A name for everything that has no target of its own."""
    more = len(paths) - _MOST_NAMED
    name = " ".join(paths[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{name} (the rest)" if name in taken else name
