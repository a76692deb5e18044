from __future__ import annotations

import socket
import time
from email.utils import formatdate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.sources.images.distribution.client import Client, Request
from auditor.sources.images.distribution.failure import explain, retry_after
from auditor.sources.images.distribution.host import Policy
from auditor.sources.images.model import SourceError
from auditor.sources.images.registry import open_registry
from auditor.sources.images.target import parse_target
from tests.sources.images.fake_registry import QUICK, Asked, FakeRegistry, Handler, loopback, on, registries, status
from tests.sources.images.fake_registry import registry as registry

__all__ = ["loopback", "registries"]


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_passing_errors_are_tried_again(registry: FakeRegistry, code: int) -> None:
    registry.tricks.append(on("/manifests/1", status(code), times=2))
    with registry.source() as source:
        assert len(source.images()) == 1
    assert len(registry.paths("/manifests/1")) == 3


@pytest.mark.parametrize(("code", "text"), [(429, "429, too many requests"), (503, "503")])
def test_lasting_errors_end(registry: FakeRegistry, code: int, text: str) -> None:
    registry.tricks.append(on("/manifests/1", status(code)))
    message = registry.failure()
    assert text in message and "(3 tries)" in message and registry.domain in message
    assert len(registry.paths("/manifests/1")) == QUICK.tries


def test_an_invitation_for_later_is_accepted(registry: FakeRegistry) -> None:
    registry.tricks.append(on("/manifests/1", status(429, Retry_After="2"), times=1))
    pauses: list[float] = []
    client = Client(Policy(), QUICK, pauses.append)
    answer = client.ask(Request("it", f"http://{registry.domain}/v2/team/app/manifests/1"))
    answer.close()
    client.close()
    assert answer.status == 200 and pauses == [2.0]


def test_an_invitation_for_much_later_is_not(registry: FakeRegistry) -> None:
    registry.tricks.append(on("/manifests/1", status(429, Retry_After="3600")))
    assert "it asks to come back in 3600 s" in registry.failure()
    assert len(registry.paths("/manifests/1")) == 1


def test_pauses_grow_and_differ() -> None:
    client = Client(Policy(), QUICK._replace(first_wait=1.0, longest_wait=10.0))
    assert all(0.5 <= client.pause(1) <= 1.0 and 2.0 <= client.pause(3) <= 4.0 for _ in range(50))
    assert all(5.0 <= client.pause(1000) <= 10.0 for _ in range(50))
    assert len({client.pause(2) for _ in range(10)}) > 1


def test_retry_after() -> None:
    assert retry_after(" 12 ") == 12.0
    assert 50 < retry_after(formatdate(time.time() + 60, usegmt=True)) < 70
    assert [retry_after(value) for value in ("", "soon", "-5", formatdate(0), "9" * 50, "Mon, 99 Foo")] == [0.0] * 6


def test_failures_together_end_the_patience(registry: FakeRegistry) -> None:
    registry.tricks.append(on("/manifests/1", status(503)))
    client = Client(Policy(), QUICK._replace(lost=0.0))
    request = Request("part", f"http://{registry.domain}/v2/team/app/manifests/1")
    with pytest.raises(SourceError, match="503"):
        client.ask(request)
    with pytest.raises(SourceError, match="not tried any more"):
        client.ask(request)
    client.close()


def test_failing_again_after_success_is_forgiven(registry: FakeRegistry) -> None:
    client = Client(Policy(), QUICK._replace(lost=0.29, tries=1))
    request = Request("part", f"http://{registry.domain}/v2/team/app/manifests/1")

    def late(handler: Handler) -> None:
        time.sleep(0.15)
        handler.reply(503, b"", {})

    for _ in range(2):
        registry.tricks[:] = [on("/manifests/1", late)]
        with pytest.raises(SourceError, match="503"):
            client.ask(request)
        registry.tricks.clear()
        client.ask(request).close()
    client.close()


