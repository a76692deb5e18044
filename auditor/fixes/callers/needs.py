"""What a build secret is called on a command line."""

from __future__ import annotations

import os.path
import shlex

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.fixes.plan import BuildSecret

#: Build arguments that every build knows without ARG, and that stay out of the image then.
PREDEFINED = frozenset(
    name
    for base in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (base, base.lower())
)
_NOT_NAME = Pattern(r"[^A-Za-z0-9_]+")


def variable(secret: BuildSecret) -> str:
    """The environment variable that the value of a `variable` secret is taken from."""
    return secret.name or _NOT_NAME.sub("_", secret.id).strip("_").upper()


def from_variable(secret: BuildSecret, name: str) -> str:
    """`--secret` that takes the value from an environment variable."""
    return f"--secret id={shlex.quote(secret.id)},env={name}"


def joined(context: str, source: str) -> str:
    """A file of the context, seen from where the context's path is seen from."""
    if source.startswith(("/", "~")) or context.rstrip("/") in ("", "."):
        return source
    return f"{context.rstrip('/')}/{source}"


def ssh_key(secret: BuildSecret, folder: str) -> str:
    """The key file of an ssh secret, if it is known and lies in the context; else ""."""
    known = secret.source and folder and os.path.isfile(os.path.join(folder, secret.source))
    return secret.source if known else ""


def flags(secrets: Iterable[BuildSecret], context: str, folder: str) -> list[str]:
    """The flags of a whole command line; a file whose place is not known is `FILE`."""
    made: list[str] = []
    for secret in secrets:
        if secret.kind == "variable":
            made.append(from_variable(secret, variable(secret)))
        elif secret.kind == "file":
            source = shlex.quote(joined(context, secret.source)) if secret.source else "FILE"
            made.append(f"--secret id={shlex.quote(secret.id)},src={source}")
        else:
            key = ssh_key(secret, folder)
            made.append(f"--ssh {secret.id}" + (f"={shlex.quote(joined(context, key))}" if key else ""))
    return list(dict.fromkeys(made))
