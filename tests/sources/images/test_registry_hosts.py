from __future__ import annotations

import base64
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auditor.sources.images.distribution import host
from auditor.sources.images.distribution.connection import proxy_headers, proxy_of
from auditor.sources.images.distribution.host import Address, Policy, address_of, insecure_registries, tls_context
from auditor.sources.images.model import SourceError
from auditor.sources.images.registry import RegistrySource, open_registry
from auditor.sources.images.target import parse_target
from tests.sources.images.fake_registry import QUICK, Asked, FakeRegistry, Handler, loopback, registries
from tests.sources.images.fake_registry import registry as registry

__all__ = ["loopback", "registries"]
HOST = "images.example"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://images.example", ("https", "images.example", 443)),
        ("http://Images.Example:80/x?y#z", ("http", "images.example", 80)),
        ("https://[2001:db8::1]:5000/", ("https", "2001:db8::1", 5000)),
        ("https://u:p@images.example/", ("https", "images.example", 443)),
        ("https://[::1%eth0]/", None),
        ("https://images.example:0/", None),
        ("https://images.example:65536/", None),
        ("https://-images.example/", None),
        ("https://" + "a" * 64 + ".example/", None),
        ("https://im\u00e4ges.example/", None),
        ("https:///x", None),
        ("//images.example/", None),
        ("images.example", None),
    ],
)
def test_addresses(url: str, expected: tuple[str, str, int] | None) -> None:
    assert address_of(url) == (expected and Address(*expected))


@pytest.mark.parametrize(
    ("domain", "schemes"),
    [
        ("images.example", ["https"]),
        ("images.example:5000", ["https"]),
        ("localhost", ["https", "http"]),
        ("localhost:5000", ["https", "http"]),
        ("127.9.9.9:5000", ["https", "http"]),
        ("[::1]:5000", ["https", "http"]),
        ("10.0.0.1", ["https"]),
        ("localhost.example", ["https"]),
        ("127.0.0.1.example", ["https"]),
        ("plain.example", ["https", "http"]),
        ("plain.example:5000", ["https", "http"]),
        ("port.example:5000", ["https", "http"]),
        ("port.example", ["https"]),
        ("port.example:50", ["https"]),
    ],
)
def test_what_may_be_plain(domain: str, schemes: list[str]) -> None:
    policy = Policy(["Plain.example", " port.example:5000 ", ""])
    assert [address.scheme for address in policy.choices(domain)] == schemes


@pytest.mark.parametrize("domain", ["", "a b", "a@b.example", "a/b", "a?b", "a#b", "im\u00e4ges.example", "a..example"])
def test_what_is_no_host(domain: str) -> None:
    with pytest.raises(SourceError, match="not the host of a registry"):
        Policy().choices(domain)


def test_insecure_registries_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert insecure_registries() == []
    monkeypatch.setenv("AUDIT_INSECURE_REGISTRIES", "a.example, b.example:5000,,")
    assert Policy(insecure_registries()).is_open(Address("http", "b.example", 5000))
    assert not Policy(insecure_registries()).is_open(Address("http", "b.example", 5001))


