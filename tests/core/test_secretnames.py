"""What secrets are called."""

from __future__ import annotations

import pytest

from auditor.core.secretnames import is_file_name, secret_id, versioned


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NPM_TOKEN", "npm_token"),
        ("./.npmrc", "npmrc"),
        ("site.key", "site_key"),
        ("schlüssel", "schl_ssel"),
        ("...", "secret"),
    ],
)
def test_ids_are_what_every_builder_takes(name: str, expected: str) -> None:
    assert secret_id(name) == expected


def test_versions() -> None:
    assert versioned("db", 2) == "db_v2"


@pytest.mark.parametrize(("name", "expected"), [("site.key", True), ("a" * 62, True), ("a" * 63, False), ("", False)])
def test_names_of_files_are_those_of_swarm(name: str, expected: bool) -> None:
    assert is_file_name(name) is expected
    assert not is_file_name(f"{name}.") and not is_file_name(f"a/{name}") and not is_file_name(f"-{name}")
