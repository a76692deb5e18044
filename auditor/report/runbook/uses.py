"""What a credential is for, and what its next version is called: that decides what has to be changed where."""

from __future__ import annotations

from auditor.core.image import ATTESTATION, CACHE, HISTORY
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.rotationrules import BUILD
from auditor.core.secretnames import is_file_name, secret_id, versioned

if TYPE_CHECKING:
    from auditor.core.finding import Finding
    from auditor.core.rotationrules import RotationEntry
    from auditor.report.runbook.credentials import Credential

#: Who reads it: a build; a running container; a service of a compose file; nobody knows, it stands in files.
BUILDING, RUNNING, COMPOSE, FILES = BUILD, "run", "compose", "files"
#: The kind of target that a compose file is.
COMPOSE_KIND = "compose"
#: Nobody knows who reads what stands in these, unless the rule says it.
_SOURCES = ("file", "directory", "script", "ci")
_RUNNING_RULES = (
    "env-secret", "healthcheck-secret", "command-secret", "baked-wrapper-config", "baked-private-key",
    "container-env-secret", "swarm-secret-literal",
)  # fmt: skip
_BUILD_RULES = (
    "arg-secret", "arg-default-secret", "step-name-secret", "echoed-secret", "literal-secret", "secret-flag",
    "url-credentials", "leaked-mount-secret", "onbuild-secret", "label-secret", "build-arg-secret",
    "compose-build-arg-secret",
)  # fmt: skip
_VERSION = Pattern(r"_v(\d{1,6})\Z")
_GENERIC = frozenset("password pass passwd token secret key api_key credential value url_password".split())
_SERVICE = Pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
_LONGEST = 48
_MOST_SERVICES = 10
_UNKNOWN_SERVICE, _UNKNOWN_TARGET = "SERVICE", "NAME"


class Versions(NamedTuple):
    """Names for a secret that can be replaced while it is in use: `name` is what builds and compose call it, `target`
    the file that the program reads, `old` and `new` are what the store calls the two values (`hyphened`: in
    Kubernetes), `variable` is the environment variable. Shells take all of them as they are."""

    name: str
    target: str
    old: str
    new: str
    hyphened: str
    variable: str


def uses_of(finding: Finding, kind: str, entry: RotationEntry) -> frozenset[str]:
    """What reads the credential of a finding; `kind` is the sort of its target."""
    if finding.rule in _BUILD_RULES:
        return frozenset({BUILDING})
    if kind == COMPOSE_KIND:
        return frozenset({COMPOSE})
    if finding.rule in _RUNNING_RULES:
        return frozenset({RUNNING})
    if kind in _SOURCES:
        return frozenset({FILES})
    if finding.image is not None and finding.image.part in (HISTORY, ATTESTATION, CACHE):
        return frozenset({BUILDING})
    return frozenset({BUILDING if entry.get("use") == BUILD else RUNNING})


def versions_of(credential: Credential) -> Versions:
    """`mysql_password`, `mysql_password_v1`, `mysql_password_v2`; of a name with a version the next one."""
    first = credential.names[0] if credential.names else ""
    base = _plain(first) or _plain(credential.file.rpartition("/")[2]) or _plain(credential.kind) or "secret"
    if base in _GENERIC and credential.services:
        base = _plain(f"{credential.services[0]}_{base}")
    version = _VERSION.search(base)
    number = int(version[1]) if version else 1
    name = (base[: version.start()] if version else base) or "secret"
    new = versioned(name, number + 1)
    file = credential.file.rpartition("/")[2]
    # A key of a server keeps its own name, as `audit fix` gives it to the container; in a compose file the entry has
    # a name, which the finding does not tell.
    target = _UNKNOWN_TARGET if credential.file and credential.composes else name
    if not first and not credential.composes and is_file_name(file):
        target = file
    return Versions(name, target, versioned(name, number), new, new.replace("_", "-"), name.upper())


def services_of(credential: Credential) -> list[str]:
    """The first of the compose services that read it; a word to be filled in where none is known."""
    known = [service for service in credential.services if _SERVICE.match(service)]
    return known[:_MOST_SERVICES] or [_UNKNOWN_SERVICE]


def _plain(name: str) -> str:
    """A name that swarm, Kubernetes (with hyphens) and shells take."""
    plain = secret_id(name)[:_LONGEST].strip("_") if name else ""
    return plain if plain and not plain[0].isdigit() else f"secret_{plain}" if plain else ""
