"""An engine made for tests: the Engine API as far as images need it, over a socket, with faults on demand."""

from __future__ import annotations

import _socket
import io
import json
import socket
import socketserver
import ssl
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.sources.images.stores import digest

GETADDRINFO = socket.getaddrinfo
VERSIONED = "/v1.41"

Answer = Callable[[BaseHTTPRequestHandler], None]


def allow_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo the ban on sockets, for engines of the test's own."""
    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, getattr(_socket.socket, name))
    monkeypatch.setattr(socket, "getaddrinfo", GETADDRINFO)


class FakeEngine:
    """What an engine would answer: `answers` by path; `asked` are the paths and parameters so far."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {"/_ping": ping("1.41")}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.headers: list[dict[str, str]] = []

    def add(self, record: dict[str, object], history: Sequence[object], export: bytes, *names: str) -> None:
        """An image under names, and under its id."""
        for name in (*names, str(record["Id"])):
            self.answers[f"{VERSIONED}/images/{name}/json"] = document(record)
            self.answers[f"{VERSIONED}/images/{name}/history"] = document(history)
            self.answers[f"{VERSIONED}/images/{name}/get"] = chunks(export)

    @property
    def paths(self) -> list[str]:
        """What was asked for."""
        return [path for path, _ in self.asked]

    @contextmanager
    def serving(self, server: socketserver.BaseServer) -> Iterator[None]:
        """Answers while the context lasts."""
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join(10)

    @contextmanager
    def at(self, path: Path) -> Iterator[str]:
        """Listens at a socket; gives its address."""
        with self.serving(_UnixServer(str(path), self._handler())):
            yield f"unix://{path}"

    @contextmanager
    def listening(self, context: ssl.SSLContext | None = None) -> Iterator[str]:
        """Listens at a port of this machine; gives its address."""
        server = _TcpServer(("127.0.0.1", 0), self._handler())
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        with self.serving(server):
            yield f"tcp://127.0.0.1:{server.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                split = urlsplit(self.path)
                engine.asked.append((unquote(split.path), parse_qs(split.query)))
                engine.headers.append(dict(self.headers.items()))
                answer = engine.answers.get(unquote(split.path), refuse(404, "No such image"))
                answer(self)

            def address_string(self) -> str:
                return "here"

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


def ping(version: str) -> Answer:
    """The answer to /_ping of an engine with this version of the API ("" = it does not say)."""
    return plain(b"OK", {"Api-Version": version} if version else {})


def plain(data: bytes, headers: dict[str, str] | None = None, status: int = 200) -> Answer:
    """Bytes with their length."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def document(value: object) -> Answer:
    """JSON."""
    return plain(json.dumps(value).encode())


def refuse(status: int, message: str) -> Answer:
    """An error with a message."""
    return plain(json.dumps({"message": message}).encode(), status=status)


def chunks(data: bytes, *, cut: bool = False) -> Answer:
    """Bytes in chunks, as engines export; `cut`: the connection breaks off before the end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(data), 3000):
            piece = data[start : start + 3000]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if not cut:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return answer


def silent(event: threading.Event) -> Answer:
    """Nothing, until the event."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        event.wait(30)
        handler.close_connection = True

    return answer


def saved(config: bytes, layers: Sequence[bytes], tag: str = "app:1") -> bytes:
    """What `docker save` of Docker 20.10 makes."""
    manifest = {
        "Config": digest(config)[7:] + ".json",
        "RepoTags": [tag],
        "Layers": [f"{number}/layer.tar" for number in range(len(layers))],
    }
    files = {f"{number}/layer.tar": layer for number, layer in enumerate(layers)}
    files[str(manifest["Config"])] = config
    files["manifest.json"] = json.dumps([manifest]).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()
