"""`audit lint` on compose files: places, comments that silence, errors, masking, formats."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core.config import Settings
from auditor.core.finding import Report
from auditor.run.pipeline import lint

V = "hunter2" + "Zq8vT1x"
FILE = f"services:\n  db:\n    image: x\n    environment:\n      DB_PASSWORD: {V}  # why\n"
Capture = pytest.CaptureFixture[str]


def linted(folder: Path, text: str, name: str = "compose.yml") -> Report:
    (folder / name).write_text(text, newline="")
    return lint(Settings(), [str(folder)])


def shown(report: Report) -> list[str]:
    return [
        f"{f.rule} {f.location.start_line}:{f.location.start_column}-{f.location.end_column} {f.suppressed is not None}"
        for f in report.findings
    ]


@pytest.mark.parametrize("name", ["compose.yml", "docker-compose.yaml", "compose.prod.yml", "docker-compose-dev.yml"])
def test_a_folder_is_searched_for_compose_files(tmp_path: Path, name: str) -> None:
    assert shown(linted(tmp_path, FILE, name)) == ["compose-env-secret 5:20-34 False"]


@pytest.mark.parametrize("name", ["composer.yml", "values.yaml", "compose.json", "my-compose.yml"])
def test_other_files_are_left(tmp_path: Path, name: str) -> None:
    assert linted(tmp_path, FILE, name).targets == []


def test_the_place_does_not_depend_on_line_ends(tmp_path: Path) -> None:
    wanted = shown(linted(tmp_path, FILE))
    assert shown(linted(tmp_path, FILE.replace("\n", "\r\n"))) == wanted
    assert shown(linted(tmp_path, "\ufeff" + FILE)) == wanted


IGNORE = "# audit: ignore[compose-env-secret] a test"


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("      DB_", f"      {IGNORE}\n      DB_"),
        FILE.replace("# why", IGNORE),
        FILE.replace("# why", "# gitleaks:allow"),
        FILE.replace("      DB_", "      # pragma: allowlist secret\n      DB_"),
        "# audit: ignore-file[compose-env-secret] a test\n" + FILE,
    ],
)
def test_comments_silence(tmp_path: Path, text: str) -> None:
    found = linted(tmp_path, text).findings
    assert [(f.rule, f.suppressed is not None) for f in found] == [("compose-env-secret", True)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            FILE.replace("    image: x", f"    {IGNORE}\n    image: x"),
            "has no effect: it must stand on the line above an entry",
        ),
        (FILE.replace(V, "${V}").replace("# why", IGNORE), "silences nothing"),
        (FILE + "# audit: ignore-file[compose-env-secret] x\n", "must stand above the first entry"),
        ("# audit: ignore[arg-secret] x\n" + FILE, "silences nothing"),
    ],
)
def test_comments_that_silence_nothing_are_reported(tmp_path: Path, text: str, message: str) -> None:
    found = [f.message for f in linted(tmp_path, text).findings if f.rule == "unused-ignore"]
    assert len(found) == 1 and message in found[0]


def test_a_hash_in_a_quoted_value_is_no_comment(tmp_path: Path) -> None:
    text = FILE.replace(f"{V}  # why", f"'{V} {IGNORE}'")
    assert [f.rule for f in linted(tmp_path, text).active] == ["compose-env-secret"]


def test_what_is_no_yaml_makes_the_run_incomplete(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "compose.yml").write_text(FILE + "  x: [\n")
    assert main(["lint", str(tmp_path)]) == 3
    error = capsys.readouterr().err
    assert "not valid YAML" in error and V not in error


@pytest.mark.parametrize("text", ["{% if x %}\nservices:\n", "services:\n  a: [\n", "\x01"])
def test_what_has_no_environment_is_not_read(tmp_path: Path, text: str) -> None:
    assert linted(tmp_path, text).complete


@pytest.mark.parametrize("name", ["text", "json", "sarif", "github", "gnu"])
def test_no_format_shows_the_value(tmp_path: Path, name: str, capsys: Capture) -> None:
    (tmp_path / "compose.yml").write_text(FILE)
    assert main(["lint", "--format", name, str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert V not in captured.out + captured.err
    assert "compose-env-secret" in captured.out


def test_the_json_report_tells_the_kind(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "compose.yml").write_text(FILE)
    main(["lint", "--format", "json", str(tmp_path)])
    assert [target["kind"] for target in json.loads(capsys.readouterr().out)["targets"]] == ["compose"]


def test_a_finding_keeps_its_id_when_lines_move(tmp_path: Path) -> None:
    before = linted(tmp_path, FILE).findings[0].id
    assert linted(tmp_path, "# a line more\n" + FILE.replace(V, V + "9")).findings[0].id == before


def test_standard_input_by_its_name(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FILE.encode())))
    assert main(["lint", "--stdin-filename", "compose.yml", "-"]) == 1
    assert "compose.yml:5:20" in capsys.readouterr().out


def test_thousands_of_entries(tmp_path: Path) -> None:
    entries = "".join(f"      P{i}_PASSWORD: {V}{i}\n" for i in range(4000))
    assert len(linted(tmp_path, f"services:\n  db:\n    environment:\n{entries}").findings) == 4000
