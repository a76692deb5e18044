"""Whether the finished container reads a variable: what its start command and the files copied into it say."""

from __future__ import annotations

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
_SHELLS = frozenset("sh bash dash ash".split())
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


class Reading(NamedTuple):
    """`certainty`: `yes` (something that runs reads it), `no`, `unknown`. `where` names what reads it."""

    certainty: str
    where: str = ""


def reads(build: Build, variable: Variable, used_in_build: bool) -> Reading:
    """Whether the container reads an ENV variable while it runs.

    What starts the container and what is copied into it are searched for the name. Where one of them cannot be seen (no
    build context, or the base image's own start command) and the build has a use for the variable, the name decides:
    what is for package managers is for the build.
    """
    name = variable.name
    if not variable.step.ships:
        return Reading("no")
    starting = [
        node
        for stage in build.stages
        if stage.index in build.ships
        for node in stage.instructions
        if node.keyword in STARTING
    ]
    for node in starting:
        if name in node.body.text:
            return Reading("yes", node.keyword)
    copies = [source for _step, _path, source, _span in build.facts.placed]
    where = _file_that_reads(build, copies, name) if build.context is not None else ""
    if where:
        return Reading("yes", where)
    is_known = bool(starting) and all(_is_inert(node) for node in starting)
    is_seen = (build.context is not None and bool(copies)) or (is_known and not copies)
    if used_in_build and (name.upper().startswith(_FOR_BUILDING) or (is_seen and starting)):
        return Reading("no")
    return Reading("unknown")


def _is_inert(node: Instruction) -> bool:
    """Whether a start command runs nothing but programs that read no variable of others."""
    if node.keyword == "HEALTHCHECK" and not node.json:
        text = _HEALTH.sub("", node.body.text)
    elif not node.json:
        text = node.body.text
    else:
        argv = [word.text for word in node.words]
        is_shell = len(argv) > 2 and argv[0].rpartition("/")[2] in _SHELLS and argv[1].endswith("c")
        text = argv[2] if is_shell else shlex.join(argv[:1])
    found = [commands.program(command.words) for command in reader.read(text).commands]
    return all(may_read(commands.base_name(words[0]).lower(), None) is False for words in found if words)


def _file_that_reads(build: Build, copies: list[str], name: str) -> str:
    """The first copied file that has the name as a word, unless a RUN runs that file and nothing starts it."""
    context = build.context
    assert context is not None
    wanted = name.encode()
    seen = 0
    for source in dict.fromkeys(copies):
        for path in context.select(source):
            seen += 1
            if seen > _MAX_FILES:
                return "a file of the build context (too many to search)"
            if path.rpartition("/")[2].lower().endswith(_NOT_RUN):
                continue
            data = context.read(path, _MAX_BYTES)
            if data is None or any(call in data for call in _BUILDING) or not _has_word(data, wanted):
                continue
            if not _only_built_with(build, path):
                return path
    return ""


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
