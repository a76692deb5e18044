"""Scripts, Makefiles, CI and bake files as inputs: which are read, what is found, comments, broken and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.config import Settings
from auditor.core.finding import Finding, Report, Target
from auditor.run.inputs import InputAuditor
from auditor.run.pipeline import lint
from auditor.run.selection import chosen
from auditor.sources.files import Input

V = "wK7vQ2mXzR9t" + "Lb4n"
T = "Gq4zT8pLx2Vn" + "R6sW"


def audited(name: str, text: str | bytes) -> tuple[Target, list[Finding]]:
    """One file in memory: its target, and its findings, silenced ones included."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    outcome = InputAuditor(Settings(), chosen(Settings())).audit(Input(name, name, data, None))
    return outcome.target, outcome.findings


def shown(name: str, text: str) -> list[str]:
    """Every finding that no comment silences, as `rule severity text`."""
    target, found = audited(name, text)
    assert target.complete
    return [f"{f.rule} {f.severity.label} {text[slice(*f.location.span)]}" for f in found if f.suppressed is None]


def run(folder: Path) -> Report:
    return lint(Settings(), [str(folder)])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("build.sh", "script"),
        ("ci/run.bash", "script"),
        ("Makefile", "script"),
        ("rules.mk", "script"),
        ("docker-bake.hcl", "script"),
        (".github/workflows/image.yaml", "ci"),
        ("action.yml", "ci"),
        (".gitlab-ci.yml", "ci"),
        ("Jenkinsfile", "ci"),
        ("Dockerfile", "dockerfile"),
        ("compose.yml", "compose"),
    ],
)
def test_the_kind_of_a_file_that_a_folder_holds(name: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("" if kind != "dockerfile" else "FROM scratch\n")
    assert [target.kind for target in run(tmp_path).targets] == [kind]


@pytest.mark.parametrize("name", ["app.py", "values.yaml", "build.sh.md", "notes.txt", "deploy"])
def test_other_files_of_a_folder_are_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f"docker login -u ci -p {V}\n")
    assert run(tmp_path).targets == []


def test_programs_of_a_folder_are_known_by_their_first_line(tmp_path: Path) -> None:
    for name, text in {"deploy": "#!/bin/sh\n", "tool": "#!/usr/bin/env python3\n", "data": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755 if name != "data" else 0o644)
    (tmp_path / "link").symlink_to("deploy")
    assert [(target.name, target.kind) for target in run(tmp_path).targets] == [(str(tmp_path / "deploy"), "script")]


