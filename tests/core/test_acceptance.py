"""The baseline of our own: what is written is read again, and what is no baseline is told with its line."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core import acceptance
from auditor.core.acceptance import Entry, Mark, is_ours, parse, read, text_of, unified, write
from auditor.core.errors import UsageError

SALT = bytes(range(32))
HEADER = json.dumps({"audit_baseline": 1, "salt": base64.b64encode(SALT).decode()})
HASH = "a1" * 32
LINE = json.dumps({"rule": "env-secret", "path": "Dockerfile", "hash": HASH})

_TEXTS = st.text(st.characters(exclude_characters="\0"), max_size=30)
MARKS = st.builds(
    Mark,
    rule=st.sampled_from(["env-secret", "arg-secret"]),
    image=st.sampled_from(["", "layer", "config"]),
    path=_TEXTS.filter(bool),
    inner=_TEXTS,
    pointer=_TEXTS,
    hash=st.sampled_from([HASH, "0" * 64]),
)
ENTRIES = st.builds(
    Entry,
    mark=MARKS,
    subject=_TEXTS,
    secret=st.booleans(),
    reason=_TEXTS,
    expires=st.sampled_from(["", "2026-01-01", "2027-12-31"]),
)


def mark(path: str = "Dockerfile", digest: str = HASH) -> Mark:
    return Mark("env-secret", "", path, "", "", digest)


@given(st.lists(ENTRIES, max_size=8))
def test_what_is_written_is_read_again_in_any_order(entries: list[Entry]) -> None:
    text = text_of(SALT, entries)
    lines = text.splitlines(keepends=True)
    assert text == "".join([lines[0], *(text_of(SALT, [one]).splitlines(keepends=True)[1] for one in unified(entries))])
    again = parse("x", text.encode())
    assert again == ("x", SALT, unified(entries))
    mixed = "\ufeff" + lines[0] + "\r\n".join(line.strip("\n") for line in reversed(lines[1:] * 2))
    assert text_of(SALT, parse("x", mixed.encode()).entries) == text


def test_a_file_has_one_line_for_an_entry_and_no_empty_keys() -> None:
    entries = [Entry(mark("b")), Entry(mark("a"), "DB", False, "a test value — naïve", "2027-01-31")]
    assert text_of(SALT, entries).splitlines() == [
        HEADER,
        f'{{"rule": "env-secret", "path": "a", "subject": "DB", "hash": "{HASH}", '
        '"reason": "a test value — naïve", "expires": "2027-01-31"}',
        f'{{"rule": "env-secret", "path": "b", "hash": "{HASH}"}}',
    ]


@pytest.mark.parametrize("text", ["\u202eevil", "a\nb", "\udcff"])
def test_what_is_not_printable_stands_escaped(text: str) -> None:
    written = text_of(SALT, [Entry(mark(text), reason=text)])
    assert written.isascii()
    assert written.count("\n") == 2
    assert parse("x", written.encode()).entries[0].reason == text


def test_of_two_entries_for_one_mark_the_stricter_one_counts() -> None:
    for_ever, dated, bare = Entry(mark(), reason="r"), Entry(mark(), expires="2027-01-01"), Entry(mark())
    assert unified([for_ever, dated]) == unified([dated, for_ever]) == (dated,)
    assert unified([bare, for_ever]) == (for_ever,)
    assert unified([dated, Entry(mark(), secret=True)])[0].secret


def test_a_day_counts_until_it_is_over() -> None:
    entry = Entry(mark(), expires="2026-11-22")
    assert [entry.is_expired(day) for day in ("2026-11-21", "2026-11-22", "2026-11-23")] == [False, False, True]
    assert not Entry(mark()).is_expired("9999-12-31")


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", 1, "empty"),
        (b"\n \n", 1, "empty"),
        (LINE.encode(), 1, "the first line must be"),
        (b"[1]", 1, "must be a table"),
        (b"{", 1, "not JSON"),
        (b"\xff", 1, "not UTF-8 (byte 0 of the line)"),
        (b"[" * 30_000, 1, "nested too deeply"),
        (b'{"audit_baseline": 2, "salt": ""}', 1, "reads version 1 only"),
        (b'{"audit_baseline": true}', 1, "reads version 1 only"),
        (b'{"audit_baseline": ' + b"9" * 5_000 + b"}", 1, "too many digits"),
        (b'{"audit_baseline": 1}', 1, "salt: must be 32 bytes"),
        (b'{"audit_baseline": 1, "salt": 3}', 1, "salt: must be 32 bytes"),
        (b'{"audit_baseline": 1, "salt": "c2hvcnQ="}', 1, "salt: must be 32 bytes"),
        (b'{"audit_baseline": 1, "salt": "\xc3\xa9"}', 1, "salt: must be 32 bytes"),
        (HEADER[:-1].encode() + b', "more": 1}', 1, "unknown key 'more'"),
    ],
)
def test_a_broken_header(content: bytes, line: int, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse("dir/x.jsonl", content)
    assert str(caught.value).startswith(f"dir/x.jsonl:{line}: ")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ("<<<<<<< HEAD", "a merge conflict"),
        ("=======", "a merge conflict"),
        (">>>>>>> other", "a merge conflict"),
        ("{}", "needs a rule and a path"),
        (LINE.replace("Dockerfile", ""), "needs a rule and a path"),
        (LINE.replace(HASH, HASH[:-1]), "hash: must be"),
        (LINE.replace(HASH, HASH.upper()), "hash: must be"),
        (LINE.replace('"Dockerfile"', "7"), "path: must be a text"),
        (LINE.replace("Dockerfile", "a\\u0000b"), "path: holds a null character"),
        (LINE.replace("Dockerfile", "a!" * 5_000), "path: longer than"),
        (LINE.replace('"hash"', '"hsh"'), "unknown key 'hsh'; did you mean 'hash'?"),
        (LINE.replace('"hash"', '"path"'), "the key 'path' is there twice"),
        (LINE[:-1] + ', "expires": "2027-02-30"}', "expires: must be a day"),
        (LINE[:-1] + ', "expires": "20270101"}', "expires: must be a day"),
        (LINE[:-1] + ', "secret": 1}', "secret: must be true or false"),
        (LINE[:-1] + f', "reason": "{"x" * 70_000}"}}', "longer than"),
        (HEADER.replace("AAEC", "BBEC"), "a second salt"),
    ],
)
def test_a_broken_line(broken: str, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse("x.jsonl", f"{HEADER}\n{LINE}\n{broken}\n".encode())
    assert str(caught.value).startswith("x.jsonl:3: ")
    assert what in str(caught.value)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_baseline_or_a_usage_error(content: bytes) -> None:
    for whole in (content, HEADER.encode() + b"\n" + content, f"{HEADER}\n{LINE[:40]}".encode() + content):
        try:
            parse("x", whole)
        except UsageError as error:
            assert str(error).startswith("x:")


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptance, "MAX_BYTES", 100)
    path = tmp_path / "x"
    path.write_text(f"{HEADER}\n{LINE}\n")
    with pytest.raises(UsageError, match="larger than 100 bytes"):
        read(str(path))


@pytest.mark.parametrize(
    ("content", "ours"),
    [
        (f"{HEADER}\n", True),
        (f"\ufeff\n{HEADER}\r\n", True),
        (f"<<<<<<< HEAD\n{HEADER}\n=======\n", True),
        (LINE, True),
        ('{\n  "version": "1.5.0"', False),
        ('{"version": "1.5.0", "results": {}}', False),
        ("", False),
    ],
)
def test_the_kind_of_a_baseline_shows_in_its_content(content: str, ours: bool) -> None:
    assert is_ours(content.encode()) is ours


def test_writing_keeps_the_mode_and_the_link(tmp_path: Path) -> None:
    file, link = tmp_path / "x.jsonl", tmp_path / "link.jsonl"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to("x.jsonl")
    write(str(link), SALT, [Entry(mark())])
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert read(str(link)).entries == (Entry(mark()),)
    assert sorted(os.listdir(tmp_path)) == ["link.jsonl", "x.jsonl"]


def test_nothing_is_written_where_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write(str(path), SALT, [Entry(mark())])
    before = path.stat().st_ino
    write(str(path), SALT, [Entry(mark()), Entry(mark())])
    assert path.stat().st_ino == before


def test_a_read_only_file_and_a_folder_are_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(UsageError, match="read-only"):
        write(str(path), SALT, [])
    assert path.read_text() == "old"
    with pytest.raises(UsageError, match="not a regular file"):
        write(str(tmp_path), SALT, [])
    with pytest.raises(UsageError, match="cannot be written"):
        write(str(tmp_path / "none" / "x.jsonl"), SALT, [])


@pytest.mark.parametrize(("reason", "times"), [("\u202e" * 20_000, 1), ("x" * 60_000, 600)])
def test_nothing_is_written_that_could_not_be_read(tmp_path: Path, reason: str, times: int) -> None:
    path = str(tmp_path / "b.jsonl")
    write(path, SALT, [])
    with pytest.raises(UsageError, match=r"b\.jsonl: not written: .* l(arg|ong)er than"):
        write(path, SALT, [Entry(mark(f"f{number}"), reason=reason) for number in range(times)])
    assert read(path).entries == ()
