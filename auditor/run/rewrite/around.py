"""What lies around the paths of a run in the same repository: files that may call a build, and Dockerfiles.

Looked at only when a file changes: a commit's hook is given the files of the commit, and those are not all there is.
"""

from __future__ import annotations

import os
from itertools import islice

from auditor.core.record import TYPE_CHECKING
from auditor.flow.calling.kinds import sniff
from auditor.run.inputs import is_script, is_wanted
from auditor.sources.files import Input as Source
from auditor.sources.files import UnreadableFile, is_dockerfile_name, read_regular, repository_root
from auditor.sources.programs import beginning_of
from auditor.sources.repository import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.sources.files import Input

_LIMIT = 1024 * 1024
#: Of one repository.
_MOST_FILES = 2_000
_MOST_BYTES = 64 * 1024 * 1024


class Around:
    """The files beside some paths, as `audit lint` would read them in a search through the repository."""

    def __init__(self, paths: Sequence[str], exclude: Sequence[str]) -> None:
        self._searched = [os.path.join(os.path.abspath(path), "") for path in paths if os.path.isdir(path)]
        self._named = {os.path.abspath(path) for path in paths}
        self._exclude = exclude
        self._paths: dict[str, list[str]] = {}
        self._known: dict[tuple[str, bool], list[Input]] = {}

    def callers(self, path: str) -> list[Input]:
        """What may call the build of a Dockerfile, and is not among the paths."""
        return self._read(path, of_dockerfiles=False)

    def dockerfiles(self, path: str) -> list[Input]:
        """The Dockerfiles of the repository that a file lies in, and that are not among the paths."""
        return self._read(path, of_dockerfiles=True)

    def _read(self, path: str, *, of_dockerfiles: bool) -> list[Input]:
        key = repository_root(path), of_dockerfiles
        if key not in self._known:
            paths = [one for one in self._listed(key[0]) if is_dockerfile_name(one) == of_dockerfiles]
            self._known[key] = list(_inputs(paths, os.path.isabs(path)))
        return self._known[key]

    def _listed(self, root: str) -> list[str]:
        """The files of a repository that are not among the paths."""
        if any(os.path.join(root, "").startswith(top) for top in self._searched):
            return []
        if root not in self._paths:
            found = files_of(
                root, exclude=self._exclude, is_wanted=is_wanted, is_program=is_script, is_program_at=_is_script_at
            )
            beside = (p for p in found if p not in self._named and not any(p.startswith(top) for top in self._searched))
            self._paths[root] = list(islice(beside, _MOST_FILES))
        return self._paths[root]


def _inputs(paths: Sequence[str], is_absolute: bool) -> Iterator[Input]:
    """The files with their content; what cannot be read is left out, and so is what comes when there is too much."""
    room = _MOST_BYTES
    for path in paths:
        try:
            data = read_regular(path, min(_LIMIT, room), follow=False)
        except UnreadableFile:
            continue
        room -= len(data)
        display = path if is_absolute else _relative(path)
        yield Source(display, display, data, None)


def _is_script_at(path: str) -> bool:
    return sniff(beginning_of(path)) is not None


def _relative(path: str) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return path
