"""Commands that build, too, but cannot pass build secrets, or only by way of another file."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.fixes.callers.surroundings import Unit
    from auditor.fixes.callers.work import Work
    from auditor.lang.shell.nodes import Command

#: Its program, or the image that runs it: not its folder, which pipelines put a login into.
_KANIKO = Pattern(r"(?:^|[/ ])(?:kaniko|executor)(?:[:@ ]|$)")
#: Programs that only do something with a file of that name.
_OF_FILES = frozenset("cat chmod cp echo ln ls mkdir mv printf rm test".split())
_NAME = Pattern(r"(?:--build-arg(?:=|\s+)|^)[\"']?([A-Za-z_]\w*)(?==|$|\s)")
_SET = Pattern(r"(?:^|\s)--set[= ][\"']?[^\s=.]+\.args\.([A-Za-z_]\w*)")
_COMPOSE = (["docker", "compose"], ["docker-compose"], ["podman-compose"], ["podman", "compose"])


def look(work: Work, unit: Unit, command: Command) -> None:
    """Report a command that is such a build and concerns this Dockerfile."""
    words = [word.rendered for word in command.words]
    text = " ".join(words)
    if not any(word in text for word in ("build", "kaniko", "bake")):
        return
    names = {match[1] for match in _NAME.finditer(text)}
    for at, word in enumerate(words[:-1]):
        if word == "--build-arg":
            names.add(words[at + 1].partition("=")[0])
    overridden = {match[1] for match in _SET.finditer(text)} if "bake" in words else set()
    if work.fits(overridden):
        work.seen.append(unit.span(*command.span))
        work.problem(unit.span(*command.span).start, "`bake --set` gives a build argument that is a secret now")
        return
    problem = _problem(words, text)
    if not problem:
        return
    compose = problem is _ADVICE
    if work.fits(names) or (work.build.sole and not compose and work.build.secrets):
        work.seen.append(unit.span(*command.span))
        work.matched += 1
        work.problem(unit.span(*command.span).start, problem)


_ADVICE = "`compose build --build-arg` cannot pass a secret: list it under `build.secrets` in the compose file"


def _problem(words: list[str], text: str) -> str:
    at = next((i for i, w in enumerate(words) if w.rpartition("/")[2] in ("az", "gcloud")), None)
    if at is not None:
        if words[at + 1 : at + 3] == ["acr", "build"]:
            return "`az acr build` cannot mount build secrets"
        if words[at + 1 : at + 3] == ["builds", "submit"] and not any(w.startswith("--config") for w in words):
            return "`gcloud builds submit` cannot mount build secrets without a build file of its own"
        return ""
    if _KANIKO.search(text) and words[0] not in _OF_FILES:
        return "kaniko cannot mount build secrets"
    if "build" in words and any(words[i : i + len(c)] == c for c in _COMPOSE for i in range(2)):
        return _ADVICE
    return ""
