"""Layers as lists of entries, and the outcomes that their search gives."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.layers.whiteouts import Changes
from auditor.sources.images.tarblocks import Entry
from tests.run.images.outcomes import outcome


def file(path: str) -> Entry:
    """A regular file."""
    return Entry(path, "0", 1)


def folder(path: str, **xattrs: str) -> Entry:
    """A folder; "__" stands for a dot in names of attributes."""
    named = tuple((name.replace("__", "."), value.encode()) for name, value in xattrs.items())
    return Entry(path, "5", 0, xattrs=named)


def link(path: str, target: str) -> Entry:
    """A hard link."""
    return Entry(path, "1", 0, target)


def symlink(path: str, target: str = "x") -> Entry:
    """A symbolic link."""
    return Entry(path, "2", 0, target)


def changes(entries: Sequence[Entry], watched: Sequence[str] = ()) -> Changes:
    """What these entries do; the watched files have something in them, which is known right after their entry."""
    made = Changes()
    for entry in entries:
        made.add(entry)
        if entry.path in watched and entry.kind == "0":
            made.watch(entry.path)
    return made


def layer(*entries: Entry, watched: Sequence[str] = ()) -> LayerOutcome:
    """The outcome of a layer with these entries."""
    made = changes(entries, watched)
    return outcome()._replace(
        removed=tuple(made.removed),
        opaque=tuple(made.opaque),
        files_here=PathSet(made.files),
        folders_here=PathSet(made.folders),
        links=made.links,
        symlinks=made.symlinks(PathSet(made.files)),
    )
