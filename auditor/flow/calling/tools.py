"""Calls of container tools: which tool, which of its commands, with which options. Builds are in `programs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.core.record import NamedTuple
from auditor.flow.calling.programs import GLOBALS, head, program_of, unwrapped
from auditor.flow.expected import drop
from auditor.lang.shell.nodes import Word

#: Commands of docker and its kin, in the words that say them; the short form that each stands for.
_SAYINGS: dict[tuple[str, ...], str] = {
    ("run",): "run",
    ("create",): "run",
    ("container", "run"): "run",
    ("container", "create"): "run",
    ("compose", "run"): "run",
    ("service", "create"): "run",
    ("service", "update"): "run",
    ("exec",): "exec",
    ("container", "exec"): "exec",
    ("cp",): "cp",
    ("container", "cp"): "cp",
    ("commit",): "commit",
    ("container", "commit"): "commit",
    ("export",): "export",
    ("container", "export"): "export",
    ("import",): "import",
    ("image", "import"): "import",
    ("secret", "create"): "secret",
    ("login",): "login",
    ("pull",): "pull",
    ("push",): "push",
    ("image", "pull"): "pull",
    ("image", "push"): "push",
}
#: Other programs that sign in to a registry or copy images.
_OTHERS: dict[tuple[str, ...], str] = {
    ("skopeo", "login"): "login",
    ("skopeo", "copy"): "pull",
    ("skopeo", "inspect"): "pull",
    ("skopeo", "sync"): "pull",
    ("helm", "registry", "login"): "login",
    ("crane", "auth", "login"): "login",
    ("gcrane", "auth", "login"): "login",
    ("oras", "login"): "login",
    ("regctl", "registry", "login"): "login",
    ("cosign", "login"): "login",
    ("az", "acr", "login"): "login",
    ("docker-compose", "run"): "run",
    ("podman-compose", "run"): "run",
}
#: Commands whose containers may take variables over, by their first words, and programs that have only such.
_STARTERS = frozenset({"run", "create", "exec", "start", "compose", "container", "service", "stack"})
_COMPOSERS = frozenset({"docker-compose", "podman-compose"})
_OPENERS = frozenset({"container", "compose", "service", "image", "secret"})
#: Options of all these commands that take no value of their own.
_SWITCHES = frozenset(
    "--detach --interactive --tty --rm --privileged --init --publish-all --read-only --no-healthcheck "
    "--oom-kill-disable --sig-proxy --disable-content-trust --quiet --replace --password-stdin --insecure --plain-http "
    "--tls-verify --get-login --verbose --no-deps --service-ports --use-aliases --build --remove-orphans --pause "
    "--with-registry-auth --no-resolve-image --force --rollback --all --archive --follow-link --help --debug "
    "--env-host --http-proxy --tls --all-tags --squash --no-trunc --expose-token".split()
)
#: Letters of short options that take a value, by command.
_SHORT_VALUES = {
    "run": "acehlmpuvw",
    "exec": "euw",
    "login": "up",
    "commit": "acm",
    "export": "o",
    "import": "cm",
    "secret": "ld",
}
_DEFAULT_VALUES = "acefhlmopuvw"


class Option(NamedTuple):
    """An option with its value, and the word that holds it, cut to it (None for a switch)."""

    name: str
    value: Word | None
    word: Word


class ToolCall(NamedTuple):
    """`said` is the short form of the command, `title` the program and command as written, `rest` the words that are no
    options, `first` and `last` the indexes of the program's word and of the last that says the command."""

    said: str
    title: str
    program: str
    options: tuple[Option, ...]
    rest: tuple[Word, ...]
    first: int
    last: int

    def values(self, *names: str) -> Iterator[Option]:
        """The options of these names that have a value."""
        return (option for option in self.options if option.name in names and option.value is not None)


def find(words: tuple[Word, ...], known: Callable[[Word], str | None]) -> ToolCall | None:
    """The call that a command's words are, else None; `known` gives the value of a word that names the program."""
    at, _wrappers, _sudo = unwrapped(words)
    if at >= len(words):
        return None
    other = _other(words, at)
    if other is not None:
        said, last = other
        return _call(said, words, at, last)
    names = program_of(words[at], known)
    if not names or names[0] == "?":
        return None
    index, sayings = at + 1, tuple(names[1:])
    last = at
    while index < len(words) and len(sayings) < 2:
        text = head(words[index])
        if text.startswith("-"):
            index += 2 if words[index].literal in GLOBALS else 1
            continue
        literal = words[index].literal
        if literal is None or (sayings and sayings[0] not in _OPENERS):
            break
        sayings, last = (*sayings, literal), index
        index += 1
        if sayings in _SAYINGS:
            return _call(_SAYINGS[sayings], words, at, last)
    return None


def starts(words: tuple[Word, ...], known: Callable[[Word], str | None]) -> bool:
    """Whether a command is one whose containers may get the variables of its environment."""
    at, _wrappers, _sudo = unwrapped(words)
    if at >= len(words):
        return False
    if (words[at].literal or "").rpartition("/")[2] in _COMPOSERS:
        return True
    names = program_of(words[at], known)
    said = [*names[1:], *(word.literal for word in words[at + 1 :] if not head(word).startswith("-"))]
    return bool(names) and names[0] != "?" and bool(said) and said[0] in _STARTERS


def _other(words: tuple[Word, ...], at: int) -> tuple[str, int] | None:
    """The command of another program, and the index of its last word."""
    name = (words[at].literal or "").rpartition("/")[2]
    texts = (name, *(word.literal or "" for word in words[at + 1 : at + 3]))
    for count in (3, 2):
        said = _OTHERS.get(texts[:count])
        if said is not None:
            return said, at + count - 1
    return None


def _call(said: str, words: tuple[Word, ...], at: int, last: int) -> ToolCall:
    letters = _SHORT_VALUES.get(said, _DEFAULT_VALUES)
    options: list[Option] = []
    index = last + 1
    rest: list[Word] = []
    while index < len(words):
        text = head(words[index])
        if text == "--" or not text.startswith("-") or len(text) < 2:
            rest.append(words[index])
            if said in ("run", "exec"):  # what follows is the container's business
                rest += words[index + 1 :]
                break
            index += 1
            continue
        option, used = _option(words, index, letters)
        options.append(option)
        index += used
    title = " ".join(w.literal or w.rendered for w in words[at : last + 1] if not head(w).startswith("-"))
    return ToolCall(said, title, words[at].rendered, tuple(options), tuple(rest), at, last)


def _option(words: tuple[Word, ...], index: int, letters: str) -> tuple[Option, int]:
    """The option at an index, and how many words it takes."""
    word = words[index]
    text = head(word)
    following = words[index + 1] if index + 1 < len(words) else None
    if text.startswith("--"):
        name, equals, _ = text.partition("=")
        if equals:
            return Option(name, drop(word, len(name) + 1), word), 1
        takes = name not in _SWITCHES and following is not None and word.literal is not None
        return Option(name, following if takes else None, word), 1 + takes
    for place, letter in enumerate(text[1:], start=1):
        if letter in letters:
            name = f"-{letter}"
            if place + 1 < len(text) or word.literal is None:
                return Option(name, drop(word, place + 1 + (text[place + 1 : place + 2] == "=")), word), 1
            return Option(name, following, word), 1 + (following is not None)
    return Option(text, None, word), 1
