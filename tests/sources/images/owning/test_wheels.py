"""RECORD of wheels and lists of conda, and which of their packages count as public."""

from __future__ import annotations

import json

import pytest

from auditor.sources.images.packages import Packages
from tests.sources.images.owning.lists import KEY, digests, owned, record_hash

SITE = "usr/lib/python3.12/site-packages"
INFO = f"{SITE}/test_keys-1.2.dist-info"
METADATA = """Metadata-Version: 2.1
Name: test-keys
Version: 1.2
Home-page: https://keys.example.org/
License: MIT
Author-email: keys@example.org

Home-page: https://host.corp.example
Classifier: Private :: Do Not Upload
"""
RECORD = f"""test_keys/one.pem,{record_hash(KEY)},31
"test_keys/with, comma.pem",{record_hash(KEY)},31
../../../bin/keys,{record_hash(KEY)},31
../../../../../../../etc/keys.pem,{record_hash(KEY)},31
/srv/absolute.pem,{record_hash(KEY)},31
test_keys/__pycache__/x.pyc,,
test_keys/odd.pem,md5=AAAA,31
test_keys/broken.pem,sha256=@@@@,31
test_keys-1.2.dist-info/RECORD,,
"""


def lists(record: str = RECORD, metadata: str = METADATA, **more: str) -> dict[str, bytes | str]:
    return {f"{INFO}/RECORD": record, f"{INFO}/METADATA": metadata, **{f"{INFO}/{k}.json": v for k, v in more.items()}}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_unmodified_files_are_owned(end: str) -> None:
    found = owned(lists(RECORD.replace("\n", end), METADATA.replace("\n", end)))
    paths = (f"{SITE}/test_keys/one.pem", f"{SITE}/test_keys/with, comma.pem", "usr/bin/keys", "etc/keys.pem")
    for path in (*paths, "srv/absolute.pem"):
        assert found.owner(path, digests(KEY)) == "test_keys", path
        assert found.owner(path, digests(KEY[1:])) == ""
    for name in ("test_keys/__pycache__/x.pyc", "test_keys/odd.pem", "test_keys/broken.pem"):
        assert found.claims(f"{SITE}/{name}")
        assert found.owner(f"{SITE}/{name}", digests(KEY)) == ""
    assert not found.claims("test_keys/one.pem")


def test_a_file_planted_beside_is_not_listed() -> None:
    assert not owned(lists()).claims(f"{SITE}/test_keys/planted.pem")


@pytest.mark.parametrize(
    "made",
    [
        lists(direct_url=json.dumps({"url": "file:///src/keys", "dir_info": {"editable": True}})),
        lists(direct_url="{"),
        lists(metadata=METADATA.replace("Author-email", "Classifier: Private :: Do Not Upload\nAuthor-email")),
        lists(metadata=METADATA.replace("Version: 1.2", "Version: 1.2+corp")),
        lists(metadata=METADATA.replace("keys.example.org/", "git.corp.example/")),
        lists(metadata=METADATA.replace("keys.example.org/", "gitlab/keys")),
        lists(metadata=METADATA.replace("Home-page", "Summary")),
        {f"{INFO}/RECORD": RECORD},
    ],
    ids="direct broken-direct private local-version reserved-host bare-host no-link no-metadata".split(),
)
def test_files_of_in_house_wheels_are_claimed_only(made: dict[str, bytes | str]) -> None:
    for one in (made, dict(reversed(made.items()))):
        found = owned(one)
        assert found.owner(f"{SITE}/test_keys/one.pem", digests(KEY)) == ""
        assert found.claims(f"{SITE}/test_keys/one.pem")


def conda(**given: object) -> bytes:
    record = {
        "name": "keys",
        "url": "https://mirror.example/conda-forge/noarch/keys-1.conda",
        "channel": "https://mirror.example/conda-forge/noarch",
        "subdir": "noarch",
        "paths_data": {
            "paths": [
                {"_path": "share/one.pem", "sha256": digests(KEY).sha256},
                {"_path": "bin/two", "sha256": "0" * 64, "sha256_in_prefix": digests(KEY).sha256},
                {"_path": "lib/linked"},
                "no file",
            ]
        },
    }
    return json.dumps({**record, **given}).encode()


def test_files_of_conda_packages() -> None:
    found = owned({"opt/conda/conda-meta/keys-1-0.json": conda(), "opt/conda/conda-meta/history": b"{"})
    assert found.owner("opt/conda/share/one.pem", digests(KEY)) == "keys"
    assert found.owner("opt/conda/bin/two", digests(KEY)) == "keys"
    assert found.claims("opt/conda/lib/linked")
    assert found.owner("opt/conda/share/one.pem", digests(b"")) == ""


@pytest.mark.parametrize(
    "given",
    [
        {"channel": "https://mirror.example/corp-internal/noarch"},
        {"channel": None},
        {"url": "file:///work/keys-1.conda"},
        {"channel": "local", "url": None},
    ],
)
def test_files_of_in_house_conda_packages_are_claimed_only(given: dict[str, object]) -> None:
    found = owned({"opt/conda/conda-meta/keys-1-0.json": conda(**given)})
    assert found.owner("opt/conda/share/one.pem", digests(KEY)) == ""
    assert found.claims("opt/conda/share/one.pem")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"[" * 100_000, b"\xff", b'{"name": "x", "paths_data": {"paths": 3}}', b"{}"]
)
def test_broken_records_of_conda_are_problems(content: bytes) -> None:
    packages = Packages()
    packages.add("conda-meta/x.json", content)
    assert packages.problems == [("conda-meta/x.json", "damaged list of a package")]
