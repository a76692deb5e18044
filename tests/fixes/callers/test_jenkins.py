"""Jenkinsfiles: `sh` in every kind of string, `docker.build`, folders."""

from __future__ import annotations

import pytest

from auditor.fixes.plan import BuildSecret
from tests.fixes.callers.building import NPM, after, build, edits, refused

SECRET = "--secret id=npm_token,env=NPM_TOKEN"
BOUND = "environment { NPM_TOKEN = credentials('npm') }\n"


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("sh 'docker build --build-arg NPM_TOKEN=$NPM_TOKEN .'", f"sh 'docker build {SECRET} .'"),
        ('sh "docker build --build-arg NPM_TOKEN=${NPM_TOKEN} ."', f'sh "docker build {SECRET} ."'),
        ('sh "docker build --build-arg NPM_TOKEN=\\$NPM_TOKEN ."', f'sh "docker build {SECRET} ."'),
        (
            'sh(script: "docker build --build-arg NPM_TOKEN=${made} .", returnStdout: true).trim()',
            f'sh(script: "NPM_TOKEN=${{made}} docker build {SECRET} .", returnStdout: true).trim()',
        ),
        (
            'sh """\n  set -e\n  docker build \\\\\n    --build-arg NPM_TOKEN=${env.NPM_TOKEN} \\\\\n    .\n"""',
            f'sh """\n  set -e\n  docker build \\\\\n    {SECRET} \\\\\n    .\n"""',
        ),
        (
            "sh '''\n  docker build --build-arg NPM_TOKEN=\"$(pass npm)\" .\n'''",
            f"sh '''\n  NPM_TOKEN=\"$(pass npm)\" docker build {SECRET} .\n'''",
        ),
        (
            'docker.build("app:${env.BUILD_ID}", "--pull --build-arg NPM_TOKEN=${env.NPM_TOKEN} .")',
            f'docker.build("app:${{env.BUILD_ID}}", "--pull {SECRET} .")',
        ),
        (
            "dir('app/..') { sh 'docker build --build-arg NPM_TOKEN .' }",
            f"dir('app/..') {{ sh 'docker build {SECRET} .' }}",
        ),
    ],
)
def test_steps_pass_secrets(before: str, wanted: str) -> None:
    text = BOUND + "// sh 'docker build --build-arg NPM_TOKEN .'\n" + before + "\n"
    assert after("Jenkinsfile", text) == text.replace(before, wanted)


def test_what_the_plugin_did_not_pass_comes_first() -> None:
    text = "docker.build('app', '-f Dockerfile .')\n"
    assert after("Jenkinsfile", text) == f"docker.build('app', '{SECRET} -f Dockerfile .')\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sh 'docker build ' + tag + ' --build-arg NPM_TOKEN .'\n", "where it cannot be changed"),
        ("bat 'docker build --build-arg NPM_TOKEN=%NPM_TOKEN% .'\n", "where it cannot be changed"),
        ('docker.build("app", "--build-arg NPM_TOKEN=${made} .")\n', "export it before"),
    ],
)
def test_what_cannot_be_changed_is_a_problem(text: str, reason: str) -> None:
    assert reason in refused("Jenkinsfile", text)


def test_another_folder_is_another_build() -> None:
    found = edits("Jenkinsfile", "dir('a') { sh 'docker build -f x/Dockerfile .' }\n", build(NPM, sole=False))
    assert (found.edits, found.matched) == ((), 0)


def test_a_name_with_quotes_is_escaped_for_its_string() -> None:
    asked = build(BuildSecret("npmrc", "file", source="a b"), dropped=())
    assert after("Jenkinsfile", "sh 'docker build .'\n", asked) == (
        "sh 'docker build --secret id=npmrc,src=\\'a b\\' .'\n"
    )
