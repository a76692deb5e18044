"""Shell scripts: every way to give a build argument, what stands around it, and what cannot be changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditor.core.edit import apply_edits
from auditor.fixes.plan import BuildSecret
from tests.fixes.callers.building import FILE, NPM, SSH, after, build, edits, refused

SECRET = "--secret id=npm_token,env=NPM_TOKEN"
LITERAL = "tok" + "en-3f9a"


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("docker build --build-arg NPM_TOKEN .", f"docker build {SECRET} ."),
        ("docker build --build-arg=NPM_TOKEN .", f"docker build {SECRET} ."),
        (
            f"env CI=1 NPM_TOKEN='{LITERAL}' docker build --build-arg NPM_TOKEN .",
            f'env CI=1 NPM_TOKEN="${{NPM_TOKEN:?}}" docker build {SECRET} .',
        ),
        ('docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t x .', f"docker build {SECRET} -t x ."),
        ('docker build --build-arg "NPM_TOKEN=${NPM_TOKEN}" .', f"docker build {SECRET} ."),
        ("docker build --build-arg NPM_TOKEN=$OTHER .", "docker build --secret id=npm_token,env=OTHER ."),
        ("${DOCKER:-docker} build $FLAGS --build-arg NPM_TOKEN .", f"${{DOCKER:-docker}} build $FLAGS {SECRET} ."),
        ("podman build --build-arg NPM_TOKEN .", f"podman build {SECRET} ."),
        ("docker buildx build --build-arg NPM_TOKEN .", f"docker buildx build {SECRET} ."),
        (
            'docker build --build-arg NPM_TOKEN="$(vault read npm)" .',
            f'NPM_TOKEN="$(vault read npm)" docker build {SECRET} .',
        ),
        (
            "T=$(vault read npm)\ndocker build --build-arg NPM_TOKEN=$T .",
            f"T=$(vault read npm)\nNPM_TOKEN=$T docker build {SECRET} .",
        ),
        (
            "sudo docker build --build-arg NPM_TOKEN .",
            f"sudo --preserve-env=NPM_TOKEN docker build {SECRET} .",
        ),
        ("sudo -E docker build --build-arg NPM_TOKEN .", f"sudo -E docker build {SECRET} ."),
        (
            'OPTS="--pull --build-arg NPM_TOKEN=$NPM_TOKEN"\ndocker build $OPTS .',
            f'OPTS="--pull {SECRET}"\ndocker build $OPTS .',
        ),
        (
            'a=(--build-arg NPM_TOKEN="$NPM_TOKEN")\ndocker build "${a[@]}" .',
            f'a=({SECRET})\ndocker build "${{a[@]}}" .',
        ),
        ("docker build --secret id=npm_token --build-arg NPM_TOKEN .", "docker build --secret id=npm_token ."),
        ("f() { docker build --build-arg NPM_TOKEN=$1 .; }", f"f() {{ NPM_TOKEN=$1 docker build {SECRET} .; }}"),
        ("docker build -t x .", f"docker build {SECRET} -t x ."),
    ],
)
def test_a_build_argument_becomes_a_secret(before: str, wanted: str) -> None:
    assert after("build.sh", before + "\n") == wanted + "\n"


def test_all_but_the_argument_stays_byte_for_byte() -> None:
    text = (
        "\ufeff#!/bin/bash\r\n# docker build --build-arg NPM_TOKEN=$OLD .\r\nset -e\r\n"
        'docker build \\\r\n\t--build-arg NPM_TOKEN="$NPM_TOKEN" \\\r\n    --build-arg "V=a  b" \\\r\n  .  # why\r\n'
    )
    assert after("build.sh", text) == text.replace('--build-arg NPM_TOKEN="$NPM_TOKEN"', SECRET)


def test_a_value_that_stands_there_is_burnt_and_asked_for() -> None:
    text = f"docker build --build-arg 'NPM_TOKEN={LITERAL}' .\n"
    found = edits("build.sh", text)
    assert apply_edits(text, found.edits) == f"docker build {SECRET} .\n"
    assert [(b.what, b.where) for b in found.burnt] == [("value of NPM_TOKEN", "build.sh:1")]
    assert text[slice(*found.burnt[0].span)] == LITERAL
    assert any("set NPM_TOKEN" in note for note in found.notes)
    assert not any(LITERAL in sentence for sentence in (*found.notes, *found.burnt[0][:2]))


def test_a_variable_with_the_value_loses_it() -> None:
    text = f"export NPM_TOKEN={LITERAL}\ndocker build --build-arg NPM_TOKEN .\n"
    assert after("build.sh", text) == f'export NPM_TOKEN="${{NPM_TOKEN:?}}"\ndocker build {SECRET} .\n'


def test_files_and_agents_are_passed_with_the_path_that_the_call_knows() -> None:
    assert after("build.sh", "cd ..; docker build app\n", build(FILE, SSH, dropped=())) == (
        "cd ..; docker build --secret id=npmrc,src=app/.npmrc --ssh default app\n"
    )
    assert after("build.sh", 'docker build "$PWD"\n', build(FILE, dropped=())) == (
        'docker build --secret id=npmrc,src="$PWD/.npmrc" "$PWD"\n'
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("DOCKER_BUILDKIT=0 docker build --build-arg NPM_TOKEN .", "classic builder"),
        ("img build --build-arg NPM_TOKEN .", "img cannot mount"),
        ("doas docker build --build-arg NPM_TOKEN .", "doas clears"),
        ("eval 'docker build --build-arg NPM_TOKEN .'", "where it cannot be changed"),
        ("env -i docker build --build-arg NPM_TOKEN=$(x) .", "export it before"),
        ("docker compose build --build-arg NPM_TOKEN=$T", "build.secrets"),
        ("docker buildx bake --set app.args.NPM_TOKEN=$T", "bake --set"),
        ("executor --dockerfile Dockerfile --build-arg NPM_TOKEN", "kaniko"),
        ("az acr build --build-arg NPM_TOKEN=$T .", "az acr build"),
        ('O="--build-arg NPM_TOKEN=$A"\ndocker build $O --build-arg NPM_TOKEN=$B .', "same build argument"),
    ],
)
def test_a_call_that_cannot_be_changed_is_a_problem_with_its_line(text: str, reason: str) -> None:
    problem = refused("build.sh", f"#!/bin/sh\n{text}\n")
    assert problem.startswith(("line 2: ", "line 3: "))
    assert reason in problem


def test_arguments_do_not_see_values_that_are_meant_for_others() -> None:
    other = BuildSecret("b", "variable", "B", argument=True)
    asked = build(NPM, other, dropped=("NPM_TOKEN", "B"))
    text = "docker build --build-arg NPM_TOKEN=$(x) --build-arg B=pre$NPM_TOKEN .\n"
    assert "another value" in refused("build.sh", text, asked)


@pytest.mark.parametrize(
    "text",
    [
        "docker build --build-arg NPM_TOKEN -f other/Dockerfile .\n",
        "docker build --build-arg NPM_TOKEN https://git.example/app.git\n",
        "docker build --build-arg NPM_TOKEN - < Dockerfile\n",
        "docker run -e NPM_TOKEN app\n",
        "echo docker build --build-arg NPM_TOKEN .\n",
    ],
)
def test_what_builds_something_else_stays(text: str) -> None:
    found = edits("build.sh", text, build(sole=False))
    assert (found.edits, found.matched, found.problems) == ((), 0, ())


def test_a_build_that_may_be_another_one_is_changed_only_beside_one_dockerfile() -> None:
    text = 'docker build --build-arg NPM_TOKEN -f "$FILE" .\n'
    assert after("build.sh", text) == f'docker build {SECRET} -f "$FILE" .\n'
    assert "cannot be told" in refused("build.sh", text, build(sole=False))


STUB = """#!/bin/sh
for word; do
    case $word in
        --build-arg) ;;
        NPM_TOKEN=*) echo "value ${word#NPM_TOKEN=}" ;;
        NPM_TOKEN) echo "value $NPM_TOKEN" ;;
        id=npm_token,env=*) eval "echo \\"value \\$(printenv ${word#*env=})\\"" ;;
        --secret) ;;
        *) echo "word $word" ;;
    esac
