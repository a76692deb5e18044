"""Proposed changes in the HTML report: a diff by lines, and how `audit fix` comes to make it."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.finding import Finding
    from auditor.core.proposal import Proposal
    from auditor.report.masking import FileMasker

#: A report that is read back may have more than one that was made here.
_MOST_FIXES, _MOST_LINES, _MOST_ALONG = 3, 300, 20
_KINDS = {"+": "added", "-": "removed", "@": "hunk", "\\": "hunk", "…": "hunk"}
_HOW = {
    "safe": "`audit fix` makes this change.",
    "unsafe": "`audit fix --unsafe-fixes` makes this change, in which something is guessed.",
}


class Change(NamedTuple):
    """One fix; `lines` are (kind, text), where the kind is `file`, `hunk`, `added`, `removed` or `same`."""

    title: str
    how: str
    reason: str
    lines: list[tuple[str, str]]
    also: tuple[str, ...]
    commands: tuple[str, ...]


def changes(finding: Finding, masker: FileMasker) -> list[Change]:
    """What `audit fix` would do about a finding."""
    return [_change(fix, masker) for fix in finding.fixes[:_MOST_FIXES]]


def _change(fix: Proposal, masker: FileMasker) -> Change:
    lines = list(by_kind(masker.mask(fix.diff)))
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [("hunk", f"… {len(lines) - _MOST_LINES:,} more lines")]
    how = _HOW.get(fix.applicability, "This change is for you to make.")
    commands = tuple(map(masker.mask, fix.commands[:_MOST_ALONG]))
    return Change(masker.mask(fix.title), how, masker.mask(fix.reason), lines, fix.also[:_MOST_ALONG], commands)


def by_kind(diff: str) -> Iterator[tuple[str, str]]:
    """The lines of a diff that say something; of the header of each file its name."""
    in_hunk = False
    for line in diff.removesuffix("\n").split("\n"):
        if line.startswith("diff --git "):
            in_hunk = False
        elif line.startswith("@@"):
            in_hunk = True
            yield "hunk", line
        elif in_hunk:
            yield _KINDS.get(line[:1], "same"), line.removesuffix("\r")
        elif line.startswith("+++ "):
            yield "file", line.removeprefix("+++ ").removeprefix("b/").rstrip("\t")
