"""Gives the findings of `audit lint` the changes that `audit fix` would make, for reports that show them."""

from __future__ import annotations

import os

from auditor.cli.standardinput import give
from auditor.core.places import near
from auditor.core.record import TYPE_CHECKING
from auditor.report.proposals import Proposals, along
from auditor.run.rewrite.proposing import proposed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Report


def propose(report: Report, settings: Settings, paths: Sequence[str], stdin: bytes = b"") -> None:
    """Note the fixes in the findings of a report on these paths; `stdin` is what the standard input was."""
    texts = {target.name: target.text for target in report.targets}
    made: dict[int, Proposals] = {}
    found, report.unexamined = proposed(settings, paths, report, rewind=lambda: give(stdin) if "-" in paths else None)
    for finding, applied, rewrite in found:
        if applied is None:
            fix = along(finding, rewrite, _shown)
            finding.fixes = (fix,) if fix is not None else ()
            continue
        if id(rewrite) not in made:
            made[id(rewrite)] = Proposals(rewrite, texts[finding.location.path], _shown)
        finding.fixes = (made[id(rewrite)].of(applied),)


def _shown(path: str) -> str:
    """As seen from the current folder, where it lies there."""
    return os.path.normpath(near(path)).replace(os.sep, "/")
