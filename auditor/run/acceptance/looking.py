"""What the commands about baselines look at: all that `audit lint`, `audit scan` and `audit image` find."""

from __future__ import annotations

import os

from auditor.core.baselinepaths import repository_of
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.detection import SECOND_OPINION
from auditor.run.acceptance.marks import Marker, masker_of
from auditor.run.acceptance.matching import is_among, is_gone
from auditor.run.inputs import is_wanted
from auditor.run.selection import IMAGE, LINT, SCAN, all_rules, chosen, more_rules, rule_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.acceptance import Entry
    from auditor.core.config import Settings
    from auditor.core.finding import Report
    from auditor.run.acceptance.marks import Marked
    from auditor.run.images.layers.outcomes import Listener

_CONTEXT_FAMILY = "context"


class Where(NamedTuple):
    """What to look at: files and folders with these commands (LINT, SCAN), and images. `leave_out`: files that are not
    searched, the baseline itself among them."""

    paths: Sequence[str]
    images: Sequence[str] = ()
    commands: Sequence[str] = (LINT, SCAN)
    leave_out: Sequence[str] = ()

    @property
    def linted(self) -> list[str]:
        """The paths for LINT, which would take any file that is named for a Dockerfile: not where SCAN reads it."""
        if SCAN not in self.commands:
            return list(self.paths)
        return [path for path in self.paths if not os.path.isfile(path) or is_wanted(path)]


class Looked:
    """The outcome: `reports` by command, and `marked`, the findings of all of them in their order.

    `read` are the files that each command has read whole, as places of the baseline; `roots` the folders and files that
    were looked at; `known` the rules that there are; `masker` masks every value that was found.
    """

    def __init__(self, reports: dict[str, Report], rules: dict[str, frozenset[str]], marker: Marker) -> None:
        self.reports = reports
        self.marker = marker
        self.marked: list[Marked] = [one for report in reports.values() for one in marker.all(report)]
        self.roots: list[str] = []
        self.read: dict[str, set[str]] = {}
        self.known = rule_ids() | {SECOND_OPINION}
        self._rules = rules
        self.masker = masker_of(reports.values())

    @property
    def complete(self) -> bool:
        """Whether everything was read whole."""
        return all(report.complete for report in self.reports.values())

    def is_vacated(self, entry: Entry) -> bool:
        """Whether the file of an entry that was not found is gone, or was read whole with its rule."""
        return not entry.mark.image and (is_gone(self._path(entry)) or self._is_read(entry))

    def is_judged(self, entry: Entry) -> bool:
        """Whether an entry that was not found would have been if it were still true.

        For one of an image all images must have been read whole; for one of a file that file, or it is gone from a
        folder that was looked at. What git stores is all there in a whole clone only, not in a further working tree.
        """
        mark = entry.mark
        if mark.image:
            return mark.rule in self._rules.get(IMAGE, ()) and self.reports[IMAGE].complete
        if repository_of(mark.path) is not None:
            return self._is_read(entry) and self._is_below(entry) and not self._is_shallow(entry)
        used = any(mark.rule in rules for command, rules in self._rules.items() if command != IMAGE)
        return self._is_read(entry) or (used and self._is_below(entry) and is_gone(self._path(entry)))

    def _is_read(self, entry: Entry) -> bool:
        path, rule = entry.mark.path, entry.mark.rule
        return any(rule in self._rules[command] and is_among(path, read) for command, read in self.read.items())

    def _is_below(self, entry: Entry) -> bool:
        path = os.path.normpath(self._path(entry))
        return any(path == root or path.startswith(root.rstrip(os.sep) + os.sep) for root in self.roots)

    def _is_shallow(self, entry: Entry) -> bool:
        return os.path.lexists(os.path.join(os.path.dirname(self._path(entry)), "shallow"))

    def _path(self, entry: Entry) -> str:
        return os.path.join(self.marker.folder, entry.mark.path)


def look(settings: Settings, where: Where, marker: Marker, salt: bytes, listener: Listener | None = None) -> Looked:
    """Run the commands, without any baseline. Raises UsageError as they do, and RuleDataError.

    A selection of rules that leaves one of the commands nothing to do leaves that command out.
    """
    settings.baseline = ""
    commands = [*(where.commands if where.paths else ()), *([IMAGE] if where.images else ())]
    rules = _rules(settings, commands)
    reports: dict[str, Report] = {}
    read: dict[str, set[str]] = {}
    if LINT in rules:
        from auditor.run.pipeline import lint, read_whole

        report = reports[LINT] = lint(settings, where.linted)
        read[LINT] = set(map(marker.key, read_whole(report, settings)))
    if SCAN in rules:
        from auditor.run.scan import scan

        whole: list[str] = []
        report = reports[SCAN] = scan(settings, where.paths, leave_out=where.leave_out, whole=whole)
        # Several files of a git repository are one place.
        broken = {marker.key(target.name) for target in report.targets if not target.complete}
        read[SCAN] = set(map(marker.key, whole)) - broken
    if IMAGE in rules:
        from auditor.run.images.scan import scan as scan_images

        reports[IMAGE], _key = scan_images(settings, where.images, listener=listener, key=salt)
    looked = Looked(reports, rules, marker)
    looked.read = read
    looked.roots = [os.path.realpath(path) for path in where.paths]
    looked.known |= {rule.id for rule in more_rules(settings)}
    return looked


def _rules(settings: Settings, commands: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    wrong: list[UsageError] = []
    for command in commands:
        try:
            found[command] = chosen(settings, command)
        except UsageError as error:
            wrong.append(error)
    if not found and wrong:
        raise wrong[0]
    if LINT in found and settings.no_context:
        found[LINT] -= {rule.id for rule in all_rules(LINT).values() if rule.family == _CONTEXT_FAMILY}
    return found
