"""git with credentials in its URL: it is given them without keeping them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.fixes.fixing import fixed

if TYPE_CHECKING:
    from pathlib import Path

ONE = "tk10" + "-Jn3BtK7qFe2YsRg8VxMw"
FROM = "FROM debian:12\n"
MOUNT = "RUN --mount=type=secret,id={},required=true \\\n    "
PASSWORD = "$(cat /run/secrets/h_example_password)"
GIVEN = f'git -c url."https://ci:{PASSWORD}@h.example/".insteadOf="https://h.example/"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"git clone https://ci:{ONE}@h.example/x.git /x", f"{GIVEN} clone https://h.example/x.git /x"),
        (f'git clone "https://ci:{ONE}@h.example/x.git"', f'{GIVEN} clone "https://h.example/x.git"'),
        (
            f"git clone https://ci:{ONE}@h.example/x.git && cd x && git submodule update --init && git log",
            f"{GIVEN} clone https://h.example/x.git && cd x && {GIVEN} submodule update --init && git log",
        ),
        (
            f"git init . && git remote add o https://ci:{ONE}@h.example/x.git && git fetch o",
            f"git init . && git remote add o https://h.example/x.git && {GIVEN} fetch o",
        ),
    ],
)
def test_literal(before: str, after: str) -> None:
    assert fixed(f"{FROM}RUN {before}\n").text == FROM + MOUNT.format("h_example_password") + after + "\n"


def test_an_equals_sign_would_end_the_setting() -> None:
    value = ONE.replace("Y", "=")
    done = fixed(f"{FROM}RUN git clone https://ci:{value}@h.example/x.git\n")
    assert 'url."https://ci:$(sed s/=/%3D/g /run/secrets/h_example_password)@h.example/"' in done.text


@pytest.mark.parametrize("token", ["${TOKEN}", "$TOKEN"])
def test_build_argument(token: str) -> None:
    done = fixed(f"{FROM}ARG TOKEN\nRUN git clone https://{token}@h.example/x.git /x\n")
    assert done.text == (
        f"{FROM}{MOUNT.format('token')}"
        'export TOKEN="$(cat /run/secrets/token)"; \\\n'
        f'    git -c url."https://$(printf %s "{token}" | sed s/=/%3D/g)@h.example/".insteadOf="https://h.example/"'
        " clone https://h.example/x.git /x\n"
    )


def test_git_gets_a_variable_with_an_equals_sign(tmp_path: Path) -> None:
    """Git ends the name of a setting at the first one."""
    done = fixed(f"{FROM}ARG TOKEN\nRUN git clone https://a=b:${{TOKEN:=x}}@h.example/x.git /x\n")
    command = "git -c url" + done.text.partition("git -c url")[2]
    program = tmp_path / "git"
    program.write_text('#!/bin/sh\necho "$2"\n')
    program.chmod(0o755)
    environment = {"TOKEN": "p=q", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    printed = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, check=True, text=True)
    assert printed.stdout == "url.https://a%3Db:p%3Dq@h.example/.insteadOf=https://h.example/\n"


def test_a_token_in_the_users_place_is_what_goes() -> None:
    done = fixed(f"{FROM}RUN git clone https://{ONE}:x-oauth-basic@h.example/x.git\n")
    assert ONE not in done.text
    assert "https://$(cat /run/secrets/h_example_token):x-oauth-basic@h.example/" in done.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"RUN git clone https://ci:{ONE}@h.example/x.git /x\nRUN cd /x && git pull\n", "a later step lets git use"),
        (
            f'RUN git clone https://ci:{ONE}@h.example/x.git /x\nCMD ["sh", "-c", "git pull; x"]\n',
            "a later step lets git use",
        ),
        (f"RUN sh -c 'git clone https://ci:{ONE}@h.example/x.git /x'\n", "script inside another command"),
        ("RUN pip install -i https://ci:$LATE@h.example/simple x\n", "nothing seen here sets"),
    ],
)
def test_what_stays_has_its_reason(text: str, reason: str) -> None:
    done = fixed(FROM + text)
    assert done.text == FROM + text
    assert any(reason in why for why in done.left.values()), done.left
