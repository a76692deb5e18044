"""Where a call runs and which Dockerfile it builds: `cd` followed in simple cases, paths made of known variables."""

from __future__ import annotations

import os.path

from auditor.core.record import NamedTuple
from auditor.fixes.callers.surroundings import Unit, Variables
from auditor.fixes.callers.work import Work
from auditor.lang.derived import FOREIGN
from auditor.lang.shell.nodes import Literal, Part, Script, VariableUse, Word

_MAX_DEPTH = 8
_TOPS = frozenset(
    "GITHUB_WORKSPACE CI_PROJECT_DIR WORKSPACE BITBUCKET_CLONE_DIR BUILD_SOURCESDIRECTORY PROJECT_ROOT".split()
)
_REMOTE = ("http://", "https://", "git://", "git@", "ssh://", "github.com/")


class Place(NamedTuple):
    """Folders that a command may run in, the likeliest first; () unknown."""

    folders: tuple[str, ...]

    def to(self, path: str | None) -> Place:
        """After `cd`."""
        if path is None:
            return Place(())
        return Place(tuple(dict.fromkeys(os.path.normpath(os.path.join(f, path)) for f in self.folders)))


class Paths:
    """Evaluates words that are paths, in one unit."""

    def __init__(self, work: Work, unit: Unit, variables: Variables) -> None:
        self._work = work
        self._unit = unit
        self._variables = variables

    def value(self, word: Word, depth: int = 0) -> str | None:
        """The text a word stands for; None unknown. Folders of the script and the repository are absolute."""
        parts = [self._part(part, depth) for part in word.parts] if depth < _MAX_DEPTH else [None]
        return "".join(p for p in parts if p is not None) if None not in parts else None

    def _part(self, part: Part, depth: int) -> str | None:
        if isinstance(part, Literal):
            if FOREIGN not in part.text:
                return part.text
            if part.text.strip(FOREIGN):
                return self._mixed(part)
            return self._unit.value(self._unit.raw(*part.span))
        if isinstance(part, VariableUse):
            return self._variable(part, depth)
        return self._output(part.script, depth)

    def _mixed(self, part: Literal) -> str | None:
        """Text around an expression of the surrounding format: `$(ROOT)/app`."""
        made, at, text = "", 0, part.text
        while at < len(text):
            end = at
            while end < len(text) and (text[end] == FOREIGN) == (text[at] == FOREIGN):
                end += 1
            value: str | None = text[at:end]
            if text[at] == FOREIGN:
                value = self._unit.value(self._unit.raw(part.place(at), part.place(end - 1) + 1))
            if value is None:
                return None
            made, at = made + value, end
        return made

    def _variable(self, use: VariableUse, depth: int) -> str | None:
        if use.name in ("0", "BASH_SOURCE"):
            path = self._work.caller.path
            return os.path.dirname(path) if use.operator == "%" else path
        if use.operator in ("%", "%%", "#", "##", "/", "//", ":"):
            return None
        if use.name == "PWD":
            return "."
        if use.name in _TOPS and use.name not in self._variables.assigned:
            return self._work.root
        word = self._variables.only(use.name)
        if word is not None:
            own = next((v for v in word.variables() if v.name == use.name), None)
            if own is None:
                return self.value(word, depth + 1)
            return self.value(own.default, depth + 1) if own.default is not None and word.parts == (own,) else None
        if use.default is not None and use.operator != ":+" and use.name not in self._variables.assigned:
            return self.value(use.default, depth + 1)
        return None

    def _output(self, script: Script, depth: int) -> str | None:
        """`$(dirname "$0")`, `$(cd X && pwd)`, `$(git rev-parse --show-toplevel)`."""
        commands = [[w.rendered for w in c.words] for c in script.commands]
        words = [c.words for c in script.commands]
        if len(words) == 2 and commands[0][:1] == ["cd"] and commands[1][:1] == ["pwd"] and len(words[0]) > 1:
            return self.value(words[0][-1], depth + 1)
        if len(words) != 1 or not words[0]:
            return None
        if commands[0][:1] == ["pwd"]:
            return "."
        if commands[0] == ["git", "rev-parse", "--show-toplevel"]:
            return self._work.root
        inner = self.value(words[0][-1], depth + 1) if len(words[0]) > 1 else None
        if inner is None or commands[0][0] not in ("dirname", "realpath", "readlink"):
            return None
        return os.path.dirname(inner) or "." if commands[0][0] == "dirname" else inner


def is_elsewhere(path: str | None) -> bool:
    """Whether a context or Dockerfile is none of this file system: standard input, a URL."""
    return path is not None and (path == "-" or path.startswith(_REMOTE))


def builds(
    work: Work, place: Place, context: str | None, file: str | None, *, given: bool, names: tuple[str, ...]
) -> bool | None:
    """Whether a build is of the Dockerfile; None if that cannot be told.

    `given`: there is a `-f` with value `file` (None unknown). `names`: how a Dockerfile is called without one.
    """
    wanted = os.path.normpath(work.build.dockerfile)
    if given and file is None:
        return None
    if given and file is not None and os.path.basename(file) != os.path.basename(wanted):
        return False
    if not given and os.path.basename(wanted) not in names:
        return False
    if not given and context is None:
        return None
    paths = [file] if given and file is not None else [os.path.join(context or ".", name) for name in names]
    for folder in place.folders or ("/",):
        if any(os.path.normpath(os.path.join(folder, path)) == wanted for path in paths):
            return True
        if place.folders and any(os.path.isfile(os.path.join(folder, path)) for path in paths):
            return False
    tails = [os.path.normpath(path) for path in paths]
    return None if any(tail.startswith("..") or wanted.endswith("/" + tail) for tail in tails) else False
