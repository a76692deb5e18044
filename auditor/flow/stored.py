"""What tools keep of the credentials they are given: their configuration files, and the URL of a git clone."""

from __future__ import annotations

import re

from auditor.core.span import Span
from auditor.detect import credfiles, positions
from auditor.flow import commands, outputs
from auditor.flow.credentials import Credentials
from auditor.flow.expected import expected, infer, is_sure, stands_for_nothing
from auditor.flow.facts import LayerFile
from auditor.flow.flat import Flat
from auditor.flow.paths import absolute
from auditor.flow.state import unique
from auditor.lang.shell.nodes import Word

_NO_CREDENTIAL = frozenset({"--help", "-h", "--version", "--identity", "-i", "--use-device-code", "--managed-identity"})
_CLONE_VALUES = frozenset(
    {"-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j", "--jobs", "--reference"}
)


def kept(credentials: Credentials) -> list[LayerFile]:
    """The files in which the command keeps the credentials it was given, as far as the layer keeps them."""
    found = [_stored(credentials), _cloned(credentials)]
    return [file for file in found if file is not None and credentials.shell.keeps(file.path)]


def _stored(credentials: Credentials) -> LayerFile | None:
    match, words, shell = credentials.match, credentials.words, credentials.shell
    if match is None or match.known.stores in ("", "never") or any(w.rendered in _NO_CREDENTIAL for w in words[1:]):
        return None
    if any(commands.matches(argv, words) for argv in match.known.undo):
        return None  # it names the credential to have it forgotten
    known, after = match.known, words[match.after :]
    origins = [o for w in after for o in outputs.of_word(w, shell)]
    origins += outputs.of_input(credentials.command, shell)
    if known.stores == "pairs" and not _has_pair(credentials, after, known.keys):
        return None
    if known.stores == "secrets" and not _has_secret(credentials, after, any(o.sensitive for o in origins)):
        return None
    from auditor.flow.storage import storage  # start-up: only for commands that store

    path = storage(known, words, shell)
    span = Span(words[0].span.start, words[match.after - 1].span.end)
    file = LayerFile(path, "stored", span, shell.step, credfiles.recognise(path))
    file.origins, file.literals = unique([*origins, *credentials.origins]), tuple(credentials.literals)
    file.title, file.undo, file.extent = known.title, known.undo, credentials.command.span
    file.given = frozenset(w.rendered for w in after)
    return file


def _has_secret(credentials: Credentials, after: tuple[Word, ...], given: bool) -> bool:
    """Whether the command is given a secret, or has a credential's place filled at build time by something unknown."""
    if given or credentials.origins or any(lit.level in ("secret", "weak") for lit in credentials.literals):
        return True
    flat = Flat(list(after))
    holes = (p for p in positions.find(flat.text) if p.level == "variable")
    return any(not flat.is_literal(p.start, p.end) for p in holes)


def _has_pair(credentials: Credentials, after: tuple[Word, ...], keys: str) -> bool:
    """Whether a `key value` or `key=value` among the arguments sets a credential."""
    plain = [w for w in after if not w.rendered.startswith("-")]
    for index, word in enumerate(plain[:8]):
        key, equals, value = word.rendered.partition("=")
        leaf = key.rpartition(":")[2].rpartition("/")[2]
        telling = re.search(keys, key) is not None if keys else False
        if not (telling or (not keys and is_sure(leaf))):
            continue
        rest = [word] if equals else plain[index + 1 :]
        given = [w for w in rest if not stands_for_nothing(w, value if equals else w.rendered, leaf)]
        for last in plain[index + 1 :][-1:] if not equals else []:
            credentials.add(expected(last, "token", "argument", leaf))
            infer(outputs.of_word(last, credentials.shell), f"it is stored as {leaf}", last.span)
        return bool(given)
    return False


def _cloned(credentials: Credentials) -> LayerFile | None:
    """`git clone URL [DIR]` writes the URL, credentials included, to the clone's .git/config."""
    words, shell = credentials.words, credentials.shell
    after = max(commands.matched(argv, words) for argv in ("git clone", "git submodule add", "git remote add"))
    if not after:
        return None
    flat = Flat(list(words[after:]))
    urls = [p for p in positions.find(flat.text) if p.kind in ("url", "token") and p.level != "placeholder"]
    if not urls:
        return None
    plain = [
        w for b, w in zip(words[after - 1 :], words[after:], strict=False)
        if not w.rendered.startswith("-") and b.rendered not in _CLONE_VALUES
    ]  # fmt: skip
    folder = shell.text(plain[-1]) if len(plain) > 1 else ""
    if not folder or "://" in folder:
        folder = shell.text(plain[-1] if plain else words[-1]).rstrip("/").rpartition("/")[2].removesuffix(".git")
    if words[after - 1].rendered != "clone":
        folder = "."
    file = LayerFile(
        absolute(folder + "/.git/config", shell.cwd, shell.home), "cloned", words[0].span, shell.step, None
    )
    file.origins, file.literals = unique(credentials.origins), tuple(credentials.literals)
    file.extent = credentials.command.span
    return file