class Certificate(NamedTuple):
    certificate: str
    key: str


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A self-signed certificate for images.example, made for this run."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    made = Certificate(str(folder / "own.crt"), str(folder / "own.key"))
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command = [program, "req", "-x509", *options, "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run([*command, "-out", made.certificate, "-keyout", made.key], check=True, capture_output=True)
    return made


@pytest.fixture
def named(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The registry under a name that is not this machine's; nothing is trusted but what the test says."""
    local = socket.getaddrinfo

    def lookup(name: Any, *rest: Any, **more: Any) -> Any:
        return local("127.0.0.1" if name == HOST else name, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(host, "_FOLDERS", ())
    tls_context.cache_clear()
    yield f"{HOST}:{registry.domain.partition(':')[2]}"
    tls_context.cache_clear()


def source(domain: str, *insecure: str) -> RegistrySource:
    return open_registry(parse_target(f"registry:{domain}/team/app:1"), insecure=insecure, limits=QUICK)


def failure(domain: str, *insecure: str) -> str:
    with source(domain, *insecure) as own, pytest.raises(SourceError) as caught:
        own.images()
    return str(caught.value)


def test_without_tls_is_refused(named: str, registry: FakeRegistry) -> None:
    assert f"{named}: wrong version number" in failure(named) or registry.asked
    assert registry.asked == []


def test_without_tls_where_it_is_allowed(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with source(named, named) as own:
        assert own.images()
    monkeypatch.setenv("AUDIT_INSECURE_REGISTRIES", HOST)
    with source(named) as own:
        assert own.images()


def test_an_unknown_certificate_is_refused(named: str, registry: FakeRegistry, certificate: Certificate) -> None:
    registry.secure(*certificate)
    assert "its certificate is not trusted: self" in failure(named)
    assert registry.asked == []


def test_a_certificate_for_another_name_is_refused(
    named: str, registry: FakeRegistry, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.secure(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", certificate.certificate)
    monkeypatch.setattr(host, "is_loopback", lambda _: False)
    assert "is not valid for" in failure(registry.domain)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_of_the_environment(
    named: str, registry: FakeRegistry, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    registry.secure(*certificate)
    monkeypatch.setenv(variable, certificate.certificate)
    with source(named) as own:
        assert own.images()


def test_certificates_of_one_registry(
    named: str, registry: FakeRegistry, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registry.secure(*certificate)
    monkeypatch.setattr(host, "_FOLDERS", (str(tmp_path),))
    (tmp_path / named).mkdir()
    shutil.copy(certificate.certificate, tmp_path / named / "ca.crt")
    shutil.copy(certificate.certificate, tmp_path / named / "client.cert")
    shutil.copy(certificate.key, tmp_path / named / "client.key")
    with source(named) as own:
        assert own.images()


def test_an_unknown_certificate_where_it_is_allowed(
    named: str, registry: FakeRegistry, certificate: Certificate
) -> None:
    registry.secure(*certificate)
    for domain in (named, registry.domain):
        with source(domain, named) as own:
            assert own.images()


@pytest.mark.parametrize("content", [None, "rubbish"])
def test_unusable_certificates_are_told(
    named: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert "SSL_CERT_FILE: no certificates can be read there" in failure(named)


def test_tls_is_not_given_up_by_a_redirect(
    named: str, registry: FakeRegistry, certificate: Certificate, registries: Callable[[], FakeRegistry]
) -> None:
    plain = registries()
    registry.secure(*certificate)
    registry.tricks.append(
        lambda handler, asked: (
            asked.path.endswith("/1") and (handler.reply(307, b"", {"Location": f"http://{plain.domain}/x"}) or True)
        )
    )
    assert f"it redirects to {plain.domain} without TLS" in failure(named, named)
    assert plain.asked == []


def test_a_proxy_forwards_plain_requests(
    named: str, registry: FakeRegistry, registries: Callable[[], FakeRegistry], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = registries()

    def forward(handler: Handler, asked: Asked) -> bool:
        kind, data = registry.things.get(asked.path.partition(named)[2], ("text/plain", b""))
        handler.reply(200 if data else 404, data, {"Content-Type": kind})
        return True

    proxy.tricks.append(forward)
    monkeypatch.setenv("http_proxy", f"http://bob:s%40me@{proxy.domain}")
    with source(named, named) as own:
        assert own.images()
    expected = "Basic " + base64.b64encode(b"bob:s@me").decode()
    assert proxy.asked and all(asked.path.startswith(f"http://{named}/v2/") for asked in proxy.asked)
    assert all(asked.headers["proxy-authorization"] == expected for asked in proxy.asked)
    assert registry.asked == []


def test_a_proxy_that_refuses(
    named: str, registries: Callable[[], FakeRegistry], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = registries()
    monkeypatch.setenv("https_proxy", f"http://bob:{'some' + 'Word'}@{proxy.domain}")
    # The proxy does not know CONNECT.
    message = failure(named)
    assert "the proxy refuses with HTTP status 501" in message and "someWord" not in message


@pytest.mark.parametrize("proxy", ["socks5://proxy.example:1080", "https://proxy.example", "http://", "http://a b"])
def test_other_proxies_are_told(named: str, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    assert "not one for HTTP" in failure(named)


@pytest.mark.parametrize(
    ("excepted", "proxied"),
    [
        ("", True),
        ("other.example", True),
        ("images.example", False),
        ("IMAGES.example", False),
        (".example", False),
        ("*.example", False),
        ("example", False),
        ("mages.example", True),
        ("images.example:5000", False),
        ("images.example:5001", True),
        ("other.example, *", False),
        ("10.0.0.0/8", True),
    ],
)
def test_what_goes_without_proxy(monkeypatch: pytest.MonkeyPatch, loopback: None, excepted: str, proxied: bool) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", excepted)
    address = Address("https", HOST, 5000)
    assert proxy_of(address) == ("http://proxy.example:3128" if proxied else "")
    assert proxy_of(Address("http", HOST, 80)) == "" and proxy_headers(address) == {}
    assert proxy_of(Address("https", "127.0.0.1", 443)) == ""
    assert proxy_of(Address("https", "10.1.2.3", 443)) == (
        "" if excepted in ("10.0.0.0/8", "other.example, *") else "http://proxy.example:3128"
    )
