"""Paths as they stand in a baseline, of ours or of detect-secrets: relative to its folder, with "/"."""

from __future__ import annotations

import os

from auditor.core.pattern import Pattern

#: No system has longer ones; to resolve the links of one takes the square of its length.
_LONGEST_PATH = 8_192
#: How git names what it stores differs from clone to clone; a secret in there is one entry.
_GIT_STORE = Pattern(r"((?:.*/)?)\.git/(?:modules/.+?/)?objects(?=/|$)")


def folder_of(path: str) -> str:
    """The folder to which the paths in a baseline are relative: its own, links resolved."""
    return os.path.dirname(_real(path))


def path_key(path: str, folder: str) -> str:
    """A path as it is written in a baseline: relative to `folder`, with "/"."""
    if len(path) > _LONGEST_PATH:
        return path
    try:
        return _slashes(os.path.relpath(_real(path), folder))
    except ValueError:  # another drive
        return _slashes(path)


def entry_key(path: str, folder: str) -> str:
    """`path_key` of a path that stands in a baseline of this folder."""
    return path_key(os.path.join(folder, _slashes(path)), folder)


class Keys:
    """`path_key` and `entry_key` for a baseline in this folder, of many paths: links of folders are resolved once."""

    __slots__ = ("_folders", "folder")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._folders: dict[str, str] = {}

    def path(self, path: str) -> str:
        """As `path_key`."""
        above, name = os.path.split(path)
        if len(path) > _LONGEST_PATH or name in ("", os.curdir, os.pardir) or "\0" in path:
            return path_key(path, self.folder)
        if above not in self._folders:
            self._folders[above] = _real(above)
        real = os.path.join(self._folders[above], name)
        try:
            if os.path.islink(real):
                real = _real(real)
        except (OSError, ValueError):
            return path_key(path, self.folder)
        inside = self.folder.rstrip(os.sep) + os.sep
        return _slashes(real[len(inside) :]) if real.startswith(inside) else path_key(real, self.folder)

    def entry(self, path: str) -> str:
        """As `entry_key`."""
        return self.path(os.path.join(self.folder, _slashes(path)))


def stored(path: str) -> str:
    """A path of a baseline without what is different in every clone of a git repository."""
    found = _GIT_STORE.match(path)
    return found[0] if found else path


def repository_of(path: str) -> str | None:
    """Of a path in what git stores: the folder of the repository, "" or with "/" at its end; of others None."""
    found = _GIT_STORE.match(path)
    return found[1] if found else None


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.abspath(path)


def _slashes(path: str) -> str:
    return path.replace("\\", "/")
