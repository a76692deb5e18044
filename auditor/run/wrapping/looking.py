"""What `audit wrap` has to know of an image: its configuration, checked, and what its files say about it."""

from __future__ import annotations

import posixpath

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.overriding.facts import ImageFacts, Program
from auditor.lang.dockerfile.reference import reference_error
from auditor.run.wrapping.programs import DEFAULT_PATH, Programs, libc, system_of
from auditor.run.wrapping.users import owner, reader
from auditor.sources.images import fields
from auditor.sources.images.model import SourceError
from auditor.sources.images.target import DOCKER, PODMAN, REGISTRY

if TYPE_CHECKING:
    from auditor.fixes.overriding.facts import ServiceFacts
    from auditor.run.wrapping.filesystem import FileSystem
    from auditor.run.wrapping.layers import ImageReader
    from auditor.sources.images.model import Image

#: Programs that generated scripts call.
_TOOLS = ("cat",)
#: Bounds of what is read of a configuration: words of one command, variables, characters of one text.
MOST_WORDS, MOST_VARIABLES, LONGEST = 10_000, 10_000, 1 << 17
_NO_SHELL = ("/bin/sh", "-c")
_NAMED = 20


def look_at(source: ImageReader, service: ServiceFacts) -> ImageFacts:
    """The facts of the source's image; those about its programs are of what the service starts in it. Raises
    SourceError, UsageError."""
    name = source.target.name
    is_named = source.target.kind in (DOCKER, PODMAN, REGISTRY)
    where = source.target.where if is_named else ""

    def look(image: Image, files: FileSystem) -> ImageFacts:
        return _facts(image, files, service, (name, where))

    def words(image: Image) -> list[str]:
        start, health = _run(_Config(image), service)
        return [posixpath.basename(word) for word in (*start[:_NAMED], *health[:_NAMED]) if word]

    return source.read(look, words)


class _Config:
    """The fields of a configuration that count here. Raises SourceError where they are beyond all bounds."""

    def __init__(self, image: Image) -> None:
        inner = fields.mapping(image.config, "config")
        self.name = image.name
        self.entrypoint = self._words(inner, "Entrypoint")
        self.command = self._words(inner, "Cmd")
        health = self._words(fields.mapping(inner, "Healthcheck"), "Test")
        self.health = health if health[:1] in (("CMD",), ("CMD-SHELL",)) else ()
        self.shell = self._words(inner, "Shell") or _NO_SHELL
        self.user = fields.short(inner, "User")
        self.workdir = fields.short(inner, "WorkingDir") or "/"
        listed = [text for text in fields.items(inner, "Env") if isinstance(text, str) and "=" in text]
        if len(listed) > MOST_VARIABLES:
            raise SourceError(f"{image.name}: more than {MOST_VARIABLES:,} environment variables")
        pairs = {text.partition("=")[0]: text.partition("=")[2] for text in listed}
        self.environment = tuple((_valid(name), _valid(value)) for name, value in pairs.items())

    def _words(self, value: object, key: str) -> tuple[str, ...]:
        listed = fields.items(value, key)
        if len(listed) > MOST_WORDS:
            raise SourceError(f"{self.name}: {key} has more than {MOST_WORDS:,} words")
        if any(not isinstance(word, str) or len(word) > LONGEST for word in listed):
            raise SourceError(f"{self.name}: {key} has words that are no texts, or too long")
        return tuple(_valid(str(word)) for word in listed)


def _valid(text: str) -> str:
    """The text as an engine reads it: half of a surrogate pair is no character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _run(config: _Config, service: ServiceFacts) -> tuple[list[str], list[str]]:
    """The words that start the container of a service, and those of its health check."""
    entrypoint = config.entrypoint if service.entrypoint is None else _undoubled(service.entrypoint)
    command = config.command if service.entrypoint is None else ()
    if service.command is not None:
        command = _undoubled(service.command)
    health = config.health if service.health is None else _undoubled(service.health)
    return [*entrypoint, *command], _checked(health)


def _undoubled(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.replace("$$", "$") for word in words)


def _facts(image: Image, files: FileSystem, service: ServiceFacts, names: tuple[str, str]) -> ImageFacts:
    config = _Config(image)
    environment = dict(config.environment)
    programs = Programs(files, environment.get("PATH") or DEFAULT_PATH, config.workdir)
    start, health = _run(config, service)
    name, where = names
    program = programs.program(start[0]) if start else Program("")
    shell = programs.program("/bin/sh")
    system = system_of(_text(files, "/etc/os-release") or _text(files, "/usr/lib/os-release"))
    kind, reason, loaders = libc(files, program, shell, system)
    passwd, group = _text(files, "/etc/passwd"), _text(files, "/etc/group")
    user, script = owner(config.user, passwd, group), programs.script(start)
    return ImageFacts(
        name,
        _reference(image, where),
        image.digest,
        image.platform,
        config.entrypoint,
        config.command,
        config.environment,
        config.user,
        user.uid,
        user.gid,
        config.workdir,
        config.health,
        config.shell,
        kind,
        reason,
        loaders,
        system,
        "/bin/sh" if shell.path else "",
        posixpath.basename(shell.path),
        frozenset(tool for tool in _TOOLS if programs.place(tool) is not None),
        program,
        script,
        programs.script(health),
        reader(user, script, passwd, group),
    )


def _checked(health: tuple[str, ...]) -> list[str]:
    """The words of a health check; of a shell's command those until something has a meaning of its own."""
    if health[:1] != ("CMD-SHELL",):
        return list(health[1:])
    return health[1].split()[:_NAMED] if len(health) > 1 else []


def _text(files: FileSystem, path: str) -> bytes:
    place = files.file(path)
    return files.head(place) if place is not None else b""


def _reference(image: Image, where: str) -> str:
    """What the image is called where containers are made of it; "" for one without a name."""
    told = where or getattr(image, "reference", "")
    is_name = isinstance(told, str) and (":" in told or "/" in told) and not reference_error(told)
    return told if where or (is_name and not told.startswith("sha256:")) else ""
