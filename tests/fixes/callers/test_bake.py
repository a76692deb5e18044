"""Bake files: arguments of targets and of what they inherit, variables with values, HCL and JSON."""

from __future__ import annotations

import json

import pytest

from auditor.core.edit import apply_edits
from auditor.fixes.plan import BuildSecret
from tests.fixes.callers.building import FILE, NPM, SSH, after, build, edits, refused

LITERAL = "tok" + "en-3f9a"
ENTRY = '"type=env,id=npm_token,env=NPM_TOKEN"'


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ('target "app" {\n  args = { NPM_TOKEN = NPM_TOKEN }\n}\n', f'target "app" {{\n  secret = [{ENTRY}]\n}}\n'),
        (
            'target "app" {\n  args = {\n    NPM_TOKEN = "${NPM_TOKEN}"  # why\n    NODE = 20\n  }\n}\n',
            f'target "app" {{\n  args = {{\n    NODE = 20\n  }}\n  secret = [{ENTRY}]\n}}\n',
        ),
        (
            'target "app" {\n\targs = {"NPM_TOKEN": null, A = 1} // x\n\ttags = ["a"]\n}\n',
            f'target "app" {{\n\targs = {{A = 1}} // x\n\tsecret = [{ENTRY}]\n\ttags = ["a"]\n}}\n',
        ),
        (
            'target "app" {\n  args = { NPM_TOKEN = "${T}" }\n  secret = [\n    "id=a",\n  ]\n}\n',
            'target "app" {\n  secret = [\n    "id=a",\n    "type=env,id=npm_token,env=T",\n  ]\n}\n',
        ),
        (
            'target "base" {\n  args = { NPM_TOKEN = NPM_TOKEN }\n}\ntarget "app" {\n  inherits = ["base"]\n}\n',
            f'target "base" {{\n  secret = [{ENTRY}]\n}}\ntarget "app" {{\n  inherits = ["base"]\n}}\n',
        ),
        ('target "app" {}\n', f'target "app" {{\n  secret = [{ENTRY}]\n}}\n'),
    ],
)
def test_arguments_become_secrets(before: str, wanted: str) -> None:
    assert after("docker-bake.hcl", before) == wanted
    assert after("docker-bake.hcl", before.replace("\n", "\r\n")) == wanted.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "text",
    [
        '{\n\t"target": {\n\t\t"app": {\n\t\t\t"args": {\n\t\t\t\t"NPM_TOKEN": "${NPM_TOKEN}",\n\t\t\t\t"B": "c"\n'
        '\t\t\t},\n\t\t\t"tags": ["a"]\n\t\t}\n\t}\n}\n',
        '{"target": {"app": {"args": {"B": "c", "NPM_TOKEN": "${NPM_TOKEN}"}, "tags": ["a"]}}}',
        '{"target": {"app": {"args": {"B": "c", "NPM_TOKEN": null}, "secret": [], "tags": ["a"]}}}',
    ],
)
def test_json(text: str) -> None:
    assert json.loads(after("docker-bake.json", text))["target"]["app"] == {
        "args": {"B": "c"},
        "secret": [json.loads(ENTRY)],
        "tags": ["a"],
    }


def test_json_whose_only_argument_goes() -> None:
    text = '{"target": {"app": {"args": {"NPM_TOKEN": "${T}"}}}}'
    assert after("docker-bake.json", text) == text.replace(
        '"args": {"NPM_TOKEN": "${T}"}', '"secret": ["type=env,id=npm_token,env=T"]'
    )


def test_files_and_agents() -> None:
    text = 'target "app" {\n  context = "../app"\n  dockerfile = "Dockerfile" # d\n}\n'
    assert after("docker-bake.hcl", text, build(FILE, SSH, dropped=())) == text.replace(
        "# d\n", '# d\n  secret = ["type=file,id=npmrc,src=../app/.npmrc"]\n  ssh = ["default"]\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        f'target "app" {{\n  args = {{ NPM_TOKEN = "{LITERAL}" }}\n}}\n',
        f'variable "NPM_TOKEN" {{ default = "{LITERAL}" }}\n'
        'target "app" {\n  args = { NPM_TOKEN = NPM_TOKEN }\n}\n',
    ],
)
def test_values_that_stand_there_are_burnt(text: str) -> None:
    found = edits("docker-bake.hcl", text)
    assert [text[slice(*b.span)] for b in found.burnt] == [LITERAL]
    assert LITERAL not in apply_edits(text, found.edits)
    assert any("set NPM_TOKEN" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('target "app" {\n  args = { NPM_TOKEN = "a${T}" }\n}\n', "several parts"),
        ('target "app" {\n  args = { NPM_TOKEN = upper("${T}") }\n}\n', "several parts"),
        ('target "app" {\n  args = merge({ NPM_TOKEN = "x" }, A)\n}\n', "computed"),
        (
            'target "b" {\n  args = { NPM_TOKEN = T }\n}\ntarget "app" {\n  inherits = ["b"]\n}\n'
            'target "c" {\n  inherits = ["b"]\n  dockerfile = "other"\n}\n',
            "another Dockerfile",
        ),
        (
            f'variable "T" {{ default = "{LITERAL}" }}\n'
            'target "app" {\n  args = { NPM_TOKEN = T }\n  tags = [T]\n}\n',
            "used elsewhere",
        ),
        ('target "app" {\n  args = { NPM_TOKEN = T }\n', "cannot be read"),
        ('target "app" {\n  a = 1\n}\ntarget "app" {\n  args = { NPM_TOKEN = T }\n}\n', "cannot be read"),
    ],
)
def test_what_cannot_be_changed_is_a_problem(text: str, reason: str) -> None:
    assert reason in refused("docker-bake.hcl", text)


def test_targets_of_other_images_stay() -> None:
    text = (
        'target "a" {\n  dockerfile = "other"\n  args = { NPM_TOKEN = T }\n}\n'
        'target "b" {\n  context = "https://git.example/x.git"\n}\ntarget "c" {\n  dockerfile-inline = "FROM x"\n}\n'
    )
    found = edits("docker-bake.hcl", text, build(sole=False))
    assert (found.edits, found.matched, found.problems) == ((), 0, ())


def test_a_second_run_changes_nothing() -> None:
    asked = build(NPM, BuildSecret("npmrc", "file", source=".npmrc"))
    out = after("docker-bake.hcl", 'target "app" {\n  args = { NPM_TOKEN = NPM_TOKEN }\n}\n', asked)
    assert edits("docker-bake.hcl", out, asked).edits == ()
