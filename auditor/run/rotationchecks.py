"""Checks `rules/rotation/`: everything that an entry is chosen by exists, and no entry hides another one."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.rotationrules import FOLDER, MATCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.core.rotationrules import RotationEntry
    from auditor.core.ruledata import CompiledRules

_ANY = "*"


def rotation_problems(entries: Iterable[RotationEntry], compiled: CompiledRules) -> list[str]:
    """What is wrong with the entries, one line each; `compiled` are the formats, services and files that there are."""
    tables = compiled["running"]["tables"]
    known = {
        "secrets": [row["id"] for row in tables["secrets"]],
        "providers": [row["id"] for row in compiled["providers"]["providers"]],
        "files": [row["id"] for row in tables["files"]],
    }
    taken: dict[tuple[str, str], str] = {}
    return [
        f"{FOLDER}: {entry['id']}: {problem}"
        for entry in entries
        for problem in (*_unknown(entry, known), *_taken(entry, taken))
    ]


def _unknown(entry: RotationEntry, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for key, ids in known.items():
        for word in _words(entry, key):
            start = word.removesuffix(_ANY)
            if word not in ids and not (start != word and any(name.startswith(start) for name in ids)):
                yield f"{key}: there is no {word!r}"


def _taken(entry: RotationEntry, taken: dict[tuple[str, str], str]) -> Iterator[str]:
    for key in MATCHES:
        for word in _words(entry, key):
            other = taken.setdefault((key, word), entry["id"])
            if other != entry["id"]:
                yield f"{key}: {word!r} belongs to {other!r} already"


def _words(entry: RotationEntry, key: str) -> list[str]:
    words: object = entry.get(key, [])
    return [str(word) for word in words] if isinstance(words, list) else []
