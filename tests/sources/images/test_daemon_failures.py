"""Engines that are not there, are something else or break off: each failure as a sentence, without secrets."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import threading
from pathlib import Path

import pytest

from auditor.sources.images import daemon
from auditor.sources.images.exported import ExportSource
from auditor.sources.images.model import PassingSource, Problem, SourceError
from tests.sources.images.daemon_case import CONFIG_BYTES, HISTORY, LAYERS, RECORD, failing, layers_of, opened
from tests.sources.images.daemon_case import address as address
from tests.sources.images.daemon_case import engine as engine
from tests.sources.images.daemon_case import sockets as sockets
from tests.sources.images.engines import (
    VERSIONED,
    FakeEngine,
    chunks,
    document,
    ping,
    plain,
    refuse,
    saved,
    silent,
)
from tests.sources.images.stores import digest


@pytest.mark.usefixtures("address")
def test_connection_that_breaks_off_during_the_export(engine: FakeEngine) -> None:
    export = saved(CONFIG_BYTES, LAYERS)
    engine.answers[f"{VERSIONED}/images/app:1/get"] = chunks(export[: len(export) - 12_000], cut=True)
    with opened() as source:
        assert isinstance(source, PassingSource)
        passing = source.passing()
        assert next(passing)[1].read() == LAYERS[0]
        _, cut = next(passing)
        with pytest.raises(SourceError, match="truncated"):
            cut.read()
        assert list(passing) == []
        left, image = source.images()
    assert [layer.diff_id for layer in image.layers] == [digest(layer) for layer in LAYERS]
    assert image.problems == [Problem("export", "the engine did not export it whole")]
    assert any("broke off the connection" in problem.message for problem in left.problems)


@pytest.mark.usefixtures("address")
def test_export_that_the_engine_refuses(engine: FakeEngine) -> None:
    engine.answers[f"{VERSIONED}/images/app:1/get"] = refuse(500, "disk full\x1b[0m")
    with opened() as source:
        assert isinstance(source, PassingSource)
        with pytest.raises(SourceError, match=r"refuses: disk full \[0m \(status 500\)"):
            list(source.passing())
        assert len(source.images()) == 1


@pytest.mark.usefixtures("address")
def test_image_that_is_not_there() -> None:
    said = failing(target="docker:reg.example/gone:2")
    assert "has no image reg.example/gone:2" in said
    assert "docker pull reg.example/gone:2" in said
    assert "registry:reg.example/gone:2" in said
    assert "registry:" not in failing(target="docker:gone:2")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ping("1.12"), "too old: it speaks version 1.12 of its API, needed is 1.24"),
        (ping("one"), "is no container engine"),
        (plain(b"<html>", status=302, headers={"Location": "http://other.example"}), "(status 302)"),
        (refuse(403, "not you"), "refuses: not you (status 403)"),
        (plain(b"\xff" * 100, status=500), "refuses: no reason given (status 500)"),
        (lambda handler: handler.wfile.write(b"SSH-2.0-x\r\n\r\n"), "broke off the connection"),
        (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), "broke off the connection"),
    ],
)
@pytest.mark.usefixtures("address")
def test_what_answers_is_no_engine_or_another(engine: FakeEngine, answer: object, said: str) -> None:
    engine.answers["/_ping"] = answer  # type: ignore[assignment]
    engine.answers["/version"] = plain(b"<html>")
    message = failing()
    assert said in message
    assert "e.sock" in message


@pytest.mark.usefixtures("address")
def test_engine_that_tells_its_version_elsewhere(engine: FakeEngine) -> None:
    engine.answers["/_ping"] = ping("")
    engine.answers["/version"] = document({"ApiVersion": "1.41"})
    opened().close()


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"7", b'{"Id": 7, "RootFS": {"Layers": 7}}', b"{}"])
@pytest.mark.usefixtures("address")
def test_odd_answers_about_an_image(engine: FakeEngine, data: bytes) -> None:
    engine.answers[f"{VERSIONED}/images/app:1/json"] = plain(data)
    engine.answers[f"{VERSIONED}/images/app:1/history"] = plain(data or b"null")
    try:
        with opened() as source:
            assert isinstance(source, ExportSource)
            assert source.described()[0].layers == []
    except SourceError as error:
        assert "is no container engine" in str(error)


@pytest.mark.usefixtures("address")
def test_size_that_cannot_be(engine: FakeEngine) -> None:
    engine.add({**RECORD, "Size": (1 << 63) - 1}, HISTORY, saved(CONFIG_BYTES, LAYERS), "app:1")
    with opened() as source:
        assert len(layers_of(source)[1]) == 2


@pytest.mark.usefixtures("address")
def test_answer_that_is_too_long(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "LARGEST_DOCUMENT", 50)
    assert "answers with more than 50 bytes" in failing()


@pytest.mark.usefixtures("address")
def test_engine_that_does_not_answer(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()
    monkeypatch.setattr(daemon, "_PATIENCE", 0.2)
    engine.answers["/_ping"] = silent(end)
    assert "gave no answer for 0.2 seconds" in failing()
    end.set()


def test_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert "none.sock (DOCKER_HOST) is not running: there is no such socket" in failing()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/left.sock")
    assert "is not running: nobody listens there" in failing()
    monkeypatch.setenv("DOCKER_HOST", "npipe:////./pipe/x")
    assert "cannot be reached" in failing()
    monkeypatch.setattr(socket.socket, "connect", lambda *_: (_ for _ in ()).throw(PermissionError(13, "denied")))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/left.sock")
    assert "permission denied (use sudo, or an account" in failing()


def test_ssh_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("docker")
    monkeypatch.setattr("docker.api.client.SSHHTTPAdapter", None, raising=False)
    monkeypatch.delattr("docker.api.client.SSHHTTPAdapter")
    monkeypatch.setattr("auditor.sources.images.answers.find_spec", lambda name: None)
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@h.example")
    said = failing()
    assert "ssh needs the Python package paramiko" in said
    assert "me@" not in said


def test_malformed_settings_of_the_docker_command(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"proxies": ["x"], "auths": 7}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with engine.at(tmp_path / "e.sock") as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        assert "cannot be reached" in failing()


def test_passwords_of_netrc_are_not_sent(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(os.environ["HOME"])
    (home / ".netrc").write_text("machine 127.0.0.1 login me password pw\n")
    (home / ".netrc").chmod(0o600)
    with engine.listening() as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        opened().close()
    assert not any("Authorization" in headers for headers in engine.headers)


def test_engine_without_tls_that_is_asked_for_it(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.listening() as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        monkeypatch.setenv("DOCKER_TLS", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
        assert "cannot be talked to over TLS" in failing()
        for name in ("cert.pem", "key.pem"):
            (tmp_path / name).write_text("no certificate")
        assert "TLS" in failing()


def test_certificate_is_checked_unless_the_context_says_no(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    with engine.listening(context) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        monkeypatch.setenv("DOCKER_TLS", "1")
        opened().close()
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        (tmp_path / "ca.pem").write_bytes(certificate[0].read_bytes())
        opened().close()
        (tmp_path / "ca.pem").write_bytes(Path(ssl.get_default_verify_paths().openssl_cafile).read_bytes())
        assert "has a certificate that is not trusted" in failing()


def test_engine_that_knows_its_clients(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate[0])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with engine.listening(context) as address:
        number = hashlib.sha256(b"far").hexdigest()
        folder = tmp_path / "contexts" / "tls" / number / "docker"
        folder.mkdir(parents=True)
        (folder / "ca.pem").write_bytes(certificate[0].read_bytes())
        meta = tmp_path / "contexts" / "meta" / number / "meta.json"
        meta.parent.mkdir(parents=True)
        meta.write_text(json.dumps({"Endpoints": {"docker": {"Host": address}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        monkeypatch.setenv("DOCKER_CONTEXT", "far")
        assert "context 'far'" in failing()
        for name, content in zip(("cert.pem", "key.pem"), certificate, strict=True):
            (folder / name).write_bytes(content.read_bytes())
        opened().close()


@pytest.mark.usefixtures("address")
def test_proxies_are_not_for_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:1")
    opened().close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of this machine's address that signs itself, and its key."""
    import shutil
    import subprocess

    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    made = tmp_path / "own.pem", tmp_path / "own.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=engine", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-out", made[0], "-keyout", made[1]], check=True, capture_output=True)
    return made
