"""Parts of command lines, health checks and driver options that come from outside the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.services.composing import V, W, fixed

USE = "${S_REQUIREPASS:?}"


def service(rest: str) -> str:
    return f"services:\n  s:\n    image: redis:7\n    {rest}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"command: redis-server --requirepass {V}  # why", f"command: redis-server --requirepass {USE}  # why"),
        (f"command: 'redis-server --requirepass {V}'", f"command: 'redis-server --requirepass {USE}'"),
        (f'command: ["--requirepass", "{V}"]', f'command: ["--requirepass", "{USE}"]'),
        (f"command: [--requirepass, {V}]", f'command: [--requirepass, "{USE}"]'),
        (f"command: [--requirepass={V}, -v]", f'command: ["--requirepass={USE}", -v]'),
        (f"command:\n      - --requirepass\n      - {V}", f"command:\n      - --requirepass\n      - {USE}"),
        (
            f"command: |\n      redis-server\n      --requirepass {V}",
            f"command: |\n      redis-server\n      --requirepass {USE}",
        ),
        (f"command: --requirepass ${{P:-{V}}}", "command: --requirepass ${P:?}"),
        (
            f"entrypoint: [sh, -c, 'redis-server --requirepass \"{V}\"']",
            f"entrypoint: [sh, -c, 'redis-server --requirepass \"{USE}\"']",
        ),
        (f"healthcheck: {{test: redis-cli -a {V} ping}}", 'healthcheck: {test: "redis-cli -a ${S_PASSWORD:?} ping"}'),
        (
            f"healthcheck:\n      test: redis-cli -a {V} ping",
            "healthcheck:\n      test: redis-cli -a ${S_PASSWORD:?} ping",
        ),
        (f"command: app --url https://u:{V}@h.example/x", "command: app --url https://u:${S_PASSWORD:?}@h.example/x"),
        (f"logging: {{options: {{splunk-token: {V}}}}}", 'logging: {options: {splunk-token: "${S_SPLUNK_TOKEN:?}"}}'),
    ],
)
def test_only_the_value_changes(tmp_path: Path, before: str, after: str) -> None:
    text = service(before)
    assert fixed(tmp_path, text, unsafe=True).text == service(after)
    assert fixed(tmp_path, text).text == text
    assert fixed(tmp_path, service(after), unsafe=True).text == service(after)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (f'command: ["--requirepass", &p "{V}"]\n    x-p: *p', "by its anchor (line 4)"),
        (f"command: &c [--requirepass, {V}]\n  t:\n    command: *c", "by its anchor (line 4)"),
        ('command: ["--requirepass", "\\x74k37' + 'Wb3LsZ9uKd6YpHq2"]', "written with escapes (line 4)"),
        (f"command: [--requirepass, a$${V}]", "written with escapes (line 4)"),
        (f"command: sh -c 'redis-server --requirepass \"{V};x\"'", "a shell reads in a way of its own"),
        (f"labels: {{a.password: {V}}}", "a label is there to be read"),
        (f"command: [--requirepass, !!str {V}]", "cannot be changed safely (line 4)"),
        (f"command: --requirepass {V}\n    command: --requirepass {V}", "a key stands twice (line 5)"),
    ],
)
def test_what_is_left_says_why(tmp_path: Path, rest: str, reason: str) -> None:
    text = service(rest)
    found = fixed(tmp_path, text, unsafe=True)
    assert found.text == text
    assert found.left and all(reason in one for one in found.left)


def test_one_value_has_one_name_and_two_have_two(tmp_path: Path) -> None:
    text = service(f"command: --requirepass {V} --masterauth {W}\n    healthcheck:\n      test: redis-cli -a {V} ping")
    after = fixed(tmp_path, text, unsafe=True).text
    assert after.count("${S_REQUIREPASS:?}") == 2 and after.count("${S_MASTERAUTH:?}") == 1


def test_a_name_that_the_file_uses_is_not_taken(tmp_path: Path) -> None:
    text = service(f"command: --requirepass {V}\n    environment:\n      A: ${{S_REQUIREPASS}}")
    assert "--requirepass ${S_REQUIREPASS_2:?}" in fixed(tmp_path, text, unsafe=True).text


def test_the_name_of_the_setting_that_has_the_value(tmp_path: Path) -> None:
    text = service(f"command: --requirepass {V}\n    environment:\n      CACHE_PASSWORD: {V}")
    after = fixed(tmp_path, text, unsafe=True).text
    assert after == text.replace(V, "${CACHE_PASSWORD:?}")


def test_many_values_in_one_scalar(tmp_path: Path) -> None:
    text = service("command: >\n" + "".join(f"      --root-password {V}{i}\n" for i in range(30)).rstrip("\n"))
    after = fixed(tmp_path, text, unsafe=True).text
    assert V not in after and after.count("${S_ROOT_PASSWORD") == 30


def test_build_arguments_say_that_they_still_leak(tmp_path: Path) -> None:
    found = fixed(tmp_path, f"services:\n  s:\n    build:\n      args: {{A_TOKEN: {V}}}\n", unsafe=True)
    assert found.text == 'services:\n  s:\n    build:\n      args: {A_TOKEN: "${A_TOKEN:?}"}\n'
    assert any("A_TOKEN is still a build argument" in note for note in found.rewrite.notes)
