"""What is read from an image: C library, programs, users, links, layers one over the other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from auditor.run.wrapping.programs import elf as kind_of
from tests.run.wrapping.wrapimages import (
    GLIBC,
    MUSL,
    PATH,
    READS_FILES,
    elf,
    file,
    folder,
    image,
    link,
    read,
    system,
    wrapped,
)

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "image.tar"


LIBRARIES = {
    "glibc": (system(GLIBC), {}, "glibc"),
    "glibc below a link": ([link("lib64", "usr/lib64"), *system("usr/" + GLIBC)], {}, "glibc"),
    "glibc on arm": (system("lib/ld-linux-aarch64.so.1"), {}, "glibc"),
    "glibc on s390x": (system("lib/ld64.so.1"), {}, "glibc"),
    "glibc by its real name": (
        [*system("lib/x86_64-linux-gnu/ld-2.31.so"), link(GLIBC, "../lib/x86_64-linux-gnu/ld-2.31.so")],
        {},
        "glibc",
    ),
    "musl": (system(MUSL), {}, "musl"),
    "musl on arm": (system("lib/ld-musl-aarch64.so.1"), {}, "musl"),
    "musl with a link for glibc's": ([*system(MUSL), link(GLIBC, "/lib/ld-musl-x86_64.so.1")], {}, "musl"),
    "musl with gcompat": (
        [*system(MUSL), file("lib/libgcompat.so.0", elf()), link(GLIBC, "/lib/libgcompat.so.0")],
        {},
        "musl",
    ),
    "both, by a musl program": (
        [*system(GLIBC), file(MUSL, elf()), file("opt/app", elf(f"/{MUSL}"))],
        {"Entrypoint": ["/opt/app"]},
        "musl",
    ),
    "both, by a glibc program": (
        [*system(MUSL), file(GLIBC, elf()), file("opt/app", elf(f"/{GLIBC}"))],
        {"Entrypoint": ["/opt/app"]},
        "glibc",
    ),
    "both, by a script's shell": ([*system(MUSL), file(GLIBC, elf())], {}, "musl"),
    "both, a static program, by the shell": (
        [*system(MUSL), file(GLIBC, elf()), file("opt/app", elf())],
        {"Entrypoint": ["/opt/app"]},
        "musl",
    ),
    "a loader that is no file": ([*system(GLIBC), link(MUSL, "/nowhere")], {}, "glibc"),
    "nothing": ([file("app", elf())], {"Entrypoint": ["/app"]}, "none"),
}


@pytest.mark.parametrize("made", LIBRARIES.values(), ids=LIBRARIES)
def test_the_c_library(made: tuple[list, dict, str], at: Path, capsys: Capture) -> None:
    members, config, libc = made
    assert read(capsys, image(at, members, **config))["libc"] == libc


def test_a_loader_that_a_later_layer_removes(at: Path, capsys: Capture) -> None:
    """A base of glibc, from which an image with musl was made by deleting what was there."""
    top = [file(f"lib64/.wh.{GLIBC.rpartition('/')[2]}"), *system(MUSL)]
    assert read(capsys, image(at, system(GLIBC), top))["libc"] == "musl"


def test_an_opaque_folder_hides_what_is_below(at: Path, capsys: Capture) -> None:
    assert read(capsys, image(at, system(GLIBC), [file("lib64/.wh..wh..opq")]))["libc"] == "none"


def test_a_removed_folder_that_comes_again(at: Path, capsys: Capture) -> None:
    found = read(capsys, image(at, system(GLIBC), [file(".wh.lib64")], [folder("lib64"), file(GLIBC, elf())]))
    assert (found["libc"], found["loaders"]) == ("glibc", [f"/{GLIBC}"])


def test_a_folder_that_becomes_a_link(at: Path, capsys: Capture) -> None:
    """What was below it is gone; what the link leads to is there."""
    top = [link("lib64", "other"), file("other/ld-linux-x86-64.so.2", elf())]
    assert read(capsys, image(at, system(GLIBC), top))["libc"] == "glibc"
    assert read(capsys, image(at, system(GLIBC), [link("lib64", "nowhere")]))["libc"] == "none"


PROGRAMS = {
    "by PATH": (["mysqld"], "/usr/bin/mysqld", "dynamic", f"/{GLIBC}"),
    "by an absolute path": (["/bin/sh"], "/bin/sh", "dynamic", f"/{GLIBC}"),
    "below the working directory": (["./run"], "/srv/run", "static", ""),
    "relative, up and down": (["../srv/sub/../run"], "/srv/run", "static", ""),
    "a script": (["start"], "/usr/local/bin/start", "script", f"/{GLIBC}"),
    "a script by env": (["by-env"], "/usr/local/bin/by-env", "script", f"/{MUSL}"),
    "a script by env -S with options": (["by-env-s"], "/usr/local/bin/by-env-s", "script", f"/{MUSL}"),
    "a script by a script": (["twice"], "/usr/local/bin/twice", "script", f"/{GLIBC}"),
    "a script by itself": (["itself"], "/usr/local/bin/itself", "script", ""),
    "a hard link": (["hard"], "/usr/bin/mysqld", "dynamic", f"/{GLIBC}"),
    "links in turn": (["first"], "/usr/bin/mysqld", "dynamic", f"/{GLIBC}"),
    "links in a circle": (["circle"], "", "missing", ""),
    "a link out of the image": (["out"], "/bin/sh", "dynamic", f"/{GLIBC}"),
    "a folder": (["/usr/bin"], "", "missing", ""),
    "nothing": (["nothing"], "", "missing", ""),
    "no program": (["text"], "/usr/local/bin/text", "unknown", ""),
    "an empty word": ([""], "", "missing", ""),
}
_MORE = [
    file("srv/run", elf()),
    file("usr/bin/node", elf(f"/{MUSL}")),
    file("usr/local/bin/by-env", "#!/usr/bin/env node\n"),
    file("usr/local/bin/by-env-s", "#! /usr/bin/env -S A=1 node --x\n"),
    file("usr/local/bin/twice", "#!/usr/local/bin/start\n"),
    file("usr/local/bin/itself", "#!/usr/local/bin/itself\n"),
    link("usr/local/bin/hard", "usr/bin/mysqld", hard=True),
    link("usr/local/bin/first", "../../../etc/second"),
    link("etc/second", "/etc/third"),
    link("etc/third", "../usr/bin/mysqld"),
    link("usr/local/bin/circle", "circle2"),
    link("usr/local/bin/circle2", "circle"),
    link("usr/local/bin/out", "../../../../../../bin/sh"),
    file("usr/local/bin/text", "hello\n"),
]


@pytest.mark.parametrize("made", PROGRAMS.values(), ids=PROGRAMS)
def test_the_program(made: tuple[list[str], str, str, str], at: Path, capsys: Capture) -> None:
    words, path, kind, loader = made
    found = read(capsys, image(at, system(GLIBC, *_MORE), Entrypoint=words, WorkingDir="/srv"))["program"]
    assert found == {"name": words[0], "path": path, "kind": kind, "loader": loader}


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_elf_of_every_kind_of_machine(bits: int, order: str) -> None:
    assert kind_of(elf("/lib/ld.so.1", bits=bits, order=order)) == ("dynamic", "/lib/ld.so.1")
    assert kind_of(elf(bits=bits, order=order)) == ("static", "")


def test_damaged_elf() -> None:
    whole = elf("/lib64/ld-linux-x86-64.so.2")
    for size in range(len(whole)):
        assert kind_of(whole[:size])[0] in ("missing", "unknown", "static", "dynamic")
    for at in range(64):
        kind_of(whole[:at] + b"\xff" + whole[at + 1 :])


def test_programs_of_this_machine() -> None:
    """Against real ones: what is on this machine runs by what its header says."""
    shell = Path(shutil.which("sh") or "/bin/sh").resolve().read_bytes()[: 1 << 16]
    kind, loader = kind_of(shell)
    assert kind in ("dynamic", "static")
    assert not loader or Path(loader).exists()


USERS = {
    "nobody said": ("", 0, 0),
    "a number": ("1000", 1000, 0),
    "a number of the list": ("999", 999, 998),
    "two numbers": ("1000:50", 1000, 50),
    "a name": ("mysql", 999, 998),
    "a name and a group": ("mysql:data", 999, 77),
    "a name that is not there": ("ghost", None, None),
    "a number and a group that is not there": ("5:ghost", 5, None),
    "too large": ("99999999999", None, None),
}


@pytest.mark.parametrize("made", USERS.values(), ids=USERS)
def test_the_user(made: tuple[str, int | None, int | None], at: Path, capsys: Capture) -> None:
    user, uid, gid = made
    found = read(capsys, image(at, User=user))
    assert (found["uid"], found["gid"]) == (uid, gid)


DROPS = {
    "gosu": ('exec gosu mysql "$0" "$@"', "uid 999 (mysql)"),
    "su-exec with a group": ('exec su-exec mysql:data "$@"', "uid 999 (mysql:data)"),
    "setpriv": ('exec setpriv --init-groups --reuid=999 --regid=998 "$@"', "uid 999"),
    "runuser": ('exec runuser -u mysql -- "$@"', "uid 999 (mysql)"),
    "a variable": ('exec gosu "$SERVER_USER" "$@"', "the user '$SERVER_USER'"),
    "in a comment": ('# exec gosu mysql\nexec "$@"', "uid 0 (root)"),
    "not at all": ('exec "$@"', "uid 0 (root)"),
}


@pytest.mark.parametrize("made", DROPS.values(), ids=DROPS)
def test_who_has_to_read_the_files(made: tuple[str, str], at: Path, capsys: Capture) -> None:
    line, reader = made
    script = READS_FILES.replace('exec "$@"', line)
    members = system(GLIBC, file("usr/local/bin/drops", script))
    ran = wrapped(capsys, image(at, members, Entrypoint=["drops"]), "--with", "file", "--map", "DB_PASSWORD")
    assert "DB_PASSWORD_FILE" in ran.out and f"readable for {reader}," in ran.err


def test_a_script_of_ours_reads_before_that(at: Path, capsys: Capture) -> None:
    """The file may stay root's alone: then the program cannot read it any more."""
    members = system(GLIBC, file("usr/local/bin/drops", '#!/bin/sh\nexec gosu mysql "$@"\n'))
    path = image(at, members, Entrypoint=["drops"])
    for way in (("file", "DB_PASSWORD"), ("ksm", "DB_PASSWORD=keeper://a/field/b")):
        ran = wrapped(capsys, path, "--with", way[0], "--map", way[1])
        assert "readable for uid 0 (root)," in ran.err


