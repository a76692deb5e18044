"""Credentials that a RUN fetches and leaves in a file: each RUN that reads the file fetches its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor.fixes import fetched
from auditor.fixes.plan import Plan, Refusal
from auditor.flow.build import Build
from tests.fixes.planning import planned

FROM = "FROM python:3.12\n"
FETCH = "TOKEN=$(aws codeartifact get-authorization-token --domain d --output text)"
SET = "pip config set global.index-url https://aws:$TOKEN@h.example/simple/"
GUARD = (
    "trap 'rm -f /root/.config/pip/pip.conf; "
    "mv /root/.config/pip/pip.conf.before /root/.config/pip/pip.conf 2>/dev/null || true' EXIT; \\\n"
    "    cp -p /root/.config/pip/pip.conf /root/.config/pip/pip.conf.before 2>/dev/null || true; \\\n    "
)


def plans(build: Build, _form: str) -> Iterator[Plan | Refusal]:
    return fetched.plans(build)


def test_what_the_statement_needs_moves_along() -> None:
    done = planned(plans, f"{FROM}RUN mkdir /x && {FETCH} && {SET}\nRUN pip install x\n")
    assert done.text == (
        f"{FROM}RUN mkdir /x && {FETCH}\nRUN {GUARD}{FETCH} || exit 1; \\\n    {SET} || exit 1; \\\n    pip install x\n"
    )


def test_where_it_is_read_by_its_own_run_it_is_gone_with_that() -> None:
    done = planned(plans, f"{FROM}RUN {FETCH} && {SET} && pip install x\n")
    assert done.text == f"{FROM}RUN {GUARD}{FETCH} && {SET} && pip install x\n"


def test_its_mounts_move_along() -> None:
    mount = "--mount=type=secret,id=aws,target=/root/.aws/credentials"
    done = planned(plans, f"{FROM}RUN {mount} {FETCH} && {SET}\nRUN pip install x\n")
    assert done.text.count(mount) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"RUN {FETCH} && echo password=$TOKEN > /app/settings\n", "for the container to read"),
        (f"RUN {FETCH} && if true; then {SET}; fi\nRUN pip install x\n", "cannot be told from what stands around it"),
    ],
)
def test_what_stays_has_its_reason(text: str, reason: str) -> None:
    done = planned(plans, FROM + text)
    assert not done.plans
    assert [why for why in done.reasons if reason in why], done.reasons
