"""Standard input that is read more than once."""

from __future__ import annotations

import io
import sys

from auditor.core.errors import UsageError
from auditor.sources.files import DOCKERFILE_LIMIT


def kept() -> bytes:
    """All of the standard input, which can be read again afterwards; nothing of one that is too large.

    Raises UsageError where there is none.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("-: standard input is closed")
    try:
        data = sys.stdin.buffer.read(DOCKERFILE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"-: standard input cannot be read: {error.strerror}") from None
    give(data)
    return data if len(data) <= DOCKERFILE_LIMIT else b""


def give(data: bytes) -> None:
    """Let the standard input be this."""
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))
