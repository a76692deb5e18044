"""Jobs over processes: each result once, whatever becomes of a worker; nothing is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.run import pool
from tests.run.test_parallel import is_running, wait_for


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


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_worker_leaves_is_done_here(number: int) -> None:
    here = os.getpid()

    def die(source: int) -> None:
        if source == 4 and os.getpid() != here:
            os.kill(os.getpid(), number)

    found = list(pool.results(Squares(die), range(20)))
    assert squares(found) == {number: number * number for number in range(20)}
    assert [job for job, result in found if result[1] == here] == [4]


def test_all_workers_die() -> None:
    here = os.getpid()

    def die(_source: int) -> None:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    found = list(pool.results(Squares(die), range(8)))
    assert squares(found) == {number: number * number for number in range(8)}
    assert makers(found) == {here}


def test_a_worker_that_dies_while_it_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a result is none."""
    here, given = os.getpid(), pool.pickle.dumps

    def dumps(result: tuple[int, object], protocol: int) -> bytes:
        data = given(result, protocol)
        if result[0] == 2 and os.getpid() != here:
            pipe = max(int(name) for name in os.listdir("/proc/self/fd") if is_pipe(name))
            os.write(pipe, pool._HEAD.pack(pool._DONE, len(data)) + data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return data

    monkeypatch.setattr(pool.pickle, "dumps", dumps)
    found = list(pool.results(Squares(size=100), range(6)))
    assert squares(found) == {number: number * number for number in range(6)}
    assert next(result[1] for job, result in found if job == 2) == here


def is_pipe(name: str) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{name}").startswith("pipe:")
    except OSError:
        return False


@pytest.mark.parametrize("error", [ValueError("of this job"), MemoryError(), KeyboardInterrupt()])
def test_an_exception_is_raised_here(error: BaseException, capfd: pytest.CaptureFixture[str]) -> None:
    """The worker says nothing: its work is repeated where somebody hears of what goes wrong."""

    def fail(source: int) -> None:
        if source == 3:
            raise error

    found = []
    with pytest.raises(type(error)):
        for one in pool.results(Squares(fail), range(10)):
            found.append(one)
    assert 3 not in squares(found)
    assert len(found) >= 8
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_fails_alone_costs_nothing() -> None:
    here = os.getpid()

    def fail(source: int) -> None:
        if os.getpid() != here and source % 2:
            raise OSError("too many open files")

    assert len(squares(list(pool.results(Squares(fail), range(30))))) == 30


def test_who_stops_listening_stops_the_workers() -> None:
    def wait(source: int) -> None:
        if source:
            signal.pause()

    results = pool.results(Squares(wait), range(10))
    assert next(results)[0] == 0
    results.close()  # type: ignore[attr-defined]


def test_an_error_of_the_listener_stops_the_workers() -> None:
    def complain(_number: int) -> None:
        raise RuntimeError("no more")

    auditing = Squares()
    with pytest.raises(RuntimeError, match="no more"):
        list(pool.results(auditing, range(10), complain, auditing.hear))


@pytest.mark.parametrize("allowed", [0, 1])
def test_no_more_processes_to_be_had(allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given, made = os.fork, []

    def fork() -> int:
        if len(made) >= allowed:
            raise OSError("no more processes")
        made.append(1)
        return given()

    monkeypatch.setattr(os, "fork", fork)
    found = list(pool.results(Squares(), range(10)))
    assert squares(found) == {number: number * number for number in range(10)}
    assert (makers(found) == {os.getpid()}) == (not allowed)


def test_no_more_pipes_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    given, made = os.pipe, []

    def pipe() -> tuple[int, int]:
        if len(made) == 2:
            raise OSError("too many open files")
        made.append(1)
        return given()

    monkeypatch.setattr(os, "pipe", pipe)
    assert len(squares(list(pool.results(Squares(), range(10))))) == 10


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


_SLEEPERS = """
import signal, sys
from auditor.run import pool
pool.processes = lambda: 2

class Sleeper:
    def audit(self, source):
        signal.pause()

try:
    print("begun", flush=True)
    list(pool.results(Sleeper(), range(4)))
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(130)
"""


@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c(whole_group: bool) -> None:
    """A terminal sends it to the workers as well."""
    command = [sys.executable, "-c", _SLEEPERS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        workers = wait_for(lambda: children(process.pid))
        if whole_group:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output.split(), errors) == (130, [b"begun", b"interrupted"], b"")
    assert wait_for(lambda: not any(is_running(worker) for worker in workers))


def children(pid: int) -> list[int]:
    """Both workers, once they are there."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("the system does not list the children of a process")
    found = [int(child) for child in path.read_text().split()]
    return found if len(found) == 2 else []
