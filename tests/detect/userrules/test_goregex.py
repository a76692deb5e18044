from __future__ import annotations

import time

import pytest

from auditor.detect.userrules.goregex import expression as module
from auditor.detect.userrules.goregex.anchors import anchor, lowered, places
from auditor.detect.userrules.goregex.expression import Expression
from auditor.detect.userrules.goregex.nodes import Unsupported
from auditor.detect.userrules.goregex.syntax import parse

#: Expression, text, the spans that Go's FindAllStringIndex gives (regexp of Go 1.26), empty ones left out.
FOUND = [
    (r"abc", "xabcabc", [(1, 4), (4, 7)]),
    (r"ab(?i)cd", "abCD ABcd", [(0, 4)]),
    (r"a(?i:b)c", "aBc aBC", [(0, 3)]),
    (r"(?i)a(?-i)b", "Ab AB ab", [(0, 2), (6, 8)]),
    (r"(a(?i)b)c", "aBc aBC", [(0, 3)]),
    (r"(?i)x|y", "Y", [(0, 1)]),
    (r"a.c", "a\nc abc", [(4, 7)]),
    (r"(?s)a.c", "a\nc", [(0, 3)]),
    (r"(?s:a.)c.", "a\nc\n", []),
    (r"^a", "ba\na", []),
    (r"(?m)^a$", "b\na\nb", [(2, 3)]),
    (r"a$", "a\n", []),
    (r"\Aa\z", "a", [(0, 1)]),
    (r"a\z", "a\n", []),
    (r"(?U)a+", "aaa", [(0, 1), (1, 2), (2, 3)]),
    (r"(?U)a+?", "aaa", [(0, 3)]),
    (r"\Qa.b\E+", "a.bb axb", [(0, 4)]),
    (r"\Q[", "[", [(0, 1)]),
    (r"[[:alpha:]]+[^[:^digit:]]", "ab1", [(0, 3)]),
    (r"[[:^digit:]]+", "ab1", [(0, 2)]),
    (r"\w+", "aé1", [(0, 1), (2, 3)]),
    (r"\d+", "1\u0661", [(0, 1)]),
    (r"\s", "\u00a0\v\t", [(2, 3)]),
    (r"a\b", "aé", [(0, 1)]),
    (r"\pL+", "aé1", [(0, 2)]),
    (r"[\p{Lu}_]+\P{Lu}", "É_é", [(0, 3)]),
    (r"\p{^L}", "a1", [(1, 2)]),
    (r"(?i)é", "É", [(0, 1)]),
    (r"\x41\x{42}\103\x{1F511}", "ABC\U0001f511", [(0, 4)]),
    (r"[\x60'\"\-\]]+", "a`'\"-]", [(1, 6)]),
    (r"[]a]+[^]a]", "]ab", [(0, 3)]),
    (r"[\w.-]+", "a.-b!", [(0, 4)]),
    (r"a{,2}", "a{,2}", [(0, 5)]),
    (r"x{2}y{1,}z{0,1}", "xxyyz", [(0, 5)]),
    (r"a|ab", "ab", [(0, 1)]),
    (r"(?:a|ab)(?:c|bcd)$", "abcd", [(0, 4)]),
    (r"a+?b", "aab", [(0, 3)]),
    (r"a??", "aa", []),
    (r"(?:|a)+", "aa", []),
    (r"(?:a|b)*\B.", "abc", [(0, 3)]),
    (r"key[a-z]+;", "keykey;x", [(0, 7)]),
    (r"-{5}BEGIN[\s\S]{3,}?END", "-----BEGIN a\nEND END", [(0, 16)]),
]
REFUSED = [
    (r"a**", "nothing for * to repeat"),
    (r"*a", "nothing for * to repeat"),
    (r"(?:|+)", "nothing for + to repeat"),
    (r"a{1001}", "not a valid number"),
    (r"a{3,2}", "not a valid number"),
    (r"(a", "parenthesis is not closed"),
    (r"a)", "unexpected )"),
    (r"[a", "bracket is not closed"),
    (r"[b-a]", "runs backwards"),
    (r"(?=a)", "not part of Go's syntax"),
    (r"(?<!a)b", "not part of Go's syntax"),
    (r"(?P<n>a)(?<n>b)", "named n"),
    (r"(a)\1", "no meaning"),
    (r"\Z", "no meaning"),
    (r"\C", "no meaning"),
    ("a\\", "no meaning"),
    (r"\p{Greek}", "names no general category"),
    (r"[[:what:]]", "does not exist"),
    ("(" * 200 + ")" * 200, "nested too deeply"),
    ("(?:a{900}){900}", "repeats too much"),
    ("(?:" * 50 + "a" + "){1,2}" * 50, "repeats too much"),
    ("a" * 70_000, "longer than"),
]
HOSTILE = [
    (r"(a+)+$", "a" * 100_000 + "!"),
    (r"(a|a)*b", "a" * 100_000),
    (r"(\w+\s?)*$", "word " * 20_000 + "!"),
    (r".*.*=.*", "x" * 100_000),
    (r"(x+x+)+y", "x" * 100_000),
    (r"(?:(?:a?){1,100}){1,10}b", "a" * 100_000),
    (r"[a-z]+=", "a" * 100_000),
    ("(?:" * 9 + "a" + "){1,2}" * 9, "a" * 100_000),
    ("(" * 49 + "a+b|c" + ")*" * 49, "a" * 100_000),
    (r"key[a-z]*Z", "key" * 33_333),
    (r"key(?:.*z)?", "key" * 33_333),
    (r"\b(ab[a-z]{10,}\.ab[a-z_]{10,}\.)", "ab" * 50_000),
    (r"(?i)[\w.-]{0,50}?(?:token)[ \t\w.-]{0,20}[\s'\"]{0,3}(?:=|:)[\s'\"=]{0,5}([a-z0-9]{40})", "token" * 20_000),
]


