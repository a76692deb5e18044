"""The pieces of a tar of a directory, made while it is walked: no link is followed, no device is read."""

from __future__ import annotations

import errno
import os
import stat
from itertools import islice

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images import tarmaking
from auditor.sources.images.model import Problem

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

#: Bounds: folders in folders (one open handle each), names of one folder that are sorted at a time, hard links that are
#: known as such, problems that are told one by one, extents of a sparse file.
_DEEPEST, _SORTED, _MOST_LINKS, _MOST_PROBLEMS, _MOST_EXTENTS = 200, 100_000, 1_000_000, 1_000, 10_000
#: Holes are left out of a file that has more of them, in bytes.
_LARGEST_HOLES = 64 << 20
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_OVERLAY = ("trusted.overlay.", "user.overlay.")


class Body(NamedTuple):
    """Content of an open file: the extents (offset, length) that are read, and its name for problems."""

    handle: int
    extents: Sequence[tuple[int, int]]
    name: str


class _Folder(NamedTuple):
    """A folder that is being read: its handle, its path with a final slash, and the names still to come."""

    handle: int
    path: str
    names: Iterator[str]


class Walk:
    """Makes the pieces of a tar: bytes, and bodies that the reader copies itself."""

    def __init__(self, overlay: bool, problems: list[Problem]) -> None:
        self._overlay = overlay
        self._problems = problems
        self._links: dict[tuple[int, int], str] = {}
        self._device = -1
        self._unsaid = 0

    def pieces(self, handle: int) -> Generator[bytes | Body, None, None]:
        """Everything below the folder with this handle, which is closed in the end."""
        stack = [_Folder(handle, "", self._names(handle, ""))]
        try:
            self._device = os.fstat(handle).st_dev
            if self._overlay and self._hides(handle):
                yield tarmaking.header(_OPAQUE.encode(), tarmaking.REGULAR)
            while stack:
                folder = stack[-1]
                name = next(folder.names, None)
                if name is None:
                    os.close(stack.pop().handle)
                    continue
                try:
                    inner = yield from self._entry(folder, name)
                except (OSError, ValueError) as error:
                    self._problem(folder.path + name, getattr(error, "strerror", None) or "cannot be read")
                    continue
                if inner is None:
                    continue
                if len(stack) >= _DEEPEST:
                    os.close(inner.handle)
                    self._problem(inner.path, f"not read: nested deeper than {_DEEPEST} folders")
                    continue
                stack.append(inner)
            yield bytes(2 * tarmaking.BLOCK)
        finally:
            for folder in stack:
                os.close(folder.handle)
            if self._unsaid:
                self._problems.append(Problem("files", f"{self._unsaid:,} more could not be read"))

    def _problem(self, part: str, message: str) -> None:
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(Problem(part, message))
        else:
            self._unsaid += 1

    def _names(self, handle: int, path: str) -> Iterator[str]:
        """The names in a folder, sorted; in parts if they are very many."""
        try:
            with os.scandir(handle) as scan:
                while some := sorted(item.name for item in islice(scan, _SORTED)):
                    yield from some
        except OSError as error:
            self._problem(path or ".", error.strerror or "cannot be read")

    def _entry(self, folder: _Folder, name: str) -> Generator[bytes | Body, None, _Folder | None]:
        """One name in a folder; gives back the folder that it is, opened."""
        status = os.stat(name, dir_fd=folder.handle, follow_symlinks=False)
        path = folder.path + name
        if stat.S_ISDIR(status.st_mode):
            return (yield from self._folder(folder, name, status))
        if stat.S_ISREG(status.st_mode):
            yield from self._file(folder, name)
        elif stat.S_ISLNK(status.st_mode):
            target = os.readlink(name, dir_fd=folder.handle)
            yield _header(path, tarmaking.SYMLINK, status, link=target)
        elif stat.S_ISCHR(status.st_mode) and self._overlay and status.st_rdev == 0:
            yield _header(f"{folder.path}{_WHITEOUT}{name}", tarmaking.REGULAR, status)
        elif stat.S_ISCHR(status.st_mode):
            yield _header(path, tarmaking.CHARACTER, status)
        elif stat.S_ISBLK(status.st_mode):
            yield _header(path, tarmaking.DEVICE, status)
        elif stat.S_ISFIFO(status.st_mode):
            yield _header(path, tarmaking.PIPE, status)
        return None

    def _folder(self, folder: _Folder, name: str, status: os.stat_result) -> Generator[bytes, None, _Folder | None]:
        path = f"{folder.path}{name}/"
        if status.st_dev != self._device:
            yield _header(path, tarmaking.FOLDER, status)
            self._problem(path, "not read: another file system is mounted there")
            return None
        try:
            handle = os.open(name, _FOLDER, dir_fd=folder.handle)
        except OSError:
            yield _header(path, tarmaking.FOLDER, status)
            raise
        try:
            yield _header(path, tarmaking.FOLDER, os.fstat(handle), attributes=_attributes(handle))
            if self._overlay and self._hides(handle):
                yield tarmaking.header(os.fsencode(path + _OPAQUE), tarmaking.REGULAR)
        except BaseException:
            os.close(handle)
            raise
        return _Folder(handle, path, self._names(handle, path))

    def _hides(self, handle: int) -> bool:
        """Whether an upper directory hides what lower ones hold."""
        return any(_attribute(handle, f"{prefix}opaque") == b"y" for prefix in _OVERLAY)

    def _file(self, folder: _Folder, name: str) -> Iterator[bytes | Body]:
        path = folder.path + name
        handle = os.open(name, _FILE, dir_fd=folder.handle)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "changed while it was read")
            if status.st_nlink > 1 and (known := self._known(status, path)):
                yield _header(path, tarmaking.LINK, status, link=known)
                return
            attributes = _attributes(handle)
            if self._overlay and not status.st_size and _is_whiteout(handle):
                yield _header(f"{folder.path}{_WHITEOUT}{name}", tarmaking.REGULAR, status)
                return
            extents = _extents(handle, status)
            size = sum(length for _, length in extents)
            yield _header(path, tarmaking.REGULAR, status, size=size, attributes=attributes)
            if size:
                yield Body(handle, extents, path)
                yield tarmaking.padding(size)
        finally:
            os.close(handle)

    def _known(self, status: os.stat_result, path: str) -> str:
        """The path under which a file with several names came before; "" if this is the first."""
        key = (status.st_dev, status.st_ino)
        if key not in self._links and len(self._links) < _MOST_LINKS:
            self._links[key] = path
            return ""
        return self._links.get(key, "")


