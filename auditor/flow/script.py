"""Follows the commands of a RUN in order: variables, nested scripts, then credentials and effects of each command."""

from __future__ import annotations

from itertools import pairwise

from auditor.core.pattern import Pattern
from auditor.core.secret import Secret
from auditor.detect import positions, values
from auditor.flow import commands, outputs
from auditor.flow.caches import cache_use
from auditor.flow.credentials import Credentials
from auditor.flow.effects import Effects, carries_text
from auditor.flow.expected import drop, literal_at
from auditor.flow.facts import Literal
from auditor.flow.flat import Flat
from auditor.flow.servers import server_use
from auditor.flow.state import Shell, State, unique
from auditor.flow.stored import kept
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Assignment, Command, Script, Word

_SCRIPT_OPTION = Pattern(r"-[a-z]*c$")
_TRACING = Pattern(r"-[a-wyzA-Z]*x[a-zA-Z]*$")
_NOT_TRACING = Pattern(r"\+[a-wyzA-Z]*x[a-zA-Z]*$")
_MAX_NESTING = 6


def follow(script: Script, shell: Shell, depth: int = 0) -> None:
    """Follow a script in the given state. Bounded: nested scripts beyond a depth are noted in `facts.limits`."""
    if script.truncated:
        shell.facts.cut(shell.step, "shell script too large or too deeply nested to follow")
    if depth > _MAX_NESTING:
        shell.facts.cut(shell.step, "scripts inside scripts nested too deeply")
        return
    open_subshells: list[tuple[int, State]] = []
    outside = shell.branch
    for command in script.commands:
        inside = command.subshells
        while open_subshells and tuple(number for number, _ in open_subshells) != inside[: len(open_subshells)]:
            shell.restore(open_subshells.pop()[1])
        open_subshells += [(number, shell.saved()) for number in inside[len(open_subshells) :]]
        shell.branch = outside or command.branch
        _command(command, shell, depth)
    shell.branch = outside
    while open_subshells:
        shell.restore(open_subshells.pop()[1])


def follow_traps(shell: Shell) -> None:
    """Run what `trap ... EXIT` put off to the end."""
    for script in shell.traps:
        follow(script, shell, 1)


def _command(command: Command, shell: Shell, depth: int) -> None:
    if command.kind == "function":
        if command.body is not None and command.words:
            shell.functions[command.words[0].rendered] = command.body
        return
    for word in (
        *command.words,
        *(a.value for a in command.assignments if a.value),
        *(r.target for r in command.redirects),
    ):
        for part in word.substitutions():
            state = shell.saved()
            follow(part.script, shell, depth + 1)
            shell.restore(state)
    words = commands.program(command.words)
    given = [*command.assignments, *_of_runner(command, words)]
    before = shell.saved() if words and given and command.kind == "command" else None
    for assignment in given:
        _assign(assignment, command, shell)
    if command.kind == "command":
        _run(command, words, shell, depth)
    else:
        _trace(command, words, shell)
    if before is not None:  # `NAME=value program` lasts as long as the program
        shell.restore((shell.cwd, *before[1:]))
    if command.feeds:
        shell.outputs[id(command)] = outputs.of_command(command, shell)


def _of_runner(command: Command, words: tuple[Word, ...]) -> list[Assignment]:
    """`env NAME=value program`: the same as `NAME=value program`."""
    if command.kind != "command" or words is command.words:
        return []
    found = []
    for name, word in commands.assigned(command.words):
        at = Flat([word]).span(0, len(name))
        found.append(Assignment(name, drop(word, len(name) + 1), at, word.span))
    return found


