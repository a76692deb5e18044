"""What a container engine answers: bodies as streams within bounds, failures as sentences."""

from __future__ import annotations

import io
import socket
import ssl
from importlib.util import find_spec
from time import monotonic

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.sources.images.contexts import Endpoint

#: Slowest body that is waited for, in bytes per second.
_SLOWEST = 16 << 10
_LONGEST_MESSAGE = 300


class NotFound(SourceError):
    """The engine does not know what was asked for."""


class Body(io.RawIOBase):
    """The body of an answer. `pieces` raises OSError or ValueError for broken connections; `patience` in seconds."""

    def __init__(self, pieces: Iterator[bytes], end: Callable[[], None], endpoint: Endpoint, patience: int) -> None:
        super().__init__()
        self._pieces, self._end = pieces, end
        self._endpoint, self._patience = endpoint, patience
        self._piece = memoryview(b"")
        self._waited, self._received = 0.0, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """At least one byte, none at the end. Raises SourceError."""
        view = memoryview(buffer).cast("B")
        while not self._piece and len(view):
            piece = self._next()
            if piece is None:
                return 0
            self._piece = memoryview(piece)
        count = min(len(view), len(self._piece))
        view[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def whole(self, most: int) -> bytes:
        """All of it. Raises SourceError if it is longer than `most` bytes."""
        parts: list[bytes] = []
        while (piece := self._next()) is not None:
            parts.append(piece)
            if self._received > most:
                raise SourceError(f"the engine at {self._endpoint.shown} answers with more than {most} bytes")
        return b"".join(parts)

    def close(self) -> None:
        """Give back the connection."""
        if not self.closed:
            self._end()
        super().close()

    def _next(self) -> bytes | None:
        start = monotonic()
        try:
            piece = next(self._pieces, None)
        except (OSError, ValueError) as error:
            raise failure(error, self._endpoint, self._patience) from None
        self._waited += monotonic() - start
        self._received += len(piece or b"")
        if self._waited > self._patience + self._received / _SLOWEST:
            raise SourceError(f"the engine at {self._endpoint.shown} is too slow: given up")
        return piece


def failure(error: BaseException, endpoint: Endpoint, patience: int) -> SourceError:
    """Why an engine cannot be talked to; `error` and its causes are told apart by their types alone."""
    causes = list(_causes(error))
    where = f"the container engine at {endpoint.shown} ({endpoint.origin})"
    for cause in causes:
        if reason := _reason(cause, endpoint):
            return SourceError(f"{where} {reason}")
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in causes):
        return SourceError(f"{where} gave no answer for {patience} seconds")
    if any(type(cause).__name__ in ("ProtocolError", "IncompleteRead", "RemoteDisconnected") for cause in causes):
        return SourceError(f"{where} broke off the connection")
    if endpoint.host.startswith("ssh://"):
        library = "" if find_spec("paramiko") else "ssh needs the Python package paramiko; "
        return SourceError(
            f"{where} cannot be reached: {library}"
            "let the other machine send the image: ssh HOST docker save IMAGE | audit image -"
        )
    return SourceError(f"{where} cannot be reached ({type(causes[-1]).__name__})")


def refusal(status: int, data: bytes, endpoint: Endpoint) -> SourceError:
    """What an engine says instead of giving what was asked for."""
    try:
        said = fields.text(fields.parse(data), "message")
    except ValueError:
        said = ""
    said = "".join(letter if letter.isprintable() else " " for letter in said[:_LONGEST_MESSAGE]).strip()
    kind = NotFound if status == 404 else SourceError
    return kind(f"the engine at {endpoint.shown} refuses: {said or 'no reason given'} (status {status})")


def _reason(cause: BaseException, endpoint: Endpoint) -> str:
    """What one exception means; "" if it says nothing by itself."""
    if isinstance(cause, PermissionError):
        return (
            "may not be used: permission denied "
            "(use sudo, or an account that may talk to the engine, as members of the group docker may)"
        )
    if isinstance(cause, FileNotFoundError):
        return "is not running: there is no such socket"
    if isinstance(cause, ConnectionRefusedError):
        return "is not running: nobody listens there"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"has a certificate that is not trusted: {getattr(cause, 'verify_message', '') or 'no reason given'}"
    if isinstance(cause, ssl.SSLError):
        return f"cannot be talked to over TLS ({getattr(cause, 'reason', '') or 'no reason given'})"
    if isinstance(cause, socket.gaierror):
        return "cannot be found: its name is unknown"
    if isinstance(cause, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return "broke off the connection"
    if type(cause).__name__ == "TLSParameterError":
        return f"cannot be talked to over TLS: {endpoint.origin} names files that are not there"
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it was made of, once each."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
