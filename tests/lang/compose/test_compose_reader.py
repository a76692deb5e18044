"""YAML with places: spans, anchors, bounds, and the shell text inside of scalars."""

from __future__ import annotations

import pytest

from auditor.lang.compose.nodes import Alias, Mapping, Node, Scalar, Sequence, walk
from auditor.lang.compose.reader import MAX_CHARS, MAX_DEPTH, Unreadable, read
from auditor.lang.compose.scalars import derived, own


def _top(text: str) -> Mapping:
    (node,) = read(text)
    assert isinstance(node, Mapping)
    return node


def _scalar(text: str, key: str = "a") -> Scalar:
    node = _top(text).get(key)
    assert isinstance(node, Scalar)
    return node


def test_spans_end_with_the_node_and_not_with_what_follows() -> None:
    text = "a:\n  b: 'c'   # why\n\n  d: [e, {f: g}]\n\n# end\nh: i\n"
    top = _top(text)
    pair = top.pair("a")
    assert pair is not None
    assert text[slice(*pair[1].span)] == "b: 'c'   # why\n\n  d: [e, {f: g}]"
    assert [text[slice(*n.span)] for n in walk(pair[1]) if isinstance(n, Scalar)] == "b 'c' d e f g".split()


def test_anchors_tags_and_aliases_are_told_and_not_followed() -> None:
    top = _top("a: &x {b: c}\nd: *x\ne:\n  <<: *x\nf: !t g\n")
    assert [(node.anchor, node.marked) for _, node in top.pairs[:2]] == [("x", True), ("x", False)]
    assert isinstance(top.get("d"), Alias)
    inner = top.mapping("e")
    assert inner is not None
    assert inner.merges
    other = top.get("f")
    assert isinstance(other, Node)
    assert other.marked


def test_several_documents_and_none() -> None:
    assert [type(node) for node in read("--- a\n--- [b]\n")] == [Scalar, Sequence]
    assert read("# nothing\n") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: b\n" * 1 + " " * MAX_CHARS, "larger than 256 KiB"),
        ("[" * (MAX_DEPTH + 1), "nested deeper than 60"),
        ("a: [b\n", "not valid YAML"),
        ("a: \ud800\n", "not valid YAML"),
        ("a: \x07\n", "not valid YAML"),
        ("a: 1\na: 2\n", "twice"),
    ],
)
def test_what_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(text)


def test_aliases_of_aliases_stay_small() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 200)]
    assert sum(1 for _ in walk(_top("\n".join(lines)))) < 1000


def test_a_merge_may_stand_twice() -> None:
    assert len(_top("a: &a {b: c}\nd:\n  <<: *a\n  <<: *a\n").pairs) == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: one two # c\n", "one two"),
        ("a: 'it''s'\n", "it's"),
        ('a: "say \\"x\\"\\t\\\\"\n', 'say "x"\t\\'),
        ("a: |\n  one\n\n    two\n  three\n", "one\n\n  two\nthree\n"),
        ("a: |-\r\n  one\r\n  two\r\n", "one\ntwo"),
        ("a: >\n  one\n  two\n\n  three\n", None),
        ("a: >-\n  one\n  two\n    far\n  back\n", "one two\n  far\nback"),
        ("a: |2\n   one\n", None),
        ("a: one\n  two\n", None),
        ('a: "\\x41"\n', None),
        ("a: &x one\n", None),
    ],
)
def test_the_text_of_a_scalar_has_its_places(text: str, value: str | None) -> None:
    made = derived(text, _scalar(text))
    if value is None or made is None:
        assert made is None
        return
    assert made.text.rstrip("\n") == value.rstrip("\n")
    for index, char in enumerate(made.text):
        assert text[made.at(index)] in (char, "\n", "t")


def test_text_of_ours_in_the_scalar_s_notation() -> None:
    assert own(_scalar("a: 'b'\n"), "it's") == "it''s"
    assert own(_scalar('a: "b"\n'), 'a "b" \\') == 'a \\"b\\" \\\\'
    assert own(_scalar("a: b\n"), "it's") == "it's"
