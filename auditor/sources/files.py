"""Files named on the command line or found below a directory, read safely. Knows names, no content."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import FileIO

from auditor.core.record import NamedTuple

DOCKERFILE_LIMIT = 5 * 1024 * 1024
MAX_ENTRIES = 500_000
_DEPENDENCIES = {"node_modules", "bower_components", "vendor", ".venv", "venv", ".yarn", ".pnpm-store", ".gradle"}
_TOOL_DATA = {"__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".terraform", ".direnv"}
SKIPPED_DIRECTORIES = frozenset({".git", ".hg", ".svn", ".jj"} | _DEPENDENCIES | _TOOL_DATA)
_BINARY_WINDOW = 8192
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOCTTY"))
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_STEMS = ("dockerfile", "containerfile")
_DOCUMENTS = (".dockerignore", ".containerignore", ".md", ".rst", ".txt", ".yml", ".yaml", ".json")
_PROGRAMS = (".py", ".js", ".go", ".sh")
_TEMPLATES = (".j2", ".erb", ".tmpl", ".tpl", ".template", ".in")
_OTHER_KINDS = (*_DOCUMENTS, *_PROGRAMS, *_TEMPLATES)


class Input(NamedTuple):
    """One file to examine: `data`, or the `error` that kept it from being read (exactly one of them is not None)."""

    path: str
    display: str
    data: bytes | None
    error: str | None


class Skipped(NamedTuple):
    """Something left out on purpose, and why."""

    path: str
    reason: str


#: Decides about an entry of a search by (entry, relative path, whether it is a directory): "" takes it, a reason
#: leaves it out, None leaves it out without a word.
Judge = Callable[["os.DirEntry[str]", str, bool], "str | None"]


class UnreadableFile(Exception):
    """A file cannot be used; the message is a short reason without the path."""


def is_dockerfile_name(path: str) -> bool:
    """Whether a path names a Dockerfile, as `Dockerfile`, `Containerfile`, `Dockerfile.dev` and `app.dockerfile` do.

    Documents, scripts and templates (`Dockerfile.md`, `Dockerfile.j2`) are left out: they only read like one.
    """
    name = path.rpartition("/")[2].lower()
    if name.endswith(_OTHER_KINDS):
        return False
    if any(name.endswith("." + stem) and len(name) > len(stem) + 1 for stem in _STEMS):
        return True
    return any(name == stem or name.startswith((stem + ".", stem + "_", stem + "-")) for stem in _STEMS)


def is_compose_name(path: str) -> bool:
    """Whether a path names a compose file, as `compose.yml`, `docker-compose.yaml` and `compose.prod.yml` do."""
    name = path.replace("\\", "/").rpartition("/")[2]
    if not name.endswith((".yml", ".yaml")):
        return False
    rest = name.removeprefix("docker-")
    return rest.startswith("compose") and rest[7] in ".-"


def is_source_name(path: str) -> bool:
    """Whether a path names a file that `audit lint` reads: a Dockerfile or a compose file."""
    return is_dockerfile_name(path) or is_compose_name(path)


def repository_root(path: str) -> str:
    """Absolute path of the nearest folder at or above `path` that holds `.git`, else of the folder of `path` itself."""
    absolute = os.path.abspath(path)
    start = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    folder = start
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return start
        folder = parent
    return folder


def read_regular(path: str, limit: int, *, follow: bool = True) -> bytes:
    """A regular file's bytes. Raises UnreadableFile for devices, pipes, links unless followed, more than `limit` bytes.

    Opened without blocking, so a named pipe cannot hang the run; the kind is checked on the open file, not on the name.
    """
    try:
        with open_regular(path, follow=follow) as file:
            if os.fstat(file.fileno()).st_size > limit:
                raise UnreadableFile(_too_large(limit))
            return _read_up_to(file.read, limit)
    except OSError as error:
        raise UnreadableFile(reason_of(error)) from None


def open_regular(path: str, *, follow: bool = True) -> FileIO:
    """A regular file, opened for reading without blocking. Raises UnreadableFile for everything else."""
    return FileIO(open_descriptor(path, follow=follow)[0], "r")


def open_descriptor(path: str, *, follow: bool = True, listed: bool = False) -> tuple[int, int]:
    """The same as a descriptor, with the file's size in bytes. `listed`: a listing of its folder has just said what it
    is, which saves a question."""
    try:
        # Opening a device may do something: what it is must be known before.
        if listed or stat.S_ISREG(os.stat(path, follow_symlinks=follow).st_mode):
            descriptor = os.open(path, _FLAGS if follow else _FLAGS | _NO_LINK)
            try:
                found = os.fstat(descriptor)
                if stat.S_ISREG(found.st_mode):
                    return descriptor, found.st_size
            except OSError:
                os.close(descriptor)
                raise
            os.close(descriptor)
        raise UnreadableFile("not a regular file")
    except (OSError, ValueError) as error:
        raise UnreadableFile(reason_of(error)) from None


def collect(
    paths: Iterable[str],
    *,
    exclude: Sequence[str] = (),
    is_wanted: Callable[[str], bool] = is_dockerfile_name,
    limit: int = DOCKERFILE_LIMIT,
    stdin_filename: str = "Dockerfile",
    skipped: list[Skipped] | None = None,
    is_program: Callable[[os.DirEntry[str]], bool] | None = None,
) -> Iterator[Input]:
    """Yield every input once, in order: named files always, `-` as standard input, wanted names below directories.

    `exclude` holds patterns in `.dockerignore` syntax, relative to the searched directory; one without a slash fits
    at any depth. `is_program` decides about entries that `is_wanted` does not want. What is left out is appended to
    `skipped`. Never raises for what it finds on disk.
    """
    notes = [] if skipped is None else skipped
    excluded = excluder(exclude)
    seen: set[str] = set()
    for path in paths:
        if path == "-":
            yield _standard_input(stdin_filename, limit)
        elif os.path.isdir(path):
            for found in search(path, judging(path, excluded, is_wanted, is_program), notes):
                yield from _once(found.path, limit, seen)
        else:
            yield from _once(path, limit, seen)


def _once(path: str, limit: int, seen: set[str]) -> Iterator[Input]:
    display = os.path.normpath(path) if path else path
    key = os.path.abspath(path)
    if key in seen:
        return
    seen.add(key)
    try:
        yield _checked(path, display, read_regular(path, limit))
    except UnreadableFile as error:
        yield Input(path, display, None, str(error))


def _standard_input(name: str, limit: int) -> Input:
    try:
        return _checked("-", name, _read_up_to(sys.stdin.buffer.read, limit))
    except UnreadableFile as error:
        return Input("-", name, None, str(error))
    except (OSError, ValueError) as error:
        return Input("-", name, None, reason_of(error))


def _checked(path: str, display: str, data: bytes) -> Input:
    if b"\0" in data[:_BINARY_WINDOW]:
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        return Input(path, display, None, "UTF-16 text; builders read UTF-8 only" if utf16 else "binary file")
    return Input(path, display, data, None)


def _read_up_to(read: Callable[[int], bytes | None], limit: int) -> bytes:
    """Read to the end, in as many calls as it takes. Raises UnreadableFile beyond `limit` bytes."""
    parts: list[bytes] = []
    room = limit + 1
    while room > 0 and (part := read(room)):
        parts.append(part)
        room -= len(part)
    if room <= 0:
        raise UnreadableFile(_too_large(limit))
    return b"".join(parts)


def _too_large(limit: int) -> str:
    return f"larger than {limit >> 20} MiB" if limit % (1 << 20) == 0 else f"larger than {limit:,} bytes"


def reason_of(error: OSError | ValueError) -> str:
    """Why the system refused, in a few words of lower case."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return "not a usable file name"


