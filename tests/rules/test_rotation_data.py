"""The entries of `rules/rotation/`: how much of what is detected they know, which one is chosen, their form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.core.resources import load_providers, load_rotation, load_rules
from auditor.core.rotationrules import GENERAL, RotationEntry
from auditor.report.runbook.entries import entry_of, is_specific, steps

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = load_rotation()
FORMATS = [row["id"] for row in load_rules()["tables"]["secrets"]]
#: Formats of services that are one of their kind: the general steps are all that can be said.
GENERAL_FORMATS = {
    "block-protocol-key", "cfx-key", "intra42-secret", "lichess-token", "rfc8959-token", "roblox-cookie", "warp-key",
}  # fmt: skip
#: Kinds that names announce (`detect.names`), and those that entries name for callers of the detector.
ANNOUNCED = {"password"}


@pytest.fixture(params=ENTRIES, ids=lambda entry: str(entry["id"]))
def entry(request: pytest.FixtureRequest) -> RotationEntry:
    made: RotationEntry = request.param
    return made


def test_there_are_enough() -> None:
    assert len(ENTRIES) >= 40


def test_formats_without_steps_of_their_own_are_few_and_known() -> None:
    assert {name for name in FORMATS if not is_specific(name)} == GENERAL_FORMATS
    assert len(GENERAL_FORMATS) / len(FORMATS) < 0.02


def test_every_kind_of_credential_file_has_steps() -> None:
    files = [row["id"] for row in load_rules()["tables"]["files"]]
    without = [file for file in files if entry_of("", (), (file,))["id"] == GENERAL]
    assert without == ["git-folder"]


def test_kinds_are_what_the_detector_calls_them() -> None:
    folders = [ROOT / "auditor" / folder for folder in ("detect", "flow", "run", "checks")]
    sources = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    known = {*FORMATS, *(row["id"] for row in load_providers()["providers"]), *ANNOUNCED}
    for made in ENTRIES:
        for kind in (*made.get("kinds", ()), *made.get("fallback", ()), *made.get("holders", ())):
            assert kind in known or f'"{kind}"' in sources, f"{made['id']}: {kind}"


def test_steps_are_sentences_and_commands(entry: RotationEntry) -> None:
    for text in entry["steps"]:
        prose, *commands = text.split("\n")
        assert prose.endswith(".") and not prose.startswith(("$", "-", "#", "1")), prose
        assert all(re.match(r"\$ \S", command) for command in commands), commands
    assert entry["log"].endswith(".")
    assert len(steps(entry)) == len(entry["steps"])


def test_commands_hold_no_value_and_no_host(entry: RotationEntry) -> None:
    for step in steps(entry):
        for command in step.commands:
            hosts = re.findall(r"\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|example)\b", command)
            assert all(host == "registry.example" for host in hosts), command
            assert not re.search(r"(?i)(?:password|token|secret)[= ]['\"]?[a-z0-9]{12,}", command), command


def test_markup_is_closed(entry: RotationEntry) -> None:
    for text in (*entry["steps"], entry["log"]):
        assert text.split("\n")[0].count("`") % 2 == 0, text


@pytest.mark.parametrize(
    ("kind", "names", "files", "announced", "wanted"),
    [
        ("github-fine-grained-token", ["NPM_TOKEN"], [], "token", "github-token"),
        ("aws-session-token", [], [], "", "aws-session"),
        ("azure-storage-key", [], [], "", "azure-storage-key"),
        ("azure-search-key", [], [], "", "azure-service-key"),
        ("password", ["DB_PASSWORD"], [], "password", "database"),
        ("password", ["DB_PASSWORD", "MYSQL_ROOT_PASSWORD"], [], "password", "mysql"),
        ("password", ["POSTGRES_PASSWORD"], [], "password", "postgresql"),
        ("password", ["ADMIN_PASSWORD"], [], "password", "general-password"),
        ("", ["NPM_TOKEN"], ["pip-conf"], "token", "npm-token"),
        ("", ["ACME_TOKEN"], [], "token", GENERAL),
        ("", [], ["pip-conf"], "", "python-package-token"),
        ("private-key", [], ["ssh-key"], "", "ssh-key"),
        ("private-key", [], [], "", "tls-key"),
        ("credential", ["KSM_CONFIG"], [], "credential", "keeper"),
        ("json-web-token", ["SUPABASE_KEY"], [], "key", "database"),
        ("json-web-token", [], [], "", "jwt"),
        ("no-such-thing", [], [], "", GENERAL),
        ("dotenv-secret", ["MYSQL_PASSWORD"], ["dotenv"], "password", "mysql"),
        ("dotenv-secret", ["SHOP_PASSWORD"], ["dotenv"], "password", "general-password"),
        ("dotenv-secret", ["SHOP_KEY"], ["dotenv"], "key", GENERAL),
        ("dotenv-secret", [], ["dotenv"], "", "environment-file"),
        ("xml-secret", [], [], "", "environment-file"),
        ("kubernetes-secret", ["NPM_TOKEN"], [], "token", "npm-token"),
        ("kubernetes-secret", [], [], "", "kubernetes"),
    ],
)
def test_the_surest_sign_decides(kind: str, names: list[str], files: list[str], announced: str, wanted: str) -> None:
    assert entry_of(kind, names, files, announced)["id"] == wanted
