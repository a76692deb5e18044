"""Whether a file or folder is there to be read only."""

from __future__ import annotations

import os
import stat
from itertools import islice

_MOST = 1_000


def is_protected(path: str, mode: int) -> bool:
    """Whether a file or folder (`mode` as in `os.stat`) must not be written.

    Root may write everything, so the bits count as well. But where several files of one folder have no write bit, the
    bits came with a copy of a read-only tree (a share, a store), and say nothing about the one.
    """
    if not os.access(path, os.W_OK):
        return True
    if mode & stat.S_IWUSR:
        return False
    folder = path if stat.S_ISDIR(mode) else os.path.dirname(path)
    return not _has_others_without(folder, os.path.basename(path))


def _has_others_without(folder: str, name: str) -> bool:
    """Whether another regular file of a folder lacks the owner's write bit."""
    try:
        with os.scandir(folder or os.curdir) as entries:
            return any(
                entry.name != name
                and entry.is_file(follow_symlinks=False)
                and not entry.stat(follow_symlinks=False).st_mode & stat.S_IWUSR
                for entry in islice(entries, _MOST)
            )
    except OSError:
        return False