def test_nobody_there(loopback: None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = open_registry(parse_target(f"registry:127.0.0.1:{port}/app:1"), limits=QUICK)
    with source, pytest.raises(SourceError, match=rf"127.0.0.1:{port}: .*refused"):
        source.images()


def test_unknown_host_is_told_at_once(loopback: None) -> None:
    source = open_registry(parse_target("registry:nowhere.example/app:1"))
    with source, pytest.raises(SourceError, match=r"nowhere\.example: .*not known"):
        source.images()


def test_a_silent_peer_is_left(registry: FakeRegistry) -> None:
    registry.tricks.append(on("/manifests/1", lambda _: time.sleep(0.7)))
    assert "timed out" in registry.failure()


def drip(handler: Handler, piece: bytes) -> None:
    try:
        for _ in range(200):
            handler.wfile.write(piece)
            time.sleep(0.02)
    except OSError:
        return


def test_a_head_that_never_ends_is_left(registry: FakeRegistry) -> None:
    registry.tricks.append(on("/manifests/1", lambda handler: drip(handler, b"x")))
    started = time.monotonic()
    message = registry.failure(limits=QUICK._replace(tries=1, head=0.5, window=10.0))
    assert "takes too long" in message or "timed out" in message
    assert time.monotonic() - started < 2


def test_a_document_that_drips_is_left(registry: FakeRegistry) -> None:
    def slow(handler: Handler) -> None:
        handler.reply(200, b"", {"Content-Type": "application/json"}, length=1_000_000)
        drip(handler, b" ")

    registry.tricks.append(on("/manifests/1", slow))
    assert "less than 1024 bytes per second" in registry.failure(limits=QUICK._replace(tries=1))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 150 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 40 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000,
    ],
    ids=["line", "count", "bytes", "continued"],
)
def test_huge_heads_are_refused(registry: FakeRegistry, head: bytes) -> None:
    registry.tricks.append(on("/manifests/1", lambda handler: handler.raw(head)))
    assert "headers are too large" in registry.failure()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\1\2\3 rubbish\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{",
    ],
)
def test_broken_answers(registry: FakeRegistry, answer: bytes) -> None:
    registry.tricks.append(on("/manifests/1", lambda handler: handler.raw(answer)))
    message = registry.failure()
    assert "team/app:1: " in message and "rubbish" not in message and "abc" not in message


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 M\r\nLocation: ", b"HTTP/1.1 401 U\r\n"]),
    rest=st.binary(max_size=60) | st.text(alphabet='\r\n:;="\\,/%?#@[]h1', max_size=60).map(str.encode),
)
def test_no_answer_makes_a_traceback(registry: FakeRegistry, head: bytes, rest: bytes) -> None:
    registry.tricks[:] = [on("/manifests/1", lambda handler: handler.raw(head + rest))]
    assert registry.failure(limits=QUICK._replace(tries=1))


def test_a_connection_closed_while_idle_is_replaced(registry: FakeRegistry) -> None:
    def last(handler: Handler, asked: Asked) -> bool:
        handler.close_connection = True
        handler.serve(asked)
        return True

    registry.tricks.append(last)
    pauses: list[float] = []
    client = Client(Policy(), QUICK, pauses.append)
    for _ in range(3):
        answer = client.ask(Request("it", f"http://{registry.domain}/v2/team/app/manifests/1"))
        answer.read(1 << 20)
        answer.close()
    client.close()
    assert pauses == []


@pytest.mark.parametrize("code", [204, 302, 418])
def test_other_statuses(registry: FakeRegistry, code: int) -> None:
    registry.tricks.append(on("/manifests/1", lambda handler: handler.reply(code, b"", {})))
    assert "HTTP status" in registry.failure() or code == 302


def test_words_of_the_peer_are_not_repeated() -> None:
    import http.client

    for error in (http.client.BadStatusLine("the peer's words"), http.client.IncompleteRead(b"the peer's words")):
        assert "words" not in explain(error)
    assert (
        explain(OSError("Tunnel connection failed: 407 the peer's words")) == "the proxy refuses with HTTP status 407"
    )
