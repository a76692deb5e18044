"""Checks the data tables of a rules folder, `rules/secrets/`: every token format and every provider.

A format must find exactly the secret in each of its examples and nothing in its look-alikes, be fast on any text, and
say where its owner documents it; a provider's key must be one that can exist, and no ordinary word.
"""

from __future__ import annotations

import os
import random
import re
from functools import lru_cache

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.rulereading import read_toml
from auditor.core.secretrules import shape_pattern
from auditor.detect.regexes.samples import sample
from auditor.detect.regexes.steps import steps
from auditor.detect.tokens import Format, within
from auditor.detect.userrules.pythonregex import MAX_STEPS, TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.ruledata import CompiledRules, Entry, JsonValue, ProviderEntry, SecretEntry

#: A provider's shape is tried on one value of at most so many characters; a format is searched for in any text.
VALUE_LENGTH = 1200
#: Most steps for each character (see `regexes.steps`): what holds for every text, far above what ordinary ones take.
MAX_STEPS_ON_VALUE = 100
MIN_KEYWORD = 4
_LEAST_EXAMPLES, _LEAST_LOOKALIKES = 2, 3
#: Characters of a secret that stay unknown when its public prefix is shown.
_LEAST_HIDDEN = 8
_ORDINARY = ("production", "localhost", "development", "true", "0", "/usr/local/bin", "my-secret-token")


class TableReport(NamedTuple):
    """What the check found: `problems` and `notes` are complete lines, the others are how many there are."""

    problems: list[str]
    notes: list[str]
    formats: int
    providers: int
    examples: int


def check_tables(compiled: CompiledRules, rules_dir: str | None = None) -> TableReport:
    """Check all formats and providers. `rules_dir` is where they come from, so that problems name the file.

    Raises OSError and RuleDataError if a file there can no longer be read.
    """
    formats, providers = compiled["running"]["tables"]["secrets"], compiled["providers"]["providers"]
    docs = compiled["docs"]["tables"]
    found = [
        ("secrets", row["id"], text) for row in formats for text in format_problems(row, docs["secrets"][row["id"]])
    ]
    found += [
        ("providers", row["id"], text)
        for row in providers
        for text in provider_problems(row, docs["providers"][row["id"]])
    ]
    files = _files(rules_dir) if found and rules_dir else {}
    short = [row["id"] for row in formats if min(map(len, row["keywords"])) < MIN_KEYWORD]
    return TableReport(
        [f"{files.get((table, name), table)}: {name}: {text}" for table, name, text in found],
        [f"note: keyword shorter than {MIN_KEYWORD} bytes, slower to look for: {', '.join(short)}"] if short else [],
        len(formats),
        len(providers),
        sum(len(_texts(entry, key)) for entry in docs["secrets"].values() for key in ("examples", "lookalikes")),
    )


def format_problems(row: SecretEntry, docs: Entry) -> Iterator[str]:
    """What is wrong with one token format; `docs` are its examples, look-alikes and source."""
    examples, lookalikes = _texts(docs, "examples"), _texts(docs, "lookalikes")
    for key, found, least in (
        ("examples", examples, _LEAST_EXAMPLES),
        ("lookalikes", lookalikes, _LEAST_LOOKALIKES),
    ):
        if len(found) < least:
            yield f"{key}: {len(found)}; at least {least} are needed"
    yield from _source_problems(docs)
    slow = _slow(row["pattern"], TEXT_LENGTH, MAX_STEPS)
    if slow:
        yield slow
        return  # what it finds cannot be tried: that might take for ever
    for number, (text, secret) in enumerate(examples, 1):
        problem = _example_problem(row, text, secret)
        if problem:
            yield f"examples: {number}: {problem}"
    for number, (text, _) in enumerate(lookalikes, 1):
        if _found(row, text):
            yield f"lookalikes: {number}: a secret is found in it"


def provider_problems(row: ProviderEntry, docs: Entry) -> Iterator[str]:
    """What is wrong with one provider; `docs` holds its source."""
    yield from _source_problems(docs)
    key = "pattern" if "pattern" in row else "shape"
    pattern = row.get("pattern") or shape_pattern(row["shape"])
    problem = _shape_problem(pattern)
    if problem:
        yield f"{key}: {problem}"
    if len(set(row["names"])) < len(row["names"]):
        yield "names: one is there twice"


@lru_cache(maxsize=4096)
def _shape_problem(pattern: str) -> str:
    slow = _slow(pattern, VALUE_LENGTH, MAX_STEPS_ON_VALUE, value=True)
    if slow:
        return slow.removeprefix("pattern: ")
    ordinary = next((word for word in _ORDINARY if re.fullmatch(pattern, word)), None)
    if ordinary is not None:
        return f"{ordinary!r} would be a key"
    if sample(pattern, random.Random(pattern)) is None:
        return "no key could be made that it fits"
    return ""


def _slow(pattern: str, length: int, limit: float, *, value: bool = False) -> str:
    try:
        worst = steps(pattern, length=length, flags=0 if value else re.ASCII, anchored=value)
    except RecursionError:
        return "pattern: nested too deeply"
    if worst <= limit:
        return ""
    number = f"{worst:,.0f}" if worst < 1e12 else "more than 1,000,000,000,000"
    return (
        f"pattern: may take {number} steps for each character of a text, {limit:,} are allowed; "
        "bound its repeats ({1,100}), or make them possessive (++)"
    )


def _source_problems(docs: Entry) -> Iterator[str]:
    if not str(docs.get("source", "")).startswith("https://"):
        yield "source: must say where the owner documents it, an address that starts with https://"


def _example_problem(row: SecretEntry, text: str, secret: str) -> str:
    """Why the format does not find exactly this secret, "" if it does."""
    if not any(keyword in text.lower() for keyword in row["keywords"]):
        return "holds none of the keywords"
    found = _found(row, text)
    if found != [secret]:
        return f"{len(found)} secrets are found, not the one that is stated" if found else "nothing is found"
    if row["prefix"] and len(secret) - row["prefix"] < _LEAST_HIDDEN:
        return f"prefix: leaves less than {_LEAST_HIDDEN} characters of the secret"
    return ""


def _found(row: SecretEntry, text: str) -> list[str]:
    """The secrets that are found as the detector does it, without those that manuals show."""
    known = Format(0, row["id"], row["title"], row["pattern"], row["prefix"], row.get("entropy", 0.0))
    return [text[token.start : token.end] for token in within(known, text) if not token.documented]


def _texts(docs: Entry, key: str) -> list[tuple[str, str]]:
    """(text, secret) of each example; a plain text is the secret itself."""
    found = docs.get(key, [])
    return [_text(one) for one in found] if isinstance(found, list) else []


def _text(one: JsonValue) -> tuple[str, str]:
    return (str(one["text"]), str(one["secret"])) if isinstance(one, dict) else (str(one), str(one))


def _files(rules_dir: str) -> dict[tuple[str, str], str]:
    """(table, id) -> name of the file that holds the entry."""
    folder = os.path.join(rules_dir, "secrets")
    found: dict[tuple[str, str], str] = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".toml") or name.startswith("."):
            continue
        data = read_toml(os.path.join(folder, name), f"secrets/{name}")
        for key, rows in {"": [data], **data}.items():
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict) and "id" in row:
                    found["providers" if key == "provider" else "secrets", str(row["id"])] = f"secrets/{name}"
    return found
