"""Which files are lists, what becomes of hostile ones, and the table of owned files."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.images.owning import book
from auditor.sources.images.packages import Owned, Packages, is_list
from tests.sources.images.owning import test_apk, test_dpkg, test_wheels
from tests.sources.images.owning.lists import KEY, digests, owned
from tests.work import calls

LISTS = """var/lib/dpkg/status var/lib/dpkg/info/libc6:amd64.md5sums var/lib/dpkg/status.d/base var/lib/rpm/Packages
    var/lib/dpkg/status.d/base.md5sums lib/apk/db/installed usr/lib/apk/db/installed var/lib/rpm/rpmdb.sqlite
    usr/lib/sysimage/rpm/Packages.db usr/share/rpm/rpmdb.sqlite app/venv/lib/x-1.dist-info/RECORD
    x-1.dist-info/METADATA lib/x-1.dist-info/direct_url.json opt/conda/conda-meta/x.json conda-meta/x.json""".split()
OTHERS = """etc/status home/x.md5sums var/lib/dpkg/info/x.list lib/apk/db/scripts.tar app/RECORD app/package.json
    var/lib/rpm/Name x.dist-info/WHEEL conda-meta/history myconda-meta/x.json app/Packages
    var/lib/dpkg/status-old""".split()


def test_lists_are_recognised_by_their_paths() -> None:
    assert [path for path in LISTS if not is_list(path)] == []
    assert [path for path in OTHERS if is_list(path)] == []
    assert not is_list("conda-meta/" + "x" * 5000 + ".json")


def test_asking_whether_a_file_is_a_list_costs_next_to_nothing() -> None:
    assert calls(lambda: is_list("usr/share/doc/libc6/copyright")) <= 5


@given(st.sampled_from(LISTS), st.binary(max_size=400))
def test_no_list_makes_it_fail(path: str, data: bytes) -> None:
    packages = Packages()
    packages.add(path, data)
    packages.owned()


SAMPLES = {
    **{path: text.encode() for path, text in test_dpkg.lists("usr/one").items()},
    test_apk.PATH: test_apk.DATABASE.encode(),
    **{path: text.encode() for path, text in test_wheels.lists().items() if isinstance(text, str)},
    "conda-meta/keys.json": test_wheels.conda(),
}


@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 2000), st.binary(max_size=8), st.integers(0, 20))
def test_no_damaged_list_makes_it_fail(path: str, at: int, put: bytes, cut: int) -> None:
    packages = Packages()
    packages.add(path, SAMPLES[path][:at] + put + SAMPLES[path][at + cut :])
    packages.owned()


def test_all_formats_in_one_layer() -> None:
    found = owned(SAMPLES)
    assert found.owner("usr/one", digests(KEY)) == "libkeys1"
    assert found.owner("usr/share/keys/one.pem", digests(KEY)) == "libkeys"
    assert found.owner("usr/bin/keys", digests(KEY)) == "test_keys"
    assert found.owner("share/one.pem", digests(KEY)) == "keys"


def test_too_long_a_list_is_a_problem() -> None:
    packages = Packages()
    packages.add("var/lib/dpkg/status", bytes(17 << 20))
    assert packages.problems == [("var/lib/dpkg/status", "longer than 16,777,216 bytes")]
    packages.add("etc/passwd", bytes(17 << 20))
    assert len(packages.problems) == 1


def test_too_many_files_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_FILES", 5)
    packages = Packages()
    for path, data in SAMPLES.items():
        packages.add(path, data)
    assert len(packages.owned()) == 5
    assert [where for where, _ in packages.problems] == ["package lists"]


def test_too_many_packages_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_PACKAGES", 1)
    packages = Packages()
    for path, data in SAMPLES.items():
        packages.add(path, data)
    assert [where for where, _ in packages.problems] == ["package lists"]
    assert packages.owned().owner("share/one.pem", digests(KEY)) == ""


def test_folders_of_absurd_length_do_not_multiply() -> None:
    folder = "x" * 100_000
    database = f"P:keys\nF:{folder}\n" + "R:y\n" * 20_000
    assert calls(lambda: owned({test_apk.PATH: database})) < 500_000
    assert not owned({test_apk.PATH: database}).claims(f"{folder}/y")


def test_bytes_and_pickles_give_the_same_table() -> None:
    found = owned(SAMPLES)
    for copy in (Owned.from_bytes(found.to_bytes()), pickle.loads(pickle.dumps(found))):
        assert copy.to_bytes() == found.to_bytes()
        assert copy.owner("usr/one", digests(KEY)) == "libkeys1"
    assert len(Owned.from_bytes(Owned().to_bytes())) == 0


def test_damaged_bytes_are_refused() -> None:
    data = owned(SAMPLES).to_bytes()
    for damaged in (b"", b"x" + data, data[:-1], data + b"\0", data[:30], data[:16], b"owned 9\n" + data[8:]):
        with pytest.raises(ValueError, match="."):
            Owned.from_bytes(damaged)
    paths = data.index(b"]") + 1
    with pytest.raises(ValueError, match="not a list"):
        Owned.from_bytes(data[:paths] + data[paths + 8 : paths + 16] + data[paths : paths + 8] + data[paths + 16 :])
    with pytest.raises(ValueError, match="not a list"):
        Owned.from_bytes(data[:-4] + (99).to_bytes(4, "little"))


@given(st.binary(max_size=60), st.integers(0, 400))
def test_bytes_that_are_no_table_raise_only_one_error(put: bytes, at: int) -> None:
    data = owned(SAMPLES).to_bytes()
    try:
        Owned.from_bytes(data[:at] + put + data[at + len(put) :])
    except ValueError:
        return


def test_tables_of_several_layers_are_joined() -> None:
    first = owned(test_dpkg.lists("usr/one"))
    second = owned({**test_dpkg.lists("usr/two"), test_apk.PATH: test_apk.DATABASE})
    both = first.merge(second)
    assert both.owner("usr/one", digests(KEY)) == both.owner("usr/two", digests(KEY)) == "libkeys1"
    assert both.owner("README", digests(KEY)) == "libkeys"
    assert first.merge(Owned()) is first
    assert Owned().merge(first) is first
    assert both.merge(second).to_bytes() == both.to_bytes()


def test_a_table_is_small() -> None:
    many = owned(test_dpkg.lists(*(f"usr/share/package/file-{number}" for number in range(36_000))))
    assert len(pickle.dumps(many)) < 1 << 20


def test_strange_names_are_made_printable() -> None:
    found = owned(test_dpkg.lists("usr/one", name="a\x1b[31mb"))
    assert found.owner("usr/one", digests(KEY)) == "a\\x1b[31mb"
