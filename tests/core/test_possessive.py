"""Atomic groups in the place of possessive repeats of groups."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import auditor
from auditor.core.pattern import Pattern
from auditor.core.possessive import as_atomic

PATTERNS = (
    r"(?:a{1,3}b)*+a?",
    r"x(?P<rest>(?:[ ]{1,3}(?:a|ab)[ ]{1,2}\S{1,4}){0,3}+) b",
    r"((?:[^)(]|\()++)\)",
    r"(?:[]()+]|\\.)++x?",
    r"(?:(?:ab?)++c)?+b",
    r"[(]+a++b?+",
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("(?:ab)*+c", "(?>(?:ab)*)c"),
        ("a*+(b)c", "a*+(b)c"),
        ("((?:a)++)?+", "(?>((?>(?:a)+))?)"),
        (r"\((?:[)+]\))*+", r"\((?>(?:[)+]\))*)"),
        ("(?P<x>a|b){1,20}+", "(?>(?P<x>a|b){1,20})"),
        ("[^]()]*+(a)+", "[^]()]*+(a)+"),
    ],
)
def test_what_becomes_of_them(source: str, expected: str) -> None:
    assert as_atomic(source) == expected


@pytest.mark.skipif(sys.version_info < (3, 11, 5), reason="its possessive repeats are wrong, for which this is there")
@given(st.sampled_from(PATTERNS), st.text("abcx ()\\\\]+S", max_size=24))
def test_both_match_the_same(source: str, text: str) -> None:
    expected, found = re.search(source, text), re.search(as_atomic(source), text)
    assert (expected and (expected.span(), expected.groups())) == (found and (found.span(), found.groups()))


def test_patterns_are_right_in_every_version() -> None:
    text = "machine git.shop.example login ci password Winter"
    words = Pattern(r"machine \S{1,99}(?:[ ]{1,9}(?:login|port)[ ]{1,9}\S{1,99}){0,4}+ password (\S+)").search(text)
    assert words is not None and words[1] == "Winter"
    assert Pattern(r"/\*(?:[^*]|\*(?!/))*+\*/").fullmatch("/* a */") is not None


def _texts(node: ast.AST, named: dict[str, ast.expr]) -> list[str]:
    """Constant texts and bytes in an expression, those of the module's constants that it names included."""
    found: list[str] = []
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in named:
            found += _texts(named[one.id], {})
        elif isinstance(one, ast.Constant) and isinstance(one.value, str | bytes):
            found.append(one.value if isinstance(one.value, str) else one.value.decode("latin-1"))
    return found


def _given_to_re(module: str) -> list[str]:
    """Texts in the patterns of calls such as `re.compile(...)` in a module, but for `sound(...)`."""
    tree = ast.parse(module)
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for node in ast.walk(tree):
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re":
            first = next(iter((*node.args, *(key.value for key in node.keywords if key.arg == "pattern"))))
            if not (isinstance(first, ast.Call) and isinstance(first.func, ast.Name) and first.func.id == "sound"):
                found += _texts(first, named)
    return found


def test_no_pattern_goes_around() -> None:
    """What is given to `re` itself has no possessive repeat of a group; `sound` and `Pattern` are there for those."""
    modules = sorted(Path(auditor.__file__).parent.rglob("*.py"))
    patterns = [(path.name, pattern) for path in modules for pattern in _given_to_re(path.read_text())]
    assert len(patterns) > 50
    assert [one for one in patterns if as_atomic(one[1]) != one[1]] == []


@pytest.mark.parametrize(
    "module", ['re.compile(rb"(?:ab)*+c")', 'B = r"(?:ab)*+c"\nre.match(B, x)', 're.compile(pattern=r"(?:ab)*+c")']
)
def test_it_would_be_seen(module: str) -> None:
    assert _given_to_re(module) == ["(?:ab)*+c"]
