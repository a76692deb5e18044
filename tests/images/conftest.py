"""Images built once for all tests of a worker."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.images.building import ARGUMENTS, Saved, root_files, write_context
from tests.realparts import Buildah, DockerEngine, Failed
from tests.sources.images.engines import allow_sockets


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


@pytest.fixture(scope="session")
def workshop(docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """In the engine that runs here, or in one of its own."""
    made = Workshop(docker_engine, tmp_path_factory.mktemp("workshop"))
    yield made
    made.clear()


@pytest.fixture(scope="session")
def own_workshop(own_docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """In an engine that nobody else uses: what builds leave behind can be looked through there."""
    made = Workshop(own_docker_engine, tmp_path_factory.mktemp("own"))
    yield made
    made.clear()


@pytest.fixture
def own_docker(own_workshop: Workshop, no_network: None, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The same, with the engine where audit looks for it."""
    allow_sockets(monkeypatch)
    monkeypatch.setenv("DOCKER_HOST", own_workshop.engine.host)
    return own_workshop


@pytest.fixture(scope="session")
def built(workshop: Workshop) -> Callable[[str], Built]:
    """The image with a secret of each kind, as a builder (LEGACY, BUILDKIT) makes it."""

    @functools.cache
    def build(builder: str) -> Built:
        context = write_context(workshop.folder / f"all-{builder}", workshop.base)
        name = workshop.name(f"all-{builder}")
        workshop.engine.build(context, "-q", "-t", name, *ARGUMENTS, builder=builder)
        archive = workshop.folder / f"all-{builder}.tar"
        workshop.engine("save", "-o", str(archive), name)
        return Built(name, Saved(archive))

    return build


@pytest.fixture(scope="session")
def built_by_buildah(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """The same as buildah makes it with an option."""
    folder = tmp_path_factory.mktemp("buildah")
    base = "localhost/audit-test/base:1"
    (folder / "base").mkdir()
    (folder / "base" / "root.tar").write_bytes(root_files())
    (folder / "base" / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n")
    buildah("bud", "-q", "-t", base, ".", folder=folder / "base")
    context = write_context(folder / "all", base)

    @functools.cache
    def build(option: str) -> Built:
        name = f"localhost/audit-test/all{option.replace('=', '')}:1"
        buildah("bud", "-q", option, "--format", "docker", *ARGUMENTS, "-t", name, ".", folder=context)
        archive = folder / f"all{option}.tar"
        buildah("push", "-q", name, f"docker-archive:{archive}:{name}")
        return Built(name, Saved(archive))

    return build
