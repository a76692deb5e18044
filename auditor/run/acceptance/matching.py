"""Finds the entries of a baseline that speak of the findings of a run, those that have moved to another file too."""

from __future__ import annotations

import os
import posixpath
from types import MappingProxyType

from auditor.core.baselinepaths import repository_of
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from auditor.core.acceptance import Entry, Mark
    from auditor.run.acceptance.marks import Marked

#: Exclamation marks of a path that are looked at.
_MOST_ARCHIVES = 64


class Matches(NamedTuple):
    """`by_mark`: the entry for a mark of the run; `moved`: of those the ones whose entry stands at another place.
    `absent`: entries that speak of nothing in the run. Marks that are not there are new. `committed`: the entry of a
    file for what git stores of it."""

    by_mark: dict[Mark, Entry]
    moved: dict[Mark, Entry]
    absent: list[Entry]
    committed: dict[Mark, Entry]


def matches_of(entries: Iterable[Entry], marked: Collection[Marked], is_vacated: Callable[[Entry], bool]) -> Matches:
    """The entries for these findings, as `match` finds them; what a comment silences takes no entry of another file."""
    wanting = {one.mark for one in marked if one.finding.suppressed is None}
    silenced = {one.mark for one in marked} - wanting
    known = list(entries)
    beside = {entry.mark: entry for entry in known if entry.mark in silenced}
    found = match((entry for entry in known if entry.mark not in silenced), wanting, is_vacated, beside)
    return found._replace(by_mark={**found.by_mark, **beside})


def match(
    entries: Iterable[Entry],
    marks: Collection[Mark],
    is_vacated: Callable[[Entry], bool],
    beside: Mapping[Mark, Entry] = MappingProxyType({}),
) -> Matches:
    """The entries for these marks; `beside`: further ones, of findings that are silent for another reason.

    A new mark takes the entry of another file with the same rule and hash, if that file does not hold it any more
    (`is_vacated`): as many as went away, no more. Entries of images do not move, since nothing says of which image
    they are. What git stores needs no entry beside that of a file of its repository, and takes over one that nothing
    else takes: what was committed stays in the history.
    """
    by_mark: dict[Mark, Entry] = {}
    absent: dict[Mark, Entry] = {}
    for entry in entries:
        (by_mark if entry.mark in marks else absent)[entry.mark] = entry
    new: dict[tuple[str, str], list[Mark]] = {}
    stored: list[Mark] = []
    for mark in marks:
        if mark in by_mark or mark.image:
            continue
        if repository_of(mark.path) is None:
            new.setdefault(_same(mark), []).append(mark)
        else:
            stored.append(mark)
    left: dict[tuple[str, str], list[Entry]] = {}
    for mark, entry in absent.items():
        if _same(mark) in new and is_of_file(mark) and is_vacated(entry):
            left.setdefault(_same(mark), []).append(entry)
    moved: dict[Mark, Entry] = {}
    for same, old in left.items():
        moved.update(_paired(sorted(new[same]), sorted(old, key=lambda entry: entry.mark)))
    for entry in moved.values():
        del absent[entry.mark]
    here = {**by_mark, **moved, **beside}
    committed = {mark: here[place] for mark, place in covered(stored, here).items()}
    left_over = [mark for mark in stored if mark not in committed]
    for mark, place in covered(left_over, absent).items():
        if place not in absent:
            continue
        if is_vacated(absent[place]):
            moved[mark] = absent.pop(place)
        else:
            committed[mark] = absent[place]
    return Matches({**by_mark, **moved}, moved, list(absent.values()), committed)


def is_of_file(mark: Mark) -> bool:
    """Whether this is in a file of the working tree: neither in an image nor in what git stores."""
    return not mark.image and repository_of(mark.path) is None


def covered(stored: Iterable[Mark], marks: Iterable[Mark]) -> dict[Mark, Mark]:
    """Of marks in what git stores, those that speak of a secret of a file of the same repository, and its mark.

    Rules do not matter: that of a file may come from its name, which git's objects do not have.
    """
    files: dict[str, list[Mark]] = {}
    wanted = {mark: repository_of(mark.path) for mark in stored if not mark.image}
    hashes = {mark.hash for mark in wanted}
    for mark in marks:
        if mark.hash in hashes and is_of_file(mark):
            files.setdefault(mark.hash, []).append(mark)
    found: dict[Mark, Mark] = {}
    for mark, folder in wanted.items():
        below = [] if folder is None else [one for one in files.get(mark.hash, ()) if _is_below(one.path, folder)]
        if below:
            found[mark] = min(below)
    return found


def _is_below(path: str, folder: str) -> bool:
    """Whether a place of a baseline is in a folder: "", or with "/" at its end; "../" for one above the baseline's."""
    if folder.replace("../", ""):
        return path.startswith(folder)
    return not path.startswith(("/", f"{folder}../"))


def _same(mark: Mark) -> tuple[str, str]:
    return (mark.rule, mark.hash)


def _paired(new: Iterable[Mark], old: Iterable[Entry]) -> dict[Mark, Entry]:
    """Which entry goes to which mark, as long as there are any: files of one name first, then in order."""
    by_name: dict[str, list[Entry]] = {}
    for entry in old:
        by_name.setdefault(posixpath.basename(entry.mark.path), []).append(entry)
    for entries in by_name.values():
        entries.reverse()
    paired: dict[Mark, Entry] = {}
    rest: list[Mark] = []
    for mark in new:
        named = by_name.get(posixpath.basename(mark.path))
        if named:
            paired[mark] = named.pop()
        else:
            rest.append(mark)
    others = sorted((entry for entries in by_name.values() for entry in entries), key=lambda entry: entry.mark)
    paired.update(zip(rest, others, strict=False))
    return paired


def is_among(key: str, files: Collection[str]) -> bool:
    """Whether a file, or the archive that it is packed in (`app.jar!inner/name`), is one of these."""
    return key in files or any(archive in files for archive in _archives(key))


def is_gone(path: str) -> bool:
    """Whether nothing is there; a folder that may not be entered hides what it holds."""
    if any(map(_exists, _archives(path))):
        return False
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _archives(path: str) -> Iterator[str]:
    """What may be an archive that the file of this path is packed in."""
    at = path.find("!")
    for _ in range(_MOST_ARCHIVES):
        if at <= 0:
            return
        yield path[:at]
        at = path.find("!", at + 1)


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # a null character, or what has no bytes
        return False
