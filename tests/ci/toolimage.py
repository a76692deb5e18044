"""The image of the command itself, built without a registry: a base of this machine's Python, wheels made here."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pip
import pytest

from tests.checkout import copy_checkout
from tests.images.pythonroot import python_root
from tests.realparts import DockerEngine

PYTHON = "/usr/local/bin/python3"
#: How the page about CI has it.
OFFLINE = ("PIP_NO_INDEX=1", "PIP_FIND_LINKS=/src/wheels")
_PATH = "PATH=/usr/local/bin:/usr/bin:/bin"


def base_root(folder: Path) -> bytes:
    """The tar of a root with what `python:3.13-slim` has, too: `python`, pip, `chown`, `/var/cache`."""
    made = io.BytesIO(python_root(folder, PYTHON))
    with tarfile.open(fileobj=made, mode="a") as archive:
        for name, target in (("usr/local/bin/python", "python3"), ("bin/chown", "busybox"), ("bin/sleep", "busybox")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        cache = tarfile.TarInfo("var/cache")
        cache.type, cache.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(cache)
        library = Path(sysconfig.get_path("stdlib")).name
        archive.add(
            Path(pip.__file__).parent,
            f"usr/local/lib/{library}/site-packages/pip",
            filter=lambda member: None if "__pycache__" in member.name else member,
        )
    return made.getvalue()


def write_context(root: Path, folder: Path) -> None:
    """The build context of a checkout, with all wheels in `wheels`; skips where they cannot be had."""
    copy_checkout(root, folder, "Dockerfile", ".dockerignore")
    (folder / ".env").write_text("FORGOTTEN=1\n")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "-w", str(folder / "wheels"), str(folder), "hatchling"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no wheels can be had here: {done.stderr.strip()[-300:]}")


def build(engine: DockerEngine, base: str, context: Path, *options: str, given: tuple[str, ...] = OFFLINE) -> str:
    """Build the context's Dockerfile from a base, without a network; the id of the image."""
    words = [word for each in (f"BASE={base}", *given) for word in ("--build-arg", each)]
    return engine.build(context, "-q", *words, *options, builder="1").strip()


def import_base(engine: DockerEngine, folder: Path) -> str:
    """Import the base; its name."""
    name = f"audit-test/python-base:{os.getpid()}"
    engine("import", "--change", f"ENV {_PATH}", "-", name, data=base_root(folder))
    return name
