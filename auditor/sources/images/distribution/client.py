"""Requests to registries: redirects, repeats with growing pauses, and errors that tell no secrets.

A URL may hold one (signed addresses of stores do): messages name hosts, parts of images and HTTP statuses only.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import re
import time
from urllib.parse import quote, urljoin, urlsplit

from auditor import __version__
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.distribution.connection import Pool, proxy_headers, proxy_of
from auditor.sources.images.distribution.failure import BROKEN, explain, is_final, retry_after
from auditor.sources.images.distribution.host import Address, Policy, address_of
from auditor.sources.images.distribution.limits import Limits
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from _typeshed import WriteableBuffer

    from auditor.sources.images.distribution.connection import Connection

    T = TypeVar("T")

#: Statuses after which the same request may succeed.
PASSING = frozenset((408, 429, 500, 502, 503, 504))
_MOVED = frozenset((301, 302, 303, 307, 308))
_CODE = re.compile(rb'"code"\s*:\s*"([A-Z][A-Z_]{1,40})"', re.ASCII)
_BLOCK = 1 << 16
#: Seconds for the rest of a body that nobody wants.
_DRAIN = 3.0


class Request(NamedTuple):
    """What is asked; `part` says it to people. `credentials` go to the host of `url` alone, not to where it sends us.

    `credentials` is the value of the Authorization header, "" for none.
    """

    part: str
    url: str
    headers: Mapping[str, str] = {}
    credentials: str = ""
    method: str = "GET"
    body: bytes | None = None


class Answer:
    """The head of an answer whose body has not been read yet, to be closed."""

    def __init__(self, address: Address, response: http.client.HTTPResponse, connection: Connection, pool: Pool):
        self.address = address
        self.status = response.status
        self._response = response
        self._connection = connection
        self._pool = pool
        self._closed = False

    def header(self, name: str) -> str:
        """A header's value; "" if there is none."""
        return self._response.getheader(name) or ""

    def headers(self, name: str) -> list[str]:
        """All values of a header."""
        return self._response.headers.get_all(name) or []

    @property
    def length(self) -> int | None:
        """The bytes still to come, as the peer says; None if it does not."""
        return None if self._response.chunked else self._response.length

    def start(self, within: float | None = None) -> None:
        """The body is read next, within so many seconds."""
        self._connection.pace.body(within)

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Bytes of the body; 0 at its end. Raises what is in BROKEN."""
        if not self._response.chunked:
            return self._response.readinto(buffer)
        # `readinto` loses what it has read of a chunk whose end does not come.
        view = memoryview(buffer).cast("B")
        data = self._response.read1(len(view))
        if len(data) > len(view):
            raise http.client.IncompleteRead(b"")
        view[: len(data)] = data
        return len(data)

    def read(self, most: int) -> bytes:
        """The body up to its end or `most` bytes. Raises what is in BROKEN, http.client.IncompleteRead too."""
        # http.client's own `read` trusts the size of a chunk, which may be negative.
        body = bytearray()
        block = memoryview(bytearray(min(most, _BLOCK)))
        expected = self.length
        while len(body) < most:
            count = self.readinto(block[: most - len(body)])
            if not count:
                if expected is not None and len(body) < expected:
                    raise http.client.IncompleteRead(b"")
                break
            body += block[:count]
        return bytes(body)

    def close(self) -> None:
        """Keep the connection if the body has been read to its end, else drop it."""
        if self._closed:
            return
        self._closed = True
        if not self._response.isclosed() and self.length is not None and self.length <= _BLOCK:
            # A short rest costs less than a new connection.
            self.start(_DRAIN)
            with contextlib.suppress(*BROKEN):
                self.read(_BLOCK + 1)
        done = self._response.isclosed() and not self._response.will_close
        self._response.close()
        if done:
            self._pool.give(self.address, self._connection)
        else:
            self._connection.close()

    def code(self) -> str:
        """The registry's own word for an error (`MANIFEST_UNKNOWN`), as read from the body; "" if it has none."""
        self.start(10)
        try:
            match = _CODE.search(self.read(4096))
        except BROKEN:
            return ""
        return match[1].decode() if match else ""


