"""Detections in bytes become leaks with a place and a masked excerpt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Severity
from auditor.core.image import HIDDEN, LIVE
from auditor.run.images.layers.telling import Bytes, Wanted, leaks
from auditor.run.images.leak import Leak
from tests.run.images.configs import CHOSEN, GITHUB, NPM, detector

KEY = b"k" * 32
WANTED = Wanted(frozenset(), {"known-token": Severity.CRITICAL}, False, KEY)


def told(data: bytes, wanted: Wanted = WANTED, own: tuple[int, int] | None = None, **more: object) -> list[Leak]:
    """The leaks in one content."""
    found = detector().detect(data, "app/.env")
    source = Bytes("app/.env", "", data)._replace(**more)
    return list(leaks(source, found, own or (0, len(data)), wanted))


def test_a_leak_says_where_it_is() -> None:
    (leak,) = told(f"A=b\nGITHUB_TOKEN={GITHUB}\n".encode())
    assert (leak.rule, leak.severity, leak.place.line, leak.place.offset) == ("known-token", Severity.CRITICAL, 2, 17)
    assert (leak.place.path, leak.place.state, leak.secret.reveal()) == ("app/.env", LIVE, GITHUB)
    assert leak.group == leak.secret.fingerprint(KEY)
    assert leak.excerpt.startswith("GITHUB_TOKEN=ghp_****") and GITHUB not in leak.excerpt


def test_a_piece_of_a_long_file_counts_on() -> None:
    data = f"x\nGITHUB_TOKEN={GITHUB}\n".encode()
    (leak,) = told(data, offset=1000, line=41)
    assert (leak.place.line, leak.place.offset) == (42, 1015)
    (unknown,) = told(data, offset=1000, line=0)
    assert unknown.place.line is None
    (binary,) = told(data, head=b"\x7fELF\0\0\0")
    assert binary.place.line is None


def test_only_what_begins_in_the_own_part() -> None:
    data = f"T={GITHUB}\nN={NPM}\n".encode()
    at = data.index(NPM.encode())
    assert [leak.secret.reveal() for leak in told(data)] == [GITHUB, NPM]
    assert [leak.secret.reveal() for leak in told(data, own=(0, at))] == [GITHUB]
    assert [leak.secret.reveal() for leak in told(data, own=(at, len(data)))] == [NPM]
    assert [leak.secret.reveal() for leak in told(data, own=(at + 1, len(data)))] == []


def test_left_out_rules() -> None:
    assert told(f"T={GITHUB}".encode(), WANTED._replace(left_out=frozenset({"known-token"}))) == []


def test_hidden_bytes() -> None:
    (leak,) = told(f"T={GITHUB}".encode(), hidden=True)
    assert leak.place.state == HIDDEN


@pytest.mark.parametrize(("comment", "silent"), [("# audit: ignore[known-token] public", True), ("# nothing", False)])
def test_comments_that_silence(comment: str, silent: bool) -> None:
    (leak,) = told(f"{comment}\nT={GITHUB}\n".encode())
    assert (leak.silenced is not None) == silent


def test_two_in_one_line_are_masked_both() -> None:
    for leak in told(f"T={GITHUB} N={NPM} PASSWORD={CHOSEN}\n".encode()):
        assert [value for value in (GITHUB, NPM, CHOSEN) if value in leak.excerpt] == []


def test_long_lines_are_cut_around_the_place() -> None:
    data = b"a=1;" * 50_000 + f"GITHUB_TOKEN={GITHUB};".encode() + b"b=2;" * 50_000
    (leak,) = told(data)
    assert len(leak.excerpt) <= 402 and "ghp_****" in leak.excerpt
    assert leak.excerpt.startswith("…") and leak.excerpt.endswith("…")


def test_utf_16() -> None:
    (leak,) = told(f"\ufeffA=b\nGITHUB_TOKEN={GITHUB}\n".encode("utf-16-le"))
    assert leak.place.line == 2 and "ghp_****" in leak.excerpt


@given(st.binary(max_size=60), st.binary(max_size=60), st.booleans())
def test_no_excerpt_holds_a_value(before: bytes, after: bytes, twice: bool) -> None:
    value = f"\nGITHUB_TOKEN={GITHUB}\n".encode()
    data = before + value + after + (value if twice else b"")
    for leak in told(data):
        assert GITHUB not in repr(leak._replace(secret=None))  # type: ignore[arg-type]
        assert leak.place.offset is not None and 0 <= leak.place.offset < len(data)
