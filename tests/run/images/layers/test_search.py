"""What the search of one layer finds: packed, encoded, at the borders of blocks, between files; and what it bears."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
import time
from pathlib import Path

import pytest

from tests import zstd
from tests.run.images.configs import GITHUB, NPM
from tests.run.images.imagemaking import (
    FILLER,
    archive_of,
    audited,
    git_object,
    git_pack,
    jar,
    layer,
    layer_of,
    members,
    oci,
    saved,
    saved_files,
    sqlite_database,
    tar_gz,
    written,
)

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
MIB = 1 << 20


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


def packages() -> dict[str, tuple[str, bytes, str]]:
    """Path in the layer, content, and the place that is to be reported; by a name."""
    loose, stored = git_object(TOKEN)
    return {
        "tar.gz": ("srv/backup.tar.gz", tar_gz({"deep/conf.env": TOKEN}), "srv/backup.tar.gz!backup.tar!deep/conf.env"),
        "jar": ("srv/app.jar", jar({"BOOT-INF/a.properties": TOKEN}), "srv/app.jar!BOOT-INF/a.properties"),
        "nested": ("srv/a.tar.gz", tar_gz({"b.jar": jar({"c.env": TOKEN})}), "srv/a.tar.gz!a.tar!b.jar!c.env"),
        "gz": ("srv/notes.gz", gzip.compress(TOKEN, mtime=0), "srv/notes.gz!notes"),
        "zst": ("srv/notes.zst", zstd.compress(TOKEN), "srv/notes.zst!notes"),
        "loose": (f"app/.git/{loose}", stored, f"app/.git/objects!{loose.removeprefix('objects/')}!blob"),
        "usr": ("usr/share/backup.tar.gz", tar_gz({"conf.env": TOKEN}), "usr/share/backup.tar.gz!backup.tar!conf.env"),
        "zipapp": ("usr/bin/tool", b"#!/usr/bin/env python3\n" + jar({"k.env": TOKEN}), "usr/bin/tool!k.env"),
    }


@pytest.mark.parametrize("name", packages())
def test_packed_files(name: str, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, data, place = packages()[name]
    ran = audited(capsys, written(image, saved([layer({path: data})])))
    assert [found[2] for found in ran.places] == [place]
    assert ran.code == 1


def test_git_packs(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = git_pack(FILLER * 20, TOKEN, FILLER)
    ran = audited(capsys, written(image, saved([layer({"app/.git/objects/pack/pack-1.pack": pack})])))
    (place,) = [str(found[2]) for found in ran.places]
    assert place.startswith("app/.git/objects/pack!pack-1.pack!")


def test_databases(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = sqlite_database(TOKEN.decode(), tmp_path / "scratch")
    ran = audited(capsys, written(image, saved([layer({"srv/app.db": data})])))
    assert ran.code == 1
    assert all(str(found[2]).startswith("srv/app.db") for found in ran.places)


@pytest.mark.parametrize(
    "data",
    [
        ("\ufeff" + TOKEN.decode()).encode("utf-16-le"),
        ("\ufeff" + TOKEN.decode()).encode("utf-16-be"),
        TOKEN.decode().encode("utf-16-le"),
        base64.b64encode(TOKEN),
        b"data: " + base64.b64encode(b"x" + TOKEN) + b"\n",
        TOKEN.replace(b"\n", b"\r\n"),
        b"\x7fELF\2\1\1\0" + bytes(200) + TOKEN + bytes(100),
    ],
    ids=["utf-16-le", "utf-16-be", "no mark", "base64", "base64 inside", "crlf", "program"],
)
def test_encoded_files(data: bytes, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, written(image, saved([layer({"srv/file": data})])))
    assert ran.places == [("layer", 0, "srv/file", "live")]
    assert GITHUB not in ran.out


@pytest.mark.parametrize("border", [512, 8192, 64 << 10, MIB, 2 * MIB, 4 * MIB, 4 * MIB - 1024, 4 * MIB + MIB // 2, 0])
@pytest.mark.parametrize("shift", [-len(GITHUB), -20, -1, 0])
def test_a_token_across_every_border(border: int, shift: int, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Border 0 is the end of the file; the border counts from the beginning of the layer's tar, as blocks do."""
    size = 5 * MIB
    content = bytearray((FILLER * (size // len(FILLER) + 1))[:size])
    at = max((border or size + 512) + shift - 512, 0) if border else size - len(GITHUB) + min(shift + len(GITHUB), 0)
    before = b" token="
    content[max(at - len(before), 0) : at] = before[-at:] if at < len(before) else before
    content[at : at + len(GITHUB)] = GITHUB.encode()
    ran = audited(capsys, written(image, saved([layer({"srv/big.log": bytes(content)})])))
    (found,) = ran.report["findings"]
    assert found["image"]["offset"] == at
    assert found["image"]["line"] == bytes(content[:at]).count(b"\n") + 1


def test_many_tokens_of_a_long_file_once_each(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = FILLER * 2000 + TOKEN + f"npm={NPM}\n".encode()
    content = line * (5 * MIB // len(line))
    count = content.count(GITHUB.encode())
    ran = audited(capsys, written(image, saved([layer({"srv/big.log": content})])))
    for found in ran.report["findings"]:
        offsets = [found["image"]["offset"], *(one["image"]["offset"] for one in found["related"])]
        assert len(offsets) == len(set(offsets)) == min(count, 101)
    assert len(ran.report["findings"]) == 2


@pytest.mark.parametrize("size", [512, 1024, 511, 513])
def test_a_token_directly_before_the_next_header(size: int, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without padding between them, a name that goes on with letters must not swallow the token."""
    content = (FILLER * 30)[: size - len(GITHUB) - 1] + b"=" + GITHUB.encode()
    layers = [layer({"a.conf": content, "zzz" + "a" * 60: FILLER, "b": b"x"})]
    ran = audited(capsys, written(image, saved(layers)))
    assert ran.places == [("layer", 0, "a.conf", "live")]


def test_a_rule_of_one_s_own_directly_before_the_next_header(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule asks for the end of a word, and the header behind it goes on with digits."""
    rules = "[[rules]]\nid = 'acme'\nregex = '''acme-[0-9]{8}\\b'''\nkeywords = ['acme']\n"
    content = (FILLER * 30)[: 1024 - 14] + b"=acme-20391847"
    layers = [layer({"a.conf": content, "777777": FILLER})]
    ran = audited(capsys, written(image, saved(layers)), "--rules", written(tmp_path / "own.toml", rules.encode()))
    assert ran.places == [("layer", 0, "a.conf", "live")]


def test_bytes_between_files(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Extended headers, padding, and what stands behind the end mark."""
    noted = tarfile.TarInfo("noted")
    noted.size, noted.pax_headers = 1, {"comment": f"built with {GITHUB}"}
    padded = bytearray(layer_of([(noted, b"x"), *members({"padded": b"short"})]))
    end = padded.rindex(b"short") + len(b"short")
    hidden = f" npm={NPM} ".encode()
    padded[end : end + len(hidden)] = hidden
    trailing = bytes(padded) + bytes(1024) + FILLER + f"token {GITHUB}\n".encode() + bytes(512)
    ran = audited(capsys, written(image, saved([trailing])))
    found = [(finding["image"]["inner_path"], finding["image"]["state"]) for finding in ran.report["findings"]]
    assert set(found) == {("tar header", "hidden"), ("tar padding", "hidden")}
    assert {finding["secret"]["type"] for finding in ran.report["findings"]} == {"github-token", "npm-token"}
    assert GITHUB not in ran.out and NPM not in ran.out


def test_compressed_layers_of_every_kind(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = layer({"app/.env": TOKEN})
    cut = len(plain) // 2
    for stored in (
        gzip.compress(plain),
        gzip.compress(plain[:cut]) + gzip.compress(plain[cut:]),
        zstd.compress(plain),
        plain,
    ):
        files = saved_files([plain])
        (name,) = [name for name in files if name.endswith("/layer.tar")]
        ran = audited(capsys, written(image, archive_of({**files, name: stored})))
        assert (ran.code, ran.errors, ran.places) == (1, [], [("layer", 0, "app/.env", "live")])


def test_one_hundred_thousand_tiny_files(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = io.BytesIO()
    header = tarfile.TarInfo("d/file-0000000").tobuf(tarfile.USTAR_FORMAT)
    for _ in range(100_000):
        out.write(header)
    tail = layer({"last.env": TOKEN})
    written(image, oci([out.getvalue() + tail]))
    began = time.process_time()
    ran = audited(capsys, str(image))
    assert time.process_time() - began < 60
    assert ran.places == [("layer", 0, "last.env", "live")]
    assert ran.report["targets"][0]["stats"]["files"] == 100_001


def test_a_bomb_ends_in_seconds(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """300 MB of zeros in 300 kB as a layer, and as a file in a layer."""
    size = 300 << 20
    huge = tarfile.TarInfo("zeros")
    huge.size = size
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0) as packed:
        packed.write(layer({"app/.env": TOKEN})[:1024])
        packed.write(huge.tobuf())
        for _ in range(size >> 20):
            packed.write(bytes(MIB))
        packed.write(bytes(1024))
    files = saved_files([layer({"x": b"y"}), layer({"srv/a.gz": gzip.compress(bytes(size), 1)})])
    name = next(name for name in files if name.endswith("/layer.tar"))
    written(image, archive_of({**files, name: out.getvalue()}))
    began = time.perf_counter()
    ran = audited(capsys, str(image))
    assert time.perf_counter() - began < 60
    assert ("layer", 0, "app/.env", "live") in ran.places
    assert ran.code in (1, 3)


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/shadow", "a/../../b", "./x", "\x1b[31mred", "a\nb", "ä" * 200, "x" * 5000]
)
def test_odd_names_are_shown_and_not_followed(
    path: str, image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    ran = audited(capsys, written(image, saved([layer({path: TOKEN})])))
    assert (ran.code, len(ran.places)) == (1, 1)
    assert sorted(tmp_path.iterdir()) == [*before, image]
    assert "\x1b" not in ran.out


def test_devices_and_loops_of_links(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made: list[tuple[tarfile.TarInfo, bytes]] = []
    for name, kind, target in [
        ("dev/sda", tarfile.BLKTYPE, ""),
        ("dev/tty", tarfile.CHRTYPE, ""),
        ("pipe", tarfile.FIFOTYPE, ""),
        ("a", tarfile.SYMTYPE, "b"),
        ("b", tarfile.SYMTYPE, "a"),
        ("self", tarfile.LNKTYPE, "self"),
        ("up", tarfile.SYMTYPE, "../../../../etc"),
    ]:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.devmajor, info.devminor = kind, target, 8, 1
        made.append((info, b""))
    ran = audited(capsys, written(image, saved([layer_of([*made, *members({"up/.env": TOKEN})])])))
    assert (ran.code, ran.errors, ran.places) == (1, [], [("layer", 0, "up/.env", "live")])


@pytest.mark.parametrize("size", [b"\x80" + b"\xff" * 11, b"77777777777\0", b"\xff" * 12, b"-0000000001\0"])
def test_headers_that_state_absurd_sizes(size: bytes, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = layer({"first.env": TOKEN})
    header = bytearray(tarfile.TarInfo("huge").tobuf())
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    made = plain[:1024] + bytes(header) + f"npm={NPM}\n".encode().ljust(512, b"\0")
    ran = audited(capsys, written(image, saved([made])))
    assert ran.code == 3
    assert ("layer", 0, "first.env", "live") in ran.places and len(ran.places) == 2
    assert ran.errors
