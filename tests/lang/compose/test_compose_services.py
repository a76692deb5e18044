"""Environments of a compose file, with aliases and merges looked up; dollar signs in values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.compose.interpolation import interpolated
from auditor.lang.compose.nodes import Mapping
from auditor.lang.compose.reader import MAX_CHARS, Unreadable, read
from auditor.lang.compose.services import ComposeText, read_compose
from auditor.lang.dockerfile.text import Text


def entries(text: str) -> list[tuple[str, str, str]]:
    """Label, name and value of every entry that has a value."""
    file = read_compose(text)
    return [(s.label, e.name, e.raw.text) for s in file.sections for e in s.entries if e.raw is not None]


def users(file: ComposeText) -> list[list[str] | None]:
    found = [file.users(section) for section in file.sections]
    return [None if services is None else [service.name for service in services] for services in found]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ("\n      A: b\n      'C': \"d\"\n      E: 5", [("A", "b"), ("C", "d"), ("E", "5")]),
        ("\n      - A=b\n      - 'C=d=e'\n      - F", [("A", "b"), ("C", "d=e")]),
        (" {A: b, C: 'd'}", [("A", "b"), ("C", "d")]),
        (" [A=b, \"C=d\"]", [("A", "b"), ("C", "d")]),
        ("\n      A:\n      B: ~\n      C: ''", [("C", "")]),
        ("\n      A: |-\n        one\n        two\n      B: c", [("A", "one\ntwo"), ("B", "c")]),
        ("\n      A: &x b\n      C: *x", [("A", "b"), ("C", "b")]),
        ("\n      A: !!str 5", [("A", "5")]),
        ("\n      A: [b]\n      C: d", [("C", "d")]),
        (" production", []),
    ],
)  # fmt: skip
def test_entries_in_every_form(environment: str, wanted: list[tuple[str, str]]) -> None:
    text = f"services:\n  db:\n    environment:{environment}\n"
    assert entries(text) == [("db", *entry) for entry in wanted]
    assert [entry[1:] for entry in entries(text.replace("\n", "\r\n"))] == [*wanted]
    assert entries("\ufeff" + text) == entries(text)


def test_values_have_their_places() -> None:
    text = "services:\n  db:\n    environment:\n      A: 'it''s'\n      B: \"a\\tb\"\n      C: plain # no\n"
    raws = [e.raw for s in read_compose(text).sections for e in s.entries]
    assert [text[slice(*raw.whole)] for raw in raws if raw is not None] == ["it''s", "a\\tb", "plain"]


def test_a_value_without_certain_places_has_that_of_all() -> None:
    text = 'services:\n  db:\n    environment:\n      A: "x\\x41y"\n'
    raw = read_compose(text).sections[0].entries[0].raw
    assert raw is not None and raw.text == "xAy"
    assert text[slice(*raw.span(1, 2))] == "x\\x41y"


def test_blocks_that_services_share() -> None:
    text = (
        "x-env: &env\n  A: b\nx-base: &base\n  environment:\n    C: d\nservices:\n"
        "  one:\n    environment:\n      <<: *env\n      E: f\n  two:\n    environment: *env\n  three:\n    <<: *base\n"
    )
    file = read_compose(text)
    assert [section.label for section in file.sections] == ["x-env", "x-base", "one"]
    assert users(file) == [["one", "two"], ["three"], ["one"]]


def test_the_strongest_comes_first_in_a_merge() -> None:
    text = "x-a: &a {K: 1}\nx-b: &b {K: 2}\nservices:\n  s:\n    environment:\n      <<: [*a, *b]\n      K: 3\n"
    file = read_compose(text)
    values = [e.raw.text for s in file.environment_of(file.services[0]) for e in s.entries if e.raw is not None]
    assert values == ["3", "1", "2"]


def test_an_anchor_may_be_given_again() -> None:
    text = "x-a: &a {K: 1}\nservices:\n  s:\n    environment: *a\nx-b: &a {K: 2}\n"
    file = read_compose(text)
    assert [(section.label, len(file.users(section) or ())) for section in file.sections] == [("x-a", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "services: &s\n  a:\n    <<: *s\n    environment: *s\n",
        "x-a: &a\n  <<: *a\n  K: v\nservices:\n  s:\n    environment: *a\n",
        "services:\n  a:\n    environment: *gone\n",
        "services: [a, b]\n",
        "- a\n",
        "",
        "services:\n  ? [x]\n  : {environment: {A: b}}\n",
    ],
)
def test_odd_files_are_read(text: str) -> None:
    file = read_compose(text)
    assert all(known is not None for known in users(file))


def test_a_file_too_tangled_is_not_told_about() -> None:
    chain = "x-0: &m0\n  A: b\n" + "".join(f"x-{i}: &m{i}\n  <<: *m{i - 1}\n" for i in range(1, 400))
    services = "".join(f"  s{i}:\n    environment: *m399\n" for i in range(300))
    file = read_compose(f"{chain}services:\n{services}")
    assert set(map(str, users(file))) == {"None"}


def test_a_file_of_the_first_format() -> None:
    file = read_compose("db:\n  image: a\n  environment:\n    A: b\nother:\n  environment:\n    C: d\n")
    assert not file.modern
    assert [section.label for section in file.sections] == ["db"]


def test_repeated_keys_are_kept_and_found() -> None:
    text = "services:\n  a:\n    environment:\n      A: b\n      A: c\n"
    file = read_compose(text)
    again = file.repeated()
    assert again is not None and file.line(again) == 5
    assert [entry[2] for entry in entries(text)] == ["b", "c"]
    with pytest.raises(Unreadable, match="twice"):
        read(text)


def test_what_is_no_yaml_says_where() -> None:
    with pytest.raises(Unreadable) as caught:
        read_compose("services:\n  a: [1\n  b: 2\n")
    assert caught.value.line == 3
    with pytest.raises(Unreadable, match="larger than"):
        read_compose("#" * (MAX_CHARS + 1))


@pytest.mark.parametrize(
    ("source", "text", "uses"),
    [
        ("plain", "plain", []),
        ("a$$b", "a$b", []),
        ("$A", "$A", [("A", "", None)]),
        ("x${A}y", "x${A}y", [("A", "", None)]),
        ("$${A}", "${A}", []),
        ("${A:-b}", "${A:-b}", [("A", ":-", "b")]),
        ("${A-b}", "${A-b}", [("A", "-", "b")]),
        ("${A:?b}", "${A:?b}", [("A", ":?", "b")]),
        ("${A:-${B:-c}}", "${A:-${B:-c}}", [("A", ":-", "${B:-c}")]),
        ("$$x${A}", "$x${A}", [("A", "", None)]),
        ("$1", "$1", []),
        ("${A", "${A", []),
        ("${A ${B}", "${A ${B}", [("B", "", None)]),
        ("${}", "${}", []),
        ("${A!b}", "${A!b}", []),
        ("$", "$", []),
    ],
)
def test_dollar_signs(source: str, text: str, uses: list[tuple[str, str, str | None]]) -> None:
    found = interpolated(Text.at(source, 7))
    assert found.text.text == text
    assert [(use.name, use.operator, use.default) for use in found.uses] == uses
    for use in found.uses:
        assert source[slice(*(place - 7 for place in found.text.span(use.start, use.end)))].startswith(
            f"${use.name}"[:1]
        )


@given(st.text(alphabet="$A{}:-?b ", max_size=40))
def test_any_text_keeps_its_places(source: str) -> None:
    found = interpolated(Text.at(source, 0))
    assert found.text.text.replace("$", "") == source.replace("$", "")
    for use in found.uses:
        assert source[slice(*found.text.span(use.start, use.end))] == found.text.text[use.start : use.end]


def test_many_open_braces_take_no_longer() -> None:
    source = "${A" * 80_000
    assert interpolated(Text.at(source, 0)).uses == []


def test_merges_of_a_service_are_looked_up() -> None:
    file = read_compose("x-a: &a\n  image: postgres\nservices:\n  s:\n    <<: *a\n")
    node = file.services[0].node
    assert isinstance(node, Mapping)
    assert file.inherited(node, "image") is not None
    assert file.inherited(node, "build") is None