def _header(
    path: str,
    kind: bytes,
    status: os.stat_result,
    *,
    size: int = 0,
    link: str = "",
    attributes: Mapping[str, bytes] | None = None,
) -> bytes:
    return tarmaking.header(
        os.fsencode(path),
        kind,
        size=size,
        mode=status.st_mode,
        owner=(status.st_uid, status.st_gid),
        modified=int(status.st_mtime),
        link=os.fsencode(link),
        device=(os.major(status.st_rdev), os.minor(status.st_rdev)),
        attributes=attributes,
    )


def _attributes(handle: int) -> dict[str, bytes]:
    """Extended attributes that belong to the file, not to the machine that it lies on."""
    if not hasattr(os, "listxattr"):
        return {}
    try:
        names = os.listxattr(handle)
    except OSError:
        return {}
    return {
        name: value
        for name in names
        if not name.startswith((*_OVERLAY, "security.selinux")) and (value := _attribute(handle, name))
    }


def _attribute(handle: int, name: str) -> bytes:
    try:
        return os.getxattr(handle, name) if hasattr(os, "getxattr") else b""
    except OSError:
        return b""


def _is_whiteout(handle: int) -> bool:
    """Whether an empty file is a whiteout of the newer form, which needs no device."""
    if not hasattr(os, "listxattr"):
        return False
    try:
        return any(f"{prefix}whiteout" in os.listxattr(handle) for prefix in _OVERLAY)
    except OSError:
        return False


def _extents(handle: int, status: os.stat_result) -> list[tuple[int, int]]:
    """Where a file has content: all of it, unless it has very large holes."""
    size = status.st_size
    whole = [(0, size)]
    if size - status.st_blocks * 512 <= _LARGEST_HOLES or not hasattr(os, "SEEK_DATA"):
        return whole
    found: list[tuple[int, int]] = []
    at = 0
    try:
        while at < size and len(found) < _MOST_EXTENTS:
            start = os.lseek(handle, at, os.SEEK_DATA)
            at = min(os.lseek(handle, start, os.SEEK_HOLE), size)
            if start < at:
                found.append((start, at - start))
    except OSError as error:
        # ENXIO: only a hole follows.
        return found if error.errno == errno.ENXIO else whole
    return [*found, (at, size - at)] if at < size else found
