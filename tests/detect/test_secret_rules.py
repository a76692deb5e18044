"""The token formats and providers themselves (`rules/secrets/`): every pattern against its examples and look-alikes."""

from __future__ import annotations

import os
import re
import sysconfig
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from auditor.core.ruledata import CompiledRules, JsonValue, ProviderEntry, SecretEntry
from auditor.core.rulefiles import compile_rules
from auditor.core.secretrules import shape_pattern
from auditor.detect.entropy import entropy

ROOT = Path(__file__).resolve().parents[2]
HOSTILE_SIZE = 20_000
#: Seconds one pattern may take on a hostile text of HOSTILE_SIZE characters; linear ones take about a hundredth of it.
HOSTILE_SECONDS = 2.0
MIN_KEYWORD = 4
#: Characters of the longest value a provider's shape is tried on, and seconds it may take on all the hostile ones.
LONGEST_KEY = 1200
PROVIDER_SECONDS = 0.5


@cache
def compiled() -> CompiledRules:
    return compile_rules(str(ROOT / "rules"))


FORMATS = {entry["id"]: entry for entry in compiled()["running"]["tables"]["secrets"]}
PROVIDERS = {entry["id"]: entry for entry in compiled()["providers"]["providers"]}


def texts(format_id: str, key: str) -> list[tuple[str, str]]:
    """(text, secret) of each example or look-alike; a plain text is the secret itself."""
    found = cast("list[JsonValue]", compiled()["docs"]["tables"]["secrets"][format_id][key])
    return [(str(one["text"]), str(one["secret"])) if isinstance(one, dict) else (str(one), str(one)) for one in found]


def secrets(entry: SecretEntry, text: str) -> Iterator[str]:
    """What the format finds: keyword first, as the detector does it, then the pattern, then the entropy."""
    if not any(keyword in text.lower() for keyword in entry["keywords"]):
        return
    for match in re.finditer(entry["pattern"], text):
        secret = match[entry.get("group", 0)]
        if entropy(secret) >= entry.get("entropy", 0.0):
            yield secret


def test_the_tables_are_broad() -> None:
    assert len(FORMATS) >= 430
    assert len(PROVIDERS) >= 2400


def test_no_id_means_two_things() -> None:
    assert not set(FORMATS) & set(PROVIDERS)


@pytest.mark.parametrize("format_id", FORMATS)
def test_examples_are_found_whole(format_id: str) -> None:
    entry, found = FORMATS[format_id], texts(format_id, "examples")
    assert len(found) >= 2
    for text, secret in found:
        assert any(keyword in text.lower() for keyword in entry["keywords"])
        assert list(secrets(entry, text)) == [secret]
        assert list(secrets(entry, f'x = "{text}"\n')) == [secret]


@pytest.mark.parametrize("format_id", FORMATS)
def test_lookalikes_are_left_alone(format_id: str) -> None:
    found = texts(format_id, "lookalikes")
    assert len(found) >= 3
    for text, _ in found:
        assert not re.search(FORMATS[format_id]["pattern"], text)


@pytest.mark.parametrize("format_id", FORMATS)
def test_the_public_prefix_is_no_secret(format_id: str) -> None:
    """What may be shown leaves enough of the secret unknown."""
    prefix = FORMATS[format_id]["prefix"]
    for _, secret in texts(format_id, "examples"):
        assert prefix == 0 or (len(secret) - prefix >= 8 and secret[:prefix].strip())


def test_short_keywords_are_explained() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in (ROOT / "rules" / "secrets").glob("*.toml")}
    comment = re.compile(r'# Keyword: .*\n\[\[secret\]\]\nid = "(.*)"')
    explained = {match[1] for content in files.values() for match in comment.finditer(content)}
    short = {name for name, entry in FORMATS.items() if min(map(len, entry["keywords"])) < MIN_KEYWORD}
    assert short == explained


def test_every_entry_says_where_it_is_documented() -> None:
    for table in ("secrets", "providers"):
        for entry_id, prose in compiled()["docs"]["tables"][table].items():
            assert str(prose.get("source", "")).startswith("https://"), entry_id


