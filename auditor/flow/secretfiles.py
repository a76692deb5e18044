"""Files of secrets that a compose file names, where they leak: into an image, or into the repository.

Reported is what is certain: a build of this very file whose COPY takes the file along, or git's own list of what it
tracks. A file that only could be taken is none.
"""

from __future__ import annotations

import os.path

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect import positions, values
from auditor.flow.variables import literal_of, unquoted
from auditor.lang.compose.interpolation import with_defaults
from auditor.lang.compose.nodes import Mapping, Scalar
from auditor.lang.dockerfile.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.build import Build
    from auditor.flow.facts import Step
    from auditor.flow.place import Place
    from auditor.lang.compose.parts import Parts
    from auditor.lang.compose.services import ComposeText

#: What swarm takes for a secret: more than nothing, and less than this many bytes.
TOO_LARGE = 512_000
_MOST_FILES = 200
_MOST_LINES = 5_000
_ASSIGNMENT = Pattern(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?P<value>[^\r\n]*)")
_NO_SECRET = frozenset({"empty", "template", "reference", "encrypted", "placeholder"})
_KEY = "PRIVATE KEY"


class SecretFile(NamedTuple):
    """A file with a secret. `kind`: `secrets`, `configs`, `env_file`; `name` what the compose file calls it.

    `problem`: `context` (an image takes it), `tracked` (by git), `empty`, `large`. `path` is as the compose file says,
    `holds` what is in it, for a sentence ("" for all of it); `level` as of a literal. `service`, `step` and `build` are
    those of the image; `named`: its COPY names the file itself.
    """

    kind: str
    name: str
    node: Scalar
    path: str
    problem: str
    level: str
    holds: str = ""
    size: int = 0
    service: str = ""
    build: Build | None = None
    step: Step | None = None
    named: bool = False


class _Named(NamedTuple):
    kind: str
    name: str
    node: Scalar
    path: str


def secret_files(file: ComposeText, parts: Parts, place: Place) -> list[SecretFile]:
    """What leaks of the files that the compose file names, each with one problem of each sort at most."""
    named = [*_named(file, parts)][:_MOST_FILES]
    found: list[SecretFile] = []
    for one in named:
        size = place.size(one.path)
        if size is None:
            continue
        if one.kind == "secrets" and not 0 < size < TOO_LARGE:
            found.append(SecretFile(*one, "large" if size else "empty", "placeholder", size=size))
        level, holds = _content(one, place) if size else ("none", "")
        if level in ("secret", "weak"):
            found += _leaks(one, level, holds, file, place)
    return found


def _leaks(one: _Named, level: str, holds: str, file: ComposeText, place: Place) -> Iterator[SecretFile]:
    taken = _taken(one, level, holds, file, place)
    if taken is not None:
        yield taken
    elif place.is_tracked(one.path):
        yield SecretFile(*one, "tracked", level, holds)


def _named(file: ComposeText, parts: Parts) -> Iterator[_Named]:
    """Every file that is named, each path once for each kind."""
    seen: set[tuple[str, str]] = set()
    given = [(source.kind, source.name, source.file) for source in parts.sources if source.file is not None]
    for item in parts.items:
        node = file.resolve(item.node.get("path")) if isinstance(item.node, Mapping) else item.node
        if item.kind == "env_file" and isinstance(node, Scalar):
            given.append((item.kind, item.label, node))
    for kind, name, node in given:
        path = with_defaults(node.value)
        if path and not path.startswith("~") and (kind, path) not in seen:
            seen.add((kind, path))
            yield _Named(kind, name, node, path)


# -- what is in it ---------------------------------------------------------------------------------------------------


def _content(one: _Named, place: Place) -> tuple[str, str]:
    """Level of what a file holds, and what that is."""
    text = place.text(one.path)
    if text is None:
        return "none", ""
    if one.kind == "env_file":
        return _variables(text)
    if one.kind == "secrets":
        bare = text.strip()
        return "none" if values.classify(bare, one.name).kind in _NO_SECRET else "secret", ""
    found = [p for p in positions.find(text) if p.level in ("secret", "weak")]
    if not found:
        return "none", ""
    level = "secret" if any(p.level == "secret" for p in found) else "weak"
    return level, f"line {text.count(chr(10), 0, found[0].start) + 1} of it holds a secret"


def _variables(text: str) -> tuple[str, str]:
    """Level and names of the secrets in an environment file."""
    names: list[str] = []
    level = "none"
    for line in text.splitlines()[:_MOST_LINES]:
        match = _ASSIGNMENT.match(line)
        literal = literal_of(match["name"], unquoted(Text.at(match["value"].strip(), 0))) if match is not None else None
        if match is not None and literal is not None and literal.level in ("secret", "weak"):
            names.append(match["name"])
            level = "secret" if "secret" in (level, literal.level) else "weak"
    return level, ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


# -- what takes it ---------------------------------------------------------------------------------------------------


def _taken(one: _Named, level: str, holds: str, file: ComposeText, place: Place) -> SecretFile | None:
    """The file as an image of this compose file has it; None where none does, or the Dockerfile is told of it."""
    full = place.full(one.path)
    best: SecretFile | None = None
    for service in file.services:
        node = file.inherited(service.node, "build")
        build = place.build_of(file, node) if node is not None else None
        if build is None or build.context is None:
            continue
        path = os.path.relpath(full, build.context.root).replace(os.sep, "/")
        if path.startswith("../") or _is_reported(build, path):
            continue
        for step, source in _copied(build):
            if path in build.context.select(source):
                is_named = source.strip("./") == path
                made = SecretFile(*one, "context", level, holds, 0, service.name, build, step, is_named)
                if best is None or (step.ships and best.step is not None and not best.step.ships):
                    best = made
    return best


def _copied(build: Build) -> Iterator[tuple[Step, str]]:
    """What COPY and ADD take from the context, where no option and no argument of the build changes that."""
    found = [(step, source) for step, _path, source, _span in build.facts.placed]
    found += [(f.step, f.content) for f in build.facts.files if f.how == "copied"]
    for step, source in found:
        node = step.instruction
        is_plain = not any("$" in word.text for word in node.words[:-1])
        if is_plain and node.flag("from") is None and node.flag("exclude") is None:
            yield step, source


def _is_reported(build: Build, path: str) -> bool:
    """Whether the findings in the Dockerfile tell of the file."""
    if any(name == path for taken in build.taken for name, _kind in taken.files):
        return True
    return any(f.how == "copied" and f.content.removeprefix("./") == path and f.leaks for f in build.facts.files)
