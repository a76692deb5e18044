"""Where the data comes from that a word stands for and that a command prints. Reads state, changes nothing."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.flow import commands
from auditor.flow.facts import Origin
from auditor.flow.state import Shell, unique
from auditor.lang.shell.nodes import Command, Literal, Part, Script, VariableUse, Word

#: Programs whose output is made of their arguments, input and the files they name.
MOVERS = frozenset(
    "echo printf cat tee base64 base32 tr sed awk gawk cut head tail envsubst jq yq sort uniq grep egrep xxd "
    "tac rev nl fold write-output write-host out-file set-content add-content type gunzip zcat openssl dd "
    "paste column expand perl print xargs get-content more less od hexdump strings".split()
)
_ARGUMENTS = frozenset(
    "echo printf sed awk gawk perl jq yq write-output write-host set-content add-content print".split()
)
_FILES = frozenset(
    "cat base64 base32 head tail tac nl sort sed awk gawk grep egrep cut jq yq xxd od hexdump strings more "
    "less type get-content gunzip zcat openssl".split()
)
#: Programs whose output says nothing of the secret they were given.
_BLIND = frozenset(
    "curl wget git npm yarn pnpm pip pip3 poetry aws gcloud az gh docker kubectl helm sha256sum sha512sum "
    "sha1sum md5sum wc test date mktemp apt-get apk http ssh scp rsync mvn gradle go cargo composer bundle "
    "openssl-passwd basename dirname".split()
)
_MAX_DEPTH = 12
_DIRECTIVE = Pattern(r"%(?:[-+ #0]*+\d*+(?:\.\d++)?+[sbqdiuxXoc])")


def of_word(word: Word, shell: Shell, depth: int = 0) -> tuple[Origin, ...]:
    """Origins of a word's value."""
    if len(word.parts) == 1 and isinstance(word.parts[0], Literal):
        return ()
    found: list[Origin] = []
    for part in word.parts:
        if isinstance(part, VariableUse):
            if part.operator not in ("#", ":+", "+") or not part.default:
                found += shell.origins(part.name)
            if part.default is not None:
                found += of_word(part.default, shell, depth)
        elif not isinstance(part, Literal) and depth < _MAX_DEPTH:
            found += of_script(part.script, shell, depth + 1)
    return unique(found)


def of_script(script: Script, shell: Shell, depth: int = 0) -> tuple[Origin, ...]:
    """Origins of what a command substitution yields."""
    found: list[Origin] = []
    for command in script.commands:
        if not command.piped and not any(r.writes and r.fd in ("", "1") for r in command.redirects):
            found += of_command(command, shell, depth, captured=True)
    return unique(found)


def of_command(command: Command, shell: Shell, depth: int = 0, *, captured: bool = False) -> tuple[Origin, ...]:
    """Origins of a command's standard output. `captured`: in a substitution unknown programs are taken to move data."""
    words = commands.program(command.words)
    if not words or depth > _MAX_DEPTH:
        return ()
    known = commands.lookup(words)
    if known is not None and known.known.mints:
        name = " ".join(w.rendered for w in words[: known.after])
        return (Origin("fetched", name, command.span),)
    name = commands.base_name(words[0]).lower()
    if name in ("printenv", "env") and command.kind == "command":
        return _environment(name, words, shell)
    if name not in MOVERS:
        if not captured or name in _BLIND:
            return ()
        return unique([o for w in words[1:] for o in of_word(w, shell, depth + 1)])
    found: list[Origin] = list(of_input(command, shell, depth + 1))
    for word in words[1:]:
        if name in _ARGUMENTS or captured:
            found += of_word(word, shell, depth + 1)
        if name in _FILES and not word.rendered.startswith("-"):
            found += shell.contents(shell.path(word))
    return unique(found)


def _environment(name: str, words: tuple[Word, ...], shell: Shell) -> tuple[Origin, ...]:
    """`printenv NAME` prints one variable; bare `env` and `printenv` print all."""
    names = [w.rendered for w in words[1:] if not w.rendered.startswith("-") and "=" not in w.rendered]
    if names:
        return unique([o for n in names for o in shell.origins(n)]) if name == "printenv" else ()
    return shell.environment()


def of_input(command: Command, shell: Shell, depth: int = 0) -> tuple[Origin, ...]:
    """Origins of a command's standard input: pipes, `<`, heredocs, here-strings."""
    found: list[Origin] = []
    if depth > _MAX_DEPTH:
        return ()
    for source in command.reads:
        known = shell.outputs.get(id(source))
        found += of_command(source, shell, depth + 1) if known is None else known
    for redirect in command.redirects:
        if redirect.op == "<":
            found += shell.contents(shell.path(redirect.target))
        elif redirect.op in ("<<", "<<<"):
            found += of_word(redirect.target, shell, depth + 1)
    return unique(found)


def input_words(command: Command, depth: int = 0) -> list[Word]:
    """The words that make up a command's input where it is text written right here: echo, printf, heredocs."""
    words: list[Word] = []
    for redirect in command.redirects:
        if redirect.op in ("<<", "<<<"):
            words.append(redirect.target)
    if depth < _MAX_DEPTH:
        for source in command.reads:
            words += printed_words(source, depth + 1)
    return words


def _formatted(words: list[Word]) -> Word:
    """What printf makes of its format and arguments, `%s` and the like filled in."""
    arguments = list(words[1:])
    parts: list[Part] = []
    for part in words[0].parts:
        if not isinstance(part, Literal):
            parts.append(part)
            continue
        at = 0
        for match in _DIRECTIVE.finditer(part.text):
            parts += _piece(part, at, match.start())
            parts += arguments.pop(0).parts if arguments else ()
            at = match.end()
        parts += _piece(part, at, len(part.text))
    for word in arguments:
        parts += word.parts
    return Word(tuple(parts), words[0].span, words[0].source)


def _piece(part: Literal, start: int, end: int) -> list[Part]:
    return [part.cut(start, end)] if end > start else []


def printed_words(command: Command, depth: int = 0) -> list[Word]:
    """The literal-bearing words of a command's output: arguments of echo and printf, input of cat and tee."""
    words = commands.program(command.words)
    if not words:
        return []
    name = commands.base_name(words[0]).lower()
    if name in ("echo", "printf", "write-output", "write-host", "print"):
        skip = 1
        while skip < len(words) and words[skip].rendered in ("-n", "-e", "-ne", "-en", "-E", "--"):
            skip += 1
        rest = list(words[skip:])
        return [_formatted(rest)] if name == "printf" and len(rest) > 1 else rest
    return input_words(command, depth) if name in MOVERS else []
