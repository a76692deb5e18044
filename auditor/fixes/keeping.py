"""Commands of a RUN that may keep a secret which they are given from a mount: then the image holds it all the same.

What the flow follows (redirections, `sed -i`, tools of the command table) is settled elsewhere; this is about the rest:
programs that keep passwords by design, editors, templates, scripts inside a command, and tools nobody knows that are
told to log in.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes import lasting
from auditor.fixes.plan import Refused
from auditor.fixes.script import the_script
from auditor.fixes.starters import started_script
from auditor.flow import commands
from auditor.flow.runs import with_heredocs
from auditor.flow.script import follow, nested_text
from auditor.flow.state import Facts, Layers, Shell
from auditor.lang.shell import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.fixes.plan import Plan
    from auditor.flow.build import Build
    from auditor.flow.facts import Run
    from auditor.lang.shell.nodes import Command, Word

#: Programs that run a script which stands in their arguments or input, and what a script has that writes somewhere.
_INTERPRETERS = Pattern(r"(?:python|pypy|perl|ruby|php|node|deno|bun|lua|tclsh|Rscript|pwsh)[\d.]*")
_WRITES = Pattern(
    r"(?i)\bopen\b|write|\bdump\b|append|file_put|\bfs\.|\bspew\b|>\s*[\"'/]|\bsave|\bstore|\bcopy|\bset_key\b|\binsert\b"
)
#: Programs that fill in a template from the environment.
_RENDERERS = frozenset("envsubst envtpl gomplate dockerize confd j2 jinja2 mo consul-template gucci renderizer".split())
_TO_FILE = Pattern(r"-o|--out(?:put)?(?:[-=].*)?|-template|--template|-i|--in-place.*")
#: Programs that change the files they are given, with the option that says so ("" for those that always do).
_EDITORS = {
    "sed": r"-[a-zA-Z]*i.*|--in-place.*",
    "gsed": r"-[a-zA-Z]*i.*|--in-place.*",
    "perl": r"-[a-hj-zA-Z0-9]*i.*",
    "ruby": r"-[a-hj-zA-Z]*i.*",
    "yq": r"-[a-zA-Z]*i|--in-?place",
    "gawk": r"inplace|--include=inplace",
    "xmlstarlet": r"-[A-Za-z]*L[A-Za-z]*|--inplace",
    "xml": r"-[A-Za-z]*L[A-Za-z]*|--inplace",
    **dict.fromkeys(("crudini", "augtool", "ed", "ex", "replace", "dasel", "ini-file", "setconf"), ""),
}
#: What tools call it when they are told to remember a credential.
_REMEMBERING = frozenset(
    "login log-in signin sign-in auth authenticate configure register enroll activate set-token set-credentials "
    "add-credentials".split()
)
_DEPTH = 3


class _Given(NamedTuple):
    """A command: its words without wrappers, and the text of all that it is given (words, heredocs, pipes)."""

    command: Command
    words: tuple[Word, ...]
    name: str
    text: str


def settle_kept(build: Build, run: Run, names: Sequence[str], plan: Plan) -> None:
    """See to what the commands of a RUN may do with secrets that it gets under these names.

    Weakens the plan or adds a note to it; raises Refused where the image certainly keeps the value.
    """
    named = Pattern(r"(?<!\w)(?:" + "|".join(map(re.escape, names)) + r")(?!\w)")
    node = run.step.instruction
    followed = [file.span for file in build.facts.files if file.step.instruction is node]
    for given in _commands(run):
        has_it = named.search(given.text) is not None
        if any(given.command.span.covers(span.start) for span in followed):
            continue  # what it writes is known, and dealt with
        if has_it:
            _check_keeper(given, plan)
        _check_script(given, has_it, plan)
        _check_login(given, plan)
        _check_own(build, run, given, names)


def _check_keeper(given: _Given, plan: Plan) -> None:
    """Programs that are given the value in order to keep it."""
    name = given.name
    if lasting.keeps(name):
        raise Refused(lasting.by_design(name))
    if lasting.is_keeper(name):
        plan.notes.append(lasting.note(name))
    edits = _EDITORS.get(name)
    if edits is not None and (not edits or any(Pattern(edits).fullmatch(word.rendered) for word in given.words[1:])):
        raise Refused(f"{name} writes it into a file of the image: let the container read it when it starts")
    if "://" in given.text:
        lasting.check_url(given.words)


def _check_script(given: _Given, has_it: bool, plan: Plan) -> None:
    """Scripts and templates that may put the environment into a file."""
    name = given.name
    if has_it and _INTERPRETERS.fullmatch(name) and _WRITES.search(given.text):
        plan.weaken(Applicability.UNSAFE, f"the script that {name} runs here may write it to a file that stays")
    if name not in _RENDERERS:
        return
    files = [r for each in (given.command, *given.command.feeds) for r in each.redirects if r.writes]
    if has_it and files:
        raise Refused(f"{name} writes it into a file of the image: let the container fill that in when it starts")
    if files or any(_TO_FILE.fullmatch(word.rendered) for word in given.words[1:]):
        plan.weaken(Applicability.UNSAFE, f"{name} may fill it into a file that stays")


def _check_login(given: _Given, plan: Plan) -> None:
    """A tool that nobody knows and that is told to log in keeps what it is given, as far as can be said."""
    plain = [word.rendered for word in given.words[1:] if not word.rendered.startswith("-")][:2]
    if any(text in _REMEMBERING for text in plain) and commands.lookup(given.words) is None:
        shown = " ".join([given.name, *plain[: 1 + (plain[0] not in _REMEMBERING)]])
        plan.weaken(Applicability.UNSAFE, f"{shown} may keep in the image what it logs in with")


def _check_own(build: Build, run: Run, given: _Given, names: Sequence[str]) -> None:
    """A script of the build context that writes the value to a file. Raises Refused."""
    text = started_script(build, [word.rendered for word in given.words])
    if not any(name in text for name in names):
        return
    shell = Shell(run.step, Facts(), Layers(), run.cwd, run.home)
    shell.know(run.sees, list)
    follow(reader.read(text), shell)
    for file in shell.facts.files:
        if not file.gone and any(origin.name in names for origin in file.origins):
            raise Refused(f"a script that the RUN starts ({given.words[0].rendered}) writes it to a file of the image")


def _commands(run: Run) -> Iterator[_Given]:
    """The commands of a RUN, those of scripts inside a command and of functions too."""
    node = run.step.instruction
    if not node.json and run.step.dialect != "posix":
        return
    if not node.json:
        script = the_script(node)
        text = script.body if script is not None else with_heredocs(node.body, node.heredocs)
        yield from _inside(reader.read(text.text, text.source).commands, 0)
        return
    inner = next(
        (w for before, w in pairwise(node.words) if before.text.startswith("-") and before.text[-1] == "c"), None
    )
    is_shell = bool(node.words) and node.words[0].text.rpartition("/")[2] in commands.SHELLS
    argv = inner.text if is_shell and inner is not None else shlex.join(word.text for word in node.words)
    yield from _inside(reader.read(argv).commands, 0)


def _inside(found: Sequence[Command], depth: int) -> Iterator[_Given]:
    for command in found:
        words = commands.program(command.words)
        if command.body is not None and depth < _DEPTH:
            yield from _inside(command.body.commands, depth + 1)
        if not words or command.kind == "function":
            continue
        nested = nested_text(command, words) if depth < _DEPTH else None
        if nested is not None:
            yield from _inside(reader.read(nested.text, nested.source).commands, depth + 1)
        yield _Given(command, words, commands.base_name(words[0]).lower(), "\n".join(_texts(command, 0)))


def _texts(command: Command, depth: int) -> Iterator[str]:
    """The words of a command as they are written, and its input as far as it stands in the RUN."""
    yield from (word.source for word in command.words)
    yield from (redirect.target.rendered for redirect in command.redirects if not redirect.writes)
    if depth < _DEPTH:
        for source in command.reads:
            yield from _texts(source, depth + 1)
