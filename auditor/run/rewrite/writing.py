"""Writes the files of one rewrite: all of them, or none.

Every file is written whole beside its old self and takes its place by a rename: a reader sees the old bytes or the new
ones, and a failure leaves the old ones. Before the first rename all new files lie ready on the disk, and each old one
of several has a second name, from which it comes back if a later rename fails.
"""

from __future__ import annotations

import os
import stat

from auditor.core.places import is_below
from auditor.core.record import TYPE_CHECKING
from auditor.run.rewrite.attributes import copy_attributes
from auditor.sources.files import UnreadableFile, open_regular, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.run.rewrite.outcome import FileChange

CHANGED = "changed while it was being fixed; nothing was written"
_OLD_MODE = 0o600
_NEW_MODE = 0o666
_NEW_PROGRAM = 0o777
_METADATA = (".git", ".hg", ".svn", ".jj")
_RANDOM_BYTES = 8


class WriteError(Exception):
    """The files could not be written, and are as they were. The message is one sentence that names the file."""


def write(changes: Sequence[FileChange], roots: Sequence[str]) -> None:
    """Write all changes, or raise WriteError with every file as it was. `roots` are the folders of the run: a link, or
    a path, that leads out of them is not followed."""
    files = [_File(change, roots) for change in changes if change.before != change.after]
    try:
        for file in files:
            file.prepare()
        _check_apart(files)
        for file in files:
            file.save(backup=len(files) > 1)
        _rename(files)
    finally:
        for file in files:
            file.clean_up()
    for folder in {os.path.dirname(file.path) for file in files}:
        _sync_folder(folder)


def encoded(text: str) -> bytes:
    """The bytes of a file from its text as `FileChange` has it."""
    return text.encode("utf-8", "surrogateescape")


