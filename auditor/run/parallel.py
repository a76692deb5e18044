"""Many inputs over several processes, in order. Imported only by runs that are large enough to gain from it.

Forked workers with a pipe each, rather than a pool with a shared queue: a worker that dies, whenever it does, ends its
own pipe and no other, and one whose parent dies finds its pipe closed. Nothing is left waiting and nobody is left over.
"""

from __future__ import annotations

import os
import pickle
import signal
from typing import TYPE_CHECKING, BinaryIO, Generic, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Source = TypeVar("Source")
Result = TypeVar("Result")
_Source = TypeVar("_Source", contravariant=True)
_Result = TypeVar("_Result", covariant=True)


class Auditing(Protocol[_Source, _Result]):
    """What audits one input after the other; its results can be pickled."""

    def audit(self, source: _Source, /) -> _Result:
        """The result for one input. Never raises for what it contains."""


#: Inputs between two reports of a worker: enough that the folders they share are listed once.
_CHUNK = 32
_MAX_PROCESSES = 8


def processes() -> int:
    """CPUs that this process may use, up to a ceiling; 1 where processes cannot be forked."""
    if not hasattr(os, "fork"):
        return 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, _MAX_PROCESSES)


def outcomes(auditing: Auditing[Source, Result], inputs: Sequence[Source]) -> Iterator[Result]:
    """What `auditing` makes of the inputs, in their order. What a lost worker leaves undone is done here."""
    return of_chunks(auditing, [inputs[at : at + _CHUNK] for at in range(0, len(inputs), _CHUNK)])


def of_chunks(auditing: Auditing[Source, Result], chunks: Sequence[Sequence[Source]]) -> Iterator[Result]:
    """The same for inputs in chunks, which the processes take by turns."""
    workers: list[_Worker[Source, Result]] = []
    count = processes()
    try:
        for number in range(count if count > 1 else 0):
            workers.append(_Worker(auditing, chunks[number::count], workers))
    except OSError:  # no more processes or files are to be had: with fewer, the rest falls to this one
        count = max(count, 1)
    try:
        for number, chunk in enumerate(chunks):
            place = number % count
            done = workers[place].next() if place < len(workers) else None
            yield from map(auditing.audit, chunk) if done is None else done
    finally:
        _end(workers)


class _Worker(Generic[Source, Result]):
    """A forked process that audits chunks and sends what it found, chunk by chunk, through a pipe of its own."""

    def __init__(
        self,
        auditing: Auditing[Source, Result],
        chunks: Sequence[Sequence[Source]],
        siblings: Sequence[_Worker[Source, Result]],
    ) -> None:
        reading, writing = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            raise
        if not self.pid:
            _work(auditing, chunks, writing, [reading, *(worker.pipe.fileno() for worker in siblings)])
        os.close(writing)
        self.pipe: BinaryIO = os.fdopen(reading, "rb")
        self.alive = True

    def next(self) -> list[Result] | None:
        """The outcomes of its next chunk; None for this and all later ones once it is gone."""
        if self.alive:
            try:
                return cast("list[Result]", pickle.load(self.pipe))
            except (EOFError, pickle.UnpicklingError, OSError):
                self.alive = False
        return None


def _work(
    auditing: Auditing[Source, Result], chunks: Sequence[Sequence[Source]], writing: int, others: Sequence[int]
) -> None:
    """What a worker does; does not return. Whatever goes wrong ends it, and the parent repeats its work and sees."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for descriptor in others:  # an open reading end would keep a sibling writing for a parent that is gone
            os.close(descriptor)
        with os.fdopen(writing, "wb") as pipe:
            for chunk in chunks:
                pickle.dump([auditing.audit(source) for source in chunk], pipe, pickle.HIGHEST_PROTOCOL)
                pipe.flush()
    finally:
        os._exit(0)


def _end(workers: Sequence[_Worker[Source, Result]]) -> None:
    """Stop and reap the workers, undisturbed by an impatient second Ctrl-C."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread: no Ctrl-C arrives here
        before = None
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
        os.waitpid(worker.pid, 0)
        worker.pipe.close()
    if before is not None:
        signal.signal(signal.SIGINT, before)
