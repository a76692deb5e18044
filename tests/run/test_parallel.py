"""Large runs: several processes give what one gives, in the same order, and their loss costs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from auditor.core.config import resolve
from auditor.core.finding import Report
from auditor.run import parallel, pipeline
from auditor.run.inputs import InputAuditor, Outcome
from auditor.sources.files import Input

T = TypeVar("T")

COUNT = 150
SECRET = "hunter2Zq8vT1x"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Dockerfiles, every third of them with a leak and every fiftieth broken."""
    paths = []
    for number in range(COUNT):
        path = tmp_path / f"{number:03}.Dockerfile"
        leak = f"ENV DB_PASSWORD={SECRET}{number}\n" if number % 3 == 0 else ""
        path.write_text(f"FROM a\n{leak}{'RUNN x' if number % 50 == 0 else ''}\n")
        paths.append(str(path))
    return paths


def told(report: Report) -> list[object]:
    """All of a report but the clock."""
    return [
        [(t.name, t.size, t.errors, t.text, [s.reveal() for s in t.secrets]) for t in report.targets],
        [(f.id, f.rule, f.location, f.message, f.secret and f.secret.reveal()) for f in report.findings],
    ]


def test_processes_change_nothing(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = resolve({})
    monkeypatch.setattr(parallel, "processes", lambda: 3)
    spread = told(pipeline.lint(settings, files))
    monkeypatch.setattr(parallel, "processes", lambda: 1)
    assert spread == told(pipeline.lint(settings, files))
    assert len([f for f in pipeline.lint(settings, files).findings if f.rule == "env-secret"]) == COUNT // 3


@pytest.mark.parametrize("after", [0, 1, 3])
def test_what_a_lost_worker_leaves_is_done_here(files: list[str], monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    settings = resolve({})
    monkeypatch.setattr(parallel, "processes", lambda: 1)
    whole = told(pipeline.lint(settings, files))
    monkeypatch.setattr(parallel, "processes", lambda: 2)
    monkeypatch.setattr(parallel, "_CHUNK", 20)
    given = InputAuditor.audit
    here, seen = os.getpid(), []

    def mortal(self: InputAuditor, source: Input) -> Outcome:
        seen.append(source)
        if os.getpid() != here and len(seen) > after * 20 + 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return given(self, source)

    monkeypatch.setattr(InputAuditor, "audit", mortal)
    assert told(pipeline.lint(settings, files)) == whole


def test_no_processes_to_be_had(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise OSError("no more processes")

    monkeypatch.setattr(parallel, "processes", lambda: 2)
    whole = told(pipeline.lint(resolve({}), files))
    monkeypatch.setattr(os, "fork", fork)
    assert told(pipeline.lint(resolve({}), files)) == whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_over_when_the_run_is_stopped(tmp_path: Path, number: int) -> None:
    text = "FROM a\nARG TOKEN\n" + "RUN curl -u a:$TOKEN h\n" * 300
    for index in range(400):
        (tmp_path / f"{index}.Dockerfile").write_text(text)
    script = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from auditor.run import parallel; parallel.processes = lambda: 2\n"
        "from auditor.cli.main import main; sys.exit(main(['lint', sys.argv[1], '--no-context', '--isolated']))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        workers = wait_for(lambda: children(process.pid))
        process.send_signal(number)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert wait_for(lambda: not any(is_running(worker) for worker in workers))


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("the system does not list the children of a process")
    found = [int(child) for child in path.read_text().split()]
    return found if len(found) == 2 else []


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(question: Callable[[], T]) -> T:
    for _ in range(600):
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def test_the_number_of_processes_is_bounded() -> None:
    assert 1 <= parallel.processes() <= 8
