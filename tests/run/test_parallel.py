"""Large runs: several processes give what one gives, in the same order, and their loss costs nothing."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from auditor.core.config import Settings, resolve
from auditor.core.finding import Report
from auditor.run import parallel, pipeline
from auditor.run.single import Single

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


@pytest.mark.parametrize(
    "error", [OSError("no semaphores"), BrokenProcessPool("killed"), ImportError("_multiprocessing")]
)
@pytest.mark.parametrize("after", [0, 40])
def test_what_lost_processes_leave_is_done_here(
    files: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception, after: int
) -> None:
    def breaking(single: Single, inputs: list[object]) -> object:
        for source in inputs[:after]:
            yield single.audit(source)  # type: ignore[arg-type]
        raise error

    settings: Settings = resolve({})
    monkeypatch.setattr(parallel, "processes", lambda: 2)
    whole = told(pipeline.lint(settings, files))
    monkeypatch.setattr(parallel, "_spread", breaking)
    assert told(pipeline.lint(settings, files)) == whole


def test_the_number_of_processes_is_bounded() -> None:
    assert 1 <= parallel.processes() <= 8
