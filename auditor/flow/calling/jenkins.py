"""Jenkinsfiles: `sh` steps, and `docker.build` of the Docker Pipeline plugin."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.flow.calling.units import ShellText
from auditor.lang import groovy

if TYPE_CHECKING:
    from auditor.lang.derived import Derived
    from auditor.lang.groovy import Text

_LOOK_BACK = 300
_STEP = Pattern(
    r"\bsh(?:[ \t]*\(\s*|[ \t]+)(?:\w+[ \t]*:[ \t]*(?:\w+|'[^'\n]*'|\"[^\"\n]*\")[ \t]*,\s*)*(?:script[ \t]*:\s*)?$"
)
_PLUGIN = Pattern(r"\bdocker\.build[ \t]*\([^()\n]*,\s*$")
_BEHIND = Pattern(r"\s*(?:\)|,|\}|;|\.trim\b|$)|[ \t]*(?://[^\n]*)?\r?\n(?!\s*\+)")
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
