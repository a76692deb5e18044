"""`audit explain`, `audit rules` and `audit context`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli.explained import names
from auditor.cli.main import main
from auditor.core.resources import load_rule_docs
from auditor.core.wrappers import wrapper_ids
from auditor.run.examples import load_examples
from auditor.run.selection import IMAGE, all_rules, rule_ids
from tests.report.validating import validate

RULE = """\
id = "NAME"
title = "A rule"
family = "own"
target = "dockerfile"
severity = "high"
confidence = "high"
since = "0.1.0"
status = "stable"
fix = "none"
applicability = "none"
cwe = 798
why = "Because."
remedy = "Do it."
references = []
"""


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main(argv)
    captured = capsys.readouterr()
    return int(code), captured.out, captured.err


def test_every_rule_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", *sorted(rule_ids()))
    assert (code, err) == (0, "")
    for rule in rule_ids():
        assert f"{rule}: " in out
        comment = f"    # audit: ignore[{rule}] why this is fine"
        leaving_out = f"    audit image --ignore {rule} IMAGE"
        assert (leaving_out if all_rules()[rule].family == IMAGE else comment) in out
    prose = [line for line in out.splitlines() if not line.startswith(" ")]
    assert [line for line in prose if len(line) > 80] == []


def test_what_a_fix_makes_of_an_example_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for rule_id in sorted(rule_ids()):
        out = run(capsys, "explain", rule_id)[1]
        examples = [example for example in load_examples(rule_id) if example.is_fixed]
        assert ("`audit fix" in out.partition("\n\nReported")[2]) == bool(examples)
        for line in examples[0].fixed.splitlines() if examples else ():
            assert f"    {line}".rstrip() in out


def test_a_fix_of_the_ignore_file_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "explain", "context-secret-file")[1]
    assert "\n`audit fix` leaves the Dockerfile as it is, and adds to .dockerignore: .env\n" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("github-token", ["GitHub token", "Begins with ghp_", "checksum is verified offline", "How to replace it"]),
        ("algolia-key", ["key of Algolia", "in the name of the variable that holds it: algolia"]),
        (
            "ksm",
            ["keeper://RECORD_UID/field/password", "audit fix --diff --wrapper ksm", "audit wrap IMAGE --with ksm"],
        ),
        ("password", ["a kind of secret", "How to replace it"]),
    ],
)
def test_kinds_of_secrets_and_wrappers_are_explained(
    name: str, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "explain", name)
    assert (code, err) == (0, "") and out.startswith(f"{name}: ")
    assert [part for part in said if part not in " ".join(out.split())] == []


def test_all_of_them_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    every = sorted(names())
    assert len(every) > 3000 and set(wrapper_ids()) <= set(every)
    code, out, _ = run(capsys, "explain", *every)
    assert code == 0
    assert [name for name in every if not out.startswith(f"{name}: ") and f"\n{name}: " not in out] == []


def test_no_example_of_a_secret_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    docs = load_rule_docs()["tables"]["secrets"]
    out = run(capsys, "explain", *docs)[1]
    for entry in docs.values():
        for one in entry["examples"] if isinstance(entry["examples"], list) else ():
            example = str(one["secret"]) if isinstance(one, dict) else str(one)
            assert len(example) < 24 or example[:24] not in out


def test_a_family_of_rules_is_told_by_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", "caches")
    assert (code, out, err) == (2, "", "audit: error: 'caches' is a family of rules: package-cache\n")


@pytest.mark.parametrize(("word", "known"), [("github-tokn", "github-token"), ("dopler", "doppler")])
def test_an_unknown_kind_gets_a_suggestion(word: str, known: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "explain", word)
    assert code == 2 and err.endswith(f"did you mean {known!r}?\n")


def test_an_unknown_rule_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    message = "audit: error: there is no rule 'env-secrt'; did you mean 'env-secret'?\n"
    assert run(capsys, "explain", "env-secrt") == (2, "", message)


def test_what_plugins_of_detect_secrets_find_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain", "detect-secrets")
    assert code == 0
    assert "    # audit: ignore[detect-secrets] why this is fine" in out
    assert run(capsys, "explain", "detect-secret")[2].endswith("did you mean 'detect-secrets'?\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("baseline", "write a .secrets.baseline, for detect-secrets"),
        ("scan", "whose code is run; needs --engine detect-secrets"),
        ("scan", "findings to accept: what audit baseline wrote, or detect-secrets"),
        ("lint", "findings to accept: what audit baseline wrote, or detect-secrets"),
        ("fix", "findings to accept: what audit baseline wrote, or detect-secrets"),
        ("image", "findings to accept: what audit baseline wrote, or detect-secrets"),
    ],
)
def test_help_says_what_files_are_for(capsys: pytest.CaptureFixture[str], command: str, said: str) -> None:
    main([command, "--help"])
    assert said in " ".join(capsys.readouterr().out.split())


def test_the_list_has_every_rule_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "rules")
    assert code == 0
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted(rule_ids())


def test_the_list_for_machines_has_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "rules", "--format", "json")
    assert code == 0
    content = json.loads(out)
    validate(content, "docs/schemas/rules-1.schema.json")
    assert [rule["id"] for rule in content["rules"]] == sorted(rule_ids())
    by_id = {rule["id"]: rule for rule in content["rules"]}
    assert by_id["env-secret"]["commands"] == ["lint", "image"] and by_id["known-token"]["commands"] == [
        "scan",
        "image",
    ]
    root = Path(__file__).resolve().parents[2]
    assert all((root / rule["docs"]).is_file() for rule in content["rules"])


def write_rule(folder: Path, name: str, examples: str) -> None:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / f"{name}.toml").write_text(RULE.replace("NAME", name) + examples)


BAD = "[[bad]]\nfinds = ['Tundra-42-kite']\ndockerfile = '''\nFROM a\nENV DB_PASSWORD=Tundra-42-kite\n'''\n"
GOOD = "[[good]]\ndockerfile = 'FROM a'\n"


@pytest.mark.parametrize(
    ("name", "examples", "code", "message"),
    [
        ("env-secret", BAD * 2 + GOOD * 3, 0, "1 rules, 5 examples: all as they should be"),
        ("env-secret", BAD * 2 + GOOD * 2, 1, "env-secret: 2 good examples; at least 3 are needed"),
        ("env-secret", BAD + GOOD * 3, 1, "env-secret: 1 bad examples; at least 2 are needed"),
        ("env-secret", BAD + BAD.replace("'Tun", "'tun") + GOOD * 3, 1, "env-secret-bad-2: should report ['tundra"),
        ("env-secret", BAD * 2 + GOOD * 2 + BAD.replace("bad", "good").replace("finds = ['Tundra-42-kite']", ""), 1,
         "env-secret-good-3: reported at line 2"),
        ("env-secret", BAD + BAD.replace("finds", "severity = 'info'\nfinds") + GOOD * 3, 1,
         "env-secret-bad-2: should be info"),
        ("my-rule", BAD * 2 + GOOD * 3, 1, "my-rule: no check has this id"),
        ("env-secret", "nonsense = 1\n", 2, "own/env-secret.toml: nonsense: unknown key"),
        ("env-secret", "[[bad]]\ndockerfile = 3\n", 2, "dockerfile: must be"),
    ],
)  # fmt: skip
def test_rule_files_are_checked(
    name: str, examples: str, code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rule(tmp_path, name, examples)
    got, out, err = run(capsys, "rules", "check", str(tmp_path))
    assert got == code
    assert message in out + err


@pytest.mark.parametrize(
    "argv", [["check", "no-such-folder"], ["list", "."], ["frobnicate"], ["check", "--format", "json"]]
)
def test_wrong_arguments_for_rules(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "rules", *argv)[0] == 2


def test_folders_of_tools_are_one_line_of_a_context(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git" / "objects").mkdir(parents=True)
    (tmp_path / "web" / "node_modules" / "a" / "node_modules").mkdir(parents=True)
    for name in (".git/HEAD", ".git/objects/x", "web/node_modules/a/node_modules/b.js", "web/app.js"):
        (tmp_path / name).write_text("12345")
    (tmp_path / "web" / "node_modules" / "a" / ".npmrc").write_text("1")
    lines = run(capsys, "context", str(tmp_path))[1].splitlines()
    assert lines[0] == "      10 B  .git/  (2 files)"
    assert lines[1] == "       5 B  web/app.js"
    assert lines[2].startswith("       1 B  web/node_modules/a/.npmrc  <- ")
    assert lines[3] == "       5 B  web/node_modules/  (1 file)"
    assert lines[4].startswith("5 files, 21 B, 1 marked as sensitive")
    every = run(capsys, "context", "-v", str(tmp_path))[1]
    assert "       5 B  .git/objects/x\n" in every and "(" not in every
    assert run(capsys, "context", "--sensitive", str(tmp_path))[1].splitlines() == [lines[2], lines[4]]


def test_the_context_is_listed_after_the_ignore_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in {
        ".dockerignore": "*.log\n",
        ".env": "A=1\n",
        "app.py": "x" * 2048,
        "x.log": "",
        "\x1b": "",
    }.items():
        (tmp_path / name).write_text(content)
    code, out, err = run(capsys, "context", str(tmp_path))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert "   2.0 KiB  app.py" in lines
    assert "       0 B  \\x1b" in lines
    assert any(line.startswith("       4 B  .env  <- ") for line in lines)
    assert not any("x.log" in line for line in lines)
    assert lines[-1].startswith("4 files, 2.0 KiB, 1 marked as sensitive; ")
    assert len(run(capsys, "context", str(tmp_path), "--sensitive")[1].splitlines()) == 2


def test_a_missing_context_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "context", "no-such-folder")[0] == 2
