"""Jobs over processes: each result once, whatever becomes of a worker; nothing is left over."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.run import pool
from tests.run.test_parallel import wait_for


class Squares:
    """Squares numbers, and tells the number as progress."""

    def __init__(self, misdeed: Callable[[int], None] | None = None, *, size: int = 0) -> None:
        self._misdeed = misdeed
        self._size = size
        self._heard: Callable[[int], None] = lambda number: None

    def hear(self, heard: Callable[[int], None]) -> None:
        self._heard = heard

    def audit(self, source: int, /) -> tuple[int, int, bytes]:
        """The square, who made it, and bytes to fill the pipe with."""
        self._heard(source)
        if self._misdeed is not None:
            self._misdeed(source)
        return source * source, os.getpid(), bytes(self._size)


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three processes; after each test there are no more files open than before, and no child is left."""
    monkeypatch.setattr(pool, "processes", lambda: 3)
    before = descriptors()
    yield
    assert descriptors() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def descriptors() -> list[str]:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        return []
    # The listing itself has one open.
    return sorted(f"{name} {os.readlink(folder / name)}" for name in os.listdir(folder) if (folder / name).is_symlink())


def squares(found: list[tuple[int, tuple[int, int, bytes]]]) -> dict[int, int]:
    """By number of the job, each once."""
    assert len({number for number, _ in found}) == len(found)
    return {number: result[0] for number, result in found}


def makers(found: list[tuple[int, tuple[int, int, bytes]]]) -> set[int]:
    return {result[1] for _, result in found}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 200])
def test_every_job_once(count: int) -> None:
    jobs = range(100, 100 + count)
    found = list(pool.results(Squares(), jobs))
    assert squares(found) == {number: job * job for number, job in enumerate(jobs)}
    assert (os.getpid() in makers(found)) == (count == 1)
    assert len(makers(found)) <= 3


def test_more_than_one_process_works(tmp_path: Path) -> None:
    """Each of two jobs waits for the other one's file: alone none of them ends."""

    def meet(source: int) -> None:
        if source < 2:
            (tmp_path / str(source)).touch()
            wait_for((tmp_path / str(1 - source)).exists)

    assert len(makers(list(pool.results(Squares(meet), range(10))))) >= 2


def test_results_larger_than_a_pipe() -> None:
    found = list(pool.results(Squares(size=3_000_000), range(7)))
    assert squares(found) == {number: number * number for number in range(7)}
    assert {len(result[2]) for _, result in found} == {3_000_000}


def test_the_first_jobs_are_begun_first() -> None:
    told: list[int] = []
    auditing = Squares()
    list(pool.results(auditing, range(50), told.append, auditing.hear))
    assert sorted(told) == list(range(50))
    assert set(told[:3]) <= set(range(9))


@pytest.mark.parametrize("processes", [1, 3])
def test_progress_is_heard_here(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "processes", lambda: processes)
    told: list[int] = []
    auditing = Squares()
    found = list(pool.results(auditing, [5, 7, 1 << 31, 0], told.append, auditing.hear))
    assert sorted(told) == [0, 5, 7, 1 << 31]
    assert len(found) == 4


def test_progress_that_nobody_wants() -> None:
    auditing = Squares()
    assert len(list(pool.results(auditing, range(5), None, auditing.hear))) == 5


def test_more_jobs_than_a_pipe_holds_are_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MOST", 5)
    assert makers(list(pool.results(Squares(), range(6)))) == {os.getpid()}
    assert os.getpid() not in makers(list(pool.results(Squares(), range(5))))


def test_the_most_jobs_fit_into_a_pipe() -> None:
    """The numbers are written before anybody reads."""
    assert len(squares(list(pool.results(Squares(), range(pool._MOST))))) == pool._MOST


def test_in_a_thread() -> None:
    """Where no signal arrives, and none can be set."""
    found: list[tuple[int, tuple[int, int, bytes]]] = []
    thread = threading.Thread(target=lambda: found.extend(pool.results(Squares(), range(10))))
    thread.start()
    thread.join(60)
    assert len(squares(found)) == 10


def test_the_handler_of_the_caller_stays() -> None:
    before = signal.getsignal(signal.SIGINT)
    list(pool.results(Squares(), range(5)))
    assert signal.getsignal(signal.SIGINT) is before
