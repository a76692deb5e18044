"""Whether a build can do without a secret: it asks whether the variable is empty."""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.script import acting, full_text
from auditor.fixes.starters import started_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.build import Build

_NOTHING = r"(?:\"\"|'')"
#: With USE for the variable as it is expanded, and NAME for its name.
_TESTS = (
    r"-[nz]\s+\"?\$\{?NAME\b",
    r"\$\{NAME:?[-+]",
    r"\[\s+USE\s+\]",
    r"\btest\s+USE\s*(?:[;&|)\n]|\Z)",
    rf"USE\s*!?==?\s*{_NOTHING}",
    rf"{_NOTHING}\s*!?==?\s*USE",
    r"(?P<mark>[A-Za-z_.])\$\{?NAME\}?[\"']?\s*!?==?\s*[\"']?(?P=mark)[\"']?\s*(?:[\];&|)\n]|\Z)",
    rf"\bcase\s+USE\s+in\b[^;]{{0,400}}?{_NOTHING}\s*[|)]",
)


def may_be_empty(build: Build, name: str) -> bool:
    """Whether a RUN, or a script of the context that it starts, treats an empty value as legal."""
    use = rf"\"?\$(?:\{{{name}\}}|{name}\b)\"?"
    pattern = Pattern("|".join(_TESTS).replace("USE", use).replace("NAME", name))
    return any(pattern.search(text) for text in _texts(build, name))


def asked_for(build: Build, name: str, default: str) -> bool:
    """Whether a RUN compares a variable with its default, a plain word: what it holds if the build is given nothing."""
    use = rf"\"?\$(?:\{{{name}\}}|{name}\b)\"?"
    value = rf"[\"']?{re.escape(default)}[\"']?"
    pattern = Pattern(
        rf"{use}\s*!?==?\s*{value}(?=[\s\];&|)]|\Z)|(?<![\w$]){value}\s*!?==?\s*{use}|\bcase\s+{use}\s+in\s+{value}\s*[|)]"
    )
    return any(pattern.search(text) for text in _texts(build, name))


def _texts(build: Build, name: str) -> Iterator[str]:
    for run in build.facts.runs:
        node = run.step.instruction
        yield full_text(node)
        if build.context is None:
            continue
        argv = [[word.text for word in node.words]] if node.json else []
        for words in argv or ([word.rendered for word in each.words] for each in acting(run)):
            text = started_script(build, words)
            if name in text:
                yield text
