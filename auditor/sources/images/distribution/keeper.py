"""Credential helpers of docker: programs `docker-credential-NAME` that keep passwords in a system's key store."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.distribution.host import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
#: Longest answer, in bytes.
_LONGEST = 1 << 20
#: Seconds that a helper may take; some ask a person.
PATIENCE = 30.0


class HelperError(Exception):
    """A helper could not be asked; the message holds nothing that it printed."""


def ask_helper(name: str, host: str, patience: float = PATIENCE) -> Mapping[str, object]:
    """What a helper answers for a registry: {"Username", "Secret"}; {} if it knows none. Raises HelperError.

    It reads the host on its standard input, so that nothing stands in a list of processes; no shell is involved.
    """
    if not _NAME.fullmatch(name):
        raise HelperError(f"the name of the credential helper {printable(name, 40)!r} is not allowed")
    program = f"docker-credential-{name}"
    code, output = _run(program, host, patience)
    if len(output) > _LONGEST:
        raise HelperError(f"{program}: its answer is too long")
    if code:
        if b"credentials not found" in output:
            return {}
        raise HelperError(f"{program}: failed with exit code {code}")
    try:
        return fields.mapping(fields.parse(output))
    except ValueError:
        raise HelperError(f"{program}: its answer is not JSON") from None


def _run(program: str, host: str, patience: float) -> tuple[int, bytes]:
    try:
        process = subprocess.Popen(
            [program, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # closing a buffered pipe would wait for the thread that reads it
            start_new_session=True,
        )
    except OSError as error:
        raise HelperError(f"{program}: cannot be run: {error.strerror}") from None
    with process:
        output: list[bytes] = []
        reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
        reader.start()
        with contextlib.suppress(OSError):
            _tell(process.stdin, host)
        reader.join(patience)
        late = reader.is_alive()
        _end(process, reader)
    if late:
        raise HelperError(f"{program}: no answer within {patience:.0f} s")
    return process.returncode, b"".join(output)


def _read(pipe: IO[bytes] | None, output: list[bytes]) -> None:
    left = _LONGEST + 1
    with contextlib.suppress(OSError, ValueError):
        while pipe is not None and left > 0 and (piece := pipe.read(min(left, 1 << 16))):
            output.append(piece)
            left -= len(piece)


def _tell(pipe: IO[bytes] | None, host: str) -> None:
    if pipe is not None:
        with pipe:
            pipe.write(host.encode())


def _end(process: subprocess.Popen[bytes], reader: threading.Thread) -> None:
    """See the process end, by force if need be, with the children that hold its output open."""
    if not reader.is_alive():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
    if process.poll() is None or reader.is_alive():
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        reader.join(1)
