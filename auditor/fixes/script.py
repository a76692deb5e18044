"""The script of a RUN as planners need it: its statements and commands with their places in the file."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.flow import commands
from auditor.flow.moves import change_folder
from auditor.flow.state import Facts, Layers, Shell
from auditor.lang.shell import reader
from auditor.lang.shell.chain import Link, chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.facts import Run
    from auditor.lang.dockerfile.nodes import Heredoc, Instruction
    from auditor.lang.dockerfile.text import Text
    from auditor.lang.shell.nodes import Command, Word

_FOLDER_CHANGERS = ("cd", "pushd")
#: Commands that do nothing and succeed.
NO_OPERATIONS = ("true", ":")
_HEREDOC_WORD = Pattern(r"\d*<<-?\s*(['\"]?)([A-Za-z_][\w.-]*)\1")


def the_script(run: Instruction) -> Heredoc | None:
    """The heredoc that is the whole script (`RUN <<EOF`); None for other forms, also where there are several."""
    if len(run.heredocs) != 1 or run.json or _HEREDOC_WORD.sub("", run.body.text).strip():
        return None
    return run.heredocs[0]


def script_text(run: Instruction) -> Text:
    """What the shell runs, without heredocs that are input of a command."""
    script = the_script(run)
    return script.body if script is not None else run.body


def statements(run: Instruction) -> list[tuple[Link, Span]]:
    """The statements of a RUN's script and their places in the file; [] where they cannot be told apart.

    What `||` joins cannot be taken apart: it is one statement together with what stands before it (of kind `list`, but
    for `|| true`, which only excuses the command before it).
    """
    script = the_script(run)
    if run.json or (run.heredocs and script is None):
        return []
    text = script_text(run)
    found: list[Link] = []
    for link in chain(text.text):
        if not found or link.join != "||":
            found.append(link)
        elif text.text[link.span.start : link.span.end] in NO_OPERATIONS:
            found[-1] = found[-1]._replace(span=Span(found[-1].span.start, link.span.end))
        else:
            while found[-1].join == "&&":
                found.pop()
            found[-1] = Link(Span(found[-1].span.start, link.span.end), found[-1].join, "list")
    return [(link, text.span(link.span.start, link.span.end)) for link in found]


def full_text(run: Instruction) -> str:
    """Everything the RUN executes or feeds to it: command line and heredocs."""
    return "\n".join([run.body.text, *(heredoc.body.text for heredoc in run.heredocs)])


def defined(run: Run) -> frozenset[str]:
    """The names of the functions that a RUN's script defines."""
    text = script_text(run.step.instruction)
    found = reader.read(text.text, text.source).commands
    return frozenset(each.words[0].rendered for each in found if each.kind == "function" and each.words)


def gives_way(node: Instruction) -> bool:
    """Whether the shell of a RUN may become another program (`exec npm ci`): it puts nothing off to its end then."""
    text = script_text(node)
    for each in reader.read(text.text, text.source).commands:
        if each.kind == "command" and len(each.words) > 1 and each.words[0].rendered == "exec" and not each.subshells:
            return True
    return False


class Acting(NamedTuple):
    """One command at work: its words without what only runs them (sudo, env), its program's name, and the shell's state
    for resolving paths (`shell.path(word)`)."""

    command: Command
    words: tuple[Word, ...]
    name: str
    shell: Shell


def acting(run: Run) -> Iterator[Acting]:
    """The commands of a shell-form RUN in order, each with the folder that it runs in; nothing for other forms.

    Use every one before the next is taken: they share the shell's state.
    """
    node = run.step.instruction
    if node.json or run.step.dialect != "posix":
        return
    text = script_text(node)
    shell = Shell(run.step, Facts(), Layers(), run.cwd, run.home)
    shell.know(run.sees, list)
    for command in reader.read(text.text, text.source).commands:
        if command.kind == "function":
            continue
        words = commands.program(command.words)
        name = commands.base_name(words[0]).lower() if words else ""
        yield Acting(command, words, name, shell)
        for assignment in command.assignments if not command.words or command.kind == "declare" else ():
            if assignment.value is not None and assignment.value.literal is not None:
                shell.assign(assignment.name, (), assignment.value.literal)
        if name in _FOLDER_CHANGERS and not command.subshells:
            change_folder(words, shell)
