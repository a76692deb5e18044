from __future__ import annotations

import socket
import time

import pytest

from auditor.sources.images.distribution.connection import Pace
from tests.sources.images.fake_registry import QUICK, FakeRegistry, Handler, loopback, on, registries, status
from tests.sources.images.fake_registry import registry as registry

__all__ = ["loopback", "registries"]
SIGNED = "sig=" + "private" + "Signature"


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("file:///etc/passwd", "not a web address"),
        ("ftp://files.example/x", "not a web address"),
        ("gopher://127.0.0.1:1/", "not a web address"),
        ("http://[::1", "not a web address"),
        ("http://host name.example/", "not a web address"),
        ("http://a..example/", "not a web address"),
        ("http://127.0.0.1:99999/", "not a web address"),
        ("", "not a web address"),
        (f"https://nowhere.example/x?{SIGNED}", "team/app:1: nowhere.example: Name or service not known"),
    ],
)
def test_redirects_that_are_refused(registry: FakeRegistry, location: str, text: str) -> None:
    registry.tricks.append(on("/manifests/1", status(307, Location=location)))
    message = registry.failure()
    assert text in message and SIGNED not in message


def test_redirects_end(registry: FakeRegistry) -> None:
    registry.tricks.append(on("/manifests/1", status(302, Location="/v2/team/app/manifests/1?again")))
    assert "more than 10 redirects" in registry.failure()
    assert len(registry.paths("/manifests/1")) == 11


def test_slow_redirects_end(registry: FakeRegistry) -> None:
    def slow(handler: Handler) -> None:
        time.sleep(0.2)
        handler.reply(302, b"", {"Location": "/v2/team/app/manifests/1?again"})

    registry.tricks.append(on("/manifests/1", slow))
    assert "redirects take too long" in registry.failure(limits=QUICK._replace(total=0.3))
    assert len(registry.paths("/manifests/1")) == 2


def test_relative_and_odd_redirects_are_followed(registry: FakeRegistry) -> None:
    registry.things["/else%20where?a=%C3%BC"] = registry.things["/v2/team/app/manifests/1"]
    registry.tricks.append(on("/manifests/1", status(303, Location="../../../../else where?a=%C3%BC#top"), times=1))
    with registry.source() as source:
        assert len(source.images()) == 1


@pytest.mark.parametrize("value", ["sha256:" + "0" * 64, "sha256:abc", "md5:" + "0" * 32, "rubbish"])
def test_a_claimed_digest_must_fit(registry: FakeRegistry, value: str) -> None:
    data = registry.things["/v2/team/app/manifests/1"][1]
    registry.tricks.append(on("/manifests/1", lambda h: h.reply(200, data, {"Docker-Content-Digest": value})))
    assert "digest" in registry.failure()


def test_another_manifest_than_asked_for_is_refused(registry: FakeRegistry) -> None:
    other = registry.image(architecture="s390x")["digest"]
    registry.things[f"/v2/team/app/manifests/{other}"] = registry.things["/v2/team/app/manifests/1"]
    assert f"its digest is not {other}" in registry.failure(f"team/app@{other}")


def test_a_web_page_is_no_registry(registry: FakeRegistry) -> None:
    page = {"Content-Type": "text/html; charset=utf-8"}
    registry.tricks.append(on("/manifests/1", lambda handler: handler.reply(200, b"<html>sign in", page)))
    assert "it answers with a web page" in registry.failure()


def test_documents_are_bounded(registry: FakeRegistry) -> None:
    announced = on("/manifests/1", lambda handler: handler.reply(200, b"", {}, length=1 << 40))
    registry.tricks.append(announced)
    assert "longer than 33,554,432 bytes" in registry.failure()


def test_a_document_without_end_is_bounded(registry: FakeRegistry) -> None:
    def endless(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        for _ in range(1000):
            handler.wfile.write(piece)

    registry.tricks.append(on("/manifests/1", endless))
    assert "longer than" in registry.failure()


def test_a_broken_document_is_read_again(registry: FakeRegistry) -> None:
    data = registry.things["/v2/team/app/manifests/1"][1]

    def cut(handler: Handler) -> None:
        handler.reply(200, data[:50], {}, length=len(data))
        handler.close_connection = True

    registry.tricks.append(on("/manifests/1", cut, times=2))
    with registry.source() as source:
        assert len(source.images()) == 1


def test_the_time_for_all_documents_is_bounded(registry: FakeRegistry) -> None:
    with registry.source(limits=QUICK._replace(documents=0.0)) as source:
        image = source.images()[0]
    assert any("the registry has taken too long" in problem.message for problem in image.problems)
    assert not any("/referrers/" in path or ".att" in path for path in registry.paths())


def test_a_peer_that_never_rests_is_left_at_the_deadline() -> None:
    one, other = socket.socketpair()
    with one, other, one.makefile("rb", buffering=0) as raw:
        other.sendall(b"more and more")
        pace = Pace(QUICK)
        pace.body(within=10.0)
        assert pace.receive(one, raw, bytearray(4)) == 4
        pace.body(within=-1.0)
        with pytest.raises(TimeoutError, match="takes too long"):
            pace.receive(one, raw, bytearray(4))
