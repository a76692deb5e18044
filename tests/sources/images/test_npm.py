"""Packages of npm that came from where most of them came from."""

from __future__ import annotations

import json

import pytest

from auditor.sources.images import npm
from auditor.sources.images.npm import NpmPackages, is_lockfile

LOCKFILE = "app/node_modules/.package-lock.json"
DIGEST = "sha512-" + "A" * 86 + "=="


@pytest.fixture(autouse=True)
def public_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts of examples count as public ones here, since no test may name a real one."""
    monkeypatch.setattr(npm, "is_public_host", lambda host: not host.endswith(".corp"))


def entry(host: str = "registry.example", **more: object) -> dict[str, object]:
    """A package that was fetched from this host."""
    return {"version": "1.0.0", "resolved": f"https://{host}/x/-/x-1.0.0.tgz", "integrity": DIGEST, **more}


def lockfile(**packages: object) -> bytes:
    """A hidden lockfile; in names, "__" stands for "/"."""
    named = {f"node_modules/{name.replace('__', '/')}": one for name, one in packages.items()}
    return json.dumps({"name": "app", "lockfileVersion": 3, "packages": named}).encode()


def read(data: bytes, path: str = LOCKFILE) -> NpmPackages:
    packages = NpmPackages()
    packages.add(path, data)
    return packages


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        (LOCKFILE, True),
        ("node_modules/.package-lock.json", True),
        ("app/package-lock.json", False),
        ("app/node_modules/x/package-lock.json", False),
    ],
)
def test_lockfiles(path: str, is_one: bool) -> None:
    assert is_lockfile(path) == is_one


def test_files_of_packages() -> None:
    packages = read(lockfile(left=entry(), **{"@scope__right": entry(), "left__node_modules__inner": entry()}))
    for path in (
        "left/index.js",
        "left/lib/deep/er.js",
        "@scope/right/index.js",
        "left/node_modules/inner/index.js",
    ):
        assert packages.brought(f"app/node_modules/{path}"), path
    for path in (
        "app/node_modules/other/index.js",
        "app/node_modules/@scope/other/index.js",
        "app/node_modules/inner/index.js",
        "app/node_modules/left/node_modules/other/index.js",
        "other/node_modules/left/index.js",
        "node_modules/left/index.js",
        "app/left/index.js",
        "app/node_modules/leftover.js",
    ):
        assert not packages.brought(path), path


def test_a_lockfile_at_the_root() -> None:
    packages = read(lockfile(left=entry()), "node_modules/.package-lock.json")
    assert packages.brought("node_modules/left/a.js")
    assert not packages.brought("app/node_modules/left/a.js")


@pytest.mark.parametrize(
    "other",
    [
        entry("npm.corp.example"),
        entry(integrity=None),
        entry(link=True),
        entry(resolved="git+ssh://git@registry.example/acme/x.git#0a1b2c"),
        entry(resolved="http://registry.example/x.tgz"),
        entry(resolved="file:../x"),
        entry(resolved=7),
        {"resolved": "packages/x", "link": True},
        {},
        [],
        None,
        "x",
    ],
)
def test_what_may_be_in_house(other: object) -> None:
    packages = read(lockfile(left=entry(), right=entry(), own=other))
    assert packages.brought("app/node_modules/left/a.js")
    assert not packages.brought("app/node_modules/own/a.js")


def test_without_addresses_the_registry_is_meant() -> None:
    """npm's option omit-lockfile-registry-resolved."""
    one = {"version": "1.0.0", "integrity": DIGEST}
    packages = read(lockfile(left=one, right=one, own=entry("npm.corp.example")))
    assert packages.brought("app/node_modules/left/a.js")
    assert not packages.brought("app/node_modules/own/a.js")


def test_hosts_are_told_without_login_and_case() -> None:
    packages = read(
        lockfile(left=entry("Registry.example"), right=entry("u:p@registry.example"), own=entry("b.example"))
    )
    assert packages.brought("app/node_modules/left/a.js")
    assert packages.brought("app/node_modules/right/a.js")


def test_several_lockfiles() -> None:
    packages = read(lockfile(left=entry()))
    packages.add("b/node_modules/.package-lock.json", lockfile(left=entry("npm.corp.example")))
    assert packages.brought("app/node_modules/left/a.js")
    assert packages.brought("b/node_modules/left/a.js"), "the host that most packages of this lockfile came from"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"packages": []}',
        b'{"packages": null}',
        b'{"packages": {"": {}}}',
        b'{"packages": {"node_modules/left": 7}}',
        b'{"packages": ' + b"9" * 10_000 + b"}",
        lockfile(left=entry()) + b" " * (32 << 20),
    ],
    ids=range(14),
)
def test_broken_lockfiles_say_nothing(data: bytes) -> None:
    packages = read(data)
    assert not packages.brought("app/node_modules/left/a.js")
    packages.add(LOCKFILE, lockfile(left=entry()))
    assert packages.brought("app/node_modules/left/a.js")


def test_a_company_s_registry_is_not_public() -> None:
    packages = read(lockfile(left=entry("npm.acme.corp"), right=entry("npm.acme.corp")))
    assert not packages.brought("app/node_modules/left/index.js")


def test_the_registry_need_not_be_named() -> None:
    packages = read(lockfile(left={"version": "1.0.0", "integrity": DIGEST}))
    assert packages.brought("app/node_modules/left/index.js")
