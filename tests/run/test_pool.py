"""Jobs over processes: each result once, whatever becomes of a worker; nothing is left over."""

from __future__ import annotations

import fcntl
import os
import posix
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
    before = descriptors(), children()
    yield
    assert (descriptors(), children()) == before


def children() -> set[str]:
    """The processes that this one has started, those that have ended and nobody has waited for included."""
    found = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(found.read_text().split()) if found.exists() else set()


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


@pytest.mark.parametrize("count", [4, 5, 6, 23])
def test_more_jobs_than_numbers(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MOST", 5)
    found = list(pool.results(Squares(), range(count)))
    assert squares(found) == {number: number * number for number in range(count)}
    assert os.getpid() not in makers(found)


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="the system does not set the size of pipes")
@pytest.mark.parametrize("count", [1000, 20_000])
def test_any_number_of_jobs_with_the_smallest_pipe(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers are written before anybody reads; a user with many pipes gets them with one page only."""
    given = os.pipe

    def smallest() -> tuple[int, int]:
        pipe = given()
        assert fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, 4096) <= 4096
        return pipe

    monkeypatch.setattr(os, "pipe", smallest)
    monkeypatch.setattr(os, "write", _unblocked)
    found = list(pool.results(Squares(), range(count)))
    assert squares(found) == {number: number * number for number in range(count)}
    assert os.getpid() not in makers(found)


def _unblocked(pipe: int, data: bytes) -> int:
    """As `os.write`, which would wait for ever where this fails."""
    os.set_blocking(pipe, False)
    return posix.write(pipe, data)


def test_what_a_lost_worker_had_taken_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MOST", 2)
    here = os.getpid()

    def die(source: int) -> None:
        if source == 4 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    found = list(pool.results(Squares(die), range(10)))
    assert squares(found) == {number: number * number for number in range(10)}
    assert {job for job, result in found if result[1] == here} == {4, 6, 8}


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
