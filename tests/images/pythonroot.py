"""File systems with this machine's Python or Node.js, for images that run such a program without a network."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.images.building import root_files
from tests.realparts import program

#: Parts of the standard library that programs do without; they are half of it.
_LEFT_OUT = re.compile(
    r"/(?:__pycache__|test|tests|idlelib|tkinter|turtledemo|ensurepip|site-packages|config-[^/]*)(?:/|$)"
)
PYTHON = "/usr/local/python/bin/python3"
NODE = "/usr/bin/node"
PACKAGES = "/opt/packages"


def python_root(packages: Path, python: str = PYTHON) -> bytes:
    """The tar of a shell, Python under the name given and a folder of packages as PACKAGES. Skips without `ldd`."""
    made = io.BytesIO(root_files())
    library = Path(sysconfig.get_path("stdlib"))
    executable = Path(os.path.realpath(sys.executable))
    target = Path(python).parent.parent
    with tarfile.open(fileobj=made, mode="a") as archive:
        archive.add(executable, python.lstrip("/"))
        archive.add(library, str(target / "lib" / library.name).lstrip("/"), filter=_needed)
        archive.add(packages, PACKAGES.lstrip("/"), filter=_needed)
        binaries = [executable, *_shared(library), *_shared(packages)]
        for path in sorted(_libraries(binaries)):
            archive.add(os.path.realpath(path), path.lstrip("/"))
    return made.getvalue()


def node_root(packages: Path) -> bytes:
    """The tar of a shell, Node.js as NODE and a folder `node_modules` below PACKAGES. Skips without `ldd`."""
    made = io.BytesIO(root_files())
    executable = Path(os.path.realpath(program("node")))
    with tarfile.open(fileobj=made, mode="a") as archive:
        archive.add(executable, NODE.lstrip("/"))
        archive.add(packages, f"{PACKAGES}/{packages.name}".lstrip("/"))
        for path in sorted(_libraries([executable])):
            archive.add(os.path.realpath(path), path.lstrip("/"))
    return made.getvalue()


def _needed(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _LEFT_OUT.search(f"/{member.name}/") else member


def _shared(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.so*"):
        if path.is_file() and not _LEFT_OUT.search(str(path.relative_to(folder).parent) + "/"):
            yield path


def _libraries(binaries: list[Path]) -> set[str]:
    """Paths of the shared libraries, the loader among them, that binaries need from outside the folders."""
    done = subprocess.run([program("ldd"), *map(str, binaries)], capture_output=True, text=True, timeout=120)
    found = set(re.findall(r"(?:=> |^\t)(/\S+) \(0x", done.stdout, re.MULTILINE))
    return {path for path in found if "/site-packages/" not in path and not path.startswith(str(binaries[0].parent))}