@pytest.fixture(params=["as judged", "automaton"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to search must find the same: `re` where the work is bounded, and the automaton always."""
    if request.param == "automaton":
        monkeypatch.setattr(module, "_MAX_WORK_ANCHORED", -1)
        monkeypatch.setattr(module, "_MAX_WORK", -1)
    return str(request.param)


@pytest.mark.parametrize(("source", "text", "spans"), FOUND)
def test_matches_are_those_of_go(engine: str, source: str, text: str, spans: list[tuple[int, int]]) -> None:
    expression = Expression(source)
    assert expression.linear or engine == "as judged"
    assert list(expression.finditer(text)) == spans
    assert expression.search(text) or not spans


@pytest.mark.parametrize(
    ("source", "text", "spans"),
    [
        (r"(a)|(b)", "xb", [(1, 2), (-1, -1), (1, 2)]),
        (r"(?P<k>\w+)=(?<v>\d+)?", "ab=", [(0, 3), (0, 2), (-1, -1)]),
        (r"(?:(a)|b)*", "ab", [(0, 2), (0, 1)]),
        (r"((a*)+)b", "aab", [(0, 3), (0, 2), (0, 2)]),
        (r"(a+)(a*)", "aaa", [(0, 3), (0, 3), (3, 3)]),
        (r"(a+?)(a*)", "aaa", [(0, 3), (0, 1), (1, 3)]),
        (r"q(u)", "x", []),
    ],
)
def test_groups_are_those_of_go(engine: str, source: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert Expression(source).spans(text) == spans


@pytest.mark.parametrize(("source", "reason"), REFUSED)
def test_what_go_refuses_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(Unsupported) as error:
        Expression(source)
    assert reason in str(error.value)


@pytest.mark.parametrize(("source", "text"), HOSTILE)
def test_hostile_text_takes_bounded_time(source: str, text: str) -> None:
    expression = Expression(source)
    start = time.process_time()
    found = sum(1 for _ in expression.finditer(text))
    assert found <= len(text)
    assert time.process_time() - start < 3


def test_a_slow_search_goes_on_with_an_automaton_and_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    expression = Expression(r"(?i)[\w.-]{0,50}?token[\s'\"]{0,3}=([a-z0-9]{8})")
    assert not expression.linear
    text = "token" * 400 + " my_token = x" + "\nTOKEN=abcdefgh token=" * 50
    patient = list(expression.finditer(text))
    assert len(patient) == 50
    monkeypatch.setattr(module, "_PATIENCE", 10 - len(text) // 8)
    assert list(expression.finditer(text)) == patient


@pytest.mark.parametrize(
    ("source", "literals", "near", "far"),
    [
        (r"ghp_[a-z]{36}", ("ghp_",), 0, 0),
        (r"(?i)[\w.-]{0,50}?(?:secret|token)=", ("secret", "token"), 0, 50),
        (r"a?(?:xy[0-9])?long-part", ("long-part",), 0, 4),
        (r"[ab]\.[a-z]+KEY", None, 0, 0),
        (r"(?:abc|d)e", None, 0, 0),
    ],
)
def test_a_text_is_searched_around_literals(source: str, literals: tuple[str, ...] | None, near: int, far: int) -> None:
    found = anchor(parse(source).tree)
    assert (found and tuple(found)) == (literals and (literals, near, far))


def test_places_are_ordered_and_apart() -> None:
    known = anchor(parse(r"[a-z]{0,4}(?:foo|bar)").tree)
    assert known is not None
    assert places(known, "foo--------barfoo-----foo") == [(0, 0), (7, 14), (18, 22)]


def test_lower_case_keeps_every_character_at_its_place() -> None:
    assert lowered("a\u0130KeY\u1e9e") == "aikey\u00df"
