"""Where findings of the scan are, and what is quoted of their lines."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from auditor.sources.contents import OVERLAP, PIECE
from tests.run.scanning import places, plant, rendered, scanned

VALUE = "Zq8vT1xK4m"


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_columns_count_characters(tmp_path: Path, encoding: str, line_end: str) -> None:
    content = line_end.join(["plain words here", "ünï PLANT=Abc123 x", "", "PLANT=Xyz"])
    report, _ = scanned(tmp_path / "a", content.encode(encoding))
    assert places(report) == [(2, 11, 2, 17), (4, 7, 4, 10)]
    assert [f.location.offset for f in report.findings] == [None, None]
    got = rendered(report)
    assert "ünï PLANT=****" in got and "Abc123" not in got


STEP = PIECE - OVERLAP
EDGES = (STEP - OVERLAP, STEP - OVERLAP // 2, STEP, PIECE, 2 * STEP - OVERLAP // 2, 2 * STEP)


@pytest.mark.parametrize("shift", [-20, -9, -5, -1, 0, 1, 2, 3, 500])
@pytest.mark.parametrize("line", [80, 10**9], ids=["lines", "one line"])
def test_a_secret_across_pieces_is_found_once(tmp_path: Path, line: int, shift: int) -> None:
    offsets = [edge + shift for edge in EDGES]
    content = bytearray(b"\xc3\xa4" * (3 * STEP // 2))
    content[line::line] = b"\n" * len(content[line::line])
    for offset in offsets:
        content[offset - 8 : offset + len(VALUE) + 8] = b" " * (len(VALUE) + 16)
        content[offset - 6 : offset + len(VALUE)] = f"PLANT={VALUE}".encode()
    report, _ = scanned(tmp_path / "a", bytes(content))
    expected = []
    for offset in offsets:
        before = bytes(content[:offset])
        start = before.rfind(b"\n") + 1
        expected.append((before.count(b"\n") + 1, len(before[start:].decode("utf-8", "surrogateescape")) + 1))
    assert [place[:2] for place in places(report)] == expected
    assert all(len(t.text) < 2000 * len(offsets) for t in report.targets)
    assert VALUE not in rendered(report)


def test_a_file_without_end_of_line_is_quoted_in_part(tmp_path: Path) -> None:
    report, _ = scanned(tmp_path / "a", "A" * 3_000_000 + f" PLANT={VALUE} " + "B" * 3_000_000)
    (target,) = report.targets
    assert len(target.text) < 1000
    got = rendered(report)
    assert f":1:{3_000_008}" in got and "PLANT=****" in got and VALUE not in got


def test_neighbours_of_a_cut_line_are_masked_too(tmp_path: Path) -> None:
    other = "Tm5kQ2wR9x" * 30
    content = "x" * 3000 + f" PLANT-private-key={other} PLANT={VALUE} PLANT-private-key={other} " + "y" * 3000
    report, _ = scanned(tmp_path / "a", content, select=["known-token"])
    assert len(report.findings) == 1
    assert other[:20] not in rendered(report)


def test_binary_files_are_quoted_by_offset(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4 + b"conf:PLANT=" + VALUE.encode() + b"\0\1\2" + bytes(range(256))
    report, _ = scanned(tmp_path / "a.bin", data)
    (found,) = report.findings
    assert found.location.offset == 1024 + 11
    assert places(report) == [(1, 1036, 1, 1046)]
    got = rendered(report)
    assert "a.bin:byte 1035" in got and "conf:PLANT=****" in got and '"offset": 1035' in got and VALUE not in got
    assert '"byteOffset": 1035' in got


def test_archive_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.jar", "w") as packed:
        packed.writestr("conf/a.properties", f"\nkey=PLANT={VALUE}\n")
        packed.writestr("clean", "clean")
    report, _ = scanned(tmp_path)
    (found,) = report.findings
    assert found.location.path == f"{tmp_path}/app.jar!conf/a.properties"
    assert places(report) == [(2, 11, 2, 21)]
    assert sum(target.files for target in report.targets) == 3
    assert f"{tmp_path}/app.jar!conf/a.properties:2:11" in rendered(report)


def test_an_uncompressed_archive_tells_nothing_twice(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        info = tarfile.TarInfo("PLANT=Named")
        data = f"PLANT={VALUE}\n".encode()
        info.size = len(data)
        packed.addfile(info, io.BytesIO(data))
    with open(tmp_path / "a.tar", "ab") as file:
        file.write(b"PLANT=behind")
    report, _ = scanned(tmp_path / "a.tar")
    found = {(f.location.path.rpartition("/")[2], f.secret and f.secret.reveal()) for f in report.findings}
    assert found == {("a.tar", "Named"), ("a.tar!PLANT=Named", VALUE), ("a.tar!rest", "behind")}
    assert len(report.findings) == 3
