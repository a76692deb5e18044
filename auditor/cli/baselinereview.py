"""`audit baseline review`: shows findings one by one and writes down what a person says of each."""

from __future__ import annotations

import os
import sys

from auditor.cli.baselinetask import Task, current, day_of, finish, looked_at, opened
from auditor.cli.reporting import meta_of, terminal_width, wants_color
from auditor.core import acceptance
from auditor.core.acceptance import Entry
from auditor.core.errors import UsageError
from auditor.core.finding import Report, Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.terminal import escape, inert
from auditor.report.text import render
from auditor.run.acceptance import editing
from auditor.run.acceptance.known import today
from auditor.run.acceptance.matching import covered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.core.acceptance import Acceptances, Mark
    from auditor.core.finding import Finding, Target
    from auditor.core.secret import Masker
    from auditor.report.meta import Meta
    from auditor.run.acceptance.looking import Looked

    Answer = Callable[[str], str]

_QUESTION = "accept (a), secret (s), skip (k), back (b) or quit (q)? "
_LONGEST_LINE = 4_000


class Item(NamedTuple):
    """One question: the findings of one mark in one target, and what is known of them."""

    mark: Mark
    subject: str
    command: str
    target: Target
    findings: list[Finding]


class _EndError(Exception):
    """There are no more answers."""


def review(task: Task) -> int:
    """Ask, save every answer, and return the exit code. Raises UsageError; KeyboardInterrupt once that is reported."""
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("standard input is closed: there is nobody to answer")
    if os.path.lexists(task.path):
        known = opened(task.path)
    else:
        known = acceptance.Acceptances(task.path, acceptance.new_salt(), ())
    looked = looked_at(task, known)
    reviewing = Reviewing(task, known, editing.followed(known.entries, looked).entries, looked.masker)
    items = list(reviewing.items(looked))
    shown = Showing(task, known.salt, looked)
    try:
        _ask_all(items, reviewing, shown.print)
    finally:
        left = sum(1 for item in items if reviewing.is_open(item.mark))
        print(f"\n{escape(task.path)}: {reviewing.answered:,} answered, {left:,} of {len(items):,} left", flush=True)
    return finish(looked)


class Reviewing:
    """The entries while they are reviewed; `answered` counts the answers."""

    def __init__(self, task: Task, known: Acceptances, entries: tuple[Entry, ...], masker: Masker) -> None:
        self.answered = 0
        self._masker = masker
        self._task = task
        self._known = known
        self._today = today()
        self._entries = {entry.mark: entry for entry in entries}

    def items(self, looked: Looked) -> Iterator[Item]:
        """What there is to ask: new findings, accepted ones without a reason, and those whose time is over."""
        found: dict[Mark, Item] = {}
        commands = {id(finding): name for name, report in looked.reports.items() for finding in report.findings}
        targets = {(name, one.name): one for name, report in looked.reports.items() for one in report.targets}
        for one in looked.marked:
            command = commands[id(one.finding)]
            target = targets.get((command, one.finding.location.path))
            if target is None or not self.is_open(one.mark) or not editing.is_reported(one, self._task.settings):
                continue
            item = found.setdefault(one.mark, Item(one.mark, one.subject, command, target, []))
            item.findings.append(one.finding)
        # What is said of a file holds for what git stores of it.
        committed = covered((mark for mark in found if mark not in self._entries), {**found, **self._entries})
        yield from (item for mark, item in found.items() if mark not in committed)

    def is_open(self, mark: Mark) -> bool:
        """Whether nobody has said what this is, or the time of what was said is over."""
        entry = self._entries.get(mark)
        return entry is None or not (entry.secret or entry.reason) or entry.is_expired(self._today)

    def state(self, mark: Mark) -> str:
        """In a few words, what is known of it."""
        entry = self._entries.get(mark)
        if entry is None:
            return "new"
        if entry.secret:
            return "confirmed as a secret"
        until = f" until {entry.expires}" if entry.expires else ""
        return f"accepted{until}: {entry.reason}" if entry.reason else f"accepted{until} without a reason"

    def say(self, item: Item, *, secret: bool, reason: str = "", expires: str = "") -> None:
        """Save an answer; a value that it tells is masked."""
        reason = self._masker.mask(reason)
        self._take_over()
        self._entries[item.mark] = Entry(item.mark, item.subject, secret, reason, expires)
        acceptance.write(self._task.path, self._known.salt, self._entries.values())
        self._known = self._known._replace(entries=acceptance.unified(self._entries.values()))
        self.answered += 1

    def _take_over(self) -> None:
        """What others have written into the file since it was read: a review takes its time."""
        now = current(self._known).entries
        for gone in {entry.mark for entry in self._known.entries} - {entry.mark for entry in now}:
            self._entries.pop(gone, None)
        before = set(self._known.entries)
        self._entries.update({entry.mark: entry for entry in now if entry not in before})


