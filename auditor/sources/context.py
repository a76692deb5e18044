"""The build context: which files of a folder the builder is sent, and safe access to them. Judges no content."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from auditor.core.record import NamedTuple
from auditor.lang.gopath import BadPattern, glob, has_wildcard, relative
from auditor.lang.ignorefile import IgnoreFile, ignore_file_for, parse
from auditor.sources.files import Skipped, UnreadableFile, read_regular

MAX_FILES = 200_000
_MAX_VISITS_PER_FILE = 10
_MAX_STEPS = 200_000_000
_IGNORE_FILE_LIMIT = 1024 * 1024
_MAX_LINKS = 40
_MAX_CANDIDATES = 40
_MAX_SOURCES = 200
#: Characters that stand for themselves in a pattern.
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_MAX_GLOB_ENTRIES = 5_000


class ContextFile(NamedTuple):
    """One entry that is sent: path below the root with `/`; size in bytes (0 unless a regular file)."""

    path: str
    size: int
    is_dir: bool
    is_link: bool


class _Level:
    """A directory on the way down: entries still to visit, ignore state, and its own entry until that is listed."""

    __slots__ = ("entries", "path", "state", "unlisted")

    def __init__(self, path: str, entries: list[os.DirEntry[str]], state: int, unlisted: ContextFile | None) -> None:
        self.path = path
        self.entries = iter(entries)
        self.state = state
        self.unlisted = unlisted


class BuildContext:
    """A folder seen through its ignore file. Reads only regular files inside the root; links are resolved inside it.

    `pending` are contents that files are to get, by path without links: what is read of them.
    """

    __slots__ = ("_files", "_listing", "ignore", "ignore_path", "max_files", "pending", "root", "skipped")

    def __init__(
        self, root: str, ignore: IgnoreFile | None = None, ignore_path: str | None = None, *, max_files: int = MAX_FILES
    ) -> None:
        self.root = root
        self.ignore = ignore
        self.ignore_path = ignore_path
        self.max_files = max_files
        self.skipped: list[Skipped] = []
        self.pending: dict[str, bytes] = {}
        self._listing: tuple[ContextFile, ...] | None = None
        self._files: list[str] | None = None

    @classmethod
    def open(cls, root: str, dockerfile_path: str, *, max_files: int = MAX_FILES) -> BuildContext:
        """The context of one Dockerfile, with the ignore file that applies; one that cannot be read is in `skipped`."""
        path = ignore_file_for(dockerfile_path, root)
        context = cls(root, None, path, max_files=max_files)
        if path is not None:
            try:
                data = read_regular(path, _IGNORE_FILE_LIMIT)
                context.ignore = parse(data.decode("utf-8", "surrogateescape"))
            except UnreadableFile as error:
                context.skipped.append(Skipped(path, str(error)))
        return context

    def walk(self) -> Iterator[ContextFile]:
        """What is sent, folder before content, by name. The folder is read once; what was left out is in `skipped`."""
        if self._listing is None:
            self._listing = tuple(self._visit())
        return iter(self._listing)

    def ignored(self, path: str) -> bool:
        """Whether the ignore file keeps this very path from being sent."""
        return self.ignore is not None and self.ignore.excludes(relative(path))

    def exists(self, path: str) -> bool:
        """Whether COPY would find the path: present below the root and sent, links resolved inside the root."""
        inner = self._resolve(path)
        if inner is None:
            return False
        if not self.ignored(inner):
            return True
        return any(entry.path == inner for entry in self.walk())

    def read(self, path: str, limit: int) -> bytes | None:
        """A sent regular file's bytes; None if there is none, it is ignored, or it is larger than `limit` bytes."""
        inner = self._resolve(path)
        if not inner or self.ignored(inner):
            return None
        if inner in self.pending:
            return self.pending[inner]
        try:
            return read_regular(os.path.join(self.root, inner), limit, follow=False)
        except UnreadableFile:
            return None

    def plain(self, path: str) -> str | None:
        """The path without links, each resolved inside the root; None if it does not exist."""
        return self._resolve(path)

    def select(self, pattern: str) -> list[str]:
        """Paths of the sent files a COPY source takes in (no directories), sorted; a directory stands for its tree."""
        fixed, wild = _split(relative(pattern))
        if not wild:
            inner = self._resolve(fixed)
            return [] if inner is None else self._tree(inner)
        base = self._resolve(fixed)
        if base is None:
            return []
        try:
            matcher = glob(wild)
        except BadPattern:
            return []
        chosen: set[str] = set()
        targets: set[str] = set()
        top = ""
        start = base + "/" if base else ""
        for entry in self.walk():
            if top and entry.path.startswith(top):
                if not entry.is_dir:
                    chosen.add(entry.path)
            elif entry.path.startswith(start) and matcher.match(entry.path, len(start)):
                if entry.is_dir:
                    top = entry.path + "/"
                elif not entry.is_link:
                    chosen.add(entry.path)
                elif (target := self._resolve(entry.path)) is not None:
                    targets.add(target)
        return sorted(chosen.union(self._trees(targets) if targets else ()))

    def _tree(self, top: str) -> list[str]:
        """Sent files that are this path or lie below it, sorted."""
        if self._files is None:
            self._files = sorted(entry.path for entry in self.walk() if not entry.is_dir)
        if not top:
            return list(self._files)
        at = bisect_left(self._files, top)
        if self._files[at : at + 1] == [top]:
            return [top]
        return self._files[bisect_left(self._files, top + "/") : bisect_left(self._files, top + "0")]

    def _trees(self, tops: set[str]) -> Iterator[str]:
        """Files that are one of these paths or lie below one."""
        inside = ""
        for entry in self.walk():
            if not (inside and entry.path.startswith(inside)):
                inside = entry.path + "/" if entry.path in tops else ""
            if not entry.is_dir and (inside or "" in tops):
                yield entry.path

    def _visit(self) -> Iterator[ContextFile]:
        """Walk as the build client does: an ignored folder is entered only if a `!` pattern may reach in."""
        visits, steps, room = self.max_files * _MAX_VISITS_PER_FILE, _MAX_STEPS, self.max_files
        levels = [_Level("", self._scan("", visits), 0, None)]
        while levels:
            level = levels[-1]
            entry = next(level.entries, None)
            if entry is None:
                levels.pop()
                continue
            visits -= 1
            found, ignored, state = self._look(level, entry)
            steps -= self.ignore.cost(found.path) if self.ignore else 0
            due = [] if ignored else [at.unlisted for at in levels if at.unlisted] + [found]
            if min(visits, steps) < 0 or len(due) > room:
                self.skipped.append(Skipped(found.path, f"listing stopped after {self.max_files - room} files"))
                return
            for at in levels if due else ():
                at.unlisted = None
            room -= len(due)
            yield from due
            if found.is_dir and not (ignored and self._sealed(found.path)):
                levels.append(_Level(found.path, self._scan(found.path, visits), state, found if ignored else None))

    def _look(self, level: _Level, entry: os.DirEntry[str]) -> tuple[ContextFile, bool, int]:
        path = f"{level.path}/{entry.name}" if level.path else entry.name
        try:
            found = entry.stat(follow_symlinks=False)
            mode, size = found.st_mode, found.st_size
        except OSError:
            mode, size = stat.S_IFREG, 0
            self.skipped.append(Skipped(path, "size unknown"))
        file = ContextFile(path, size if stat.S_ISREG(mode) else 0, stat.S_ISDIR(mode), stat.S_ISLNK(mode))
        if self.ignore is None:
            return file, False, 0
        return file, *self.ignore.decide(path, level.state)

    def _sealed(self, directory: str) -> bool:
        return self.ignore is None or not self.ignore.may_reopen_below(directory)

    def _scan(self, folder: str, room: int) -> list[os.DirEntry[str]]:
        """Entries by name, one more than there is room for, so that the walk notices its limit."""
        entries: list[os.DirEntry[str]] = []
        try:
            with os.scandir(os.path.join(self.root, folder)) as found:
                for entry in found:
                    entries.append(entry)
                    if len(entries) > room:
                        break
        except OSError as error:
            self.skipped.append(Skipped(folder or ".", f"directory not readable: {error.strerror}"))
        return sorted(entries, key=lambda entry: entry.name)

    def _resolve(self, path: str) -> str | None:
        """The path without links, each resolved as if the root were `/`; None if it does not exist."""
        waiting = _parts(relative(path))
        done: list[str] = []
        links = 0
        try:
            while waiting:
                name = waiting.pop()
                if name == "..":
                    del done[-1:]
                    continue
                full = os.path.join(self.root, *done, name)
                if not stat.S_ISLNK(os.lstat(full).st_mode):
                    done.append(name)
                    continue
                links += 1
                target = os.readlink(full)
                if links > _MAX_LINKS:
                    return None
                done = [] if target.startswith("/") else done
                waiting += _parts(target)
        except (OSError, ValueError):
            return None
        return "/".join(done)