@pytest.mark.parametrize("first", ["#!/bin/sh", "#!/usr/bin/env bash", "#!/usr/bin/env -S bash -eu"])
def test_a_script_that_is_named_is_known_by_its_first_line(first: str) -> None:
    target, found = audited("deploy", f"{first}\ndocker login -u ci -p {V}\n")
    assert target.kind == "script" and [f.rule for f in found] == ["login-argument"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker build --build-arg NPM_TOKEN .", ["build-arg-secret medium NPM_TOKEN"]),
        ("docker build --build-arg=NPM_TOKEN=$T .", ["build-arg-secret medium NPM_TOKEN=$T"]),
        ('podman build --build-arg "A_TOKEN=$A" .', ["build-arg-secret medium A_TOKEN=$A"]),
        ("docker buildx build --build-arg X=$NPM_TOKEN .", ["build-arg-secret medium X=$NPM_TOKEN"]),
        (f"docker build --build-arg DB_PASSWORD={V} .", [f"build-arg-secret high {V}"]),
        (f'docker build --build-arg "DB_PASSWORD={V}" .', [f"build-arg-secret high {V}"]),
        (
            "docker build --build-arg X=$(vault kv get -field=x y) .",
            ["build-arg-secret medium X=$(vault kv get -field=x y)"],
        ),
        ("docker buildx bake --set app.args.NPM_TOKEN=$T", ["build-arg-secret medium app.args.NPM_TOKEN=$T"]),
        ("buildctl build --opt build-arg:NPM_TOKEN=$T", ["build-arg-secret medium build-arg:NPM_TOKEN=$T"]),
        ("sudo docker build --build-arg NPM_TOKEN=$T .", ["build-arg-secret medium NPM_TOKEN=$T"]),
        ("sh -c 'docker build --build-arg NPM_TOKEN=$T .'", ["build-arg-secret medium NPM_TOKEN=$T"]),
        ("f() { docker build --build-arg NPM_TOKEN=$1 .; }", ["build-arg-secret medium NPM_TOKEN=$1"]),
        (f"docker run -e A_TOKEN={T} x", [f"container-env-secret high {T}"]),
        (f"docker run -itde A_TOKEN={T} x", [f"container-env-secret high {T}"]),
        (f"docker run -eA_TOKEN={T} x", [f"container-env-secret high {T}"]),
        (f"docker container create --env=A_TOKEN={T} x", [f"container-env-secret high {T}"]),
        (f"docker service update --env-add A_TOKEN={T} x", [f"container-env-secret high {T}"]),
        (f"docker compose run -e A_TOKEN={T} web", [f"container-env-secret high {T}"]),
        (f"docker run -e A_TOKEN=${{A_TOKEN:-{T}}} x", [f"container-env-secret high {T}"]),
        (f"ssh host 'docker run -e A_TOKEN={T} x'", [f"container-env-secret high {T}"]),
        ("docker login -u ci -p$P", ["login-argument medium $P"]),
        ("docker login -u ci --password=$P r.example", ["login-argument medium $P"]),
        ("$DOCKER login -u ci -p $P", ["login-argument medium $P"]),
        ("helm registry login r.example -u ci -p $P", ["login-argument medium $P"]),
        ("skopeo copy --dest-creds u:$P docker://a dir:b", ["login-argument medium $P"]),
        (f"printf %s {V} | docker secret create pw -", [f"swarm-secret-literal high {V}"]),
        ("docker build --squash .", ["squash-as-fix low --squash"]),
        ("docker export a | docker import -", ["squash-as-fix low docker export"]),
    ],
)
def test_commands_with_secrets(command: str, expected: list[str]) -> None:
    assert shown("run.sh", f"#!/bin/sh\n{command}\n") == expected


@pytest.mark.parametrize(
    "command",
    [
        "docker build --build-arg VERSION=1 --build-arg NPM_TOKEN= .",
        "docker build --build-arg NPM_TOKEN=dummy .",
        "docker build --secret id=npm_token,env=NPM_TOKEN --build-arg TOKEN_URL=$URL .",
        "docker build --build-arg NEXT_PUBLIC_API_KEY=$KEY --build-arg HTTP_PROXY .",
        f"echo docker build --build-arg DB_PASSWORD={V} .",
        f"docker run x sh -c 'run -e A_TOKEN={T}'",
        f"docker run x -e A_TOKEN={T}",
        "docker run -e A_TOKEN -e B_TOKEN=$B -e C_TOKEN=$(op read x) -e D_PASSWORD_FILE=/run/secrets/d x",
        "docker run -e AWS_ACCESS_KEY_ID=test -e AWS_SECRET_ACCESS_KEY=test localstack",
        "echo $P | docker login -u ci --password-stdin",
        "docker run -p 80:80 x; docker compose -p shop up; psql -p 5432",
        "openssl rand 8 | docker secret create pw -",
        "echo $P | docker secret create pw -",
        f"echo {V} | docker config create site -",
        "docker commit c image",
        "docker export a > a.tar",
    ],
)
def test_commands_without_secrets(command: str) -> None:
    assert shown("run.sh", f"#!/bin/sh\n{command}\n") == []


def test_a_value_in_a_variable_is_reported_once_with_its_place() -> None:
    _, found = audited("run.sh", f"P={V}\ndocker login -u a -p $P r.example\ndocker login -u a -p $P s.example\n")
    (one,) = found
    assert one.severity.label == "high" and one.location.start_line == 2
    assert [step.location.start_line for step in one.flow if step.location] == [1]
    assert one.secret is not None and one.secret.reveal() == V


@pytest.mark.parametrize("value", ["$NPM_TOKEN", '"${NPM_TOKEN}"', "${{ secrets.NPM_TOKEN }}"])
def test_where_a_value_comes_from_is_named(value: str) -> None:
    step = f"steps: [{{run: 'docker build --build-arg NPM_TOKEN={value} .'}}]"
    _, (found,) = audited(".github/workflows/a.yml", f"jobs: {{a: {{{step}}}}}\n")
    name = "secrets.NPM_TOKEN" if "secrets" in value else "NPM_TOKEN"
    assert found.message.startswith(f"The value of {name} is handed to")


