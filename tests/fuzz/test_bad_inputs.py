"""`audit scan` of the worst that a file can be: it ends, says what it left out, and reports no error of its own."""

from __future__ import annotations

import functools
import gzip
import io
import os
import stat
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from auditor.core.config import resolve
from auditor.core.errors import ExitCode
from auditor.core.finding import Report
from auditor.run import scan
from auditor.run.result import exit_code
from auditor.run.scanning.files import MOST_FINDINGS
from auditor.sources import contents
from auditor.sources.archives import Limits
from auditor.sources.files import UnreadableFile
from tests.fuzz import bombs, targets
from tests.run.scanning import rendered
from tests.sources.archives import builders
from tests.work import calls

TOKEN = "ghp_" + "Zq8vT1xKw3RbLm5NpD7h" + "aQ2sUc9fGy4jXe6t"
LINE = f"token = {TOKEN}\n"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds a hundredth of the usual ones."""
    less = functools.partial(Limits, total=4 << 20, ratio_from=1 << 20, members=2000, steps=20_000)
    monkeypatch.setattr(contents, "Limits", less)


def audited(path: Path, content: str | bytes | None = None) -> tuple[Report, set[str]]:
    """The report and every reason in it; it can be shown in every format and holds no internal error."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    given = resolve({})
    report = scan.scan(given, [str(path)], targets.detector("auto"))
    code = exit_code(report, given)
    assert code != ExitCode.INTERNAL, [target.errors for target in report.targets]
    reasons = {error.message for target in report.targets for error in target.errors}
    assert (code == ExitCode.INCOMPLETE) == bool(reasons)
    assert TOKEN not in rendered(report)
    return report, reasons


def values(report: Report) -> set[str]:
    return {finding.secret.reveal() for finding in report.findings if finding.secret}


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "layers of zips": (lambda: bombs.layered_zips(16, 4, 1 << 20), "decompressed bytes"),
    "zip of shared bytes": (lambda: bombs.shared_zip(1500, 1 << 16), "decompressed bytes"),
    "a zip of a million files": (lambda: bombs.shared_zip(1_000_000, 1), "more than 2,000 members"),
    "gzip": (lambda: gzip.compress(bytes(20 << 20), mtime=0), "decompressed bytes"),
    "a thousand zips": (lambda: bombs.nested("zip", 1000), "nested deeper than 8"),
    "a thousand tars": (lambda: bombs.nested("tar", 1000), "nested deeper than 8"),
    "a thousand gzips": (lambda: bombs.nested("gz", 1000), "nested deeper than 8"),
    "a thousand of all three": (lambda: bombs.nested("mixed", 1000), "nested deeper than 8"),
    "gzip quine": (bombs.gzip_quine, "nested deeper than 8"),
    "zip that holds itself": (bombs.self_holding_zip, "truncated"),
    "empty gzip members": (lambda: gzip.compress(b"", mtime=0) * 30_000, "steps of work"),
    "pack of itself": (bombs.self_based_pack, "base of a delta is missing"),
    "pack of copies": (lambda: bombs.pack_bomb(100, 1 << 20), "decompressed bytes"),
    "pack that doubles": (lambda: bombs.doubling_pack(14), "decompressed bytes"),
    "tar beyond any disk": (lambda: bombs.tar_of_size(b"\x80" + b"\xff" * 11), "truncated"),
    "tar of the largest octal size": (lambda: bombs.tar_of_size(b"77777777777\0"), "truncated"),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_cut_and_the_cut_is_said(tmp_path: Path, name: str) -> None:
    make, reason = BOMBS[name]
    _, reasons = audited(tmp_path / "f", make())
    assert any(reason in one for one in reasons), reasons


def test_the_quine_is_one() -> None:
    quine = bombs.gzip_quine()
    assert gzip.decompress(quine) == quine


def test_what_stands_before_a_bomb_is_found(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(80 << 20), mtime=0)
    report, reasons = audited(tmp_path / "f", builders.make_tar({"a": LINE.encode(), "b.gz": bomb, "c": b"x"}))
    assert values(report) == {TOKEN} and any("to 1" in reason for reason in reasons)


def test_links_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    report, _ = audited(tmp_path / "f", bombs.hostile_tar())
    assert len(values(report)) == 1


@pytest.mark.parametrize("field", [b"\xff" * 12, b"-0000000001\0", b"\0" * 12, b" " * 12, b"9" * 12])
def test_a_tar_without_a_size_ends(tmp_path: Path, field: bytes) -> None:
    audited(tmp_path / "f", bombs.tar_of_size(field))


def test_databases_that_lead_in_circles() -> None:
    for data in bombs.looping_databases():
        targets.check_archives(b"\0" + data)


ENCODED = {
    "half a unit": b"\xff\xfe" + LINE.encode("utf-16-le") + b"x",
    "lone surrogates": b"\xff\xfe" + f"\ud800{LINE}\udc00\ud800".encode("utf-16-le", "surrogatepass"),
    "surrogates the wrong way round": b"\xfe\xff" + f"\udc00\ud800{LINE}".encode("utf-16-be", "surrogatepass"),
    "a mark of the other order inside": b"\xff\xfe" + LINE.encode("utf-16-le") + b"\xfe\xff\xff\xff",
    "a zero in each line": LINE.encode() + b"\0" + LINE.encode(),
    "nothing but zeros around": bytes(70_000) + LINE.encode() + bytes(70_000),
    "invalid UTF-8": b"\xc0\xaf\xed\xa0\x80\xf8\x88" + LINE.encode() + b"\xff",
    "a mark only": b"\xef\xbb\xbf" + LINE.encode(),
    "utf-32": b"\xff\xfe\0\0" + LINE.encode("utf-32-le") + b"\0\0",
}


