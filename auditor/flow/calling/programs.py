"""Recognises a command that builds an image: program, where its own arguments begin, options with their values."""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.flow.commands import RUNNERS
from auditor.lang.derived import FOREIGN
from auditor.lang.shell.nodes import Literal, VariableUse, Word

#: Those programs that run another one after which a builder's own words come as they are written.
_WRAPPERS = frozenset("sudo doas env exec command nohup time nice ionice timeout".split())
_PROGRAMS = frozenset("docker docker.exe podman buildah nerdctl img finch".split())
_NAMED = Pattern(r"(?i)docker|podman|nerdctl|buildah|container|engine|oci")
#: Options before the command that take a value.
GLOBALS = frozenset(
    "--config -c --context -H --host -l --log-level --tlscacert --tlscert --tlskey --root --runroot --storage-driver "
    "--storage-opt --url --connection --identity --cgroup-manager --tmpdir -n --namespace -a --address "
    "--registries-conf --builder".split()
)
_SWITCHES = frozenset(
    "--no-cache --pull --quiet --rm --force-rm --squash --squash-all --compress --load --push --check --debug --stream "
    "--help --disable-content-trust --layers --tls-verify --no-hosts --all-platforms --pull-always --pull-never "
    "--skip-unused-stages --omit-history --identity-label --http-proxy --inherit-labels --rewrite-timestamp "
    "--no-hostname --call-only -q -D -h".split()
)
_SHORT_VALUES = "tfmcova"
_ASSIGNED = Pattern(r"[A-Za-z_]\w*=")


class Option(NamedTuple):
    """`name` without its value; `words` are the indexes of its words, `value` is that of the word that holds the value
    (-1 for a switch) and `cut` where in that word's first text the value begins."""

    name: str
    first: int
    value: int
    cut: int


class Build(NamedTuple):
    """Indexes into the command's words: the program, the word behind which flags may be put, sudo (-1 none)."""

    program: str
    at: int
    after: int
    wrappers: tuple[str, ...]
    sudo: int
    options: tuple[Option, ...]
    positional: tuple[int, ...]


def head(word: Word) -> str:
    """The text that a word begins with, as far as it is one piece of text."""
    first = word.parts[0] if word.parts else None
    return first.text if isinstance(first, Literal) else ""


def unwrapped(words: tuple[Word, ...]) -> tuple[int, tuple[str, ...], int]:
    """Index of the program that is run in the end, the programs before it, the index of sudo."""
    at, names, sudo = 0, [], -1
    while at < len(words):
        name = (words[at].literal or "").rpartition("/")[2]
        if name not in _WRAPPERS:
            break
        names.append(name)
        sudo = at if name == "sudo" else sudo
        at += 1
        while at < len(words) and (head(words[at]).startswith("-") or _ASSIGNED.match(head(words[at]))):
            at += 2 if words[at].literal in RUNNERS[name] else 1
        if name == "timeout":
            at += 1
    return at, tuple(names), sudo


def program_of(word: Word, value_of: Callable[[Word], str | None]) -> list[str]:
    """The words that the first word stands for: `docker`, or `docker buildx build` out of a variable; [] no builder.

    `value_of` gives the value of a word, as far as it is known. A variable of unknown value counts by its name, as `?`
    where the name says nothing.
    """
    literal = word.literal
    if literal is not None and _is_program(literal):
        return [_base(literal)]
    only = word.parts[0] if len(word.parts) == 1 else None
    if literal is not None and literal.strip(FOREIGN):
        return []
    if not isinstance(only, VariableUse | Literal):
        return []
    names = (value_of(word) or "").split()
    if names:
        return [_base(names[0]), *names[1:]] if _is_program(names[0]) else []
    return ["docker"] if isinstance(only, VariableUse) and _NAMED.search(only.name) else ["?"]


def _base(text: str) -> str:
    return text.replace("\\", "/").rpartition("/")[2]


def _is_program(text: str) -> bool:
    return _base(text) in _PROGRAMS


def find(words: tuple[Word, ...], value_of: Callable[[Word], str | None]) -> Build | None:
    """The build that a command's words are, else None."""
    at, wrappers, sudo = unwrapped(words)
    if at >= len(words):
        return None
    names = program_of(words[at], value_of)
    if not names:
        return None
    index, after = at + 1, at
    said = names[1:]
    if not said and names[0] != "buildah":
        while index < len(words) and head(words[index]).startswith("-"):
            index += 2 if words[index].literal in GLOBALS else 1
    while index < len(words) and not _is_build(said) and len(said) < 2:
        literal = words[index].literal
        if literal is None or literal.startswith("-"):
            break
        said, after = [*said, literal], index
        index += 1
        while said == ["buildx"] and index < len(words) and head(words[index]).startswith("-"):
            index += 2 if words[index].literal in GLOBALS else 1
    if not _is_build(said):
        return None
    options, positional = options_of(words, index)
    build = Build(names[0], at, after, wrappers, sudo, options, positional)
    return build if names[0] != "?" or any(o.name in ("--build-arg", "-t", "--tag", "-f") for o in options) else None


def _is_build(said: list[str]) -> bool:
    return said in (["build"], ["bud"], ["buildx", "build"], ["buildx", "b"], ["image", "build"], ["builder", "build"])


def options_of(words: tuple[Word, ...], index: int) -> tuple[tuple[Option, ...], tuple[int, ...]]:
    """Options of the words from an index on, and the indexes of what is none."""
    options: list[Option] = []
    positional: list[int] = []
    while index < len(words):
        text = head(words[index])
        if text.startswith("--") and len(text) > 2:
            name, equals, _ = text.partition("=")
            takes = not equals and name not in _SWITCHES and index + 1 < len(words)
            options.append(Option(name, index, index if equals else index + 1 if takes else -1, len(name) + 1))
            index += 1 + takes
        elif text.startswith("-") and len(text) > 1:
            option = _short(text, index, len(words), whole=words[index].literal is not None)
            options.append(option)
            index = max(index, option.value) + 1
        else:
            positional.append(index)
            index += 1
    return tuple(o if o.value != o.first + 1 else o._replace(cut=0) for o in options), tuple(positional)


def _short(text: str, index: int, count: int, *, whole: bool) -> Option:
    """`-t name`, `-tname`, `-qt name`."""
    for place, letter in enumerate(text[1:], start=1):
        if letter in _SHORT_VALUES:
            glued = place + 1 < len(text) or not whole
            following = index + 1 if index + 1 < count else -1
            cut = place + 1 + (text[place + 1 : place + 2] == "=")
            return Option(f"-{letter}", index, index if glued else following, cut)
    return Option(text, index, -1, 0)