def _run(command: Command, words: tuple[Word, ...], shell: Shell, depth: int) -> None:
    if words:
        called = shell.functions.get(words[0].rendered)
        if called is not None:
            follow(called, shell, depth + 1)
        nested = _nested(command, words)
        if nested is not None:
            _follow_nested(nested, words, shell, depth)
        _options(words, shell)
        _put_off(words, shell)
        if depth == 0 and not command.subshells and len(command.words) > 1 and command.words[0].rendered == "exec":
            shell.traps.clear()  # the shell becomes another program
        if words[0].rendered == "read":
            for word in words[1:]:
                if not word.rendered.startswith("-"):
                    shell.assign(word.rendered, outputs.of_input(command, shell), None)
    credentials = Credentials(command, words, shell, writes=carries_text(command, words))
    credentials.run()
    for file in kept(credentials):
        shell.put(file.path, file)
    Effects(command, words, shell).run()
    _trace(command, words, shell)
    cache_use(words, shell)
    server_use(command, words, shell)


def _follow_nested(nested: Script, words: tuple[Word, ...], shell: Shell, depth: int) -> None:
    """Another shell: what it changes does not come back, except with `eval`."""
    if commands.base_name(words[0]) == "eval":
        follow(nested, shell, depth + 1)
        return
    state, traced = shell.saved(), shell.xtrace
    shell.xtrace = any(_TRACING.match(word.rendered) for word in words[1:])
    follow(nested, shell, depth + 1)
    shell.xtrace = traced
    shell.restore(state)


def _put_off(words: tuple[Word, ...], shell: Shell) -> None:
    """`trap 'rm -f .npmrc' EXIT` cleans up however the RUN ends."""
    if commands.base_name(words[0]) != "trap" or len(words) < 3 or words[1].rendered.startswith("-"):
        return
    if any(word.rendered in ("EXIT", "0") for word in words[2:]):
        flat = Flat([words[1]])
        shell.traps.append(reader.read(flat.text, flat.source))


def _assign(assignment: Assignment, command: Command, shell: Shell) -> None:
    """`NAME=value` in any form: remember where the value comes from, report a literal secret."""
    name, value = assignment.name, assignment.value
    program = command.words[0].rendered if command.kind == "declare" and command.words else ""
    if command.kind == "for":
        shell.assign(name, unique([o for w in command.words for o in outputs.of_word(w, shell)]), None)
        return
    if value is None:
        if program == "unset":
            shell.assign(name, (), None)
        elif program == "export":
            shell.exported[name] = True
        return
    if program == "export" or (command.kind == "command" and command.words):
        shell.exported[name] = True
    shell.assign(name, outputs.of_word(value, shell), value.literal)
    literal = literal_value(name, value)
    if literal is not None:
        shell.use("url" if literal.kind == "url" else "literal", literal.span, name, (), literal)
    else:
        Credentials(Command(value.span), (), shell, writes=False).look_at(value, name)


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


def nested_text(command: Command, words: tuple[Word, ...]) -> Flat | None:
    """The script inside `sh -c '...'`, `eval "..."`, `su user -c '...'`, or on a shell's input, as text with places."""
    name = commands.base_name(words[0])
    if name == "eval" and len(words) > 1:
        return Flat(list(words[1:]))
    if name in commands.SHELLS or name in ("su", "runuser"):
        for option, value in pairwise(words[1:]):
            if _SCRIPT_OPTION.match(option.rendered):
                return Flat([value])
    if name in commands.SHELLS and all(word.rendered.startswith("-") for word in words[1:]):
        text = outputs.input_words(command)
        return Flat(text, "\n") if text else None
    return None


def _nested(command: Command, words: tuple[Word, ...]) -> Script | None:
    flat = nested_text(command, words)
    return reader.read(flat.text, flat.source) if flat is not None else None


def _options(words: tuple[Word, ...], shell: Shell) -> None:
    """`set -x`, `set +x`, `set -o xtrace`."""
    if commands.base_name(words[0]) != "set":
        return
    for before, word in pairwise(words):
        text = word.rendered
        if _TRACING.match(text) or (text == "xtrace" and before.rendered == "-o"):
            shell.xtrace = True
        elif _NOT_TRACING.match(text) or (text == "xtrace" and before.rendered == "+o"):
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
