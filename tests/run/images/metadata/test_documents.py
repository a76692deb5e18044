"""JSON of any kind, read and walked."""

from __future__ import annotations

import pytest

from auditor.run.images.history.pairs import MOST_PAIRS, split
from auditor.run.images.metadata import documents
from auditor.run.images.metadata.documents import (
    Members,
    Parser,
    TooManyValues,
    from_base64,
    parse,
    pieces,
    point,
    walk,
)


def strings(root: object) -> list[tuple[str, object]]:
    return [(node.pointer, node.value) for node in walk(root, lambda _node: False)]


def test_pointers() -> None:
    root = parse(b'\xef\xbb\xbf{"a/b": {"c~d": ["x", 5, null, ["y"]]}, "e": "z", "e": "again"}')
    assert strings(root) == [("/a~1b/c~0d/0", "x"), ("/a~1b/c~0d/3/0", "y"), ("/e", "z"), ("/e", "again")]


def test_what_is_handled_is_not_given() -> None:
    root = parse('{"a": {"b": "x"}, "c": "y"}')
    given = [node.pointer for node in walk(root, lambda node: node.path == ("a",))]
    assert given == ["/c"]


def test_the_last_member_of_a_name_counts() -> None:
    root = parse('{"a": 1, "a": 2}')
    assert isinstance(root, Members)
    assert (root.get("a"), root.get("b")) == (2, None)


def test_keys_leave_numbers_out() -> None:
    (node,) = walk(parse('{"name": [["x"]]}'), lambda _node: False)
    assert (node.path, node.key) == (("name", "0", "0"), "name")


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 200_000, "1" * 10_000, b"\x00"])
def test_what_is_no_document(data: bytes | str) -> None:
    assert parse(data) is None


@pytest.mark.parametrize("as_text", [False, True])
def test_more_values_than_are_read(monkeypatch: pytest.MonkeyPatch, as_text: bool) -> None:
    monkeypatch.setattr(documents, "MOST_VALUES", 6)
    data: bytes | str = '["a", "b", "c"]' if as_text else b'["a", "b", "c"]'
    parser = Parser()
    assert strings(parser.parse(data)) == strings(parser.parse(data)) == [("/0", "a"), ("/1", "b"), ("/2", "c")]
    with pytest.raises(TooManyValues, match="more than 6 values"):
        parser.parse(data)
    assert parser.parse("5") == 5
    assert parse("[1, 2, 3, 4, 5, 6, 7]") is None


def test_many_values_are_refused_before_they_take_memory() -> None:
    with pytest.raises(TooManyValues):
        Parser().parse(b"[" + b"[]," * 5_000_000 + b"[]]")


@pytest.mark.parametrize("length", [0, 1, 10, 11, 25, 100])
def test_pieces_of_a_text(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr(documents, "_PIECE", 10)
    monkeypatch.setattr(documents, "_OVERLAP", 4)
    text = "".join(chr(100 + number) for number in range(length))
    made = list(pieces(text))
    assert "".join(piece[start:end] for piece, start, end in made) == text
    assert max(len(piece) for piece, _, _ in made) <= 18
    for at in range(length - 4):
        assert any(start <= piece.find(text[at : at + 4]) < end for piece, start, end in made)


def test_hostile_names_give_short_pointers() -> None:
    assert len(point("/x", "n" * 100_000, "m" * 100_000)) <= 1_000


@pytest.mark.parametrize("text", ["", "abc", "YWJj!GRlZg==", "/////w==", "A" * 9])
def test_no_base64(text: str) -> None:
    assert from_base64(text) is None


def test_base64() -> None:
    assert from_base64("RlJPTSBiYXNl") == "FROM base"


@pytest.mark.parametrize(
    ("keyword", "body", "known", "expected"),
    [
        ("ENV", "A=1 B=2", {}, [("A", "1"), ("B", "2")]),
        ("ENV", "A=1 x=y z B=2", {"A": ["1 x=y z"]}, [("A", "1 x=y z"), ("B", "2")]),
        ("ENV", "A=1 x=y z B=2", {"A": ["1 x"]}, [("A", "1"), ("x", "y z"), ("B", "2")]),
        ("ENV", "JAVA_OPTS=-Da=b -Dc=d", {}, [("JAVA_OPTS", "-Da=b -Dc=d")]),
        ("ENV", 'A="x y" B=', {}, [("A", "x y"), ("B", "")]),
        ("ENV", 'A="x B=1" C=2', {}, [("A", "x B=1"), ("C", "2")]),
        ("ENV", 'A="x B=1', {}, [("A", '"x'), ("B", "1")]),
        ("ENV", "NAME some value", {}, [("NAME", "some value")]),
        ("LABEL", "a.b/c=hello d=x", {}, [("a.b/c", "hello"), ("d", "x")]),
        ("LABEL", '"a b"=c', {}, [("a b", "c")]),
        ("ARG", "A=b c=d", {}, [("A", "b c=d")]),
        ("ARG", "A", {}, []),
        ("ENV", "", {}, []),
    ],
)
def test_pairs(keyword: str, body: str, known: dict[str, list[str]], expected: list[tuple[str, str]]) -> None:
    found = split(keyword, body, known)
    assert [(pair.name, pair.value) for pair in found] == expected
    assert [body[pair.start : pair.end] for pair in found] == [value for _, value in expected]


def test_pairs_are_bounded() -> None:
    found = split("ENV", " ".join(f"A{number}=x" for number in range(MOST_PAIRS + 5)), {})
    assert len(found) == MOST_PAIRS
    assert found[-1].value.endswith(f"A{MOST_PAIRS + 4}=x")
