"""`audit wrap --with file`: a compose override that gives secrets as files, read by the image itself or by a script."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.wrappers import SHIM
from auditor.fixes.overriding import scripts
from auditor.fixes.overriding.choices import choices
from auditor.fixes.overriding.override import Override, head
from auditor.fixes.overriding.plan import COMPOSE, FOLDER, Generated
from auditor.fixes.overriding.starting import (
    check_telling,
    command_of,
    doubled,
    entrypoint_of,
    health_of,
    needs,
    words_of,
)
from auditor.fixes.overriding.telling import compose_steps, file_step, health_note, kept_notes

if TYPE_CHECKING:
    from auditor.fixes.overriding.choices import Choice
    from auditor.fixes.overriding.plan import Request

_WHY = "reading the files of secrets"


def with_files(request: Request) -> Generated:
    """The override. Raises UsageError, Refused."""
    chosen = choices(request)
    made = Override(request)
    by_script = [one for one in chosen if not one.file_variable]
    notes: list[str] = []
    if by_script:
        _start(request, made, by_script)
    for one in chosen:
        if one.blank:
            made.set(one.variable, "")
        path = made.secret(one.secret, _source(one))
        if one.file_variable:
            made.set(one.file_variable, path)
    notes += _health(request, made, chosen)
    notes += kept_notes(request)
    steps = [
        file_step(
            request,
            one.secret,
            _source(one),
            f"the value of {one.variable} (no line break after it)",
            by_script=not one.file_variable,
        )
        for one in chosen
    ]
    return Generated(
        COMPOSE,
        made.text(head(request, _how(by_script, chosen))),
        SHIM if by_script else "",
        request.service.name,
        tuple(one.given for one in chosen),
        tuple(notes),
        (*steps, *compose_steps(request)),
    )


def shim(chosen: list[Choice]) -> str:
    """The script that reads the files of these variables and becomes the program."""
    return scripts.script(files=[scripts.FromFile(one.variable, one.path) for one in chosen])


def _source(one: Choice) -> str:
    """The file with the secret, as compose finds it: relative to the first compose file."""
    if not one.source or one.source.startswith(("/", "./", "../", "~")):
        return one.source or f"./{FOLDER}/{one.secret}"
    return f"./{one.source}"


def _start(request: Request, made: Override, by_script: list[Choice]) -> None:
    words = words_of(request.image, request.service)
    scripts.check_shell(request.image, request.service, words, _WHY)
    check_telling(request, "entrypoint")
    check_telling(request, "command")
    begin = scripts.started(doubled(shim(by_script)))
    made.start([*begin, *entrypoint_of(request.image, request.service)], command_of(request.image, request.service))


def _health(request: Request, made: Override, chosen: list[Choice]) -> list[str]:
    words = health_of(request.image, request.service)
    if not words or not needs(request.image, words, [one.variable for one in chosen]):
        return health_note(words)
    check_telling(request, "health check")
    scripts.check_shell(request.image, request.service, words, "the health check, which names a variable,")
    named = [one for one in chosen if needs(request.image, words, [one.variable])]
    made.check([*scripts.started(doubled(shim(named))), *words])
    return ["the health check names a variable, and is run with the files read before it, too"]


def _how(by_script: list[Choice], chosen: list[Choice]) -> list[str]:
    lines = [f"{one.variable}: {one.file_variable}, {one.basis}" for one in chosen if one.file_variable]
    if by_script:
        names = ", ".join(one.variable for one in by_script)
        lines += [
            f"{names}: a shell reads the files, exports them and becomes the image's own program. It stands in the",
            "entrypoint itself, which docker-compose 1.29, docker compose and `docker stack deploy` take alike.",
        ]
    return lines
