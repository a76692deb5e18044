"""`audit rules check` and the data tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.main import main

BODY = "q7Lr2ZxVw9Kd4Tns8Yb3"
TABLE = f"""\
[[secret]]
id = "acme-token"
title = "Acme token"
pattern = '\\bacme_[A-Za-z0-9]{{20}}\\b'
keywords = ["acme_"]
prefix = 5
source = "https://docs.example/tokens/"
examples = ["acme_{BODY}", "acme_{BODY[::-1]}"]
lookalikes = ["acme_short", "xacme_{BODY}", "acme_{BODY}x"]
"""


def check(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "acme.toml").write_text(text, encoding="utf-8")
    code = main(["rules", "check", str(folder)])
    captured = capsys.readouterr()
    return int(code), captured.out + captured.err


def test_our_own_rules_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith(": all as they should be")
    for part in (" rules, ", " formats, ", " providers, ", " wrappers, ", " starts of images, ", " examples: "):
        assert part in last


def test_a_folder_of_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = "0 rules, 1 formats, 0 providers, 5 examples: all as they should be\n"
    assert check(tmp_path, TABLE, capsys) == (0, expected)


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        (
            '"acme_short"',
            f'"acme_{BODY}"',
            1,
            "secrets/acme.toml: acme-token: lookalikes: 1: a secret is found in it\n",
        ),
        ("{20}", "*[A-Z0-9]*!", 1, "secrets/acme.toml: acme-token: pattern: may take "),
        ('["acme_"]', '["acm"]', 0, "note: keyword shorter than 4 bytes, slower to look for: acme-token\n"),
        ("prefix = 5", "prefix = 'x'", 2, "secrets/acme.toml: acme-token: prefix: must be a whole number"),
    ],
)
def test_problems_and_notes(
    old: str, new: str, code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out = check(tmp_path, TABLE.replace(old, new), capsys)
    assert got == code
    assert message in out


def test_a_folder_without_rules_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.toml").write_text("[[rules]]\nid = 'a'\nregex = '(('\n")
    assert main(["rules", "check", str(tmp_path)]) == 2
    assert "no rules found" in capsys.readouterr().err


def test_a_folder_of_wrappers_and_images(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, name in (("wrappers", "ksm.toml"), ("vendors", "official.toml")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text((root / "rules" / folder / name).read_text())
    assert main(["rules", "check", str(tmp_path)]) == 0
    assert "0 rules, 1 wrappers, 62 starts of images, 0 examples" in capsys.readouterr().out
    file = tmp_path / "wrappers" / "ksm.toml"
    file.write_text(file.read_text().replace('signals = "dropped"', 'signals = "lost"'))
    assert main(["rules", "check", str(tmp_path)]) == 2
    assert "wrappers/ksm.toml: ksm: signals: must be one of kept, " in capsys.readouterr().err