def guess_context(dockerfile_path: str, sources: Iterable[str], stop: str) -> str:
    """The folder a Dockerfile is probably built from: where most of its COPY sources exist, the nearest on a tie.

    Looked at: the Dockerfile's folder and those above it up to `stop`. Sources that say nothing about the folder (`.`,
    URLs, unexpanded variables) do not count; of a wildcard source only the first wildcard part is tried.
    """
    folder = os.path.dirname(os.path.abspath(dockerfile_path))
    telling = [source for source in list(sources)[:_MAX_SOURCES] if _is_telling(source)]
    best, most = folder, 0
    for candidate in _folders(folder, os.path.abspath(stop)):
        count = sum(_is_present(candidate, source) for source in telling)
        if count > most or (candidate == folder and count == most):
            best, most = candidate, count
    return best


def _folders(folder: str, stop: str) -> list[str]:
    result = [folder]
    while result[-1] != stop and len(result) < _MAX_CANDIDATES:
        parent = os.path.dirname(result[-1])
        if parent == result[-1]:
            return [folder]
        result.append(parent)
    return result


def _is_telling(source: str) -> bool:
    return not ("://" in source or "$" in source or source.startswith(("<<", "git@")) or relative(source) == "")


def _is_present(folder: str, source: str) -> bool:
    fixed, wild = _split(relative(source))
    base = os.path.join(folder, fixed)
    try:
        if not wild:
            return os.path.lexists(base)
        pattern = wild.partition("/")[0]
        matcher, plain = glob(pattern), pattern[: len(pattern) - len(pattern.lstrip(_PLAIN))]
        with os.scandir(base) as entries:
            names = (entry.name for entry, _ in zip(entries, range(_MAX_GLOB_ENTRIES), strict=False))
            return any(name.startswith(plain) and matcher.match(name) for name in names)
    except (OSError, ValueError):
        return False


def _split(path: str) -> tuple[str, str]:
    """A path's leading part without wildcards, and the rest."""
    parts = path.split("/")
    at = next((at for at, part in enumerate(parts) if has_wildcard(part)), len(parts))
    return "/".join(parts[:at]), "/".join(parts[at:])


def _parts(path: str) -> list[str]:
    """Parts of a path, last first, as a stack of names still to be entered."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]
