"""Describes an unexpected exception without any value: exceptions quote their input, and the input holds secrets."""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_MOST_FRAMES = 4


def describe(error: BaseException) -> str:
    """The exception's type and our own frames as `file:line`, innermost first."""
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(_PACKAGE + os.sep):
            frames.append(f"{os.path.relpath(name, _PACKAGE)}:{trace.tb_lineno}")
        trace = trace.tb_next
    places = ", ".join(reversed(frames[-_MOST_FRAMES:]))
    return f"{type(error).__name__} at {places}" if places else type(error).__name__


def wants_traceback() -> bool:
    """Whether the user asked for tracebacks, which may show secrets (AUDIT_TRACEBACK=1)."""
    return os.environ.get("AUDIT_TRACEBACK", "") not in ("", "0")
