"""The credentials that have to be considered burnt after `audit fix`: those it took out, and those that stay."""

from __future__ import annotations

import os

from auditor.core.finding import Severity
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import LineIndex
from auditor.report.fix_shapes import FIXED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.finding import Finding
    from auditor.core.rule import Rule
    from auditor.fixes.plan import Burnt
    from auditor.report.fix_shapes import Fixed

#: What a planner writes of a credential that stands in another file than the Dockerfile.
_ELSEWHERE = Pattern(r"(?s)(.+):([1-9]\d{0,8})")
#: Rules of these families tell of no credential.
_HARMLESS_FAMILIES = frozenset({"caches", "dockerfile", "servers"})
#: The second tells of a file that another finding is about; mounts and sizes tell of nothing that was given away.
_HARMLESS_RULES = frozenset(
    {"missing-dockerignore", "deleted-secret-file", "compose-secret-mount", "compose-secret-size"}
)


class Rotation(NamedTuple):
    """A credential that has to be considered burnt: what it is, where it has been, the line that says so in which file,
    and whether it is still there after this run."""

    what: str
    where: str
    path: str
    line: int
    stays: bool


def rotations(fixed: Fixed, rules: Mapping[str, Rule]) -> list[Rotation]:
    """Every credential to rotate, each once: those that the fixes take out of the build, and those that stay in it."""
    lines = LineIndex(fixed.text)
    gone = [_gone(burnt, fixed, lines) for burnt in dict.fromkeys(fixed.rewrite.burnt)]
    subjects = {word for one in gone for word in one.what.split()}
    staying: dict[str, Rotation] = {}
    for left in fixed.left:
        finding = left.finding
        if finding.subject and finding.subject not in subjects and _is_worth_it(finding, rules):
            where = f"still there ({finding.rule})"
            place = finding.location
            staying.setdefault(
                finding.subject, Rotation(finding.subject, where, fixed.rewrite.path, place.start_line, True)
            )
    return gone + list(staying.values())


def _gone(burnt: Burnt, fixed: Fixed, lines: LineIndex) -> Rotation:
    rewrite = fixed.rewrite
    stays = fixed.state != FIXED
    elsewhere = _ELSEWHERE.fullmatch(burnt.where)
    if elsewhere is not None and any(_is_called(change.path, elsewhere[1]) for change in rewrite.changes):
        return Rotation(burnt.what, "in the file", elsewhere[1], int(elsewhere[2]), stays)
    return Rotation(burnt.what, burnt.where, rewrite.path, lines.line(burnt.span.start), stays)


def _is_called(path: str, name: str) -> bool:
    return os.path.normpath(path) == os.path.normpath(name)


def _is_worth_it(finding: Finding, rules: Mapping[str, Rule]) -> bool:
    # Below are placeholders, and values that tell nothing.
    return finding.severity >= Severity.MEDIUM and tells_of_credential(finding, rules)


def tells_of_credential(finding: Finding, rules: Mapping[str, Rule]) -> bool:
    """Whether a finding is about a credential of its own, whatever that is worth."""
    rule = rules.get(finding.rule)
    return finding.rule not in _HARMLESS_RULES and (rule is None or rule.family not in _HARMLESS_FAMILIES)
