"""Whether the finished container reads a variable: what its start command and the files copied into it say."""

from __future__ import annotations

import re
import shlex

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.readers import may_read
from auditor.fixes.script import acting
from auditor.flow import commands
from auditor.lang.shell import reader

if TYPE_CHECKING:
    from auditor.flow.build import Build
    from auditor.flow.facts import Variable
    from auditor.lang.dockerfile.nodes import Instruction

#: Instructions that say what runs in the container.
STARTING = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
_HEALTH = Pattern(r"(?i)^.*?\bCMD[ \t]+|^\s*NONE\s*$")
_MAX_FILES = 2_000
_MAX_BYTES = 512 * 1024
#: Variables that only tools of the build read: package managers and their registries.
_FOR_BUILDING = (
    "NPM_", "NODE_AUTH", "YARN_", "PNPM_", "PIP_", "POETRY_", "TWINE_", "UV_", "BUNDLE_", "COMPOSER_", "CARGO_",
    "NUGET_", "VSS_NUGET", "MAVEN_", "GRADLE_", "GIT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "GOPROXY", "GONETRC",
)  # fmt: skip

#: Endings of files that no program of the container reads its environment by: texts, settings of package managers.
_NOT_RUN = (
    ".md", ".rst", ".adoc", "dockerfile", ".dockerfile", ".dockerignore", ".gitignore", ".npmrc", ".yarnrc",
    ".yarnrc.yml", "pip.conf", ".lock", "package-lock.json", ".svg", ".png", ".jpg", "license", "makefile",
)  # fmt: skip
#: A file with one of these builds images; it does not run in them.
_BUILDING = (b"--build-arg", b"--secret id=", b"build-args:")
#: Words of a start command, among them the files and modules that it names.
_PIECE = Pattern(r"\w[\w-]*(?:\.\w[\w-]*)?")
#: Programs that start what a file of the project says.
_SETTINGS_OF = dict.fromkeys(("npm", "yarn", "pnpm", "bun"), "package.json")
#: What hands on or goes through the whole environment.
_ALL_OF_THEM = (
    r"environ\.(?:items|keys|values|copy)\b|\*\*\s?os\.environ|dict\(os\.environ|\.\.\.process\.env\b|"
    r"(?:entries|keys|assign)\([^)\n]{0,40}process\.env\b|\bprintenv\b|\benvsubst\b|AutomaticEnv|"
    r"\bENV\.(?:to_h|each)|os\.Environ\(\)|getenv\(\)"
)


class Reading(NamedTuple):
    """`certainty`: `yes` (something that runs reads it), `no`, `unknown`. `where` names what reads it."""

    certainty: str
    where: str = ""


def reads(build: Build, variable: Variable, used_in_build: bool) -> Reading:
    """Whether the container reads an ENV variable while it runs.

    What starts the container and what is copied into it are searched for the name. It is not read where all that starts
    is seen and does not; else that is unknown, but for names that only package managers know.
    """
    name = variable.name
    if not variable.step.ships:
        return Reading("no")
    starting = started(build)
    for node in starting:
        if name in node.body.text:
            return Reading("yes", node.keyword)
    copies = list(dict.fromkeys(source for _step, _path, source, _span in build.facts.placed))
    search = _Search(build, copies, name) if build.context is not None else None
    if search is not None and search.where:
        return Reading("yes", search.where)
    if used_in_build and name.upper().startswith(_FOR_BUILDING):
        return Reading("no")
    if not used_in_build or not starting or (copies and (search is None or search.doubtful)):
        return Reading("unknown")
    files = search.names if search is not None else frozenset()
    return Reading("no" if all(_is_seen(node, files) for node in starting) else "unknown")


def _is_seen(node: Instruction, files: frozenset[str]) -> bool:
    """Whether all that an instruction starts is known: programs that read no variables, or files that were searched."""
    names = [name for name in programs(node) if may_read(name, None)]
    pieces = {match[0] for match in _PIECE.finditer(node.body.text)}
    pieces |= {_SETTINGS_OF[name] for name in names if name in _SETTINGS_OF}
    return not names or not files.isdisjoint(pieces)


