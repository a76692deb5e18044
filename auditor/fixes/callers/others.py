"""Commands that build, too, but cannot pass build secrets, or only by way of another file."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.fixes.callers.surroundings import Unit
    from auditor.fixes.callers.work import Work
    from auditor.lang.shell.nodes import Command

_KANIKO = Pattern(r"(?:^|[/ ])(?:kaniko|executor)(?:[/:@ ]|$)|kaniko-project")
_NAME = Pattern(r"(?:--build-arg(?:=|\s+)|^)[\"']?([A-Za-z_]\w*)(?==|$|\s)")
_COMPOSE = (["docker", "compose"], ["docker-compose"], ["podman-compose"], ["podman", "compose"])


def look(work: Work, unit: Unit, command: Command) -> None:
    """Report a command that is such a build and concerns this Dockerfile."""
    words = [word.rendered for word in command.words]
    text = " ".join(words)
    if "build" not in text and "kaniko" not in text:
        return
    names = {match[1] for match in _NAME.finditer(text)}
    for at, word in enumerate(words[:-1]):
        if word == "--build-arg":
            names.add(words[at + 1].partition("=")[0])
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
    if _KANIKO.search(text):
        return "kaniko cannot mount build secrets"
    if "build" in words and any(words[i : i + len(c)] == c for c in _COMPOSE for i in range(2)):
        return _ADVICE
    return ""
