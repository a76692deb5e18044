"""CI files: the shell texts in them, the steps of GitHub's workflows and actions."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.flow.calling.units import ShellText
from auditor.lang.compose import scalars
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence, text_of, walk
from auditor.lang.derived import FOREIGN, Derived

if TYPE_CHECKING:
    from re import Match

#: How expressions of GitHub and Azure, of GitLab's inputs, of Taskfile begin; and how each ends.
_OPENING = Pattern(r"\$\{\{|\$\[\[|\{\{")
_CLOSINGS = {"{": "}}", "[": "]]"}
#: Those of CircleCI; elsewhere it would be a heredoc.
_PARAMETER = Pattern(r"<<[^<>\n]*>>")
_SCRIPTS = ("before_script", "script", "after_script", "run", "command", "bash", "sh", "cmd", "cmds")
_FOLDERS = ("working-directory", "working_directory", "workingDirectory", "dir")
_OTHER_SHELLS = ("pwsh", "powershell", "cmd", "python", "node", "perl")


def is_github(path: str, document: Mapping) -> bool:
    """Whether a document is a workflow (by its place) or an action of GitHub and its kin."""
    if document.mapping("runs") is not None:
        return True
    return "/workflows/" in path.replace("\\", "/") and document.mapping("jobs") is not None


class StepSettings:
    """One step of a workflow or of a composite action.

    `outer` are the mappings around it, whose `env` and `defaults` hold: file, then job. `secrets`: it can name
    `secrets.X` (a composite action cannot).
    """

    def __init__(self, node: Mapping, outer: tuple[Mapping, ...], *, secrets: bool = True) -> None:
        self.node = node
        self.outer = outer
        self.secrets = secrets

    def setting(self, name: str) -> str:
        """`shell` or `working-directory`, with the defaults of job and file."""
        own = self.node.text(name)
        if own is not None:
            return own
        for outer in reversed(self.outer):
            defaults = outer.mapping("defaults")
            run = defaults.mapping("run") if defaults is not None else None
            value = run.text(name) if run is not None else None
            if value is not None:
                return value
        return ""

    def environment(self, name: str) -> str | None:
        """The value of a variable in the environment, as written; None if nothing sets it."""
        for holder in (self.node, *reversed(self.outer)):
            env = holder.mapping("env")
            value = env.text(name) if env is not None else None
            if value is not None:
                return value
        return None

    @property
    def script(self) -> Scalar | None:
        """What its shell runs; None without one that is read here."""
        run = self.node.get("run")
        other = self.setting("shell").split(" ")[0] in _OTHER_SHELLS
        return run if isinstance(run, Scalar) and not other else None


def holders(document: Mapping) -> Iterator[Mapping]:
    """What has steps: the jobs of a workflow, or the `runs` of a composite action."""
    runs, jobs = document.mapping("runs"), document.mapping("jobs")
    if runs is not None:
        yield runs
    elif jobs is not None:
        yield from (job for _, job in jobs.pairs if isinstance(job, Mapping))


def steps(document: Mapping, holder: Mapping) -> Iterator[StepSettings]:
    """The steps of one holder, in order."""
    found = holder.get("steps")
    for node in found.items if isinstance(found, Sequence) else []:
        if isinstance(node, Mapping):
            yield StepSettings(node, (document, holder), secrets=document.mapping("runs") is None)


class Session(NamedTuple):
    """Texts that one shell runs in order; `folder` is the setting of where ("" none)."""

    texts: list[Scalar]
    folder: str


def sessions(document: Node) -> Iterator[Session]:
    """Of GitLab, CircleCI, Azure, Bitbucket, Cloud Build, Taskfile: scripts by the names of their keys."""
    done: set[int] = set()
    for node in walk(document):
        if not isinstance(node, Mapping):
            continue
        folder = next((text for name in _FOLDERS if (text := node.text(name))), "")
        chain: list[Scalar] = []
        for name in _SCRIPTS:
            found = [s for s in _texts(node.get(name)) if id(s) not in done]
            done.update(map(id, found))
            if name == "script":
                found = chain + found
            if name == "before_script" and node.get("script") is not None:
                chain = found
            elif found:
                yield Session(found, folder)
        for key, value in node.pairs:
            # What GitLab keeps for aliases: `.login: &login`, a list of commands or one text.
            found = [s for s in _texts(value) if id(s) not in done] if text_of(key).startswith(".") else []
            done.update(map(id, found))
            if found:
                yield Session(found, folder)


def _texts(node: Node | None) -> list[Scalar]:
    """The scalars of a script: one, a list, a list of lists or of `cmd:`."""
    if isinstance(node, Scalar):
        return [node]
    found: list[Scalar] = []
    for item in node.items if isinstance(node, Sequence) else []:
        if isinstance(item, Scalar):
            found.append(item)
        elif isinstance(item, Sequence):
            found += [part for part in item.items if isinstance(part, Scalar)]
        elif isinstance(item, Mapping) and text_of(item.get("cmd")):
            found += [part for part in (item.get("cmd"),) if isinstance(part, Scalar)]
    return found


def shell_text(path: str, file: str, node: Scalar, *, anchored: bool = False) -> Derived | None:
    """What the shell reads of a scalar, expressions of the CI system hidden; None where its places are not certain."""
    made = scalars.derived(file, node, anchored=anchored)
    if made is None:
        return None
    hidden = hide(made.text)
    if "/.circleci/" in path.replace("\\", "/"):
        hidden = _PARAMETER.sub(_hide, hidden)
    return made.with_text(hidden)


def hide(text: str) -> str:
    """The text with `FOREIGN` in the place of every expression."""
    made: list[str] = []
    at = 0
    ends: dict[str, int] = {}
    for match in _OPENING.finditer(text):
        start, closing = match.start(), _CLOSINGS[match[0][-1]]
        if start < max(at, ends.get(closing, 0)):
            continue
        newline = text.find("\n", start)
        stop = len(text) if newline < 0 else newline
        end = text.find(closing, match.end(), stop)
        if end < 0:  # none on this line: looked for once
            ends[closing] = stop
            continue
        made += (text[at:start], FOREIGN * (end + 2 - start))
        at = end + 2
    return "".join([*made, text[at:]])


def _hide(match: Match[str]) -> str:
    return FOREIGN * len(match[0])


class ScalarText(ShellText):
    """A script in a scalar."""

    def __init__(self, file: str, derived: Derived, node: Scalar) -> None:
        super().__init__(file, derived)
        self.node = node

    def own(self, text: str) -> str:
        """In the scalar's quotes."""
        return scalars.own(self.node, text)


class Line(NamedTuple):
    """A line of a list input: `NAME=value` or a bare `NAME`; the spans are of the line and of the value."""

    name: str
    value: str | None
    span: Span
    at: Span


def uses(step: Mapping, action: str) -> bool:
    """Whether a step uses an action of this name, from any owner's fork."""
    name = (step.text("uses") or "").partition("@")[0]
    return name.rpartition("/")[2] == action


def is_push(step: Mapping) -> bool:
    """Whether a step builds an image with docker/build-push-action."""
    return uses(step, "build-push-action")


def input_lines(file: str, node: Node | None) -> list[Line] | None:
    """The lines of an input; None without it or where their places are not certain."""
    made = scalars.derived(file, node) if isinstance(node, Scalar) else None
    if made is None:
        return None
    found: list[Line] = []
    at = 0
    for text in made.text.split("\n"):
        key, equals, value = text.strip().partition("=")
        start = at + len(text) - len(text.lstrip())
        if key:
            cut = start + len(key) + len(equals)
            end = at + len(text.rstrip())
            found.append(Line(key, value if equals else None, made.span(start, end), made.span(cut, end)))
        at += len(text) + 1
    return found
