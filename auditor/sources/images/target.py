"""What `audit image` is asked to read: which kind of place, where, and which image in it."""

from __future__ import annotations

import os
import re

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.lang.dockerfile.reference import reference_error
from auditor.sources.images.reference import Reference, image_identity, parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container
    from typing import BinaryIO

    from auditor.sources.images.model import Source

DOCKER, PODMAN, REGISTRY = "docker", "podman", "registry"
ARCHIVE, STDIN, LAYOUT, ROOTFS = "archive", "stdin", "layout", "rootfs"
#: What stands before the colon -> kind.
_PREFIXES = {
    "docker": DOCKER,
    "podman": PODMAN,
    "registry": REGISTRY,
    "docker-archive": ARCHIVE,
    "oci-archive": ARCHIVE,
    "oci": LAYOUT,
    "rootfs": ROOTFS,
}
#: Other tools' words for the same places.
_FOREIGN = {
    "docker-daemon": "docker:REF",
    "containers-storage": "podman:REF",
    "docker-image": "registry:REF",
    "oci-layout": "oci:DIR",
    "dir": "oci:DIR (skopeo copy dir:DIR oci:DIR2 makes one)",
    "tarball": "docker-archive:FILE",
}
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
_DIGEST = re.compile(r"(.+)@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})", re.ASCII | re.DOTALL)


class Target(NamedTuple):
    """A place: `where` is the path, or the reference as it was written ("" for stdin); `name` is the whole as written.

    `tag` asks for one image of an archive or a layout, by name or digest ("" = all). `reference` is what `where` names
    in an engine or a registry, else None; for the id of an image it has nothing but a digest.
    """

    kind: str
    where: str
    name: str
    tag: str = ""
    reference: Reference | None = None


def parse_target(text: str) -> Target:
    """What a target on the command line means. Raises UsageError, with a suggestion where there is one."""
    if text == "-":
        return Target(STDIN, "", text)
    if not text or "\0" in text:
        raise UsageError("an empty or malformed target names no image")
    prefix, colon, rest = text.partition(":")
    kind = _PREFIXES.get(prefix, "") if colon else ""
    if kind:
        return _prefixed(kind, prefix, rest, text)
    if os.path.isfile(text) or (os.path.exists(text) and not os.path.isdir(text)):
        return Target(ARCHIVE, text, text)
    if os.path.isdir(text):
        return _directory(text)
    if colon and prefix in _FOREIGN and not rest.isdigit():
        raise UsageError(f"{prefix}: is no kind of target; write {_FOREIGN[prefix]}")
    if text.startswith(("/", "./", "../", "~")) or text.lower().endswith(_ARCHIVES):
        raise UsageError(f"{text}: no such file")
    return _referred(DOCKER, text, text)


def open_source(
    target: Target,
    *,
    platform: str = "",
    stdin: BinaryIO | None = None,
    known: Container[str] = frozenset(),
    insecure: Collection[str] = (),
) -> Source:
    """The place that a target names. `stdin` is where an archive comes from if that is `-`.

    An engine need not export layers whose diff_ids are `known`. `insecure` are registries to which plain http may be
    spoken. Raises SourceError.
    """
    # start-up: each kind needs modules of its own
    if target.kind == LAYOUT:
        from auditor.sources.images.layout import LayoutSource

        return LayoutSource(target.name, target.where, tag=target.tag, platform=platform)
    if target.kind == ROOTFS:
        from auditor.sources.images.rootfs import RootSource

        return RootSource(target.name, target.where)
    if target.kind == REGISTRY:
        from auditor.sources.images.registry import open_registry

        return open_registry(target, platform, insecure=insecure)
    if target.kind in (DOCKER, PODMAN):
        from auditor.sources.images.daemon import open_daemon

        return open_daemon(target, platform, known=known)
    if target.kind == STDIN:
        from auditor.sources.images.passing import open_stream

        return open_stream(target.name, stdin, tag=target.tag, platform=platform)
    from auditor.sources.images.archive import open_archive

    return open_archive(target.name, target.where, tag=target.tag, platform=platform)


def _prefixed(kind: str, prefix: str, rest: str, text: str) -> Target:
    if not rest:
        raise UsageError(f"{text}: nothing stands behind the colon")
    if kind in (DOCKER, PODMAN, REGISTRY):
        return _referred(kind, rest.removeprefix("//"), text)
    if kind == ROOTFS:
        if not os.path.isdir(rest):
            raise UsageError(f"{rest}: no such directory")
        return Target(ROOTFS, rest, text)
    if kind == ARCHIVE and rest == "-":
        return Target(STDIN, "", text)
    exists = os.path.isdir if kind == LAYOUT else _is_file
    where, tag = _tagged(rest, exists)
    if exists(where):
        return Target(kind, where, text, tag)
    if kind == LAYOUT and _is_file(where):
        raise UsageError(f"{where}: not a directory; for an archive write oci-archive:{where}")
    if kind == ARCHIVE and os.path.isdir(where):
        raise UsageError(f"{where}: a directory; for an OCI layout write oci:{where}")
    raise UsageError(f"{where}: no such {'directory' if kind == LAYOUT else 'file'} ({prefix}:)")


def _is_file(path: str) -> bool:
    return os.path.exists(path) and not os.path.isdir(path)


def _tagged(rest: str, exists: Callable[[str], bool]) -> tuple[str, str]:
    """A path and the name or digest behind it; the longest path that exists is meant."""
    if exists(rest):
        return rest, ""
    if match := _DIGEST.fullmatch(rest):
        return match[1], match[2]
    at = len(rest)
    while (at := rest.rfind(":", 0, at)) > 0:
        if exists(rest[:at]):
            return rest[:at], rest[at + 1 :]
    # A tag has no slash: what stands before the last colon is meant as the path.
    where, colon, tag = rest.rpartition(":")
    return (where, tag) if colon and where and "/" not in tag else (rest, "")


def _directory(text: str) -> Target:
    if any(os.path.isfile(os.path.join(text, name)) for name in ("index.json", "oci-layout")):
        return Target(LAYOUT, text, text)
    hint = "" if reference_error(text) else f" or, for an image, docker:{text}"
    raise UsageError(f"{text}: a directory, but no OCI layout; write rootfs:{text}{hint}")


def _referred(kind: str, where: str, text: str) -> Target:
    if kind != REGISTRY and (identity := image_identity(where)):
        return Target(kind, where, text, reference=Reference("", "", "", identity))
    return Target(kind, where, text, reference=parse_reference(where))