class Showing:
    """Prints findings as the text report does."""

    def __init__(self, task: Task, salt: bytes, looked: Looked) -> None:
        self._settings = task.settings
        self._salt = salt
        self._metas: dict[str, Meta] = {name: self._meta(name) for name in looked.reports}

    def print(self, item: Item, number: int, total: int, state: str) -> None:
        """One finding with its surroundings, masked unless the settings say otherwise."""
        more = f"; {len(item.findings)} times in this file" if len(item.findings) > 1 else ""
        text = render(Report([item.target], item.findings[:1]), self._metas[item.command])
        sys.stdout.write(f"\n[{number}/{total}] {inert(escape(state))}{more}\n{text}")

    def _meta(self, command: str) -> Meta:
        meta = meta_of(self._settings, command, self._salt)
        color = wants_color(self._settings.color, sys.stdout)
        return meta._replace(color=color, width=terminal_width(), min_severity=Severity.INFO)


def _ask_all(items: list[Item], reviewing: Reviewing, show: Callable[[Item, int, int, str], None]) -> None:
    at = 0
    while at < len(items):
        item = items[at]
        show(item, at + 1, len(items), reviewing.state(item.mark))
        try:
            step = _ask_one(item, reviewing)
        except _EndError:
            return
        at = max(at + step, 0)


def _ask_one(item: Item, reviewing: Reviewing) -> int:
    """How many findings to go on by. Raises _EndError for a quit."""
    while True:
        word = _answer(_QUESTION).lower()
        if word in ("q", "quit"):
            raise _EndError
        if word in ("k", "skip"):
            return 1
        if word in ("b", "back"):
            return -1
        if word in ("s", "secret"):
            reviewing.say(item, secret=True)
            return 1
        if word in ("a", "accept"):
            reason = _reason()
            expires = _day()
            reviewing.say(item, secret=False, reason=reason, expires=expires)
            return 1


def _reason() -> str:
    while True:
        text = " ".join(_answer("why is it accepted? ").replace("\0", " ").split())
        if text:
            return text[: acceptance.LONGEST_REASON]


def _day() -> str:
    while True:
        text = _answer("until when (2027-01-31, 90d, empty: for ever)? ")
        if not text:
            return ""
        try:
            return day_of(text, "the day")
        except UsageError as error:
            print(escape(str(error)))


def _answer(question: str) -> str:
    """The next line of the standard input. Raises _EndError at its end."""
    sys.stdout.write(question)
    sys.stdout.flush()
    line = sys.stdin.buffer.readline(_LONGEST_LINE)
    if not line:
        raise _EndError
    rest = line
    while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
        # The end of a line that is too long is no further answer.
        rest = sys.stdin.buffer.readline(_LONGEST_LINE)
    if not sys.stdin.isatty():
        sys.stdout.write("\n")
    return line.decode("utf-8", "replace").strip()
