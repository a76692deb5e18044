"""The credential of a secret manager's client becomes a file, where the client starts the service and reads one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.fixes.services.composing import fixed

CONFIG = base64.b64encode(
    json.dumps({"hostname": "keeper.example", "clientId": "Cr7e", "privateKey": "MIGH", "appKey": "1O9c"}).encode()
).decode()
END = "secrets:\n  keeper.ini:\n    file: ./secrets/keeper.ini\n"
OWN = "    secrets:\n      - keeper.ini\n"


def service(start: str, environment: str = f"KSM_CONFIG: {CONFIG}") -> str:
    return f"services:\n  db:\n    image: mysql:8.4\n{start}    environment:\n      {environment}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("entrypoint: [/cli/glibc/ksm, exec, run.sh]", 'entrypoint: [/cli/glibc/ksm, exec, "--", run.sh]'),
        (
            'entrypoint: ["ksm", "exec"]\n    command: ["mysqld"]',
            'entrypoint: ["ksm", "exec", "--"]\n    command: ["mysqld"]',
        ),
        ("entrypoint: [ksm, exec, --inline, a]", 'entrypoint: [ksm, exec, --inline, "--", a]'),
        ('entrypoint: [ksm, exec, "--", a]', 'entrypoint: [ksm, exec, "--", a]'),
        ("command: [ksm, exec, a]", 'command: [ksm, exec, "--", a]'),
        ("command: ksm exec -- a", "command: ksm exec -- a"),
        (
            "entrypoint:\n      - ksm\n      - exec\n      - a",
            'entrypoint:\n      - ksm\n      - exec\n      - "--"\n      - a',
        ),
    ],
)
def test_a_file_in_its_place(tmp_path: Path, before: str, after: str) -> None:
    found = fixed(tmp_path, service(f"    {before}\n"))
    assert found.text == service(f"    {after}\n", "KSM_INI_DIR: /run/secrets") + OWN + END
    assert found.left == []
    assert fixed(tmp_path, found.text, unsafe=True).rewrite.changes == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (service("    command: [run.sh]\n"), "nothing shows that ksm starts db"),
        (service(""), "nothing shows that ksm starts db"),
        (service("    command: ksm exec a\n"), "write the words as a list"),
        (
            service("    command: [ksm, exec, a]\n", f"KSM_CONFIG: {CONFIG}\n      KSM_INI_DIR: /x"),
            "sets KSM_INI_DIR as well",
        ),
        (service("    command: [ksm, exec, a]\n    extends: {service: x}\n"), "`extends`"),
        (
            service("    command: [ksm, exec, a]\n") + "secrets: {keeper.ini: {file: x}}\n",
            "a secret keeper.ini already",
        ),
    ],
)
def test_where_it_cannot_be_seen_it_comes_from_outside(tmp_path: Path, text: str, reason: str) -> None:
    found = fixed(tmp_path, text)
    assert found.text == text and reason in found.left[0]
    assert fixed(tmp_path, text, unsafe=True).text == text.replace(CONFIG, "${KSM_CONFIG:?}")


def test_services_that_share_it(tmp_path: Path) -> None:
    text = (
        f"x-ksm: &ksm\n  KSM_CONFIG: {CONFIG}\nservices:\n"
        "  a:\n    entrypoint: [ksm, exec, a]\n    environment: *ksm\n"
        "  b:\n    entrypoint: [ksm, exec, b]\n    environment: *ksm\n"
    )
    after = fixed(tmp_path, text).text
    assert after == (
        "x-ksm: &ksm\n  KSM_INI_DIR: /run/secrets\nservices:\n"
        f'  a:\n    entrypoint: [ksm, exec, "--", a]\n    environment: *ksm\n{OWN}'
        f'  b:\n    entrypoint: [ksm, exec, "--", b]\n    environment: *ksm\n{OWN}{END}'
    )


AGE = "AGE-SECRET-" + "KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS4UH2NF"
VAULT = "hv" + "s.CAESIJ7kQ2mXzR9tLb4nwK7vQ2mXzR9tLb4nwK7vQ2mXzR9t"
BUILT = "services:\n  app:\n    build: .\n    environment:\n      {}\n"
WITH_FILE = [
    ("VAULT_TOKEN", VAULT, "entrypoint: [/bin/vault-env, app]"),
    ("VAULT_TOKEN", VAULT, "command: secret-init app --port 80"),
    ("SOPS_AGE_KEY", AGE, 'command: ["sops", "--verbose", "exec-env", "/etc/secrets.enc.yaml", "app"]'),
]


@pytest.mark.parametrize(("name", "value", "start"), WITH_FILE)
def test_clients_that_are_given_the_path_of_a_file(tmp_path: Path, name: str, value: str, start: str) -> None:
    found = fixed(tmp_path, service(f"    {start}\n", f"{name}: {value}"))
    given = name.lower()
    own = f"    secrets:\n      - {given}\nsecrets:\n  {given}:\n    file: ./secrets/{given}\n"
    assert found.text == service(f"    {start}\n", f"{name}_FILE: /run/secrets/{given}") + own
    assert found.left == []
    assert any(f"secrets/{given} with the value of {name}, no line break" in note for note in found.rewrite.notes)
    assert fixed(tmp_path, found.text, unsafe=True).rewrite.changes == []


@pytest.mark.parametrize(
    ("name", "value", "start", "reason"),
    [
        ("VAULT_TOKEN", VAULT, "command: [envconsul, app]", "reads VAULT_TOKEN from a file"),
        ("VAULT_TOKEN", VAULT, "command: [app]", "reads VAULT_TOKEN from a file"),
        ("VAULT_TOKEN", VAULT, 'command: [sh, -c, "vault-env app"]', "reads VAULT_TOKEN from a file"),
        ("SOPS_AGE_KEY", AGE, "command: [sops, exec-file, a, app]", "reads SOPS_AGE_KEY from a file"),
        (
            "VAULT_TOKEN",
            VAULT,
            "healthcheck: {test: 'x $$VAULT_TOKEN'}\n    command: [vault-env, a]",
            "names VAULT_TOKEN",
        ),
        ("VAULT_TOKEN", VAULT, "command: [vault-env, a]\n    env_file: x.env", "an env_file of db"),
        ("BWS_ACCESS_TOKEN", VAULT, "command: [bws, run, --, a]", "reads BWS_ACCESS_TOKEN from a file"),
    ],
)
def test_all_others_get_it_from_outside(tmp_path: Path, name: str, value: str, start: str, reason: str) -> None:
    text = service(f"    {start}\n", f"{name}: {value}")
    found = fixed(tmp_path, text)
    assert found.text == text and reason in found.left[0]


def test_one_client_for_all_services_that_share_it(tmp_path: Path) -> None:
    text = (
        f"x-v: &v\n  VAULT_TOKEN: {VAULT}\nservices:\n"
        "  a:\n    entrypoint: [vault-env, a]\n    environment: *v\n"
        "  b:\n    entrypoint: [{}, b]\n    environment: *v\n"
    )
    both = fixed(tmp_path, text.replace("{}", "vault-env")).text
    assert both.count("VAULT_TOKEN_FILE") == 1 and both.count("      - vault_token\n") == 2
    for other in ("secret-init", "app"):
        mixed = text.replace("{}", other)
        found = fixed(tmp_path, mixed)
        assert found.text == mixed and "nothing shows that vault-env starts b" in found.left[0]


@pytest.mark.parametrize(
    ("entrypoint", "name", "value", "becomes"),
    [
        ('["vault-env", "app"]', "VAULT_TOKEN", VAULT, "VAULT_TOKEN_FILE: /run/secrets/vault_token"),
        ('["ksm", "exec", "--", "app"]', "KSM_CONFIG", CONFIG, "KSM_INI_DIR: /run/secrets"),
        ('["ksm", "exec", "app"]', "KSM_CONFIG", CONFIG, ""),
        ('["app"]', "VAULT_TOKEN", VAULT, ""),
    ],
)
def test_a_client_that_the_dockerfile_starts(
    tmp_path: Path, entrypoint: str, name: str, value: str, becomes: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM alpine\nENTRYPOINT {entrypoint}\n")
    text = BUILT.format(f"{name}: {value}")
    after = fixed(tmp_path, text).text
    assert after.startswith(BUILT.format(becomes)) if becomes else after == text