done
"""


@pytest.mark.parametrize(
    "text",
    [
        'docker build -t "a b" --build-arg NPM_TOKEN="$NPM_TOKEN" . && echo done\n',
        'T="$(echo t\\ u)"\ndocker build --build-arg "NPM_TOKEN=$T" --label "x=$T" .\n',
        'export T=\'q"r\'\ndocker build --build-arg NPM_TOKEN="pre$T" . | sed s/value/VALUE/\n',
        "NPM_TOKEN=$(echo own)\nif true; then\n  docker build \\\n    --build-arg NPM_TOKEN \\\n    .\nfi\n",
        "NPM_TOKEN=$(echo own)\ndocker build --build-arg NPM_TOKEN=$NPM_TOKEN .\necho $NPM_TOKEN\n",
        "f() { docker build --build-arg NPM_TOKEN=\"$1\" .; }\nf 'x y'\nf `echo z`\n",
        'for t in a b; do (docker build --build-arg NPM_TOKEN="$t-$OTHER" .) || exit 1; done\n',
        'a=(--build-arg NPM_TOKEN="$OTHER" --pull)\ndocker build "${a[@]}" .\n',
    ],
)
def test_the_builder_gets_the_same_values_and_words(text: str, tmp_path: Path) -> None:
    (tmp_path / "docker").write_text(STUB)
    (tmp_path / "docker").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NPM_TOKEN": "of the environment", "OTHER": "o 2"}
    said = [
        subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=True).stdout
        for script in (text, after("build.sh", text))
    ]
    assert sorted(said[0].splitlines()) == sorted(said[1].splitlines())
    assert "alue " in said[0] or "VALUE" in said[0]


@pytest.mark.parametrize("source", ["a$(id).key", "a`id`.key", 'a".key', "a,b.key", "a\\b.key"])
@pytest.mark.parametrize("context", ['"$PWD"', "."])
def test_a_file_name_that_a_shell_would_run_is_not_written(source: str, context: str) -> None:
    asked = build(BuildSecret("key", "file", source=source), dropped=())
    assert "name of the secret file" in refused("build.sh", f"docker build {context}\n", asked)


KEY = BuildSecret("default", "ssh", "KEY")


@pytest.mark.parametrize(
    ("value", "agent"),
    [
        ('"$(cat "$DIR/id_rsa")"', '--ssh default="$DIR/id_rsa"'),
        ("$(cat keys/id_rsa)", "--ssh default=keys/id_rsa"),
        ('"$(cat ~/.ssh/id_rsa)"', '--ssh default="$HOME/.ssh/id_rsa"'),
        ('"$(cat ~bob/id_rsa)"', "--ssh default"),
        ('"$(cat a,b)"', "--ssh default"),
        ('"$(cat a b)"', "--ssh default"),
        ('"$(cat -)"', "--ssh default"),
        ('"$(cat key*)"', "--ssh default"),
        ('"$(cat $(ls))"', "--ssh default"),
        ('"$(cat key | base64 -d)"', "--ssh default"),
        ('"$(base64 key)"', "--ssh default"),
        ('"$(cat < key)"', "--ssh default"),
        ('"x$(cat key)"', "--ssh default"),
        ('"$(cat key)x"', "--ssh default"),
        ('"$KEY"', "--ssh default"),
    ],
)
def test_a_key_that_came_out_of_a_file_is_given_as_the_file(value: str, agent: str) -> None:
    asked = build(KEY, dropped=("KEY",))
    assert after("build.sh", f"docker build --build-arg KEY={value} .\n", asked) == f"docker build {agent} .\n"


def test_of_several_arguments_that_go_none_is_taken_for_the_only_key() -> None:
    text = "docker build --build-arg KEY=$(cat a) --build-arg OTHER=$(cat b) .\n"
    assert after("build.sh", text, build(KEY, dropped=("KEY", "OTHER"))) == "docker build --ssh default .\n"
