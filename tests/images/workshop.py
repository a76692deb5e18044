"""Where images are built."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.images.building import Saved, root_files, write_context
from tests.realparts import DockerEngine, Failed

#: The base image of what buildah builds.
BUILDAH_BASE = "localhost/audit-test/base:1"


class Built(NamedTuple):
    """An image: the name that it has in its engine, and its archive."""

    name: str
    saved: Saved


class Workshop:
    """Builds in one engine upon a base image of its own, and takes everything away at the end."""

    def __init__(self, engine: DockerEngine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.names: list[str] = []
        self.base = self.name("base")
        engine("import", "-", self.base, data=root_files())
        try:
            engine("run", "--rm", "--network=none", self.base, "/bin/sh", "-c", "true")
        except Failed as error:
            pytest.skip(f"the Docker engine runs no containers: {error}")

    def name(self, what: str) -> str:
        """A name for an image that is to be made."""
        self.names.append(f"audit-test/{what}:{os.getpid()}")
        return self.names[-1]

    def built(self, what: str, builder: str, dockerfile: str, *options: str) -> str:
        """Build a Dockerfile; gives the image's name."""
        name = self.name(f"{what}-{builder}")
        context = write_context(self.folder / f"{what}-{builder}", self.base, dockerfile)
        self.engine.build(context, "-q", "-t", name, *options, builder=builder)
        return name

    def clear(self) -> None:
        """Remove the images."""
        for name in reversed(self.names):
            try:
                self.engine("rmi", "--force", name)
            except Failed as error:
                assert "No such image" in str(error), error
