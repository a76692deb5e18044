"""Secrets in command lines and contents of a compose file: what counts is what CMD in a Dockerfile would."""

from __future__ import annotations

import pytest

from auditor.flow.services import ComposeFacts
from auditor.lang.compose.services import read_compose

V = "Rk5wV9" + "xQm3Zt7Lp"


def said(text: str) -> list[tuple[str, str]]:
    """Kind and text of every secret."""
    facts = ComposeFacts("compose.yml", read_compose(text))
    return [(one.kind, text[slice(*one.literal.span)]) for one in facts.spoken]


def service(rest: str) -> str:
    return f"services:\n  s:\n    {rest}\n"


@pytest.mark.parametrize(
    "command",
    [
        f"redis-server --requirepass {V}",
        f"'redis-server --requirepass {V}'",
        f'"redis-server --requirepass {V}"',
        f"['redis-server', '--requirepass', '{V}']",
        f"[redis-server, --requirepass={V}]",
        f"sh -c 'redis-server --requirepass {V}'",
        f"[sh, -c, 'exec redis-server --requirepass {V}']",
        f"[gosu, redis, redis-server, --requirepass, {V}]",
        f"redis-server --requirepass ${{PW:-{V}}}",
        f"[redis-server, --requirepass, '${{PW:-{V}}}']",
        f">\n      redis-server\n      --requirepass {V}",
        f"|\n      redis-server\n      --requirepass {V}",
        f"|\n      sh -c '\n        true\n        redis-server --requirepass {V}\n      '",
        f"\n      - redis-server\n      - --requirepass\n      - {V}",
    ],
)
def test_commands(command: str) -> None:
    assert said(service(f"command: {command}")) == [("command", V)]
    assert said(service(f"entrypoint: {command}")) == [("entrypoint", V)]


@pytest.mark.parametrize(
    "command",
    [
        "redis-server --requirepass $PW",
        "redis-server --requirepass ${PW:?}",
        "redis-server --requirepass $$PW",
        "[redis-server, --requirepass, '$$PW']",
        "[sh, -c, 'redis-server --requirepass \"$$(cat /run/secrets/pw)\"']",
        "redis-server --requirepass /run/secrets/pw",
        "[serve, --token-file, /run/secrets/token]",
        "server --password-policy strict --token-ttl 60",
        "['true']",
        "[]",
        "''",
    ],
)
def test_commands_without_secrets(command: str) -> None:
    assert said(service(f"command: {command}")) == []


def test_a_command_belongs_to_the_entrypoint_before_it() -> None:
    text = service(f"entrypoint: [sh, -c]\n    command: ['mysqladmin -p{V} ping']")
    assert said(text) == [("command", V)]
    for command in (f"--requirepass {V}", f"['--requirepass', '{V}']"):
        assert said(service(f"command: {command}")) == [("command", V)]
        assert said(service(f"image: redis:7\n    command: {command}")) == [("command", V)]
    text = service(f"entrypoint: mysqladmin\n    command: [-p{V}, ping]")
    assert said(text) == [("command", V)]
    text = service(f"entrypoint: [mysqladmin, -p{V}]\n    command: [--verbose, ping]")
    assert said(text) == [("entrypoint", V)]


@pytest.mark.parametrize(
    "test",
    [
        f"mysqladmin ping -uroot -p{V}",
        f"[CMD, mysqladmin, ping, -p{V}]",
        f"[CMD-SHELL, 'mysqladmin ping -p{V} || exit 1']",
        f"[CMD-SHELL, 'curl -fs http://u:{V}@localhost/ping']",
        f"|\n        true\n        mysqladmin ping -p{V}",
    ],
)
def test_health_checks(test: str) -> None:
    [(kind, text)] = said(service(f"healthcheck:\n      test: {test}"))
    assert kind == "healthcheck" and text.endswith(V)


@pytest.mark.parametrize("test", ["NONE", "[NONE]", "[CMD]", "[CMD-SHELL]", "[CMD, mysqladmin, -p$$PW]", "exit 0"])
def test_health_checks_without_secrets(test: str) -> None:
    assert said(service(f"healthcheck:\n      test: {test}")) == []


def test_a_value_with_escapes_has_the_place_of_its_word() -> None:
    text = service('command: [redis-server, --requirepass, "Rk5\\x77V9' + 'xQm3Zt7Lp"]')
    assert said(text) == [("command", "Rk5\\x77V9" + "xQm3Zt7Lp")]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (f"|\n      password = {V}\n      host = x", [V]),
        (f"'token: {V}'", [V]),
        (f"|\n      url: postgres://app:{V}@db/x", [f"app:{V}"]),
        ("|\n      password = ${PW}", []),
        ("|\n      password_file = /run/secrets/x", []),
        ("plain text", []),
        ("''", []),
    ],
)
def test_contents_of_configs(content: str, found: list[str]) -> None:
    assert [text for _kind, text in said(f"configs:\n  c:\n    content: {content}\n")] == found


@pytest.mark.parametrize(
    ("content", "found"),
    [("hunter2", ["hunter2"]), (f"'{V}'", [V]), ("|\n      hunter2", ["hunter2"]), ("${PW}", []), ("''", [])],
)
def test_contents_of_secrets_are_secrets(content: str, found: list[str]) -> None:
    assert [text for _kind, text in said(f"secrets:\n  c:\n    content: {content}\n")] == found
