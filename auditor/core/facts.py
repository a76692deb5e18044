"""What is known of a value that is not there any more."""

from __future__ import annotations

from auditor.core.record import NamedTuple


class Facts(NamedTuple):
    """What a recorded finding tells of its value, which is not there any more: `judged`, whether it was looked at;
    `owner`, what it says of its owner; `weak`, whether everybody knows it."""

    judged: bool
    owner: tuple[tuple[str, str], ...]
    weak: bool
