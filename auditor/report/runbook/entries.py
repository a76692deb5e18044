"""Which entry of `rules/rotation/` tells how a credential is replaced at its provider."""

from __future__ import annotations

from functools import cache

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_providers, load_rotation, load_rule_docs, load_rules
from auditor.core.rotationrules import GENERAL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from re import Pattern

    from auditor.core.rotationrules import RotationEntry

_ANY = "*"
_COMMAND = "$ "
#: Kinds whose id reads badly; they are no formats of a table.
_TITLES = {
    "url-password": "password in a URL",
    "url-token": "token in a URL",
    "url-credential": "credential in a URL",
    "api-key": "API key",
    "identity": "key id",
    "webhook-url": "webhook address",
}


class Step(NamedTuple):
    """One step at the provider: prose (Markdown), and the commands for it, one to a line."""

    text: str
    commands: tuple[str, ...]


class _Named(NamedTuple):
    """An entry that a variable's name leads to, and how many letters of the name it knows."""

    letters: int
    entry: RotationEntry


class _Index(NamedTuple):
    """Entries by what they are chosen by; of endings and patterns the longest comes first."""

    exact: dict[str, RotationEntry]
    beginnings: list[tuple[str, RotationEntry]]
    names: dict[str, RotationEntry]
    patterns: list[tuple[Pattern[str], int, RotationEntry]]
    files: dict[str, RotationEntry]
    fallback: dict[str, RotationEntry]
    holders: dict[str, RotationEntry]
    general: RotationEntry


def entry_of(kind: str, names: Iterable[str], files: Iterable[str], announced: str = "") -> RotationEntry:
    """The entry for a credential of this kind ("" if only its name or file is known), the surest sign first.

    `names` are the variables that held it, `files` ids of `rules/files` for the files that did, `announced` what its
    name promises ("password").
    """
    index, names = _index(), list(names)
    if kind not in index.holders and (by_kind := by_id(kind)):
        return by_kind
    named = [found for name in names if (found := _by_name(name.upper())) is not None]
    if named:
        return max(named, key=lambda match: match.letters).entry
    if names and kind in index.holders:
        return index.fallback.get(announced) or index.general
    for file in files:
        if file in index.files:
            return index.files[file]
    by_holder = index.fallback.get(kind) or index.holders.get(kind)
    return by_holder or index.fallback.get(announced) or index.general


def by_id(kind: str) -> RotationEntry | None:
    """The entry that names a kind, or a beginning of it; None if none does."""
    index = _index()
    if kind in index.exact:
        return index.exact[kind]
    return next((entry for start, entry in index.beginnings if kind.startswith(start)), None)


def is_specific(kind: str) -> bool:
    """Whether there is more to say of a kind of credential than of any."""
    return by_id(kind) is not None or kind in _index().fallback or kind in _index().holders


def kinds() -> frozenset[str]:
    """The kinds that have an entry of their own."""
    index = _index()
    return frozenset({*index.exact, *index.fallback, *index.holders})


def steps(entry: RotationEntry) -> list[Step]:
    """What is done at the provider, in order."""
    made = []
    for step in entry["steps"]:
        prose, *rest = step.split("\n")
        made.append(Step(prose, tuple(line.removeprefix(_COMMAND) for line in rest)))
    return made


@cache
def title_of(kind: str) -> str:
    """What a kind of credential is called."""
    if kind in _TITLES:
        return _TITLES[kind]
    rows = [*load_rules()["tables"]["secrets"], *load_providers()["providers"]]
    found = next((row["title"] for row in rows if row["id"] == kind), "")
    return found or kind.replace("-", " ")


@cache
def source_of(kind: str) -> str:
    """The page on which its owner describes a kind of credential; "" if none is known."""
    tables = load_rule_docs()["tables"]
    row = tables["secrets"].get(kind) or tables["providers"].get(kind) or {}
    return str(row.get("source", ""))


@cache
def _by_name(name: str) -> _Named | None:
    index = _index()
    if name in index.names:
        return _Named(len(name), index.names[name])
    for pattern, letters, entry in index.patterns:
        if pattern.fullmatch(name):
            return _Named(letters, entry)
    return None


@cache
def _index() -> _Index:
    import re

    exact: dict[str, RotationEntry] = {}
    names: dict[str, RotationEntry] = {}
    files: dict[str, RotationEntry] = {}
    fallback: dict[str, RotationEntry] = {}
    holders: dict[str, RotationEntry] = {}
    beginnings: list[tuple[str, RotationEntry]] = []
    patterns: list[tuple[str, RotationEntry]] = []
    entries = load_rotation()
    for entry in entries:
        for word in (*entry.get("secrets", ()), *entry.get("providers", ()), *entry.get("kinds", ())):
            if word.endswith(_ANY):
                beginnings.append((word[:-1], entry))
            else:
                exact.setdefault(word, entry)
        for name in entry.get("names", ()):
            if _ANY in name:
                patterns.append((name, entry))
            else:
                names.setdefault(name, entry)
        files.update((file, entry) for file in entry.get("files", ()) if file not in files)
        fallback.update((kind, entry) for kind in entry.get("fallback", ()) if kind not in fallback)
        holders.update((kind, entry) for kind in entry.get("holders", ()) if kind not in holders)
    beginnings.sort(key=lambda pair: -len(pair[0]))
    patterns.sort(key=lambda pair: -len(pair[0].replace(_ANY, "")))
    compiled = [
        (re.compile(re.escape(name).replace(r"\*", ".*")), len(name.replace(_ANY, "")), entry)
        for name, entry in patterns
    ]
    general = next(entry for entry in entries if entry["id"] == GENERAL)
    return _Index(exact, beginnings, names, compiled, files, fallback, holders, general)
