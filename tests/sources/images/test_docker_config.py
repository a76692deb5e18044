from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path

import pytest

from auditor.sources.images.distribution import keeper
from auditor.sources.images.distribution.docker_config import Credential, credential_for
from auditor.sources.images.distribution.keeper import HelperError, ask_helper

HOST = "images.example:5000"
#: Looks like nothing, and is nothing.
WORD, OTHER = "tango-" + "victor", "oscar-" + "lima"
POSIX = pytest.mark.skipif(os.name == "nt", reason="helpers of the tests are shell scripts")


def pair(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where docker's configuration of this test lies."""
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    path = Path.home() / ".docker" / "config.json"
    path.parent.mkdir(parents=True)
    return path


def found(host: str = HOST, repository: str = "team/app") -> tuple[str, str, str, str] | None:
    own = credential_for(host, repository, [])
    return None if own is None else (own.user, own.password, own.identity, own.bearer)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": pair("bob", WORD)}, ("bob", WORD, "", "")),
        ({"auth": pair("bob", WORD + ":x")}, ("bob", WORD + ":x", "", "")),
        ({"auth": pair("bob", WORD + "\0\0")}, ("bob", WORD, "", "")),
        ({"username": "bob", "password": WORD}, ("bob", WORD, "", "")),
        ({"auth": pair("bob", ""), "identitytoken": OTHER}, ("bob", "", OTHER, "")),
        ({"auth": pair("<token>", OTHER)}, ("", "", OTHER, "")),
        ({"registrytoken": OTHER}, ("", "", "", OTHER)),
        ({}, None),
        ({"auth": ""}, None),
        ({"auth": 7}, None),
        ("text", None),
    ],
)
def test_entries(config: Path, entry: object, expected: object) -> None:
    config.write_text(json.dumps({"auths": {HOST: entry}}))
    assert found() == expected


@pytest.mark.parametrize("key", [HOST, f"https://{HOST}/v1/", f"https://{HOST}", f"http://{HOST}/v2/", f"{HOST}/team"])
def test_keys(config: Path, key: str) -> None:
    config.write_text(
        json.dumps({"auths": {"other.example": {"auth": pair("eve", "x")}, key: {"auth": pair("b", WORD)}}})
    )
    assert found() == ("b", WORD, "", "")
    assert found("images.example") is None and found("images.example:50") is None


def test_the_narrowest_key_counts(config: Path) -> None:
    names = [HOST, f"{HOST}/team", f"{HOST}/team/app", f"{HOST}/team/app2"]
    config.write_text(json.dumps({"auths": {name: {"auth": pair(str(n), "x")} for n, name in enumerate(names)}}))
    users = [own[0] for name in ("other", "team/x", "team/app", "team/app/x", "teams") if (own := found(HOST, name))]
    assert users == ["0", "1", "2", "2", "0"]


def test_places(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def write(path: Path, user: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"auths": {HOST: {"auth": pair(user, "x")}}}))

    users = []
    for path, user, variable in [
        (Path(os.environ["XDG_CONFIG_HOME"], "containers", "auth.json"), "lasting", ""),
        (Path(os.environ["XDG_RUNTIME_DIR"], "containers", "auth.json"), "podman", ""),
        (config, "docker", ""),
        (tmp_path / "other" / "config.json", "elsewhere", "DOCKER_CONFIG"),
        (tmp_path / "auth.json", "named", "REGISTRY_AUTH_FILE"),
    ]:
        write(path, user)
        if variable:
            monkeypatch.setenv(variable, str(path if variable == "REGISTRY_AUTH_FILE" else path.parent))
        own = found()
        users.append(own and own[0])
    assert users == ["lasting", "podman", "docker", "elsewhere", "named"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("{", "malformed JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("\xff", ""),
        (json.dumps({"auths": {HOST: {"auth": "!" + WORD}}}), "not base64"),
        (json.dumps({"auths": {HOST: {"auth": base64.b64encode(WORD.encode()).decode()}}}), "not USER:PASSWORD"),
        (json.dumps({"credsStore": "../" + WORD}), "is not allowed"),
    ],
)
def test_unusable_files_are_noted(config: Path, text: str, note: str) -> None:
    config.write_text(text, encoding="latin-1")
    notes: list[str] = []
    assert credential_for(HOST, "team/app", notes) is None
    assert len(notes) == 1 and note in notes[0]
    assert WORD not in notes[0] or "credsStore" in text


