"""Where paths lead, for files that a repository under audit names itself."""

from __future__ import annotations

import os

from auditor.core.errors import UsageError


def is_below(path: str, folder: str) -> bool:
    """Whether a path leads into the folder (or to it), links followed."""
    return is_within(os.path.realpath(path), os.path.realpath(folder))


def is_within(path: str, folder: str) -> bool:
    """Whether an absolute path is that of the folder, or of something in it, as it is written."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def near(path: str) -> str:
    """A path as somebody in the current folder would call it: relative where it lies below that."""
    try:
        beside = os.path.relpath(path)
    except (OSError, ValueError):  # another drive; a current folder that is gone
        return path
    return path if beside == os.pardir or beside.startswith(os.pardir + os.sep) else beside


def inside(config: str, path: str, where: str) -> str:
    """`path` relative to the configuration file. Raises UsageError where it leads out of that file's folder."""
    if "\0" in path:
        raise UsageError(f"{where}: a path has no null character")
    folder, joined = os.path.dirname(config), os.path.normpath(path)
    outside = os.path.isabs(joined) or joined.split(os.sep)[0] == os.pardir
    if outside or not is_below(os.path.join(folder, joined), folder or os.curdir):
        raise UsageError(f"{where}: must lie below the configuration file; other places on the command line only")
    return os.path.join(folder, joined)
