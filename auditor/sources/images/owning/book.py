"""Collects what the package lists of one layer say, whichever format they have."""

from __future__ import annotations

import re
from array import array

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.owning.inhouse import is_in_place
from auditor.sources.images.owning.owned import Owned, content_number, path_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: So many files and packages of one layer are listed; what comes after them is owned by nobody.
MOST_FILES = 500_000
MOST_PACKAGES = 100_000
#: Longer paths and folders belong to nobody: few systems take them, and lists repeat a folder for each of its files.
LONGEST_PATH = 1024
_LONGEST_NAME = 200
_MOST_PROBLEMS = 100
_BLANK_LINES = re.compile(r"\n\n+")


class Book:
    """Files by package. A package is public once a reader has said so and as long as none has said it is in-house."""

    __slots__ = ("_contents", "_full", "_names", "_numbers", "_packages", "_paths", "_verdicts", "problems")

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._verdicts: list[bool | None] = []
        self._paths = array("Q")
        self._contents = array("Q")
        self._packages = array("I")
        self._full = False
        #: (path of the list, what could not be read)
        self.problems: list[tuple[str, str]] = []

    def package(self, key: str, name: str) -> int:
        """The number of a package; `key` tells packages of one name apart."""
        number = self._numbers.get(key)
        if number is None:
            if len(self._names) >= MOST_PACKAGES:
                self._note_full()
                return 0
            number = self._numbers[key] = len(self._names)
            self._names.append(_printable(name))
            self._verdicts.append(None)
        return number

    def judge(self, number: int, *, public: bool) -> None:
        """Say whose the package is; once in-house, it stays so."""
        if self._verdicts[number] is not False:
            self._verdicts[number] = public

    def add(self, number: int, files: Iterable[tuple[str, str]]) -> bool:
        """Note files of a package: path in the layer, and hexadecimal digest of the content ("" if unknown).

        Returns whether a file with a digest is where distributions put none (`inhouse.PLACES`).
        """
        in_place = False
        paths, contents, packages = self._paths.append, self._contents.append, self._packages.append
        left = MOST_FILES - len(self._paths)
        for path, digest in files:
            left -= 1
            if left < 0:
                self._note_full()
                break
            if digest and not in_place:
                in_place = is_in_place(path)
            paths(path_number(path))
            contents(content_number(digest))
            packages(number)
        return in_place

    def problem(self, path: str, message: str) -> None:
        """Note that a list, or a part of it, could not be read."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append((path, message))

    def owned(self) -> Owned:
        """All files; those of packages that are not known to be public are claimed only."""
        public = [verdict is True for verdict in self._verdicts]
        rows = zip(self._paths, self._contents, self._packages, strict=True)
        return Owned(((path, content if public[number] else 0, number) for path, content, number in rows), self._names)

    def _note_full(self) -> None:
        if not self._full:
            self._full = True
            most = f"more than {MOST_FILES:,} files or {MOST_PACKAGES:,} packages are listed"
            self.problem("package lists", f"{most}; the rest counts as owned by nobody")


def _printable(name: str) -> str:
    shown = name[:_LONGEST_NAME]
    return shown if shown.isprintable() and shown.isascii() else ascii(shown)[1:-1][:_LONGEST_NAME]


def stanzas(text: str) -> Iterator[str]:
    """The parts between blank lines."""
    start = 0
    for blank in _BLANK_LINES.finditer(text):
        yield text[start : blank.start()]
        start = blank.end()
    yield text[start:]
