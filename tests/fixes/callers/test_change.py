"""Which files are callers, the command line that is shown, and files that are made to break a reader."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.core.edit import apply_edits
from auditor.fixes.callers.change import MAX_CHARS, command
from auditor.flow.calling.kinds import kind_of, sniff
from tests.fixes.callers.building import FILE, NPM, ROOT, SSH, build, edits
from tests.work import calls

NAMES = [
    "build.sh",
    "Makefile",
    "compose.yml",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    "Jenkinsfile",
    "docker-bake.hcl",
    "docker-bake.json",
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/build.sh", "script"),
        ("Makefile", "makefile"),
        ("rules.mk", "makefile"),
        ("docker-compose.override.yml", "compose"),
        ("compose.prod.yaml", "compose"),
        (".github/workflows/x.yaml", "ci"),
        ("a\\.github\\workflows\\x.yaml", "ci"),
        ("action.yml", "ci"),
        (".gitlab-ci.yml", "ci"),
        ("Jenkinsfile.release", "ci"),
        ("docker-bake.override.json", "bake"),
        ("config.yml", None),
        ("Dockerfile", None),
        ("build.py", None),
    ],
)
def test_kinds(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"#!/bin/sh\n", "script"),
        (b"#!/usr/bin/env -S bash -e\r\n", "script"),
        (b"#! /bin/dash", "script"),
        (b"#!/usr/bin/env python3\n", None),
        (b"\x7fELF\x00", None),
        (b"", None),
    ],
)
def test_scripts_without_an_extension(data: bytes, kind: str | None) -> None:
    assert sniff(data) == kind


def test_the_command_line_that_is_shown() -> None:
    asked = build(NPM, FILE, SSH)
    flags = "--secret id=npm_token,env=NPM_TOKEN --secret id=npmrc,src=.npmrc --ssh default"
    assert command(asked, "Dockerfile", ".") == f"docker build {flags} ."
    assert command(asked, "a b/Dockerfile", "a b", "x:1") == (
        "docker build --secret id=npm_token,env=NPM_TOKEN --secret id=npmrc,src='a b/.npmrc' --ssh default -t x:1 'a b'"
    )
    assert command(asked, "dev.Dockerfile", ".") == f"docker build {flags} -f dev.Dockerfile ."


HOSTILE = {
    "a null byte": "docker build --build-arg NPM_TOKEN .\x00",
    "bytes that are no text": "docker build --build-arg NPM_TOKEN=\udcff\udc80 .\n",
    "quotes that do not close": "docker build --build-arg \"NPM_TOKEN=$(x 'y .\n",
    "a key without end": "services:\n  a:\n    build: {args: [NPM_TOKEN",
    "a deep list": "services: " + "[" * 5000 + "build",
    "a deep block": "build:\n" + "".join(" " * i + "- \n" for i in range(300)),
    "deep substitutions": "docker build --build-arg NPM_TOKEN=" + "$(" * 3000 + ")" * 3000,
    "deep groups": "(" * 3000 + "docker build --build-arg NPM_TOKEN ." + ")" * 3000,
    "braces": "{" * 5000 + 'target "a" {' * 2000 + "sh 'docker build .'",
    "strings in strings": 'target = "' + '${"' * 5000,
    "comments without end": "/*" * 20000 + " build",
    "a heredoc without end": "build = <<EOF\n" + "x\n" * 1000,
    "aliases of aliases": "a0: &a0 [build, build]\n"
    + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    + "services: *a39\n",
    "one alias in itself": "services: &a\n  a: {build: *a}\n",
    "old line ends": "docker build \\\r--build-arg NPM_TOKEN .\r",
    "other line ends": "docker build --build-arg NPM_TOKEN .\x85\u2028\x0b\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("name", NAMES)
def test_hostile_files_are_left_or_reported(name: str, text: str) -> None:
    found = edits(name, text)
    assert len(apply_edits(text, found.edits)) < len(text) + 400
    assert not any("\udcff" in problem for problem in found.problems)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("line", ["docker build --build-arg NPM_TOKEN .\n", "a: build\n", '"build" {\n', "# build '\n"])
def test_work_grows_with_the_file(name: str, line: str) -> None:
    small, large = (calls(lambda n=n: edits(name, line * n)) for n in (100, 400))  # type: ignore[misc]
    assert large < 4 * small * 2 + 5000


@pytest.mark.parametrize("name", NAMES)
def test_files_beyond_the_bounds_are_not_read(name: str) -> None:
    assert edits(name, "docker build --build-arg NPM_TOKEN .\n" * (MAX_CHARS // 30)).edits == ()


PIECES = st.sampled_from(
    [
        *"\n\t'\"`$(){}[]|&;#:,=-\\ ",
        "docker build ",
        "--build-arg NPM_TOKEN=",
        "--build-arg NPM_TOKEN ",
        "$NPM_TOKEN",
        "${{ secrets.X }}",
        ".",
        "<<EOF\n",
        "\nEOF\n",
        "\r\n",
        "services:\n  a:\n    build:\n      args:\n        NPM_TOKEN: x\n",
        "steps:\n  - run: ",
        "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          build-args: |\n",
        "            NPM_TOKEN=1\n",
        'target "a" {\n  args = {\n    NPM_TOKEN = "x"\n',
        '{"target": {"a": {"args": {"NPM_TOKEN": "x"}}}}',
        "sh '",
        "all:\n\t",
        "\udc80",
        "&a ",
        "*a",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.lists(PIECES, max_size=25))
def test_any_text_keeps_what_no_edit_touches(name: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    found = edits(name, text)
    apply_edits(text, found.edits)
    assert all(edit.span.end <= len(text) for edit in found.edits)
    assert all(problem.startswith("line ") for problem in found.problems)


def test_nothing_to_do_reads_nothing() -> None:
    from auditor.fixes.callers.change import BuildChange

    nothing = BuildChange(f"{ROOT}/Dockerfile", ROOT, (), frozenset(), True)
    assert edits("build.sh", "docker build .\n", nothing) == edits("build.sh", "", nothing)


@pytest.mark.parametrize(
    ("text", "sole", "is_problem"),
    [
        ("b: [docker build --build-arg NPM_TOKEN\n", True, True),
        ("b: [docker build --build-arg NPM_TOKEN\n", False, True),
        ("b: [docker build -t x\n", True, True),
        ("b: [docker build -t x\n", False, False),
        ("stages: [build, test\n", True, False),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_where_it_seems_to_build(
    text: str, sole: bool, is_problem: bool
) -> None:
    assert bool(edits(".gitlab-ci.yml", text, build(sole=sole)).problems) == is_problem
