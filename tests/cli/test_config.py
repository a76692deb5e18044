"""`audit config`: every setting, its value, and where that came from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from auditor.cli.main import main
from auditor.core.config import ConfigFile, resolve
from auditor.core.configoptions import OPTIONS
from auditor.core.configtexts import TEXTS, VARIABLES, plain_value
from tests.report.validating import validate

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "docs/schemas/settings-1.schema.json"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is the root of a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(["config", *argv])
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


def rows(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, tuple[str, str]]:
    """Value and origin by key, as the table has them."""
    code, out, err = run(capsys, *argv)
    assert (code, err) == (0, "")
    lines = [re.split(r"  +", line, maxsplit=2) for line in out.splitlines()[2:]]
    return {key: (value, origin) for key, value, origin in lines}


def origins(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, dict[str, object]]:
    code, out, _ = run(capsys, *argv, "--format", "json")
    assert code == 0
    content = json.loads(out)
    validate(content, SCHEMA)
    return {row["key"]: row for row in content["settings"]}


def test_without_anything_all_are_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    assert out.startswith("configuration file: none\n\n")
    shown = rows(capsys)
    assert list(shown) == [*(option.key for option in OPTIONS), "severity"]
    assert {origin for _, origin in shown.values()} == {"default"}
    assert shown["fail-on"][0] == '"medium"' and shown["format"][0] == '["text"]'


def test_each_origin(repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "audit.toml").write_text('min-severity = "low"\n\nfail-on = "low"\ntarget = "a"\n')
    monkeypatch.setenv("AUDIT_FAIL_ON", "high")
    monkeypatch.setenv("AUDIT_TARGET", "b")
    shown = rows(capsys, "--target", "c", "-q")
    assert shown["min-severity"] == ('"low"', "audit.toml:1")
    assert shown["fail-on"] == ('"high"', "environment (AUDIT_FAIL_ON)")
    assert shown["target"] == ('"c"', "command line (--target)")
    assert shown["quiet"] == ("true", "command line (--quiet)")
    assert shown["color"] == ('"auto"', "default")


def test_each_origin_for_machines(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.audit]\nselect = ["calls"]\n')
    monkeypatch.setenv("AUDIT_MAX_DEPTH", "3")
    found = origins(capsys, "--fail-on", "never")
    path = str(repository / "pyproject.toml")
    assert found["select"]["origin"] == {"kind": "file", "name": path, "line": 4}
    assert found["select"]["value"] == ["calls"] and found["select"]["default"] == []
    assert found["max-depth"]["origin"] == {"kind": "environment", "name": "AUDIT_MAX_DEPTH", "line": None}
    assert found["max-depth"]["value"] == 3
    assert found["fail-on"]["origin"] == {"kind": "command-line", "name": "--fail-on", "line": None}
    assert found["fail-on"]["value"] == "never"
    assert found["severity"] == {
        "key": "severity", "value": {}, "default": {}, "origin": {"kind": "default", "name": None, "line": None},
    }  # fmt: skip


def test_the_file_is_the_one_that_counts_for_the_path(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "audit.toml").write_text('fail-on = "low"\n')
    (repository / "app").mkdir()
    (repository / "app" / "audit.toml").write_text('fail-on = "high"\n')
    assert rows(capsys)["fail-on"] == ('"low"', "audit.toml:1")
    assert rows(capsys, "app")["fail-on"] == ('"high"', "app/audit.toml:1")
    assert rows(capsys, "app/audit.toml")["fail-on"] == ('"high"', "app/audit.toml:1")
    assert rows(capsys, "app", "--config", "audit.toml")["fail-on"] == ('"low"', "audit.toml:1")
    assert rows(capsys, "app", "--isolated")["fail-on"] == ('"medium"', "default")


@pytest.mark.parametrize(
    ("content", "argv", "said"),
    [
        ("fail-onn = 1\n", [], "fail-onn: unknown key; did you mean 'fail-on'?"),
        ('[severity]\nenv-secrt = "low"\n', [], "no such rule; did you mean 'env-secret'?"),
        ('select = ["env-secrt"]\n', [], "'env-secrt' is no rule, family or prefix of rules; did you mean"),
        ("", ["--ignore", "compos,zzz"], "--ignore: 'zzz' is no rule"),
        ("", ["--fail-on", "hgh"], "--fail-on: must be one of"),
        ("", ["--rules", "none.toml"], "none.toml: no such file"),
        ("", ["none"], "none: no such file or directory"),
        ("", ["--isolated", "--config", "audit.toml"], "cannot be used together"),
    ],
)  # fmt: skip
def test_what_others_refuse_is_refused(
    content: str, argv: list[str], said: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "audit.toml").write_text(content)
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "") and said in err


def test_variables_that_are_not_heeded_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUDIT_FAIL_ONN", "AUDIT_SHOW_SECRETS", *VARIABLES):
        monkeypatch.setenv(name, "")
    assert run(capsys)[2] == (
        "note: AUDIT_FAIL_ONN is not heeded: there is no such setting; did you mean 'AUDIT_FAIL_ON'?\n"
        "note: AUDIT_SHOW_SECRETS is not heeded: this may be given on the command line only\n"
    )


def test_the_table_of_variables_has_all_that_the_code_reads() -> None:
    told = {option.variable for option in OPTIONS} | set(VARIABLES)
    read = set()
    for path in (ROOT / "auditor").rglob("*.py"):
        read |= set(re.findall(r'environ(?:\.get\(|\[)"(AUDIT_[A-Z_]+)"', path.read_text(encoding="utf-8")))
    assert read and read <= told
    assert set(VARIABLES) <= read


def test_a_configuration_file_to_start_from(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is it says nothing; with every comment of an example opened it says all that there is."""
    code, out, err = run(capsys, "--format", "toml")
    assert (code, err, tomllib.loads(out)) == (0, "", {})
    opened = re.sub(r"^# ([a-z-]+ = |\[severity\])", r"\1", out, flags=re.MULTILINE)
    table = tomllib.loads(opened)
    assert set(table) == {option.key for option in OPTIONS if option.shared} | {"severity"}
    resolve({}, {}, ConfigFile("audit.toml", table))
    assert [line for line in out.splitlines() if len(line) > 100] == []


