"""Programs that make private keys, and the files that they put them into."""

from __future__ import annotations

from itertools import pairwise

from auditor.core.record import TYPE_CHECKING
from auditor.detect import credfiles
from auditor.flow import commands
from auditor.flow.expected import drop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.span import Span
    from auditor.flow.state import Shell
    from auditor.lang.shell.nodes import Word

#: Options whose value is the file of a key, where its name is that of one.
_OPTIONS = {"ssh-keygen": ("-f",), "openssl": ("-keyout", "-out")}
_OF_OPENSSL = frozenset("req genrsa genpkey ecparam".split())
_OF_KEYTOOL = frozenset("-genkeypair -genkey -genseckey".split())
#: Key stores that are no files.
_NO_FILES = frozenset("none pkcs11 keychainstore windows-my windows-root".split())
_NO_KEYS = frozenset("-uninstall -caroot -csr -help -version".split())
_OF_MKCERT = frozenset("-key-file -cert-file -p12-file".split())


def made(words: tuple[Word, ...], shell: Shell) -> Iterator[tuple[str, Span]]:
    """Files with private keys that a command makes: their paths, and what is reported."""
    name = commands.base_name(words[0]).lower()
    if name == "keytool":
        yield from _key_store(words, shell)
    elif name == "mkcert":
        yield from _of_mkcert(words, shell)
    else:
        if name == "ssh-keygen":
            yield from _host_keys(words)
        if name != "openssl" or (len(words) > 1 and words[1].rendered in _OF_OPENSSL):
            yield from _told(words, _OPTIONS[name], shell)


def _told(words: tuple[Word, ...], options: tuple[str, ...], shell: Shell) -> Iterator[tuple[str, Span]]:
    for option, value in pairwise(words[1:]):
        path = shell.path(value)
        kind = credfiles.recognise(path) if option.rendered in options else None
        if kind is not None and kind.certainty == "sure":
            yield path, value.span


def _host_keys(words: tuple[Word, ...]) -> Iterator[tuple[str, Span]]:
    """`ssh-keygen -A` makes those that are missing; one stands for all of them. With `-f` below another folder."""
    word = next((word for word in words[1:] if word.rendered == "-A"), None)
    if word is not None:
        below = next((value.rendered for option, value in pairwise(words[1:]) if option.rendered == "-f"), "")
        yield f"{below.rstrip('/')}/etc/ssh/ssh_host_ed25519_key", word.span


def _key_store(words: tuple[Word, ...], shell: Shell) -> Iterator[tuple[str, Span]]:
    """`keytool -genkeypair`: into the key store of `-keystore`, else that of the user."""
    command = next((word for word in words[1:] if word.rendered.lower() in _OF_KEYTOOL), None)
    given = {option.rendered.lower(): value for option, value in pairwise(words[1:])}
    kinds = {given[key].rendered.lower() for key in ("-storetype", "-keystore") if key in given}
    if command is None or kinds & _NO_FILES:
        return
    store = given.get("-keystore")
    if store is not None:
        yield shell.path(store), store.span
    else:
        yield f"{shell.home}/.keystore", command.span


def _of_mkcert(words: tuple[Word, ...], shell: Shell) -> Iterator[tuple[str, Span]]:
    """A key for the names that it is given; with `-install` that of an authority, if there is none yet."""
    options: dict[str, Word] = {}
    hosts: list[Word] = []
    before = ""
    for word in words[1:]:
        text = word.rendered
        if before in _OF_MKCERT:
            options[before], before = word, ""
        elif text.startswith("-") and len(text) > 1:
            name, equals, _value = text.partition("=")
            before = "-" + name.lstrip("-").lower()
            options.setdefault(before, drop(word, len(name) + 1) if equals else word)
            before = "" if equals else before
        else:
            hosts, before = [*hosts, word], ""
    if _NO_KEYS & set(options):
        return
    if "-install" in options:
        folder = shell.value("CAROOT") or f"{shell.home}/.local/share/mkcert"
        yield f"{folder}/rootCA-key.pem", options["-install"].span
    if hosts:
        yield _leaf(hosts, options, shell)


def _leaf(hosts: list[Word], options: dict[str, Word], shell: Shell) -> tuple[str, Span]:
    packed = "-pkcs12" in options
    told = options.get("-p12-file" if packed else "-key-file")
    if told is not None:
        return shell.path(told), told.span
    name = hosts[0].rendered.replace(":", "_").replace("*", "_wildcard")
    more = f"+{len(hosts) - 1}" if len(hosts) > 1 else ""
    client = "-client" if "-client" in options else ""
    return f"{shell.cwd.rstrip('/')}/{name}{more}{client}{'.p12' if packed else '-key.pem'}", hosts[0].span
