"""Workers that die, fail or are interrupted: each result once all the same, and nothing is left over."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.run import pool
from tests.run.test_parallel import is_running, wait_for
from tests.run.test_pool import Squares, makers, nothing_left, squares

__all__ = ["nothing_left"]


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
    here, given = os.getpid(), pickle.dumps

    def dumps(result: tuple[int, object], protocol: int) -> bytes:
        data = given(result, protocol)
        if result[0] == 2 and os.getpid() != here:
            pipe = max(int(name) for name in os.listdir("/proc/self/fd") if is_pipe(name))
            os.write(pipe, pool._HEAD.pack(pool._DONE, len(data)) + data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return data

    monkeypatch.setattr(pickle, "dumps", dumps)
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
    made: list[int] = []
    given = os.fork

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
    made: list[int] = []
    given = os.pipe

    def pipe() -> tuple[int, int]:
        if len(made) == 2:
            raise OSError("too many open files")
        made.append(1)
        return given()

    monkeypatch.setattr(os, "pipe", pipe)
    assert len(squares(list(pool.results(Squares(), range(10))))) == 10


_SLEEPERS = """
import signal, sys
from auditor.run import pool
pool.processes = lambda: 2
# Jobs in the background of a script begin with it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

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
