"""Jenkinsfiles: `sh` steps, and `docker.build` of the Docker Pipeline plugin."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.carried import Carried
from auditor.fixes.callers.directories import Place
from auditor.fixes.callers.scripts import Shells
from auditor.fixes.callers.surroundings import Foreign, Unit, Variables
from auditor.flow.calling.jenkins import JenkinsText, step_texts
from auditor.lang import groovy

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft, Work
    from auditor.lang.derived import Derived
    from auditor.lang.groovy import Text

_REFERENCE = Pattern(r"\$\{?\s*(?P<env>env\.)?(?P<name>[A-Za-z_]\w*)\s*\}?")
#: Where a variable of the environment gets its value: `withCredentials`, `environment`, `withEnv`.
_BOUND = r"[vV]ariable\s*:\s*['\"]{0}['\"]|\b{0}\s*=\s*credentials\b|['\"]{0}="


def change_jenkins(work: Work) -> None:
    """The shell texts of a Jenkinsfile."""
    if len(work.text) > groovy.MAX_CHARS:
        work.unreadable("this Jenkinsfile is too large to be read")
        return
    for node, head in step_texts(work.text):
        place = Place((work.folder, work.root))
        for folder in node.folders:
            place = place.to(None if "$" in folder else folder)
        _run(work, node, place, head)
    Carried(work, Variables([])).finish()


def _run(work: Work, node: Text, place: Place, head: str) -> None:
    raw = work.text[slice(*node.inner)]
    if not head and not any(word in raw for word in ("build", "bud", "kaniko")):
        return
    derived = groovy.derived(work.text, node, head)
    if derived is not None:
        unit = JenkinsUnit(work.text, derived, node, bare=bool(head))
        Shells(work, [unit]).run(unit, place)


class JenkinsUnit(JenkinsText, Unit):
    """The script of a step; `bare`: only the arguments of a command that the plugin puts together."""

    def __init__(self, file: str, derived: Derived, node: Text, *, bare: bool) -> None:
        super().__init__(file, derived, node)
        self.bare = bare

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        """`${env.NAME}`, or `${NAME}` where the file binds that name; else it may be a variable of Groovy itself."""
        match = _REFERENCE.fullmatch(raw)
        if match is None:
            return Foreign("")
        bound = match["env"] or Pattern(_BOUND.replace("{0}", match["name"])).search(self.file)
        return Foreign(match["name"] if bound else "")
