"""Regular expressions that are compiled when they are first used.

Start-up: a run over one clean file needs a handful of the hundred patterns that the detector knows.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from sys import maxsize


def sound(source: str) -> str:
    """The pattern as this version of Python reads it rightly (see `possessive`)."""
    if sys.version_info >= (3, 11, 5) or ")" not in source:
        return source
    from auditor.core.possessive import as_atomic  # start-up: versions of Python that need it

    return as_atomic(source)


class Pattern:
    """A pattern compiled on first use; the methods are those of `re.Pattern`."""

    __slots__ = ("_compiled", "_source")
    _flags = re.NOFLAG

    def __init__(self, source: str) -> None:
        self._source = source
        self._compiled: re.Pattern[str] | None = None

    @property
    def compiled(self) -> re.Pattern[str]:
        """The compiled pattern."""
        if self._compiled is None:
            self._compiled = re.compile(sound(self._source), self._flags)
        return self._compiled

    def match(self, text: str, start: int = 0, end: int = maxsize) -> re.Match[str] | None:
        """Match at `start`, as if the text ended at `end`."""
        return self.compiled.match(text, start, end)

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """First match from `start` on."""
        return self.compiled.search(text, start)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Match of the whole text."""
        return self.compiled.fullmatch(text)

    def finditer(self, text: str, start: int = 0, end: int = maxsize) -> Iterator[re.Match[str]]:
        """All matches from `start` on in order, as if the text ended at `end`."""
        return self.compiled.finditer(text, start, end)

    def sub(self, new: str | Callable[[re.Match[str]], str], text: str) -> str:
        """The text with every match replaced."""
        return self.compiled.sub(new, text)

    def split(self, text: str) -> list[str]:
        """The text cut at every match."""
        return self.compiled.split(text)


class BytePattern(Pattern):
    """A pattern for texts that may be bytes read as Latin-1: white space, letters and digits are those of ASCII.

    In UTF-8 the bytes 0x85 and 0xA0 are parts of letters such as `Å` and `à`; Unicode takes them for white space.
    """

    __slots__ = ()
    _flags = re.ASCII
