"""The private folder of a proof: Dockerfiles, secrets, a context with the new files. Gone when the proof is."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.lang.ignorefile import parse
from auditor.run.proving.shapes import ProofError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.lang.ignorefile import IgnoreFile

#: An empty file would count as none, and the context's own would be read instead.
_NOTHING_IGNORED = "# nothing\n"


class Room:
    """A folder that only this user can read. Use as a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="audit-prove-")
        self.path = os.path.realpath(self._folder.name)

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_error: object) -> None:
        self._folder.cleanup()

    def dockerfile(self, side: str, content: bytes, ignored: str | None) -> str:
        """Write a Dockerfile, and beside it the ignore file that counts for it."""
        folder = os.path.join(self.path, side)
        os.mkdir(folder, 0o700)
        path = os.path.join(folder, "Dockerfile")
        _write(path, content)
        _write(f"{path}.dockerignore", encoded(ignored or "") or _NOTHING_IGNORED.encode())
        return path

    def secret(self, name: str, content: bytes) -> str:
        """Write a secret; the name of its file is not its id, which may be anything."""
        path = os.path.join(self.path, name)
        _write(path, content)
        return path

    def context(self, original: str, files: Mapping[str, str], ignored: str | None) -> str:
        """A copy of a build context with these files in it; what is ignored is left out.

        Raises ProofError for what cannot be read, and for a file that would lie outside.
        """
        copy = os.path.join(self.path, "context")
        try:
            _copy_folder(original, copy, "", parse(ignored or ""))
            for path, text in files.items():
                _add(copy, path, text)
        except OSError as error:
            raise ProofError(f"the build context cannot be copied: {error.strerror}") from None
        return copy


def _write(path: str, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        file.write(content)


def _copy_folder(original: str, copy: str, path: str, ignored: IgnoreFile) -> None:
    os.mkdir(copy)
    with os.scandir(original) as entries:
        for entry in entries:
            below = f"{path}/{entry.name}" if path else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if ignored.matches(below) and not (is_folder and ignored.may_reopen_below(below)):
                continue
            place = os.path.join(copy, entry.name)
            if is_folder:
                _copy_folder(entry.path, place, below, ignored)
            elif entry.is_symlink():
                os.symlink(os.readlink(entry.path), place)
            elif entry.is_file(follow_symlinks=False):
                shutil.copy2(entry.path, place, follow_symlinks=False)
    shutil.copystat(original, copy)


def _add(root: str, path: str, text: str) -> None:
    """Put a file into the copy, in the place of another one if there is one; it keeps that one's mode."""
    parts = path.split("/")
    if os.path.isabs(path) or any(part in ("", ".", "..") for part in parts):
        raise ProofError(f"{path}: not a path inside of the build context")
    folder = root
    for part in parts[:-1]:
        folder = os.path.join(folder, part)
        if os.path.islink(folder):
            raise ProofError(f"{path}: a symbolic link leads there")
        os.makedirs(folder, exist_ok=True)
    place = os.path.join(folder, parts[-1])
    mode = 0o755 if text.startswith("#!") else 0o644
    if os.path.lexists(place):
        found = os.lstat(place).st_mode
        mode = stat.S_IMODE(found) if stat.S_ISREG(found) else mode
        os.unlink(place)
    _write(place, encoded(text))
    os.chmod(place, mode)
