"""One Dockerfile made clean, plan by plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.core.config import Settings
from auditor.core.edit import Applicability
from auditor.core.finding import Severity
from auditor.fixes.plan import Drop, Plan
from auditor.run.rewrite.dockerfile import DockerfileFixer, State
from auditor.run.rewrite.options import FixOptions
from auditor.run.rewrite.outcome import Rewrite
from auditor.run.selection import chosen
from auditor.sources.files import Input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.build import Build

LEAKY = "FROM a\nARG NPM_TOKEN\nRUN npm ci\n"


def run(text: str, *, unsafe: bool = False, **given: object) -> tuple[State, Rewrite]:
    settings = Settings()
    settings.no_context = True
    for name, value in given.items():
        setattr(settings, name, value)
    source = Input("Dockerfile", "Dockerfile", text.encode("utf-8", "surrogateescape"), None)
    fixer = DockerfileFixer(source, settings, FixOptions(unsafe=unsafe), chosen(settings), {})
    first = fixer.read()
    assert first is not None
    rewrite = Rewrite("Dockerfile", first.target)
    return fixer.fix(first, rewrite), rewrite


def test_what_was_done_and_which_findings_went() -> None:
    _state, rewrite = run(LEAKY)
    [applied] = rewrite.applied
    assert applied.applicability is Applicability.SAFE
    assert {finding.rule for finding in applied.findings} == {"arg-secret"}
    assert [one.what for one in rewrite.burnt] == ["what was given as NPM_TOKEN"]


def test_several_leaks_one_after_the_other() -> None:
    state, rewrite = run("FROM a\nARG NPM_TOKEN\nRUN npm ci\nFROM b\nARG PIP_PASSWORD\nRUN pip install x\n")
    assert state.text.count("--mount=type=secret") == 2
    assert len(rewrite.applied) == 2
    assert {secret.id for secret in rewrite.secrets} == {"npm_token", "pip_password"}


def test_very_many_leaks() -> None:
    """One run makes no more than a number of fixes and says so; where there are too many to follow, none."""

    def text(count: int) -> str:
        declared = "".join(f"ARG X{n}_TOKEN\n" for n in range(count))
        return f"FROM a\n{declared}" + "".join(f"RUN curl -H $X{n}_TOKEN x.example\n" for n in range(count))

    state, rewrite = run(text(62))
    assert len(rewrite.applied) == 60
    assert "no more than 60 fixes are made at a time: run audit fix again" in {one.reason for one in rewrite.left}
    assert run(state.text)[0].text.count("--mount") == 62
    state, rewrite = run(text(400))
    assert state.text == text(400)
    assert "there are too many secret variables and RUNs to follow" in {one.reason for one in rewrite.left}


def test_a_silenced_finding_stays() -> None:
    text = LEAKY.replace("ARG", "# audit: ignore[arg-secret] rotated each hour\nARG")
    assert run(text)[0].text == text


def test_only_what_was_selected() -> None:
    assert run(LEAKY, select=("env-secret",))[0].text == LEAKY
    assert run(LEAKY, select=("arg-secret",))[0].text != LEAKY


def test_what_would_not_be_shown_is_not_changed() -> None:
    cached = "FROM a\nRUN pip install x\n"
    assert run(cached)[0].text == cached
    assert "--mount=type=cache" in run(cached, min_severity=Severity.LOW)[0].text


def test_what_is_left_has_a_reason() -> None:
    _state, rewrite = run("FROM a\nONBUILD ARG NPM_TOKEN\nONBUILD RUN npm ci\n")
    [left] = [one for one in rewrite.left if one.finding.rule == "onbuild-secret"]
    assert "ONBUILD" in left.reason
    assert not left.unsafe
    assert not rewrite.applied


def test_what_unsafe_fixes_would_remove_is_said() -> None:
    text = "FROM a\nADD https://ci:sk9f8a7s6d5f4g3h@files.example/x /x\nCMD app\n"
    left = [one for one in run(text)[1].left if one.finding.rule == "url-credentials"]
    assert [one.unsafe for one in left] == [True]
    assert not [one for one in run(text, unsafe=True)[1].left if one.finding.rule == "url-credentials"]


@pytest.mark.parametrize("text", ["FROM a\nARG NPM_TOKEN\nRUNN x\n", "FROM a\nARG NPM_TOKEN\nRUN <<E\n"])
def test_a_file_that_the_builder_rejects(text: str) -> None:
    settings = Settings()
    settings.no_context = True
    source = Input("Dockerfile", "Dockerfile", text.encode(), None)
    assert DockerfileFixer(source, settings, FixOptions(), chosen(settings), {}).read() is None


def test_bytes_that_are_no_text_stay() -> None:
    text = "FROM a\n# \udcff\udcfe\nARG NPM_TOKEN\nRUN npm ci\n"
    state, _rewrite = run(text)
    assert "# \udcff\udcfe\n" in state.text
    assert "--mount=type=secret" in state.text


def test_plans_of_one_title_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def plans(build: Build, _form: str, _wrapping: object) -> Iterator[Plan]:
        for node in build.document.instructions:
            if node.keyword == "ARG":
                plan = Plan("it goes", "a test")
                plan.covers.append(node.span)
                plan.changes += [Drop(node)] if node.pairs[0].name == "B_TOKEN" else []
                yield plan

    monkeypatch.setattr("auditor.run.rewrite.dockerfile.plans", plans)
    state, rewrite = run("FROM a\nARG A_TOKEN\nARG B_TOKEN\nRUN make\n")
    assert state.text == "FROM a\nARG A_TOKEN\nRUN make\n"
    assert [one.reason for one in rewrite.left if one.finding.rule == "arg-secret"] == ["it changes nothing"]


def test_more_leaks_than_one_run_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.run.rewrite.dockerfile._MOST_ROUNDS", 1)
    _state, rewrite = run("FROM a\nARG A_TOKEN\nARG B_TOKEN\nRUN x $A_TOKEN\nRUN y $B_TOKEN\n")
    [left] = [one for one in rewrite.left if one.finding.rule == "arg-secret"]
    assert "run audit fix again" in left.reason


def test_what_is_too_weak_to_be_changed_is_told_so() -> None:
    _state, rewrite = run("FROM a\nRUN pip install x\n")
    [left] = rewrite.left
    assert "--min-severity" in left.reason