def test_more_passes_than_one(at: Path, capsys: Capture) -> None:
    """The program has a name that nobody expects, and is behind links of other layers."""
    first = system(GLIBC, file("opt/very/odd", "#!/opt/shell\n"), file("opt/shell", elf(f"/{MUSL}")))
    second = [link("usr/bin/a", "/opt/b")]
    third = [link("opt/b", "very/odd")]
    found = read(capsys, image(at, first, second, third, Entrypoint=["a"]))["program"]
    assert found == {"name": "a", "path": "/opt/very/odd", "kind": "script", "loader": f"/{MUSL}"}


def test_long_programs_are_read_at_their_beginning(at: Path, capsys: Capture) -> None:
    """Longer than what is read of a tar at a time, so that it comes in pieces."""
    members = system(GLIBC, file("opt/long", elf(f"/{GLIBC}").ljust(9 << 20, b"\x90")))
    assert read(capsys, image(at, members, Entrypoint=["/opt/long"]))["program"]["kind"] == "dynamic"


def test_layers_of_every_kind_of_archive(tmp_path: Path, capsys: Capture) -> None:
    from tests.run.images.imagemaking import layer_of, oci_folder

    config = {"config": {"Entrypoint": ["start"], "Cmd": ["mysqld"], "Env": [PATH], "User": "mysql"}}
    made = oci_folder(tmp_path / "oci", [layer_of(system(MUSL))], config)
    found = read(capsys, f"oci:{made}", "--image", "shop/app:2")
    assert (found["libc"], found["uid"], found["reference"]) == ("musl", 999, "shop/app:2")


def test_a_folder_has_no_configuration(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "root").mkdir()
    ran = wrapped(capsys, f"rootfs:{tmp_path / 'root'}", "--with", "file", "--map", "X", "--image", "a:1")
    assert ran.code == 4 and "says what to start" in ran.err
