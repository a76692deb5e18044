"""Small files that are read or replaced whole: settings, rules, baselines."""

from __future__ import annotations

import os

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _T = TypeVar("_T")


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


def json_of(path: str, content: bytes) -> object:
    """What a file of JSON holds. Raises UsageError, which names the file."""
    import json  # start-up: only where such a file is given

    return _parsed(f"{path}: not JSON: ", path, content, json.loads, json.JSONDecodeError, UsageError)


def toml_of(path: str, content: bytes, error: type[Exception] = UsageError) -> dict[str, object]:
    """What a file of TOML holds. Raises `error`, which names the file."""
    import tomllib  # start-up: only where such a file is given

    return _parsed(f"{path}: ", path, content, tomllib.loads, tomllib.TOMLDecodeError, error)


def _parsed(
    lead: str,
    path: str,
    content: bytes,
    parse: Callable[[str], _T],
    syntax: type[ValueError],
    error: type[Exception],
) -> _T:
    """`lead` stands before what is wrong with the notation."""
    try:
        return parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise error(f"{path}: not UTF-8 (byte {problem.start})") from None
    except syntax as problem:
        raise error(f"{lead}{problem}") from None
    except ValueError:
        raise error(f"{lead}a number has too many digits") from None
    except RecursionError:
        raise error(f"{path}: nested too deeply") from None


def replace_file(path: str, text: str) -> None:
    """Write beside the file and move into its place, so that nobody reads half of it: UTF-8, its permissions kept.

    A link stays a link. Characters that UTF-8 has not are written as escapes. Raises UsageError where that cannot be
    done, and for a file that is read-only.
    """
    target = os.path.realpath(path)
    scratch = f"{target}.{os.getpid()}.tmp"
    try:
        before = os.stat(target).st_mode if os.path.exists(target) else None
        if before is not None and not os.path.isfile(target):
            raise UsageError(f"{path}: cannot be written: not a regular file")
        # To replace a file needs no leave to write to it; who took that away wants it to stay as it is.
        if before is not None and not before & 0o222:
            raise UsageError(f"{path}: cannot be written: it is read-only")
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.write(text)
            if before is not None:
                os.chmod(scratch, before & 0o7777)
            os.replace(scratch, target)
        except BaseException:
            os.unlink(scratch)
            raise
    except (OSError, ValueError) as problem:
        raise UsageError(f"{path}: cannot be written: {getattr(problem, 'strerror', None) or problem}") from None
