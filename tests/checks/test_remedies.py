"""Advice is about the case: its variable, its file; the rule's example only where no name is known."""

from __future__ import annotations

import pytest

from auditor.checks.registry import findings
from auditor.checks.remedies import EXAMPLES, named
from auditor.core.resources import load_rules
from auditor.core.secretnames import secret_id
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse_bytes

VALUE = "Zq8vT1xK" + "w3RbLm5YcN7d"


def advice(text: str, rule: str) -> str:
    """What is said of the one finding of a rule."""
    found = findings(follow(parse_bytes(text.encode()), "Dockerfile", None, None), frozenset({rule}))
    (finding,) = [one for one in found if one.rule == rule]
    return finding.remedy


@pytest.mark.parametrize("rule", EXAMPLES)
def test_examples_are_those_of_the_rules(rule: str) -> None:
    text, example = str(load_rules()["rules"][rule]["remedy"]), EXAMPLES[rule]
    assert example in text or secret_id(example) in text
    made = named(rule, "PDF_KEY")
    assert "PDF_KEY" in made or "pdf_key" in made
    assert example not in made and secret_id(example) not in made


@pytest.mark.parametrize("name", ["", "a b", "x;y", "$(id)", "NPM_TOKEN"])
def test_only_the_name_of_another_variable_is_put_in(name: str) -> None:
    assert named("arg-secret", name) == ""
    assert named("package-cache", "PDF_KEY") == ""


def test_an_environment_is_for_the_container_first() -> None:
    text = f"FROM a\nENV DB_PASSWORD={VALUE}\n"
    assert advice(text, "env-secret").endswith("docker run --env DB_PASSWORD IMAGE")
    used = advice(text + "RUN ./migrate --password $DB_PASSWORD\n", "env-secret")
    assert used.index("docker run --env DB_PASSWORD") < used.index("RUN --mount=type=secret,id=db_password")


@pytest.mark.parametrize(("text", "rule", "wanted"), [
    (f"FROM a\nARG PDF_KEY={VALUE}\nRUN make\n", "arg-default-secret", "id=pdf_key"),
    ("FROM a\nARG PDF_TOKEN\nRUN make\n", "arg-secret", "id=pdf_token"),
    ("FROM a\nARG PDF_TOKEN\nRUN echo $PDF_TOKEN > /root/.pdfkit\n", "written-secret-file", "target=/root/.pdfkit"),
])  # fmt: skip
def test_the_case_is_named(text: str, rule: str, wanted: str) -> None:
    assert wanted in advice(text, rule)
