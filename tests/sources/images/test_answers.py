"""Bodies of answers within bounds, and failures as sentences that repeat nothing of the exceptions' texts."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from auditor.sources.images import answers
from auditor.sources.images.answers import Body, NotFound, failure, refusal
from auditor.sources.images.contexts import Endpoint
from auditor.sources.images.model import SourceError

HERE = Endpoint("unix:///e.sock", "DOCKER_HOST")


def body(*pieces: bytes | Exception, ended: list[int] | None = None) -> Body:
    def given() -> Iterator[bytes]:
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    return Body(given(), lambda: ended.append(1) if ended is not None else None, HERE, 60)


def test_pieces_of_any_size() -> None:
    with body(b"ab", b"", b"cdef") as stream:
        assert [stream.read(3), stream.read(3), stream.read(9), stream.read(9)] == [b"ab", b"cde", b"f", b""]
    assert body(b"ab", b"", b"cdef").read() == b"abcdef"
    assert body(b"ab", b"c").whole(3) == b"abc"
    assert body().whole(0) == b""


def test_bound() -> None:
    with pytest.raises(SourceError, match=r"unix:///e\.sock answers with more than 3 bytes"):
        body(b"ab", b"cd", AssertionError("read on")).whole(3)


def test_connection_is_given_back_once() -> None:
    ended: list[int] = []
    stream = body(b"ab", ended=ended)
    stream.close()
    stream.close()
    assert ended == [1]


def test_slow_engines_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 10_000, 30))
    monkeypatch.setattr(answers, "monotonic", lambda: next(times))
    with pytest.raises(SourceError, match="too slow"):
        body(b"a", b"b", b"c", b"d").whole(99)
    # Half a minute for a mebibyte is slow, but not too slow.
    assert len(body(*[bytes(1 << 20)] * 9).whole(10 << 20)) == 9 << 20


def caused(error: BaseException, *causes: BaseException) -> BaseException:
    """An exception wrapped in others, as libraries do: by argument, by reason, by cause."""
    for number, outer in enumerate(causes):
        if number % 2:
            outer.__cause__ = error
        else:
            outer.args = ("text with hunter2 in it", error)
        error = outer
    return error


def named(name: str, base: type[Exception] = Exception) -> Exception:
    made: Exception = type(name, (base,), {})("hunter2")
    return made


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "hunter2"), "permission denied (use sudo"),
        (FileNotFoundError(2, "hunter2"), "there is no such socket"),
        (ConnectionRefusedError(111, "hunter2"), "nobody listens there"),
        (ConnectionResetError(104, "hunter2"), "broke off"),
        (TimeoutError("hunter2"), "gave no answer for 7 seconds"),
        (named("ReadTimeout"), "gave no answer for 7 seconds"),
        (named("ProtocolError"), "broke off"),
        (named("TLSParameterError"), "names files that are not there"),
        (ssl.SSLError(1, "hunter2"), "over TLS (no reason given)"),
        (ssl.SSLCertVerificationError(1, "hunter2"), "not trusted: no reason given"),
        (named("Odd"), "cannot be reached (Odd)"),
    ],
)
def test_failures_wrapped_as_libraries_do(error: Exception, said: str) -> None:
    for causes in ((), (OSError(),), (ValueError(), OSError()), (OSError(), ValueError(), RuntimeError())):
        message = str(failure(caused(error, *causes), HERE, 7))
        assert said in message or "Odd" in said
        assert message.startswith("the container engine at unix:///e.sock (DOCKER_HOST) ")
        assert "hunter2" not in message


def test_circle_of_causes() -> None:
    one, two = ValueError("a"), ValueError("b")
    one.__cause__, two.__cause__ = two, one
    assert "cannot be reached (ValueError)" in str(failure(one, HERE, 7))


def test_ssh_has_another_way() -> None:
    message = str(failure(named("DockerException"), Endpoint("ssh://me@h.example", "context 'far'"), 7))
    assert "ssh://h.example (context 'far')" in message
    assert "ssh HOST docker save IMAGE | audit image -" in message


def test_what_an_engine_refuses_is_made_printable_and_short() -> None:
    said = str(refusal(500, b'{"message": "no\\u001b[31m\\u202e ' + b"x" * 9000 + b'"}', HERE))
    assert said.isprintable()
    assert len(said) < 500
    assert "no reason given (status 418)" in str(refusal(418, b"{", HERE))
    assert isinstance(refusal(404, b"{}", HERE), NotFound)
    assert not isinstance(refusal(500, b"{}", HERE), NotFound)
