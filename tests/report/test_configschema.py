"""The schema of the configuration against what reads the configuration: both take the same files."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.generate import schema
from auditor.core.config import ConfigFile, resolve
from auditor.core.configoptions import OPTIONS
from auditor.core.errors import UsageError
from auditor.run.selection import rule_ids

SCHEMA = json.loads(schema())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

SEVERITIES = st.sampled_from(["critical", "high", "medium", "low", "info", "never", "High", ""])
WORDS = st.sampled_from(["auto", "always", "never", "json", "html", "sarif:x", "keywords", "hyperscan", "blue"])
PATHS = st.sampled_from(["", "a", "a/b", "./a", ".", "..a", "../a", "..", "/a", "./../a", ".//../a", "a\0b", "é/ü"])
NUMBERS = st.one_of(st.integers(-2, 10), st.integers(10**8, 10**10))
PLAIN = st.one_of(st.booleans(), NUMBERS, st.none(), st.text(max_size=5), SEVERITIES, WORDS, PATHS)
VALUES = st.one_of(
    PLAIN,
    st.floats(allow_nan=False).filter(lambda number: not number.is_integer()),
    st.lists(PLAIN, max_size=3),
    st.dictionaries(st.sampled_from([*sorted(rule_ids())[:3], "my-rule"]), st.one_of(SEVERITIES, PLAIN), max_size=3),
)
KEYS = st.sampled_from([*(option.key for option in OPTIONS), "severity", "fail_on", "plugin", "config"])


def accepts(table: dict[str, object]) -> bool:
    try:
        resolve({}, {}, ConfigFile("audit.toml", table))
    except UsageError:
        return False
    return True


@given(st.dictionaries(KEYS, VALUES, max_size=3))
def test_schema_and_reader_agree(table: dict[str, object]) -> None:
    """Both ways. What no schema can say is left out: links, and paths that lead out by way of a folder (a/../..).

    To a schema, 3.0 is a whole number; TOML has it as another kind of number, and so do we.
    """
    assert VALIDATOR.is_valid(table) == accepts(table)


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.shared], ids=lambda option: option.key)
@given(value=VALUES)
def test_schema_and_reader_agree_on_each_setting(option: object, value: object) -> None:
    key = option.key  # type: ignore[attr-defined]
    assert VALIDATOR.is_valid({key: value}) == accepts({key: value})


def test_every_setting_is_described_with_an_example_that_is_right() -> None:
    properties = SCHEMA["properties"]
    assert set(properties) == {option.key for option in OPTIONS if option.shared} | {"severity"}
    for key, said in properties.items():
        assert said["description"].endswith(".")
        for example in said["examples"]:
            assert VALIDATOR.is_valid({key: example})
        if "default" in said:
            assert VALIDATOR.is_valid({key: said["default"]})


def test_editors_are_told_the_rules() -> None:
    names = SCHEMA["properties"]["select"]["items"]["anyOf"][0]["enum"]
    assert rule_ids() <= set(names)
    assert set(SCHEMA["properties"]["severity"]["properties"]) == rule_ids()
