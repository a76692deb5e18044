"""What `audit fix` makes of logins, environments, swarm secrets in scripts and CI files; what it refuses, and why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from auditor.core.config import Settings
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions

V = "wK7vQ2mXzR9t" + "Lb4n"


def fixed(folder: Path, name: str, text: str, *, unsafe: bool = False) -> tuple[str, list[str]]:
    """A file's text after the fixes, and the reasons for what stays."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    run = fix(Settings(), [str(path)], FixOptions(unsafe=unsafe))
    assert run.errors == []
    after = next((c.after for r in run.rewrites for c in r.changes), text)
    return after, [left.reason for r in run.rewrites for left in r.left]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("docker login -u ci -p $P r.example", 'printf %s "$P" | docker login -u ci --password-stdin r.example'),
        ("docker login -u ci -p '$P'", None),
        ('docker login -p "$P" -u ci', 'printf %s "$P" | docker login --password-stdin -u ci'),
        ("docker login -u ci -p${P}", 'printf %s "${P}" | docker login -u ci --password-stdin'),
        ('docker login -u ci --password="$P" r', 'printf %s "$P" | docker login -u ci --password-stdin r'),
        (
            "docker login -u AWS -p $(aws ecr get-login-password) r",
            'printf %s "$(aws ecr get-login-password)" | docker login -u AWS --password-stdin r',
        ),
        (
            "if docker login -u a -p $P; then ok; fi",
            'if printf %s "$P" | docker login -u a --password-stdin; then ok; fi',
        ),
        (
            "x && sudo docker login -u a -p $P || y",
            'x && printf %s "$P" | sudo docker login -u a --password-stdin || y',
        ),
        (
            "DOCKER_CONFIG=d docker login -u a -p $P",
            'printf %s "$P" | DOCKER_CONFIG=d docker login -u a --password-stdin',
        ),
        ("(docker login -u a -p $P)", '(printf %s "$P" | docker login -u a --password-stdin)'),
    ],
)
def test_a_login_reads_its_input(before: str, after: str | None, tmp_path: Path) -> None:
    text, _ = fixed(tmp_path, "run.sh", f"#!/bin/sh\n{before}\n")
    assert text == f"#!/bin/sh\n{after or before}\n"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "Makefile",
            "a:\n\t@docker login -u a -p $(P) r\n",
            'a:\n\t@printf %s "$(P)" | docker login -u a --password-stdin r\n',
        ),
        (
            "Makefile",
            "a:\n\tdocker login -u a -p $$P\n",
            'a:\n\tprintf %s "$$P" | docker login -u a --password-stdin\n',
        ),
        (
            ".gitlab-ci.yml",
            'a:\n  script:\n    - "docker login -u a -p $P r"\r\n',
            'a:\n  script:\n    - "printf %s \\"$P\\" | docker login -u a --password-stdin r"\r\n',
        ),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n      - run: docker login -u a -p ${{ secrets.P }}\n",
            'jobs:\n  a:\n    steps:\n      - run: printf %s "${{ secrets.P }}" | docker login -u a --password-stdin\n',
        ),
        (
            "Jenkinsfile",
            "sh 'docker login -u a -p $P'\n",
            "sh 'printf %s \"$P\" | docker login -u a --password-stdin'\n",
        ),
    ],
)
def test_a_login_in_the_notation_of_the_file(name: str, before: str, after: str, tmp_path: Path) -> None:
    assert fixed(tmp_path, name, before) == (after, [])


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("docker login -p $P r.example", "needs the name of the user"),
        ("cat x | docker login -u a -p $P", "its input is taken"),
        ("docker login -u a -p $P < x", "its input is taken"),
        ("xargs docker login -u a -p $P", None),
        ("nice docker login -u a -p $P", "another program runs the login"),
        ("sh -c 'docker login -u a -p $P'", "a script inside of the script"),
        ("alias d=docker\nd login -u a -p $P", "behind an alias"),
        (f"A_TOKEN={V} docker compose up", "its value stands in a variable (line 2)"),
        ("docker login -u a -p $P -p $Q", "more than once"),
        ('docker login -u a -p x"$P"y', "several parts"),
        ("regctl registry login r.example -u a -p $P", "not known"),
        ("skopeo copy --src-creds a:$P docker://a dir:b", "takes no password on its input"),
        (f"P={V}\ndocker login -u a -p $P", "its value stands in a variable (line 2)"),
        ("docker build --build-arg NPM_TOKEN .", "together with its Dockerfile"),
        (f"docker service update --env-add A_TOKEN={V} x", "takes no value from the environment"),
        (f"sudo docker run -e A_TOKEN={V} x", "sudo clears the environment"),
        (f"A_TOKEN=x\ndocker run -e A_TOKEN={V} x", "the script uses A_TOKEN for something else"),
        (f"printf '{V}\\n' | docker secret create pw -", "cannot be changed safely"),
    ],
)
def test_what_is_refused_and_why(command: str, reason: str | None, tmp_path: Path) -> None:
    text = f"#!/bin/sh\n{command}\n"
    after, reasons = fixed(tmp_path, "run.sh", text, unsafe=True)
    assert after == text
    assert all(reason is not None and reason in one for one in reasons) and bool(reasons) == (reason is not None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"docker run -e A_TOKEN={V} x", "docker run -e A_TOKEN x"),
        (f"docker run -e A_TOKEN='{V}' x", "docker run -e A_TOKEN x"),
        (f"docker run -e 'A_TOKEN={V}' x", "docker run -e 'A_TOKEN' x"),
        (f'docker run --env="A_TOKEN={V}" x', 'docker run --env="A_TOKEN" x'),
        (f"docker run -eA_TOKEN={V} x", "docker run -eA_TOKEN x"),
        (f"docker login -u a -p {V} r", 'printf %s "${REGISTRY_PASSWORD:?}" | docker login -u a --password-stdin r'),
        (f"echo '{V}' | docker secret create db-pw -", 'echo "${DB_PW:?}" | docker secret create db-pw -'),
    ],
)
def test_literals_come_from_outside_if_that_is_asked_for(before: str, after: str, tmp_path: Path) -> None:
    text = f"#!/bin/sh\n{before}\n"
    assert fixed(tmp_path, "run.sh", text)[0] == text
    assert fixed(tmp_path, "run.sh", text, unsafe=True) == (f"#!/bin/sh\n{after}\n", [])


