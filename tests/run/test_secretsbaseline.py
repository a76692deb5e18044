from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from detect_secrets.audit.common import get_baseline_from_file
from detect_secrets.settings import default_settings

from auditor.core.errors import UsageError
from auditor.core.finding import Finding, Location, Severity, Suppression
from auditor.core.secret import Secret
from auditor.core.secretsbaseline import read
from auditor.core.span import Span
from auditor.detect.detect_secrets import DetectSecrets
from auditor.detect.detect_secrets_plugins import types
from auditor.run import secretsbaseline
from auditor.run.secretsbaseline import detect_secrets_type, write

RULES = Path(__file__).parents[2] / "rules" / "secrets"
STRIPE = "sk_live_" + "Ab1Cd2Ef3Gh4" * 2
GITHUB = "ghp_" + "a1B2c3D4e5F6" * 3
PASSWORD = "tr0ub4dor&3"
TEXT = f"stripe = '{STRIPE}'\ngithub = {GITHUB}\npassword = '{PASSWORD}'\n"


def finding(path: str, line: int, value: str | None, kind: str = "password") -> Finding:
    secret = None if value is None else Secret(value, kind)
    place = Location(path, line, 1, line, 2, Span(0, 1))
    return Finding("assigned-secret", Severity.HIGH, place, "m", "s", secret=secret)


def findings(path: str = "app.py") -> list[Finding]:
    return [
        finding(path, 1, STRIPE, "stripe-secret-key"),
        finding(path, 2, GITHUB, "github-token"),
        finding(path, 3, PASSWORD),
    ]


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(path: str = ".secrets.baseline") -> dict[str, list[dict[str, object]]]:
    results: dict[str, list[dict[str, object]]] = json.loads(Path(path).read_text())["results"]
    return results


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(TEXT)
    return tmp_path


