"""The changes that put a wrapper before what the container starts, and what speaks against calling them safe."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.core.wrappers import EXEC, SHIM
from auditor.fixes.plan import Refused, Replace
from auditor.fixes.shims import Shim, added, ahead, array, before, is_shim
from auditor.fixes.starters import is_watched, script_of
from auditor.fixes.wrapping.scripts import asks, credential_file, credential_of, runs_wrapper, settings, shim_of

if TYPE_CHECKING:
    from auditor.core.wrapperdata import WrapperEntry
    from auditor.core.wrappers import Wrapping
    from auditor.fixes.origins import Origin
    from auditor.fixes.starters import Start
    from auditor.flow.build import Build
    from auditor.lang.dockerfile.nodes import Instruction

_BRINGING = frozenset({"RUN", "COPY", "ADD"})
_PACKAGE = re.compile(r'"(@?[\w./-]+?)(?:==|@)\$\{')
_SIGNALS = {
    "dropped": "docker stop does not reach the program, which is killed when its grace is over",
    "delayed": "docker stop reaches the program late",
}


_NO_WORDS = "the ENTRYPOINT has no words that could be wrapped"


class Situation(NamedTuple):
    """What is started, and whether the image has a shell for certain."""

    build: Build
    how: Start
    origin: Origin
    has_shell: bool
    wrapping: Wrapping


class Wrapped(NamedTuple):
    """`changes` of the Dockerfile, `doubts` about them (sentence parts), `notes` for the user (sentences)."""

    changes: list[Replace]
    doubts: list[str]
    notes: list[str]


def words_at(node: Instruction) -> list[str]:
    """The words of an ENTRYPOINT, those of a shell form as far as blanks part them."""
    return list(node.args) if node.json else node.body.text.split()


def is_wrapped(at: Situation) -> bool:
    """Whether what the container starts is started by the wrapper already, in its plain form."""
    node, wrapper = at.how.entrypoint, at.wrapping.wrapper
    if node is None:
        return False
    return runs_wrapper(words_at(node), wrapper) >= 0 or _hands_over(script_of(at.build, node), wrapper)


def wrap(at: Situation, names: list[str]) -> Wrapped:
    """Wrap what starts, for these variables. Raises Refused."""
    wrapping = at.wrapping
    shim = shim_of(wrapping, names)
    if shim.argv[0] == "/bin/sh" and not at.has_shell:
        if not shim.words:
            raise Refused("nothing shows that the image has /bin/sh, which would ask for the value")
        shim = Shim(words=shim.words)  # the credential comes as a variable, then
    lines = missing(at)
    if is_wrapped(at):
        changes = with_settings(at, lines) if lines else []
    elif wrapping.way == EXEC and wrapping.wrapper["passes"] == "shell":
        changes = [*_one_text(at, shim), *with_settings(at, lines)]
    elif at.how.entrypoint is not None:
        change = before(at.build, at.how.entrypoint, shim)
        changes = [*([change] if change is not None else []), *with_settings(at, lines)]
        if change is None and not asks(words_at(at.how.entrypoint), wrapping.wrapper):
            raise Refused(_NO_WORDS)
    else:
        changes = added(at.build, at.origin, shim, lines)
    return Wrapped([*changes, *_health(at, shim, names)], _doubts(at), _notes(at))


def missing(at: Situation) -> list[str]:
    """The line that sets what the wrapper needs to have set, as far as no ENV does."""
    known = {v.name for v in at.build.facts.variables if v.kind == "environment" and v.step.ships}
    wanted = [f"{name}={value}" for name, value in settings(at.wrapping) if name not in known]
    return [f"ENV {' '.join(wanted)}"] if wanted else []


def with_settings(at: Situation, lines: list[str]) -> list[Replace]:
    """Lines in front of the ENTRYPOINT that is there."""
    node = at.how.entrypoint
    assert node is not None
    return [ahead(at.build.document, node, lines)] if lines else []


def separated(at: Situation) -> Replace | None:
    """The change that puts `--` between the wrapper's words and the command; None where nothing is missing."""
    node, argv = at.how.entrypoint, at.wrapping.wrapper["argv"]
    if node is None or argv[-1] != "--" or at.wrapping.wrapper.get("fill"):
        return None
    if not node.json:
        own = r"\s+".join(map(re.escape, argv[:-1]))
        found = re.search(rf"(?:^|[\s/]){own}\s+(?![-\s])", node.body.text)
        place = node.body.source(found.end()) if found and found.end() < len(node.body.text) else -1
        return Replace(Span(place, place), "-- ") if place >= 0 else None
    words = list(node.args)
    start = runs_wrapper(words, at.wrapping.wrapper)
    behind = start + len(argv) - 1
    if start < 0 or words[start + 1 : behind] != argv[1:-1] or behind >= len(words) or words[behind].startswith("-"):
        return None
    place = node.words[behind].whole.start - 1
    return Replace(Span(place, place), '"--", ')


