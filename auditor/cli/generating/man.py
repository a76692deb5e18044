"""The manual page audit(1) in man(7) macros. It has no date: what is made twice is the same."""

from __future__ import annotations

from auditor import __version__
from auditor.cli.generating.commands import with_subcommands
from auditor.core.configtexts import TEXTS, VARIABLES
from auditor.core.errors import EXIT_CODES
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.cli.generating.commands import Argument, Command

_ABOUT = """\
audit finds the secrets that a container build leaks, says where each one ends up, and rewrites Dockerfiles so that they
stay out. It reads Dockerfiles, compose files, scripts and CI files, files of any kind, and built images, layer by
layer. Nothing leaves the machine."""
#: Characters of a line of the source, a little less than what mandoc minds.
_LONGEST = 76
_FILES = {
    "audit.toml": "Settings, looked for from the files that are read up to the root of the repository.",
    ".audit.toml": "The same.",
    "pyproject.toml": "The same, in its table [tool.audit].",
}
#: roff's own characters, and those that it would print as others. The backslash comes first.
_ESCAPES = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
    '"': "\\(dq",
}


def render(commands: Sequence[Command]) -> str:
    """The page; all commands are in it."""
    lines = [f'.TH AUDIT 1 "" "image\\-leak\\-auditor {escaped(__version__)}" "User Commands"']
    lines += [".SH NAME", "audit \\- find secrets that container builds leak"]
    lines += [".SH SYNOPSIS", ".B audit", ".I COMMAND", "[\\fIOPTIONS\\fR]"]
    lines += [".SH DESCRIPTION", *_prose(_ABOUT), ".SH COMMANDS"]
    for command in commands:
        lines += _term(_bold("audit " + " ".join(command.words)), command.line)
    for command in with_subcommands(commands):
        lines += _command(command)
    lines += [".SH ENVIRONMENT", *_prose("Settings may stand in variables; lists have commas between their words.")]
    for text in TEXTS:
        if text.option.shared:
            lines += _term(_bold(text.option.variable), text.about)
    for name, about in VARIABLES.items():
        lines += _term(_bold(name), f"{about[:1].upper()}{about[1:]}.")
    lines += [".SH FILES"]
    for name, about in _FILES.items():
        lines += _term(_italic(name), about)
    lines += [".SH EXIT STATUS"]
    for code, meaning in EXIT_CODES.items():
        lines += _term(_bold(str(int(code))), f"{meaning[:1].upper()}{meaning[1:]}.")
    return "\n".join(lines) + "\n"


def _command(command: Command) -> Iterator[str]:
    yield f'.SH "AUDIT {escaped(" ".join(command.words).upper())}"'
    yield f"{_bold('audit ' + ' '.join(command.words))} [{_italic('OPTIONS')}] {_usage(command)}".rstrip()
    yield ".PP"
    yield from _prose(command.about)
    for below in command.subcommands:
        yield from _term(_bold(below.words[-1]), below.line)
    for argument in command.arguments:
        yield from _term(_italic(argument.metavar), argument.help)
    for group in command.groups:
        yield f'.SS "{escaped(group.title)}"'
        if group.about:
            yield from _prose(f"{group.about[:1].upper()}{group.about[1:]}.")
        for option in group.options:
            yield from _term(_names(option), option.help)
    if command.epilog:
        yield from (".PP", ".nf")
        yield from map(_line, command.epilog.rstrip("\n").split("\n"))
        yield ".fi"


def _usage(command: Command) -> str:
    words = [_italic("COMMAND")] if command.subcommands else []
    for argument in command.arguments:
        shown = _italic(argument.metavar)
        words.append({"?": f"[{shown}]", "*": f"[{shown}...]", "+": f"{shown}..."}.get(argument.times, shown))
    return " ".join(words)


def _names(option: Argument) -> str:
    joint = " " if option.metavar else ""
    value = _italic(option.metavar) if option.metavar else ""
    return ", ".join(f"{_bold(name)}{joint}{value}" for name in option.names)


def _term(tag: str, text: str) -> list[str]:
    return [".TP", tag, *_prose(text)]


def _prose(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(escaped(f"{lines[-1]} {word}")) > _LONGEST:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return list(map(_line, lines))


def _line(text: str) -> str:
    """A line of text, of which nothing is taken for a request."""
    return f"\\&{escaped(text)}" if text[:1] in (".", "'", " ") else escaped(text)


def _bold(text: str) -> str:
    return f"\\fB{escaped(text)}\\fR"


def _italic(text: str) -> str:
    return f"\\fI{escaped(text)}\\fR"


def escaped(text: str) -> str:
    """Text of one line as roff prints it, whatever is in it: nothing is taken for an escape."""
    return "".join(_character(char) for char in text)


def _character(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii():
        return char if char.isprintable() else " "
    return f"\\[u{ord(char):04X}]"
