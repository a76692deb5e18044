"""`audit scan` from the command line to its output, with a stand-in for the detector."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core.config import FORMATS
from auditor.run.selection import SCAN, rule_ids
from tests.run.scanning import plant

VALUE = "Zq8vT1xK4m"
LEAKY = f"PLANT={VALUE}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository as current folder."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    plant(monkeypatch)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main(["scan", *argv])
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


@pytest.mark.parametrize(
    ("content", "argv", "code"),
    [
        ("clean", [], 0),
        (LEAKY, [], 1),
        (LEAKY, ["a.txt"], 1),
        (LEAKY, ["--exit-zero"], 0),
        (LEAKY, ["--fail-on", "critical"], 0),
        (LEAKY, ["--ignore", "scan"], 0),
        (LEAKY, ["--select", "arg-secret"], 2),
        (LEAKY, ["--select", "no-such-rule"], 2),
        (LEAKY, ["--engine", "magic"], 2),
        (LEAKY, ["--max-depth", "many"], 2),
        (LEAKY, ["--max-depth", "-1"], 2),
        (LEAKY, ["--rules", "none.toml"], 2),
        (LEAKY, ["--baseline", "none.json"], 2),
        (LEAKY, ["--config", "audit.toml", "--isolated"], 2),
        (LEAKY, ["missing"], 3),
        ("BOOM", [], 4),
    ],
)
def test_exit_codes(content: str, argv: list[str], code: int, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text(content)
    got, _, err = run(capsys, *argv)
    assert got == code
    assert "Traceback" not in err


def test_a_clean_run_says_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text("clean")
    code, out, err = run(capsys)
    assert (code, out) == (0, "")
    assert err.startswith("No leaks found in 1 file (")
    (here / "a.txt").unlink()
    assert run(capsys)[2] == "No file found.\n"


def test_the_text_report(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "a.txt").write_text(f"first\nkey: {LEAKY}")
    code, out, err = run(capsys, "sub")
    assert code == 1
    assert out.startswith(
        "sub/a.txt:2:12  high  known-token\n  Planted secret in PLANT (verified offline, account 42).\n"
    )
    assert "      2 | key: PLANT=****\n        |            ^^^^\n" in out
    assert "  fix: Revoke the token" in out
    assert "audit explain known-token says more" in err


def test_the_json_report(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "a.txt").write_text(LEAKY)
    (here / "sub" / "b.txt").write_text("clean")
    (here / "sub" / "link").symlink_to("b.txt")
    content = json.loads(run(capsys, "sub", "--format", "json", "--show-secrets")[1])
    assert [(t["name"], t["kind"], t["complete"], t["stats"]["files"]) for t in content["targets"]] == [
        ("sub/a.txt", "file", True, 1),
        ("sub", "files", True, 1),
    ]
    assert content["targets"][1]["skipped"] == [{"path": "sub/link", "reason": "link"}]
    (found,) = content["findings"]
    place = {"path": "sub/a.txt", "start_line": 1, "start_column": 7, "end_line": 1, "end_column": 17}
    assert (found["location"], found["secret"]["value"], found["verdict"]) == (place, VALUE, "valid")
    assert found["title"] == "Token of a known format"


@pytest.mark.parametrize("extra", [[], ["-v"], ["--color", "always"]])
def test_no_output_holds_a_planted_value(extra: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text(LEAKY + f"again {VALUE} and PLANT-low={VALUE}\n")
    (here / "a.bin").write_bytes(bytes(range(256)) + LEAKY.encode())
    for name in FORMATS:
        code, out, err = run(capsys, "--format", name, "--format", f"{name}:out", "--min-severity", "info", *extra)
        written = (here / "out").read_text()
        (here / "out").unlink()
        assert code == 1 and "known-token" in out and "known-token" in written
        assert [text for text in (out, err, written) if VALUE in text] == []


def test_secrets_are_shown_on_request(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text(LEAKY)
    assert f"  value: {VALUE}" in run(capsys, "--show-secrets")[1]


def test_sarif_is_of_the_scan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.txt").write_text(LEAKY)
    (report,) = json.loads(run(capsys, "--format", "sarif")[1])["runs"]
    assert report["automationDetails"]["id"] == "audit/scan/"
    assert {rule["id"] for rule in report["tool"]["driver"]["rules"]} == rule_ids(SCAN)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for argv, name in ((["-"], "-"), (["-", "--stdin-filename", "x/.env"], "x/.env")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LEAKY.encode())))
        code, out, _ = run(capsys, *argv, "--format", "gnu")
        assert code == 1
        assert out.startswith(f"{name}:1:7: high: ")


def test_settings_from_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "app").mkdir()
    (here / "app" / "a.txt").write_text(LEAKY)
    options = ['engine = "keywords"', "max-depth = 2", 'rules = ["own.toml"]', 'baseline = "known.json"']
    (here / "audit.toml").write_text("\n".join([*options, 'select = ["env-secret"]']))
    (here / "own.toml").write_text("[[rules]]\nid = 'acme'\nregex = 'acme-[0-9]{8}'\nkeywords = ['acme']\n")
    (here / "known.json").write_text('{"version": "1.5.0", "results": {}}')
    code, _, err = run(capsys, "app")
    assert code == 1, err
    (here / "audit.toml").write_text('rules = ["../own.toml"]\n')
    code, _, err = run(capsys, "app")
    assert code == 2 and "must lie below the configuration file" in err


def test_lint_knows_the_rules_of_the_scan_and_does_not_run_them(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text("FROM a\n# audit: ignore[known-token] for the scan\nRUN true\n")
    assert main(["lint", "--fail-on", "info"]) == 0
    assert main(["lint", "--select", "known-token"]) == 2
    assert "no rule of audit lint is among them" in capsys.readouterr().err
    (here / "audit.toml").write_text('select = ["scan"]\n')
    (here / "Dockerfile").write_text("FROM a\nENV DB_PASSWORD=Tundra-42-kite\n")
    assert main(["lint"]) == 1


@pytest.mark.parametrize("name", ["a b", "ü", "\udcff", "\x1b[31m"])
def test_odd_file_names(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / name).write_text(LEAKY)
    for format_name in FORMATS:
        code, out, err = run(capsys, "--format", format_name)
        assert code == 1, err
        assert out and (format_name == "github" or "\x1b[31m" not in out)
