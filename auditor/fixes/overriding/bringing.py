"""How a wrapper's program gets into a container whose image does not have it: by a volume that another one fills."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.overriding.facts import NO_LIBC
from auditor.fixes.overriding.starting import doubled
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from auditor.core.wrapperdata import WrapperEntry
    from auditor.fixes.overriding.override import Override
    from auditor.fixes.overriding.plan import Request

_VOLUME = "cli"
_MOUNTED = "/cli"
_STATIC = "static"


def bring(request: Request, entry: WrapperEntry, made: Override) -> str:
    """Add the container that brings the program; the program's path in the service. Raises Refused."""
    check_libc(request, entry)
    init = _free("init", request.service.services)
    built = _built(request, entry)
    made.service["depends_on"] = {init: {"condition": "service_completed_successfully"}}
    if built:
        made.services[init] = {"image": doubled(request.cli_image or entry["cli_image"])}
        made.service["volumes_from"] = [f"{init}:ro"]
        return built
    name = entry["argv"][0]
    volume = _free(_VOLUME, request.service.volumes)
    made.volumes[volume] = {}
    image = doubled(request.cli_image) if request.cli_image else f"${{{_variable(name)}:?an image that has {name}}}"
    source = request.cli or f"/usr/local/bin/{name}"
    made.services[init] = {
        "image": image,
        "entrypoint": ["cp", doubled(source), f"{_MOUNTED}/{name}"],
        "command": [],
        "user": "0",
        "network_mode": "none",
        "volumes": [f"{volume}:{_MOUNTED}"],
    }
    made.service["volumes"] = [f"{volume}:{_MOUNTED}:ro"]
    return f"{_MOUNTED}/{name}"


def check_libc(request: Request, entry: WrapperEntry) -> None:
    """Raises Refused where the program cannot run in the image."""
    libc, builds = request.image.libc, entry["libc"]
    if _STATIC in builds or libc in builds:
        return
    if libc == NO_LIBC:
        raise Refused(f"{entry['id']} needs a C library, and {request.image.libc_reason}")
    kinds = " or ".join(builds)
    raise Refused(
        f"{entry['id']} needs {kinds}, which a volume cannot bring into an image of others; build an image FROM this"
        f" one that has it (`audit fix --wrapper {entry['id']}`)"
    )


def asked_for(request: Request, entry: WrapperEntry) -> list[str]:
    """The step that names the image with the program, where the user has to."""
    if request.cli_image or _built(request, entry):
        return []
    name = entry["argv"][0]
    source = request.cli or f"/usr/local/bin/{name}"
    return [
        f"say which image brings the program {name}, as {source}: {_variable(name)}=IMAGE in the environment or in"
        " .env, or --cli-image and --cli here"
    ]


def _built(request: Request, entry: WrapperEntry) -> str:
    """Where the wrapper's own image has a program for this one; "" where it has none, or another path was given."""
    built = "" if request.cli else entry.get(f"cli_{request.image.libc}", "")
    assert isinstance(built, str)
    return built


def _variable(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name).upper() + "_IMAGE"


def _free(wanted: str, taken: frozenset[str]) -> str:
    made, number = wanted, 2
    while made in taken:
        made, number = f"{wanted}{number}", number + 1
    return made
