"""What is said beside a generated file: the next steps, and what it does not do."""

from __future__ import annotations

import posixpath
import shlex

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes.overriding.plan import Request

_THIS_FILE = "OVERRIDE.yml"


def file_step(request: Request, secret: str, path: str, what: str, *, by_script: bool) -> str:
    """How the file with a secret is made: `what` it has to hold. compose keeps the mode and owner that it has."""
    readable = f"readable for {_reader(request, by_script)}"
    if secret in request.service.declared:
        return f"{request.service.path} has a secret {secret} already: see that it holds {what}, {readable}"
    folder = posixpath.dirname(request.service.path) or "."
    place = "" if folder == "." else f" (paths are relative to {folder})"
    return f"make {path} with {what}, {readable}, out of git and of build contexts{place}"


def _reader(request: Request, by_script: bool) -> str:
    """Who has to be able to read a mounted file."""
    user = request.service.user
    if user:
        return f"the user {user}, whom the service runs as"
    one = request.reader(by_script=by_script)
    if one.uid is None:
        return f"the user {one.name!r}"
    return f"uid {one.uid}" + (f" ({one.name})" if one.name != str(one.uid) else "")


def compose_steps(request: Request) -> list[str]:
    """How the override is used."""
    mine = shlex.quote(request.output or _THIS_FILE)
    files = f"-f {shlex.quote(request.service.path)} -f {mine}" if request.service.path else f"-f {mine}"
    return [
        f"look at what compose makes of it: docker compose {files} config",
        f"start it: docker compose {files} up -d {shlex.quote(request.service.name)}",
    ]


def health_note(words: Sequence[str]) -> list[str]:
    """For a health check that is not wrapped: nothing shows that it needs a value."""
    return ["the health check names none of these variables, and does not get their values"] if words else []


def kept_notes(request: Request) -> list[str]:
    """What stays as bad as it was."""
    notes = []
    image, service = request.leaks.image, [name for name in request.leaks.service if name not in request.keep]
    if image:
        notes.append(
            f"the image keeps the value of {', '.join(image)} in its configuration, for everybody who has it: replace"
            " the value, and see `audit image`"
        )
    if service:
        notes.append(
            f"{request.service.path} still has the value of {', '.join(service)}: take it out (`audit fix`) and replace"
            " it, since it is in the history of git"
        )
    if request.service.has_env_file:
        notes.append("the env_file of the service was not read: none of these variables may be set there, too")
    return notes