def test_detect_secrets_takes_our_baseline_for_its_own() -> None:
    Path("app.py").write_text(TEXT.replace(GITHUB, "none"))
    assert write(".secrets.baseline", findings()[::2]).added == 2
    # The hook asks git whether the baseline is staged.
    for command in ("init -q", "add .secrets.baseline"):
        subprocess.run(["git", *command.split()], check=True)
    hook = [sys.executable, "-m", "detect_secrets.pre_commit_hook", "--baseline", ".secrets.baseline", "app.py"]
    done = subprocess.run(hook, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    Path("app.py").write_text(TEXT + "password = 'something-else-7'\n")
    assert subprocess.run(hook, capture_output=True, check=False).returncode == 1


def test_two_entries_for_a_value_of_which_detect_secrets_hashes_the_first_words() -> None:
    assert write("b", findings()).added == 4
    known = read("b")
    assert known.holds("app.py", 99, GITHUB)
    assert known.holds("app.py", 2, GITHUB[:-1] + "Z")
    assert known.holds("app.py", 99, GITHUB[:-1] + "Z") is None


def test_detect_secrets_audits_our_baseline() -> None:
    write(".secrets.baseline", findings())
    report = json.loads(run("detect_secrets", "audit", "--report", ".secrets.baseline"))
    assert {one["secrets"] for one in report["results"]} == {STRIPE, "ghp", PASSWORD}
    assert "KeywordDetector" in run("detect_secrets", "audit", "--stats", ".secrets.baseline")


def test_detect_secrets_updates_our_baseline_and_keeps_labels() -> None:
    write(".secrets.baseline", findings())
    document = json.loads(Path(".secrets.baseline").read_text())
    for row in document["results"]["app.py"]:
        row["is_secret"] = False
    Path(".secrets.baseline").write_text(json.dumps(document))
    run("detect_secrets", "scan", "--no-verify", "--baseline", ".secrets.baseline", "app.py")
    known = read(".secrets.baseline")
    for line, value in ((1, STRIPE), (2, GITHUB), (3, PASSWORD)):
        entry = known.holds("app.py", line, value)
        assert entry is not None and entry.is_secret is False, value


def test_we_read_and_update_the_baseline_of_detect_secrets() -> None:
    Path(".secrets.baseline").write_text(run("detect_secrets", "scan", "--no-verify", "app.py"))
    before = json.loads(Path(".secrets.baseline").read_text())
    known = read(".secrets.baseline")
    detections = list(DetectSecrets().lines(TEXT, "app.py"))
    assert len(detections) == 3
    for one in detections:
        line = TEXT.count("\n", 0, one.start) + 1
        assert known.holds("app.py", line, one.secret.reveal()), one.title
    Path("app.py").write_text("\n\n" + TEXT)
    moved = [finding("app.py", line, one.secret.reveal(), one.secret.kind) for line, one in enumerate(detections, 3)]
    write(".secrets.baseline", moved)
    after = json.loads(Path(".secrets.baseline").read_text())
    kept = ("version", "plugins_used", "filters_used")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    numbers = {row["hashed_secret"]: row["line_number"] for row in after["results"]["app.py"]}
    for row in before["results"]["app.py"]:
        assert numbers[row["hashed_secret"]] == row["line_number"] + 2


def test_the_library_loads_every_type_that_we_write() -> None:
    known = set(types().values())
    ids = {
        row["id"] for path in RULES.glob("*.toml") for rows in tomllib.loads(path.read_text()).values() for row in rows
    }
    for kind, title in secretsbaseline._TYPES.items():
        assert title in known, title
        assert kind in ids or kind == "url-credential", kind
    assert detect_secrets_type("url-credential", "password") == "Basic Auth Credentials"
    assert detect_secrets_type("detect-secrets", "detect-secrets/npm-tokens") == "NPM tokens"
    assert detect_secrets_type("detect-secrets", "detect-secrets/acme-ticket") == "Secret Keyword"
    write(".secrets.baseline", findings())
    with default_settings():
        assert get_baseline_from_file(".secrets.baseline").files == {"app.py"}


def test_entries_of_other_files_and_labels_stay() -> None:
    write("b", [*findings("app.py"), finding("gone.py", 1, "gone-1!x"), finding("other.py", 5, "other-2!x")])
    document = json.loads(Path("b").read_text())
    document["results"]["app.py"][2]["is_secret"] = True
    document["custom"] = {"team": "x"}
    Path("b").write_text(json.dumps(document))
    labelled = document["results"]["app.py"][2]
    written = write("b", [finding("app.py", 9, "brand-3!new")], scanned=["./app.py", "gone.py"])
    assert (written.added, written.kept, written.removed) == (1, 2, 4)
    after = rows("b")
    assert set(after) == {"app.py", "other.py"}
    assert labelled in after["app.py"] and len(after["app.py"]) == 2
    assert json.loads(Path("b").read_text())["custom"] == {"team": "x"}


def test_entries_of_other_rules_are_told_apart() -> None:
    own = finding("app.py", 1, "ticket-1!x")
    own.rule = "acme"
    write(".secrets.baseline", [own, finding("app.py", 2, PASSWORD)])
    with default_settings():
        assert get_baseline_from_file(".secrets.baseline").files == {"app.py"}
    assert write(".secrets.baseline", [], ["app.py"]) == (0, 1, 1, 0, 1)
    assert write(".secrets.baseline", [], ["app.py"], ["acme"]) == (0, 0, 1, 0, 0)


def test_types_of_plugins_stay_without_them() -> None:
    write("b", findings())
    document = json.loads(Path("b").read_text())
    for row in document["results"]["app.py"]:
        row["type"] = "Hex High Entropy String"
    Path("b").write_text(json.dumps(document))
    assert write("b", [], ["app.py"]).unjudged == 4
    assert write("b", [], ["app.py"], ["detect-secrets"]).removed == 4


def test_what_has_no_entry() -> None:
    silent = finding("app.py", 1, "silenced-1!")
    silent.suppressed = Suppression("inline", "")
    known = finding("app.py", 2, "known-2!xy")
    known.suppressed = Suppression("baseline", "")
    assert write("b", [silent, known, finding("app.py", 3, None)]) == (1, 0, 0, 1, 0)
    assert [row["line_number"] for row in rows("b")["app.py"]] == [2]


def test_nothing_is_written_if_nothing_changed() -> None:
    write("b", findings())
    os.utime("b", (1, 1))
    assert write("b", findings()).kept == 4
    assert os.stat("b").st_mtime == 1
    write("b", [*findings(), finding("app.py", 8, "new-8!value")])
    assert os.stat("b").st_mtime != 1


def test_no_value_is_written() -> None:
    write("b", findings())
    content = Path("b").read_text()
    assert not any(value in content for value in (STRIPE, GITHUB, PASSWORD))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_mode_and_link_are_kept(folder: Path) -> None:
    write("b", findings())
    os.chmod("b", 0o640)
    os.symlink("b", "link")
    (folder / "sub").mkdir()
    write("link", [finding("sub/x", 1, PASSWORD)])
    assert os.path.islink("link")
    assert stat.S_IMODE(os.stat("b").st_mode) == 0o640
    assert "sub/x" in rows("b")
    assert sorted(os.listdir()) == ["app.py", "b", "link", "sub"]


@pytest.mark.parametrize("content", ["", "[]", '{"version": "1.5.0"}', '{"version": "1.5.0", "results": {"a": [1]}}'])
def test_a_file_that_is_no_baseline_is_left_alone(content: str) -> None:
    Path("b").write_text(content)
    with pytest.raises(UsageError, match="^b: "):
        write("b", findings())
    assert Path("b").read_text() == content


def test_a_folder_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write("missing/b", findings())