def test_a_program_gets_the_same_password_on_its_input(tmp_path: Path) -> None:
    """The script before and after runs with a docker of ours, which says what it was given."""
    docker = tmp_path / "docker"
    docker.write_text(
        '#!/bin/sh\nfor a; do [ "$last" = -p ] && pw=$a; [ "$a" = --password-stdin ] && pw=$(cat); last=$a; done\n'
        'printf "[%s]" "$pw"\n'
    )
    docker.chmod(0o755)
    text = '#!/bin/sh\nset -eu\ndocker login -u ci -p "$P" r.example && echo in\n'
    after, _ = fixed(tmp_path, "run.sh", text)
    assert after != text
    for script in (text, after):
        run = subprocess.run(
            ["sh", "-c", script],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "P": "a b'\"$x\\n%s"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == "[a b'\"$x\\n%s]in\n"


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    text = f"#!/bin/sh\r\ndocker login -u a -p $P\r\ndocker run -e A_TOKEN={V} x\r\n"
    once, _ = fixed(tmp_path, "run.sh", text, unsafe=True)
    assert once.count("\r\n") == 3 and once != text
    assert fixed(tmp_path, "run.sh", once, unsafe=True) == (once, [])


def test_a_text_with_an_anchor_changes_for_every_alias(tmp_path: Path) -> None:
    text = 'a:\n  script:\n    - &login "docker login -u a -p $P"\nb:\n  script:\n    - *login\n'
    after, left = fixed(tmp_path, ".gitlab-ci.yml", text)
    assert after == text.replace("docker login -u a -p $P", 'printf %s \\"$P\\" | docker login -u a --password-stdin')
    assert left == []


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    runs-on: windows-2022\n    steps:\n      - run: docker login -u a -p $P\n",
            "Windows",
        ),
        (".github/workflows/a.yml", f"env: {{A_TOKEN: &t {V}, D: docker, B_TOKEN: *t}}\n", "anchor"),
        ("docker-bake.hcl", f'variable "A_TOKEN" {{ default = "{V}" }}\n', "leave the default empty"),
    ],
)
def test_what_is_left_says_why(name: str, text: str, reason: str, tmp_path: Path) -> None:
    after, left = fixed(tmp_path, name, text, unsafe=True)
    assert after == text
    assert [reason in why for why in left] == [True]
