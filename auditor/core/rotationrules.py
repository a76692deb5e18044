"""Compiles `rules/rotation/`: how a leaked credential is replaced at its provider. Only a runbook reads the result."""

from __future__ import annotations

import os
import re
from typing import NotRequired, TypedDict, cast

from auditor.core.errors import RuleDataError
from auditor.core.record import TYPE_CHECKING
from auditor.core.ruledata import KINDS, is_kind
from auditor.core.rulereading import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.ruledata import Entry

FOLDER = "rotation"
ROTATION_FILE = "rotation.json"
#: The entry for credentials that no other one is about.
GENERAL = "general"
#: What `use` says of credentials that builds use rather than running programs, and `form` of those that are files.
BUILD, FILE = "build", "file"
_TEXT = ("id", "title", "log", "docs")
#: What an entry is chosen by; `rules/rotation/cloud.toml` says what each key holds.
MATCHES = ("secrets", "providers", "kinds", "names", "files", "fallback", "holders")
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
#: A variable's name with stars; an id that may stand for all that begin so.
_NAME, _WORD = re.compile(r"[A-Z0-9_*]+"), re.compile(r"[a-z0-9][a-z0-9-]*\*?")
_KEYS = {**dict.fromkeys((*_TEXT, "use", "form"), "text"), **dict.fromkeys(("steps", *MATCHES), "texts")}


class RotationEntry(TypedDict):
    """One provider or family of credentials. `steps` are Markdown; a line that begins with `$ ` is a command."""

    id: str
    title: str
    steps: list[str]
    log: str
    docs: str
    use: NotRequired[str]
    form: NotRequired[str]
    secrets: NotRequired[list[str]]
    providers: NotRequired[list[str]]
    kinds: NotRequired[list[str]]
    names: NotRequired[list[str]]
    files: NotRequired[list[str]]
    fallback: NotRequired[list[str]]
    holders: NotRequired[list[str]]


def compile_rotation(rules_dir: str) -> list[RotationEntry]:
    """The entries in the order of their files; none where there is no such folder.

    Raises RuleDataError, which names the file and the key, and OSError.
    """
    made: dict[str, RotationEntry] = {}
    for name, entry in _entries(os.path.join(rules_dir, FOLDER)):
        problem = _problem(entry) or ("id: is used twice" if entry["id"] in made else "")
        if problem:
            raise RuleDataError(f"{FOLDER}/{name}: {entry.get('id', '?')}: {problem}")
        made[str(entry["id"])] = cast("RotationEntry", entry)
    if made and GENERAL not in made:
        raise RuleDataError(f"{FOLDER}: an entry {GENERAL!r} is missing")
    return list(made.values())


def _entries(folder: str) -> Iterator[tuple[str, Entry]]:
    if not os.path.isdir(folder):
        return
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".toml") or name.startswith("."):
            continue
        data = read_toml(os.path.join(folder, name), f"{FOLDER}/{name}")
        entries = data.get("rotation")
        if set(data) != {"rotation"} or not isinstance(entries, list):
            raise RuleDataError(f"{FOLDER}/{name}: must be an array of tables [[rotation]], and nothing else")
        for entry in entries:
            if not isinstance(entry, dict):
                raise RuleDataError(f"{FOLDER}/{name}: rotation: every element must be a table")
            yield name, entry


def _problem(entry: Entry) -> str:
    """What is wrong with one entry; "" if nothing."""
    for key in (*_TEXT, "steps"):
        if not entry.get(key):
            return f"{key}: is missing"
    for key, value in entry.items():
        if key not in _KEYS:
            return f"{key}: unknown key"
        if not is_kind(value, _KEYS[key]):
            return f"{key}: must be {KINDS[_KEYS[key]]}"
    for key, only in (("use", BUILD), ("form", FILE)):
        if entry.get(key, only) != only:
            return f"{key}: must be {only!r}, or left out"
    if not _ID.fullmatch(str(entry["id"])):
        return "id: must be lower-case words joined by hyphens"
    if not str(entry["docs"]).startswith("https://"):
        return "docs: must be a web address"
    return next(_bad_words(entry), "")


def _bad_words(entry: Entry) -> Iterator[str]:
    for key in MATCHES:
        form = _NAME if key == "names" else _WORD
        for word in cast("list[str]", entry.get(key, [])):
            if not form.fullmatch(word):
                yield f"{key}: {word!r} is no name or id"
