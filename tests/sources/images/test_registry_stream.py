from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from auditor.sources.images.distribution.client import Client
from auditor.sources.images.distribution.host import Policy
from auditor.sources.images.distribution.repository import Repository
from auditor.sources.images.distribution.stream import BlobStream
from auditor.sources.images.model import SourceError
from tests.sources.images.fake_registry import QUICK, Asked, FakeRegistry, Handler, digest_of, loopback, registries
from tests.sources.images.fake_registry import registry as registry

__all__ = ["loopback", "registries"]
CONTENT = os.urandom(300_000)
DIGEST = digest_of(CONTENT)


@pytest.fixture
def opened(registry: FakeRegistry) -> Iterator[Callable[..., BlobStream]]:
    """Opens the blob, of which a size is stated."""
    registry.blob(CONTENT)
    client = Client(Policy(), QUICK)

    def open_blob(size: int = len(CONTENT)) -> BlobStream:
        return BlobStream(Repository(client, registry.domain, "team/app"), DIGEST, size)

    yield open_blob
    client.close()


def cutting(every: int, *, chunked: bool = False) -> Callable[[Handler, Asked], bool]:
    """Answers of a registry that hangs up after so many bytes."""

    def trick(handler: Handler, asked: Asked) -> bool:
        if "/blobs/" not in asked.path:
            return False
        ranged = asked.headers.get("range", "") if handler.server.ranges else ""
        start = int(ranged.removeprefix("bytes=").removesuffix("-")) if ranged else 0
        handler.close_connection = True
        handler.send_response(206 if ranged else 200)
        if ranged:
            handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        piece = CONTENT[start : start + every]
        if chunked:
            handler.send_header("Transfer-Encoding", "chunked")
            end = b"0\r\n\r\n" if start + every >= len(CONTENT) else b""
            piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n" + end
        else:
            handler.send_header("Content-Length", str(len(CONTENT) - start))
        handler.end_headers()
        handler.wfile.write(piece)
        return True

    return trick


def test_a_blob_is_read_whole(opened: Callable[..., BlobStream]) -> None:
    with opened() as stream:
        assert stream.readable() and not stream.seekable()
        assert stream.read() == CONTENT and stream.read(1) == b""
    with pytest.raises(ValueError, match="closed"):
        stream.readinto(bytearray(1))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [len(CONTENT), -1])
def test_broken_streams_go_on_where_they_ended(
    registry: FakeRegistry, opened: Callable[..., BlobStream], chunked: bool, size: int
) -> None:
    registry.tricks.append(cutting(70_000, chunked=chunked))
    with opened(size) as stream:
        assert stream.read() == CONTENT
    ranges = [asked.headers.get("range") for asked in registry.asked if "/blobs/" in asked.path]
    assert ranges == [None, "bytes=70000-", "bytes=140000-", "bytes=210000-", "bytes=280000-"]


def test_a_server_without_ranges_is_read_from_the_start(
    registry: FakeRegistry, opened: Callable[..., BlobStream]
) -> None:
    registry.ranges = False
    cut = [cutting(250_000)]
    registry.tricks.append(lambda handler, asked: "/blobs/" in asked.path and bool(cut) and cut.pop()(handler, asked))
    with opened() as stream:
        assert stream.read() == CONTENT
    assert len(registry.paths("/blobs/")) == 2


def test_breaking_again_and_again_ends(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    registry.tricks.append(cutting(1))
    with opened() as stream, pytest.raises(SourceError, match="ends too early, after 21 bytes"):
        stream.read()
    assert len(registry.paths("/blobs/")) == QUICK.resumes + 1


def test_no_progress_ends_sooner(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    registry.tricks.append(cutting(0))
    with opened() as stream, pytest.raises(SourceError, match="after 0 bytes"):
        stream.read()
    assert len(registry.paths("/blobs/")) == QUICK.tries


@pytest.mark.parametrize("answer", ["bytes 5-9/10", "bytes */10", "rubbish", ""])
def test_a_range_from_another_place_is_refused(
    registry: FakeRegistry, opened: Callable[..., BlobStream], answer: str
) -> None:
    def lie(handler: Handler, asked: Asked) -> bool:
        if "range" in asked.headers:
            handler.reply(206, b"wrong", {"Content-Range": answer})
        return "range" in asked.headers

    registry.tricks += [lie, cutting(1000)]
    with opened() as stream, pytest.raises(SourceError, match="another place"):
        stream.read()


def test_nothing_after_the_end_is_the_end(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    def after(handler: Handler, asked: Asked) -> bool:
        if asked.headers.get("range") == f"bytes={len(CONTENT)}-":
            handler.reply(416, b"", {"Content-Range": f"bytes */{len(CONTENT)}"})
            return True
        if "/blobs/" in asked.path:
            # The last chunk, which ends the body, does not come.
            handler.raw(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + f"{len(CONTENT):x}\r\n".encode()
                + CONTENT
                + b"\r\n"
            )
            return True
        return False

    registry.tricks.append(after)
    with opened(-1) as stream:
        assert stream.read() == CONTENT


def test_sizes_are_those_of_the_manifest(opened: Callable[..., BlobStream]) -> None:
    with opened(len(CONTENT) - 1) as stream, pytest.raises(SourceError, match="longer than the 299,999 bytes"):
        stream.read()
    with opened(len(CONTENT) + 1) as stream, pytest.raises(SourceError, match="has 300,000 bytes, the manifest states"):
        stream.read()


def test_an_endless_blob_ends_at_its_size(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    def endless(handler: Handler, asked: Asked) -> bool:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(CONTENT)
        return True

    registry.tricks.append(endless)
    with opened() as stream, pytest.raises(SourceError, match="longer than"):
        while stream.read(65536):
            pass


def test_a_blob_is_as_it_is_stored(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    def encoded(handler: Handler, asked: Asked) -> bool:
        handler.reply(200, CONTENT, {"Content-Encoding": "gzip"})
        return True

    registry.tricks.append(encoded)
    with opened() as stream:
        assert stream.read() == CONTENT


def test_a_page_instead_of_a_blob(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    registry.tricks.append(lambda h, _: h.reply(200, b"<html>", {"Content-Type": "text/html"}) or True)
    with pytest.raises(SourceError, match="web page"):
        opened()


def test_a_slow_blob_is_left(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    def slow(handler: Handler, asked: Asked) -> bool:
        handler.reply(200, b"", {}, length=len(CONTENT))
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            handler.close_connection = True
        return True

    registry.ranges = False
    registry.tricks.append(slow)
    with opened() as stream, pytest.raises(SourceError, match="less than 1024 bytes per second"):
        stream.read()


def test_connections_are_used_again(registry: FakeRegistry, opened: Callable[..., BlobStream]) -> None:
    ports: list[int] = []
    registry.tricks.append(lambda handler, _: bool(ports.append(handler.client_address[1])))
    repository = Repository(Client(Policy(), QUICK), registry.domain, "team/app")
    for _ in range(4):
        with BlobStream(repository, DIGEST, -1) as stream:
            assert stream.read() == CONTENT
    repository.client.close()
    assert len(set(ports[-4:])) == 1
