"""Scans with rules, settings and names that somebody else chose."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core.config import resolve
from auditor.core.errors import UsageError
from auditor.detect.detection import Detection
from auditor.detect.detector import Detector
from auditor.detect.userrules import load
from auditor.run.scanning.extent import value_around
from tests.run.scanning import rendered, scanned

SOURCE = 'DB_PASSWORD = "Fjord\x2d88-lantern"\n'
PART = "[[rules]]\nid = 'part'\nregex = 'd[-]88'\n"


def rule_file(folder: Path, content: str, name: str = "mine.toml") -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("engine", ["auto", "keywords"])
@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("regex = '(a+)+$'", "a" * 5000 + "!"),
        ("regex = '(a|a)*b'", "a" * 5000),
        ("regex = '(.*)*x(.*)*y'", "key" * 1700),
        ("regex = 'key\\w{1,100}\\w{1,100}\\w{1,100}='", "key" * 1700),
        ("regex = '[^\\n]+'\nallowlists = [{regexTarget = 'line', regexes = ['key\\w{1,99}\\w{1,99}\\w{1,99}=']}]",
         "key" * 1700),
    ],
)  # fmt: skip
def test_no_rule_of_go_can_stop_the_scan(tmp_path: Path, rule: str, text: str, engine: str) -> None:
    rules = load([rule_file(tmp_path, f"[[rules]]\nid = 'bomb'\n{rule}\n")])
    start = time.process_time()
    list(Detector(engine, rules=rules).search(text))
    assert time.process_time() - start < 10


def test_a_slow_expression_of_go_still_finds_what_it_says(tmp_path: Path) -> None:
    rules = load([rule_file(tmp_path, "[[rules]]\nid = 'slow'\nregex = '(?:ab+)+c$'\n")])
    found = Detector(rules=rules).search("x ab" + "abbb" * 10 + "c")
    assert [(one.rule, one.start) for one in found] == [("slow", 2)]


def test_a_pattern_of_our_format_that_is_slow_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    native = "[[secret]]\nid = 'bomb'\ntitle = 'x'\npattern = '{}'\nkeywords = ['a']\nprefix = 0\n"
    for pattern in ("(a+)+$", r"key\w{1,100}\w{1,100}\w{1,100}="):
        path = rule_file(tmp_path, native.format(pattern))
        assert main(["scan", "--isolated", "--rules", path, path]) == 2
        said = capsys.readouterr().err
        assert f"{path}: bomb: pattern: cannot be supported: it may take time without bound" in said


def found(text: str, tmp_path: Path) -> list[Detection]:
    return Detector(rules=load([rule_file(tmp_path, PART)])).search(text)


def test_a_rule_that_matches_a_part_of_a_value_hides_no_finding_and_shows_nothing(tmp_path: Path) -> None:
    assert [one.rule for one in found(SOURCE, tmp_path)] == ["assigned-secret", "part"]
    rules = rule_file(tmp_path, PART)
    for line in (SOURCE, f"plain {SOURCE.split()[2]} x\n", f"plain: {SOURCE.split()[2][1:-1]} x\n"):
        report, _ = scanned(tmp_path / "a.py", line, rules=[rules])
        assert "part" in {one.rule for one in report.findings}
        shown = rendered(report)
        assert "lantern" not in shown and "Fjor" not in shown


def test_a_token_within_a_password_does_not_show_the_rest(tmp_path: Path) -> None:
    token = "AK" + "IAQR5TYUIOP3ASDFGH"
    for value, shown in (
        (f"lantern!{token}!kestrel-quokka", "****AKIA********"),
        (f"tundra-{token}", "****AKIA****"),
        (f"Bearer {token}.", "Bearer AKIA****."),
        (f"key={token}&region=eu", "key=AKIA****&region=eu"),
    ):
        report, _ = scanned(tmp_path / "a.py", f'DB_VALUE = "{value}"\n')
        assert f'DB_VALUE = "{shown}"' in rendered(report)


@pytest.mark.parametrize(
    ("text", "inner", "expected"),
    [
        ('KEY = "a b-c d" # x', "b-c", "a b-c d"),
        ("KEY=ab-cd ef", "b-c", "ab-cd"),
        ("user: ab-cd", "b-c", "ab-cd"),
        ("it's ab-cd here", "b-c", "ab-cd"),
        ("b-c", "b-c", "b-c"),
        ('KEY = "a b-c d" # x', 'KEY = "a', 'KEY = "a b-c d'),
        ('echo "it\'s a b-c d"', "b-c", "it's a b-c d"),
    ],
)
def test_the_value_that_a_match_is_a_part_of(text: str, inner: str, expected: str) -> None:
    start = text.index(inner)
    low, high = value_around(text, start, start + len(inner))
    assert text[low:high] == expected


@pytest.mark.parametrize("style", ["text", "gnu"])
@pytest.mark.parametrize("name", ["::error file=x::y", "  ::set-env name=A::b", "##[error]z", "a ##vso[task.x]b"])
def test_no_line_is_a_command_for_a_build_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], style: str, name: str
) -> None:
    (tmp_path / name).write_text(f"{SOURCE}::error::{SOURCE}##[error]{SOURCE}")
    (tmp_path / f"{name}.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    monkeypatch.chdir(tmp_path)
    main(["scan", "--isolated", "-v", "--format", style])
    captured = capsys.readouterr()
    assert "assigned-secret" in captured.out
    for line in (captured.out + captured.err).split("\n"):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line and "##vso[" not in line


@pytest.mark.parametrize("key", ["rules", "baseline", "context"])
def test_settings_of_a_repository_name_no_link_out_of_it(
    tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = rule_file(tmp_path, PART)
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "link.toml").symlink_to(outside)
    value = '["link.toml"]' if key == "rules" else '"link.toml"'
    (repository / "audit.toml").write_text(f"{key} = {value}\n")
    assert main(["scan", str(repository)]) == 2
    assert f"{key}: must lie below the configuration file" in capsys.readouterr().err
    assert main(["scan", "--isolated", "--rules", str(repository / "link.toml"), str(repository)]) == 0


@pytest.mark.parametrize(("target", "code"), [("../base.toml", 2), ("/etc/passwd", 2), ("inner.toml", 0)])
def test_rules_of_a_repository_extend_nothing_outside_of_it(
    tmp_path: Path, target: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rule_file(tmp_path, PART, "base.toml")
    rule_file(tmp_path, PART, "repository/inner.toml")
    own = rule_file(tmp_path, f"[extend]\npath = '{target}'\n", "repository/mine.toml")
    (tmp_path / "repository" / "audit.toml").write_text('rules = ["mine.toml"]\n')
    for more in ([], ["--select", "part"]):
        assert main(["scan", *more, str(tmp_path / "repository")]) == code
        assert ("extend: path must lie below" in capsys.readouterr().err) == bool(code)
    if target.startswith(".."):
        assert main(["scan", "--rules", own, str(tmp_path / "base.toml")]) == 0


@pytest.mark.parametrize("key", ["plugin", "plugins"])
def test_plugins_are_named_on_the_command_line_only(tmp_path: Path, key: str) -> None:
    (tmp_path / "audit.toml").write_text(f'{key} = ["a.py"]\n')
    with pytest.raises(UsageError, match="may be given on the command line only"):
        from auditor.core.configfile import find

        resolve({}, {}, find(str(tmp_path), str(tmp_path)))


@pytest.mark.parametrize(
    "text",
    [
        "password: 'Zk29fj3Qq8Lp''Wm47xv5Rt6bT0yHq2Lc9Vd3s'",
        'var password = @"Zk29fj3Qq8Lp""Wm47xv5Rt6bT0yHq2Lc9Vd3s";',
        '$password = "Zk29fj3Qq8Lp`"Wm47xv5Rt6bT0yHq2Lc9Vd3s"',
        "API_TOKEN='Zk29fj3Qq8Lp'\"Wm47xv5Rt6bT0yHq2Lc9Vd3s\"",
        "CREATE USER a IDENTIFIED BY 'Zk29!fj3_Qq8Lp''Wm47!xv5_Rt';",
    ],
)
def test_no_piece_of_a_value_of_several_pieces_is_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text + "\n")
    shown = rendered(scanned(tmp_path)[0])
    assert "****" in shown
    assert not [piece for piece in ("Zk29", "fj3", "Qq8Lp", "Wm47", "xv5") if piece in shown]
