"""The service that an override is for, as an existing compose file has it."""

from __future__ import annotations

import shlex

from auditor.core.errors import AuditError, UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.yamledit import text_of
from auditor.fixes.overriding.facts import ServiceFacts
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence
from auditor.lang.compose.services import read_compose
from auditor.lang.unreadable import Unreadable
from auditor.sources.files import UnreadableFile, read_regular

if TYPE_CHECKING:
    from auditor.lang.compose.services import ComposeText, Service

_LIMIT = 512 * 1024
_SHOWN = 20


class ServiceRefused(AuditError):
    """A service whose settings cannot be seen whole; the message says why, and what to give instead."""


def read_service(path: str, name: str, image: str) -> ServiceFacts:
    """The service `name` of a compose file; without one that which runs `image`, or the only one.

    Raises UsageError for files and names that cannot be meant, ServiceRefused.
    """
    try:
        text = read_regular(path, _LIMIT).decode("utf-8-sig")
    except UnreadableFile as error:
        raise UsageError(f"--compose: {path}: {error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--compose: {path}: not UTF-8") from None
    try:
        file = read_compose(text)
    except Unreadable as error:
        line = f" (line {error.line})" if error.line else ""
        raise UsageError(f"--compose: {path}: {error.reason}{line}") from None
    if len(file.documents) > 1:
        raise UsageError(f"--compose: {path}: holds {len(file.documents)} documents; compose reads one")
    repeated = file.repeated()
    if repeated is not None:
        raise UsageError(f"--compose: {path}: a key stands twice (line {file.line(repeated)})")
    if not file.modern or file.top is None:
        raise UsageError(f"--compose: {path}: has no `services`")
    return _facts(file, _chosen(file, path, name, image), path)


def _chosen(file: ComposeText, path: str, name: str, image: str) -> Service:
    fits = [one for one in file.services if one.name == name]
    if not name:
        fits = [one for one in file.services if image and text_of(file.inherited(one.node, "image")) == image]
        fits = file.services if not fits and len(file.services) == 1 else fits
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(one.name for one in file.services[:_SHOWN]) or "none"
    if name:
        raise UsageError(f"--service: {path} has no service {name!r}; there are {names}")
    raise UsageError(f"{path}: which service is meant is not certain; name it with --service ({names})")


def _facts(file: ComposeText, service: Service, path: str) -> ServiceFacts:
    node = service.node
    if file.inherited(node, "extends") is not None:
        raise ServiceRefused(
            f"{path}: {service.name} takes over another service with `extends` (line {file.line(node)}); give the whole"
            " that compose makes of it: `docker compose config > whole.yml`"
        )
    entrypoint, plain = _words(file, file.inherited(node, "entrypoint"))
    if not plain:
        raise ServiceRefused(
            f"{path}: the `entrypoint` of {service.name} is one text with variables, which cannot be taken apart"
            f" (line {file.line(node)}); write it as a list"
        )
    command, restated = _words(file, file.inherited(node, "command"))
    environment: dict[str, str | None] = {}
    for section in file.environment_of(service):
        for entry in section.entries:
            environment.setdefault(entry.name, entry.raw.text if entry.raw is not None else None)
    top = file.top
    assert top is not None
    return ServiceFacts(
        service.name,
        path,
        top.text("version") or "",
        text_of(file.inherited(node, "image")),
        entrypoint,
        command,
        tuple(environment.items()),
        text_of(file.inherited(node, "user")),
        _health(file, node),
        tuple(_sources(file, file.inherited(node, "secrets"))),
        frozenset(one.name for one in file.services),
        _keys(file, top, "secrets"),
        _keys(file, top, "volumes"),
        restated,
        file.inherited(node, "env_file") is not None,
    )


def _words(file: ComposeText, node: Node | None) -> tuple[tuple[str, ...] | None, bool]:
    """The words of `entrypoint` or `command` (None: the image's own), and whether they are certain."""
    if node is None or (isinstance(node, Scalar) and node.null):
        return None, True
    if isinstance(node, Sequence):
        items = [file.resolve(item) for item in node.items]
        return tuple(map(text_of, items)), all(isinstance(item, Scalar) for item in items)
    text = text_of(node)
    if not isinstance(node, Scalar) or "$" in text.replace("$$", ""):
        return None, False
    try:
        return tuple(shlex.split(text)), True
    except ValueError:
        return None, False


def _health(file: ComposeText, node: Mapping) -> tuple[str, ...] | None:
    check = file.inherited(node, "healthcheck")
    if not isinstance(check, Mapping):
        return None
    test = file.resolve(check.get("test"))
    if (check.text("disable") or "").lower() in ("true", "yes", "on"):
        return ()
    if isinstance(test, Sequence):
        words = tuple(text_of(file.resolve(item)) for item in test.items)
        return () if words[:1] == ("NONE",) else words
    return ("CMD-SHELL", test.value) if isinstance(test, Scalar) else None


def _sources(file: ComposeText, node: Node | None) -> list[str]:
    items = [file.resolve(item) for item in node.items] if isinstance(node, Sequence) else []
    return [(item.text("source") or "") if isinstance(item, Mapping) else text_of(item) for item in items]


def _keys(file: ComposeText, top: Mapping, name: str) -> frozenset[str]:
    node = file.resolve(top.get(name))
    return (
        frozenset(key.value for key, _value in node.pairs if isinstance(key, Scalar))
        if isinstance(node, Mapping)
        else frozenset()
    )
