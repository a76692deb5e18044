"""The reports of `audit fix`: golden files, no raw secret, hostile content, a diff that can be applied on request."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from auditor.core.edit import Applicability
from auditor.core.finding import Finding, Location, Severity, Suppression, Target, TargetError
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.fixes.plan import BuildSecret, Burnt
from auditor.report import fix_diff, fix_json, fix_text
from auditor.report.fix_shapes import FIXED, PLANNED, REFUSED, UNCHANGED, Fixed, FixReport
from auditor.report.meta import Meta
from auditor.report.rotation import rotations
from auditor.report.runbook import fixed as fixed_runbook
from auditor.run.rewrite.outcome import Applied, FileChange, Left, Rewrite
from tests.report.comparing import compare
from tests.report.fixsamples import AFTER, BEFORE, NEW_SCRIPT, PASSWORD, SCRIPT, reports, rewrite, untouched

Render = Callable[[FixReport, Meta], str]
REPORTS = reports()
FORMATS: dict[str, Render] = {
    "txt": fix_text.render,
    "summary.txt": lambda report, meta: (
        fix_text.problems(report, meta) + fix_text.summary(report, meta, why_nothing_written="nothing was written")
    ),
    "json": fix_json.render,
    "runbook.md": fixed_runbook.render,
    "diff": lambda report, meta: fix_diff.render(report, show_secrets=meta.show_secrets).text,
}
TOKEN = SCRIPT.partition("NPM_TOKEN=")[2].split()[0]


class Check(NamedTuple):
    name: str
    ok: bool
    sentence: str
    evidence: tuple[str, ...] = ()


class Proof(NamedTuple):
    holds: bool
    checks: tuple[Check, ...]
    before: str = "sha256:1"
    after: str = ""
    seconds: float = 2.5


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", FORMATS)
def test_golden(name: str, form: str, meta: Meta, update_golden: bool) -> None:
    compare(f"fix-{name}.{form}", FORMATS[form](REPORTS[name], meta), update_golden)


@pytest.mark.parametrize("form", ["txt", "summary.txt"])
@pytest.mark.parametrize("name", REPORTS)
def test_colour_changes_nothing_else(name: str, form: str, meta: Meta) -> None:
    got = FORMATS[form](REPORTS[name], meta._replace(color=True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", got) == FORMATS[form](REPORTS[name], meta)
    assert ("\x1b[" in got) == ((form == "txt" and name != "nothing") or (form, name) == ("summary.txt", "planned"))


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", FORMATS)
def test_no_raw_secret(name: str, form: str, meta: Meta) -> None:
    got = FORMATS[form](REPORTS[name], meta._replace(min_severity=Severity.INFO, verbose=True))
    assert PASSWORD not in got and TOKEN not in got


def test_the_json_says_the_same_everywhere(meta: Meta) -> None:
    """Keys are a contract; each entry has all of them."""
    top = {"schema_version", "tool", "files", "errors", "summary"}
    entry = {
        "path", "kind", "state", "changed", "reason", "complete", "errors", "changes", "applied", "left", "secrets",
        "commands", "unchanged_callers", "rotate", "notes", "proof",
    }  # fmt: skip
    for report in REPORTS.values():
        content = json.loads(fix_json.render(report, meta))
        assert set(content) == top
        assert all(set(file) == entry for file in content["files"])
        states = [file["state"] for file in content["files"]]
        assert {state: content["summary"][state] for state in (FIXED, PLANNED, REFUSED, UNCHANGED)} == {
            state: states.count(state) for state in (FIXED, PLANNED, REFUSED, UNCHANGED)
        }


@pytest.mark.parametrize("show_secrets", [False, True])
def test_the_json_is_what_its_schema_says(meta: Meta, root: Path, show_secrets: bool) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((root / "docs" / "schemas" / "fix-report-1.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    proven = [fixed._replace(proof=Proof(False, (Check("log", True, "Fine."),))) for fixed in REPORTS["refused"].files]
    for report in (*REPORTS.values(), hostile(), REPORTS["refused"]._replace(files=proven)):
        content = json.loads(fix_json.render(report, meta._replace(show_secrets=show_secrets)))
        validator.validate(content)
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**content, "files": [{**content["files"][0], "state": "done"}]})


def test_what_is_to_be_rotated(meta: Meta) -> None:
    """Credentials that stay are as burnt as those that are gone; each has its line in its own file."""
    one = rewrite()
    one.burnt.append(Burnt("value of NPM_TOKEN", "app/build.sh:3", Span(2, 8)))
    one.left.append(one.left[1])
    got = [(r.what, r.path, r.line, r.stays) for r in rotations(Fixed(one, FIXED), meta.rules)]
    assert got == [
        ("NPM_TOKEN", "app/Dockerfile", 3, False),
        ("password of deploy", "app/Dockerfile", 7, False),
        ("value of NPM_TOKEN", "app/build.sh", 3, False),
        ("curl", "app/Dockerfile", 7, True),
        ("DB_PASSWORD", "app/Dockerfile", 8, True),
    ]
    assert {r.stays for r in rotations(Fixed(one, REFUSED), meta.rules)} == {True}
    shown = fix_text.render(FixReport([Fixed(one, FIXED)]), meta)
    assert "    value of NPM_TOKEN (app/build.sh, line 3): in the file\n" in shown


def test_the_diff_of_a_run_can_be_applied_with_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text(BEFORE)
    (tmp_path / "app" / "build.sh").write_text(SCRIPT)
    diffed = fix_diff.render(REPORTS["planned"], show_secrets=True)
    assert not diffed.masked and TOKEN in diffed.text
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diffed.text.encode(), check=True)
    assert (tmp_path / "app" / "Dockerfile").read_text() == AFTER
    assert (tmp_path / "app" / "build.sh").read_text() == NEW_SCRIPT
    assert (tmp_path / "app" / ".dockerignore").read_text() == "netrc\n"


def planned(*rewrites: Rewrite) -> FixReport:
    return FixReport([Fixed(one, PLANNED) for one in rewrites])


def test_a_diff_without_secrets_is_not_called_masked() -> None:
    one = untouched("Dockerfile")
    one.changes = [FileChange("Dockerfile", "dockerfile", "FROM a\nARG TOKEN\n", "FROM a\n")]
    one.secrets = [BuildSecret("token", "variable", "TOKEN")]
    one.target.secrets = [Secret(PASSWORD, "password")]
    diffed = fix_diff.render(planned(one), show_secrets=False)
    assert not diffed.masked and "\n-ARG TOKEN\n" in diffed.text


def test_values_that_are_spelled_otherwise_are_masked_at_their_place() -> None:
    before = "FROM a\nENV PIN=Kp7\\$x9 A=1\n"
    one = Rewrite("Dockerfile", Target("Dockerfile", "dockerfile", text=before))
    at = before.index("Kp7")
    one.target.secret_spans = [(Span(at, at + 7), "****")]
    one.changes = [FileChange("Dockerfile", "dockerfile", before, "FROM a\nENV A=1\n")]
    assert "-ENV PIN=**** A=1\n+ENV A=1\n" in fix_diff.render(planned(one), show_secrets=False).text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("docker build --build-arg NPM_TOKEN=abc .", "docker build --build-arg NPM_TOKEN=**** ."),
        ("docker build --build-arg NPM_TOKEN='a b' .", "docker build --build-arg NPM_TOKEN='****' ."),
        ('NPM_TOKEN := "abc', 'NPM_TOKEN := "****'),
        ("    NPM_TOKEN: abc # x", "    NPM_TOKEN: **** # x"),
        ('      "NPM_TOKEN": "abc",', '      "NPM_TOKEN": "****",'),
        ('--build-arg "NPM_TOKEN=abc"', '--build-arg "NPM_TOKEN=****"'),
        ("--build-arg NPM_TOKEN=$NPM_TOKEN", None),
        ('--build-arg NPM_TOKEN="$(cat t)"', None),
        ("NPM_TOKEN: ${{ secrets.NPM_TOKEN }}", None),
        ("--build-arg NPM_TOKEN .", None),
        ("MY_NPM_TOKEN=abc", None),
        ("NPM_TOKEN=", None),
    ],
)
def test_values_that_callers_give(line: str, shown: str | None) -> None:
    one = untouched("Dockerfile")
    one.secrets = [BuildSecret("npm_token", "variable", "NPM_TOKEN", argument=True)]
    one.changes = [FileChange("build.sh", "script", f"{line}\nx\n", "x\n")]
    diffed = fix_diff.render(planned(one), show_secrets=False)
    assert f"\n-{shown or line}\n" in diffed.text
    assert diffed.masked is (shown is not None)


def test_a_file_that_several_rewrites_change_is_one_diff() -> None:
    first, second = untouched("a/Dockerfile"), untouched("b/Dockerfile")
    first.changes = [FileChange("build.sh", "script", "1\n2\n", "1\n3\n")]
    second.changes = [FileChange("build.sh", "script", "1\n3\n", "4\n3\n")]
    text = fix_diff.render(planned(first, second), show_secrets=False).text
    assert text.count("diff --git") == 1 and text.endswith("-1\n-2\n+4\n+3\n")


def test_what_a_comment_accepts_is_not_left(meta: Meta) -> None:
    one = rewrite()
    one.changes, one.applied = [], []
    for left in one.left:
        left.finding.suppressed = Suppression("inline", "known")
    report = FixReport([Fixed(one, UNCHANGED)])
    assert fix_text.summary(report, meta).startswith("Nothing to fix in 1 file")
    assert "not fixed" not in fix_text.render(report, meta)


def test_a_proof_is_told(meta: Meta) -> None:
    checks = (
        Check("builds", True, "Both build.", ("in 2 s",)),
        Check("absent", False, f"{PASSWORD} is in the image after.", (f"layer 3: etc/{PASSWORD}",)),
    )
    report = FixReport([Fixed(rewrite(), REFUSED, "the proof does not hold", Proof(False, checks))])
    text = fix_text.render(report, meta)
    assert "The proof does not hold (2.5 s).\n    yes Both build.\n    NO  **** is in the image after.\n" in text
    assert "layer 3: etc/****" in text and "in 2 s" not in text
    assert "in 2 s" in fix_text.render(report, meta._replace(verbose=True))
    proof = json.loads(fix_json.render(report, meta))["files"][0]["proof"]
    assert proof["holds"] is False and proof["images"] == {"before": "sha256:1", "after": None}
    assert PASSWORD not in json.dumps(proof)


def hostile() -> FixReport:
    nasty = "\x1b[31mred\x07 \u202eright\u202c \udcff\x85 ##[x] ::error::x \r\n::warning::y"
    content = f"FROM a\n::error::x\nENV A={nasty}\n"
    target = Target(f"::dir/{nasty}", "dockerfile", text=content)
    target.errors.append(TargetError(nasty, target.name))
    one = Rewrite(target.name, target)
    place = Location.of(target.name, LineIndex(content), Span(20, 30))
    found = Finding("env-secret", Severity.HIGH, place, nasty, nasty, secret=Secret(nasty, "password"))
    one.changes = [FileChange(target.name, "dockerfile", content, "FROM a\n"), FileChange(nasty, "ignore", None, nasty)]
    one.applied = [Applied(nasty, Applicability.SHOW, nasty, (found,))]
    one.left = [Left(found, nasty, unsafe=True)]
    one.burnt = [Burnt(nasty, nasty, Span(20, 30))]
    one.secrets = [BuildSecret(nasty, "file", nasty, nasty)]
    one.commands, one.notes = [nasty, f"x\n{nasty}"], [nasty]
    checks = (Check(nasty, False, nasty, (nasty,)),)
    return FixReport(
        [Fixed(one, state, nasty, Proof(False, checks)) for state in (FIXED, PLANNED, REFUSED)], [nasty], 0.1
    )


@pytest.mark.parametrize("form", ["txt", "summary.txt", "json"])
def test_hostile_content_is_escaped(form: str, meta: Meta) -> None:
    got = FORMATS[form](hostile(), meta._replace(verbose=True))
    assert {char for char in got if not char.isprintable() and char != "\n"} == set()
    assert [line for line in got.split("\n") if line.lstrip().startswith("::")] == []
    assert form == "json" or ("##[" not in got and got)
