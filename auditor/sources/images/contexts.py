"""Where container engines listen: environment, contexts of the docker command, usual sockets; no connection is made.

Order and meaning as in the docker command (docker/cli, cli/command and cli/context) and in podman-remote.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from urllib.parse import urlsplit

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of
from auditor.sources.images import fields
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The socket of the engine that serves the whole machine.
SYSTEM_SOCKET = "/var/run/docker.sock"
PODMAN_SOCKET = "/run/podman/podman.sock"
#: The kind of targets that podman serves.
PODMAN = "podman"
_PIPE = "npipe:////./pipe/docker_engine"
_SCHEMES = ("unix", "tcp", "http", "https", "npipe", "ssh")
_CONTEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,254}", re.ASCII)
_LARGEST = 1 << 20


class Endpoint(NamedTuple):
    """One engine's address.

    `host` is written as in DOCKER_HOST, `origin` says for people where it comes from. `tls`: the connection is
    encrypted; `verify`: the engine's certificate is checked, against the file `ca` or else the system's authorities.
    `certificate` and `key` are the files with which the engine knows its client ("" = none).
    """

    host: str
    origin: str
    tls: bool = False
    verify: bool = True
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def socket(self) -> str:
        """Path of a local socket; "" for engines that are reached in other ways."""
        return self.host[len("unix://") :] if self.host.startswith("unix://") else ""

    @property
    def shown(self) -> str:
        """The address for messages: without user, password and query."""
        return shown(self.host)


def shown(host: str) -> str:
    """An engine's address without what may be secret."""
    try:
        split = urlsplit(host)
        port = f":{split.port}" if split.port else ""
    except ValueError:
        return "the address"
    if split.scheme in ("unix", "npipe"):
        return f"{split.scheme}://{split.netloc}{split.path}"
    return f"{split.scheme}://{_bracketed(split.hostname or '')}{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def endpoint_of(kind: str) -> Endpoint:
    """Where the engine of a kind of targets (docker or podman) listens. Raises SourceError."""
    return podman_endpoint(os.environ) if kind == PODMAN else docker_endpoint(os.environ)


def docker_endpoint(environment: Mapping[str, str]) -> Endpoint:
    """The engine that the docker command would talk to. Raises SourceError."""
    if host := environment.get("DOCKER_HOST", ""):
        return _with_tls(_checked(host, "DOCKER_HOST"), environment)
    folder = environment.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    name, origin = environment.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not name:
        path = os.path.join(folder, "config.json")
        name, origin = fields.text(_settings(path), "currentContext"), path
    if name in ("", "default"):
        return _usual(environment)
    return _context(folder, name, origin)


def podman_endpoint(environment: Mapping[str, str]) -> Endpoint:
    """The podman service: Docker-compatible. Raises SourceError."""
    if host := environment.get("CONTAINER_HOST", ""):
        endpoint = _with_port(_checked(host, "CONTAINER_HOST"))
        if endpoint.host.startswith("ssh://"):
            raise SourceError(
                "CONTAINER_HOST leads over ssh, which is not supported for podman; "
                "let the other machine send the image: ssh HOST podman save IMAGE | audit image -"
            )
        return endpoint
    own = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{_user()}"
    sockets = [os.path.join(own, "podman", "podman.sock"), PODMAN_SOCKET]
    for socket in sockets if _user() else reversed(sockets):
        if os.path.exists(socket):
            return Endpoint(f"unix://{socket}", "podman's usual socket")
    raise SourceError(
        f"podman's service is not running: no socket at {' or '.join(sockets)} "
        "(start it with `systemctl --user start podman.socket`, or set CONTAINER_HOST)"
    )


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _usual(environment: Mapping[str, str]) -> Endpoint:
    if os.name == "nt":
        return Endpoint(_PIPE, "the usual pipe")
    sockets = [SYSTEM_SOCKET]
    if own := environment.get("XDG_RUNTIME_DIR", ""):
        sockets.append(os.path.join(own, "docker.sock"))
    sockets += [os.path.expanduser(f"~/.docker/{place}/docker.sock") for place in ("run", "desktop")]
    for socket in sockets:
        if os.path.exists(socket):
            return Endpoint(f"unix://{socket}", "the usual socket")
    raise SourceError(
        f"no container engine is running here: no socket at {', '.join(sockets)} "
        "(set DOCKER_HOST, or read an archive made by `docker save`)"
    )


