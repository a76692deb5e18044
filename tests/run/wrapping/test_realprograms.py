"""Programs of real compilers: what their headers ask for, and which C library an image with them has."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.run.wrapping.programs import elf
from tests.realparts import Failed, busybox, program, run
from tests.run.wrapping.wrapimages import MUSL, file, image, link, read, system

pytestmark = pytest.mark.real

Capture = pytest.CaptureFixture[str]


def compiled(compiler: str, folder: Path, *options: str) -> Path:
    """A program that does nothing; skips where the compiler makes none."""
    (folder / "x.c").write_text("int main(void) { return 0; }\n")
    made = folder / f"{compiler}{''.join(options)}"
    try:
        run(program(compiler), *options, "-o", str(made), "x.c", folder=folder)
    except Failed as error:
        pytest.skip(f"{compiler} makes no program here: {error}")
    return made


@pytest.mark.parametrize(("compiler", "libc"), [("gcc", "glibc"), ("musl-gcc", "musl")])
def test_programs_of_compilers(compiler: str, libc: str, tmp_path: Path, capsys: Capture) -> None:
    """In an image with the loaders of both, the one that starts it says which."""
    made = compiled(compiler, tmp_path)
    kind, loader = elf(made.read_bytes()[: 1 << 16])
    assert kind == "dynamic" and Path(loader).exists()
    other = MUSL if libc == "glibc" else "lib64/ld-linux-x86-64.so.2"
    members = [*system(other), file(loader.lstrip("/"), Path(loader).read_bytes()), file("opt/app", made.read_bytes())]
    found = read(capsys, image(tmp_path / "i.tar", members, Entrypoint=["/opt/app"]))
    assert (found["libc"], found["program"]["loader"]) == (libc, loader)


def test_a_static_program(tmp_path: Path) -> None:
    assert elf(compiled("gcc", tmp_path, "-static").read_bytes()[: 1 << 16]) == ("static", "")


def test_a_system_of_busybox_and_musl(tmp_path: Path, capsys: Capture) -> None:
    """As Alpine is laid out: one program with many names, and the loader that is the library as well."""
    made = compiled("musl-gcc", tmp_path)
    loader = elf(made.read_bytes()[: 1 << 16])[1]
    names = [link(f"bin/{name}", "/bin/busybox") for name in ("sh", "cat", "ls")]
    members = [file("bin/busybox", Path(busybox()).read_bytes()), *names, file("app", made.read_bytes())]
    members += [file(loader.lstrip("/"), Path(loader).read_bytes()), link("lib/libc.musl-x86_64.so.1", loader)]
    path = image(tmp_path / "i.tar", members, Entrypoint=["sh", "-c", "app"])
    found = read(capsys, path, "--output", str(tmp_path / "override.yml"))
    assert (found["libc"], found["loaders"], found["shell"]) == ("musl", [loader], "/bin/sh")
    assert "/bin/sh (busybox)" in (tmp_path / "override.yml").read_text()
