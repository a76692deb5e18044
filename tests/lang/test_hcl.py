"""HCL of bake files: blocks and attributes with their places, expressions left alone, bounds."""

from __future__ import annotations

import pytest

from auditor.lang import hcl
from auditor.lang.compose.nodes import Mapping, Scalar, Sequence

TEXT = """\
# a comment
variable "T" { default = "" }
target "app" {
  args = { A = "${T}", "B": upper(T), C = null } // why
  tags = ["a:${equal("x", T) ? "y" : "z"}", T,
    "b"]
  text = <<EOF
 } { "
EOF
  made = { for k in x : k => v }
  labels {
    q = 1
  }
  quoted = "$${no}" /* the end */
}
"""


def test_blocks_and_values() -> None:
    blocks = hcl.read(TEXT)
    assert [(b.kind, b.labels) for b in blocks] == [("variable", ("T",)), ("target", ("app",))]
    body = blocks[1].body
    assert TEXT[slice(*body.span)].startswith("{\n  args")
    assert TEXT[slice(*body.span)].endswith("}")
    kinds = {key.value: type(value) for key, value in body.pairs if isinstance(key, Scalar)}
    assert kinds == {
        "args": Mapping,
        "tags": Sequence,
        "text": Scalar,
        "made": Scalar,
        "quoted": Scalar,
    }


def test_places() -> None:
    body = hcl.read(TEXT)[1].body
    args = body.mapping("args")
    assert args is not None
    assert [(TEXT[slice(*k.span)], TEXT[slice(*v.span)]) for k, v in args.pairs] == [
        ("A", '"${T}"'),
        ('"B"', "upper(T)"),
        ("C", "null"),
    ]
    tags = body.get("tags")
    assert isinstance(tags, Sequence)
    assert [TEXT[slice(*item.span)] for item in tags.items] == ['"a:${equal("x", T) ? "y" : "z"}"', "T", '"b"']
    assert body.text("quoted") == "$${no}"
    assert body.text("made") == "{ for k in x : k => v }"


@pytest.mark.parametrize(
    "text",
    [
        "a {",
        "}",
        'a "b',
        "a = ",
        'a = "b\n"',
        'a = "${"',
        "a = [1",
        "a = <<E\nx\n",
        "a = (1 /* x",
        "! = 1",
        "a {" * 5000,
        "a = " + "[" * 5000,
        'a = "' + '${"' * 5000,
        " " * (hcl.MAX_CHARS + 1),
    ],
)
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(hcl.Unreadable):
        hcl.read(text)


def test_deep_values_are_expressions() -> None:
    text = 't "a" { x = ' + "[" * 60 + "]" * 60 + " }"
    (block,) = hcl.read(text)
    assert len(block.body.pairs) == 1
