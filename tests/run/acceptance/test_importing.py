"""Baselines of other tools, taken over by what is found now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.core.config import Settings
from auditor.core.errors import UsageError
from auditor.run.acceptance.importing import from_detect_secrets, from_gitleaks, is_gitleaks
from auditor.run.acceptance.marks import Marked, Marker
from auditor.run.scan import scan
from auditor.run.secretsbaseline import write

VALUE = "q7Lx2Vw9" + "Rk4Tz8Mb"
OTHER = "Zt5Hn1Ys" + "8Kp3Qd6W"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(f'DEPLOY_TOKEN = "{VALUE}"\n\nSESSION_TOKEN = "{OTHER}"\n')
    return tmp_path


def marked() -> list[Marked]:
    return Marker("audit-baseline.jsonl", b"k" * 32).all(scan(Settings(), ["app.py"]))


def leak(value: str, file: str = "app.py", line: int = 1) -> dict[str, object]:
    return {"Description": "x", "File": file, "StartLine": line, "Secret": value, "RuleID": "generic-api-key"}


def gitleaks(*leaks: object) -> str:
    Path("gitleaks.json").write_text(json.dumps(leaks))
    return "gitleaks.json"


def test_gitleaks_is_told_by_its_list() -> None:
    assert is_gitleaks(b"\xef\xbb\xbf \n[{}]") and not is_gitleaks(b'{"results": {}}') and not is_gitleaks(b"")


def test_values_of_gitleaks_are_taken_over() -> None:
    path = gitleaks(leak(VALUE), leak(f"x{OTHER}x", line=9), leak("another-value-of-it"), leak(VALUE, "gone.py"))
    done = from_gitleaks(path, marked(), str, "known", "2030-01-01")
    assert len(done.entries) == 2 and done.confirmed == []
    assert {(one.reason, one.expires) for one in done.entries} == {("known", "2030-01-01")}
    assert [place.partition(" ")[0].rstrip(":") for place in done.left] == ["app.py:1", "gone.py:1"]
    assert not any(VALUE in place or "another-value" in place for place in done.left)


def test_a_redacted_baseline_accepts_nothing() -> None:
    assert from_gitleaks(gitleaks(leak("REDACTED"), leak("")), marked(), str).entries == ()


@pytest.mark.parametrize("content", ["[", '["x"]', "[1]", '{"a": 1}', "\x00"])
def test_what_is_no_report_of_gitleaks_is_a_wrong_call(content: str) -> None:
    Path("gitleaks.json").write_text(content)
    with pytest.raises(UsageError, match=r"gitleaks\.json"):
        from_gitleaks("gitleaks.json", marked(), str)


def audited(**labels: bool) -> None:
    """A baseline of detect-secrets with these answers of its audit, by value."""
    write(".secrets.baseline", scan(Settings(), ["app.py"]).findings)
    document = json.loads(Path(".secrets.baseline").read_text())
    for row in document["results"]["app.py"]:
        row.update({"is_secret": labels["first"]} if row["line_number"] == 1 and "first" in labels else {})
    Path(".secrets.baseline").write_text(json.dumps(document))


@pytest.mark.parametrize(("is_secret", "taken", "confirmed"), [(None, 2, 0), (False, 2, 0), (True, 1, 1)])
def test_answers_of_an_audit_count(is_secret: bool | None, taken: int, confirmed: int) -> None:
    audited(**({"first": is_secret} if is_secret is not None else {}))
    done = from_detect_secrets(".secrets.baseline", marked())
    assert (len(done.entries), len(done.confirmed), done.left) == (taken, confirmed, [])
    assert sorted(bool(one.reason) for one in done.entries) == (
        [False, True] if is_secret is False else [False] * taken
    )


def test_what_no_rule_finds_is_left() -> None:
    audited()
    Path("app.py").write_text("nothing\n")
    done = from_detect_secrets(".secrets.baseline", marked())
    assert done.entries == () and len(done.left) == 2
