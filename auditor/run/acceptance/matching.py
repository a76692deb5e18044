"""Finds the entries of a baseline that speak of the findings of a run, those that have moved to another file too."""

from __future__ import annotations

import os
import posixpath

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from auditor.core.acceptance import Entry, Mark
    from auditor.run.acceptance.marks import Marked


class Matches(NamedTuple):
    """`by_mark`: the entry for a mark of the run; `moved`: of those the ones whose entry stands at another place.
    `absent`: entries that speak of nothing in the run. Marks that are not there are new."""

    by_mark: dict[Mark, Entry]
    moved: dict[Mark, Entry]
    absent: list[Entry]


def matches_of(entries: Iterable[Entry], marked: Collection[Marked], is_vacated: Callable[[Entry], bool]) -> Matches:
    """The entries for these findings, as `match` finds them; what a comment silences takes no entry of another file."""
    wanting = {one.mark for one in marked if one.finding.suppressed is None}
    silenced = {one.mark for one in marked} - wanting
    known = list(entries)
    beside = {entry.mark: entry for entry in known if entry.mark in silenced}
    found = match((entry for entry in known if entry.mark not in silenced), wanting, is_vacated)
    return found._replace(by_mark={**found.by_mark, **beside})


def match(entries: Iterable[Entry], marks: Collection[Mark], is_vacated: Callable[[Entry], bool]) -> Matches:
    """The entries for these marks.

    A new mark takes the entry of another file with the same rule and hash, if that file does not hold it any more
    (`is_vacated`): as many as went away, no more. Entries of images do not move, since nothing says of which image
    they are.
    """
    by_mark: dict[Mark, Entry] = {}
    absent: dict[Mark, Entry] = {}
    for entry in entries:
        (by_mark if entry.mark in marks else absent)[entry.mark] = entry
    moved: dict[Mark, Entry] = {}
    left: dict[tuple[str, str], list[Entry]] = {}
    for entry in absent.values():
        left.setdefault(_same(entry.mark), []).append(entry)
    for mark in sorted(mark for mark in marks if mark not in by_mark and not mark.image and _same(mark) in left):
        near = sorted((entry for entry in left[_same(mark)] if not entry.mark.image), key=lambda e: _far(e.mark, mark))
        old = next(filter(is_vacated, near), None)
        if old is not None:
            left[_same(mark)].remove(old)
            moved[mark] = absent.pop(old.mark)
    return Matches({**by_mark, **moved}, moved, list(absent.values()))


def _same(mark: Mark) -> tuple[str, str]:
    return (mark.rule, mark.hash)


def _far(old: Mark, new: Mark) -> tuple[bool, str]:
    """Files of one name first."""
    return (posixpath.basename(old.path) != posixpath.basename(new.path), old.path)


def is_among(key: str, files: Collection[str]) -> bool:
    """Whether a file, or the archive that it is packed in (`app.jar!inner/name`), is one of these."""
    at = len(key)
    while at > 0 and key[:at] not in files:
        at = key.rfind("!", 0, at)
    return at > 0


def is_gone(path: str) -> bool:
    """Whether nothing is there; a folder that may not be entered hides what it holds."""
    at = path.find("!")
    while at > 0:
        if _exists(path[:at]):
            return False
        at = path.find("!", at + 1)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # a null character, or what has no bytes
        return False
