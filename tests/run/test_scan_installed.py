"""What public packages have brought is of low severity: everybody can have it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest

from auditor.core.finding import Finding, Severity
from tests.run.scanning import plant, scanned

VALUE = "Zq8vT1xK4m"
LEAK = f"PLANT={VALUE}\n"
PUBLIC = "Metadata-Version: 2.1\nName: shop\nLicense-Expression: MIT\nProject-URL: Source, https://code.shop.dev/shop\n\nText\n"
NOTE = "has brought this file"


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)


def installed(folder: Path, files: dict[str, str], metadata: str = PUBLIC, name: str = "shop") -> Path:
    """A wheel with these files, as pip installs it."""
    rows = []
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        rows.append(f"{path},sha256={digest},{len(text)}")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(metadata)
    (info / "RECORD").write_text("\n".join([*rows, f"{name}-1.0.dist-info/RECORD,,"]) + "\n")
    return info


def found(path: Path) -> list[Finding]:
    return scanned(path)[0].findings


def low(findings: list[Finding]) -> list[bool]:
    return [one.severity is Severity.LOW and NOTE in one.flow[-1].message for one in findings]


def test_a_file_as_a_public_wheel_has_brought_it(tmp_path: Path) -> None:
    installed(tmp_path, {"shop/docs/a.txt": LEAK, "top.py": LEAK, "shop/clean.py": ""})
    findings = found(tmp_path)
    assert low(findings) == [True, True]
    assert "The package shop has brought" in findings[0].flow[-1].message
    assert findings[0].remedy.startswith("Nothing, as long as")


def test_the_folder_to_scan_may_be_anywhere_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, {"shop/docs/a.txt": LEAK})
    assert low(found(tmp_path / "shop/docs")) == [True]
    assert low(found(tmp_path / "shop/docs/a.txt")) == [True]
    monkeypatch.chdir(tmp_path / "shop")
    assert low(found(Path("docs"))) == [True]


def test_a_changed_file_or_one_that_nobody_lists_is_not(tmp_path: Path) -> None:
    installed(tmp_path, {"shop/a.txt": LEAK, "shop/b.txt": LEAK})
    (tmp_path / "shop/a.txt").write_text(f"# mine\n{LEAK}")
    (tmp_path / "shop/c.txt").write_text(LEAK)
    assert {Path(one.location.path).name: one.severity for one in found(tmp_path)} == {
        "a.txt": Severity.HIGH,
        "b.txt": Severity.LOW,
        "c.txt": Severity.HIGH,
    }


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "Name: shop\n",
        PUBLIC.replace(".dev", ".internal"),
        f"Classifier: Private :: Do Not Upload\n{PUBLIC}",
        PUBLIC.replace("License-Expression: MIT\n", ""),
        PUBLIC.replace("MIT", "LicenseRef-Proprietary"),
        f"License: Shop, all rights reserved\n{PUBLIC}",
        PUBLIC.replace("-Expression: MIT", ": none"),
    ],
)
def test_a_package_that_may_be_of_the_house_is_not(tmp_path: Path, metadata: str) -> None:
    installed(tmp_path, {"shop/a.txt": LEAK}, metadata)
    assert low(found(tmp_path)) == [False]


def test_a_package_from_a_folder_or_a_link_is_not(tmp_path: Path) -> None:
    info = installed(tmp_path, {"shop/a.txt": LEAK})
    (info / "direct_url.json").write_text("{}")
    assert low(found(tmp_path)) == [False]


def test_packages_of_one_folder(tmp_path: Path) -> None:
    """As those that share a namespace."""
    installed(tmp_path, {"shop/a.txt": LEAK})
    installed(tmp_path, {"shop/b.txt": f"\n{LEAK}"}, name="shop_more")
    installed(tmp_path, {"shop/c.txt": f"\n\n{LEAK}"}, metadata="Name: own\n", name="own")
    assert low(found(tmp_path)) == [True, True, False]


def test_an_archive_in_a_package(tmp_path: Path) -> None:
    import gzip

    data = gzip.compress(LEAK.encode(), mtime=0)
    info = installed(tmp_path, {"shop/x": ""})
    (tmp_path / "shop/a.gz").write_bytes(data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    (info / "RECORD").write_text(f"shop/a.gz,sha256={digest},{len(data)}\n")
    assert low(found(tmp_path)) == [True]


def test_broken_lists_say_nothing(tmp_path: Path) -> None:
    info = installed(tmp_path, {"shop/a.txt": LEAK})
    (info / "RECORD").write_bytes(b"\xff\0\n" * 100 + b'shop/a.txt,"sha256=AAAA\nshop/a.txt,sha256=zz,1\n')
    assert low(found(tmp_path)) == [False]
    (info / "RECORD").unlink()
    os.mkfifo(info / "RECORD")
    assert low(found(tmp_path / "shop")) == [False]


def test_what_comes_through_a_pipe_is_not_the_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from io import BytesIO, TextIOWrapper

    installed(tmp_path, {"shop/a.txt": LEAK})
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(LEAK.encode())))
    report, _ = scanned(Path("-"), stdin_filename=str(tmp_path / "shop/a.txt"))
    assert [one.severity for one in report.findings] == [Severity.HIGH]


def test_npm_keeps_no_digests(tmp_path: Path) -> None:
    """What has come through a proxy looks all the same, packages of the house among them."""
    modules = tmp_path / "node_modules"
    (modules / "a").mkdir(parents=True)
    entry = {"resolved": "https://r.shop.dev/a.tgz", "integrity": "sha512-x"}
    (modules / ".package-lock.json").write_text(json.dumps({"packages": {"node_modules/a": entry}}))
    (modules / "a/a.js").write_text(LEAK)
    assert low(found(tmp_path)) == [False]


def test_a_link_that_is_followed_by_the_way_up_is_no_proof(tmp_path: Path) -> None:
    installed(tmp_path / "site", {"shop/a.txt": LEAK})
    (tmp_path / "other/folder").mkdir(parents=True)
    (tmp_path / "other/shop").mkdir()
    (tmp_path / "other/shop/a.txt").write_text(f"# own\n{LEAK}")
    (tmp_path / "site/link").symlink_to(tmp_path / "other/folder")
    assert low(found(tmp_path / "site/link/../shop/a.txt")) == [False]


def test_long_lists_are_bounded(tmp_path: Path) -> None:
    info = installed(tmp_path, {"shop/a.txt": LEAK})
    rows = (info / "RECORD").read_text()
    (info / "RECORD").write_text(rows + "x,,\n" * (5 << 20))
    assert low(found(tmp_path)) == [False]


def test_a_package_of_which_too_much_would_have_to_be_read_is_not_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What says that it is none must not be what is left unread."""
    info = installed(tmp_path, {"shop/a.txt": LEAK})
    (info / "direct_url.json").write_text("{}")
    for room in range(1, 400, 13):
        monkeypatch.setattr("auditor.run.scanning.installed._MOST_BYTES", room)
        assert low(found(tmp_path)) == [False]
