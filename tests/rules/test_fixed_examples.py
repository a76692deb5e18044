"""What `audit fix` makes of every bad example that has a fix, as written and in every spelling."""

from __future__ import annotations

import pytest

from auditor.core.resources import load_rules
from auditor.lang.dockerfile.parser import parse
from auditor.run.examples import Example, load_examples, run_example
from auditor.run.rewrite.examples import problem, rewritten
from auditor.run.variants import variants

RULES = load_rules()["rules"]
FIXED = [e for rule_id in sorted(RULES) for e in load_examples(rule_id) if e.fixed]
GOOD = [e for rule_id in sorted(RULES) for e in load_examples(rule_id) if e.kind == "good" and not e.name]
#: Spellings that change no meaning, and how the fixed text is spelled in them.
SPELLED = {
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "byte-order-mark": lambda text: f"\ufeff{text}",
    "no-final-newline": lambda text: text.rstrip("\n"),
}


def parameters(examples: list[Example]) -> list[object]:
    return [pytest.param(example, id=example.label) for example in examples]


@pytest.mark.parametrize("example", parameters(FIXED))
def test_the_fixed_text(example: Example) -> None:
    assert rewritten(example).text == example.fixed
    assert problem(example) == ""


@pytest.mark.parametrize("example", parameters(FIXED))
def test_nothing_is_found_in_the_fixed_text(example: Example) -> None:
    if example.ignored:
        pytest.skip("the finding goes with the line in the ignore file, which the fixed text alone does not have")
    found = [f for f in run_example(example, example.fixed) if f.rule == example.rule]
    assert found == []


@pytest.mark.parametrize("example", parameters(FIXED))
@pytest.mark.parametrize("name", SPELLED)
def test_the_same_in_other_bytes(example: Example, name: str) -> None:
    spelled = SPELLED[name]
    result = rewritten(example, spelled(example.text)).text
    assert result == spelled(example.fixed)


@pytest.mark.parametrize("example", parameters(FIXED))
def test_other_forms_are_fixed_or_left_alone(example: Example) -> None:
    wrong = {}
    for variant in variants(example.text):
        if variant.name in SPELLED:
            continue
        after = rewritten(example, variant.text)
        if after.text == variant.text:
            if not (variant.onbuild or variant.heredoc):
                wrong[variant.name] = f"nothing was fixed: {after.left}"
        elif parse(after.text).error is not None:
            wrong[variant.name] = "the builder would reject it"
        elif rewritten(example, after.text).text != after.text:
            wrong[variant.name] = "a second run changes it again"
    assert wrong == {}


@pytest.mark.parametrize("example", parameters(GOOD))
def test_there_is_nothing_to_fix_in_good_examples(example: Example) -> None:
    assert example.rule not in rewritten(example, unsafe=True).gone


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_rules_say_whether_they_have_a_fix(rule_id: str) -> None:
    rule = RULES[rule_id]
    fixed = [example for example in FIXED if example.rule == rule_id]
    assert (rule["fix"] != "none") == bool(fixed)
    if fixed:
        assert rule["applicability"] == ("unsafe" if all(example.unsafe for example in fixed) else "safe")
    else:
        assert rule["applicability"] in ("none", "show-only")
