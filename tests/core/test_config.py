"""Settings: where they come from, which one wins, what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.core import configfile
from auditor.core.config import ConfigFile, Output, resolve
from auditor.core.errors import UsageError
from auditor.core.finding import Severity


def table(**keys: object) -> ConfigFile:
    return ConfigFile("audit.toml", {key.replace("_", "-"): value for key, value in keys.items()})


def test_defaults() -> None:
    settings = resolve({})
    assert settings.fail_on is Severity.MEDIUM
    assert settings.min_severity is Severity.MEDIUM
    assert settings.format == (Output("text", ""),)
    assert settings.origins == {}


@pytest.mark.parametrize(
    ("given", "environment", "file", "expected", "origin"),
    [
        (None, None, None, Severity.MEDIUM, None),
        (None, None, "low", Severity.LOW, "audit.toml"),
        (None, "high", "low", Severity.HIGH, "AUDIT_FAIL_ON"),
        ("critical", "high", "low", Severity.CRITICAL, "--fail-on"),
        ("critical", None, "low", Severity.CRITICAL, "--fail-on"),
        ("never", "high", None, None, "--fail-on"),
    ],
)
def test_precedence(
    given: str | None, environment: str | None, file: str | None, expected: Severity | None, origin: str | None
) -> None:
    settings = resolve(
        {"fail_on": given},
        {} if environment is None else {"AUDIT_FAIL_ON": environment},
        None if file is None else table(fail_on=file),
    )
    assert settings.fail_on is expected
    assert settings.origins.get("fail-on") == origin


def test_every_kind_of_value_from_a_file() -> None:
    settings = resolve(
        {},
        {},
        ConfigFile(
            os.path.join("repo", "audit.toml"),
            {
                "fail-on": "never",
                "exit-zero": True,
                "select": ["arg-secret", "layers"],
                "exclude": ["**/vendor"],
                "format": ["sarif"],
                "context": "app/build",
                "color": "always",
                "engine": "keywords",
                "rules": ["own/a.toml", "b.toml"],
                "baseline": ".secrets.baseline",
                "max-depth": 3,
                "severity": {"env-secret": "low"},
            },
        ),
    )
    assert settings.fail_on is None
    assert settings.exit_zero
    assert settings.select == ("arg-secret", "layers")
    assert settings.exclude == ("**/vendor",)
    assert settings.format == (Output("sarif", ""),)
    assert settings.context == os.path.join("repo", "app", "build")
    assert settings.severities == {"env-secret": Severity.LOW}
    assert (settings.engine, settings.max_depth) == ("keywords", 3)
    assert settings.rules == (os.path.join("repo", "own", "a.toml"), os.path.join("repo", "b.toml"))
    assert settings.baseline == os.path.join("repo", ".secrets.baseline")


def test_every_kind_of_value_from_the_environment() -> None:
    environment = {
        "AUDIT_SELECT": "arg-secret, layers",
        "AUDIT_EXIT_ZERO": "1",
        "AUDIT_NO_CONTEXT": "off",
        "AUDIT_FORMAT": "text,json:out.json",
        "AUDIT_SHOW_SECRETS": "1",
        "AUDIT_RULES": "../a.toml,b.toml",
        "AUDIT_MAX_DEPTH": "4",
        "AUDIT_SOMETHING_ELSE": "x",
    }
    settings = resolve({}, environment)
    assert settings.select == ("arg-secret", "layers")
    assert settings.exit_zero
    assert not settings.no_context
    assert settings.format == (Output("text", ""), Output("json", "out.json"))
    assert (settings.rules, settings.max_depth) == (("../a.toml", "b.toml"), 4)
    assert not settings.show_secrets, "only the command line may ask for secrets"


def test_names_on_the_command_line_may_be_joined_by_commas_but_globs_may_not() -> None:
    settings = resolve({"select": ["a,b", "c"], "exclude": ["x,y"]})
    assert settings.select == ("a", "b", "c")
    assert settings.exclude == ("x,y",)


def test_a_context_on_the_command_line_beats_no_context_in_the_file() -> None:
    assert not resolve({"context": "."}, {}, table(no_context=True)).no_context
    assert resolve({}, {}, table(no_context=True)).no_context


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (table(fail_onn="low"), "audit.toml: fail-onn: unknown key; did you mean 'fail-on'?"),
        (table(zzzz=1), "audit.toml: zzzz: unknown key"),
        (
            table(fail_on="hgh"),
            "audit.toml: fail-on: must be one of critical, high, medium, low, info, never, not 'hgh'",
        ),
        (table(fail_on=3), "not int"),
        (table(exit_zero="yes"), "audit.toml: exit-zero: must be true or false, not 'yes'"),
        (table(select="arg-secret"), "audit.toml: select: must be a list of texts, not 'arg-secret'"),
        (table(select=[1]), "must be a list of texts, not list"),
        (table(color="blue"), "must be one of auto, always, never"),
        (table(format=["jsn"]), "unknown format 'jsn'; did you mean 'json'?"),
        (table(format=["json:/etc/passwd"]), "may be given on the command line only"),
        (table(show_secrets=True), "may be given on the command line only"),
        (table(context="../.."), "must lie below the configuration file"),
        (table(context="/"), "must lie below the configuration file"),
        (table(rules=["a.toml", "../b.toml"]), "must lie below the configuration file"),
        (table(baseline="/etc/passwd"), "must lie below the configuration file"),
        (table(rules="a.toml"), "rules: must be a list of texts"),
        (table(engine="fast"), "engine: must be one of auto, hyperscan, keywords, detect-secrets, not 'fast'"),
        (table(max_depth=-1), "max-depth: must be a whole number from 0 on"),
        (table(max_depth=16**9_000), "max-depth: must be less than 1000000000"),
        (table(max_depth=-(16**9_000)), "max-depth: must be a whole number from 0 on"),
        (table(max_depth=True), "max-depth: must be a whole number from 0 on"),
        (table(max_depth="two"), "max-depth: must be a whole number from 0 on, not 'two'"),
        (table(severity="low"), "severity: must be a table"),
        (table(severity={"env-secret": "loud"}), "severity.env-secret: must be one of"),
    ],
)
def test_wrong_files_are_refused(file: ConfigFile, message: str) -> None:
    with pytest.raises(UsageError) as error:
        resolve({}, {}, file)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("given", "environment", "message"),
    [
        ({"fail_on": "hihg"}, {}, "--fail-on: must be one of critical"),
        ({"min_severity": "never"}, {}, "--min-severity: must be one of"),
        ({"format": ["json:"]}, {}, "needs a file name"),
        ({}, {"AUDIT_FAIL_ON": "x"}, "AUDIT_FAIL_ON: must be one of"),
        ({}, {"AUDIT_EXIT_ZERO": "maybe"}, "AUDIT_EXIT_ZERO: must be 1 or 0, not 'maybe'"),
    ],
)
def test_wrong_values_name_their_place(given: dict[str, object], environment: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        resolve(given, environment)
    assert message in str(error.value)


def test_the_nearest_file_wins_and_the_search_ends_at_the_root(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "audit.toml").write_text('fail-on = "low"\n')
    assert configfile.find(str(inner), str(tmp_path / "a")) is None
    found = configfile.find(str(inner), str(tmp_path))
    assert found is not None and found.table == {"fail-on": "low"}
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.audit]\nfail-on = "high"\n')
    found = configfile.find(str(inner), str(tmp_path))
    assert found is not None and found.table == {"fail-on": "high"}
    (inner / ".audit.toml").write_text("")
    found = configfile.find(str(inner), str(tmp_path))
    assert found is not None and found.table == {}


@pytest.mark.parametrize("content", ['[project]\nname = "audit"\n', "[tool.other]\nx = 1\n", "tool = 3\naudit = 1\n"])
def test_a_project_file_without_our_table_is_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    assert configfile.find(str(tmp_path), str(tmp_path)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"fail-on = \xff", "not UTF-8"),
        (b"fail-on = ", "Invalid value"),
        (b"x = " + b"[" * 5000, "nested too deeply"),
        (b"x = " + b"9" * 5000, "a number has too many digits"),
        (b"#" * (configfile.MAX_BYTES + 1), "larger than"),
    ],
    ids=["not-utf-8", "syntax", "nesting", "digits", "size"],
)
def test_broken_files_are_errors(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "audit.toml").write_bytes(content)
    with pytest.raises(UsageError) as error:
        configfile.find(str(tmp_path), str(tmp_path))
    assert message in str(error.value)
    assert str(tmp_path / "audit.toml") in str(error.value)


def test_a_pipe_or_a_missing_file_is_an_error_and_never_blocks(tmp_path: Path) -> None:
    pipe = tmp_path / "audit.toml"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="not a regular file"):
        configfile.find(str(tmp_path), str(tmp_path))
    with pytest.raises(UsageError, match="cannot be read"):
        configfile.read(str(tmp_path / "none.toml"))


def test_a_project_tables_type_is_checked(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\naudit = 3\n")
    with pytest.raises(UsageError, match="must be a table"):
        configfile.find(str(tmp_path), str(tmp_path))


def test_an_empty_path_in_a_file_is_no_path() -> None:
    assert resolve({}, {}, table(baseline="", context="")).baseline == ""