@pytest.mark.parametrize("name", ENCODED)
def test_broken_encodings(tmp_path: Path, name: str) -> None:
    report, reasons = audited(tmp_path / "f", ENCODED[name])
    assert values(report) == {TOKEN} and not reasons


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\xfe\xff\0", b"\xff\xfe\0\0", b"\0", b"\0" * 9, b"\xff\xfe\x00\xd8"])
def test_hardly_any_bytes(tmp_path: Path, data: bytes) -> None:
    assert audited(tmp_path / "f", data)[0].findings == []


def test_a_value_with_half_a_character(tmp_path: Path) -> None:
    content = "\ufeffpassword = 'Zq8vT1x\ud800Kw3RbLm5'\n".encode("utf-16-le", "surrogatepass")
    report, _ = audited(tmp_path / "f", content)
    assert len(report.findings) == 1


@pytest.mark.parametrize("unit", [b"A", b"\0", b"a1B2", b"password=", b"\n", b"-----BEGIN "])
def test_long_lines_cost_their_length_only(tmp_path: Path, unit: bytes) -> None:
    path = tmp_path / "f"
    detector = targets.detector("auto")

    def look(size: int) -> None:
        data = (unit * (size // len(unit) + 1))[:size]
        path.write_bytes(data)
        for item in contents.read(next(contents.find([str(path)]))):
            assert isinstance(item, contents.Piece) and len(item.data) <= contents.PIECE
            list(detector.detect(item.data, item.path))

    look(1 << 10)
    one, four = calls(lambda: look(1 << 16)), calls(lambda: look(1 << 18))
    assert four < 4.6 * one + 5000


def test_a_megabyte_per_line_hides_nothing(tmp_path: Path) -> None:
    report, _ = audited(tmp_path / "f", "A" * 3_000_000 + " " + LINE.rstrip() + " " + "B" * 3_000_000)
    assert TOKEN in values(report)


def test_more_secrets_than_anybody_reads(tmp_path: Path) -> None:
    lines = "".join(f"url = https://u:Zq8v{number:06d}Kw@h.example/\n" for number in range(MOST_FINDINGS + 500))
    report, reasons = audited(tmp_path / "f", lines)
    assert len(report.findings) == MOST_FINDINGS
    assert reasons == {f"more than {MOST_FINDINGS:,} findings; the rest is not searched"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_special_files_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.symlink("/dev/zero", tmp_path / "endless")
    os.symlink("loop", tmp_path / "loop")
    (tmp_path / "f").write_text(LINE)
    report, reasons = audited(tmp_path)
    assert values(report) == {TOKEN} and not reasons
    for name in ("pipe", "endless", "loop"):
        assert audited(tmp_path / name)[1], name
    assert stat.S_ISCHR(os.stat("/dev/zero").st_mode) and audited(Path("/dev/zero"))[1]


class Changing(FileIO):
    """A file that somebody else changes while it is read."""

    act: Callable[[Changing], None]
    reads = 0

    def readinto(self, buffer: object) -> int:
        self.reads += 1
        if self.reads == 3:
            self.act(self)
        return super().readinto(buffer)  # type: ignore[arg-type]


def cut(file: Changing) -> None:
    os.truncate(str(file.name), 1000)


def grow(file: Changing) -> None:
    with open(str(file.name), "ab") as more:
        more.write(b"x" * 100_000)


def fail(file: Changing) -> None:
    raise OSError(5, "Input/output error")


def let_change(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what reads this file get one that changes in the place of the one that it has opened."""

    def opened(descriptor: int) -> Changing:
        os.close(descriptor)
        return Changing(str(path))

    parts = SimpleNamespace(FileIO=opened, BufferedReader=io.BufferedReader, BytesIO=io.BytesIO)
    monkeypatch.setattr(contents, "io", parts)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be cut there")
@pytest.mark.parametrize("content", [LINE.encode() + b"x" * 4_000_000, None], ids=["text", "archive"])
@pytest.mark.parametrize("act", [cut, grow, fail, lambda file: os.unlink(str(file.name))])
def test_files_that_change_while_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Changing], None], content: bytes | None
) -> None:
    monkeypatch.setattr(Changing, "act", staticmethod(act), raising=False)
    let_change(tmp_path / "f", monkeypatch)
    big = builders.make_tar({"a": LINE.encode(), "b": os.urandom(3_000_000), "c": b"x"})
    report, _ = audited(tmp_path / "f", big if content is None else content)
    assert values(report) == {TOKEN}


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be cut there")
@pytest.mark.parametrize("data", list(builders.ALL.values()), ids=list(builders.ALL))
def test_archives_that_shrink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(contents, "_STEP", 64)
    monkeypatch.setattr(contents, "OVERLAP", 16)
    half = staticmethod(lambda file: os.truncate(str(file.name), len(data) // 2))
    monkeypatch.setattr(Changing, "act", half, raising=False)
    let_change(tmp_path / "f", monkeypatch)
    audited(tmp_path / "f", data)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "f").write_text(LINE)
    (found,) = contents.find([str(tmp_path)])
    os.unlink(tmp_path / "f")
    with pytest.raises(UnreadableFile):
        list(contents.read(found))
