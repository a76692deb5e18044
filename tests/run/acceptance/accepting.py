"""Baselines of a folder for tests: made, used, and what is still reported."""

from __future__ import annotations

from pathlib import Path

from auditor.core import acceptance
from auditor.core.acceptance import Acceptances, Entry
from auditor.core.config import Settings
from auditor.core.finding import Report
from auditor.run.acceptance import editing, known
from auditor.run.acceptance.looking import Looked, Where, look
from auditor.run.acceptance.marks import Marker
from auditor.run.pipeline import lint
from auditor.run.scan import scan

SALT = bytes(range(32))


def looked_at(folder: Path, *paths: str, settings: Settings | None = None) -> Looked:
    """What lint and scan find in the folder, or in these paths of it."""
    file = str(folder / acceptance.NAME)
    where = Where([str(folder / path) for path in paths or (".",)], leave_out=[file])
    return look(settings or Settings(), where, Marker(file, SALT), SALT)


def accept_all(folder: Path, **said: str) -> tuple[Entry, ...]:
    """A baseline in the folder that accepts everything in it; its entries."""
    entries = editing.updated((), looked_at(folder), Settings(), **said).entries
    save(folder, entries)
    return entries


def save(folder: Path, entries: tuple[Entry, ...]) -> None:
    """Write these entries as the folder's baseline."""
    acceptance.write(str(folder / acceptance.NAME), SALT, entries)


def opened(folder: Path, day: str = "") -> known.OwnBaseline:
    """The folder's baseline, on this day."""
    found: Acceptances = acceptance.read(str(folder / acceptance.NAME))
    return known.OwnBaseline(found, day)


def runs(folder: Path, *paths: str) -> list[Report]:
    """Reports of lint and scan with the folder's baseline."""
    settings = Settings()
    settings.baseline = str(folder / acceptance.NAME)
    wanted = [str(folder / path) for path in paths or (".",)]
    return [lint(settings, wanted), scan(settings, wanted)]


def reported(folder: Path, *paths: str) -> list[tuple[str, str]]:
    """File name and rule of what lint and scan still report with the folder's baseline, from medium on."""
    return sorted(
        (Path(finding.location.path).name, finding.rule)
        for report in runs(folder, *paths)
        for finding in report.active
        if finding.severity >= Settings().min_severity
    )
