"""What goes wrong between here and a registry, in words that quote nothing that was sent or received."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from email.utils import parsedate_to_datetime

from auditor.sources.images.distribution.host import reason

_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})", re.ASCII)
#: What a peer may do to a connection; http.client's own errors quote what was received, so they are not shown.
BROKEN = (OSError, http.client.HTTPException)


def retry_after(value: str) -> float:
    """The seconds in a Retry-After header, which has a number or a date; 0.0 if it has neither."""
    if re.fullmatch(r"[0-9]{1,9}", value.strip(), re.ASCII):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def explain(error: BaseException) -> str:
    """What went wrong with a connection, without anything that was sent or received."""
    if isinstance(error, http.client.RemoteDisconnected):
        return "it hangs up without an answer"
    if isinstance(error, OSError):
        refused = _TUNNEL.match(str(error))
        return f"the proxy refuses with HTTP status {refused[1]}" if refused else reason(error)
    if isinstance(error, http.client.LineTooLong) or type(error) is http.client.HTTPException:
        return "its headers are too large"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer ends too early"
    return "it does not answer as HTTP"


def is_final(error: BaseException) -> bool:
    """Whether the same request would fail in the same way again."""
    if isinstance(error, socket.gaierror):
        return error.errno != socket.EAI_AGAIN
    if isinstance(error, ssl.SSLError):
        return not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError)
    return isinstance(error, http.client.InvalidURL)
