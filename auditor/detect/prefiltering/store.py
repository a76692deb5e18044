"""Compiled sets of triggers in the user's cache folder. Without a folder that can be trusted there is no cache."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from stat import S_ISDIR, S_ISREG

from auditor import __version__
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.detect.prefiltering.interface import Trigger

_MAGIC = b"image-leak-auditor prefilter 1\n"
_NAME = "image-leak-auditor"
_ENDING = ".prefilter"
_LARGEST = 64 << 20
_KEPT = 8


def key(triggers: Sequence[Trigger], digest: str, engine: str) -> str:
    """Hexadecimal name for what these triggers compile to, by this version, on this kind of machine.

    `engine`: name and version of what compiles. A database for processor features that are missing here is refused by
    Hyperscan itself when it is loaded.
    """
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    parts = (__version__, engine, digest, sys.platform, machine, str(sys.maxsize), sys.version)
    text = "\0".join([*parts, *(f"{one.pattern}\0{one.keywords}\0{one.caseless}" for one in triggers)])
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def folder() -> str:
    """The cache folder: AUDIT_CACHE_DIR, or one of our name where the platform keeps caches; "" if there is none."""
    own = os.environ.get("AUDIT_CACHE_DIR", "")
    if own:
        return own
    if os.name == "nt":
        parent = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        parent = os.path.expanduser("~/Library/Caches")
    else:
        # The XDG specification has relative paths ignored.
        named = os.environ.get("XDG_CACHE_HOME", "")
        parent = named if os.path.isabs(named) else os.path.expanduser("~/.cache")
    return os.path.join(parent, _NAME) if os.path.isabs(parent) else ""


def private_folder() -> str:
    """The cache folder, made if there is none; "" unless only this user can write to it."""
    where = folder()
    try:
        if where:
            os.makedirs(where, mode=0o700, exist_ok=True)
    except (OSError, ValueError):
        return ""
    return where if where and _is_private_folder(where) else ""


def load(name: str) -> bytes | None:
    """What was stored under this name; None unless it is whole and only this user can have written it."""
    where = folder()
    if not where or not _is_private_folder(where):
        return None
    try:
        # Without following a link, and without waiting for the writer of a pipe.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        # Unbuffered: a database is megabytes, and goes straight into the one object that is handed on.
        with open(os.open(os.path.join(where, name + _ENDING), flags), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not S_ISREG(status.st_mode) or not _is_private(status) or status.st_size > _LARGEST:
                return None
            head = _head(name)
            if file.read(len(head)) != head:
                return None
            size = status.st_size - len(head)
            content = file.read(size + 1)
    except (OSError, ValueError):
        return None
    return content if content is not None and len(content) == size else None


def save(name: str, content: bytes) -> bool:
    """Store it whole or not at all, readable by this user only; whether that was possible."""
    if len(content) > _LARGEST - len(_head(name)):
        return False
    where, temporary = private_folder(), ""
    if not where:
        return False
    try:
        import tempfile  # start-up: only when something was compiled

        handle, temporary = tempfile.mkstemp(dir=where, prefix=".", suffix=".tmp")
        with open(handle, "wb") as file:
            file.write(_head(name) + content)
        os.replace(temporary, os.path.join(where, name + _ENDING))
    except (OSError, ValueError):
        if temporary:
            _remove(temporary)
        return False
    _forget_old(where)
    return True


def _head(name: str) -> bytes:
    return _MAGIC + name.encode() + b"\n"


def _is_private_folder(path: str) -> bool:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return False
    return S_ISDIR(status.st_mode) and _is_private(status)


def _is_private(status: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _forget_old(where: str) -> None:
    """Remove all but the newest files of ours."""
    try:
        with os.scandir(where) as entries:
            ours = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, entry.path)
                for entry in entries
                if entry.name.endswith(_ENDING)
            ]
    except OSError:
        return
    for _, path in sorted(ours, reverse=True)[_KEPT:]:
        _remove(path)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
