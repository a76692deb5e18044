"""CI files: the shell texts in them, and GitHub's action that builds."""

from __future__ import annotations

import os.path

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.carried import Carried
from auditor.fixes.callers.directories import Place
from auditor.fixes.callers.pushaction import PushAction, is_push
from auditor.fixes.callers.scripts import Shells
from auditor.fixes.callers.steps import Step, StepUnit
from auditor.fixes.callers.surroundings import Foreign, Unit, Variables
from auditor.fixes.callers.yamledit import Sheet, text_of
from auditor.lang.compose import reader, scalars
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence, walk
from auditor.lang.derived import FOREIGN, Derived

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work

#: Expressions of GitHub and Azure, of GitLab's inputs, of Taskfile.
_EXPRESSION = Pattern(r"\$\{\{.*?\}\}|\$\[\[.*?\]\]|\{\{.*?\}\}")
_SCRIPTS = ("before_script", "script", "after_script", "run", "command", "bash", "sh", "cmd", "cmds")
_FOLDERS = ("working-directory", "working_directory", "workingDirectory", "dir")
_OTHER_SHELLS = ("pwsh", "powershell", "cmd", "python", "node", "perl")


def change_ci(work: Work) -> None:
    """A file of any CI system, told by its content."""
    if os.path.basename(work.caller.path).startswith("Jenkinsfile"):
        from auditor.fixes.callers.jenkins import change_jenkins

        change_jenkins(work)
        return
    try:
        documents = reader.read(work.text)
    except reader.Unreadable as error:
        if work.build.sole and "build" in work.text:
            work.problem(0, error.reason)
        return
    sheet = Sheet(work.text)
    for document in documents:
        if isinstance(document, Mapping) and _is_github(work.caller.path, document):
            _github(work, sheet, document)
        else:
            _general(work, document)
    Carried(work, Variables([])).finish()


def _is_github(path: str, document: Mapping) -> bool:
    if document.mapping("runs") is not None:
        return True
    return "/workflows/" in path.replace("\\", "/") and document.mapping("jobs") is not None


def _github(work: Work, sheet: Sheet, document: Mapping) -> None:
    """The steps of a workflow's jobs, or of a composite action."""
    jobs = document.mapping("jobs")
    holders = [job for _, job in jobs.pairs if isinstance(job, Mapping)] if jobs is not None else []
    runs = document.mapping("runs")
    for holder in holders if runs is None else [runs]:
        steps = holder.get("steps")
        for node in steps.items if isinstance(steps, Sequence) else []:
            if isinstance(node, Mapping):
                step = Step(work, sheet, node, (document, holder), secrets=runs is None)
                if is_push(node):
                    PushAction(work, step).change()
                else:
                    _step(work, step)


def _step(work: Work, step: Step) -> None:
    """The script of one step; a shell of its own."""
    run = step.node.get("run")
    if not isinstance(run, Scalar) or step.setting("shell").split(" ")[0] in _OTHER_SHELLS:
        return
    text = _derived(work, run)
    if text is None:
        return
    unit = StepUnit(work.text, text, run, step)
    place = Place((step.root,)).to(step.path(step.setting("working-directory") or "."))
    Shells(work, [unit]).run(unit, place)
    step.write()


def _derived(work: Work, node: Scalar) -> Derived | None:
    """The shell's text of a scalar, expressions of the CI system hidden."""
    if "build" not in node.value and "bud" not in node.value and "kaniko" not in node.value:
        return None
    made = scalars.derived(work.text, node)
    if made is None:
        if work.build.sole and "build-arg" in node.value:
            work.problem(node.span.start, "the script here is written in a way that cannot be changed safely")
        return None
    hidden = _EXPRESSION.sub(lambda m: FOREIGN * len(m[0]), made.text)
    return made.with_text(hidden)


class ScalarUnit(Unit):
    """A script in a scalar."""

    def __init__(self, file: str, derived: Derived, node: Scalar) -> None:
        super().__init__(file, derived)
        self._node = node

    def own(self, text: str) -> str:
        return scalars.own(self._node, text)

    def foreign(self, raw: str, name: str, draft: object) -> Foreign:
        return Foreign("")


def _general(work: Work, document: Node) -> None:
    """GitLab, CircleCI, Azure, Bitbucket, Cloud Build, Taskfile: scripts by the names of their keys."""
    done: set[int] = set()
    for node in walk(document):
        if not isinstance(node, Mapping):
            continue
        folder = next((text for name in _FOLDERS if (text := node.text(name))), "")
        place = Place((work.folder, work.root)).to(folder or ".")
        if "$" in folder or "{" in folder:
            place = Place(())
        chain: list[Scalar] = []
        for name in _SCRIPTS:
            found = [s for s in _texts(node.get(name)) if id(s) not in done]
            done.update(map(id, found))
            if name == "script":
                found = chain + found
            if name == "before_script" and node.get("script") is not None:
                chain = found
                continue
            _session(work, found, place)


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


def _session(work: Work, texts: list[Scalar], place: Place) -> None:
    """Texts that one shell runs in order."""
    if not any("build" in s.value or "bud" in s.value or "kaniko" in s.value for s in texts):
        return
    units: list[Unit] = []
    for node in texts:
        made = _derived(work, node) or scalars.derived(work.text, node)
        if made is not None:
            units.append(ScalarUnit(work.text, made, node))
    shells = Shells(work, units)
    for unit in units:
        place = shells.run(unit, place)
