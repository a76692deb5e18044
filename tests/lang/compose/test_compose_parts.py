"""The sections of a compose file beside `environment`: each once, where it stands."""

from __future__ import annotations

import pytest

from auditor.lang.compose.nodes import Scalar
from auditor.lang.compose.parts import Parts
from auditor.lang.compose.services import read_compose


def parts(text: str) -> Parts:
    return Parts(read_compose(text))


def entries(text: str) -> list[tuple[str, str, str]]:
    return [(s.kind, s.label, e.name) for s in parts(text).sections for e in s.entries]


def lines(text: str) -> list[tuple[str, str]]:
    return [(line.kind, line.label) for line in parts(text).lines]


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ("build: {args: {A: b}}", [("args", "s", "A")]),
        ("build:\n      args: [A=b, C]", [("args", "s", "A"), ("args", "s", "C")]),
        ("build:\n      labels: {d: e}", [("labels", "s", "d")]),
        ("labels: [a=b]\n    deploy: {labels: {c: d}}", [("labels", "s", "a"), ("labels", "s", "c")]),
        ("logging: {options: {a: b}}", [("options", "s", "a")]),
        ("args: {A: b}", []),
        ("environment: {labels: x, args: y}", []),
        ("labels: {args: x}", [("labels", "s", "args")]),
        ("x-more: {build: {args: {A: b}}}", [("args", "s", "A")]),
        ("build: .", []),
    ],
)
def test_entries_of_a_service(service: str, wanted: list[tuple[str, str, str]]) -> None:
    assert entries(f"services:\n  s:\n    image: x\n    {service}\n") == wanted


def test_entries_of_other_resources() -> None:
    text = "volumes:\n  v: {driver_opts: {o: x}, labels: [a=b]}\nnetworks:\n  n: {driver_opts: {p: y}}\n"
    assert entries(text) == [("options", "v", "o"), ("labels", "v", "a"), ("options", "n", "p")]


SHARED = """x-base: &base
  labels: &labels {a: b}
  command: one
  build: &build
    args: {A: b}
services:
  s:
    <<: *base
  t:
    <<: [*base]
    labels:
      <<: *labels
      c: d
    build:
      <<: *build
      args: {E: f}
"""


def test_what_services_share_is_listed_once() -> None:
    found = [("labels", "x-base", "a"), ("args", "x-base", "A"), ("labels", "t", "c"), ("args", "t", "E")]
    assert entries(SHARED) == found
    assert lines(SHARED) == [("command", "x-base")]


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ("command: a\n    entrypoint: [b]", ["command", "entrypoint"]),
        ("healthcheck: {test: [CMD, a]}", ["healthcheck"]),
        ("post_start:\n      - command: a\n      - command: [b]", ["command", "command"]),
        ("test: a", []),
        ("command:\n    entrypoint: ~", []),
        ("command: {a: b}", []),
    ],
)
def test_command_lines(service: str, wanted: list[str]) -> None:
    assert [kind for kind, _label in lines(f"services:\n  s:\n    image: x\n    {service}\n")] == wanted


def test_items_and_sources() -> None:
    made = parts(
        "services:\n  s:\n    volumes: ['a:b', {source: c}]\n    env_file:\n      - d\n      - path: e\n"
        "secrets:\n  f: {file: g}\n  h: {environment: I}\nconfigs:\n  j: {content: k}\n  l: &m {file: n}\n  o: *m\n"
    )
    assert [(item.kind, isinstance(item.node, Scalar)) for item in made.items] == [
        ("volumes", True),
        ("volumes", False),
        ("env_file", True),
        ("env_file", False),
    ]
    values = [(s.kind, s.name, s.file and s.file.value, s.content and s.content.value) for s in made.sources]
    assert values == [
        ("secrets", "f", "g", None),
        ("secrets", "h", None, None),
        ("configs", "j", None, "k"),
        ("configs", "l", "n", None),
        ("configs", "o", "n", None),
    ]


def test_every_document_and_the_old_format() -> None:
    text = "s:\n  image: x\n  command: a\n---\nservices:\n  t:\n    command: b\n"
    assert lines(text) == [("command", "s"), ("command", "t")]
    assert lines("s:\n  image: x\n  command: a\n") == [("command", "s")]


@pytest.mark.parametrize(
    "text",
    [
        "services: 3\nsecrets: [a]\nconfigs: b\nvolumes: [c]\n",
        "services: {s: {build: [a], labels: 3, volumes: {a: b}, healthcheck: x, deploy: [y], command: {z: 1}}}\n",
        "services: &s\n  s: *s\n",
        "x-a: &a\n  <<: *a\n  build: *a\nservices: {s: *a}\n",
        "? [a]\n: b\nservices: {? [c] : d}\n",
    ],
)
def test_odd_shapes_have_nothing(text: str) -> None:
    made = parts(text)
    assert [e for s in made.sections for e in s.entries] == []
    assert (made.lines, made.items) == ([], [])


def test_mergers_of_mergers_are_read_once() -> None:
    bomb = "x-a0: &a0 {command: a}\n" + "".join(f"x-a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 50))
    assert len(lines(bomb + "services: {s: {<<: *a49}}\n")) == 1
