"""What packages have brought, unmodified and public, lowers the confidence in it; nothing else does."""

from __future__ import annotations

import json
import marshal
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

import pytest

from tests.run.images.configs import GITHUB, RANDOM
from tests.run.images.imagemaking import Ran, audited, jar, layer, listed, saved, written
from tests.sources.images.owning.lists import record_hash
from tests.sources.images.owning.test_dpkg import CONTROL
from tests.sources.images.owning.test_wheels import METADATA

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
WEAK = f"password = '{RANDOM}'\n".encode()
SITE = "usr/lib/python3/site-packages"
INFO = f"{SITE}/keys-1.2.dist-info"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A place for the image."""
    return tmp_path / "image.tar"


def dpkg(files: dict[str, bytes], **changed: str) -> dict[str, bytes]:
    """What dpkg writes for these files; `changed` are further fields of its database."""
    documented = {**files, "usr/share/doc/keys/copyright": b"free\n"}
    status = CONTROL.format(name="keys") + "".join(f"{name}: {value}\n" for name, value in changed.items())
    return {"var/lib/dpkg/info/keys.md5sums": listed(documented).encode(), "var/lib/dpkg/status": status.encode()}


def wheel(files: dict[str, bytes], **more: bytes) -> dict[str, bytes]:
    """What an installer writes for these files of a wheel."""
    record = "".join(
        f"{name.removeprefix(SITE + '/')},{record_hash(data)},{len(data)}\n" for name, data in files.items()
    )
    added = {f"{INFO}/{name}.json": data for name, data in more.items()}
    return {f"{INFO}/RECORD": record.encode(), f"{INFO}/METADATA": METADATA.encode(), **added}


def levels(ran: Ran) -> list[tuple[str, str, str | None]]:
    """Severity, confidence and package of each finding."""
    return [(one["severity"], one["confidence"], one["image"]["package"]) for one in ran.report["findings"]]


SURE = [("high", "high", None)]
LOW = [("low", "low", "keys")]


@pytest.mark.parametrize("path", ["usr/share/keys/test.conf", "usr/lib/libkeys.so", "etc/keys.conf"])
@pytest.mark.parametrize("first", [True, False])
def test_a_file_of_a_debian_package(path: str, first: bool, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, lists = {path: TOKEN}, dpkg({path: TOKEN})
    ran = audited(capsys, written(image, saved([layer({**lists, **file} if first else {**file, **lists})])))
    assert (ran.code, levels(ran)) == (0, LOW)


@pytest.mark.parametrize(
    ("files", "lists"),
    [
        ({"usr/share/keys/a.conf": TOKEN + b"changed\n"}, dpkg({"usr/share/keys/a.conf": TOKEN})),
        ({"usr/share/keys/planted.conf": TOKEN}, dpkg({"usr/share/keys/a.conf": TOKEN})),
        (
            {"usr/share/keys/a.conf": TOKEN},
            {"var/lib/dpkg/info/keys.md5sums": listed({"usr/share/keys/a.conf": TOKEN}).encode()},
        ),
        ({"opt/corp/a.conf": TOKEN}, dpkg({"opt/corp/a.conf": TOKEN})),
        ({f"{SITE}/keys/a.py": TOKEN + b"#\n"}, wheel({f"{SITE}/keys/a.py": TOKEN})),
        ({f"{SITE}/keys/a.py": TOKEN}, wheel({f"{SITE}/keys/a.py": TOKEN}, direct_url=b'{"url": "file:///src"}')),
    ],
    ids=["modified", "planted", "no status", "opt", "modified wheel", "wheel of a folder"],
)
def test_what_no_public_package_has_brought(
    files: dict[str, bytes], lists: dict[str, bytes], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = audited(capsys, written(image, saved([layer({**lists, **files})])))
    assert (ran.code, levels(ran)) == (1, SURE)


def test_a_file_of_a_wheel(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"{SITE}/keys/a.py": TOKEN}
    ran = audited(capsys, written(image, saved([layer({**files, **wheel(files)})])))
    assert (ran.code, levels(ran)) == (0, LOW)


@pytest.mark.parametrize("path", ["usr/share/keys/long.txt", "etc/keys/long.txt"])
def test_a_long_file_is_hashed_in_a_second_look(path: str, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = b"words and words\n" * 400_000 + TOKEN
    files = {path: content}
    ran = audited(capsys, written(image, saved([layer({**files, **dpkg(files)})])))
    assert (ran.code, levels(ran)) == (0, LOW)
    changed = {path: content + b"x"}
    ran = audited(capsys, written(image, saved([layer({**changed, **dpkg(files)})])))
    assert (ran.code, levels(ran)) == (1, SURE)


def test_a_compiled_module_beside_its_source(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiled = MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(f"KEY = {GITHUB!r}", "a.py", "exec"))
    files = {f"{SITE}/keys/a.py": TOKEN}
    beside = {f"{SITE}/keys/__pycache__/a.cpython-311.pyc": compiled}
    ran = audited(capsys, written(image, saved([layer({**files, **beside, **wheel(files)})])))
    assert (ran.code, levels(ran)) == (0, LOW * 2)
    ran = audited(capsys, written(image, saved([layer({**files, **beside})])))
    assert (ran.code, levels(ran)) == (1, SURE * 2)


def test_an_archive_that_a_package_has_brought(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"usr/share/java/keys.jar": jar({"a.properties": TOKEN})}
    ran = audited(capsys, written(image, saved([layer({**files, **dpkg(files)})])))
    assert [one for one in levels(ran) if one[0] != "low"] == [] and ran.code == 0
    ran = audited(capsys, written(image, saved([layer(files)])))
    assert (ran.code, levels(ran)) == (1, SURE)


def test_lists_in_an_earlier_or_later_layer(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list of a file may come with another layer."""
    files = {"usr/share/keys/a.conf": TOKEN}
    for layers in ([layer(dpkg(files)), layer(files)], [layer(files), layer(dpkg(files))]):
        ran = audited(capsys, written(image, saved(layers)))
        assert (ran.code, levels(ran)) == (0, LOW)


