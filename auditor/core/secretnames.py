"""What secrets are called where builds, containers and swarms are given them."""

from __future__ import annotations

from auditor.core.pattern import Pattern

#: Where builds, compose and swarm mount secrets unless they are told another place.
MOUNTED = "/run/secrets"
#: A name as swarm takes it, with room for what marks a version.
_NAME = Pattern(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,60}[A-Za-z0-9])?")


def secret_id(name: str) -> str:
    """The id under which a secret is mounted: lower case, letters, digits and underscores; what BuildKit accepts."""
    made = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.strip("./")).strip("_").lower()
    return made or "secret"


def versioned(name: str, version: int) -> str:
    """What a store calls one value of a secret: it cannot be changed in place, and the next one lives beside it."""
    return f"{name}_v{version}"


def is_file_name(name: str) -> bool:
    """Whether a secret can be a file of this name below MOUNTED, for compose and swarm alike."""
    return _NAME.fullmatch(name) is not None
