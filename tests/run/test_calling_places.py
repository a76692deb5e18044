"""Where secrets stand in scripts, CI and bake files, what messages say of them, and what is masked beside them."""

from __future__ import annotations

import pytest

from tests.run.test_calling import V, audited, shown


@pytest.mark.parametrize(
    ("name", "text", "origin"),
    [
        ("a.sh", "docker build --build-arg A_TOKEN=$A_TOKEN .\n", "The value of A_TOKEN is"),
        ("Makefile", "a:\n\tdocker build --build-arg A_TOKEN=$(A_TOKEN) .\n", "The value of A_TOKEN is"),
        ("Jenkinsfile", 'sh "docker build --build-arg A_TOKEN=${env.A_TOKEN} ."\n', "The value of env.A_TOKEN is"),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n      - run: docker build --build-arg A_TOKEN=${{ secrets.A_TOKEN }} .\n",
            "The value of secrets.A_TOKEN is",
        ),
        (
            ".github/workflows/a.yml",
            f"jobs:\n  a:\n    steps:\n      - run: docker build --build-arg A_TOKEN=${{{{ secrets.A || '{V}' }}}} .\n",
            "A_TOKEN, whose value an expression gives, is",
        ),
        ("Jenkinsfile", f"sh \"docker build --build-arg A_TOKEN=${{env.A ?: '{V}'}} .\"\n", "A_TOKEN, whose value"),
    ],
)
def test_what_a_value_comes_from(name: str, text: str, origin: str) -> None:
    target, found = audited(name, text)
    assert [f.message.startswith(origin) for f in found] == [True]
    assert V not in found[0].message
    assert (V in text) == (V in [secret.reveal() for secret in target.secrets])


@pytest.mark.parametrize("name", ["a.sh", "compose.yml"])
def test_a_token_on_a_line_that_is_quoted_is_masked(name: str) -> None:
    token = "gh" + "p_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zC0f2hLRs"
    text = f"docker login -p $P r  # {token}\n"
    if name == "compose.yml":
        text = f"services:\n  a:\n    environment:\n      DB_PASSWORD: {V}  # {token}\n"
    target, found = audited(name, text)
    assert found
    assert token in [secret.reveal() for secret in target.secrets]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            ".gitlab-ci.yml",
            ".login: &login\n  - docker login -u a -p $P\nb:\n  script:\n    - *login\n    - docker push x\n",
            ["login-argument medium $P"],
        ),
        (".gitlab-ci.yml", ".login: &login |\n  docker login -u a -p $P\n", ["login-argument medium $P"]),
        (
            "Makefile",
            "define login\ndocker login -u a -p $(P)\nendef\na:\n\t$(login)\n",
            ["login-argument medium $(P)"],
        ),
        ("docker-bake.hcl", f'variable "A_TOKEN" {{ default = "{V}" }}\n', [f"ci-variable-secret high {V}"]),
        (
            "docker-bake.hcl",
            f'variable "T" {{ default = "{V}" }}\ntarget "a" {{ args = {{ A_TOKEN = T }} }}\n',
            ["build-arg-secret high A_TOKEN = T"],
        ),
        ("docker-bake.hcl", 'target "a" { args = { A_TOKEN = null } }\n', []),
        ("docker-bake.json", '{"target": {"a": {"args": {"A_TOKEN": null}}}}\n', []),
    ],
)
def test_where_secrets_stand_in_files_of_a_kind(name: str, text: str, expected: list[str]) -> None:
    assert shown(name, text) == expected
