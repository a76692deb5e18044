"""What starts the container that a build makes: its entrypoint, start command and health check, and their scripts."""

from __future__ import annotations

from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.readers import may_read
from auditor.flow import commands
from auditor.flow.placements import placements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.flow.build import Build
    from auditor.flow.placements import Placement
    from auditor.lang.dockerfile.nodes import Instruction

_MAX_BYTES = 512 * 1024
#: Programs that read a script, or have an applet that does.
SHELLS = commands.SHELLS | {"busybox"}
#: Programs that become the one that their arguments name, and the words between.
HANDING_OVER = SHELLS | frozenset("tini tini-static dumb-init catatonit exec env nice --".split())
_DEFAULT_SHELL = ("/bin/sh", "-c")
_SHELL_SCRIPT = Pattern(r"#!\s*(?:/usr)?/bin/(?:env\s+)?(?:sh|bash|dash|ash)\b")
_RUN_BY_SH = Pattern(r"#!\s*/bin/sh\b")
#: What health checks run that reads no variable of the application.
_PROBES = frozenset("curl wget nc ncat netcat pg_isready redis-cli mongosh mongo nginx php-fpm exit true kill".split())


class Start(NamedTuple):
    """The instructions of the image that say what runs, each the last of its kind (None: the base image's, if any)."""

    entrypoint: Instruction | None
    command: Instruction | None
    health: Instruction | None
    base: str
    user: str


def start(build: Build) -> Start:
    """How the image starts. `base` is the image that it is made from, `user` the last USER as written."""
    shipped = [stage for stage in build.stages if stage.index in build.ships]
    last: dict[str, Instruction] = {}
    for stage in shipped:
        last.update((node.keyword, node) for node in stage.instructions)
    user = last.get("USER")
    return Start(
        last.get("ENTRYPOINT"),
        last.get("CMD"),
        last.get("HEALTHCHECK"),
        shipped[0].base if shipped else "",
        user.args[0] if user is not None and user.args else "",
    )


def shell_of(build: Build, node: Instruction) -> tuple[str, ...]:
    """The words that the builder puts before a shell-form instruction."""
    shell: tuple[str, ...] = _DEFAULT_SHELL
    for stage in build.stages:
        if stage.index in build.ships:
            for each in stage.instructions:
                if each is node:
                    return shell
                if each.keyword == "SHELL":
                    shell = each.args
    return shell


def words_of(node: Instruction) -> list[str]:
    """The words of an ENTRYPOINT or CMD, or of what a HEALTHCHECK runs; those of a shell form as they are written."""
    texts = [word.text for word in node.words] if node.json else node.body.text.split()
    return texts[1:] if node.keyword == "HEALTHCHECK" and texts and texts[0].upper() == "CMD" else texts


def copied(build: Build, *, shipped: bool = True) -> Iterator[Placement]:
    """Files of the context that a COPY or ADD brings, as far as their places can be told; `shipped`: to the image."""
    return (each for each in placements(build) if each.step.ships or not shipped)


def content(build: Build, path: str) -> str:
    """The text of a context file, "" where it cannot be read."""
    data = build.context.read(path, _MAX_BYTES) if build.context is not None and path else None
    return data.decode("utf-8", "replace") if data is not None else ""


def script_of(build: Build, node: Instruction | None) -> str:
    """The text of the shell script that an instruction starts; "" for a program that is none or cannot be seen."""
    return script_named(build, words_of(node)) if node is not None else ""


def script_named(build: Build, words: list[str]) -> str:
    """The same for the words of a command."""
    text = _program_text(build, words)
    return text if _SHELL_SCRIPT.match(text) else ""


def has_shell(build: Build, how: Start) -> bool:
    """Whether the image has /bin/sh for certain: something of the build or of the start is run by it."""
    for stage in build.stages:
        if stage.index in build.ships and any(n.keyword == "RUN" and not n.json for n in stage.instructions):
            return True
    starters = [node for node in (how.entrypoint, how.command) if node is not None]
    if any(not node.json and shell_of(build, node)[0] == _DEFAULT_SHELL[0] for node in starters):
        return True
    if any(word in ("/bin/sh", "sh") for node in starters for word in words_of(node)[:1]):
        return True
    starter = how.entrypoint if how.entrypoint is not None else how.command
    return _RUN_BY_SH.match(script_of(build, starter)) is not None


def is_watched(build: Build, how: Start, name: str) -> bool:
    """Whether the health check may read a variable: it gets the container's environment, not the entrypoint's."""
    node = how.health
    if node is None:
        return False
    words = words_of(node)
    if name in node.body.text:
        return True
    if [word.upper() for word in words] == ["NONE"] or not words:
        return False
    text = _program_text(build, [word for word in words if not word.startswith("--")])
    if text:
        return name in text
    program = words[0].rpartition("/")[2].lower()
    return program not in _PROBES and may_read(program, None)


def _program_text(build: Build, words: list[str]) -> str:
    """The text of the first file of the context among the words of a command, but for what only hands over to it."""
    for word in words:
        program = word.strip("\"';")
        found = located(build, program)
        if found:
            return content(build, found)
        if program.rpartition("/")[2] not in HANDING_OVER and not program.startswith("-"):
            return ""
    return ""


def started_script(build: Build, words: Sequence[str]) -> str:
    """The text of the shell script of the context that a command of a RUN starts, "" for what is none."""
    is_by_shell = bool(words) and words[0].rpartition("/")[2] in SHELLS
    plain = [word for word in words[1:] if not word.startswith("-")] if is_by_shell else words[:1]
    text = content(build, located(build, plain[0], shipped=False)) if plain else ""
    return text if is_by_shell or _SHELL_SCRIPT.match(text) else ""


def located(build: Build, program: str, *, shipped: bool = True) -> str:
    """The context file that a program is (of the image, if `shipped`), "" where there is none or it is not certain."""
    folder, slash, base = program.rpartition("/")
    found = _by_name(build, shipped).get(base, ())
    paths = {each.source for each in found if _is_at(each.target.rpartition("/")[0], folder, slash)}
    return paths.pop() if len(paths) == 1 and base else ""


@lru_cache(maxsize=4)
def _by_name(build: Build, shipped: bool) -> dict[str, list[Placement]]:
    found: dict[str, list[Placement]] = {}
    for each in copied(build, shipped=shipped):
        found.setdefault(each.target.rpartition("/")[2], []).append(each)
    return found


def _is_at(folder: str, asked: str, slash: str) -> bool:
    """Whether a file in a folder is what a program's path names: absolute, below the working directory, or in PATH."""
    if asked.startswith("/") or (slash and not asked):
        return folder == asked
    asked = asked.removeprefix("./").removeprefix(".")
    return not asked or folder.endswith(("/bin", f"/{asked}"))
