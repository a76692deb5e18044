"""Fixes in SARIF, for editors that offer them; GitHub does not show them."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.core.finding import Finding
    from auditor.core.proposal import Proposal, Replacement
    from auditor.report.masking import FileMasker


def fixes(finding: Finding, masker: FileMasker, uri: Callable[[str], str]) -> list[dict[str, object]]:
    """Those changes of a finding that a program can make: whole lines, no secret among the new ones."""
    able = [fix for fix in finding.fixes if fix.replacements]
    return [
        _fix(fix, masker, uri) for fix in able if all(masker.mask(one.text) == one.text for one in fix.replacements)
    ]


def _fix(fix: Proposal, masker: FileMasker, uri: Callable[[str], str]) -> dict[str, object]:
    said = f"{fix.title} ({fix.applicability}{': ' if fix.reason else ''}{fix.reason})"
    if fix.commands:
        said += f"; then build with: {fix.commands[0]}"
    files: dict[str, list[Replacement]] = {}
    for one in fix.replacements:
        files.setdefault(one.path, []).append(one)
    return {
        "description": {"text": clean(masker.mask(said))},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri(path)}, "replacements": [_replacement(one) for one in parts]}
            for path, parts in files.items()
        ],
    }


def _replacement(one: Replacement) -> dict[str, object]:
    """Up to the beginning of the next line, or to the end of a last one that has no line end."""
    end = {"endLine": one.end - 1, "endColumn": one.width + 1} if one.width else {"endLine": one.end, "endColumn": 1}
    return {
        "deletedRegion": {"startLine": one.start, "startColumn": 1, **end},
        **({"insertedContent": {"text": one.text}} if one.text else {}),
    }
