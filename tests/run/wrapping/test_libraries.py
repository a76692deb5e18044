"""The C library of whole systems: Debian as debootstrap lays it out, Alpine, both loaders in one image, none at all.

The trees are generated with the links that those systems have; those marked real are made of the packages of a Debian.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.realparts import Failed, program, run
from tests.run.wrapping.wrapimages import Member, elf, file, folder, image, link, read, wrapped

Capture = pytest.CaptureFixture[str]
GLIBC, MUSL = "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"
DEBIAN, ALPINE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'PRETTY_NAME="Alpine Linux v3.20"\n'
LIBRARIES = "usr/lib/x86_64-linux-gnu"
TOKEN = "op://shop/db/password"


def merged(*names: str) -> list[Member]:
    """The folders of a system whose programs all lie below /usr."""
    return [folder("usr"), *(link(name, f"usr/{name}") for name in names)]


def debian(*more: Member, shell: bool = True) -> list[Member]:
    """As debootstrap leaves it: an absolute link for the loader, over a link for the folder that it leads to."""
    own = [file("usr/bin/dash", elf(GLIBC)), link("usr/bin/sh", "dash")] if shell else []
    return [
        *merged("bin", "lib", "lib64", "sbin"),
        file(f"{LIBRARIES}/ld-linux-x86-64.so.2", elf()),
        file(f"{LIBRARIES}/libc.so.6", elf(GLIBC)),
        folder("usr/lib64"),
        link("usr/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        file("usr/bin/cat", elf(GLIBC)),
        *own,
        file("usr/lib/os-release", DEBIAN),
        link("etc/os-release", "../usr/lib/os-release"),
        *more,
    ]


#: What Debian's package musl adds.
ADDED_MUSL = (
    file("usr/lib/x86_64-linux-musl/libc.so", elf()),
    link("usr/lib/ld-musl-x86_64.so.1", "x86_64-linux-musl/libc.so"),
)


def alpine(*more: Member, shell: bool = True) -> list[Member]:
    """As Alpine is: the loader is the library, and busybox all programs."""
    names = [link(f"bin/{name}", "/bin/busybox") for name in (("sh", "cat") if shell else ())]
    return [
        file(MUSL[1:], elf()),
        link("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"),
        file("bin/busybox", elf(MUSL)),
        *names,
        file("usr/lib/os-release", ALPINE),
        link("etc/os-release", "../usr/lib/os-release"),
        *more,
    ]


ADDED_GLIBC = (folder("lib64"), file("lib64/ld-linux-x86-64.so.2", elf()))
MUSL_APP, GLIBC_APP, STATIC_APP = file("app", elf(MUSL)), file("app", elf(GLIBC)), file("app", elf())
TREES = {
    "debian": (debian(GLIBC_APP), "glibc", "the loader /usr/lib"),
    "debian, a static program": (debian(STATIC_APP), "glibc", "the loader /usr/lib"),
    "debian with musl, a glibc program": (debian(*ADDED_MUSL, GLIBC_APP), "glibc", f"container asks for {GLIBC}"),
    "debian with musl, a musl program": (debian(*ADDED_MUSL, MUSL_APP), "musl", f"container asks for {MUSL}"),
    "debian with musl, a static program": (debian(*ADDED_MUSL, STATIC_APP), "glibc", f"/bin/sh asks for {GLIBC}"),
    "debian with musl, no shell": (debian(*ADDED_MUSL, STATIC_APP, shell=False), "glibc", "the system is Debian"),
    "alpine": (alpine(MUSL_APP), "musl", "the loader /lib/ld-musl"),
    "alpine with glibc, a musl program": (alpine(*ADDED_GLIBC, MUSL_APP), "musl", f"container asks for {MUSL}"),
    "alpine with glibc, a glibc program": (alpine(*ADDED_GLIBC, GLIBC_APP), "glibc", f"container asks for {GLIBC}"),
    "alpine with glibc, a static program": (alpine(*ADDED_GLIBC, STATIC_APP), "musl", f"/bin/sh asks for {MUSL}"),
    "alpine with glibc, no shell": (alpine(*ADDED_GLIBC, STATIC_APP, shell=False), "musl", "the system is Alpine"),
}


@pytest.mark.parametrize(("tree", "libc", "reason"), TREES.values(), ids=TREES)
def test_a_system(tree: list[Member], libc: str, reason: str, tmp_path: Path, capsys: Capture) -> None:
    found = read(capsys, image(tmp_path / "i.tar", tree, Entrypoint=["/app"]))
    assert found["libc"] == libc and reason in found["libc_reason"]


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("--with", "ksm", "--map", "P=keeper://a/field/password"), "ksm needs a C library, and no loader"),
        (("--with", "op", "--map", f"P={TOKEN}"), "has no /bin/sh"),
        (("--with", "file", "--map", "P"), "has no /bin/sh"),
    ],
)
def test_an_image_from_scratch(argv: tuple[str, ...], reason: str, tmp_path: Path, capsys: Capture) -> None:
    path = image(tmp_path / "i.tar", [STATIC_APP], Entrypoint=["/app"], Cmd=None, Env=[])
    ran = wrapped(capsys, path, *argv)
    assert (ran.code, ran.out) == (4, "")
    assert reason in " ".join(ran.err.split())


def packaged(*packages: str) -> list[Member]:
    """The files of Debian packages as they are installed here, below the links that lead to /usr; skips elsewhere."""
    members = [link(name, os.readlink(f"/{name}")) for name in ("bin", "lib", "lib64") if os.path.islink(f"/{name}")]
    try:
        listed = run(program("dpkg"), "-L", *packages).split("\n")
    except Failed as error:
        pytest.skip(f"a package is not installed here: {error}")
    seen: set[str] = set()
    for path in listed:
        at = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if not path.startswith("/") or at in seen or not os.path.lexists(at):
            continue
        seen.add(at)
        mode = os.lstat(at).st_mode
        if stat.S_ISLNK(mode):
            members.append(link(at[1:], os.readlink(at)))
        elif stat.S_ISREG(mode):
            members.append(file(at[1:], Path(at).read_bytes()[: 1 << 16]))
    return members


@pytest.mark.real
@pytest.mark.parametrize(
    ("packages", "libc"),
    [(("libc6", "dash", "coreutils"), "glibc"), (("libc6", "dash", "coreutils", "musl"), "glibc"), (("musl",), "musl")],
)
def test_packages_of_debian(packages: tuple[str, ...], libc: str, tmp_path: Path, capsys: Capture) -> None:
    members = packaged(*packages)
    found = read(capsys, image(tmp_path / "i.tar", members, Entrypoint=["/bin/cat"], Cmd=None))
    assert found["libc"] == libc
    assert any("musl" in loader for loader in found["loaders"]) == ("musl" in packages)