def test_a_comment_silences_a_finding_and_an_idle_one_is_reported() -> None:
    text = (
        "#!/bin/sh\n"
        "# audit: ignore[login-argument] thrown away after the test\n"
        "docker login -u ci \\\n  -p $P\n"
        "docker login -u ci -p $Q  # audit: ignore[login-argument] as above\n"
        "# audit: ignore[login-argument] nothing here\n"
        "docker ps\n"
        "cat <<EOF\n# audit: ignore[login-argument] text of another file\nEOF\n"
    )
    _, found = audited("run.sh", text)
    assert [(f.rule, f.location.start_line, f.suppressed is not None) for f in found] == [
        ("login-argument", 4, True),
        ("login-argument", 5, True),
        ("unused-ignore", 6, False),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            ".gitlab-ci.yml",
            "a:\n  script:\n    # audit: ignore[login-argument] old runner\n    - docker login -u a -p $P\n",
        ),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n      - run: |\n          # audit: ignore[login-argument] old runner\n"
            "          docker login -u a -p $P\n",
        ),
        ("Makefile", "a:\n\t# audit: ignore[login-argument] old make\n\t@docker login -u a -p $(P)\n"),
        ("Jenkinsfile", "// audit: ignore[login-argument] old agent\nsh 'docker login -u a -p $P'\n"),
        (
            "docker-bake.hcl",
            'target "a" {\n  args = {\n    # audit: ignore[build-arg-secret] a test\n    A_TOKEN = A_TOKEN\n  }\n}\n',
        ),
        ("run.sh", "# audit: ignore-file[login-argument] a demonstration\n\ndocker login -u a -p $P\n"),
    ],
)
def test_comments_in_every_kind_of_file(name: str, text: str) -> None:
    _, found = audited(name, text)
    assert [(f.rule in ("login-argument", "build-arg-secret"), f.suppressed is not None) for f in found] == [
        (True, True)
    ]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (".gitlab-ci.yml", "a: [docker\n", "not valid YAML"),
        ("docker-bake.hcl", 'target "a" { args = {', "cannot be read"),
        ("rules.mk", ".RECIPEPREFIX = >\na:\n> docker ps\n", "recipe prefix of its own"),
        ("run.sh", "docker " + "$(" * 6000, "too deeply nested"),
    ],
)
def test_a_file_that_cannot_be_read_whole_makes_the_run_incomplete(name: str, text: str, reason: str) -> None:
    target, found = audited(name, text)
    assert found == [] and not target.complete
    assert reason in target.errors[0].message


@pytest.mark.parametrize("name", [".gitlab-ci.yml", "rules.mk", "run.sh"])
def test_a_broken_file_that_names_no_container_tool_is_nobodys_business(name: str) -> None:
    target, found = audited(name, "[" * 1000 + "\n.RECIPEPREFIX = >\n" + "$(" * 6000)
    assert found == [] and target.complete


def test_more_uses_than_are_kept_are_said() -> None:
    target, found = audited("run.sh", "docker login -u a -p $P\n" * 2100)
    assert len(found) == 2000
    assert [error.message for error in target.errors] == [
        "not followed: more secrets are handed over in it than are reported"
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"docker login -u \xff\xfe -p \xf0\x9f\x98 \xed\xa0\x80 x\n",
        b"docker\r\nlogin -p \x00",
        b"docker run " + b"-e A_TOKEN=b1c2 " * 500,
        b"${a:-" * 3000 + b"docker",
        b"docker " + b"${{" * 20000,
        b"docker " + b"'" * 9999,
    ],
)
@pytest.mark.parametrize(
    "name", ["run.sh", "Makefile", ".gitlab-ci.yml", ".github/workflows/a.yml", "Jenkinsfile", "docker-bake.hcl"]
)
def test_nothing_that_a_file_holds_is_a_fault(name: str, text: bytes) -> None:
    target, _ = audited(name, text)
    assert not any(error.internal for error in target.errors)


def test_no_report_shows_a_value(tmp_path: Path) -> None:
    text = f"docker build --build-arg DB_PASSWORD={V} .\nP={T}\ndocker login -u a -p $P\n"
    _, found = audited("run.sh", text)
    assert len(found) == 2
    assert not any(V in f.message + f.subject or T in f.message + f.subject for f in found)
