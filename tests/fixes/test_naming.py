"""Ids for values that had no name: by what announces them, good as names of variables, never taken ones."""

from __future__ import annotations

import pytest

from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.fixes.naming import literal_id, taken_ids, variable_of
from auditor.flow.build import follow
from auditor.flow.facts import Literal
from auditor.lang.dockerfile.parser import parse


def _literal(text: str, kind: str, name: str, secret: str = "password") -> Literal:
    start = text.index("V")
    return Literal(Secret("V", secret), Span(start, start + 1), "secret", kind, name)


@pytest.mark.parametrize(
    ("text", "kind", "name", "program", "made"),
    [
        ("NPM_TOKEN=V x", "pair", "NPM_TOKEN", "npm", "npm_token"),
        ("x --password V", "flag", "password", "x", "x_password"),
        ("x -p V", "flag", "p", "x", "x_password"),
        ("x -p V", "flag", "p", "", "password"),
        ("https://u:V@git.h.example/x", "url", "password", "git", "git_h_example_password"),
        ("https://u:V@127.0.0.1/x", "url", "password", "git", "git_password"),
        ("https://u:V@127.0.0.1/x", "url", "password", "", "url_password"),
        ("root:V", "stdin", "chpasswd", "chpasswd", "root_password"),
        ("<<< V", "stdin", "docker", "docker", "docker_password"),
        ("V", "token", "npm-token", "", "password"),
    ],
)
def test_literal_id(text: str, kind: str, name: str, program: str, made: str) -> None:
    assert literal_id(text, _literal(text, kind, name), program, ()) == made
    assert literal_id(text, _literal(text, kind, name), program, [made, f"{made}_2"]) == f"{made}_3"


def test_taken_ids_are_those_of_variables_and_of_mounts() -> None:
    text = "FROM x\nARG NPM_TOKEN\nRUN --mount=type=secret,id=other npm ci\n"
    assert taken_ids(follow(parse(text), "Dockerfile")) == {"npm_token", "other"}


@pytest.mark.parametrize(("kind", "name", "made"), [("pair", "A_B", "A_B"), ("pair", "a.b", ""), ("flag", "A", "")])
def test_variable_of(kind: str, name: str, made: str) -> None:
    assert variable_of(_literal("V", kind, name)) == made
