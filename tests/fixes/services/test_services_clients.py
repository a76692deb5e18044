"""The configuration of Keeper's client becomes a file, where `ksm` starts the service."""

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
