"""The progress line: for people only, one line, seldom drawn, gone at the end."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli import progress as module
from auditor.cli.progress import Progress
from auditor.report.terminal import columns


class Terminal(io.StringIO):
    """A terminal of 80 columns, and what it was sent."""

    watched = True
    wide = 80

    def isatty(self) -> bool:
        return self.watched

    def fileno(self) -> int:
        return -1

    @property
    def drawn(self) -> list[str]:
        return self.getvalue().split("\r")[1:]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    monkeypatch.setattr(os, "get_terminal_size", lambda _file: os.terminal_size((stream.wide, 24)))
    return stream


def test_it_says_how_far_the_run_has_come(terminal: Terminal) -> None:
    clock = Clock()
    with Progress(2_000_000_000, stream=terminal, clock=clock) as progress:
        clock.now += 1
        progress.advance(500_000_000, "layer 3 of 24")
        assert terminal.drawn == ["layer 3 of 24  [######..................] 25%  500 MB of 2.0 GB"]
        clock.now += 4
        progress.advance(500_000_000, "layer 4 of 24")
    assert terminal.drawn[1:] == [
        "layer 4 of 24  [############............] 50%  1.0 GB of 2.0 GB  0:05 left",
        " " * len(terminal.drawn[1]),
        "",
    ]


def test_a_shorter_line_covers_the_one_before(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(100, stream=terminal, clock=clock)
    for label in ("a long label", "b"):
        clock.now += 0.5
        progress.advance(10, label)
    first, second = terminal.drawn
    assert len(first) == len(second) and second.endswith(" ")


def test_it_is_drawn_ten_times_a_second_at_most(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(10_000, stream=terminal, clock=clock)
    for _ in range(10_000):
        clock.now += 0.001
        progress.advance(1, "x")
    assert 90 <= len(terminal.drawn) <= 100


def test_a_short_run_shows_nothing(terminal: Terminal) -> None:
    clock = Clock()
    with Progress(100, stream=terminal, clock=clock) as progress:
        clock.now += module.INTERVAL / 2
        progress.advance(100, "x")
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("reason", ["not wanted", "no terminal", "closed", "CI", "PRE_COMMIT", "dumb"])
def test_nothing_is_shown_where_nobody_looks(reason: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    terminal.watched = reason != "no terminal"
    if reason in ("CI", "PRE_COMMIT"):
        monkeypatch.setenv(reason, "1")
    if reason == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    stream = io.StringIO()
    stream.close()
    with Progress(
        100, wanted=reason != "not wanted", stream=stream if reason == "closed" else terminal, clock=clock
    ) as progress:
        clock.now += 5
        progress.advance(50, "x")
    assert terminal.getvalue() == ""


def test_nothing_is_shown_after_the_end(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(100, stream=terminal, clock=clock)
    progress.close()
    clock.now += 5
    progress.advance(50, "x")
    progress.close()
    assert terminal.getvalue() == ""


def test_a_terminal_that_goes_away_is_no_error(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(100, stream=terminal, clock=clock)
    clock.now += 5
    terminal.close()
    progress.advance(50, "x")
    progress.close()


def test_an_unknown_total_shows_what_was_read(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(0, stream=terminal, clock=clock)
    clock.now += 5
    progress.advance(1_500_000, "standard input")
    assert terminal.drawn == ["standard input  1.5 MB"]


def test_more_than_the_total_is_all_of_it(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(100, stream=terminal, clock=clock)
    clock.now += 5
    progress.advance(250, "x")
    assert "100%  250 bytes of 100 bytes  0:00 left" in terminal.drawn[0]


@given(st.text(max_size=60), st.integers(0, 200), st.integers(0, 10**13), st.integers(0, 10**13))
def test_the_line_fits_and_is_one_line(label: str, width: int, total: int, done: int) -> None:
    stream, clock = Terminal(), Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "get_terminal_size", lambda _file: os.terminal_size((width, 24)))
        progress = Progress(total, stream=stream, clock=clock)
        for _ in range(2):
            clock.now += 3
            progress.advance(done, label)
    for line in stream.drawn:
        assert line.isprintable()
        assert columns(line) <= max((width or 80) - 1, 1)