def programs(node: Instruction) -> list[str]:
    """The programs that a CMD, ENTRYPOINT or HEALTHCHECK starts, by their names; also those of a shell's command."""
    if node.keyword == "HEALTHCHECK" and not node.json:
        text = _HEALTH.sub("", node.body.text)
    elif not node.json:
        text = node.body.text
    else:
        argv = [word.text for word in node.words]
        is_shell = len(argv) > 2 and argv[0].rpartition("/")[2] in commands.SHELLS and argv[1].endswith("c")
        text = argv[2] if is_shell else shlex.join(argv[:1])
    found = [commands.program(command.words) for command in reader.read(text).commands]
    return [commands.base_name(words[0]).lower() for words in found if words]


def started(build: Build) -> list[Instruction]:
    """The instructions that say what runs in the containers of the image."""
    stages = [stage for stage in build.stages if stage.index in build.ships]
    return [node for stage in stages for node in stage.instructions if node.keyword in STARTING]


def starts_one_of(build: Build, tools: frozenset[str] | None) -> bool:
    """Whether the container starts one of these tools, as far as the Dockerfile says; None is any program."""
    names = {name for node in started(build) for name in programs(node)}
    return bool(names) if tools is None else not names.isdisjoint(tools)


class _Search:
    """What the copied files of the context say about a variable.

    `where` is the first one that has the name as a word, unless a RUN runs that file and nothing starts it. `doubtful`:
    one could not be read, or may read the variable without the whole name: spelled as in settings (`db.password`), put
    together (`prefix + "_PASSWORD"`), or with all others. `names` are the files' names, with and without ending, and
    those of their folders.
    """

    def __init__(self, build: Build, copies: list[str], name: str) -> None:
        self.build = build
        self.name = name
        self.where = ""
        self.doubtful = False
        self.loose = _loosely(name)
        found: set[str] = set()
        assert build.context is not None
        paths = [path for source in copies for path in build.context.select(source) if "/.git/" not in f"/{path}"]
        if len(paths) > _MAX_FILES:
            self.where = "a file of the build context (too many to search)"
            paths = []
        for path in paths:
            folder, _slash, base = path.rpartition("/")
            found |= {base, base.partition(".")[0], *folder.split("/")}
            if not base.lower().endswith(_NOT_RUN):
                self._look_at(path)
            if self.where:
                break
        self.names = frozenset(found - {""})

    def _look_at(self, path: str) -> None:
        assert self.build.context is not None
        data = self.build.context.read(path, _MAX_BYTES)
        if data is None:
            self.doubtful = True
        elif not any(call in data for call in _BUILDING):
            if not _has_word(data, self.name.encode()):
                self.doubtful = self.doubtful or self.loose.search(data) is not None
            elif not _only_built_with(self.build, path):
                self.where = path


def _loosely(name: str) -> re.Pattern[bytes]:
    """What reads a variable without its whole name: the pattern is linear, whatever the name."""
    parts = [re.escape(part) for part in name.split("_") if part]
    joined = r"[\W_]{0,16}".join(parts)
    ends = ["_".join(parts[at:]) for at in range(1, len(parts))]
    starts = ["_".join(parts[:at]) for at in range(1, len(parts))]
    put_together = [rf"[\"'`}}]_?(?-i:{end})\b" for end in ends] + [rf"[\"'`](?-i:{start})_[\"'`]" for start in starts]
    return re.compile("|".join([joined, *put_together, _ALL_OF_THEM]).encode(), re.IGNORECASE)


def _has_word(data: bytes, word: bytes) -> bool:
    at = data.find(word)
    while at >= 0:
        around = data[max(at - 1, 0) : at] + data[at + len(word) : at + len(word) + 1]
        if not any(chr(c) == "_" or chr(c).isalnum() for c in around):
            return True
        at = data.find(word, at + 1)
    return False


def _only_built_with(build: Build, path: str) -> bool:
    """Whether a RUN names the file and nothing that starts the container does."""
    base = path.rpartition("/")[2]
    for stage in build.stages:
        for node in stage.instructions:
            if node.keyword in STARTING and base in node.body.text:
                return False
    return any(base in word.rendered for run in build.facts.runs for each in acting(run) for word in each.words)
