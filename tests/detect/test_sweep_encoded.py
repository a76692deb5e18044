"""The sweep finds what is encoded, wherever it stands."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from auditor.detect.sweep import Sweep
from tests.detect.test_detector import OPAQUE, TOKEN
from tests.detect.test_sweep import detector, program, sweep, sweep_of, told

__all__ = ["sweep"]


_SECRETS = (
    f"deploy_token={TOKEN} end",
    f'{{"password": "{OPAQUE}"}}',
    f"DB_PASSWORD={OPAQUE}\n",
    f"postgres://shop:{OPAQUE}@db.shop.example/x",
    f"client_secret: {OPAQUE}\nuser: x\n",
)
_WRITE: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "lines of base64": base64.encodebytes,
    "base64url": lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    "hex": lambda data: data.hex().encode(),
    "HEX": lambda data: data.hex().upper().encode(),
}


@pytest.mark.parametrize("write", _WRITE)
@pytest.mark.parametrize("before", [0, 1, 2, 3000])
@pytest.mark.parametrize("text", _SECRETS)
def test_what_is_encoded(text: str, before: int, write: str, sweep: Sweep) -> None:
    """At any alignment, in the middle of a program."""
    filler = program(300_000)
    line = b'\nconst data = "' + _WRITE[write](b"." * before + text.encode() + b" and more") + b'";\n}\n'
    expected = {one.secret.reveal() for one in detector().detect(line, "a.js")}
    assert expected & {TOKEN, OPAQUE, text}
    full = filler[:150_000] + line + filler[150_000:]
    found = sweep.examine(full, sweep.hits(full), "a.js")
    assert {one.secret.reveal() for one in found} == expected
    assert all(150_000 < one.start < one.end < 150_000 + len(line) for one in found)


@pytest.mark.parametrize("before", [100_000, 100_001, 100_002, 250_001])
@pytest.mark.parametrize("write", ["base64", "base64url"])
@pytest.mark.parametrize("text", _SECRETS)
def test_in_a_long_line_of_base64(text: str, before: int, write: str) -> None:
    """As source maps are: its beginning is far away, and its groups of letters must be told apart without it."""
    sweep = sweep_of("auto")
    data = program(before) + b"\n" + text.encode() + b"\n" + program(200_000)
    full = program(5000) + b"\n//# data:," + _WRITE[write](data) + b"\n"
    found = {one.secret.reveal() for one in sweep.examine(full, sweep.hits(full), "a.js")}
    assert found == {one.secret.reveal() for one in detector().detect(b"x\n" + text.encode() + b"\n", "a.js")}


@pytest.mark.parametrize("form", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("text", _SECRETS)
def test_units_of_16_bits(text: str, form: str, mark: bool, sweep: Sweep) -> None:
    """A whole file of them is told by its beginning."""
    lines = f"# settings of a program\r\n{text}\r\n# end of the settings\r\n"
    data = (b"\xff\xfe" if form == "utf-16-le" else b"\xfe\xff") * mark + lines.encode(form)
    assert sweep.reads_whole("a.txt", data[:512])
    expected = told(list(detector().detect(data, "a.txt")))
    assert expected
    assert told(sweep.examine(data, [], "a.txt", whole=True)) == expected


@pytest.mark.parametrize("text", _SECRETS)
def test_units_of_16_bits_in_a_program(text: str, sweep: Sweep) -> None:
    full = bytes(range(256)) * 300 + b"\0\0" + f"x {text} x".encode("utf-16-le") + b"\0\0" + bytes(range(256)) * 300
    found = {one.secret.reveal() for one in sweep.examine(full, sweep.hits(full), "a.exe")}
    assert found & {TOKEN, OPAQUE}
