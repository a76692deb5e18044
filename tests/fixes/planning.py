"""Carries out the plans of one planner, without the engine around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from auditor.core.edit import Applicability, apply_edits
from auditor.fixes.compose import compose
from auditor.fixes.plan import Plan, Refusal
from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse

Planner = Callable[[Build, str], Iterator[Plan | Refusal]]


class Planned(NamedTuple):
    """The text after the first plan that is allowed, all plans, and the reasons against others."""

    text: str
    plans: list[Plan]
    reasons: list[str]


def planned(planner: Planner, text: str, *, unsafe: bool = False, form: str = "file") -> Planned:
    """What a planner makes of a Dockerfile; its text where no plan is allowed."""
    document = parse(text)
    found = list(planner(follow(document, "Dockerfile"), form))
    plans = [plan for plan in found if isinstance(plan, Plan)]
    least = Applicability.UNSAFE if unsafe else Applicability.SAFE
    for plan in plans:
        if plan.applicability <= least:
            text = apply_edits(text, compose(document, plan.changes))
            break
    return Planned(text, plans, [one.reason for one in found if isinstance(one, Refusal)])
