"""Follows the commands of a RUN in order: variables, nested scripts, then credentials and effects of each command."""

from __future__ import annotations

import re
from itertools import pairwise

from auditor.core.secret import Secret
from auditor.detect import positions, values
from auditor.flow import commands, outputs
from auditor.flow.caches import cache_use
from auditor.flow.credentials import Credentials
from auditor.flow.effects import Effects, writes_file
from auditor.flow.expected import literal_at
from auditor.flow.facts import Literal
from auditor.flow.flat import Flat
from auditor.flow.servers import server_use
from auditor.flow.state import Shell, unique
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Assignment, Command, Script, Word

_SHELLS = frozenset("sh bash dash ash zsh ksh".split())
_MAX_NESTING = 6


def follow(script: Script, shell: Shell, depth: int = 0) -> None:
    """Follow a script in the given state. Bounded: nested scripts beyond a depth are noted in `facts.limits`."""
    if script.truncated:
        shell.facts.limits.append((shell.step, "shell script too large or too deeply nested to follow"))
    if depth > _MAX_NESTING:
        shell.facts.limits.append((shell.step, "scripts inside scripts nested too deeply"))
        return
    for command in script.commands:
        _command(command, shell, depth)


def _command(command: Command, shell: Shell, depth: int) -> None:
    for word in (
        *command.words,
        *(a.value for a in command.assignments if a.value),
        *(r.target for r in command.redirects),
    ):
        for part in word.substitutions():
            follow(part.script, shell, depth + 1)
    for assignment in command.assignments:
        _assign(assignment, command, shell)
    if command.kind in ("declare", "test", "for"):
        return
    words = commands.program(command.words)
    if words:
        nested = _nested(words)
        if nested is not None:
            follow(nested, shell, depth + 1)
        _options(words, shell)
    writes = writes_file(command) or any(writes_file(c) for c in command.feeds)
    credentials = Credentials(command, words, shell, writes=writes)
    credentials.run()
    stored = credentials.stored()
    if stored is not None:
        shell.facts.files.append(stored)
        shell.layers.files.append(stored)
    Effects(command, words, shell).run()
    _trace(command, words, shell)
    filled = cache_use(words, shell)
    shell.facts.caches += filled
    server_use(command, words, shell)


def _assign(assignment: Assignment, command: Command, shell: Shell) -> None:
    """`NAME=value` in any form: remember where the value comes from, report a literal secret."""
    if command.kind == "for":
        found = [o for w in command.words for o in outputs.of_word(w, shell)]
        shell.variables[assignment.name] = unique(found)
        return
    value = assignment.value
    if value is None:
        return
    origins = outputs.of_word(value, shell)
    if not (assignment.name in shell.variables and not origins and value.rendered == ""):
        shell.variables[assignment.name] = origins
    literal = literal_value(assignment.name, value)
    if literal is not None:
        shell.use("literal", literal.span, assignment.name, (), literal)


def literal_value(name: str, value: Word) -> Literal | None:
    """The literal secret in `name=value`, if there is one: by the name, or by a place inside the value."""
    text = value.literal
    flat = Flat([value])
    if text is not None and flat.text:
        judged = values.judge(name, text)
        if judged.level != "none":
            return Literal(Secret(text, judged.kind), flat.span(0, len(flat.text)), judged.level, "pair", name)
    for position in positions.find(flat.text):
        if position.level in ("secret", "weak") and position.kind in ("token", "url", "header"):
            return literal_at(flat, position)
    return None


def _nested(words: tuple[Word, ...]) -> Script | None:
    """The script inside `sh -c '...'`, `eval "..."`, `su user -c '...'`."""
    name = commands.base_name(words[0])
    if name == "eval" and len(words) > 1:
        flat = Flat(list(words[1:]))
        return reader.read(flat.text, flat.source)
    if name in _SHELLS or name in ("su", "runuser"):
        for option, value in pairwise(words[1:]):
            if re.fullmatch(r"-[a-z]*c", option.rendered):
                flat = Flat([value])
                return reader.read(flat.text, flat.source)
    return None


def _options(words: tuple[Word, ...], shell: Shell) -> None:
    """`set -x` and `set +x`."""
    if commands.base_name(words[0]) != "set":
        return
    for word in words[1:]:
        text = word.rendered
        if re.fullmatch(r"-[a-wyzA-Z]*x[a-zA-Z]*", text) or text == "xtrace":
            shell.xtrace = True
        elif re.fullmatch(r"\+[a-wyzA-Z]*x[a-zA-Z]*", text):
            shell.xtrace = False


def _trace(command: Command, words: tuple[Word, ...], shell: Shell) -> None:
    """With `set -x` the shell prints expanded commands; for a mounted secret the log is the only leak there is."""
    if not shell.xtrace:
        return
    for word in (*words, *(a.value for a in command.assignments if a.value)):
        origins = tuple(o for o in outputs.of_word(word, shell) if o.kind in ("mount", "fetched"))
        if origins:
            shell.use("xtrace", word.span, "set -x", origins[:1])
            return
