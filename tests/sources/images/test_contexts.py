"""Which engine is meant: environment, contexts, sockets, in the order of the docker command."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from auditor.sources.images import contexts
from auditor.sources.images.contexts import Endpoint, docker_endpoint, podman_endpoint
from auditor.sources.images.model import SourceError

REMOTE = "tcp://build.example:2376"


@pytest.fixture(autouse=True)
def no_usual_sockets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(contexts, "SYSTEM_SOCKET", str(tmp_path / "docker.sock"))
    monkeypatch.setattr(contexts, "PODMAN_SOCKET", str(tmp_path / "podman.sock"))


def settings_with(
    folder: Path, name: str, endpoint: object, *, files: tuple[str, ...] = (), current: bool = False
) -> str:
    number = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / number
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    tls = folder / "contexts" / "tls" / number / "docker"
    tls.mkdir(parents=True)
    for file in files:
        (tls / file).write_text("")
    if current:
        (folder / "config.json").write_text(json.dumps({"currentContext": name}))
    return str(tls)


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("unix:///run/x.sock", "unix:///run/x.sock"),
        ("/run/x.sock", "unix:///run/x.sock"),
        (" tcp://h.example:99 ", "tcp://h.example:99"),
        ("h.example", "tcp://h.example:2375"),
        ("tcp://h.example/sub", "tcp://h.example:2375/sub"),
        ("tcp://[::1]", "tcp://[::1]:2375"),
        ("https://h.example", "https://h.example:2376"),
        ("ssh://me@h.example", "ssh://me@h.example"),
    ],
)
def test_addresses_as_the_docker_command_reads_them(written: str, understood: str) -> None:
    assert docker_endpoint({"DOCKER_HOST": written}) == Endpoint(understood, "DOCKER_HOST")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ftp://h.example", "addresses begin with one of unix://"),
        ("fd://", "addresses begin with one of unix://"),
        ("tcp://", "names no host"),
        ("tcp://me:pw@h.example:1", "has no password"),
        ("tcp://h.example:1?x=y", "has no password"),
        ("tcp://h.example:port", "malformed"),
        ("tcp://[::1", "malformed"),
        ("unix://x.sock", "is absolute"),
        ("unix://", "is absolute"),
    ],
)
def test_malformed_addresses_are_refused_without_being_repeated(written: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        docker_endpoint({"DOCKER_HOST": written})
    assert said in str(caught.value)
    assert "DOCKER_HOST" in str(caught.value)
    assert "pw" not in str(caught.value)


def test_environment_comes_before_contexts(tmp_path: Path) -> None:
    settings_with(tmp_path, "one", {"Host": "tcp://one.example:1"})
    settings_with(tmp_path, "two", {"Host": "tcp://two.example:1"}, current=True)
    environment = {"DOCKER_CONFIG": str(tmp_path)}
    assert docker_endpoint(environment).host == "tcp://two.example:1"
    environment["DOCKER_CONTEXT"] = "one"
    assert docker_endpoint(environment).host == "tcp://one.example:1"
    environment["DOCKER_HOST"] = "unix:///x"
    assert docker_endpoint(environment).host == "unix:///x"


def test_context_default_is_the_usual_socket(tmp_path: Path) -> None:
    settings_with(tmp_path, "two", {"Host": REMOTE}, current=True)
    (tmp_path / "docker.sock").write_text("")
    found = docker_endpoint({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "default"})
    assert found == Endpoint(f"unix://{tmp_path}/docker.sock", "the usual socket")
    assert found.socket == f"{tmp_path}/docker.sock"


def test_tls_material_of_a_context(tmp_path: Path) -> None:
    tls = settings_with(tmp_path, "safe", {"Host": REMOTE}, files=("ca.pem", "cert.pem", "key.pem"), current=True)
    found = docker_endpoint({"DOCKER_CONFIG": str(tmp_path)})
    origin = "context 'safe'"
    assert found == Endpoint(REMOTE, origin, True, True, f"{tls}/ca.pem", f"{tls}/cert.pem", f"{tls}/key.pem")


def test_context_that_does_not_verify(tmp_path: Path) -> None:
    settings_with(tmp_path, "lax", {"Host": "tcp://h.example", "SkipTLSVerify": True}, current=True)
    found = docker_endpoint({"DOCKER_CONFIG": str(tmp_path)})
    assert (found.host, found.tls, found.verify) == ("tcp://h.example:2376", True, False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('{"currentContext": "gone"}', "names the context 'gone', which does not exist"),
        ('{"currentContext": "../../etc"}', "malformed name"),
        ('{"currentContext": ', "malformed JSON"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_broken_settings(tmp_path: Path, settings: str, said: str) -> None:
    (tmp_path / "config.json").write_text(settings)
    with pytest.raises(SourceError) as caught:
        docker_endpoint({"DOCKER_CONFIG": str(tmp_path)})
    assert said in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("endpoint", [{}, None, {"Host": 7}, []])
def test_context_without_an_address(tmp_path: Path, endpoint: object) -> None:
    settings_with(tmp_path, "odd", endpoint, current=True)
    with pytest.raises(SourceError, match="context 'odd' has no address"):
        docker_endpoint({"DOCKER_CONFIG": str(tmp_path)})


def test_settings_of_the_wrong_type_count_as_none(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('["x"]')
    (tmp_path / "docker.sock").write_text("")
    assert docker_endpoint({"DOCKER_CONFIG": str(tmp_path)}).origin == "the usual socket"


def test_tls_from_the_environment(tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": "h.example", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    with pytest.raises(SourceError, match="no certificate authority"):
        docker_endpoint(environment)
    (tmp_path / "ca.pem").write_text("")
    assert docker_endpoint(environment) == Endpoint(
        "tcp://h.example:2376", "DOCKER_HOST", True, True, str(tmp_path / "ca.pem")
    )
    (tmp_path / "key.pem").write_text("")
    with pytest.raises(SourceError, match="only one is there"):
        docker_endpoint(environment)
    (tmp_path / "cert.pem").write_text("")
    found = docker_endpoint({**environment, "DOCKER_TLS_VERIFY": "", "DOCKER_TLS": "1"})
    assert (found.tls, found.verify, found.certificate) == (True, False, str(tmp_path / "cert.pem"))


def test_sockets_have_no_tls(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    environment = {"DOCKER_HOST": "unix:///x", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    assert not docker_endpoint(environment).tls


def test_rootless_socket_where_there_is_no_other(tmp_path: Path) -> None:
    own = tmp_path / "run"
    own.mkdir()
    with pytest.raises(SourceError, match="no container engine is running here") as caught:
        docker_endpoint({"XDG_RUNTIME_DIR": str(own)})
    assert f"{tmp_path}/docker.sock, {own}/docker.sock" in str(caught.value)
    (own / "docker.sock").write_text("")
    assert docker_endpoint({"XDG_RUNTIME_DIR": str(own)}).socket == f"{own}/docker.sock"


def test_podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "_user", lambda: 1000)
    assert podman_endpoint({"CONTAINER_HOST": "unix:///p.sock"}) == Endpoint("unix:///p.sock", "CONTAINER_HOST")
    with pytest.raises(SourceError, match="ssh HOST podman save IMAGE"):
        podman_endpoint({"CONTAINER_HOST": "ssh://me@h.example/run/podman.sock"})
    environment = {"XDG_RUNTIME_DIR": str(tmp_path / "run")}
    with pytest.raises(SourceError, match=r"no socket at .*podman\.socket"):
        podman_endpoint(environment)
    (tmp_path / "podman.sock").write_text("")
    assert podman_endpoint(environment).socket == str(tmp_path / "podman.sock")
    own = tmp_path / "run" / "podman"
    own.mkdir(parents=True)
    (own / "podman.sock").write_text("")
    assert podman_endpoint(environment).socket == str(own / "podman.sock")
    monkeypatch.setattr(contexts, "_user", lambda: 0)
    assert podman_endpoint(environment).socket == str(tmp_path / "podman.sock")


def test_what_is_shown_of_an_address() -> None:
    assert contexts.shown("ssh://me:pw@h.example:22/x") == "ssh://h.example:22"
    assert contexts.shown("unix:///run/x.sock") == "unix:///run/x.sock"
    assert contexts.shown("tcp://[::1") == "the address"
