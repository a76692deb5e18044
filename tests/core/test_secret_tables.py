"""Token formats and providers: what a table file must hold, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.errors import RuleDataError
from auditor.core.rulefiles import compile_rules
from tests.core.ruletexts import NPM_ENTRY, write

PROVIDER = """\
[[provider]]
id = "acme-key"
title = "Acme key"
names = ["acme cloud"]
shape = "hex:32"
source = "https://docs.example/keys/"
"""


def test_providers_are_kept_apart_from_what_every_run_reads(rules: Path) -> None:
    write(rules, "secrets/npm.toml", f"[[secret]]\n{NPM_ENTRY}{PROVIDER}")
    compiled = compile_rules(str(rules))
    acme = {"id": "acme-key", "title": "Acme key", "names": ["acme cloud"], "shape": "hex:32"}
    assert compiled["providers"]["providers"] == [acme]
    assert compiled["providers"]["digest"] == compiled["running"]["digest"]
    assert [entry["id"] for entry in compiled["running"]["tables"]["secrets"]] == ["npm-token"]
    assert compiled["docs"]["tables"]["providers"] == {"acme-key": {"source": "https://docs.example/keys/"}}


def test_the_digest_tells_of_providers(rules: Path) -> None:
    digests = set()
    for content in (PROVIDER, PROVIDER.replace("hex:32", "hex:40")):
        write(rules, "secrets/acme.toml", content)
        digests.add(compile_rules(str(rules))["running"]["digest"])
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("acme cloud", "acm", "names: 'acm'"),
        ("acme cloud", "acme-cloud", "names: 'acme-cloud'"),
        ('"acme cloud"', "", "names: must be a list"),
        ("hex:32", "hexa:32", "shape: unknown shape 'hexa:32'"),
        ("hex:32", "hex:32-8", "shape: shape 'hex:32-8' must have a length"),
        ('shape = "hex:32"', "", "shape: exactly one of shape and pattern"),
        ('shape = "hex:32"', "shape = 'hex:32'\npattern = 'a{9}'", "shape: exactly one of shape and pattern"),
        ('shape = "hex:32"', "pattern = '(?P<secret>a{9}'", "pattern: "),
        ('shape = "hex:32"', "pattern = '(?P<secret>a{9})'", "group: must name"),
        ('shape = "hex:32"', "shape = 'hex:32'\nkeywords = ['x']", "keywords: unknown key"),
        ("acme-key", "npm-token", "id: 'npm-token' is already used"),
    ],
)
def test_a_wrong_provider_is_refused(rules: Path, old: str, new: str, message: str) -> None:
    assert old in PROVIDER
    write(rules, "secrets/acme.toml", PROVIDER.replace(old, new, 1))
    write(rules, "secrets/a-npm.toml", NPM_ENTRY)
    with pytest.raises(RuleDataError) as caught:
        compile_rules(str(rules))
    assert "secrets/acme.toml: " in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("entropy = 3", "entropy: must be a number with a decimal point"),
        ("group = 'secret'", "group: must name the pattern's only named group"),
        ("examples = ['npm_aaaa']", "examples: must be a list of at least 2"),
        ("lookalikes = ['a', 'b', 3]", "lookalikes: must be a list of at least 3"),
        ("examples = [{ text = 'a' }, 'b']", "examples: must be a list of at least 2"),
    ],
)
def test_a_wrong_format_is_refused(rules: Path, addition: str, message: str) -> None:
    write(rules, "secrets/npm.toml", f"{NPM_ENTRY}{addition}\n")
    with pytest.raises(RuleDataError) as caught:
        compile_rules(str(rules))
    assert str(caught.value).startswith(f"secrets/npm.toml: npm-token: {message}")


def test_a_pattern_that_does_not_compile_is_refused(rules: Path) -> None:
    write(rules, "secrets/npm.toml", NPM_ENTRY.replace("npm_[a-z]{4}", "npm_[a-z"))
    with pytest.raises(RuleDataError, match=r"^secrets/npm\.toml: npm-token: pattern: "):
        compile_rules(str(rules))