def _checked(host: str, origin: str) -> Endpoint:
    """An endpoint whose address is well formed, with its port. Raises SourceError."""
    host = host.strip()
    if "://" not in host:
        host = ("unix://" if host.startswith("/") else "tcp://") + host
    try:
        split = urlsplit(host)
        _port = split.port
    except ValueError:
        raise SourceError(f"{origin}: malformed address of an engine") from None
    if split.scheme not in _SCHEMES:
        raise SourceError(f"{origin}: addresses begin with one of {', '.join(f'{name}://' for name in _SCHEMES)}")
    if split.password is not None or split.query or split.fragment:
        raise SourceError(f"{origin}: an engine's address has no password, query or fragment")
    if split.scheme == "unix" and not (split.netloc + split.path).startswith("/"):
        raise SourceError(f"{origin}: the path of a socket is absolute, as in unix:///run/docker.sock")
    if split.scheme in ("tcp", "http", "https", "ssh") and not split.hostname:
        raise SourceError(f"{origin}: the address names no host")
    return Endpoint(host, origin)


def _with_tls(endpoint: Endpoint, environment: Mapping[str, str]) -> Endpoint:
    """With the TLS material that the environment names, as for DOCKER_TLS_VERIFY and DOCKER_CERT_PATH."""
    verify = bool(environment.get("DOCKER_TLS_VERIFY", ""))
    if not verify and not environment.get("DOCKER_TLS", ""):
        return _with_port(endpoint)
    folder = environment.get("DOCKER_CERT_PATH") or environment.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    ca = os.path.join(folder, "ca.pem")
    if verify and not os.path.isfile(ca):
        raise SourceError(f"DOCKER_TLS_VERIFY is set, but there is no certificate authority at {ca}")
    return _with_port(_material(endpoint._replace(tls=True, verify=verify), folder))


def _material(endpoint: Endpoint, folder: str) -> Endpoint:
    """With the files of a folder that exist. Raises SourceError if only one half of the client's pair does."""
    ca, certificate, key = (
        path if os.path.isfile(path) else ""
        for path in (os.path.join(folder, name) for name in ("ca.pem", "cert.pem", "key.pem"))
    )
    if bool(certificate) != bool(key):
        raise SourceError(f"{folder}: of cert.pem and key.pem only one is there")
    return endpoint._replace(ca=ca, certificate=certificate, key=key)


def _with_port(endpoint: Endpoint) -> Endpoint:
    """With the engine's usual port where the address has none, and without TLS where that makes no sense."""
    split = urlsplit(endpoint.host)
    if split.scheme not in ("tcp", "http", "https"):
        return endpoint._replace(tls=False)
    if split.port:
        return endpoint
    port = 2376 if endpoint.tls or split.scheme == "https" else 2375
    return endpoint._replace(host=f"{split.scheme}://{_bracketed(split.hostname or '')}:{port}{split.path}")


def _context(folder: str, name: str, origin: str) -> Endpoint:
    """What a context of the docker command says. Raises SourceError."""
    if not _CONTEXT.fullmatch(name):
        raise SourceError(f"{origin}: malformed name of a context")
    number = sha256(name.encode()).hexdigest()
    path = os.path.join(folder, "contexts", "meta", number, "meta.json")
    if not os.path.exists(path):
        raise SourceError(f"{origin} names the context {name!r}, which does not exist (see `docker context ls`)")
    found = fields.mapping(fields.mapping(_settings(path), "Endpoints"), "docker")
    host = fields.text(found, "Host")
    if not host:
        raise SourceError(f"context {name!r} has no address of an engine")
    endpoint = _checked(host, f"context {name!r}")
    material = _material(endpoint, os.path.join(folder, "contexts", "tls", number, "docker"))
    skips = found.get("SkipTLSVerify") is True
    return _with_port(material._replace(tls=skips or bool(material.ca or material.key), verify=not skips))


def _settings(path: str) -> object:
    """A JSON file, {} if it does not exist. Raises SourceError."""
    if not os.path.exists(path):
        return {}
    try:
        return fields.parse(content_of(path, _LARGEST, SourceError))
    except ValueError as error:
        raise SourceError(f"{path}: {error}") from None
