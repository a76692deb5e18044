"""A registry in a thread: it does what it is told, and remembers what it was asked."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import socket
import ssl
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from auditor.sources.images.distribution.limits import Limits
from auditor.sources.images.model import SourceError
from auditor.sources.images.registry import RegistrySource, open_registry
from auditor.sources.images.target import parse_target

#: Nobody waits long in a test.
QUICK = Limits(
    connect=2.0, read=0.5, head=1.5, window=0.3, tries=3, first_wait=0.001, longest_wait=0.005, total=8.0, lost=20.0
)
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

_CONNECT, _BIND, _LOOKUP = socket.socket.connect, socket.socket.bind, socket.getaddrinfo


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(files: Mapping[str, bytes]) -> tuple[bytes, str]:
    """A gzip layer with these files, and its diff_id."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0), digest_of(plain.getvalue())


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FakeRegistry

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length))
        self.server.asked.append(asked)
        for trick in list(self.server.tricks):
            if trick(self, asked):
                return
        self.serve(asked)

    do_POST = do_GET

    def serve(self, asked: Asked) -> None:
        found = self.server.things.get(asked.path)
        if found is None:
            self.reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"x"}]}', {})
            return
        kind, data = found
        headers = {"Content-Type": kind}
        start = asked.headers.get("range", "")
        if start and self.server.ranges:
            first = int(start.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            self.reply(206, data[first:], headers)
        else:
            self.reply(200, data, headers)

    def reply(self, status: int, body: bytes, headers: Mapping[str, str], length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def raw(self, data: bytes) -> None:
        """Send bytes as they are, and hang up."""
        self.close_connection = True
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        return None


Trick = Callable[[Handler, Asked], bool]


def on(path: str, action: Callable[[Handler], object], times: int = 1_000_000) -> Trick:
    """A trick for requests whose path holds a text, so many times."""
    left = [times]

    def trick(handler: Handler, asked: Asked) -> bool:
        if path not in asked.path or left[0] <= 0:
            return False
        left[0] -= 1
        action(handler)
        return True

    return trick


def status(code: int, **headers: str) -> Callable[[Handler], object]:
    """An answer without a word of its own."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(code, b"{}", named)


class FakeRegistry(ThreadingHTTPServer):
    """`things` are what it serves by path; a trick that returns True has answered instead."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.things: dict[str, tuple[str, bytes]] = {}
        self.tricks: list[Trick] = []
        self.ranges = True
        super().__init__(("127.0.0.1", 0), Handler)
        self.domain = f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        return None

    def secure(self, certificate: str, key: str) -> None:
        """Speak TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def paths(self, part: str = "") -> list[str]:
        return [asked.path for asked in self.asked if part in asked.path]

    def blob(self, data: bytes, name: str = "team/app") -> dict[str, Any]:
        digest = digest_of(data)
        self.things[f"/v2/{name}/blobs/{digest}"] = ("application/octet-stream", data)
        return {"digest": digest, "size": len(data)}

    def manifest(self, value: object, *tags: str, kind: str = OCI_MANIFEST, name: str = "team/app") -> dict[str, Any]:
        data = json.dumps(value).encode()
        digest = digest_of(data)
        for reference in (digest, *tags):
            self.things[f"/v2/{name}/manifests/{reference}"] = (kind, data)
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def image(self, *tags: str, architecture: str = "amd64", name: str = "team/app", **extra: Any) -> dict[str, Any]:
        """Push an image of two layers; its descriptor, with its platform."""
        layers = [layer({"base": b"base " * 1000}), layer({"app/settings": b"setting " * 20_000})]
        config = {
            "os": "linux",
            "architecture": architecture,
            "config": {"Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
        }
        value = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": OCI_CONFIG, **self.blob(json.dumps(config).encode(), name)},
            "layers": [{"mediaType": OCI_LAYER, **self.blob(data, name)} for data, _ in layers],
            **extra,
        }
        pushed = self.manifest(value, *tags, name=name)
        return {**pushed, "platform": {"os": "linux", "architecture": architecture}}

    def source(self, reference: str = "team/app:1", platform: str = "", **options: Any) -> RegistrySource:
        options.setdefault("limits", QUICK)
        return open_registry(parse_target(f"registry:{self.domain}/{reference}"), platform, **options)

    def failure(self, reference: str = "team/app:1", **options: Any) -> str:
        """What reading an image fails with."""
        with self.source(reference, **options) as source, pytest.raises(SourceError) as caught:
            source.images()
        # What happened on the way may quote what was received.
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return str(caught.value)


def _only_loopback(address: Any) -> None:
    if not isinstance(address, tuple) or not str(address[0]).startswith(("127.", "::1", "localhost")):
        raise AssertionError("a test tried to leave this machine")


@pytest.fixture
def loopback(no_network: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine may be spoken to, nothing else."""

    def connect(own: socket.socket, address: Any) -> None:
        _only_loopback(address)
        _CONNECT(own, address)

    def bind(own: socket.socket, address: Any) -> None:
        _only_loopback(address)
        _BIND(own, address)

    def lookup(host: Any, *rest: Any, **named: Any) -> Any:
        if host in ("127.0.0.1", "localhost", "::1"):
            return _LOOKUP(host, *rest, **named)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "bind", bind)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def _serve(server: FakeRegistry) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def registries(loopback: None) -> Iterator[Callable[[], FakeRegistry]]:
    """Starts registries; they end with the test."""
    running: list[tuple[FakeRegistry, threading.Thread]] = []

    def start() -> FakeRegistry:
        server = FakeRegistry()
        running.append((server, _serve(server)))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def registry(registries: Callable[[], FakeRegistry]) -> FakeRegistry:
    """A registry with the image team/app:1."""
    server = registries()
    server.image("1")
    return server
