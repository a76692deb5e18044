"""`--assert-absent`: which of the given real values stand in an image, although they must not.

The values are nowhere but in `Needles`: no message, result or place holds one or a part of one.
"""

from __future__ import annotations

import os
import re
import sys

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

OPTION = "--assert-absent"
#: Shorter values stand anywhere by chance, as base64 in a few gigabytes of random bytes.
SHORTEST = 6
LONGEST = 16 << 10
_FEWEST_DIFFERENT = 3
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_USAGE = f"{OPTION}: give NAME=env:VARIABLE, NAME=file:PATH or NAME=- (letters, digits and _ . - in the name)"


def parse_assertion(text: str, stdin: BinaryIO | None = None) -> tuple[str, bytes]:
    """Name and value of `NAME=env:VAR|file:PATH|-`; `stdin` is read for `-`, by default the standard input.

    One line break at the end of a file or of the standard input is not part of the value: editors and `echo` add it.
    A value with it is found all the same, because what stands behind a value does not matter. Raises UsageError, which
    repeats nothing but the name: people write values where they should write variables.
    """
    name, _, source = text.partition("=")
    if not _NAME.fullmatch(name):
        raise UsageError(_USAGE)
    if source == "-":
        if stdin is None and sys.stdin is None:
            raise UsageError(f"{OPTION} {name}: standard input is closed")
        value = _without_line_break((stdin or sys.stdin.buffer).read(LONGEST + 3))
    elif source.startswith("env:") and len(source) > 4:
        found = _variable(source[4:])
        if found is None:
            raise UsageError(f"{OPTION} {name}: there is no such environment variable")
        value = encoded(found)
    elif source.startswith("file:") and len(source) > 5:
        value = _without_line_break(_content(name, source[5:]))
    else:
        raise UsageError(_USAGE)
    _check(name, value)
    return name, value


def parse_assertions(texts: Iterable[str], stdin: BinaryIO | None = None) -> dict[str, bytes]:
    """Values by name. Raises UsageError as `parse_assertion` does, for a second `-`, and for a name given twice."""
    found: dict[str, bytes] = {}
    given = list(texts)
    if sum(text.endswith("=-") for text in given) > 1:
        raise UsageError(f"{OPTION}: only one value can be read from the standard input")
    for text in given:
        name, value = parse_assertion(text, stdin)
        if name in found:
            raise UsageError(f"{OPTION} {name}: given twice")
        found[name] = value
    return found


def _variable(name: str) -> str | None:
    return os.environ.get(name)


def _content(name: str, path: str) -> bytes:
    try:
        # A pipe is fine: `file:<(command)` keeps a value off the disk.
        with open(path, "rb") as file:
            return file.read(LONGEST + 3)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a path"
    raise UsageError(f"{OPTION} {name}: its file cannot be read: {reason}")


def _without_line_break(content: bytes) -> bytes:
    return content.removesuffix(b"\n").removesuffix(b"\r") if content.endswith(b"\n") else content


def _check(name: str, value: bytes) -> None:
    if not value.strip():
        raise UsageError(f"{OPTION} {name}: the value is empty")
    if len(value.strip()) < SHORTEST:
        raise UsageError(f"{OPTION} {name}: the value has fewer than {SHORTEST} bytes and would be found by chance")
    if len(set(value)) < _FEWEST_DIFFERENT:
        raise UsageError(f"{OPTION} {name}: the value has fewer than {_FEWEST_DIFFERENT} different bytes")
    if len(value) > LONGEST:
        raise UsageError(f"{OPTION} {name}: the value has more than {LONGEST:,} bytes")
