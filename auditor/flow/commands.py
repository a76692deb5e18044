"""What is known of commands (`rules/commands/*.toml`): which store credentials, where they take and print them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.resources import load_rules
from auditor.lang.shell.nodes import Literal, Word

#: Shells that read a script as POSIX does.
SHELLS = frozenset("sh bash dash ash zsh ksh".split())
#: Programs that only run another program, with the options of theirs that take a value.
RUNNERS: dict[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-r", "-t"}),
    "doas": frozenset({"-u", "-C"}),
    "env": frozenset({"-u", "-C", "-S"}),
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "builtin": frozenset(),
    "nohup": frozenset(),
    "time": frozenset({"-f", "-o"}),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "timeout": frozenset({"-s", "-k"}),
    "xargs": frozenset({"-I", "-n", "-P", "-d", "-a", "-L"}),
    "gosu": frozenset(),
    "su-exec": frozenset(),
    "ssh-agent": frozenset({"-a", "-t"}),
    "chroot": frozenset(),
    "unbuffer": frozenset(),
    "ONVAULT": frozenset(),
    "retry": frozenset({"-t", "-d"}),
    "tini": frozenset({"-p"}),
    "dumb-init": frozenset(),
}
_TAKES_VARIABLES = frozenset({"env", "sudo"})
_WITH_VALUE = frozenset().union(*(RUNNERS[name] for name in _TAKES_VARIABLES))
_ASSIGNED = Pattern(r"([A-Za-z_]\w*)=")
_TAKES_OPERAND = frozenset({"timeout", "gosu", "su-exec", "chroot"})


class Known(NamedTuple):
    """One entry of the command table; see the head of `rules/commands/credentials.toml` for the fields."""

    id: str
    title: str
    writes: str
    stores: str
    keys: str
    undo: tuple[str, ...]
    flags: frozenset[str]
    flags_pair: frozenset[str]
    glued: tuple[str, ...]
    output: frozenset[str]
    positional: tuple[int, ...]
    stdin: str
    mints: bool
    lax: bool
    needs: str
    prefix: bool
    wrapper: str


class Match(NamedTuple):
    """A command of the table, and where its own arguments begin in the words."""

    known: Known
    after: int


@lru_cache(maxsize=1)
def _table() -> dict[str, list[tuple[tuple[str, ...], Known]]]:
    table: dict[str, list[tuple[tuple[str, ...], Known]]] = {}
    for row in load_rules()["tables"]["commands"]:
        if "folder" in row:  # a package cache, see `caches`
            continue
        known = _known(row)
        for argv in texts(row, "argv"):
            words = tuple(argv.split())
            table.setdefault(words[0], []).append((words, known))
    for entries in table.values():
        entries.sort(key=lambda e: -len(e[0]))
    return table


def texts(row: Mapping[str, object], key: str) -> tuple[str, ...]:
    """A list of texts of a table entry; empty where the key is missing."""
    value = row.get(key, ())
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def _known(row: Mapping[str, object]) -> Known:
    positions = row.get("positional", [])
    return Known(
        id=str(row["id"]),
        title=str(row["title"]),
        writes=str(row.get("writes", "")),
        stores=str(row.get("stores", "")),
        keys=str(row.get("keys", "")),
        undo=texts(row, "undo"),
        flags=frozenset(texts(row, "flags")),
        flags_pair=frozenset(texts(row, "flags_pair")),
        glued=texts(row, "glued"),
        output=frozenset(texts(row, "output")),
        positional=tuple(p for p in positions if isinstance(p, int)) if isinstance(positions, list) else (),
        stdin=str(row.get("stdin", "")),
        mints=row.get("mints") is True,
        lax=row.get("lax") is True,
        needs=str(row.get("needs", "")),
        prefix=row.get("prefix") is True,
        wrapper=str(row.get("wrapper", "")),
    )


def program(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words of the program that really runs: `sudo`, `env A=b`, `python -m pip`, ... stripped."""
    for _ in range(8):
        if not words:
            return words
        name = base_name(words[0])
        if name in RUNNERS:
            inner = _unwrap(name, words)
            if not inner:
                return words
            words = inner
        elif name.startswith("python") and len(words) > 2 and words[1].literal == "-m":
            words = words[2:]
        else:
            return words
    return words


def assigned(words: tuple[Word, ...]) -> Iterator[tuple[str, Word]]:
    """The words that programs like `env` and `sudo` take for variables of the one that they run, with their names."""
    ran = program(words)
    if not ran or ran is words:
        return
    before = words[: -len(ran)]
    if not any(base_name(word) in _TAKES_VARIABLES for word in before):
        return
    skipped = False
    for word in before:
        match = _ASSIGNED.match(word.rendered)
        if match is not None and not skipped and isinstance(word.parts[0], Literal):
            yield match[1], word
        skipped = word.rendered in _WITH_VALUE


def _unwrap(name: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    takes = RUNNERS[name]
    index = 1
    operand = name in _TAKES_OPERAND
    while index < len(words):
        text = words[index].rendered
        if text == "--":
            index += 1
            break
        if text.startswith("-") and len(text) > 1:
            index += 2 if text in takes else 1
        elif name in _TAKES_VARIABLES and "=" in text:
            index += 1
        elif operand:
            operand = False
            index += 1
        else:
            break
    return words[index:]


def base_name(word: Word) -> str:
    """Program name of a command's first word, without folder and `.exe`."""
    return _base_name(word.rendered)


@lru_cache(maxsize=1024)
def _base_name(text: str) -> str:
    name = text.replace("\\", "/").rpartition("/")[2]
    return name[:-4] if name.lower().endswith(".exe") else name


def lookup(words: tuple[Word, ...]) -> Match | None:
    """The longest entry of the table that the words (from `program`) begin with, options in between skipped."""
    if not words:
        return None
    name = base_name(words[0]).lower()
    for argv, known in _table().get(name, ()):
        after = _matches(argv, words, known.prefix)
        if after:
            return Match(known, after)
    return None


def matches(argv: str, words: tuple[Word, ...]) -> bool:
    """Whether the words are a call of `argv`."""
    return matched(argv, words) > 0


def matched(argv: str, words: tuple[Word, ...]) -> int:
    """How many of the words make up the call `argv`, options in between included; 0 if they are none."""
    split = tuple(argv.split())
    if not words or base_name(words[0]).lower() != split[0]:
        return 0
    return _matches(split, words, False)


def _matches(argv: tuple[str, ...], words: tuple[Word, ...], prefix: bool) -> int:
    """Index after the words that make up `argv`; 0 if they do not. A value of an option between them is skipped."""
    index = 1
    for position, wanted in enumerate(argv[1:], 1):
        last = position == len(argv) - 1
        skipped_option = False
        while index < len(words):
            text = words[index].rendered
            lower = text.lower()
            if lower == wanted or (prefix and last and lower.startswith((wanted + ".", wanted + "${"))):
                break
            if text.startswith("-") and len(text) > 1:
                skipped_option = "=" not in text
            elif skipped_option:
                skipped_option = False
            else:
                return 0
            index += 1
        else:
            return 0
        index += 1
    return index if not prefix else index - 1