def test_the_file_that_is_printed_says_the_same(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "app").mkdir()
    (repository / "app" / "audit.toml").write_text(
        'fail-on = "never"\nexit-zero = true\nignore = ["calls", "env-secret"]\nexclude = ["a\\"b\\\\c\\u001b/**"]\n'
        'context = "build/é"\nmax-depth = 0\nformat = ["sarif"]\nrules = []\n[severity]\npackage-cache = "info"\n'
    )
    code, out, err = run(capsys, "app", "--format", "toml")
    assert (code, err) == (0, "")
    written = tomllib.loads(out)
    assert written == tomllib.loads((repository / "app" / "audit.toml").read_text())


def test_what_may_not_stand_in_a_file_stays_a_comment(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "own.toml").write_text("")
    _, out, _ = run(capsys, "--baseline", "/etc/hostname", "--context", "..", "--show-secrets", "--format", "toml")
    assert tomllib.loads(out) == {}
    assert '# may not stand in a file: context = ".."\n' in out
    assert "show-secrets" not in out


def test_control_characters_of_a_file_do_not_reach_the_terminal(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "audit.toml").write_text('target = "\\u001b[31m\\n::error::x\\u202e"\n')
    code, out, _ = run(capsys)
    assert code == 0
    assert "\x1b" not in out and "\u202e" not in out and not re.search(r"^\s*::", out, re.MULTILINE)
    assert origins(capsys)["target"]["value"] == "\x1b[31m\n::error::x\u202e"


def test_an_option_is_there_for_every_setting_and_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    examples = {"rules": None, "plugins": None, "baseline": None, "format": None}
    for text in TEXTS:
        if text.key in examples:
            continue
        value = ["--"] if text.is_flag else text.example
        words = [text.flags[-1]]
        if not text.is_flag:
            words += [str(text.example[0] if isinstance(text.example, list) else value)]
        found = origins(capsys, *words)[text.key]
        assert found["origin"] == {"kind": "command-line", "name": text.flags[-1], "line": None}
        assert found["value"] not in ("", [], False)


def test_examples_are_right_and_say_something() -> None:
    usual = resolve({})
    for text in TEXTS:
        if text.option.shared:
            settings = resolve({}, {}, ConfigFile("audit.toml", {text.key: text.example}))
            assert plain_value(settings, text.option) == text.example
            assert text.example != plain_value(usual, text.option)
    assert [text.key for text in TEXTS] == [option.key for option in OPTIONS]
