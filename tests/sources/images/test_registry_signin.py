from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from auditor.sources.images.distribution import signin
from tests.sources.images.fake_registry import Asked, FakeRegistry, Handler, loopback, registries
from tests.sources.images.fake_registry import registry as registry

__all__ = ["loopback", "registries"]
WORD, REFRESH = "tango-" + "victor", "oscar-" + "lima"
BASIC = "Basic " + base64.b64encode(f"bob:{WORD}".encode()).decode()


def login(domain: str, **entry: str) -> None:
    path = Path.home() / ".docker" / "config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"auths": {domain: entry or {"auth": BASIC.removeprefix("Basic ")}}}))


def guard(registry: FakeRegistry, allowed: str, *offers: str) -> None:
    """Ask everybody to sign in who does not bring this header."""

    def trick(handler: Handler, asked: Asked) -> bool:
        if not asked.path.startswith("/v2/team") or asked.headers.get("authorization") == allowed:
            return False
        handler.send_response(401)
        for offer in offers:
            handler.send_header("WWW-Authenticate", offer)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    registry.tricks.append(trick)


def tokens(server: FakeRegistry, answer: object = None, **more: Any) -> str:
    """Make a server give out tokens; the challenge that leads to it."""
    server.things["/token"] = ("application/json", json.dumps(answer or {"token": "t1", **more}).encode())
    server.tricks.append(
        lambda handler, asked: (
            asked.path.startswith("/token?") and (handler.reply(200, server.things["/token"][1], {}) or True)
        )
    )
    return f'Bearer realm="http://{server.domain}/token",service="images",scope="repository:team/app:pull"'


def failure(registry: FakeRegistry) -> str:
    message = registry.failure()
    assert WORD not in message and REFRESH not in message and BASIC not in message
    return message


def read(registry: FakeRegistry) -> None:
    with registry.source() as source:
        image = source.images()[0]
        with image.open(image.layers[0]) as stream:
            assert stream.read()


def asked_of(server: FakeRegistry, path: str) -> list[Asked]:
    return [asked for asked in server.asked if asked.path.startswith(path)]


def test_basic(registry: FakeRegistry) -> None:
    login(registry.domain)
    guard(registry, BASIC, 'Basic realm="images"')
    read(registry)
    assert [a.headers.get("authorization") for a in asked_of(registry, "/v2/team/app/manifests/1")] == [None, BASIC]
    assert len(registry.paths("/blobs/")) == 2, "one is enough to learn how to sign in"


def test_a_token_without_credentials(registry: FakeRegistry) -> None:
    guard(registry, "Bearer t1", "Negotiate", tokens(registry))
    read(registry)
    (asked,) = asked_of(registry, "/token")
    assert parse_qs(urlsplit(asked.path).query) == {"scope": ["repository:team/app:pull"], "service": ["images"]}
    assert "authorization" not in asked.headers and asked.method == "GET"


def test_a_token_for_credentials(registry: FakeRegistry, registries: Callable[[], FakeRegistry]) -> None:
    service = registries()
    login(registry.domain)
    guard(registry, "Bearer t1", 'Basic realm="x", ' + tokens(service, access_token="t1", token=""))
    read(registry)
    assert [asked.headers["authorization"] for asked in service.asked] == [BASIC]
    assert all(asked.headers.get("authorization") != BASIC for asked in registry.asked)


def test_an_identity_token_is_exchanged(registry: FakeRegistry) -> None:
    login(registry.domain, auth=base64.b64encode(b"bob:").decode(), identitytoken=REFRESH)
    offer = tokens(registry)
    registry.things["/token"] = ("application/json", b'{"access_token": "t2"}')
    guard(registry, "Bearer t2", offer)
    read(registry)
    (asked,) = asked_of(registry, "/token")
    form = parse_qs(asked.body.decode())
    assert asked.method == "POST" and form["grant_type"] == ["refresh_token"] and form["refresh_token"] == [REFRESH]
    assert form["scope"] == ["repository:team/app:pull"] and "authorization" not in asked.headers


def test_a_token_for_the_registry_itself(registry: FakeRegistry) -> None:
    login(registry.domain, registrytoken=REFRESH)
    guard(registry, f"Bearer {REFRESH}", 'Bearer realm="http://nowhere.example/"')
    read(registry)


def test_an_expired_token_is_renewed(registry: FakeRegistry) -> None:
    offer = tokens(registry)
    guard(registry, "Bearer t1", offer)
    with registry.source() as source:
        image = source.images()[0]
        registry.things["/token"] = ("application/json", b'{"token": "t9"}')
        registry.tricks.pop()
        guard(registry, "Bearer t9", offer)
        with image.open(image.layers[0]) as stream:
            assert stream.read()
    assert len(asked_of(registry, "/token")) == 2


