"""`set -x` prints every expanded command to the build log: a RUN that handles a secret must not be traced."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes import sites
from auditor.fixes.plan import Refused, Replace
from auditor.fixes.script import the_script
from auditor.flow import commands

if TYPE_CHECKING:
    from auditor.fixes.plan import Change
    from auditor.flow.build import Build
    from auditor.flow.facts import Run
    from auditor.lang.shell.nodes import Word

TRACED = "the shell is started with -x, which prints every command with its values to the build log"
_SET_TRACES = "set -x prints the secret to the build log, and cannot be taken out here"
_TRACING_SHELL = Pattern(r"-[a-zA-Z]*x[a-zA-Z]*\Z")


def silenced(build: Build, run: Run) -> list[Change]:
    """The changes that keep a RUN's shells from tracing; [] where none traces. Raises Refused for `sh -x`.

    For every planner that gives a RUN a secret: a trace would print it.
    """
    if any(_TRACING_SHELL.match(word) for word in shell_words(build, run)):
        raise Refused(TRACED)
    return untraced(run)


def untraced(run: Run) -> list[Change]:
    """The same for a RUN whose SHELL is known not to trace."""
    script = the_script(run.step.instruction)
    first = script.body.text.partition("\n")[0] if script is not None else ""
    if first.startswith("#!") and any(_TRACING_SHELL.match(word) for word in first.split()[1:]):
        raise Refused(TRACED)
    changes: list[Change] = []
    for command in sites.all_commands(run):
        words = commands.program(command.words)
        name = commands.base_name(words[0]) if words else ""
        if name in commands.SHELLS and any(_TRACING_SHELL.match(word.rendered) for word in words[1:]):
            raise Refused(TRACED)
        if name == "set":
            changes += _without_trace(words)
    return list(dict.fromkeys(changes))


def shell_words(build: Build, run: Run) -> tuple[str, ...]:
    """The shell that SHELL sets for a RUN, in its stage or one that it is built on; () for the usual one."""
    node, stage = run.step.instruction, run.step.stage
    index: int | None = stage if 0 <= stage < len(build.stages) else None
    while index is not None:
        found = [
            each.args
            for each in build.stages[index].instructions
            if each.keyword == "SHELL" and (index != stage or each.span.start < node.span.start)
        ]
        if found:
            return found[-1]
        index = build.stages[index].base_stage
    return ()


def _without_trace(words: tuple[Word, ...]) -> list[Change]:
    """`set -ex` becomes `set -e`, `set -x` becomes `set +x`, `set -o xtrace` becomes `set +o xtrace`.

    What stands behind the options are positional parameters: `set -- -x` traces nothing.
    """
    changes: list[Change] = []
    rest = list(words[1:])
    while rest and rest[0].rendered[:1] in ("-", "+") and rest[0].rendered not in ("-", "--"):
        option = rest.pop(0)
        letters = option.rendered[1:]
        named = rest.pop(0).rendered if "o" in letters and rest else ""
        if option.rendered.startswith("+") or ("x" not in letters and named != "xtrace"):
            continue
        if option.source != option.rendered or not _in_one_piece(option) or (named == "xtrace" and letters != "o"):
            raise Refused(_SET_TRACES)
        left = letters.replace("x", "")
        changes.append(Replace(option.span, "+o" if named == "xtrace" else "-" + left if left else "+x"))
    return changes


def _in_one_piece(word: Word) -> bool:
    """Whether the word stands in the file as the shell reads it."""
    return word.span.end - word.span.start == len(word.source)
