"""The database of rpm in its three stores, and which of its packages count as public."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auditor.sources.images.packages import Packages
from tests.sources.images.owning import lists
from tests.sources.images.owning.lists import KEY, digests, owned, rpm_package

SQLITE, NDB, BDB = "var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages.db", "var/lib/rpm/Packages"
FILES = {"/usr/share/keys/one.pem": digests(KEY).sha256, "/usr/share/keys": "", "/etc/two.pem": digests(KEY).md5}
STORES: dict[str, tuple[str, Callable[[list[bytes]], bytes]]] = {
    "sqlite": (SQLITE, lists.sqlite_store),
    "ndb": (NDB, lists.ndb_store),
    "bdb": (BDB, lists.bdb_store),
    "big-endian bdb": (BDB, lambda headers: lists.bdb_store(headers, ">")),
}


@pytest.mark.parametrize("store", STORES)
def test_unmodified_files_are_owned(store: str) -> None:
    path, make = STORES[store]
    many = {f"/usr/share/other/{number}": digests(str(number).encode()).sha256 for number in range(100)}
    found = owned({path: make([rpm_package(many, name="other"), rpm_package(FILES)])})
    assert found.owner("usr/share/keys/one.pem", digests(KEY)) == "distro-keys"
    assert found.owner("etc/two.pem", digests(KEY)) == "distro-keys"
    assert found.owner("usr/share/other/99", digests(b"99")) == "other"
    assert found.owner("usr/share/other/99", digests(b"98")) == ""
    assert found.claims("usr/share/keys")
    assert len(found) == len(many) + len(FILES)


def test_fedora_has_files_of_root() -> None:
    files = {"/root/.bashrc": digests(KEY).sha256}
    found = owned({SQLITE: lists.sqlite_store([rpm_package(files, name="rootfiles")])})
    assert found.owner("root/.bashrc", digests(KEY)) == "rootfiles"


@pytest.mark.parametrize(
    ("files", "given"),
    [
        ({}, {"vendor": ""}),
        ({}, {"vendor": "(none)"}),
        ({}, {"signature": ""}),
        ({}, {"packager": "Builder <root@localhost.localdomain>"}),
        ({"/opt/corp/app": digests(b"app").sha256}, {}),
    ],
)
def test_files_of_in_house_packages_are_claimed_only(files: dict[str, str], given: dict[str, str]) -> None:
    found = owned({SQLITE: lists.sqlite_store([rpm_package({**FILES, **files}, **given)])})
    assert found.owner("usr/share/keys/one.pem", digests(KEY)) == ""
    assert found.claims("usr/share/keys/one.pem")


@pytest.mark.parametrize("store", STORES)
def test_a_damaged_database_is_a_problem_and_no_more(store: str) -> None:
    path, make = STORES[store]
    data = make([rpm_package(FILES), rpm_package({"/usr/x": digests(KEY).sha256}, name="x")])
    noted = 0
    for at in range(0, len(data), 61):
        for changed in (data[:at], data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]):
            packages = Packages()
            packages.add(path, changed)
            packages.owned()
            noted += bool(packages.problems)
    assert noted > 10


def test_one_damaged_header_does_not_hide_the_others() -> None:
    broken = rpm_package(FILES, name="broken")
    packages = Packages()
    packages.add(SQLITE, lists.sqlite_store([broken[:-40], b"", rpm_package(FILES)]))
    assert packages.problems == [(SQLITE, "damaged header of a package")] * 2
    assert packages.owned().owner("etc/two.pem", digests(KEY)) == "distro-keys"


def test_headers_that_share_their_bytes_end_with_the_database() -> None:
    data = bytearray(lists.ndb_store([rpm_package(FILES)]))
    for at in range(64, 4096, 16):
        data[at : at + 16] = data[48:64]
    packages = Packages()
    packages.add(NDB, bytes(data))
    assert packages.problems == [(NDB, "headers are longer than the database")]


def test_a_chain_of_pages_that_bites_its_tail_ends() -> None:
    many = {f"/usr/share/other/{number}": digests(b"").sha256 for number in range(100)}
    data = bytearray(lists.bdb_store([rpm_package({**many, **FILES})]))
    assert data[2 * 512 + 16 : 2 * 512 + 20] == (3).to_bytes(4, "little")
    data[2 * 512 + 16 : 2 * 512 + 20] = (2).to_bytes(4, "little")
    packages = Packages()
    packages.add(BDB, bytes(data))
    assert packages.owned().owner("etc/two.pem", digests(KEY)) == ""


def test_only_a_table_of_packages_is_read() -> None:
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (blob BLOB)")
    loop = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(i) AS blob FROM n"
    connection.execute(f"CREATE VIEW Packages AS {loop}")
    packages = Packages()
    packages.add(SQLITE, connection.serialize())
    assert packages.problems == [(SQLITE, "no table of packages")]
