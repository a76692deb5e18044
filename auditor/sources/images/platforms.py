"""Platforms as "os/architecture/variant" (OCI image-spec, descriptors): read from documents, and told apart."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Every image there is, whatever its platform.
ALL = "all"
#: The variants that an architecture means if it is given without (containerd's platforms).
_USUAL = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
_ALIASES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armhf": "arm/v7",
    "armel": "arm/v6",
    "i386": "386",
}


def described(value: Mapping[str, object]) -> str:
    """The platform that a descriptor's `platform` or a config states; "" if it is unknown."""
    system, architecture = fields.short(value, "os"), fields.short(value, "architecture")
    if not architecture or architecture == "unknown":
        return ""
    return "/".join(filter(None, (system or "linux", architecture, fields.short(value, "variant"))))


def normal(platform: str) -> str:
    """The same platform with the architecture's usual name and without the variant that is usual for it."""
    system, _, rest = platform.lower().partition("/")
    if not rest:
        system, rest = ("linux", system) if system not in ("linux", "windows") else (system, "")
    architecture, _, variant = rest.partition("/")
    architecture, _, implied = _ALIASES.get(architecture, architecture).partition("/")
    variant = variant or implied
    if variant == _USUAL.get(architecture):
        variant = ""
    return "/".join(filter(None, (system, architecture, variant)))


def suits(wanted: str, found: str) -> bool:
    """Whether an image of platform `found` ("" = unknown) is asked for by `wanted` ("" and "all" = any)."""
    if wanted in ("", ALL) or not found:
        return True
    asked, given = normal(wanted), normal(found)
    return asked == given or given.startswith(asked + "/")
