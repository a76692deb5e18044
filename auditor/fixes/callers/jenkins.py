"""Jenkinsfiles: `sh` steps, and `docker.build` of the Docker Pipeline plugin."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers.carried import Carried
from auditor.fixes.callers.directories import Place
from auditor.fixes.callers.scripts import Shells
from auditor.fixes.callers.surroundings import Foreign, Unit, Variables
from auditor.lang import groovy

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft, Work
    from auditor.lang.derived import Derived
    from auditor.lang.groovy import Text

_LOOK_BACK = 300
_STEP = Pattern(
    r"\bsh(?:[ \t]*\(\s*|[ \t]+)(?:\w+[ \t]*:[ \t]*(?:\w+|'[^'\n]*'|\"[^\"\n]*\")[ \t]*,\s*)*(?:script[ \t]*:\s*)?$"
)
_PLUGIN = Pattern(r"\bdocker\.build[ \t]*\([^()\n]*,\s*$")
_BEHIND = Pattern(r"\s*(?:\)|,|\}|;|\.trim\b|$)|[ \t]*(?://[^\n]*)?\r?\n(?!\s*\+)")
_REFERENCE = Pattern(r"\$\{?\s*(?P<env>env\.)?(?P<name>[A-Za-z_]\w*)\s*\}?")
#: Where a variable of the environment gets its value: `withCredentials`, `environment`, `withEnv`.
_BOUND = r"[vV]ariable\s*:\s*['\"]{0}['\"]|\b{0}\s*=\s*credentials\b|['\"]{0}="


def change_jenkins(work: Work) -> None:
    """The shell texts of a Jenkinsfile."""
    if len(work.text) > groovy.MAX_CHARS:
        work.unreadable("this Jenkinsfile is too large to be read")
        return
    for node in groovy.texts(work.text):
        before = work.text[max(node.span.start - _LOOK_BACK, 0) : node.span.start]
        if not _BEHIND.match(work.text, node.span.end):
            continue
        place = Place((work.folder, work.root))
        for folder in node.folders:
            place = place.to(None if "$" in folder else folder)
        if _STEP.search(before):
            _run(work, node, place, "")
        elif _PLUGIN.search(before):
            _run(work, node, place, "docker build ")
    Carried(work, Variables([])).finish()


def _run(work: Work, node: Text, place: Place, head: str) -> None:
    raw = work.text[slice(*node.inner)]
    if not head and not any(word in raw for word in ("build", "bud", "kaniko")):
        return
    derived = groovy.derived(work.text, node, head)
    if derived is not None:
        unit = JenkinsUnit(work.text, derived, node, bare=bool(head))
        Shells(work, [unit]).run(unit, place)


class JenkinsUnit(Unit):
    """The script of a step; `bare`: only the arguments of a command that the plugin puts together."""

    def __init__(self, file: str, derived: Derived, node: Text, *, bare: bool) -> None:
        super().__init__(file, derived)
        self._node = node
        self.bare = bare

    def own(self, text: str) -> str:
        """In the literal's quotes."""
        text = text.replace("\\", "\\\\").replace(self._node.quote[0], "\\" + self._node.quote[0])
        return text.replace("$", "\\$") if self._node.quote[0] == '"' else text

    def span(self, start: int, end: int) -> Span:
        """Of the file; what is put before the literal's text belongs into it."""
        found, first = super().span(start, end), self._node.inner.start
        return Span(max(found.start, first), max(found.end, first))

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        """`${env.NAME}`, or `${NAME}` where the file binds that name; else it may be a variable of Groovy itself."""
        match = _REFERENCE.fullmatch(raw)
        if match is None:
            return Foreign("")
        bound = match["env"] or Pattern(_BOUND.replace("{0}", match["name"])).search(self.file)
        return Foreign(match["name"] if bound else "")
