"""CI files: steps that run shell, the action that builds, scripts in lists and block scalars."""

from __future__ import annotations

import pytest

from auditor.core.edit import apply_edits
from tests.fixes.callers.building import FILE, SSH, after, build, edits, refused

SECRET = "--secret id=npm_token,env=NPM_TOKEN"
LITERAL = "tok" + "en-3f9a"
HEAD = "on: push\njobs:\n  b:\n    runs-on: x\n    steps:\n"
FLOW = ".github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (
            "      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          build-args: |\n"
            "            NPM_TOKEN=${{ secrets.NPM }}\n            NODE=20\n          push: true  # yes\n",
            "      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          build-args: |\n"
            "            NODE=20\n          secrets: |\n            npm_token=${{ secrets.NPM }}\n"
            "          push: true  # yes\n",
        ),
        (
            "      - uses: docker/build-push-action@v6\n        with:\n"
            "          build-args: NPM_TOKEN=${{ secrets.NPM }}\n",
            "      - uses: docker/build-push-action@v6\n        with:\n          secrets: |\n"
            "            npm_token=${{ secrets.NPM }}\n",
        ),
        (
            "      - uses: docker/build-push-action@v6\n        with:\n"
            "          build-args: |\n            NPM_TOKEN\n",
            "      - uses: docker/build-push-action@v6\n        with:\n          secret-envs: |\n"
            "            npm_token=NPM_TOKEN\n",
        ),
        (
            "      - uses: docker/build-push-action@v6\n        with:\n          secrets: |\n            a=b\n"
            "          build-args: |\n            NPM_TOKEN=${{ secrets.NPM }}\n",
            "      - uses: docker/build-push-action@v6\n        with:\n          secrets: |\n            a=b\n"
            "            npm_token=${{ secrets.NPM }}\n",
        ),
        (
            "      - run: docker build --build-arg NPM_TOKEN=${{ secrets.NPM }} .\n",
            f"      - run: docker build {SECRET} .\n        env:\n          NPM_TOKEN: ${{{{ secrets.NPM }}}}\n",
        ),
        (
            "      - env:\n          A: b\n        run: |\n          set -e\n          docker build \\\n"
            '            --build-arg NPM_TOKEN="${{ secrets.NPM }}" \\\n            .\n      - run: echo\n',
            "      - env:\n          A: b\n          NPM_TOKEN: ${{ secrets.NPM }}\n        run: |\n          set -e\n"
            f"          docker build \\\n            {SECRET} \\\n            .\n      - run: echo\n",
        ),
        (
            "      - run: |\n          docker build --build-arg NPM_TOKEN=$(pass npm) .\n",
            f"      - run: |\n          NPM_TOKEN=$(pass npm) docker build {SECRET} .\n",
        ),
        (
            "      - env: {T: '${{ secrets.NPM }}'}\n        run: docker build --build-arg NPM_TOKEN=${{ env.T }} .\n",
            "      - env: {T: '${{ secrets.NPM }}'}\n        run: docker build --secret id=npm_token,env=T .\n",
        ),
        (
            '      - run: "docker build --build-arg \\"NPM_TOKEN=$NPM_TOKEN\\" ."\n',
            f'      - run: "docker build {SECRET} ."\n',
        ),
        (
            "      - run: >-\n          docker build\n          --build-arg NPM_TOKEN\n          .\n",
            f"      - run: >-\n          docker build\n          {SECRET}\n          .\n",
        ),
    ],
)
def test_steps_of_a_workflow(before: str, wanted: str) -> None:
    assert after(FLOW, HEAD + before) == HEAD + wanted
    assert after(FLOW, (HEAD + before).replace("\n", "\r\n")) == (HEAD + wanted).replace("\n", "\r\n")


def test_a_value_that_stands_there_becomes_a_repository_secret() -> None:
    text = (
        f"{HEAD}      - uses: docker/build-push-action@v6\n        with:\n          build-args: NPM_TOKEN={LITERAL}\n"
    )
    found = edits(FLOW, text)
    assert "npm_token=${{ secrets.NPM_TOKEN }}" in apply_edits(text, found.edits)
    assert [b.where for b in found.burnt] == [f"{FLOW}:8"]
    assert "add the repository secret NPM_TOKEN" in found.notes


def test_files_and_agents_of_the_action() -> None:
    text = f"{HEAD}      - uses: docker/build-push-action@v6\n        with:\n          context: .\n"
    assert after(FLOW, text, build(FILE, SSH, dropped=())) == (
        text + "          secret-files: |\n            npmrc=.npmrc\n          ssh: default\n"
    )


@pytest.mark.parametrize(
    ("name", "before", "wanted"),
    [
        (
            ".gitlab-ci.yml",
            "b:\n  before_script:\n    - cd .\n  script:\n"
            "    - docker build --build-arg NPM_TOKEN=$NPM_TOKEN .  # why\n"
            "    - |\n      docker build --build-arg NPM_TOKEN=$(pass npm) .\n",
            "b:\n  before_script:\n    - cd .\n"
            f"  script:\n    - docker build {SECRET} .  # why\n"
            f"    - |\n      NPM_TOKEN=$(pass npm) docker build {SECRET} .\n",
        ),
        (
            ".circleci/config.yml",
            "jobs:\n  b:\n    steps:\n      - run: docker build --build-arg NPM_TOKEN=<< parameters.t >> .\n",
            f"jobs:\n  b:\n    steps:\n      - run: NPM_TOKEN=<< parameters.t >> docker build {SECRET} .\n",
        ),
        (
            "bitbucket-pipelines.yml",
            "pipelines:\n  default:\n    - step:\n        script:\n"
            "          - 'docker build --build-arg NPM_TOKEN .'\n",
            f"pipelines:\n  default:\n    - step:\n        script:\n          - 'docker build {SECRET} .'\n",
        ),
        (
            "azure-pipelines.yml",
            "steps:\n- bash: docker build --build-arg NPM_TOKEN=$NPM_TOKEN .\n  env:\n    NPM_TOKEN: $(t)\n",
            f"steps:\n- bash: docker build {SECRET} .\n  env:\n    NPM_TOKEN: $(t)\n",
        ),
    ],
)
def test_scripts_of_other_systems(name: str, before: str, wanted: str) -> None:
    assert after(name, before) == wanted


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            "azure-pipelines.yml",
            "steps:\n- task: Docker@2\n  inputs:\n    arguments: --build-arg NPM_TOKEN=$(t)\n",
            "passed as",
        ),
        (FLOW, "jobs:\n  a:\n    uses: o/r/x.yml@v1\n    with:\n      build-args: NPM_TOKEN=x # build\n", "not known"),
        (
            FLOW,
            HEAD + "      - uses: docker/bake-action@v5\n        with:\n          set: app.args.NPM_TOKEN=1\n",
            "not known",
        ),
        (".gitlab-ci.yml", "b: [docker build\n", "not valid YAML"),
        (
            FLOW,
            HEAD + '      - {run: "docker build --build-arg NPM_TOKEN=${{ secrets.NPM }} ."}\n',
            "cannot be written",
        ),
    ],
)
def test_what_cannot_be_changed_is_a_problem(name: str, text: str, reason: str) -> None:
    assert reason in refused(name, text)


def test_other_shells_stay() -> None:
    text = f"{HEAD}      - shell: pwsh\n        run: docker build --build-arg NPM_TOKEN=$env:T .\n"
    found = edits(FLOW, text)
    assert found.edits == ()
    assert "where it cannot be changed" in found.problems[0]
