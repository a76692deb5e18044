"""What the actions of `audit baseline` share: the task, what is looked at, and how it ends."""

from __future__ import annotations

import os
import sys

from auditor.core import acceptance
from auditor.core.errors import ExitCode, UsageError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of
from auditor.report.terminal import escape, inert
from auditor.run.acceptance.known import need_ours
from auditor.run.acceptance.looking import Looked, Where, look
from auditor.run.acceptance.marks import Marker

_MOST_DIGITS = 6

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.acceptance import Acceptances, Entry
    from auditor.core.config import Settings


class Task(NamedTuple):
    """What an action was told. `path`: the baseline, which `is_configured` if somebody named it. `file`: what is
    imported, or written as an export."""

    settings: Settings
    path: str
    is_configured: bool
    paths: Sequence[str]
    images: Sequence[str]
    commands: Sequence[str]
    reason: str = ""
    expires: str = ""
    force: bool = False
    file: str = ""


def opened(path: str) -> Acceptances:
    """The baseline. Raises UsageError where there is none of ours."""
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such file; audit baseline create makes one")
    content = content_of(path, acceptance.MAX_BYTES)
    need_ours(path, content)
    return acceptance.parse(path, content)


def current(known: Acceptances) -> Acceptances:
    """A baseline as it is now; without entries where there is none. Raises UsageError if its salt is another one."""
    if not os.path.lexists(known.path):
        return known._replace(entries=())
    now = acceptance.read(known.path)
    if now.salt != known.salt:
        raise UsageError(f"{known.path}: somebody has made a new one meanwhile; nothing is written, do it again")
    return now


def save(known: Acceptances, entries: Iterable[Entry]) -> None:
    """Write what was made of `known`. Raises UsageError if somebody else has changed the file since then."""
    if current(known).entries != known.entries:
        raise UsageError(f"{known.path}: somebody has changed it meanwhile; nothing is written, do it again")
    acceptance.write(known.path, known.salt, entries)


def looked_at(task: Task, known: Acceptances) -> Looked:
    """What is found where the task says."""
    from auditor.cli.image import Shown  # start-up: where images are read

    listener = Shown(quiet=False) if task.images else None
    where = Where(task.paths, task.images, task.commands, tuple(filter(None, (task.path, task.file))))
    looked = look(task.settings, where, Marker(task.path, known.salt), known.salt, listener)
    if listener is not None:
        listener.close()
    return looked


def finish(looked: Looked) -> int:
    """Say what could not be read, and return the exit code."""
    reports = looked.reports.values()
    for error in (error for report in reports for target in report.targets for error in target.errors):
        say(f"{error.path}: error: {error.message}")
    return ExitCode.CLEAN if looked.complete else ExitCode.INCOMPLETE


def say(text: str) -> None:
    """Print a line on the standard error, whatever it holds."""
    print(inert(escape(text)), file=sys.stderr)


def day_of(text: str, where: str) -> str:
    """The day that `2027-01-31` or `90d` (from today, UTC) means, as YYYY-MM-DD. Raises UsageError for others, and for
    one that is over."""
    from datetime import UTC, datetime, timedelta

    today = datetime.now(UTC).date()
    number = text.removesuffix("d")
    try:
        if number != text and number.isascii() and number.isdecimal():
            if len(number) > _MOST_DIGITS:
                raise ValueError(number)
            return (today + timedelta(days=int(number))).isoformat()
        day = acceptance.check_date(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{where}: must be a day as 2027-01-31, or a number of days as 90d, not {text[:40]!r}"
        ) from None
    if day < today.isoformat():
        raise UsageError(f"{where}: {day} is over")
    return day
