"""A few long jobs over several processes, each taken by the next process that is free. For large runs only.

As in `parallel`, every worker has a pipe of its own, and the work of one that dies is done by the parent. The jobs are
numbers in one more pipe, so that nobody has to hand them out; of very many jobs each number stands for several.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
from typing import TYPE_CHECKING, Generic, TypeVar

from auditor.run.parallel import Auditing, processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Source = TypeVar("Source")
Result = TypeVar("Result")

_NUMBER = struct.Struct("<I")
_HEAD = struct.Struct("<cQ")
_TOLD, _DONE = b"p", b"r"
#: Numbers that surely fit into a pipe that nobody reads yet: it has 64 kB, or 4 kB where a user has very many.
_MOST = 1_000
_PART = 1 << 20


def results(
    auditing: Auditing[Source, Result],
    jobs: Sequence[Source],
    telling: Callable[[int], None] | None = None,
    hear: Callable[[Callable[[int], None]], None] | None = None,
) -> Iterator[tuple[int, Result]]:
    """What `auditing` makes of the jobs, with their numbers, as they are done; the first jobs are begun first.

    In each process `hear` is given a function that counts progress, and `telling` gets what that was called with.
    """
    left = set(range(len(jobs)))
    count = min(processes(), len(jobs))
    if count > 1:
        pool = _Pool(auditing, jobs, count, hear)
        try:
            for number, result in pool.results(telling):
                left.discard(number)
                yield number, result
        finally:
            pool.end()
    if hear is not None and telling is not None:
        hear(telling)
    for number in sorted(left):
        yield number, auditing.audit(jobs[number])


class _Pool(Generic[Source, Result]):
    """Forked workers that take numbers from one pipe, and write what comes of them into one of their own."""

    def __init__(
        self,
        auditing: Auditing[Source, Result],
        jobs: Sequence[Source],
        count: int,
        hear: Callable[[Callable[[int], None]], None] | None,
    ) -> None:
        self._pipes: dict[int, bytearray] = {}
        self._pids: list[int] = []
        taking, giving = os.pipe()
        os.write(giving, b"".join(map(_NUMBER.pack, range(min(len(jobs), _MOST)))))
        os.close(giving)
        try:
            for _ in range(count):
                reading, writing = os.pipe()
                try:
                    pid = os.fork()
                except OSError:
                    os.close(reading)
                    os.close(writing)
                    raise
                if not pid:
                    _work(auditing, jobs, taking, writing, [reading, *self._pipes], hear)
                os.close(writing)
                self._pids.append(pid)
                self._pipes[reading] = bytearray()
        except OSError:  # no more processes are to be had: those that run do the work, or the parent
            pass
        finally:
            os.close(taking)

    def results(self, telling: Callable[[int], None] | None) -> Iterator[tuple[int, Result]]:
        """Every result once; ends when the last worker has ended, however it did."""
        open_ones = select.poll()
        for pipe in self._pipes:
            open_ones.register(pipe, select.POLLIN)
        alive = set(self._pipes)
        while alive:
            for pipe, _event in open_ones.poll():
                data = os.read(pipe, _PART)
                if not data:
                    open_ones.unregister(pipe)
                    alive.discard(pipe)
                    continue
                self._pipes[pipe] += data
                for kind, content in _messages(self._pipes[pipe]):
                    if kind == _TOLD:
                        if telling is not None:
                            telling(_NUMBER.unpack(content)[0])
                    else:
                        yield pickle.loads(content)

    def end(self) -> None:
        """Stop and reap the workers, undisturbed by an impatient second Ctrl-C."""
        try:
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        except ValueError:  # not the main thread: no Ctrl-C arrives here
            before = None
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for pipe in self._pipes:
            os.close(pipe)
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _messages(buffer: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """The whole messages at the beginning of a buffer, which are taken off it."""
    at = 0
    while at + _HEAD.size <= len(buffer):
        kind, size = _HEAD.unpack_from(buffer, at)
        end = at + _HEAD.size + size
        if end > len(buffer):
            break
        yield kind, bytes(buffer[at + _HEAD.size : end])
        at = end
    del buffer[:at]


def _work(
    auditing: Auditing[Source, Result],
    jobs: Sequence[Source],
    taking: int,
    writing: int,
    others: Sequence[int],
    hear: Callable[[Callable[[int], None]], None] | None,
) -> None:
    """What a worker does; does not return. Whatever goes wrong ends it, and the parent repeats its work and sees."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for descriptor in others:  # an open reading end would keep a sibling writing for a parent that is gone
            os.close(descriptor)
        with os.fdopen(writing, "wb", buffering=0) as pipe:

            def send(kind: bytes, content: bytes) -> None:
                left = memoryview(_HEAD.pack(kind, len(content)) + content)
                while left:
                    left = left[pipe.write(left) :]

            if hear is not None:
                hear(lambda number: send(_TOLD, _NUMBER.pack(number)))
            while len(taken := os.read(taking, _NUMBER.size)) == _NUMBER.size:
                for number in range(_NUMBER.unpack(taken)[0], len(jobs), _MOST):
                    result = (number, auditing.audit(jobs[number]))
                    send(_DONE, pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
    finally:
        os._exit(0)
