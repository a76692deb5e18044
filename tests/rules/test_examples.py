"""Every example of every rule, as written and in every spelling that keeps its meaning."""

from __future__ import annotations

from functools import cache

import pytest

from auditor.core.finding import Finding, Severity
from auditor.core.resources import load_rules
from auditor.run.examples import Example, load_examples, run_example
from auditor.run.examples import reported as text_of
from auditor.run.variants import Variant, variants

IDS = sorted(load_rules()["rules"])
WRAPPED = "onbuild-secret"
#: Rules about one instruction, which an ONBUILD trigger repeats in the child build.
IN_ONBUILD = {
    "arg-default-secret",
    "arg-secret",
    "copied-credential-file",
    "env-secret",
    "literal-secret",
    "url-credentials",
    "written-secret-file",
}
#: Rules about the text of a step or of a file, which another form of RUN changes.
NOT_IN_HEREDOC = {"step-name-secret", "unreadable-dockerfile", "unused-ignore"}


def parameters(kind: str) -> list[object]:
    examples = [example for rule_id in IDS for example in load_examples(rule_id) if example.kind == kind]
    return [pytest.param(example, id=example.label) for example in examples]


def spellings(example: Example) -> list[Variant]:
    """The variants in which the rule must say the same as in the example itself."""
    if example.name:
        text = example.text
        other = {"CRLF": text.replace("\n", "\r\n"), "BOM": f"\ufeff{text}", "no final newline": text.rstrip("\n")}
        return [Variant(name, spelled) for name, spelled in other.items()]
    return [
        variant
        for variant in variants(example.text)
        if not (variant.heredoc and example.rule in NOT_IN_HEREDOC)
        and not (variant.onbuild and example.rule not in IN_ONBUILD)
    ]


@cache
def limit(rule_id: str) -> Severity:
    """From this severity on a good example must have no finding of the rule."""
    return min(Severity.MEDIUM, Severity.parse(str(load_rules()["rules"][rule_id]["severity"])))


def reported(text: str, findings: list[Finding], rules: set[str]) -> list[str]:
    return [text_of(text, finding) for finding in findings if finding.rule in rules]


def in_triggers(example: Example, text: str, findings: list[Finding]) -> list[str]:
    """What the rule or the one for triggers reports, each text once.

    The variant wraps the example's other instructions as well: an ARG that fills the ENV of the example becomes a
    finding of the same rule, often with the same text.
    """
    spans = sorted({finding.location.span for finding in findings if finding.rule in (example.rule, WRAPPED)})
    shown = dict.fromkeys(text[span.start : span.end] for span in spans)
    return [one for one in shown if one in example.finds]


@pytest.mark.parametrize("example", parameters("bad"))
def test_bad_example_is_reported(example: Example) -> None:
    findings = run_example(example)
    assert reported(example.text, findings, {example.rule}) == list(example.finds)
    if example.severity is not None:
        assert {finding.severity for finding in findings if finding.rule == example.rule} == {example.severity}


@pytest.mark.parametrize("example", parameters("good"))
def test_good_example_is_not_reported(example: Example) -> None:
    findings = [f for f in run_example(example) if f.severity >= limit(example.rule)]
    assert reported(example.text, findings, {example.rule}) == []


@pytest.mark.parametrize("example", parameters("bad"))
def test_bad_example_is_reported_in_every_spelling(example: Example) -> None:
    wrong = {}
    for variant in spellings(example):
        findings = run_example(example, variant.text)
        if variant.onbuild:
            texts = in_triggers(example, variant.text, findings)
        else:
            texts = reported(variant.text, findings, {example.rule})
        if texts != list(example.finds):
            wrong[variant.name] = texts
    assert wrong == {}


@pytest.mark.parametrize("example", parameters("good"))
def test_good_example_is_not_reported_in_any_spelling(example: Example) -> None:
    wrong = {}
    for variant in spellings(example):
        findings = [f for f in run_example(example, variant.text) if f.severity >= limit(example.rule)]
        if texts := reported(variant.text, findings, {example.rule}):
            wrong[variant.name] = texts
    assert wrong == {}
