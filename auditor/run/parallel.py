"""Many inputs over several processes, in order. Imported only by runs that are large enough to gain from it."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from auditor.run.single import Single

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.config import Settings
    from auditor.run.single import Outcome
    from auditor.sources.files import Input

#: Inputs that a process is given at once: enough that the folders they share are listed once.
_CHUNK = 32
_MAX_PROCESSES = 8


def processes() -> int:
    """CPUs that this process may use, up to a ceiling."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MAX_PROCESSES)
    return min(os.cpu_count() or 1, _MAX_PROCESSES)


def outcomes(single: Single, inputs: Sequence[Input]) -> Iterator[Outcome]:
    """What `single` makes of each input, in the order of the inputs.

    Where processes cannot be had (no semaphores in a sandbox, no memory) or one dies, the rest is done here.
    """
    if processes() < 2:
        yield from map(single.audit, inputs)
        return
    done = 0
    try:
        for outcome in _spread(single, inputs):
            done += 1
            yield outcome
    except (BrokenProcessPool, OSError, ImportError):
        yield from map(single.audit, inputs[done:])


def _spread(single: Single, inputs: Sequence[Input]) -> Iterator[Outcome]:
    settings = (single.settings, single.wanted)
    with ProcessPoolExecutor(processes(), initializer=_start, initargs=settings) as pool:
        try:
            chunks = [inputs[at : at + _CHUNK] for at in range(0, len(inputs), _CHUNK)]
            for chunk in pool.map(_audit, chunks):
                yield from chunk
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_worker: list[Single] = []


def _start(settings: Settings, wanted: frozenset[str]) -> None:
    """In a new process: what audits there, with build contexts of its own."""
    _worker[:] = [Single(settings, wanted)]


def _audit(inputs: Sequence[Input]) -> list[Outcome]:
    return [_worker[0].audit(source) for source in inputs]
