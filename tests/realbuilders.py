"""Builders that need no engine, each with a storage of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.realparts import Failed, program, run, running, short_folder, unmount


class Podman:
    """Podman with a storage of its own, for the superuser: others cannot be sure to read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._words = [program("podman"), "--root", f"{folder}/root", "--runroot", f"{folder}/run"]

    def __call__(self, *words: str) -> str:
        """Run the podman command. Raises Failed."""
        return run(*self._words, *words)

    @contextmanager
    def service(self) -> Iterator[str]:
        """Serve its API; gives the address."""
        address = f"unix://{self.folder}/p.sock"

        def answers() -> None:
            run(self._words[0], "--remote", "--url", address, "version")

        words = [*self._words, "system", "service", "--time=0", address]
        with running(words, self.folder / "log", answers):
            yield address


@contextmanager
def podman_storage() -> Iterator[Podman]:
    """Podman with nothing in its storage; skips where it is not installed or does not work."""
    if os.geteuid():
        pytest.skip("only the superuser may read podman's storage")
    with short_folder() as folder:
        podman = Podman(folder)
        try:
            podman("info")
        except Failed as error:
            pytest.skip(f"podman does not work here: {error}")
        try:
            yield podman
        finally:
            unmount(folder)


class Buildah:
    """Buildah with a storage of its own; what it runs needs no privileges beside the superuser's."""

    def __init__(self, folder: Path, driver: str) -> None:
        storage = ["--root", f"{folder}/{driver}", "--runroot", f"{folder}/run", "--storage-driver", driver]
        self._words = [program("buildah"), *storage]

    def __call__(self, *words: str, folder: Path | None = None) -> str:
        """Run the buildah command. Raises Failed."""
        return run(*self._words, *words, folder=folder, environment={"BUILDAH_ISOLATION": "chroot"})


@contextmanager
def buildah_storage() -> Iterator[Buildah]:
    """Buildah with nothing in its storage; skips where it is not installed or does not work."""
    if os.geteuid():
        pytest.skip("buildah builds without the superuser only where user namespaces are set up")
    with short_folder() as folder:
        try:
            yield _working(folder)
        finally:
            unmount(folder)


def _working(folder: Path) -> Buildah:
    said = ""
    # The second is slow, and needs no mounts.
    for driver in ("overlay", "vfs"):
        buildah = Buildah(folder, driver)
        try:
            buildah("info")
        except Failed as error:
            said = str(error)
        else:
            return buildah
    pytest.skip(f"buildah does not work here: {said}")
