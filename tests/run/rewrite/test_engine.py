"""A run over files: what changes together, and what stays together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.core.config import Settings
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_caller_that_cannot_change_leaves_every_finding_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "FROM debian:12\nARG A_TOKEN\nARG B_TOKEN\nRUN x $A_TOKEN\nLABEL owner=$B_TOKEN\n"
    (tmp_path / "Dockerfile").write_text(text)
    (tmp_path / "build.sh").write_text("/kaniko/executor --build-arg A_TOKEN=$A_TOKEN --dockerfile Dockerfile\n")
    run = fix(Settings(), ["."], FixOptions())
    rewrite, script = run.rewrites
    assert [one.finding.rule for one in script.left] == ["build-arg-secret"]
    assert not rewrite.changes and not script.changes
    assert not rewrite.applied and not script.applied
    by_line = {(one.finding.location.start_line, one.refused) for one in rewrite.left}
    assert (2, True) in by_line
    assert {line for line, refused in by_line if not refused} >= {3, 5}
    assert any("kaniko" in one.reason for one in rewrite.left)


def test_a_caller_that_cannot_change_is_named_where_the_dockerfile_changes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nARG A_TOKEN\nRUN A_TOKEN=$A_TOKEN x\n")
    call = "mkdir -p /kaniko/.docker\n/kaniko/executor --build-arg A_TOKEN=$A_TOKEN --dockerfile Dockerfile\n"
    (tmp_path / "build.sh").write_text(call)
    run = fix(Settings(), ["."], FixOptions(unsafe=True))
    told = [note for note in run.rewrites[0].notes if "kaniko" in note]
    assert [("by hand" in note, "line 2" in note) for note in told] == [(True, True)]
