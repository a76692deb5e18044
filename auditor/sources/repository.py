"""The files of a repository: those that git tracks, or, where that cannot be told, those that lie in the folder."""

from __future__ import annotations

import os
import stat

from auditor.core.record import TYPE_CHECKING
from auditor.sources.files import SKIPPED_DIRECTORIES, excluder, judging, search
from auditor.sources.gitindex import tracked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Entries of folders that are looked at where there is no index.
_MOST_ENTRIES = 20_000


def files_of(
    root: str,
    *,
    exclude: Sequence[str],
    is_wanted: Callable[[str], bool],
    is_program: Callable[[os.DirEntry[str]], bool],
    is_program_at: Callable[[str], bool],
) -> Iterator[str]:
    """Paths below `root` that a search through it would read: regular files, none of them by a link, in order.

    `is_program` and `is_program_at` decide, by entry or by path, about names that `is_wanted` does not want.
    """
    excluded = excluder(exclude)
    names = tracked(root)
    if names is None:
        judge = judging(root, excluded, is_wanted, is_program)
        yield from (entry.path for entry in search(root, judge, [], _MOST_ENTRIES) if not entry.is_symlink())
        return
    for name in sorted(names):
        folders = name.split("/")[:-1]
        if not _is_plain(name) or not SKIPPED_DIRECTORIES.isdisjoint(folders) or excluded(name):
            continue
        path = os.path.join(root, name)
        if (is_wanted(name) or is_program_at(path)) and _is_regular(root, path):
            yield path


def _is_plain(name: str) -> bool:
    """Whether a path of an index stays below its root; git writes no other, but anybody can write an index."""
    return not os.path.isabs(name) and "\0" not in name and not {"", ".", ".."} & set(name.split("/"))


def _is_regular(root: str, path: str) -> bool:
    try:
        is_file = stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False
    folder, top = os.path.realpath(os.path.dirname(path)), os.path.realpath(root)
    return is_file and os.path.join(folder, "").startswith(os.path.join(top, ""))
