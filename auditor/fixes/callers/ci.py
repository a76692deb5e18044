"""CI files: the shell texts in them, and GitHub's action that builds."""

from __future__ import annotations

import os.path

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.carried import Carried
from auditor.fixes.callers.directories import Place
from auditor.fixes.callers.pushaction import PushAction
from auditor.fixes.callers.scripts import Shells
from auditor.fixes.callers.steps import ScalarUnit, Step, StepUnit
from auditor.fixes.callers.surroundings import Unit, Variables
from auditor.fixes.callers.yamledit import Sheet
from auditor.flow.calling.pipelines import holders, is_github, is_push, sessions, shell_text, steps
from auditor.lang.compose import reader, scalars
from auditor.lang.compose.nodes import Mapping, Node, Scalar, text_of
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work
    from auditor.lang.derived import Derived

_ARGUMENTS = Pattern(r"(?i)(?:docker[-_]?)?(?:build[-_]?)?(?:args?|arguments|set)")
_GIVEN = Pattern(r"(?m)(?:^|[\s,.])[\"']?([A-Za-z_]\w*)(?==|[\"']?\s*$)")


def change_ci(work: Work) -> None:
    """A file of any CI system, told by its content."""
    if os.path.basename(work.caller.path).startswith("Jenkinsfile"):
        from auditor.fixes.callers.jenkins import change_jenkins

        change_jenkins(work)
        return
    try:
        documents = reader.read(work.text)
    except Unreadable as error:
        work.unreadable(error.reason)
        return
    sheet = Sheet(work.text)
    for document in documents:
        if isinstance(document, Mapping) and is_github(work.caller.path, document):
            _github(work, sheet, document)
        else:
            _general(work, document)
    Carried(work, Variables([])).finish()


def _github(work: Work, sheet: Sheet, document: Mapping) -> None:
    """The steps of a workflow's jobs, or of a composite action."""
    for holder in holders(document):
        for settings in steps(document, holder):
            step = Step(work, sheet, settings)
            if is_push(step.node):
                PushAction(work, step).change()
            else:
                _step(work, step)
                _inputs(work, step.node)
        _inputs(work, holder)


def _inputs(work: Work, node: Mapping) -> None:
    """Build arguments among the inputs of an action or a workflow that is not known."""
    inputs = node.mapping("with")
    for key, value in inputs.pairs if inputs is not None else []:
        if _ARGUMENTS.fullmatch(text_of(key)):
            names = {match[1] for match in _GIVEN.finditer(text_of(value))}
            if work.fits(names) and (work.build.sole or work.matched):
                work.problem(key.span.start, "an action that is not known gets build arguments that are secrets now")


def _step(work: Work, step: Step) -> None:
    """The script of one step; a shell of its own."""
    run = step.settings.script
    if run is None:
        return
    text = _derived(work, run)
    if text is None:
        return
    unit = StepUnit(work.text, text, run, step)
    place = Place((step.root,)).to(step.path(step.settings.setting("working-directory") or "."))
    Shells(work, [unit]).run(unit, place)
    step.write()


def _derived(work: Work, node: Scalar) -> Derived | None:
    """The shell's text of a scalar, expressions of the CI system hidden."""
    if "build" not in node.value and "bud" not in node.value and "kaniko" not in node.value:
        return None
    made = shell_text(work.caller.path, work.text, node)
    if made is None and work.build.sole and "build-arg" in node.value:
        work.problem(node.span.start, "the script here is written in a way that cannot be changed safely")
    return made


def _general(work: Work, document: Node) -> None:
    """GitLab, CircleCI, Azure, Bitbucket, Cloud Build, Taskfile: scripts by the names of their keys."""
    for session in sessions(document):
        place = Place((work.folder, work.root)).to(session.folder or ".")
        if "$" in session.folder or "{" in session.folder:
            place = Place(())
        _session(work, session.texts, place)


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
