"""One run of `audit wrap`: the service and the image are read, and what was asked for is generated."""

from __future__ import annotations

from auditor.core.config import suggestion
from auditor.core.errors import UsageError
from auditor.core.imagenames import repository
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.wrappers import wrapper_ids, wrapper_named
from auditor.fixes.overriding.facts import ServiceFacts
from auditor.fixes.overriding.files import with_files
from auditor.fixes.overriding.plan import FILE, SWARM, Request
from auditor.fixes.overriding.starting import kept_as
from auditor.fixes.overriding.swarm import with_swarm
from auditor.fixes.overriding.wrappers import with_wrapper
from auditor.fixes.plan import Refused
from auditor.lang.dockerfile.reference import reference_error
from auditor.run.wrapping.composefile import ServiceRefused, read_service
from auditor.run.wrapping.layers import ImageReader
from auditor.run.wrapping.leaks import leaks_of
from auditor.run.wrapping.looking import look_at
from auditor.sources.images.target import DOCKER, PODMAN, REGISTRY

if TYPE_CHECKING:
    from auditor.detect.detector import Detector
    from auditor.fixes.overriding.plan import Generated

#: What compose and swarm take for the name of a service.
_SERVICE = Pattern(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_NOT_IN_NAMES = Pattern(r"[^A-Za-z0-9_-]+")
_LONGEST_SERVICE = 63


class WrapOptions(NamedTuple):
    """What the user says; see `plan.Request`. `image` is what the image is called, `compose` an existing file."""

    target: str
    method: str
    maps: tuple[tuple[str, str], ...] = ()
    keep: frozenset[str] = frozenset()
    form: str = ""
    fill: tuple[tuple[str, str], ...] = ()
    service: str = ""
    compose: str = ""
    image: str = ""
    cli_image: str = ""
    cli: str = ""
    output: str = ""
    platform: str = ""
    insecure: tuple[str, ...] = ()


class Wrapped(NamedTuple):
    """What came of it: the request with all that was read, and what was generated, or why nothing was."""

    request: Request
    generated: Generated | None
    refused: str = ""


def wrap(options: WrapOptions, detector: Detector) -> Wrapped:
    """Read and generate. Raises UsageError, SourceError (the image cannot be read), AuditError."""
    entry = None if options.method in (FILE, SWARM) else wrapper_named(options.method)
    if entry is None and options.method not in (FILE, SWARM):
        known = [FILE, SWARM, *wrapper_ids()]
        raise UsageError(f"--with: {options.method!r} is no wrapper{suggestion(options.method, known)}")
    check(options, is_wrapper=entry is not None)
    reader = ImageReader(options.target, platform=options.platform, insecure=options.insecure)
    service, doubt = ServiceFacts(""), ""
    try:
        if options.compose:
            service = read_service(options.compose, options.service, _called(options, reader))
    except ServiceRefused as refused:
        doubt = str(refused)
    image = look_at(reader, service)
    if options.image:
        image = image._replace(reference=options.image)
    if not service.name:
        service = service._replace(name=options.service or _named(image.reference))
    leaks = leaks_of(image, service, dict(options.maps), detector)
    leaks = leaks._replace(telling=frozenset(what for what in leaks.telling if kept_as(what) not in options.keep))
    request = Request(
        options.method, image, service, leaks, options.maps, options.keep, options.form, options.fill,
        options.cli_image, options.cli, options.output,
    )  # fmt: skip
    try:
        if doubt:
            raise Refused(doubt)
        if not image.reference and not service.path:
            raise UsageError(f"{options.target}: does not say what the image is called; name it with --image")
        if entry is not None:
            return Wrapped(request, with_wrapper(request, entry))
        return Wrapped(request, with_files(request) if options.method == FILE else with_swarm(request))
    except Refused as refused:
        return Wrapped(request, None, refused.reason)


def _called(options: WrapOptions, reader: ImageReader) -> str:
    """What the image is called, where that chooses the service; what holds it may be all that says so."""
    if options.service:
        return ""
    named = reader.target.kind in (DOCKER, PODMAN, REGISTRY)
    return options.image or (reader.target.where if named else look_at(reader, ServiceFacts("")).reference)


def check(options: WrapOptions, *, is_wrapper: bool) -> None:
    """Raises UsageError for options that cannot be meant together."""
    if not is_wrapper:
        only = {"--form": options.form, "--fill": options.fill, "--cli-image": options.cli_image, "--cli": options.cli}
        for name, given in only.items():
            if given:
                raise UsageError(f"{name} is for wrappers, not for --with {options.method}")
    if options.image and (error := reference_error(options.image)):
        raise UsageError(f"--image: {error}")
    if options.cli_image and (error := reference_error(options.cli_image)):
        raise UsageError(f"--cli-image: {error}")
    if options.service and (not _SERVICE.fullmatch(options.service) or len(options.service) > _LONGEST_SERVICE):
        raise UsageError(f"--service: {options.service[:80]!r} is no name for a service")
    if options.cli and (not options.cli.startswith("/") or not options.cli.isprintable()):
        raise UsageError("--cli: the path of a program in an image begins with a slash")


def _named(reference: str) -> str:
    """A name for the service, from the image's."""
    named = repository(reference) if reference and not reference.startswith("sha256:") else ""
    made = _NOT_IN_NAMES.sub("-", named.rpartition("/")[2]).strip("-_")[:_LONGEST_SERVICE]
    return made or "app"
