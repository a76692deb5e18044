"""What a build has to be given for a variable: the secret's id, and whether the build can do without.

It can where it asks whether the variable is empty, or holds its default.
"""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import secret_id
from auditor.fixes.plan import BuildSecret
from auditor.fixes.script import acting, full_text
from auditor.fixes.starters import started_script
from auditor.flow.variables import unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.flow.build import Build
    from auditor.flow.facts import Variable

_WORD = Pattern(r"[\w.-]+")
_NOTHING = r"(?:\"\"|'')"
_PLACE = Pattern(r"USE|NAME")
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


def secret_of(build: Build, group: Sequence[Variable], name: str) -> BuildSecret:
    """The build secret that the variables of a group with this name become."""
    argument = any(v.kind == "argument" for v in group if v.name == name)
    optional = any(v.name == name and _is_declared_empty(v) for v in group)
    optional = optional or may_be_empty(build, name) or bool(default_of(build, group, name))
    return BuildSecret(_id(build, name), "variable", name, "", not optional, argument)


def default_of(build: Build, group: Sequence[Variable], name: str) -> str:
    """The stand-in for a value that a build argument has by default, if the build asks for that; else ""."""
    for v in group:
        if v.name == name and v.kind == "argument" and v.pair.raw is not None:
            text = unquoted(v.pair.raw).text
            is_secret = v.literal is not None and v.literal.level in ("secret", "weak")
            if _WORD.fullmatch(text) and not is_secret and asked_for(build, name, text):
                return text
    return ""


def _is_declared_empty(v: Variable) -> bool:
    return v.kind == "argument" and v.pair.raw is not None and v.pair.raw.text in ("", '""', "''")


def _id(build: Build, name: str) -> str:
    """The mount's id; names that differ only in case get ids of their own, and so do other mounts."""
    made = secret_id(name)
    others = sorted({v.name for v in build.facts.variables if secret_id(v.name) == made})
    at = others.index(name) + _is_taken(build, made, name)
    return made + (f"_{at + 1}" if at else "")


def _is_taken(build: Build, made: str, name: str) -> bool:
    """Whether a mount of the file has the id for something else than the value of this variable."""
    for run in build.facts.runs:
        for flag in run.step.instruction.flags:
            fields = dict(field.partition("=")[::2] for field in (flag.value or "").split(",") if flag.name == "mount")
            if fields.get("type") == "secret" and fields.get("id") == made:
                target = fields.get("target", fields.get("dst", fields.get("destination", "")))
                if target not in ("", f"/run/secrets/{made}") or fields.get("env", name) != name:
                    return True
    return False


def may_be_empty(build: Build, name: str) -> bool:
    """Whether a RUN, or a script of the context that it starts, treats an empty value as legal."""
    known = {"USE": _use(name), "NAME": re.escape(name)}
    pattern = Pattern(_PLACE.sub(lambda place: known[place[0]], "|".join(_TESTS)))
    return any(pattern.search(text) for text in _texts(build, name))


def asked_for(build: Build, name: str, default: str) -> bool:
    """Whether a RUN compares a variable with its default, a plain word: what it holds if the build is given nothing."""
    use, value = _use(name), rf"[\"']?{re.escape(default)}[\"']?"
    pattern = Pattern(
        rf"{use}\s*!?==?\s*{value}(?=[\s\];&|)]|\Z)|(?<![\w$]){value}\s*!?==?\s*{use}"
        rf"|\bcase\s+{use}\s+in\s+{value}\s*[|)]"
    )
    return any(pattern.search(text) for text in _texts(build, name))


def _use(name: str) -> str:
    escaped = re.escape(name)
    return rf"\"?\$(?:\{{{escaped}\}}|{escaped}\b)\"?"


def _texts(build: Build, name: str) -> Iterator[str]:
    yield from (full_text(run.step.instruction) for run in build.facts.runs)
    yield from (text for text in _scripts(build) if name in text)


@lru_cache(maxsize=2)
def _scripts(build: Build) -> tuple[str, ...]:
    """The scripts of the context that RUNs start."""
    found: dict[str, None] = {}
    for run in build.facts.runs if build.context is not None else ():
        node = run.step.instruction
        calls = [[word.text for word in node.words]] if node.json else []
        for words in calls or ([word.rendered for word in each.words] for each in acting(run)):
            found[started_script(build, words)] = None
    return tuple(found)