def hostile(entry: SecretEntry, examples: list[tuple[str, str]]) -> Iterator[str]:
    """Long texts that begin like a match and never become one."""
    for text, _ in examples:
        for end in (len(text) // 4, len(text) // 2, len(text) - 1):
            head = text[:end]
            yield (head * (HOSTILE_SIZE // max(1, len(head)) + 1))[:HOSTILE_SIZE]
            yield head + head[-1:] * HOSTILE_SIZE + "\0"
            yield head + "aA0-_.:/=+" * (HOSTILE_SIZE // 10) + "\0"
    for keyword in entry["keywords"]:
        yield keyword * (HOSTILE_SIZE // len(keyword))


@pytest.mark.parametrize("format_id", FORMATS)
def test_no_pattern_backtracks_catastrophically(format_id: str) -> None:
    entry = FORMATS[format_id]
    pattern = re.compile(entry["pattern"])
    for text in hostile(entry, texts(format_id, "examples")):
        start = time.process_time()
        for _ in pattern.finditer(text):
            pass
        assert time.process_time() - start < HOSTILE_SECONDS, text[:80]


@pytest.mark.parametrize(
    "text",
    [
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "123e4567-e89b-12d3-a456-426614174000",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NEaLgZVdXYvx7Ikq5nQ4vnjzKzMjJ0YbNNvDhXnXw==",
        "com.example.accountmanagement.internationalization.AbstractSingletonProxyFactoryBean",
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.33",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5mFq0Jx3xEwqkYzYI5VJq4pZr0XoqHq5aXKyR1v3mF user@host",
        "task_force_key_management_secret_token_live_test_sk_live_",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    ],
)
def test_hashes_names_and_public_keys_match_no_format(text: str) -> None:
    assert [name for name, entry in FORMATS.items() if list(secrets(entry, text))] == []


def clean_files() -> Iterator[tuple[str, str]]:
    """Python's own library without third-party packages and its tests (those hold real-looking keys)."""
    library = sysconfig.get_path("stdlib")
    for folder, folders, names in os.walk(library):
        folders[:] = sorted(set(folders) - {"site-packages", "dist-packages", "test", "tests", "__pycache__"})
        for name in sorted(names):
            if name.endswith((".py", ".txt", ".cfg", ".toml")):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    yield os.path.join(folder, name), file.read()


def test_no_format_matches_in_the_standard_library() -> None:
    found = []
    heads = {keyword[:3] for entry in FORMATS.values() for keyword in entry["keywords"]}
    short = {head for head in heads if len(head) < 3}
    for path, text in clean_files():
        lower = text.lower()
        # Looking up what occurs at all is much faster than looking for every keyword in every file.
        here = heads & {lower[place : place + 3] for place in range(len(lower))} | short
        for entry in FORMATS.values():
            if not here.isdisjoint(keyword[:3] for keyword in entry["keywords"]):
                found += [(path, entry["id"], secret[:60]) for secret in secrets(entry, text)]
    assert found == []


@pytest.mark.parametrize("provider_id", PROVIDERS)
def test_a_provider_is_well_formed(provider_id: str) -> None:
    entry: ProviderEntry = PROVIDERS[provider_id]
    pattern = entry.get("pattern") or shape_pattern(entry["shape"])
    compiled_pattern = re.compile(pattern)
    assert len(set(entry["names"])) == len(entry["names"])
    for ordinary in ("production", "localhost", "development", "true", "0", "/usr/local/bin", "my-secret-token"):
        assert not compiled_pattern.fullmatch(ordinary)


def test_no_shape_of_a_key_backtracks_catastrophically() -> None:
    patterns = {entry.get("pattern") or shape_pattern(entry["shape"]) for entry in PROVIDERS.values()}
    values = [
        (head * LONGEST_KEY)[:LONGEST_KEY] + "\0" for head in ("a", "0", "A", "-", "a.", "a-", "0:", "ey.", "a=", "=")
    ]
    for pattern in patterns:
        compiled_pattern = re.compile(pattern)
        start = time.process_time()
        for value in values:
            assert not compiled_pattern.fullmatch(value)
        assert time.process_time() - start < PROVIDER_SECONDS, pattern


@pytest.mark.parametrize(
    ("shape", "value", "fits"),
    [
        ("hex:8", "0aF39b2c", True),
        ("hex:8", "0aF39b2", False),
        ("hex:8", "0aG39b2c", False),
        ("alnum:4-6", "Ab3de", True),
        ("alnum:4-6", "Ab3", False),
        ("base64:4", "a+/b==", True),
        ("base64url:4", "a_-b", True),
        ("base64url:4", "a+/b", False),
        ("padded:6", "a_-b==", True),
        ("dotted:6", "a_-.b4", True),
        ("dotted:6", "a_-.b=", False),
        ("base32:4", "AB27", True),
        ("base32:4", "AB18", False),
        ("base58:4", "Ab1z", True),
        ("base58:4", "Ab0z", False),
        ("alnum:4,8", "Ab3d", True),
        ("alnum:4,8", "Ab3dEf", False),
        ("alnum:4,8-9", "Ab3dEfGh1", True),
        ("onecase:8", "a1z2x3k4", True),
        ("onecase:8", "A1Z2X3K4", True),
        ("onecase:8", "aAf2b3c4", True),
        ("onecase:8", "aZ12x3k4", False),
        ("onecase:8", "a1z2x3k4m", False),
        ("hex:8|upper:4", "0aF39b2c", True),
        ("hex:8|upper:4", "ZA12", True),
        ("hex:8|upper:4", "ZA123", False),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", True),
        ("uuid", "k23z4567-w89b-12d3-q456-42661417400x", True),
        ("uuid", "123e4567e89b12d3a456426614174000", False),
        ("uuid", "123e4567-e89b-12d3-a456-42661417400", False),
        ("jwt", "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", True),
        ("jwt", "eyJhbGciOi.eyJzdWIiOi", False),
        ("common", "aB3" * 10 + "Zz", True),
        ("common", "aB3" * 13 + "Z", True),
        ("common", "aB3" * 21 + "Z", True),
        ("common", "aB3" * 12, False),
        ("common", "123e4567-e89b-12d3-a456-426614174000", True),
    ],
)
def test_a_shape_is_a_class_and_a_length(shape: str, value: str, fits: bool) -> None:
    assert bool(re.fullmatch(shape_pattern(shape), value)) is fits


@pytest.mark.parametrize(
    "shape", ["", "hex", "hex:", "hex:0", "hex:9-3", "hex:99999", "octal:3", "hex:-3", "hex:8|", "hex:8,", "uuid:4"]
)
def test_an_unknown_shape_is_refused(shape: str) -> None:
    with pytest.raises(ValueError, match="shape"):
        shape_pattern(shape)
