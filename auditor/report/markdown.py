"""Markdown for a comment on a pull request and for the summary of a job: what was found, worst first, what to do.

What a file or image chose stands behind our own words in a line, so that it begins no block; no HTML but what folds the
proposed changes away, no table.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.report.anchors import anchor, message
from auditor.report.images import described, groups, source
from auditor.report.markdown_changes import proposed, size
from auditor.report.masking import FileMasker, maskers
from auditor.report.meta import IMAGES, counts
from auditor.report.noted import Noted
from auditor.report.prose import first_sentence, parts
from auditor.report.runbook.markdown import Markdown, code, fence, remark
from auditor.report.terminal import inert

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Report
    from auditor.report.meta import Meta

#: GitHub takes comments of 65,536 characters: so many bytes all may have, and of these the findings.
MOST_BYTES, _MOST_FOR_FINDINGS = 64_000, 44_000
_READER = "GitHub takes comments of 65,536 characters"
#: Bytes of headings and of sentences on what was left out.
_AROUND = 1_000
_GAP = Pattern(r"\n{3,}")
_MOST_REMEDIES, _MOST_UNREAD, _MOST_LINES = 12, 20, 12


def render(report: Report, meta: Meta) -> Noted:
    """The findings that are shown, those of one secret in one image as one."""
    masks = maskers(report)
    places = {id(group.finding): len(group.places) for group in groups(meta.shown(report))}
    found = [f for f in meta.shown(report) if f.image is None or id(f) in places]
    found.sort(key=lambda finding: -finding.severity)
    listed: list[str] = []
    end = _end(report, masks, meta)
    room = min(_MOST_FOR_FINDINGS, MOST_BYTES - size(end) - _AROUND)
    for finding in found:
        line = _line(finding, masks, meta, places.get(id(finding), 0))
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            break
        listed.append(line)
    more = len(found) - len(listed)
    cut = f"{more:,} of {len(found):,} findings left out, the least severe ones: {_READER}" if more else ""
    lines = [f"## {_title(found, report, meta)}", "", *([_tally(found), ""] if found else []), *listed]
    lines += ["", f"{cut}."] if cut else []
    lines += _remedies(found[: len(listed)], masks, meta, MOST_BYTES - size([*lines, *end]) - _AROUND)
    lines += proposed(found[: len(listed)], masks, MOST_BYTES - size([*lines, *end]))
    lines += end
    return Noted.of(inert(_GAP.sub("\n\n", "\n".join(lines)).rstrip("\n") + "\n"), cut)


def _title(found: list[Finding], report: Report, meta: Meta) -> str:
    number = _many(len(found), "finding") if found else "no findings"
    images = sum(target.kind in IMAGES for target in report.targets)
    files = sum(target.files for target in report.targets if target.kind not in IMAGES)
    where = [_many(files, "file")] if files or not images else []
    where += [_many(images, "image")] if images else []
    return f"audit {meta.command}: {number} in {' and '.join(where)}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _tally(found: list[Finding]) -> str:
    return ", ".join(f"**{number:,} {level.label}**" for level, number in counts(found).items() if number)


def _line(finding: Finding, masks: dict[str, FileMasker], meta: Meta, others: int) -> str:
    if finding.image is None:
        place = anchor(finding, meta)
        where = code(f"{place.path}:{place.line}")
    else:
        line = source(finding.image)
        made = f" ({code(f'{line.path}:{line.start_line}')})" if line else ""
        where = Markdown(f"{code(described(finding.image))} of {code(finding.location.path)}{made}")
    more = f" Also in {others:,} other {'place' if others == 1 else 'places'}." if others else ""
    value = f" Value: {code(finding.secret.redacted)}." if finding.secret is not None else ""
    said = remark(message(finding, masks))
    return f"- **{finding.severity.label}** {where}: {said}{value}{more} ({code(finding.rule)})"


def _remedies(found: list[Finding], masks: dict[str, FileMasker], meta: Meta, room: int) -> list[str]:
    """What to do, once for each rule and advice, in so many bytes."""
    told: dict[tuple[str, str], bool] = {}
    for finding in found:
        rule = meta.rules.get(finding.rule)
        masker = masks.get(finding.location.path)
        if finding.remedy and masker:
            told.setdefault((finding.rule, masker.mask(finding.remedy)), False)
        elif rule is not None and rule.remedy:
            told.setdefault((finding.rule, rule.remedy), True)
    lines = ["", "### What to do", ""] if told else []
    number = 0
    for rule_id, remedy in list(told)[:_MOST_REMEDIES]:
        block = _remedy(rule_id, remedy)
        room -= size(block)
        if room < 0:
            break
        lines += block
        number += 1
    if len(told) > number:
        lines.append(f"- and {len(told) - number:,} more; `audit explain RULE` says it")
    return lines


def _end(report: Report, masks: dict[str, FileMasker], meta: Meta) -> list[str]:
    return [*_unread(report, masks), *_rest(report, meta)]


def _remedy(rule_id: str, remedy: str) -> list[str]:
    """The first sentence and the first block of code."""
    sentence, lines = "", []
    for is_code, part in parts(remedy):
        if is_code:
            lines = ["", *fence(part[:_MOST_LINES], "  "), ""]
            break
        sentence = sentence or first_sentence(" ".join(part))
    return [f"- {code(rule_id)}: {remark(sentence)}", *lines]


def _unread(report: Report, masks: dict[str, FileMasker]) -> list[str]:
    lines = []
    for target in report.targets:
        for error in target.errors:
            named = target.name if error.path in ("", target.name) else error.path
            where = f"{target.name}: {named}" if target.kind in IMAGES and named != target.name else named
            lines.append(f"- {code(where)}: {remark(masks[target.name].mask(error.message))}")
    if len(lines) > _MOST_UNREAD:
        lines[_MOST_UNREAD:] = [f"- and {len(lines) - _MOST_UNREAD:,} more"]
    return ["", "### Not read whole", "", *lines] if lines else []


def _rest(report: Report, meta: Meta) -> list[str]:
    hidden = len(report.active) - len(meta.shown(report))
    suppressed = len(report.findings) - len(report.active)
    said = [f"{hidden:,} below {meta.min_severity.label} not shown"] if hidden else []
    said += [f"{suppressed:,} accepted by a comment or a baseline"] if suppressed else []
    said += (
        [f"for {report.unexamined:,} no change was worked out, which would have taken too long"]
        if report.unexamined
        else []
    )
    return ["", f"{'; '.join(said)}."] if said else []
