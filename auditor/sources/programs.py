"""Executable files whose name says nothing: how they begin."""

from __future__ import annotations

import os
import stat

from auditor.sources.files import UnreadableFile, open_regular

#: Bytes up to which such a file is looked at, and of those its beginning.
_LIMIT, _HEAD = 256 * 1024, 200


def beginning(entry: os.DirEntry[str]) -> bytes:
    """The first bytes of a small executable file whose name has no ending; b"" for any other entry."""
    return b"" if "." in entry.name else beginning_of(entry.path)


def beginning_of(path: str) -> bytes:
    """The same for a path."""
    if "." in os.path.basename(path):
        return b""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or not found.st_mode & 0o111 or found.st_size > _LIMIT:
            return b""
        with open_regular(path, follow=False) as file:
            return file.read(_HEAD) or b""
    except (OSError, ValueError, UnreadableFile):
        return b""