def _check_apart(files: list[_File]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.path in seen:
            raise WriteError(f"{file.shown}: is the same file as {seen[file.path]}, and would be written twice")
        seen[file.path] = file.shown


def _rename(files: list[_File]) -> None:
    done: list[_File] = []
    try:
        for file in files:
            file.check_unchanged()
        for file in files:
            done.append(file)
            file.replace()
    except BaseException as error:
        kept = [message for file in reversed(done) if (message := file.put_back())]
        if kept and isinstance(error, WriteError):
            raise WriteError(f"{error}; {'; '.join(kept)}") from None
        raise


class _File:
    """One file on its way: `path` is where it really lies, `shown` what the user calls it."""

    def __init__(self, change: FileChange, roots: Sequence[str]) -> None:
        self.shown = change.path
        self.path = change.path
        self._roots = roots
        self._before = None if change.before is None else encoded(change.before)
        self._after = encoded(change.after)
        self._scratch = ""
        self._backup = ""
        self._state: os.stat_result | None = None
        self._in_place = False

    def prepare(self) -> None:
        """Find the file and see that it can be replaced."""
        if not self._is_inside(os.path.dirname(self.shown) or os.curdir):
            raise self._error("lies out of the tree that is being fixed")
        link = os.path.islink(self.shown)
        self.path = os.path.realpath(self.shown)
        if not self._is_inside(self.path):
            raise self._error("is a link that leads out of the tree that is being fixed")
        if any(part.lower() in _METADATA for part in self.path.split(os.sep)):
            raise self._error("belongs to the version control")
        if self._before is None:
            if link or os.path.lexists(self.path):
                raise self._error("is there already, and would be overwritten")
        else:
            self._state = self._examined(self._before)
        self._check_folder()

    def _examined(self, before: bytes) -> os.stat_result:
        """The state of the old file, which must hold what was analysed."""
        try:
            with open_regular(self.path, follow=False) as file:
                state = os.fstat(file.fileno())
                same = state.st_size == len(before) and _content(file.fileno(), len(before)) == before
        except UnreadableFile as error:
            raise self._error(f"cannot be read: {error}") from None
        except OSError as error:
            raise self._error(f"cannot be read: {reason_of(error)}") from None
        if not same:
            raise self._error(CHANGED)
        # The bits, not a try: root may write everywhere.
        if not state.st_mode & stat.S_IWUSR or not os.access(self.path, os.W_OK):
            raise self._error("is read-only")
        if state.st_nlink > 1:
            raise self._error(f"has {state.st_nlink} names (hard links), and only one of them would change")
        return state

    def _check_folder(self) -> None:
        folder = os.path.dirname(self.path)
        try:
            mode = os.stat(folder).st_mode
        except OSError as error:
            raise self._error(f"cannot be written: its folder: {reason_of(error)}") from None
        if not mode & stat.S_IWUSR or not os.access(folder, os.W_OK):
            raise self._error("cannot be written: its folder is read-only")

    def save(self, *, backup: bool) -> None:
        """Write the new content beside the old; with `backup` give the old one a second name."""
        program = self._after.startswith(b"#!")
        mode = _OLD_MODE if self._state is not None else _NEW_PROGRAM if program else _NEW_MODE
        try:
            self._scratch = self._beside()
            handle = _create(self._scratch, mode)
            try:
                _write_all(handle, self._after)
                if self._state is not None:
                    copy_attributes(self.path, self._state, handle, self._scratch)
                os.fsync(handle)
            finally:
                os.close(handle)
            if backup and self._before is not None:
                self._save_backup(self._before)
        except OSError as error:
            raise self._error(f"cannot be written: {reason_of(error)}") from None

    def _save_backup(self, before: bytes) -> None:
        self._backup = self._beside()
        try:
            os.link(self.path, self._backup, follow_symlinks=False)
        except (OSError, NotImplementedError):  # file systems without hard links, and files of others
            handle = _create(self._backup, _OLD_MODE)
            try:
                _write_all(handle, before)
                if self._state is not None:
                    copy_attributes(self.path, self._state, handle, self._backup)
                os.fsync(handle)
            finally:
                os.close(handle)

    def check_unchanged(self) -> None:
        """Raise WriteError where the old file is not the one that was examined."""
        if self._state is None:
            return
        try:
            now = os.lstat(self.path)
        except OSError:
            raise self._error(CHANGED) from None
        if _identity(now) != _identity(self._state):
            raise self._error(CHANGED)

    def replace(self) -> None:
        """Let the new file take its place."""
        try:
            if self._state is None:
                self._place_new()
                self._in_place = True
            else:
                self._in_place = True  # even if an interrupt comes right after the rename
                os.replace(self._scratch, self.path)
        except FileExistsError:
            raise self._error("has appeared in the meantime, and would be overwritten") from None
        except OSError as error:
            raise self._error(f"cannot be written: {reason_of(error)}") from None

    def _place_new(self) -> None:
        try:
            os.link(self._scratch, self.path)  # unlike a rename it never overwrites
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):
            if os.path.lexists(self.path):
                raise FileExistsError from None
            os.replace(self._scratch, self.path)

    def put_back(self) -> str:
        """Undo `replace`; where that fails, a part of a sentence that says where the old content is."""
        if not self._in_place or (self._before is not None and not self._backup):
            return ""
        try:
            if self._before is None:
                os.unlink(self.path)
            else:
                os.replace(self._backup, self.path)
        except OSError as error:
            kept, self._backup = self._backup, ""
            where = f", its content is in {kept}" if kept else ""
            return f"{self.shown} could not be put back ({reason_of(error)}){where}"
        return ""

    def clean_up(self) -> None:
        """Remove what was made beside the file."""
        for path in (self._scratch, self._backup):
            if path:
                try:
                    os.unlink(path)
                except OSError:
                    continue

    def _is_inside(self, path: str) -> bool:
        return any(is_below(path, root) for root in self._roots)

    def _beside(self) -> str:
        folder, name = os.path.split(self.path)
        return os.path.join(folder, f".{name[:40]}.{os.urandom(_RANDOM_BYTES).hex()}.tmp")

    def _error(self, reason: str) -> WriteError:
        return WriteError(f"{self.shown}: {reason}")


def _create(path: str, mode: int) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    return os.open(path, flags, mode)


def _write_all(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _content(handle: int, size: int) -> bytes:
    """At most one byte more than `size`, which tells a file that has grown."""
    parts: list[bytes] = []
    room = size + 1
    while room > 0 and (part := os.read(handle, room)):
        parts.append(part)
        room -= len(part)
    return b"".join(parts)


def _identity(state: os.stat_result) -> tuple[int, ...]:
    return (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)


def _sync_folder(folder: str) -> None:
    """A rename is on the disk when its folder is. Where that cannot be asked for, it happens a little later."""
    try:
        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
