"""Jenkinsfiles: `sh` steps, and `docker.build` of the Docker Pipeline plugin."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.flow.calling.given import LITERAL, Given, of_text
from auditor.flow.calling.units import ShellText
from auditor.flow.calling.uses import VARIABLE, Use
from auditor.lang import groovy
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    from auditor.flow.calling.files import Gathered
    from auditor.lang.derived import Derived
    from auditor.lang.groovy import Text

_LOOK_BACK = 300
_STEP = Pattern(
    r"\bsh(?:[ \t]*\(\s*|[ \t]+)(?:\w+[ \t]*:[ \t]*(?:\w+|'[^'\n]*'|\"[^\"\n]*\")[ \t]*,\s*)*(?:script[ \t]*:\s*)?$"
)
_PLUGIN = Pattern(r"\bdocker\.build[ \t]*\([^()\n]*,\s*$")
_BEHIND = Pattern(r"\s*(?:\)|,|\}|;|\.trim\b|$)|[ \t]*(?://[^\n]*)?\r?\n(?!\s*\+)")
#: A variable of an `environment` block, before its value; one of `withEnv`, with it.
_SETTING = Pattern(r"(?:^|[\s{;])(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*$")
_PAIR = Pattern(r"(?P<name>[A-Za-z_]\w*)=(?P<value>\S+)")
#: What the plugin puts before the arguments that it is given.
PLUGIN_HEAD = "docker build "


def step_texts(text: str) -> Iterator[tuple[Text, str]]:
    """The string literals that are shell scripts, each with what has to be put before it: "", or `PLUGIN_HEAD`."""
    for node in groovy.texts(text):
        before = text[max(node.span.start - _LOOK_BACK, 0) : node.span.start]
        if not _BEHIND.match(text, node.span.end):
            continue
        if _STEP.search(before):
            yield node, ""
        elif _PLUGIN.search(before):
            yield node, PLUGIN_HEAD


class JenkinsText(ShellText):
    """The script of a step."""

    def __init__(self, file: str, derived: Derived, node: Text) -> None:
        super().__init__(file, derived)
        self._node = node

    def own(self, text: str) -> str:
        """In the literal's quotes."""
        text = text.replace("\\", "\\\\").replace(self._node.quote[0], "\\" + self._node.quote[0])
        return text.replace("$", "\\$") if self._node.quote[0] == '"' else text

    def span(self, start: int, end: int) -> Span:
        """Of the file; what is put before the literal's text belongs into it."""
        found, first = super().span(start, end), self._node.inner.start
        return Span(max(found.start, first), max(found.end, first))


def read_into(into: Gathered) -> None:
    """The shell steps of a Jenkinsfile, and literals that variables of the environment get. Raises Unreadable."""
    text = into.text
    if len(text) > groovy.MAX_CHARS:
        raise Unreadable("the file is too large")
    for node, head in step_texts(text):
        derived = groovy.derived(text, node, head)
        if derived is not None:
            into.shell([JenkinsText(text, derived, node)])
    for node in groovy.texts(text):
        inner = text[slice(*node.inner)]
        before = text[max(node.span.start - _LOOK_BACK, 0) : node.span.start]
        setting, pair = _SETTING.search(before), _PAIR.fullmatch(inner)
        if setting is not None:
            _variable(into, setting["name"], inner, node.inner)
        elif pair is not None and before.rstrip().endswith(("[", ",")):
            at = node.inner.start + pair.start("value")
            _variable(into, pair["name"], pair["value"], Span(at, at + len(pair["value"])))


def _variable(into: Gathered, name: str, value: str, span: Span) -> None:
    literal = of_text(name, value, span) if "\n" not in value and "\\" not in value else None
    if literal is not None:
        into.uses.append(Use(VARIABLE, "", name, literal.span, Given(LITERAL, span, literal, "")))