def replaced(at: Situation, names: list[str]) -> Replace:
    """The change that puts the shim in the place of the wrapper's own words. Raises Refused."""
    node, wrapper = at.how.entrypoint, at.wrapping.wrapper
    words = list(node.args) if node is not None and node.json else []
    start = runs_wrapper(words, wrapper)
    if node is None or start < 0 or is_shim(words) or wrapper["takes"] != "references" or not names:
        raise Refused("only an ENTRYPOINT in exec form whose values are references can be turned into the shim")
    shim = shim_of(at.wrapping, names)
    if not at.has_shell:
        raise Refused("nothing shows that the image has /bin/sh, which would ask for the value")
    own = [word for word in wrapper["argv"] if word != "--"]
    rest = words[start + len(own) :]
    rest = rest[1:] if rest[:1] == ["--"] else rest
    if not rest or rest[0].startswith("-"):
        raise Refused(f"the ENTRYPOINT gives {wrapper['id']} options, which the shim does not know")
    argv = array([*shim.argv, *words[:start], *rest])
    return Replace(node.body.span(0, len(node.body.text)), argv)


def is_installed(build: Build, wrapper: WrapperEntry) -> bool:
    """Whether an instruction of the image names the wrapper's program, or the package that brings it."""
    names = [wrapper["argv"][0], *_PACKAGE.findall(wrapper["install"])]
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])")
    nodes = (node for stage in build.stages if stage.index in build.ships for node in stage.instructions)
    return any(node.keyword in _BRINGING and pattern.search(node.body.text) for node in nodes)


def credential_note(at: Situation, readable: str = "") -> str:
    """How the container gets the wrapper's credential."""
    credential, path = credential_of(at.wrapping.wrapper), credential_file(at.wrapping.wrapper)
    file = path.rpartition("/")[2]
    return (
        f"give the container the {credential['title']} of {at.wrapping.wrapper['id']} as the file {path}: "
        f'`secrets:` of compose or swarm, `docker run -v "$PWD/{file}:{path}:ro" ...`.{readable} '
        "It never goes into ARG, ENV or a layer."
    )


def _hands_over(script: str, wrapper: WrapperEntry) -> bool:
    return bool(script) and " ".join(wrapper["argv"][:2]) in script


def _one_text(at: Situation, shim: Shim) -> list[Replace]:
    """The start for a wrapper that takes one text for a shell: that of a shell form."""
    node = at.how.entrypoint
    if node is None or node.json:
        raise Refused(
            f"{at.wrapping.wrapper['title']} takes the command as one text for a shell: only an ENTRYPOINT in shell "
            "form keeps its meaning, since no arguments follow it"
        )
    if not node.body.text.strip():
        raise Refused(_NO_WORDS)
    argv = array([*shim.argv, node.args[0]])
    return [Replace(node.body.span(0, len(node.body.text)), argv)]


def _health(at: Situation, shim: Shim, names: list[str]) -> list[Replace]:
    """The health check, where it may read one of the variables: it gets the container's environment."""
    node = at.how.health
    if node is None or not any(is_watched(at.build, at.how, name) for name in names):
        return []
    words = list(node.args[1:])
    if runs_wrapper(words, at.wrapping.wrapper) >= 0:
        return []
    if at.wrapping.way == EXEC and at.wrapping.wrapper["passes"] == "shell":
        raise Refused("the health check needs the value, and cannot be wrapped as one text for a shell")
    change = before(at.build, node, shim)
    return [change] if change is not None else []


def _doubts(at: Situation) -> list[str]:
    wrapper, base = at.wrapping.wrapper, at.origin.base
    found = []
    if not is_installed(at.build, wrapper):
        found.append(f"the image has to have {wrapper['argv'][0]}, and nothing in the Dockerfile brings it")
    if at.how.entrypoint is None and base is not None and not base.sure:
        found.append(f"a build argument may name another base image than {at.origin.image}")
    if at.wrapping.way == EXEC and not is_wrapped(at):
        if wrapper.get("fill"):
            found.append(f"{' and '.join(wrapper['fill'])} in the ENTRYPOINT has to be filled in")
        if wrapper["process"] == "fork":
            found.append(f"{wrapper['id']} stays as the container's first process: {_weaknesses(wrapper)}")
    return found


def _weaknesses(wrapper: WrapperEntry) -> str:
    found = [_SIGNALS[wrapper["signals"]]] if wrapper["signals"] in _SIGNALS else ["it does not reap orphans"]
    if wrapper["exit_code"] == "one":
        found.append("every failure becomes exit code 1")
    return ", ".join(found)


def _notes(at: Situation) -> list[str]:
    wrapper = at.wrapping.wrapper
    notes = []
    if at.wrapping.way == SHIM:
        notes.append("`docker exec` and another --entrypoint do not get the values, only what -e gives.")
    if at.how.entrypoint is None and at.origin.base is not None and at.origin.base.entrypoint:
        notes.append(f"the ENTRYPOINT of {at.origin.image} is taken from what is known of that image.")
    if not is_installed(at.build, wrapper):
        notes.append(f"docs/wrappers.md says how {wrapper['argv'][0]} comes into an image without a secret in it.")
    return notes