def test_a_changed_copy_of_an_owned_file(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A later layer that changes it is told of, with its own certainty."""
    files, changed = {"usr/share/keys/a.conf": b"nothing\n"}, {"usr/share/keys/a.conf": TOKEN}
    ran = audited(capsys, written(image, saved([layer({**files, **dpkg(files)}), layer(changed)])))
    assert (ran.code, levels(ran)) == (1, SURE)
    assert ran.report["findings"][0]["image"]["layer_index"] == 1


def lockfile(**more: Any) -> bytes:
    """npm's own list of one package, which came from the usual registry."""
    said = {"version": "1.0.0", "integrity": "sha512-x", **more}
    return json.dumps({"packages": {"node_modules/pkg": said}}).encode()


@pytest.mark.parametrize(
    ("lock", "content", "told"),
    [
        (lockfile(), WEAK, []),
        (lockfile(link=True), WEAK, ["medium"]),
        (lockfile(integrity=None), WEAK, ["medium"]),
        (lockfile(resolved="https://npm.corp.example/pkg.tgz"), WEAK, ["medium"]),
        (b"{", WEAK, ["medium"]),
        (lockfile(), TOKEN, ["high"]),
    ],
    ids=["public", "linked", "without digest", "company's", "broken", "token"],
)
def test_packages_of_npm(
    lock: bytes, content: bytes, told: list[str], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """npm knows no digests of files: what is told by its form is reported all the same."""
    files = {"app/node_modules/.package-lock.json": lock, "app/node_modules/pkg/settings.py": content}
    ran = audited(capsys, written(image, saved([layer(files)])))
    found = [one for one in ran.report["findings"] if one["severity"] not in ("low", "info")]
    assert [one["severity"] for one in found] == told
    assert (ran.code == 1) == bool(told)


def test_what_was_left_out_is_said(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"usr/lib/keys/module{number}.py": WEAK for number in range(3)}
    ran = audited(capsys, written(image, saved([layer({**files, **dpkg(files)})])))
    (target,) = ran.report["targets"]
    assert ran.code == 0
    assert [skip for skip in target["skipped"] if skip["reason"].startswith("3 files of public packages")]
    ran = audited(capsys, written(image, saved([layer(files)])))
    assert ran.code == 1 and ran.report["targets"][0]["skipped"] == []
