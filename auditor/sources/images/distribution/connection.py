"""HTTP connections that no peer can hold up: every wait has an end, in forked processes every one has its own."""

from __future__ import annotations

import http.client
import io
import ipaddress
import os
import time
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from auditor.core.record import TYPE_CHECKING, cast
from auditor.sources.images.distribution.host import Address, Policy, address_of, is_loopback, tls_context
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer

    from auditor.sources.images.distribution.limits import Limits


class Pace:
    """How long, and for how many bytes, the peer is still listened to."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._until = 0.0
        self._room: int | None = None
        self._waited = 0.0
        self._got = 0

    def head(self) -> None:
        """The head of an answer comes next."""
        self._until = time.monotonic() + self._limits.head
        self._room = self._limits.head_bytes

    def body(self, within: float | None = None) -> None:
        """A body comes next, within so many seconds; None: as long as it keeps coming."""
        self._until = time.monotonic() + within if within is not None else float("inf")
        self._room = None
        self._waited, self._got = 0.0, 0

    def receive(self, sock: socket.socket, raw: io.RawIOBase, buffer: WriteableBuffer) -> int:
        """Bytes from the peer. Raises TimeoutError, and OSError as sockets do."""
        started = time.monotonic()
        wait = min(self._limits.read, self._until - started)
        if wait <= 0:
            raise TimeoutError("its answer takes too long")
        if sock.gettimeout() != wait:
            sock.settimeout(wait)
        count = raw.readinto(buffer) or 0
        if self._room is not None:
            self._room -= count
            if self._room < 0:
                raise http.client.LineTooLong("headers")
        self._got += count
        self._waited += time.monotonic() - started
        if self._waited >= self._limits.window:
            if self._got < self._waited * self._limits.slowest:
                raise TimeoutError(f"it sends less than {self._limits.slowest} bytes per second")
            self._waited, self._got = 0.0, 0
        return count


class _Reading(io.RawIOBase):
    """The receiving side of a socket, at a pace."""

    def __init__(self, sock: socket.socket, pace: Pace) -> None:
        self._sock = sock
        # It keeps the socket open after its `close`, as http.client expects.
        self._raw = sock.makefile("rb", buffering=0)
        self._pace = pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._pace.receive(self._sock, self._raw, buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Socket:
    """What http.client uses of a socket."""

    def __init__(self, sock: socket.socket, pace: Pace, wait: float) -> None:
        self._sock = sock
        self._pace = pace
        self._wait = wait

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self._sock, self._pace))

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._wait)
        self._sock.sendall(data)

    def close(self) -> None:
        self._sock.close()


class _Plain(http.client.HTTPConnection):
    """A connection without TLS."""

    def __init__(self, host: str, port: int, limits: Limits) -> None:
        super().__init__(host, port, timeout=limits.connect)
        self.pace = Pace(limits)
        self._wait = limits.read

    def connect(self) -> None:
        super().connect()
        self.sock = cast("socket.socket", _Socket(self.sock, self.pace, self._wait))


class _Secure(http.client.HTTPSConnection):
    """A connection with TLS."""

    def __init__(self, host: str, port: int, limits: Limits, address: Address, policy: Policy) -> None:
        context = tls_context(address, trusting=policy.is_open(address))
        super().__init__(host, port, timeout=limits.connect, context=context)
        self.pace = Pace(limits)
        self._wait = limits.read

    def connect(self) -> None:
        super().connect()
        self.sock = cast("socket.socket", _Socket(self.sock, self.pace, self._wait))


#: What carries requests.
Connection = _Plain | _Secure


class Pool:
    """Connections that wait for the next request, of this process only."""

    def __init__(self, policy: Policy, limits: Limits) -> None:
        self._policy = policy
        self._limits = limits
        self._process = os.getpid()
        self._idle: dict[Address, list[Connection]] = {}

    def take(self, address: Address) -> tuple[Connection, bool]:
        """A connection, and whether it has been used before. Raises SourceError for an unusable proxy."""
        if os.getpid() != self._process:
            # Two processes that read one connection get each other's bytes. Closing it here leaves the parent's open.
            self.close()
            self._process = os.getpid()
        if idle := self._idle.get(address):
            return idle.pop(), True
        return _connection(address, self._policy, self._limits), False

    def give(self, address: Address, connection: Connection) -> None:
        """Keep a connection whose answer has been read to the end."""
        self._idle.setdefault(address, []).append(connection)

    def close(self) -> None:
        """Close what waits."""
        for connections in list(self._idle.values()):
            while connections:
                connections.pop().close()


def _connection(address: Address, policy: Policy, limits: Limits) -> Connection:
    proxy = proxy_of(address)
    if not proxy:
        if address.scheme == "http":
            return _Plain(address.host, address.port, limits)
        return _Secure(address.host, address.port, limits, address, policy)
    at = address_of(proxy)
    if at is None or at.scheme != "http":
        raise SourceError(f"the proxy for {address.shown} is not one for HTTP (http://HOST:PORT)")
    if address.scheme == "http":
        return _Plain(at.host, at.port, limits)
    connection = _Secure(at.host, at.port, limits, address, policy)
    connection.set_tunnel(address.host, address.port, headers=proxy_headers(address))
    return connection


def proxy_of(address: Address) -> str:
    """The proxy that the environment names for an address, as a URL; "" if there is none. It may hold a password."""
    proxies = getproxies_environment()
    proxy = proxies.get(address.scheme) or proxies.get("all") or ""
    if not proxy or is_loopback(address.host) or _is_excepted(address, proxies.get("no", "")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_excepted(address: Address, excepted: str) -> bool:
    """Whether `no_proxy` names a host: itself, a domain above it, a network, or all."""
    for item in excepted.lower().split(","):
        name, _, port = item.strip().partition(":") if item.count(":") == 1 else (item.strip(), "", "")
        name = name.removeprefix("*").lstrip(".")
        if item.strip() == "*":
            return True
        if name and port in ("", str(address.port)) and f".{address.host}".endswith(f".{name}"):
            return True
        if _is_within(address.host, name):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def proxy_headers(address: Address) -> dict[str, str]:
    """How to sign in at the proxy of an address; {} if that needs nothing."""
    parts = urlsplit(proxy_of(address))
    if not parts.username:
        return {}
    from base64 import b64encode

    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