class Client:
    """Sends requests. It may be used from several threads, and in forked processes."""

    def __init__(self, policy: Policy, limits: Limits, sleep: Callable[[float], None] = time.sleep) -> None:
        self.policy = policy
        self.limits = limits
        self._pool = Pool(policy, limits)
        self._sleep = sleep
        self._lost = 0.0

    def close(self) -> None:
        """Close all connections that wait."""
        self._pool.close()

    def ask(self, request: Request) -> Answer:
        """The answer to a request, repeated while that may help; any status but those in PASSING.

        Raises SourceError: unreachable, redirected in vain, or PASSING after the last try.
        """
        if self._lost > self.limits.lost:
            raise SourceError(f"{request.part}: not tried any more, too many requests have failed")
        started = time.monotonic()
        try:
            answer = self._insist(request, started)
        except SourceError:
            self._lost += time.monotonic() - started
            raise
        self._lost /= 2
        return answer

    def speaks(self, url: str) -> bool:
        """Whether anything answers HTTP there, whatever it says."""
        try:
            self._send(Request("", url), url, "").close()
        except BROKEN:
            return False
        return True

    def again(self, part: str, action: Callable[[], T]) -> T:
        """What an action makes that reads an answer's body, repeated if the connection breaks. Raises SourceError."""
        started = time.monotonic()
        number = 0
        while True:
            number += 1
            try:
                return action()
            except BROKEN as error:
                why = explain(error)
            pause = self.pause(number)
            if number >= self.limits.tries or time.monotonic() - started + pause > self.limits.total:
                raise SourceError(f"{part}: {why} ({number} tries)")
            self.rest(pause)

    def rest(self, seconds: float) -> None:
        """Wait before another try."""
        self._sleep(seconds)

    def _insist(self, request: Request, started: float) -> Answer:
        number = 0
        while True:
            number += 1
            waiting = 0.0
            trail = [request.url]
            try:
                answer = self._follow(request, started, trail)
                if answer.status not in PASSING:
                    return answer
                why, waiting = self._refused(answer)
            except BROKEN as error:
                why = explain(error)
                if is_final(error):
                    raise SourceError(f"{request.part}: {_host(trail[-1])}: {why}") from None
            pause = max(self.pause(number), waiting)
            if number >= self.limits.tries or time.monotonic() - started + pause > self.limits.total:
                tries = f" ({number} tries)" if number > 1 else ""
                raise SourceError(f"{request.part}: {_host(trail[-1])}: {why}{tries}") from None
            self.rest(pause)

    def pause(self, number: int) -> float:
        """Seconds to wait after so many tries; by chance more or less, so that clients do not come back as one."""
        longest = min(self.limits.longest_wait, self.limits.first_wait * 2.0 ** min(number - 1, 20))
        return longest * float(random.uniform(0.5, 1.0))

    def _refused(self, answer: Answer) -> tuple[str, float]:
        """Why a request is to be repeated, and after how many seconds at least."""
        waiting = retry_after(answer.header("Retry-After"))
        why = f"HTTP status {answer.status}"
        if answer.status == 429:
            why += ", too many requests"
        if waiting:
            why += f"; it asks to come back in {waiting:.0f} s"
        answer.close()
        return why, waiting

    def _follow(self, request: Request, started: float, trail: list[str]) -> Answer:
        """Send a request, and go where the answer leads; `trail` tells how far that was."""
        url, credentials = request.url, request.credentials
        for _ in range(self.limits.redirects + 1):
            answer = self._send(request, url, credentials)
            if answer.status not in _MOVED or request.method != "GET":
                return answer
            target = self._target(request, url, answer)
            if address_of(target) != answer.address:
                credentials = ""
            url = target
            trail.append(url)
            if time.monotonic() - started > self.limits.total:
                raise SourceError(f"{request.part}: {_host(request.url)}: its redirects take too long")
        raise SourceError(f"{request.part}: {_host(request.url)}: more than {self.limits.redirects} redirects")

    def _target(self, request: Request, url: str, answer: Answer) -> str:
        location = answer.header("Location")
        answer.close()
        part = f"{request.part}: {answer.address.shown}"
        try:
            target = quote(urljoin(url, location), safe="%/:=&?~#+!$,;'@()*[]", encoding="latin-1")
            address = address_of(target)
        except ValueError:
            address = None
        if not location or address is None:
            raise SourceError(f"{part}: it redirects to something that is not a web address")
        if address.scheme == "http" and answer.address.scheme == "https":
            raise SourceError(f"{part}: it redirects to {address.shown} without TLS")
        return target

    def _send(self, request: Request, url: str, credentials: str) -> Answer:
        """Send one request once; a connection that the peer closed while it waited is replaced."""
        address = address_of(url)
        if address is None:
            raise SourceError(f"{request.part}: not a web address")
        while True:
            connection, used = self._pool.take(address)
            try:
                return self._exchange(request, url, credentials, address, connection)
            except BaseException as error:
                connection.close()
                if not used or not isinstance(error, (ConnectionError, http.client.BadStatusLine)):
                    raise

    def _exchange(
        self, request: Request, url: str, credentials: str, address: Address, connection: Connection
    ) -> Answer:
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        headers = {"User-Agent": f"image-leak-auditor/{__version__}", **request.headers}
        if credentials:
            headers["Authorization"] = credentials
        if address.scheme == "http" and proxy_of(address):
            target = f"http://{parts.netloc.rpartition('@')[2]}{target}"
            headers |= proxy_headers(address)
        connection.pace.head()
        connection.request(request.method, target, body=request.body, headers=headers)
        connection.pace.head()
        return Answer(address, connection.getresponse(), connection, self._pool)


def _host(url: str) -> str:
    address = address_of(url)
    return address.shown if address else "?"
