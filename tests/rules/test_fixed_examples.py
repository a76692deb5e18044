"""What `audit fix` makes of every bad example, as written and in every spelling; what it leaves alone in the others."""

from __future__ import annotations

import pytest

from auditor.core.resources import load_rules
from auditor.lang.dockerfile.parser import parse
from auditor.run.examples import Example, is_linted, load_examples, run_example
from auditor.run.rewrite.examples import problem, rewritten, with_fix
from auditor.run.variants import Variant, variants

RULES = load_rules()["rules"]
EXAMPLES = [e for rule_id in sorted(RULES) for e in load_examples(rule_id) if is_linted(e)]
FIXED = [e for e in EXAMPLES if e.is_fixed]
UNFIXED = [e for e in EXAMPLES if e.kind == "bad" and not e.is_fixed]
GOOD = [e for e in EXAMPLES if e.kind == "good"]
#: Spellings that change no meaning, in which a rewrite comes to the same.
SPELLINGS = ("crlf", "byte-order-mark", "no-final-newline", "lower-case", "backtick-escape")


def parameters(examples: list[Example]) -> list[object]:
    return [pytest.param(example, id=example.label) for example in examples]


def spelled(text: str, name: str) -> str | None:
    """A text in another spelling; None where it cannot be written so."""
    return next((variant.text for variant in variants(text) if variant.name == name), None)


def still_found(example: Example) -> list[str]:
    return [finding.message for finding in run_example(example) if finding.rule == example.rule]


@pytest.mark.parametrize("example", parameters(FIXED))
def test_the_fixed_text(example: Example) -> None:
    assert rewritten(example).text == example.after
    assert problem(example) == ""


@pytest.mark.parametrize("example", parameters(FIXED))
def test_nothing_is_found_in_the_fixed_text(example: Example) -> None:
    result = rewritten(example)
    assert example.rule not in {rule for rule, _reason in result.left}
    assert still_found(with_fix(example, result)) == []


@pytest.mark.parametrize("example", parameters([e for e in FIXED if e.unsafe]))
def test_what_is_marked_unsafe_takes_the_option(example: Example) -> None:
    result = rewritten(example, unsafe=False)
    assert (result.text, result.ignored, result.changed) != (example.after, example.ignored, example.changed)
    assert still_found(with_fix(example, result))


@pytest.mark.parametrize("example", parameters(UNFIXED))
def test_examples_say_what_is_fixed(example: Example) -> None:
    result = rewritten(example, unsafe=True)
    assert example.rule not in result.gone
    assert still_found(with_fix(example, result))


@pytest.mark.parametrize("example", parameters(FIXED))
@pytest.mark.parametrize("name", SPELLINGS)
def test_the_same_in_other_spellings(example: Example, name: str) -> None:
    text, expected = spelled(example.text, name), spelled(example.after, name)
    if text is None:
        pytest.skip("a character of the example has another meaning in this spelling")
    result = rewritten(example, text)
    if expected is None:  # a start with a backslash in it reads the same in any file, a spelling of RUN would not
        assert result.text.endswith(example.after)
    elif name == "lower-case":  # instructions that are new are written in upper case
        assert spelled(result.text, name) == expected
    elif name == "no-final-newline":  # where the last instruction went, the line before keeps its newline
        assert result.text in (expected, example.after)
    else:
        assert result.text == expected
    assert (result.ignored, result.changed) == (example.ignored, example.changed)


@pytest.mark.parametrize("example", parameters(FIXED))
def test_other_forms_are_fixed_or_left_alone(example: Example) -> None:
    for variant in variants(example.text):
        if variant.onbuild or variant.heredoc:
            check_form(example, variant)


def check_form(example: Example, variant: Variant) -> None:
    """Asserts that a rewrite takes findings away, adds none, and holds."""
    result = rewritten(example, variant.text)
    before = run_example(example._replace(text=variant.text))
    after = run_example(with_fix(example, result))
    assert parse(result.text).error is None
    assert {finding.rule for finding in after} <= {finding.rule for finding in before}
    if (result.text, result.ignored, result.changed) != (variant.text, (), {}):
        assert len(after) < len(before)
    again = rewritten(with_fix(example, result))
    assert (again.text, again.ignore, again.changed) == (result.text, result.ignore, {})


@pytest.mark.parametrize("example", parameters(GOOD))
def test_there_is_nothing_to_fix_in_good_examples(example: Example) -> None:
    assert example.rule not in rewritten(example, unsafe=True).gone


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_rules_say_whether_they_have_a_fix(rule_id: str) -> None:
    rule = RULES[rule_id]
    bad = [example for example in EXAMPLES if example.rule == rule_id and example.kind == "bad"]
    fixed = [example for example in bad if example.is_fixed]
    assert (rule["fix"] != "none") == bool(fixed)
    assert rule["fix"] != "always" or fixed == bad
    if fixed:
        assert rule["applicability"] == ("unsafe" if all(example.unsafe for example in fixed) else "safe")
    else:
        assert rule["applicability"] == "none"