def excluder(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path, relative to a searched directory, fits patterns in `.dockerignore` syntax."""
    if not patterns:
        return lambda _: False
    from auditor.lang.ignorefile import parse  # start-up: only runs with --exclude need the matcher

    anywhere = [text if "/" in text.rstrip("/") else f"**/{text}" for text in patterns]
    return parse("\n".join(anywhere)).matches


def search(top: str, judge: Judge, notes: list[Skipped], most: int = 0) -> Iterator[os.DirEntry[str]]:
    """The entries below a directory that `judge` takes, each folder's files before its folders, by name.

    What is left out for a reason, what cannot be listed and what lies beyond `most` entries (0: MAX_ENTRIES) is noted.
    """
    most = most or MAX_ENTRIES
    pending = [""]
    room = most
    while pending:
        folder = pending.pop()
        entries = _entries(os.path.join(top, folder), room, most, notes)
        room -= len(entries)
        below: list[str] = []
        for entry in entries:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            is_directory = _is_directory(entry)
            reason = judge(entry, relative, is_directory)
            if reason:
                notes.append(Skipped(entry.path, reason))
            elif reason is not None and is_directory:
                below.append(relative)
            elif reason is not None:
                yield entry
        pending += reversed(below)
        if room <= 0 and pending:
            notes.append(Skipped(top, f"search stopped after {most} directory entries"))
            return


def _entries(folder: str, room: int, most: int, notes: list[Skipped]) -> list[os.DirEntry[str]]:
    """At most `room` entries of a directory, sorted by name; none, with a note, if it cannot be read."""
    entries: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if len(entries) >= room:
                    notes.append(Skipped(folder, f"search stopped after {most} directory entries"))
                    break
                entries.append(entry)
    except OSError as error:
        notes.append(Skipped(folder, reason_of(error)))
    return sorted(entries, key=lambda entry: entry.name)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def judging(
    top: str,
    excluded: Callable[[str], bool],
    is_wanted: Callable[[str], bool],
    is_program: Callable[[os.DirEntry[str]], bool] | None,
) -> Judge:
    """What a search below `top` for wanted files takes: no dependencies, no link to a directory, every file once."""

    def judge(entry: os.DirEntry[str], relative: str, is_directory: bool) -> str | None:
        if is_directory:
            if entry.is_symlink():
                return "link to a directory"
            if entry.name in SKIPPED_DIRECTORIES:
                return "directory of dependencies or tool data"
        elif not is_wanted(relative) and not (is_program is not None and is_program(entry)):
            return None
        if excluded(relative):
            return "excluded"
        return _link_reason(entry, top, is_wanted) if not is_directory and entry.is_symlink() else ""

    return judge


def _link_reason(entry: os.DirEntry[str], top: str, is_wanted: Callable[[str], bool]) -> str:
    target, root = os.path.realpath(entry.path), os.path.realpath(top)
    if not target.startswith(os.path.join(root, "")):
        return "link out of the searched directory"
    return "link to a file that is read by its own name" if is_wanted(target) and os.path.isfile(target) else ""
