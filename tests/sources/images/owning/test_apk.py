"""The database of apk, and which of its packages count as public."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.sources.images.owning.lists import KEY, digests, owned

SHA1 = "Q1" + base64.b64encode(hashlib.sha1(KEY).digest()).decode()
SHA256 = "Q2" + base64.b64encode(hashlib.sha256(KEY).digest()).decode()
DATABASE = f"""C:Q1Zm9v
P:libkeys
V:1.2-r0
A:x86_64
S:2000
o:keys
m:A. Maintainer <keys@lists.example.org>
t:1700000000
c:0123456789abcdef0123456789abcdef01234567
F:
R:README
Z:{SHA1}
F:usr
F:usr/share/keys
R:one.pem
a:0:0:644
Z:{SHA1}
R:two.pem
Z:{SHA256}
R:empty
R:broken
Z:Q1@@@

C:Q1YmFy
P:.build-deps
V:20250101.000000
A:noarch
"""
PATH = "lib/apk/db/installed"


@pytest.mark.parametrize("path", [PATH, "usr/" + PATH])
def test_unmodified_files_are_owned(path: str) -> None:
    found = owned({path: DATABASE})
    for name in ("README", "usr/share/keys/one.pem", "usr/share/keys/two.pem"):
        assert found.owner(name, digests(KEY)) == "libkeys"
        assert found.owner(name, digests(KEY * 2)) == ""
    for name in ("usr/share/keys/empty", "usr/share/keys/broken"):
        assert found.claims(name)
        assert found.owner(name, digests(KEY)) == ""
    assert not found.claims("usr/share/keys/three.pem")


def test_a_package_need_not_name_a_maintainer() -> None:
    lines = [line for line in DATABASE.splitlines(keepends=True) if not line.startswith("m:")]
    assert owned({PATH: "".join(lines)}).owner("README", digests(KEY)) == "libkeys"


@pytest.mark.parametrize(
    ("old", "new"),
    [("o:keys\n", ""), ("c:0123", "x:0123"), ("lists.example.org", "laptop"), ("F:usr/share/keys", "F:opt/keys")],
)
def test_files_of_in_house_packages_are_claimed_only(old: str, new: str) -> None:
    found = owned({PATH: DATABASE.replace(old, new)})
    assert found.owner("README", digests(KEY)) == ""
    assert found.claims("README")
