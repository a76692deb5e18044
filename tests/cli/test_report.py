"""`audit report` from the command line: runs merged, every format, what cannot be read."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core.config import FORMATS
from auditor.report import sarif
from tests.report.validating import REPORT, validate

LEAKY = 'FROM node:22\nENV DB_PASSWORD=Tundra-42-kite\nARG API_TOKEN="zbV9QsLBHXKhgc1QxygJofAP"\nRUN ./x $API_TOKEN\n'
VALUES = ("Tundra-42-kite", "zbV9QsLBHXKhgc1QxygJofAP")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two leaky Dockerfiles and a report of each; values are in the second one."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "Dockerfile").write_text(LEAKY)
        more = ["--show-secrets"] if name == "b" else []
        assert main(["lint", f"{name}/Dockerfile", "--format", f"json:{name}.json", *more]) == 1
    return tmp_path


def run(capsys: Capture, *argv: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["report", *argv])
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


def test_runs_are_merged(capsys: Capture) -> None:
    assert main(["lint", "--format", "json:both.json"]) == 1
    for files in (["a.json", "b.json"], ["b.json", "a.json", "a.json"], ["both.json", "a.json"]):
        code, out, err = run(capsys, *files, "--format", "json:-.json", "--format", "gnu")
        assert code == 1
        merged, both = (json.loads(Path(name).read_text()) for name in ("-.json", "both.json"))
        assert [f["id"] for f in merged["findings"]] == [f["id"] for f in both["findings"]]
        assert {t["name"] for t in merged["targets"]} >= {"a/Dockerfile", "b/Dockerfile"}
        assert out.count("\n") == sum(f["severity"] in ("high", "critical", "medium") for f in both["findings"])
        assert " high in 2 files (" in err


def test_reports_are_as_the_schema_says(capsys: Capture) -> None:
    main(["scan", ".", "--format", "json:scan.json"])
    main(["lint", ".", "missing", "--format", "json:lint.json"])
    run(capsys, "a.json", "scan.json", "--format", "json:all.json", "--format", "jsonl:all.jsonl")
    for name in ("a.json", "b.json", "scan.json", "lint.json", "all.json"):
        validate(json.loads(Path(name).read_text()), REPORT)
    records = [json.loads(line) for line in Path("all.jsonl").read_text().splitlines()]
    whole = json.loads(Path("all.json").read_text())
    assert [r["id"] for r in records if r["type"] == "finding"] == [f["id"] for f in whole["findings"]]


def test_one_report_says_the_same_again(capsys: Capture) -> None:
    code, out, _ = run(capsys, "a.json", "--format", "json")
    assert code == 1 and out == Path("a.json").read_text()
    _, shown, _ = run(capsys, "b.json", "--format", "json", "--show-secrets")
    assert shown == Path("b.json").read_text() and VALUES[0] in shown


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_without_a_value(name: str, capsys: Capture) -> None:
    code, out, err = run(
        capsys, "a.json", "b.json", "--format", name, "--format", f"{name}:out", "--min-severity", "info"
    )
    assert code == 1 and "env-secret" in out
    assert [value for value in VALUES for text in (out, err, Path("out").read_text()) if value in text] == []


def test_standard_input(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path("a.json").read_bytes())))
    assert run(capsys, "-")[0] == 1
    monkeypatch.setattr("sys.stdin", None)
    assert run(capsys, "-")[0] == 2
    assert run(capsys, "-", "-")[0] == 2


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["a.json"], 1),
        (["a.json", "--exit-zero"], 0),
        (["a.json", "--fail-on", "critical"], 0),
        (["a.json", "--fail-on", "never"], 0),
        (["clean.json"], 0),
        (["incomplete.json"], 3),
        (["missing.json"], 3),
        (["a.json", "broken.json"], 3),
        (["a"], 3),
        ([], 2),
        (["a.json", "--format", "json", "--format", "text"], 2),
        (["a.json", "--format", "xml"], 2),
        (["a.json", "--format", "json:no-such-folder/a"], 2),
        (["a.json", "--isolated", "--config", "x"], 2),
    ],
)
def test_exit_codes(argv: list[str], code: int, capsys: Capture) -> None:
    Path("Clean").write_text("FROM a\n")
    assert main(["lint", "Clean", "--format", "json:clean.json"]) == 0
    Path("Odd").write_text("FROM a\nRUNN x\n")
    assert main(["lint", "Odd", "--format", "json:incomplete.json"]) == 3
    Path("broken.json").write_text(Path("a.json").read_text()[:-40])
    got, _, err = run(capsys, *argv)
    assert got == code, err
    assert "Traceback" not in err


def test_errors_name_the_file_and_the_place(capsys: Capture) -> None:
    content = json.loads(Path("a.json").read_text())
    content["findings"][0]["severity"] = "\x1b[31murgent"
    Path("x.json").write_text(json.dumps(content))
    code, out, err = run(capsys, "a.json", "x.json")
    assert (code, out) == (3, "")
    assert err == (
        "audit: error: x.json: findings[0].severity: must be one of critical, high, medium, low, info, not"
        " '\\x1b[31murgent'\n"
    )


def test_reports_of_audit_fix_are_told_apart(capsys: Capture) -> None:
    main(["fix", "--check", "a/Dockerfile", "--format", "json:fix.json"])
    code, _, err = run(capsys, "fix.json")
    assert code == 3 and "those of audit fix" in err


def test_newer_fields_are_named(capsys: Capture) -> None:
    content = json.loads(Path("a.json").read_text()) | {"##[x": 1}
    Path("x.json").write_text(json.dumps(content))
    _, _, err = run(capsys, "x.json", "-q")
    assert err == "note: newer than this version of audit, and left out: #\\x23[x\n"


def test_commands_are_told_by_their_targets(capsys: Capture) -> None:
    assert main(["scan", "a", "--format", "json:scan.json"]) == 1
    for files, command in ((["a.json"], "lint"), (["scan.json"], "scan"), (["a.json", "scan.json"], "report")):
        _, out, _ = run(capsys, *files, "--format", "sarif")
        (sarif_run,) = json.loads(out)["runs"]
        assert sarif_run["automationDetails"]["id"] == f"audit/{command}/"
        rules = {rule["id"] for rule in sarif_run["tool"]["driver"]["rules"]}
        assert ("env-secret" in rules) is (command != "scan") and ("known-token" in rules) is (command != "lint")


def test_a_cut_is_told(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    _, out, err = run(capsys, "a.json", "b.json", "--format", "sarif:x.sarif")
    assert out == "" and "note: sarif: " in err and "left out, the least severe ones: GitHub takes" in err
    assert len(json.loads(Path("x.sarif").read_text())["runs"][0]["results"]) == 2


def test_a_summary_of_files_and_images_counts_both(capsys: Capture) -> None:
    content = json.loads(Path("a.json").read_text())
    image = {"platform": None, "layers": []}
    content["targets"].append(content["targets"][0] | {"name": "shop:1", "kind": "image", "image": image})
    Path("x.json").write_text(json.dumps(content))
    code, out, err = run(capsys, "x.json", "--format", "markdown")
    assert code == 1 and " in 1 file and 1 image\n" in out and " in 1 file and 1 image" in err
