"""Images built once for all tests of a worker."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import pytest

from tests.images.building import ARGUMENTS, Saved, root_files, write_context
from tests.images.workshop import BUILDAH_BASE, Built, Workshop
from tests.realbuilders import Buildah
from tests.realparts import DockerEngine
from tests.sources.images.engines import allow_sockets


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
def buildah_base(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> None:
    """BUILDAH_BASE is in buildah's storage."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "root.tar").write_bytes(root_files())
    (folder / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n")
    buildah("bud", "-q", "-t", BUILDAH_BASE, ".", folder=folder)


@pytest.fixture(scope="session")
def built_by_buildah(
    buildah: Buildah, buildah_base: None, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Built]:
    """The image with a secret of each kind, as buildah makes it with an option."""
    folder = tmp_path_factory.mktemp("buildah")
    context = write_context(folder / "all", BUILDAH_BASE)

    @functools.cache
    def build(option: str) -> Built:
        name = f"localhost/audit-test/all{option.replace('=', '')}:1"
        buildah("bud", "-q", option, "--format", "docker", *ARGUMENTS, "-t", name, ".", folder=context)
        archive = folder / f"all{option}.tar"
        buildah("push", "-q", name, f"docker-archive:{archive}:{name}")
        return Built(name, Saved(archive))

    return build
