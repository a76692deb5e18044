"""The history of an image configuration: its entries, whatever their types, and the instruction each one records."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.core.record import NamedTuple
from auditor.run.images.history.createdby import DEFAULT_SHELLS, Recorded, parse
from auditor.run.images.history.goformat import words

#: Most entries that are read; engines refuse images with more than a few hundred layers.
MOST_ENTRIES = 20_000
_PREDEFINED = frozenset("HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY ALL_PROXY".split())
_PROXIES = _PREDEFINED | frozenset(name.lower() for name in _PREDEFINED)
_MOST_SHELLS = 16


class Entry(NamedTuple):
    """One entry. What is missing, or no string, is ""; `empty_layer` says that it made no layer.

    `number` counts all entries of the history from 0. `recorded` is the instruction that `created_by` tells.
    """

    number: int
    created_by: str
    comment: str
    author: str
    created: str
    empty_layer: bool
    recorded: Recorded


class History(NamedTuple):
    """The entries in order, base first. `left_out` counts those beyond the bound."""

    entries: tuple[Entry, ...]
    left_out: int = 0

    @property
    def makers(self) -> list[int]:
        """The numbers of the entries that made a layer."""
        return [entry.number for entry in self.entries if not entry.empty_layer]


def read(config: Mapping[str, object]) -> History:
    """The history of a configuration; empty where there is none. Never raises."""
    listed = config.get("history")
    if not isinstance(listed, list):
        return History(())
    reader = _Reader(_shell_of(config))
    entries = tuple(reader.entry(number, item) for number, item in enumerate(listed[:MOST_ENTRIES]))
    return History(entries, max(0, len(listed) - MOST_ENTRIES))


class _Reader:
    """Reads entry after entry: shells and build arguments are known from the entries before."""

    def __init__(self, shell: str) -> None:
        self.shells: tuple[str, ...] = (*DEFAULT_SHELLS, shell) if shell else DEFAULT_SHELLS
        self.declared: dict[str, None] = dict.fromkeys(_PROXIES)

    def entry(self, number: int, item: object) -> Entry:
        data: Mapping[str, object] = item if isinstance(item, dict) else {}
        created_by, comment = _text(data, "created_by"), _text(data, "comment")
        recorded = parse(created_by, comment, self.declared.keys(), self.shells)
        if recorded.keyword == "ARG":
            name = recorded.body.partition("=")[0].strip()
            if name:
                self.declared[name] = None
        elif recorded.keyword == "SHELL" and (shell := " ".join(words(recorded.body.strip()))):
            self.shells = (*self.shells[:_MOST_SHELLS], shell)
        empty = data.get("empty_layer") is True
        return Entry(number, created_by, comment, _text(data, "author"), _text(data, "created"), empty, recorded)


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _shell_of(config: Mapping[str, object]) -> str:
    inner = config.get("config")
    shell = inner.get("Shell") if isinstance(inner, dict) else None
    if isinstance(shell, list) and all(isinstance(word, str) for word in shell):
        return " ".join(shell)
    return ""