def test_a_token_is_renewed_before_it_ends(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    guard(registry, "Bearer t1", tokens(registry, expires_in=1))
    read(registry)
    assert len(asked_of(registry, "/token")) == 1, "it holds for a minute at least"
    monkeypatch.setattr(signin, "_USUAL_LIFE", 0.0)
    read(registry)
    assert len(asked_of(registry, "/token")) > 3


def test_a_token_is_not_sent_to_another_host(registry: FakeRegistry, registries: Callable[[], FakeRegistry]) -> None:
    store = registries()
    login(registry.domain)
    guard(registry, BASIC, 'Basic realm="x"')

    def move(handler: Handler, asked: Asked) -> bool:
        if "/blobs/" not in asked.path:
            return False
        store.things[asked.path] = registry.things[asked.path]
        handler.reply(307, b"", {"Location": f"http://{store.domain}{asked.path}"})
        return True

    registry.tricks.append(move)
    read(registry)
    assert len(store.asked) == 2 and all("authorization" not in asked.headers for asked in store.asked)


def test_a_redirect_within_the_host_keeps_it(registry: FakeRegistry) -> None:
    login(registry.domain)
    guard(registry, BASIC, 'Basic realm="x"')
    registry.things["/v2/team/elsewhere"] = registry.things["/v2/team/app/manifests/1"]
    registry.tricks.append(
        lambda handler, asked: (
            asked.path.endswith("/1") and (handler.reply(301, b"", {"Location": "/v2/team/elsewhere"}) or True)
        )
    )
    read(registry)
    assert asked_of(registry, "/v2/team/elsewhere")[-1].headers["authorization"] == BASIC


def test_denied_without_credentials(registry: FakeRegistry) -> None:
    guard(registry, "never", 'Basic realm="x"')
    message = failure(registry)
    assert "access denied (401)" in message and "without credentials" in message
    assert f"`docker login {registry.domain}`" in message


@pytest.mark.parametrize("bearer", [False, True])
def test_denied_with_credentials(registry: FakeRegistry, bearer: bool) -> None:
    login(registry.domain)
    guard(registry, "never", tokens(registry) if bearer else 'Basic realm="x"')
    message = failure(registry)
    assert "(401)" in message and "credentials of 'bob'" in message and os.path.join("~", ".docker") in message
    assert len(asked_of(registry, "/v2/team/app/manifests/1")) == 2, "a wrong password is not sent again and again"


def test_denied_by_the_token_service(registry: FakeRegistry) -> None:
    login(registry.domain)
    guard(registry, "never", tokens(registry))
    registry.tricks.insert(
        0, lambda h, a: a.path.startswith("/token") and (h.reply(401, b'{"errors":[{"code":"DENIED"}]}', {}) or True)
    )
    message = failure(registry)
    assert "access denied (401 DENIED) with the credentials of 'bob'" in message


def test_forbidden(registry: FakeRegistry) -> None:
    registry.tricks.append(lambda handler, _: handler.reply(403, b'{"errors":[{"code":"DENIED"}]}', {}) or True)
    assert "access denied (403 DENIED)" in failure(registry)


def test_a_broken_configuration_is_mentioned(registry: FakeRegistry) -> None:
    login(registry.domain, auth="!")
    guard(registry, "never", 'Basic realm="x"')
    assert "`auth` is not base64" in failure(registry)


@pytest.mark.parametrize(
    ("offers", "text"),
    [
        (["rubbish"], "not understood"),
        ([], "not understood"),
        (["Bearer"], "not understood"),
        (['Bearer realm="file:///etc/passwd"'], "not a web address"),
        (['Bearer realm="x"'], "not a web address"),
        (['Bearer realm="http://tokens.example/t"'], "does not use TLS"),
        (['Bearer realm="https://nowhere.example/t"'], "not known"),
        (['Bearer realm="http://a\tb.example/"'], "not a web address"),
    ],
)
def test_odd_challenges(registry: FakeRegistry, offers: list[str], text: str) -> None:
    login(registry.domain)
    guard(registry, "never", *offers)
    assert text in failure(registry)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "it gives none"),
        (b"{}", "it gives none"),
        (b'{"token": 7}', "it gives none"),
        (b'{"token": "a\\r\\nX-Other: b"}', "it gives none"),
        ('{"token": "\u00e9"}'.encode(), "it gives none"),
        (b'{"token": "' + b"x" * (2 << 20) + b'"}', "not JSON"),
    ],
)
def test_odd_tokens(registry: FakeRegistry, body: bytes, text: str) -> None:
    guard(registry, "never", tokens(registry))
    registry.things["/token"] = ("application/json", body)
    assert text in failure(registry)


def test_a_redirected_token_request_leaves_the_password_behind(
    registry: FakeRegistry, registries: Callable[[], FakeRegistry]
) -> None:
    thief = registries()
    tokens(thief)
    login(registry.domain)
    guard(registry, "Bearer t1", f'Bearer realm="http://{registry.domain}/token"')
    location = f"http://{thief.domain}/token?x=1"
    registry.tricks.append(
        lambda h, a: a.path.startswith("/token") and (h.reply(307, b"", {"Location": location}) or True)
    )
    read(registry)
    assert thief.asked and all("authorization" not in asked.headers for asked in thief.asked)


@pytest.mark.parametrize("code", [401, 403])
def test_another_host_cannot_ask_to_sign_in(
    registry: FakeRegistry, registries: Callable[[], FakeRegistry], code: int
) -> None:
    thief = registries()
    login(registry.domain)
    offer = {"WWW-Authenticate": tokens(thief)}
    thief.tricks.append(lambda handler, _: handler.reply(code, b"", offer) or True)
    location = {"Location": f"http://{thief.domain}/x"}
    registry.tricks.append(lambda handler, _: handler.reply(307, b"", location) or True)
    message = failure(registry)
    assert f"{thief.domain}: HTTP status {code}" in message and "credentials" not in message
    assert {asked.path for asked in thief.asked} == {"/x"}
