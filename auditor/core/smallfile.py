"""Files that are read whole because a person wrote them for us: settings, rules, baselines."""

from __future__ import annotations

import os

from auditor.core.errors import UsageError


def content_of(path: str, most: int, error: type[Exception] = UsageError) -> bytes:
    """The bytes of a regular file. Raises `error`, which names the file, for any other, and above `most` bytes."""
    import stat  # start-up: only where such a file is given

    try:
        # A pipe must not make the program wait for somebody to write into it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise error(f"{path}: not a regular file")
            content = file.read(most + 1)
    except (OSError, ValueError) as problem:
        raise error(f"{path}: cannot be read: {getattr(problem, 'strerror', None) or problem}") from None
    if len(content) > most:
        raise error(f"{path}: larger than {most} bytes")
    return content
