"""Proposed changes in Markdown: each once, folded away, as far as there is room."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.report.runbook.markdown import code, fence, remark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.finding import Finding
    from auditor.core.proposal import Proposal
    from auditor.report.masking import FileMasker

_MOST_LINES, _MOST_TITLES, _MOST_COMMANDS = 60, 10, 10
_BEGIN = [
    *("", "### Proposed changes", "", "<details>", "<summary>Diffs</summary>", ""),
    *("`audit fix` makes the safe ones, `audit fix --unsafe-fixes` those with a guess, too.", ""),
]
_COMMANDS = "After all of these, build with:"
_END = ["", "</details>", ""]
#: Bytes of the sentence on what was left out.
_CUT = 200
#: Parts of a diff's header that say nothing to people.
_HEADERS = ("diff --git ", "index ", "new file mode ")

_Answer = tuple["Finding", "Proposal"]


def proposed(found: Sequence[Finding], masks: dict[str, FileMasker], room: int) -> list[str]:
    """The lines of the section, at most `room` bytes. Findings that the same lines answer are told together."""
    same: dict[tuple[str, tuple[str, ...]], list[_Answer]] = {}
    for finding in found:
        for fix in finding.fixes:
            same.setdefault((fix.diff, fix.also), []).append((finding, fix))
    if not same:
        return []
    room -= size([*_BEGIN, *_END]) + _CUT
    lines: list[str] = []
    told = 0
    for answers in same.values():
        block = _block(answers, masks.get(answers[0][0].location.path))
        room -= size(block)
        if room < 0:
            break
        lines += block
        told += 1
    commands = _commands([answer for answers in list(same.values())[:told] for answer in answers], masks)
    lines += commands if size(commands) <= room else []
    cut = len(same) - told
    rest = [f"{cut:,} of {len(same):,} proposed changes left out: `audit fix --diff` shows them.", ""] if cut else []
    return [*_BEGIN, *lines, *_END, *rest] if told else ["", *rest]


def size(lines: Sequence[str]) -> int:
    """Bytes of these lines."""
    return sum(len(line.encode("utf-8", "replace")) + 1 for line in lines)


def _block(answers: Sequence[_Answer], masker: FileMasker | None) -> list[str]:
    titles: dict[str, list[str]] = {}
    for finding, fix in answers:
        reason = f": {fix.reason}" if fix.reason else ""
        said = _masked(f"{fix.title} ({fix.applicability}{reason})", masker)
        titles.setdefault(remark(said), []).append(code(f"{finding.location.path}:{finding.location.start_line}"))
    lines = [f"- {', '.join(places[:_MOST_TITLES])}: {said}" for said, places in titles.items()]
    if len(lines) > _MOST_TITLES:
        lines[_MOST_TITLES:] = [f"- and {len(lines) - _MOST_TITLES:,} more"]
    fix = answers[0][1]
    diff = [line for line in _masked(fix.diff, masker).rstrip("\n").split("\n") if not line.startswith(_HEADERS)]
    if len(diff) > _MOST_LINES:
        diff[_MOST_LINES:] = [f"… {len(diff) - _MOST_LINES:,} more lines"]
    lines += ["", *fence(diff, "  ", "diff"), ""] if fix.diff else [""]
    return [*lines, *([f"  Changes along with it: {', '.join(map(code, fix.also))}.", ""] if fix.also else [])]


def _commands(answers: Sequence[_Answer], masks: dict[str, FileMasker]) -> list[str]:
    """How what changes is built from then on."""
    found: dict[str, None] = {}
    for finding, fix in answers:
        found.update(dict.fromkeys(_masked(one, masks.get(finding.location.path)) for one in fix.commands))
    shown = list(found)[:_MOST_COMMANDS]
    return ["", _COMMANDS, "", *fence(shown), ""] if shown else []


def _masked(words: str, masker: FileMasker | None) -> str:
    return masker.mask(words) if masker is not None else words