@pytest.mark.parametrize("text", ["[]", "7", "{}", '{"auths": []}', '{"auths": {"x": 1}, "credHelpers": 4}'])
def test_odd_files_hold_nothing(config: Path, text: str) -> None:
    config.write_text(text)
    assert found() is None


def test_a_credential_does_not_show_itself() -> None:
    own = Credential("here", "bob", WORD, OTHER, OTHER)
    assert all(secret not in f"{own!r} {own}" for secret in (WORD, OTHER))
    assert own.whose() == "the credentials of 'bob' (here)"
    assert Credential("here", "x" * 40, WORD).whose() == "those in here"
    assert Credential("here", "bo\x1b[1mb", WORD).whose() == "the credentials of 'bo?[1mb' (here)"


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the credential helper `test` lies; it is found before all others."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "docker-credential-test"


def script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@POSIX
def test_a_helper_is_asked_on_its_input(helper: Path, config: Path, tmp_path: Path) -> None:
    script(
        helper, f"""printf '%s %s' "$*" "$(cat)" > {tmp_path}/asked; echo '{{"Username":"bob","Secret":"{WORD}"}}'"""
    )
    config.write_text(json.dumps({"credHelpers": {HOST: "test"}, "auths": {HOST: {"auth": pair("eve", "x")}}}))
    assert found() == ("bob", WORD, "", "")
    assert (tmp_path / "asked").read_text() == f"get {HOST}"
    assert found("other.example") is None


@POSIX
def test_an_identity_token_of_a_helper(helper: Path, config: Path) -> None:
    script(helper, f"""echo '{{"ServerURL":"x","Username":"<token>","Secret":"{OTHER}"}}'""")
    config.write_text(json.dumps({"credsStore": "test"}))
    assert found() == ("", "", OTHER, "")


@POSIX
def test_what_a_helper_does_not_know_may_stand_in_the_file(helper: Path, config: Path) -> None:
    script(helper, "echo credentials not found in native keychain; exit 1")
    config.write_text(json.dumps({"credsStore": "test", "auths": {HOST: {"auth": pair("bob", WORD)}}}))
    notes: list[str] = []
    own = credential_for(HOST, "team/app", notes)
    assert own is not None and own.user == "bob" and notes == []


@POSIX
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (f"echo {WORD}; echo {WORD} >&2; exit 3", "failed with exit code 3"),
        (f"echo {WORD}", "not JSON"),
        ("exec yes", "too long"),
        ("echo '{}'; exec sleep 60", "no answer within"),
        ("sleep 60 & sleep 60", "no answer within"),
    ],
)
def test_helpers_that_fail(helper: Path, body: str, message: str) -> None:
    script(helper, body)
    started = time.monotonic()
    with pytest.raises(HelperError, match=message) as caught:
        ask_helper("test", HOST, 0.5)
    assert WORD not in str(caught.value) and time.monotonic() - started < 10


@POSIX
def test_a_helper_that_leaves_its_output_open_is_not_waited_for(helper: Path) -> None:
    script(helper, "setsid sleep 5 & exit 0")
    started = time.monotonic()
    with pytest.raises(HelperError):
        ask_helper("test", HOST, 0.3)
    assert time.monotonic() - started < 4


def test_a_helper_that_is_not_there() -> None:
    with pytest.raises(HelperError, match="docker-credential-nonesuch: cannot be run"):
        ask_helper("nonesuch", HOST)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "x;y", "x\n", "é", "x" * 101])
def test_names_of_helpers_are_checked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper.subprocess, "Popen", None)
    with pytest.raises(HelperError, match="is not allowed"):
        ask_helper(name, HOST)
