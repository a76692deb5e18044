"""Proposed changes by themselves: which lines belong to a fix, what programs are given, what fits into a comment."""

from __future__ import annotations

import json

import pytest

from auditor.core.edit import Applicability
from auditor.core.finding import Finding, Location, Severity, Target
from auditor.core.proposal import Proposal, Replacement
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report import markdown_changes
from auditor.report.masking import FileMasker
from auditor.report.proposals import Proposals
from auditor.report.sarif_fixes import fixes
from auditor.run.rewrite.outcome import Applied, FileChange, Rewrite

VALUE = "Kite42-" + "Tundra"
LINES = [f"LINE {number}\n" for number in range(1, 31)]


def spans(text: str, *parts: str) -> tuple[Span, ...]:
    return tuple(Span(text.index(part), text.index(part) + len(part)) for part in parts)


def proposals(before: str, after: str, *touched: tuple[str, ...], values: tuple[str, ...] = ()) -> list[Proposal]:
    """The proposals of plans that touch these parts of the text before."""
    made = Rewrite("Dockerfile", Target("Dockerfile", "dockerfile", text=before))
    made.target.secrets = [Secret(value, "password") for value in values]
    made.changes = [FileChange("Dockerfile", "dockerfile", before, after)]
    made.applied = [Applied("a fix", Applicability.SAFE, "", (), spans(before, *parts)) for parts in touched]
    shown = Proposals(made, before)
    return [shown.of(one) for one in made.applied]


def applied(text: str, replacements: tuple[Replacement, ...]) -> str:
    """What an editor makes of a text that is told these replacements."""
    lines = text.splitlines(keepends=True)
    for one in sorted(replacements, key=lambda one: one.start, reverse=True):
        lines[one.start - 1 : one.end - 1] = [one.text]
    return "".join(lines)


def test_each_plan_has_its_own_lines() -> None:
    before = "".join(LINES)
    after = before.replace("LINE 3\n", "first\n").replace("LINE 25\n", "")
    first, second = proposals(before, after, ("LINE 3\n",), ("LINE 25\n",))
    assert "+first" in first.diff and "LINE 25" not in first.diff
    assert "-LINE 25" in second.diff and "first" not in second.diff
    assert applied(before, first.replacements) == before.replace("LINE 3\n", "first\n")
    assert applied(before, second.replacements) == before.replace("LINE 25\n", "")


def test_plans_that_share_a_line_are_shown_whole() -> None:
    before = "".join(LINES)
    after = before.replace("LINE 3\n", "a\n").replace("LINE 10\n", "b\n").replace("LINE 20\n", "c\n")
    one, two, three = proposals(before, after, ("LINE 3\n", "LINE 10\n"), ("LINE 10\n",), ("LINE 20\n",))
    assert one.replacements == two.replacements and "+a" in two.diff and "+b" in one.diff
    assert [replacement.text for replacement in three.replacements] == ["c\n"]


@pytest.mark.parametrize(("end", "width"), [("", len("LINE 30")), ("\n", 0)])
def test_a_last_line_is_replaced_with_or_without_its_end(end: str, width: int) -> None:
    before = "".join(LINES)[:-1] + end
    (only,) = proposals(before, before.replace("LINE 30", "last"), ("LINE 30",))
    (replacement,) = only.replacements
    assert (replacement.start, replacement.text, replacement.width) == (30, f"last{end}", width)


def test_new_lines_with_a_secret_are_for_eyes_only() -> None:
    before = "".join(LINES)
    (only,) = proposals(before, before.replace("LINE 3\n", f"x {VALUE}\n"), ("LINE 3\n",), values=(VALUE,))
    assert only.replacements == () and VALUE not in only.diff and "+x ****" in only.diff


def test_a_file_that_has_changed_since_is_for_eyes_only() -> None:
    before, after = "".join(LINES), "".join(LINES[1:])
    made = Rewrite("Dockerfile", Target("Dockerfile", "dockerfile", text=before))
    made.changes = [FileChange("Dockerfile", "dockerfile", before, after)]
    made.applied = [Applied("a fix", Applicability.SAFE, "", (), spans(before, "LINE 1\n"))]
    assert Proposals(made, f"{before}more\n").of(made.applied[0]).replacements == ()


def finding(*proposed: Proposal, line: int = 1) -> Finding:
    text = "".join(LINES)
    start = text.index(f"LINE {line}\n")
    place = Location.of("Dockerfile", LineIndex(text), Span(start, start + 4))
    made = Finding("env-secret", Severity.HIGH, place, "It is a secret.", "X")
    made.fixes = proposed
    return made


def proposal(**changed: object) -> Proposal:
    usual = Proposal("X becomes a build secret", "safe", "", "--- a\n+++ b\n@@ -1 +1 @@\n-LINE 1\n+x\n")
    return usual._replace(**changed)


def test_sarif_has_whole_lines_and_the_command() -> None:
    parts = (Replacement("Dockerfile", 2, 3, "a\n"), Replacement("b", 30, 31, "", 7))
    (fix,) = fixes(finding(proposal(replacements=parts, commands=("docker build .",))), FileMasker([], []), str)
    assert fix["description"] == {"text": "X becomes a build secret (safe); then build with: docker build ."}
    changes = json.loads(json.dumps(fix))["artifactChanges"]
    assert [change["artifactLocation"]["uri"] for change in changes] == ["Dockerfile", "b"]
    assert changes[0]["replacements"] == [
        {
            "deletedRegion": {"startLine": 2, "startColumn": 1, "endLine": 3, "endColumn": 1},
            "insertedContent": {"text": "a\n"},
        }
    ]
    assert changes[1]["replacements"] == [
        {"deletedRegion": {"startLine": 30, "startColumn": 1, "endLine": 30, "endColumn": 8}}
    ]


def test_sarif_has_no_fix_that_would_write_a_secret() -> None:
    masker = FileMasker([Secret(VALUE, "password")], [])
    secret = proposal(replacements=(Replacement("Dockerfile", 1, 2, f"{VALUE}\n"),))
    plain = proposal(replacements=(Replacement("Dockerfile", 1, 2, "x\n"),))
    assert len(fixes(finding(secret, plain, proposal()), masker, str)) == 1


def test_a_comment_tells_a_change_once_with_all_its_findings() -> None:
    same = proposal()
    told = "\n".join(markdown_changes.proposed([finding(same), finding(same, line=9)], {}, 10_000))
    assert told.count("```diff") == 1
    assert "`Dockerfile:1`, `Dockerfile:9`: X becomes a build secret (safe)" in told


def test_a_comment_keeps_to_its_room_and_says_what_is_left_out() -> None:
    many = [finding(proposal(diff=f"@@ -1 +1 @@\n-LINE 1\n+{number} {'x' * 100}\n")) for number in range(50)]
    for room in (0, 500, 1_500, 5_000):
        lines = markdown_changes.proposed(many, {}, room)
        assert markdown_changes.size(lines) <= max(room, 200)
        assert any("proposed changes left out: `audit fix --diff` shows them." in line for line in lines)
    assert not any("left out" in line for line in markdown_changes.proposed(many, {}, 100_000))


def test_a_comment_masks_titles_diffs_and_commands() -> None:
    words = proposal(title=f"{VALUE} goes", diff=f"@@ -1 +1 @@\n-{VALUE}\n", commands=(f"docker build -t {VALUE} .",))
    masks = {"Dockerfile": FileMasker([Secret(VALUE, "password")], [])}
    told = "\n".join(markdown_changes.proposed([finding(words)], masks, 10_000))
    assert VALUE not in told and told.count("****") == 2 and r"\*\*\*\* goes" in told
