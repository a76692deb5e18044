"""What is looked at before a rewritten compose file is kept."""

from __future__ import annotations

from collections import Counter

import pytest

from auditor.core.config import Settings
from auditor.core.edit import apply_edits
from auditor.fixes.services.plan import EnvPlan
from auditor.fixes.services.registry import plans as all_plans
from auditor.fixes.services.writing import edits_of
from auditor.flow.place import Place
from auditor.run.analysis import Analysis
from auditor.run.inputs import InputAuditor
from auditor.run.rewrite.composecheck import objection
from auditor.run.selection import chosen
from auditor.sources.files import Input

V = "tk37" + "Wb3LsZ9uKd6YpHq2"
BEFORE = (
    f"services:\n  db:\n    image: postgres\n    environment:\n      A: b\n      POSTGRES_PASSWORD: {V}\n"
    "    ports: ['1:1']\n  web: &w\n    image: app\n    secrets: [other]\nsecrets:\n  other: {file: o}\n"
)


def analysed(text: str) -> Analysis:
    auditor = InputAuditor(Settings(), chosen(Settings()))
    return auditor.examine(Input("compose.yml", "compose.yml", text.encode(), None))[1]


def made() -> tuple[list[EnvPlan], str]:
    facts = analysed(BEFORE).compose
    assert facts is not None
    plans = [one for one in all_plans(facts, Place("", [], {}), "compose.yml") if isinstance(one, EnvPlan)]
    return plans, apply_edits(BEFORE, edits_of(facts.file, plans))


def said(after: str) -> str:
    plans, _text = made()
    answered = Counter({("compose-env-secret", "db.POSTGRES_PASSWORD"): 1})
    return objection(analysed(BEFORE), analysed(after), plans, answered)


def test_the_plans_own_result_holds() -> None:
    assert said(made()[1]) == ""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("A: b", "A: c", "does not concern"),
        ("A: b", "A: 'b'", "does not concern"),
        ("      A: b\n", "", "does not concern"),
        ("1:1", "1:2", "does not concern"),
        ("&w", "&v", "does not concern"),
        ("[other]", "[]", "does not concern"),
        ("{file: o}", "{file: p}", "does not concern"),
        ("image: app", "image: app\n    environment:\n      DB_PASSWORD: " + V, "a finding of compose-env-secret"),
        ("POSTGRES_PASSWORD_FILE: /run", "POSTGRES_PASSWORD_FILE: /tmp", "an entry would read differently"),
        ("POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password", f"POSTGRES_PASSWORD: {V}", "a finding of"),
        ("services:", "services: [", "could not be read again"),
    ],
)
def test_everything_else_must_be_as_it_was(old: str, new: str, reason: str) -> None:
    after = made()[1]
    assert old in after
    assert reason in said(after.replace(old, new, 1))
