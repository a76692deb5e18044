"""What holds for every test: its own home folders, no settings from outside, no network."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import settings

from auditor.detect.prefiltering import store
from tests import realbuilders, realparts
from tests.sources.images.engines import allow_sockets
from tests.sources.images.fake_registry import loopback as loopback

# Examples are the same on every machine and every run; a slow machine must not fail a property.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

Start = Callable[..., str]
_MOST_SHARED = 6
_FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
_SETTINGS = ("CI", "COLUMNS", "CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "NO_COLOR", "PRE_COMMIT")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden files with what the tests got")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether to rewrite golden files instead of comparing with them."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled sets of triggers, which all tests of a run share: to compile one takes seconds, and its name says of
    what it is made."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture
def own_home(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Iterator[Path]:
    """The home folder of a test, with compiled sets that others have left, as it leaves its own."""
    home = tmp_path_factory.mktemp("home", numbered=True)
    cache = home / "xdg_cache_home" / store._NAME
    _share(compiled, cache)
    yield home
    _share(cache, compiled)


# The home comes first, so that nothing is patched any more when it goes.
@pytest.fixture(autouse=True)
def isolated_environment(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _FOLDERS:
        monkeypatch.setenv(name, str(own_home / name.lower()) if name != "HOME" else str(own_home))
    for name in [*_SETTINGS, *(name for name in os.environ if name.startswith("AUDIT_"))]:
        monkeypatch.delenv(name, raising=False)


def _share(source: Path, target: Path) -> None:
    """Link compiled sets into another folder, unless that has many."""
    if not (sets := list(source.glob("*.prefilter"))):
        return
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    room = _MOST_SHARED - len(list(target.glob("*.prefilter")))
    for path in sets[: max(0, room)]:
        with suppress(FileExistsError):
            (target / path.name).hardlink_to(path)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a test tried to use the network")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared(root: Path) -> Path:
    """The corpus and schemas that may lie beside the repository; skips where they do not."""
    path = root.parent / "shared"
    if not path.is_dir():
        pytest.skip("needs the corpus folder `shared` beside the repository")
    return path


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[realparts.DockerEngine]:
    """The Docker engine that runs here, or one of its own."""
    with realparts.docker_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def own_docker_engine(docker_engine: realparts.DockerEngine) -> Iterator[realparts.DockerEngine]:
    """A Docker engine that holds nothing but what tests put into it."""
    if docker_engine.own:
        yield docker_engine
        return
    with realparts.own_docker_engine("an engine of its own is needed: ") as engine:
        yield engine


@pytest.fixture
def docker(
    docker_engine: realparts.DockerEngine, no_network: None, monkeypatch: pytest.MonkeyPatch
) -> realparts.DockerEngine:
    """The Docker engine, to which this process may speak, too."""
    allow_sockets(monkeypatch)
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    return docker_engine


@pytest.fixture
def overlay2(docker: realparts.DockerEngine) -> realparts.DockerEngine:
    """The same, if its disk can be read here."""
    realparts.need_disk(docker)
    return docker


@pytest.fixture
def registry_server(loopback: None, tmp_path: Path) -> Iterator[Start]:
    """Starts docker-registry, with a line of an htpasswd file if it is to be guarded; gives its host and port."""
    with ExitStack() as stack:
        yield lambda guard="": stack.enter_context(realparts.registry(tmp_path, guard))


@pytest.fixture(scope="session")
def podman_storage() -> Iterator[realbuilders.Podman]:
    """Podman with a storage of its own."""
    with realbuilders.podman_storage() as podman:
        yield podman


@pytest.fixture(scope="session")
def podman_address(podman_storage: realbuilders.Podman) -> Iterator[str]:
    """Where it serves its API."""
    with podman_storage.service() as address:
        yield address


@pytest.fixture
def podman(
    podman_storage: realbuilders.Podman, podman_address: str, no_network: None, monkeypatch: pytest.MonkeyPatch
) -> realbuilders.Podman:
    """Podman, with its service where audit looks for it."""
    allow_sockets(monkeypatch)
    monkeypatch.setenv("CONTAINER_HOST", podman_address)
    return podman_storage


@pytest.fixture(scope="session")
def buildah() -> Iterator[realbuilders.Buildah]:
    """Buildah with a storage of its own."""
    with realbuilders.buildah_storage() as buildah:
        yield buildah


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long values are called by their parameter and number: they may hold the time, and workers must agree on ids."""
    is_long = (isinstance(val, bytes) and len(val) > 24) or (isinstance(val, str) and len(val) > 100)
    return argname if is_long else None
