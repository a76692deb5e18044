"""Which program starts a container, what runs it, and with which C library: ELF headers, `#!` lines, PATH."""

from __future__ import annotations

import posixpath
import struct

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.overriding.facts import DYNAMIC, GLIBC, MISSING, MUSL, NO_LIBC, SCRIPT, STATIC, UNKNOWN, Program
from auditor.fixes.starters import HANDING_OVER, SHELLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.run.wrapping.filesystem import FileSystem, Place

#: Docker's, where the image sets no PATH.
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_STEPS = 5
_MOST_FOLDERS = 50
_MOST_WORDS = 20
_SHEBANG = Pattern(r"#![ \t]*(?P<program>[^\s]+)(?:[ \t]+(?P<rest>[^\n]*?))?[ \t]*(?:\r?\n|\Z)")
_ASSIGNED = Pattern(r"\w+=")
_INTERP, _LONGEST_LOADER = 3, 1000
#: name of the header's class -> (bytes of the file header that matter, of one program header, their structures)
_FORMS = {1: ("IIIIIHHH", "IIIIIIII"), 2: ("IQQQIHHH", "IIQQQQQQ")}
_LONGEST_OS = 120


class Programs:
    """Programs of one image. `path` is its PATH, `workdir` where the container begins."""

    def __init__(self, files: FileSystem, path: str, workdir: str) -> None:
        self._files = files
        self._folders = [one for one in path.split(":") if one.startswith("/")][:_MOST_FOLDERS]
        self._workdir = workdir if workdir.startswith("/") else f"/{workdir}"

    def place(self, name: str) -> Place | None:
        """The file that a word names as a program."""
        if "/" in name:
            return self._files.file(posixpath.join(self._workdir, name))
        return next((found for one in self._folders if name and (found := self._files.file(f"{one}/{name}"))), None)

    def program(self, name: str) -> Program:
        """What a word starts. Raises filesystem.Needed."""
        place = self.place(name)
        if place is None:
            return Program(name)
        head = self._files.head(place)
        kind, loader = elf(head)
        if kind == SCRIPT:
            loader = self._loader_behind(head)
        return Program(name, f"/{place.path}", kind, loader)

    def script(self, words: Sequence[str]) -> str:
        """The text of the shell script that the words of a command start; "" for none. Raises filesystem.Needed."""
        for word in words[:_MOST_WORDS]:
            place = None if word.startswith("-") else self.place(word)
            head = self._files.head(place) if place is not None else b""
            if head.startswith(b"#!"):
                runs = _interpreter(head)
                return head.decode("utf-8", "replace") if any(is_shell(one) for one in runs) else ""
            base = posixpath.basename(word)
            if word == "-c" or not (base in HANDING_OVER or word.startswith("-")):
                return ""
        return ""

    def _loader_behind(self, head: bytes) -> str:
        """The loader of the program that runs a script, over `#!` lines that lead to others."""
        for _ in range(_MOST_STEPS):
            place = next((found for one in _interpreter(head) if (found := self.place(one))), None)
            if place is None:
                return ""
            head = self._files.head(place)
            kind, loader = elf(head)
            if kind != SCRIPT:
                return loader
        return ""


def is_shell(program: str) -> bool:
    """Whether a program's name is that of a shell."""
    return posixpath.basename(program) in SHELLS


def _interpreter(head: bytes) -> Iterator[str]:
    """The programs that a `#!` line may mean, the one that reads the script first: what `env` starts, or its own."""
    match = _SHEBANG.match(head[:4096].decode("utf-8", "replace"))
    if match is None:
        return
    if posixpath.basename(match["program"]) == "env":
        for word in (match["rest"] or "").split():
            if not word.startswith("-") and not _ASSIGNED.match(word):
                yield word
                return
    yield match["program"]


def elf(head: bytes) -> tuple[str, str]:
    """What a file is by its first bytes: its kind, and the loader that it asks for."""
    if head.startswith(b"#!"):
        return SCRIPT, ""
    if not head.startswith(b"\x7fELF") or len(head) < 64 or head[4] not in _FORMS or head[5] not in (1, 2):
        return (UNKNOWN if head else MISSING), ""
    order = "<" if head[5] == 1 else ">"
    file_form, part_form = _FORMS[head[4]]
    fields = struct.unpack_from(f"{order}{file_form}", head, 20)
    table, size, count = fields[2], fields[6], fields[7]
    length = struct.calcsize(f"{order}{part_form}")
    if size < length or table + size * count > len(head):
        return UNKNOWN, ""
    for number in range(count):
        part = struct.unpack_from(f"{order}{part_form}", head, table + number * size)
        if part[0] != _INTERP:
            continue
        start, stored = (part[1], part[4]) if head[4] == 1 else (part[2], part[5])
        text = head[start : start + min(stored, _LONGEST_LOADER)].split(b"\0")[0]
        return DYNAMIC, text.decode("utf-8", "replace")
    return STATIC, ""


def libc_of(loader: str) -> str:
    """The C library that a loader belongs to; "" for another one."""
    name = posixpath.basename(loader)
    if "musl" in name:
        return MUSL
    return GLIBC if name.startswith(("ld-linux", "ld64.so", "ld.so", "ld-2.")) else ""


def libc(files: FileSystem, program: Program, shell: Program, system: str) -> tuple[str, str, tuple[str, ...]]:
    """The C library of an image, why that one, and the loaders that are there."""
    found: dict[str, str] = {}
    for path in files.loaders():
        place = files.file(path)
        # Alpine's libc6-compat and gcompat put a link or a shim of theirs where the other loader would be.
        real = posixpath.basename(place.path) if place is not None else ""
        known = MUSL if "musl" in real else "" if "gcompat" in real else libc_of(path)
        if known:
            found.setdefault(path, known)
    kinds = sorted(set(found.values()))
    paths = tuple(found)
    if not kinds:
        return NO_LIBC, "no loader of a C library is in the image", paths
    if len(kinds) == 1:
        return kinds[0], f"the loader {paths[0]}", paths
    for one, what in ((program, "what starts the container"), (shell, "/bin/sh")):
        if libc_of(one.loader):
            return libc_of(one.loader), f"both loaders are there; {what} asks for {one.loader}", paths
    kind = MUSL if "alpine" in system.lower() else GLIBC
    return kind, f"both loaders are there; the system is {system or 'not named'}", paths


def system_of(release: bytes) -> str:
    """The name of the system, from its os-release; "" where it has none."""
    lines = dict(line.partition("=")[::2] for line in release.decode("utf-8", "replace").split("\n"))
    name = lines.get("PRETTY_NAME") or lines.get("NAME") or lines.get("ID") or ""
    return name.strip().strip("\"'")[:_LONGEST_OS]
