"""What a file has besides its content: mode, owner, extended attributes; taken over by the file that replaces it."""

from __future__ import annotations

import os
import stat
import sys


def copy_attributes(old: str, state: os.stat_result, handle: int, new: str) -> None:
    """Give the open file `handle` (called `new`) what the file `old` with this state has.

    The owner is kept where the system lets us. Raises OSError where the mode cannot be kept.
    """
    _copy_owner(state, handle)
    # After the owner, whose change takes bits away.
    os.chmod(handle if os.chmod in os.supports_fd else new, stat.S_IMODE(state.st_mode))
    if sys.platform == "linux":
        _copy_extended(old, handle)


def _copy_owner(state: os.stat_result, handle: int) -> None:
    if sys.platform == "win32":
        return
    now = os.fstat(handle)
    for user, group in ((state.st_uid, -1), (-1, state.st_gid)):
        if user in (-1, now.st_uid) and group in (-1, now.st_gid):
            continue
        try:
            os.fchown(handle, user, group)
        except OSError:
            continue  # only root may give files away


def _copy_extended(old: str, handle: int) -> None:
    """Access lists and labels, as far as the file system has them and we may set them."""
    if sys.platform != "linux":
        return
    try:
        names = os.listxattr(old, follow_symlinks=False)
    except OSError:
        return
    for name in names:
        try:
            os.setxattr(handle, name, os.getxattr(old, name, follow_symlinks=False))
        except OSError:
            continue
