"""Which package-manager caches a RUN leaves in its layer (`rules/commands/caches.toml`)."""

from __future__ import annotations

from functools import lru_cache

from auditor.core.record import NamedTuple
from auditor.core.resources import load_rules
from auditor.core.span import Span
from auditor.flow import commands
from auditor.flow.facts import CacheUse
from auditor.flow.paths import absolute, covers
from auditor.flow.state import Shell
from auditor.lang.shell.nodes import Word


class Manager(NamedTuple):
    """A package manager's cache: calls that fill it, its folder, and what switches it off or empties it."""

    title: str
    argv: tuple[str, ...]
    folder: str
    off: frozenset[str]
    off_env: tuple[str, ...]
    clean: tuple[str, ...]


@lru_cache(maxsize=1)
def managers() -> dict[str, list[Manager]]:
    """The managers by program name."""
    table: dict[str, list[Manager]] = {}
    for row in load_rules()["tables"]["commands"]:
        if "folder" not in row:
            continue
        manager = Manager(
            str(row["title"]),
            commands.texts(row, "argv"),
            str(row["folder"]),
            frozenset(commands.texts(row, "off")),
            commands.texts(row, "off_env"),
            commands.texts(row, "clean"),
        )
        for name in dict.fromkeys(argv.split()[0] for argv in (*manager.argv, *manager.clean)):
            table.setdefault(name, []).append(manager)
    return table


def cache_use(words: tuple[Word, ...], shell: Shell) -> None:
    """Note the caches that a command fills; one that empties a cache takes it back, within the same RUN."""
    if not words:
        return
    name = commands.base_name(words[0])
    for manager in managers().get(name, ()):
        if any(commands.matches(argv, words) for argv in manager.clean):
            shell.caches = [use for use in shell.caches if use.manager != manager.title]
        elif any(commands.matches(argv, words) for argv in manager.argv) and not _switched_off(manager, words, shell):
            folder = absolute(manager.folder, shell.cwd, shell.home)
            last = words[_argv_end(manager, words) - 1]
            shell.caches.append(CacheUse(manager.title, folder, Span(words[0].span.start, last.span.end), shell.step))
    if name == "rm" and shell.caches:
        for word in words[1:]:
            path = shell.path(word)
            shell.caches = [use for use in shell.caches if not (covers(path, use.folder) or covers(use.folder, path))]


def _argv_end(manager: Manager, words: tuple[Word, ...]) -> int:
    """How many of the words name the call: `apt-get -y update` has three."""
    return max(commands.matched(argv, words) for argv in manager.argv)


def _switched_off(manager: Manager, words: tuple[Word, ...], shell: Shell) -> bool:
    if any(w.rendered in manager.off for w in words):
        return True
    if manager.off_env and not set(manager.off_env).isdisjoint([*shell.names(), *shell.exported]):
        return True
    folder = absolute(manager.folder, shell.cwd, shell.home)
    return any(covers(target, folder) or covers(folder, target) for target in shell.fleeting)
