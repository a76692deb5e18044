"""For any pattern of the kinds that rules use, and any text: a match has a hit in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.detect.prefilter import Trigger, prefilter
from auditor.detect.prefiltering.factor import factors

LITERALS = st.sampled_from(["ab", "abc", "_", "-", "c1", "=", r"\.", "AB"])
SETS = st.sampled_from(["[a-c]", r"\d", "[^a]", r"\w", r"\s", "[A-Ca-c_-]", ".", r"\W", "[^\\s'\"]"])
COUNTS = st.sampled_from(["{2}", "{1,3}", "{0,2}", "?", "+", "*", "{2,}", "{1,30}", "{2,4}+", "+?"])
ASSERTIONS = st.sampled_from([r"\b", "(?=a)", "(?!b)", "(?<!c)"])
PIECES = st.recursive(
    st.one_of(
        LITERALS, SETS, st.builds("{}{}".format, SETS, COUNTS), st.sampled_from([r"\b", "(?=a)", "(?!b)", "(?<!c)"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: f"(?:{'|'.join(options)})"),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["?", "{1,2}", "{2}"])),
        st.builds("(?i:{})".format, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.sampled_from(["ab", "AB", "abc", "_", "-", "=", ".", "c1", "1", " ", "\n", "'", "\xe9", "b", "C"]),
                 max_size=24).map("".join)  # fmt: skip


@pytest.mark.parametrize("engine", ["hyperscan", "keywords"])
@settings(max_examples=400)
@given(pattern=PIECES, text=TEXTS, caseless=st.booleans())
@example(pattern="(?:ab?){2}c", text="abac", caseless=False)
def test_a_match_has_a_hit(engine: str, pattern: str, text: str, caseless: bool) -> None:
    matches = list(re.finditer(pattern, text, re.ASCII | (re.IGNORECASE if caseless else 0)))
    hits = prefilter([Trigger(pattern, caseless=caseless)], "property", engine=engine).hits(text.encode("latin-1"))
    for match in matches:
        assert any(match.start() <= offset <= match.end() for _, offset in hits)


@settings(max_examples=400)
@given(pattern=PIECES, text=TEXTS, caseless=st.booleans())
def test_what_a_factor_says_of_itself_holds(pattern: str, text: str, caseless: bool) -> None:
    for factor in factors(pattern, caseless=caseless):
        for match in re.finditer(factor.expression.encode(), text.encode("latin-1"), re.I if factor.caseless else 0):
            found = match[0].decode("latin-1").lower()
            assert len(found) <= factor.longest
            literals = tuple(factor.literals)
            assert found.startswith(literals) if factor.leading else any(one in found for one in literals)
            assert len(re.match(r"\w*", found, re.ASCII)[0]) >= factor.head  # type: ignore[index]
            assert any(len(row) >= factor.word for row in re.findall(r"\w+", found, re.ASCII)) or not factor.word
            assert re.search(factor.row, found, re.IGNORECASE)
