"""Images to be wrapped, made in memory of programs of this machine or of bytes that look like programs."""

from __future__ import annotations

import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.run.images.imagemaking import Ran, layer_of, run, saved, written

#: Made up, and long enough to be found by its name.
VALUE = "hK7vQ2mX" + "zR9tLb4n"
GLIBC = "lib64/ld-linux-x86-64.so.2"
MUSL = "lib/ld-musl-x86_64.so.1"
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nmysql:x:999:998::/var/lib/mysql:/bin/false\n"
GROUP = b"root:x:0:\ndata:x:77:mysql\n"
PATH = "PATH=/usr/local/bin:/usr/bin:/bin"
#: The helper of the official images, and an entrypoint that uses it.
FILE_ENV = """\
file_env() {
	local var="$1"
	local fileVar="${var}_FILE"
	if [ "${!var:-}" ] && [ "${!fileVar:-}" ]; then
		echo >&2 "both $var and $fileVar are set"
		exit 1
	fi
	local val=""
	if [ "${!var:-}" ]; then
		val="${!var}"
	elif [ "${!fileVar:-}" ]; then
		val="$(< "${!fileVar}")"
	fi
	export "$var"="$val"
	unset "$fileVar"
}
"""
READS_FILES = f'#!/bin/bash\nset -e\n{FILE_ENV}file_env DB_PASSWORD\nexec "$@"\n'
PLAIN = '#!/bin/sh\nexec "$@"\n'
#: As the official entrypoint begins: it reads the files, and becomes the user mysql.
MYSQL = f"""\
#!/bin/bash
set -eo pipefail
{FILE_ENV}
file_env 'MYSQL_PASSWORD'
file_env 'MYSQL_ROOT_PASSWORD'
if [ "$1" = mysqld ] && [ "$(id -u)" = 0 ]; then
	exec gosu mysql "$0" "$@"
fi
exec "$@"
"""

Member = tuple[tarfile.TarInfo, bytes]


def file(path: str, data: bytes | str = b"", mode: int = 0o755) -> Member:
    """A file of a layer."""
    info = tarfile.TarInfo(path)
    content = data.encode() if isinstance(data, str) else data
    info.size, info.mode = len(content), mode
    return info, content


def link(path: str, target: str, *, hard: bool = False) -> Member:
    """A link of a layer."""
    info = tarfile.TarInfo(path)
    info.type, info.linkname = tarfile.LNKTYPE if hard else tarfile.SYMTYPE, target
    return info, b""


def folder(path: str) -> Member:
    """A folder of a layer."""
    info = tarfile.TarInfo(path)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info, b""


def elf(loader: str = "", *, bits: int = 64, order: str = "<") -> bytes:
    """The beginning of a program that asks for a loader, or for none."""
    name = loader.encode() + b"\0"
    head = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    parts = 2 if loader else 1
    if bits == 64:
        at, size = 64, 56
        head += struct.pack(f"{order}HHIQQQIHHHHHH", 2, 62, 1, 0, at, 0, 0, 64, size, parts, 0, 0, 0)
        load = struct.pack(f"{order}IIQQQQQQ", 1, 5, 0, 0, 0, 0, 0, 0)
        asks = struct.pack(f"{order}IIQQQQQQ", 3, 4, at + 2 * size, 0, 0, len(name), len(name), 1)
    else:
        at, size = 52, 32
        head += struct.pack(f"{order}HHIIIIIHHHHHH", 2, 3, 1, 0, at, 0, 0, 52, size, parts, 0, 0, 0)
        load = struct.pack(f"{order}IIIIIIII", 1, 0, 0, 0, 0, 0, 5, 0)
        asks = struct.pack(f"{order}IIIIIIII", 3, at + 2 * size, 0, 0, len(name), len(name), 4, 1)
    return (head + load + (asks + name if loader else b"")).ljust(256, b"\0")


def system(loader: str = GLIBC, *more: Member, release: str = 'PRETTY_NAME="Test 1"\n') -> list[Member]:
    """A small system with a shell, `cat` and a loader."""
    return [
        file(loader, elf()),
        file("bin/sh", elf(f"/{loader}")),
        file("bin/cat", elf(f"/{loader}")),
        file("etc/passwd", PASSWD),
        file("etc/group", GROUP),
        file("etc/os-release", release),
        file("usr/bin/mysqld", elf(f"/{loader}")),
        file("usr/local/bin/start", PLAIN),
        *more,
    ]


def image(
    path: Path, *layers: list[Member], tag: str = "shop/app:1", document: dict[str, Any] | None = None, **config: Any
) -> str:
    """An archive with these layers and this configuration; its path."""
    started = {"Entrypoint": ["start"], "Cmd": ["mysqld"], "Env": [PATH]}
    made = {"config": {**started, **config}} if document is None else document
    return written(path, saved([layer_of(one) for one in layers or [system()]], made, [tag] if tag else []))


def mysql_image(where: Path) -> str:
    """mysql.tar: what pages call `mysql:8.4`; its path."""
    release = 'PRETTY_NAME="Oracle Linux Server 9.6"\n'
    layer = system(GLIBC, file("usr/local/bin/docker-entrypoint.sh", MYSQL), link("bin/bash", "sh"), release=release)
    return image(where / "mysql.tar", layer, tag="mysql:8.4", Entrypoint=["docker-entrypoint.sh"], Cmd=["mysqld"])


def wrapped(capsys: pytest.CaptureFixture[str], *argv: str) -> Ran:
    """Run `audit wrap`; the secret value is in nothing that it prints."""
    ran = run(capsys, *argv, command="wrap")
    assert VALUE not in ran.out + ran.err
    return ran


def read(capsys: pytest.CaptureFixture[str], path: str, *argv: str) -> dict[str, Any]:
    """What is read from an image, as the JSON report has it."""
    ran = wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD", "--format", "json", *argv)
    assert ran.code in (0, 4), ran.err
    found: dict[str, Any] = ran.report["image"]
    return found
