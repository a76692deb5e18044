"""Values: what the user gives, how they are masked, how logs are searched for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.run.proving.logs import BuildLog
from auditor.run.proving.masking import Masks
from auditor.run.proving.options import given_arguments, given_secrets
from auditor.run.proving.reasons import mount_targets
from auditor.run.proving.shapes import Given, ProofError, Wish, few
from auditor.run.proving.supply import Supply
from tests.run.proving.fakes import OTHER, TOKEN

KEY = "\n".join(["-----BEGIN KEY-----", f"{TOKEN}A", f"{OTHER}B", "-----END KEY-----", ""])


def test_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "a,b"
    odd.write_text("one\n")
    monkeypatch.setenv("TOKEN_OF_TEST", TOKEN)
    monkeypatch.setenv("bare", OTHER)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "named").write_text("two")
    options = (f'id=a,"src={odd}"', "id=b,env=TOKEN_OF_TEST", "id=bare", "id=named", "type=env,id=c,src=TOKEN_OF_TEST")
    assert given_secrets(options) == {
        "a": b"one\n", "b": TOKEN.encode(), "bare": OTHER.encode(), "named": b"two", "c": TOKEN.encode(),
    }  # fmt: skip


@pytest.mark.parametrize("option", ["", "src=/x", TOKEN, f"id=a,src=/no/such/file/{1}", "id=a,env=NO_SUCH_VARIABLE_X"])
def test_unusable_secrets(option: str) -> None:
    with pytest.raises(ProofError) as raised:
        given_secrets([option])
    assert TOKEN not in str(raised.value)


def test_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARE", "1")
    assert given_arguments(["A=x=y", "BARE", "MISSING_ONE", "E="]) == {"A": "x=y", "BARE": "1", "E": ""}
    with pytest.raises(ProofError):
        given_arguments(["=x"])


def test_secrets_that_both_builds_take(tmp_path: Path) -> None:
    file = tmp_path / "other"
    file.write_text(OTHER)
    asked = Wish("", str(tmp_path), b"", b"", given=Given(secrets=(f"id=other,src={file}",)))
    supply = Supply(asked)
    assert supply.both == {"other": OTHER.encode()} and supply.files == {} and supply.values == {}
    assert OTHER not in repr(supply) and OTHER not in Masks({}, supply.both).mask(f"x {OTHER}")


def test_files_outside_of_the_context_are_not_read(tmp_path: Path) -> None:
    from auditor.fixes.plan import BuildSecret

    context = tmp_path / "context"
    context.mkdir()
    (tmp_path / "secret").write_text(OTHER)
    (context / "link").symlink_to(tmp_path / "secret")
    for source in ("../secret", "link"):
        supply = Supply(Wish("", str(context), b"", b"", secrets=(BuildSecret("s", "file", source=source),)))
        assert OTHER.encode() not in supply.values.values()


def test_what_a_file_holds_is_looked_for(tmp_path: Path) -> None:
    from auditor.fixes.plan import BuildSecret

    (tmp_path / ".npmrc").write_text(f"//npm.example/:_authToken={TOKEN}\nsave-exact=true\n")
    supply = Supply(Wish("", str(tmp_path), b"", b"", secrets=(BuildSecret("npmrc", "file", source=".npmrc"),)))
    assert TOKEN.encode() in supply.values.values() and len(supply.values) == 2


def test_masks() -> None:
    masks = Masks({"key": KEY.encode(), "short": b"ab!", "token": TOKEN.encode()}, {"other": b"also" + b"Secret1"})
    assert masks.unfit == {"short": "it has fewer than 6 bytes and would be found by chance"}
    text = masks.mask(f"{TOKEN} {TOKEN.encode().hex()} {TOKEN}A and {OTHER}B also" + "Secret1 \x1b[2J ab! \x00")
    assert TOKEN not in text and OTHER not in text and TOKEN.encode().hex() not in text
    assert "Secret1" not in text and "\x1b" not in text and "ab!" not in text
    assert len(masks.shown("x" * 1000)) == 303
    assert TOKEN not in repr(masks)


def test_a_value_is_masked_before_the_line_is_cut() -> None:
    masks = Masks({"token": TOKEN.encode()}, {})
    assert TOKEN[:5] not in masks.shown("x" * 290 + TOKEN)


def log_of(masks: Masks, *pieces: bytes) -> BuildLog:
    log = BuildLog(masks)
    for piece in pieces:
        log.feed(piece)
    log.close()
    return log


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_logs_in_pieces(size: int) -> None:
    lines = [b"#5 [2/2] RUN x", b"#5 0.123 first", *(b"#5 0.124 " + line.encode() for line in KEY.splitlines())]
    data = b"\n".join([*lines, b"#5 DONE 0.2s " + TOKEN.encode()])
    masks = Masks({"key": KEY.encode(), "token": TOKEN.encode()}, {})
    log = log_of(masks, *(data[at : at + size] for at in range(0, len(data), size)))
    assert log.found["key"].startswith("line 3 of the log: the value of key")
    assert log.found["token"] == "line 4 of the log: the value of token, plain"
    said = "\n".join(log.last_words())
    assert TOKEN not in said and OTHER not in said
    assert "first" in said


def test_long_logs_are_kept_in_part() -> None:
    masks = Masks({"token": TOKEN.encode()}, {})
    log = log_of(masks, f"{TOKEN}\n".encode(), *(b"line %06d %s\n" % (n, b"x" * 90) for n in range(3000)), b"end")
    assert log.found == {"token": "line 1 of the log: the value of token, plain"}
    words = log.last_words()
    assert len(words) == 15 and words[-1] == "end" and words[0].startswith("line 002986")
    assert len(log._kept) <= 64 << 10


def test_digests_of_steps_are_not_quoted() -> None:
    log = log_of(Masks({"token": TOKEN.encode()}, {}), b"#5 [1/2] RUN x\n#5 sha256:%s\n#5 0.1 said\n" % (b"a" * 64))
    assert log.last_words() == ["#5 [1/2] RUN x", "#5 0.1 said"]


def test_a_line_without_end() -> None:
    masks = Masks({"token": TOKEN.encode()}, {})
    half = len(TOKEN) // 2
    log = log_of(masks, b"x" * (3 << 20) + TOKEN[:half].encode(), TOKEN[half:].encode() + b"y" * (2 << 20))
    assert list(log.found) == ["token"]
    assert len(log._kept) <= 64 << 10 and len(log._window) < 1 << 20


def test_mount_targets() -> None:
    text = b"""FROM a
RUN --mount=type=secret,id=a --mount=type=secret,id=b,target=/root/.npmrc \\
    --mount=type=cache,dst=/var//cache,sharing=locked x
RUN --mount=type=secret,id=c,destination=conf/c y
"""
    found = mount_targets(text)
    assert found == {"/run/secrets", "/run/buildkit", "/run/secrets/a", "/root/.npmrc", "/var/cache", "conf/c",
                     "/run/secrets/c"} - {"/run/secrets/c"}  # fmt: skip


def test_few() -> None:
    assert few(["a"]) == ("a",)
    assert few(["a"] * 60)[-1] == "and 10 more"
