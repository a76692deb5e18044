"""What `docker login` and `podman login` left behind: credentials of registries, in files or in the care of helpers."""

from __future__ import annotations

import base64
import binascii
import os

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of
from auditor.sources.images import fields
from auditor.sources.images.distribution.host import printable
from auditor.sources.images.distribution.keeper import HelperError, ask_helper

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Largest configuration that is read, in bytes.
_LARGEST = 4 << 20
#: The user name with which helpers say that the secret is an identity token.
_TOKEN_USER = "<token>"


class Credential:
    """How to sign in to one registry. Nothing of it but the user's name and the origin is ever shown.

    `identity` is a refresh token for the token service, `bearer` a token for the registry itself.
    """

    __slots__ = ("bearer", "identity", "origin", "password", "user")

    def __init__(self, origin: str, user: str = "", password: str = "", identity: str = "", bearer: str = "") -> None:
        self.origin = origin
        self.user = user
        self.password = password
        self.identity = identity
        self.bearer = bearer

    def __repr__(self) -> str:
        return f"Credential({self.origin!r})"

    def basic(self) -> str:
        """The value of an Authorization header; "" where there is no password."""
        if not self.password:
            return ""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def whose(self) -> str:
        """Whose credentials these are, in words."""
        # A longer name may be a token in the wrong place.
        known = 0 < len(self.user) <= 36 and self.user != _TOKEN_USER
        return f"the credentials of {printable(self.user)!r} ({self.origin})" if known else f"those in {self.origin}"


class _Config(NamedTuple):
    """A configuration file: its name for people, and its fields."""

    name: str
    value: Mapping[str, object]


def credential_for(host: str, repository: str, notes: list[str]) -> Credential | None:
    """The credentials for a repository of a registry ("host[:port]"); None if there are none.

    Files are asked in this order: REGISTRY_AUTH_FILE, docker's config.json ($DOCKER_CONFIG or ~/.docker), podman's
    auth.json. In each a helper comes first (`credHelpers`, `credsStore`), then `auths`. What was unusable is noted.
    """
    for config in _configs(notes):
        try:
            found = _helped(config, host, notes) or _written(config, host, repository)
        except ValueError as error:
            notes.append(f"{config.name}: {error}")
            continue
        if found is not None:
            return found
    return None


def _configs(notes: list[str]) -> Iterator[_Config]:
    seen: set[str] = set()
    for path in _paths():
        if path in seen or not os.path.exists(path):
            continue
        seen.add(path)
        try:
            value = fields.parse(content_of(path, _LARGEST, ValueError))
        except ValueError as error:
            text = str(error)
            notes.append(text if text.startswith(path) else f"{path}: {text}")
            continue
        yield _Config(_short(path), fields.mapping(value))


def _paths() -> Iterator[str]:
    if named := os.environ.get("REGISTRY_AUTH_FILE"):
        yield named
    home = os.path.expanduser("~")
    yield os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.join(home, ".docker"), "config.json")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime and hasattr(os, "getuid"):
        runtime = f"/run/user/{os.getuid()}"
        yield f"/run/containers/{os.getuid()}/auth.json"
    if runtime:
        yield os.path.join(runtime, "containers", "auth.json")
    yield os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "containers", "auth.json")


def _short(path: str) -> str:
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path


def _helped(config: _Config, host: str, notes: list[str]) -> Credential | None:
    """What the helper of a registry keeps."""
    helper = fields.text(fields.mapping(config.value, "credHelpers"), host) or fields.text(config.value, "credsStore")
    if not helper:
        return None
    try:
        answer = ask_helper(helper, host)
    except HelperError as error:
        notes.append(str(error))
        return None
    user, secret = fields.text(answer, "Username"), fields.text(answer, "Secret")
    origin = f"docker-credential-{helper}"
    if not secret:
        return None
    return Credential(origin, identity=secret) if user == _TOKEN_USER else Credential(origin, user, secret)


def _written(config: _Config, host: str, repository: str) -> Credential | None:
    """What the file itself says. Raises ValueError, which quotes nothing."""
    entries = fields.mapping(config.value, "auths")
    keys = {_key(name): name for name in reversed(list(entries))}
    for key in _scopes(host, repository):
        if key not in keys:
            continue
        entry = fields.mapping(entries[keys[key]])
        user, password = fields.text(entry, "username"), fields.text(entry, "password")
        if encoded := fields.text(entry, "auth"):
            user, password = _decoded(encoded)
        identity, bearer = fields.text(entry, "identitytoken"), fields.text(entry, "registrytoken")
        if user == _TOKEN_USER:
            user, password, identity = "", "", identity or password
        if password or identity or bearer:
            return Credential(config.name, user, password, identity, bearer)
    return None


def _scopes(host: str, repository: str) -> Iterator[str]:
    """The keys under which credentials may stand, the narrowest first, as podman has them."""
    path = repository
    while path:
        yield f"{host}/{path}"
        path = path.rpartition("/")[0]
    yield host


def _key(name: str) -> str:
    """A key as a host, and a path for podman's; docker's old ones are URLs."""
    scheme, mark, rest = name.partition("://")
    return rest.partition("/")[0].lower() if mark and scheme in ("http", "https") else name


def _decoded(encoded: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValueError("an entry's `auth` is not base64") from None
    user, mark, password = text.partition(":")
    if not mark:
        raise ValueError("an entry's `auth` is not USER:PASSWORD")
    return user, password.strip("\0")
