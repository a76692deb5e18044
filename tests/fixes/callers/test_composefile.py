"""Compose files: `build.args` in either form, `build: .`, flow style, anchors, top-level secrets that are there."""

from __future__ import annotations

import pytest

from auditor.fixes.plan import BuildSecret
from tests.fixes.callers.building import FILE, NPM, SSH, after, build, edits, refused

LITERAL = "tok" + "en-3f9a"
TOP = "secrets:\n  npm_token:\n    environment: NPM_TOKEN\n"


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (
            "services:\n  app:\n    build:\n      context: .\n      args:\n        NPM_TOKEN: ${NPM_TOKEN}\n"
            "        NODE: '20'   # kept\n    ports: ['80:80']\n",
            "services:\n  app:\n    build:\n      context: .\n      args:\n        NODE: '20'   # kept\n"
            "      secrets:\n        - npm_token\n    ports: ['80:80']\n" + TOP,
        ),
        (
            "services:\n  app:\n    build:\n      context: .\n      args:\n      - NPM_TOKEN\n      - NODE=20\n",
            "services:\n  app:\n    build:\n      context: .\n      args:\n      - NODE=20\n"
            "      secrets:\n      - npm_token\n" + TOP,
        ),
        (
            "services:\n  app:\n    build:\n      context: .\n      args:\n        NPM_TOKEN:\n",
            "services:\n  app:\n    build:\n      context: .\n      secrets:\n        - npm_token\n" + TOP,
        ),
        (
            "services:\n  app:\n    build: {context: ., args: {NPM_TOKEN: $NPM_TOKEN, B: c}}\n",
            "services:\n  app:\n    build: {context: ., args: {B: c}, secrets: [npm_token]}\n" + TOP,
        ),
        (
            "services:\n  app:\n    build: .\n",
            "services:\n  app:\n    build:\n      context: .\n      secrets:\n        - npm_token\n" + TOP,
        ),
        (
            "services:\n  app:\n    build:\n      args:\n        NPM_TOKEN: ${TOKEN:?set it}\n"
            "secrets:\n  db:\n    file: x\n",
            "services:\n  app:\n    build:\n      secrets:\n        - npm_token\n"
            "secrets:\n  db:\n    file: x\n  npm_token:\n    environment: TOKEN\n",
        ),
        (
            "services:\n  app:\n    build:\n      context: .\n      secrets: [db]\n      args: [NPM_TOKEN]\n",
            "services:\n  app:\n    build:\n      context: .\n      secrets: [db, npm_token]\n" + TOP,
        ),
    ],
)
def test_arguments_become_secrets(before: str, wanted: str) -> None:
    assert after("compose.yml", before) == wanted
    assert after("docker-compose.yaml", before.replace("\n", "\r\n")) == wanted.replace("\n", "\r\n")
    assert after("compose.yml", "\ufeff" + before) == "\ufeff" + wanted


def test_services_share_the_source() -> None:
    service = "build:\n      context: .\n      args:\n        NPM_TOKEN: ${NPM_TOKEN}\n"
    text = f"services:\n  a:\n    {service}\n  b:\n    {service}"
    out = after("compose.yml", text)
    assert out.count("- npm_token") == 2
    assert out.endswith("\n" + TOP)
    assert out.count("environment: NPM_TOKEN") == 1


def test_files_and_agents() -> None:
    assert after("compose.yml", "services:\n  a:\n    build: .\n", build(FILE, SSH, dropped=())) == (
        "services:\n  a:\n    build:\n      context: .\n      secrets:\n"
        "        - npmrc\n      ssh:\n        - default\n"
        "secrets:\n  npmrc:\n    file: ./.npmrc\n"
    )


def test_what_needs_a_newer_compose_is_said() -> None:
    (note,) = edits("compose.yml", "services:\n  a:\n    build:\n      args: [NPM_TOKEN]\n").notes
    assert "docker compose 2.6 or later" in note
    (note,) = edits("compose.yml", "services:\n  a:\n    build: .\n", build(FILE, dropped=())).notes
    assert "docker compose 2.5 or later" in note


def test_values_that_stand_there_are_burnt() -> None:
    for value in (LITERAL, f"${{NPM_TOKEN:-{LITERAL}}}"):
        found = edits("compose.yml", f"services:\n  a:\n    build:\n      args:\n        NPM_TOKEN: {value}\n")
        assert [(b.what, b.where) for b in found.burnt] == [("value of NPM_TOKEN", "compose.yml:5")]
        assert not any(LITERAL in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x: &b\n  args: [NPM_TOKEN]\nservices:\n  a:\n    build: *b\n", "shared by an anchor"),
        ("services:\n  a:\n    build: &b\n      args: [NPM_TOKEN]\n  c:\n    image: x\n", "shared by an anchor"),
        ("services:\n  a:\n    build:\n      args: [NPM_TOKEN=a$B]\n", "several parts"),
        ("services:\n  a:\n    build:\n      args: [NPM_TOKEN]\n...\n", "top-level `secrets`"),
        ("services:\n  a:\n    build:\n      args: [NPM_TOKEN]\n      args: []\n", "twice"),
        (
            "services:\n  a:\n    build:\n      args: [NPM_TOKEN=$A]\n  b:\n    build:\n      args: [NPM_TOKEN=$B]\n",
            "different values",
        ),
        ("services:\n  a:\n\tbuild: .\n", "not valid YAML"),
    ],
)
def test_what_cannot_be_changed_safely_is_a_problem(text: str, reason: str) -> None:
    found = edits("compose.yml", text)
    assert found.edits == ()
    assert any(reason in problem for problem in found.problems)


@pytest.mark.parametrize(
    "service",
    [
        "image: x",
        "build: ./other",
        "build: https://git.example/x.git",
        "build: {dockerfile: other.Dockerfile, args: [NPM_TOKEN]}",
        "build: {dockerfile_inline: FROM x, args: [NPM_TOKEN]}",
        "build:",
    ],
)
def test_services_of_other_images_stay(service: str) -> None:
    found = edits("compose.yml", f"services:\n  a:\n    {service}\n", build(sole=False))
    assert (found.edits, found.matched, found.problems) == ((), 0, ())


def test_a_secret_file_that_is_not_known_is_a_problem() -> None:
    unknown = BuildSecret("netrc", "file")
    assert "cannot be told" in refused("compose.yml", "services:\n  a:\n    build: .\n", build(unknown, dropped=()))


def test_a_second_run_changes_nothing() -> None:
    out = after("compose.yml", "services:\n  a:\n    build:\n      args: [NPM_TOKEN]\n", build(NPM, FILE))
    assert edits("compose.yml", out, build(NPM, FILE)).edits == ()
