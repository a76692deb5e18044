"""Secret variables that belong together, what keeps their values, and where the builder itself reads them."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Variable
    from auditor.lang.dockerfile.nodes import Instruction

_KEPT = frozenset({"written", "stored", "cloned", "inline"})
#: Instructions whose text a shell expands, not the builder; their flags are the builder's.
_READ_BY_SHELLS = frozenset("RUN CMD ENTRYPOINT HEALTHCHECK SHELL ONBUILD MAINTAINER".split())
_MOST_MEETINGS = 200_000
_TOO_MANY = "there are too many secret variables and RUNs to follow"


def groups(build: Build) -> list[list[Variable]]:
    """Secret variables that hold the same value or are made of one another, each group in file order."""
    wanted = [v for v in build.facts.variables if _concerned(v)]
    parent = {id(v): id(v) for v in wanted}

    def root(key: int) -> int:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    by_name: dict[str, int] = {}
    for v in wanted:
        by_name.setdefault(v.name, id(v))
        parent[root(id(v))] = root(by_name[v.name])
        for source in v.sources:
            if id(source) in parent:
                parent[root(id(v))] = root(id(source))
    found: dict[int, list[Variable]] = {}
    for v in wanted:
        found.setdefault(root(id(v)), []).append(v)
    return list(found.values())


def too_many(build: Build, found: list[list[Variable]]) -> Iterator[Refusal]:
    """The reason, if there are too many to follow in bounded time: each secret meets every RUN and other secret."""
    count = sum(map(len, found))
    if count * (len(build.facts.runs) + count) > _MOST_MEETINGS:
        yield Refusal(tuple(v.pair.span for group in found for v in group), _TOO_MANY)


def _concerned(v: Variable) -> bool:
    literal = v.literal
    if literal is not None and literal.level == "placeholder" and v.kind == "environment":
        return False
    return v.sensitive or v.suspect


def files_of(build: Build, group: list[Variable]) -> list[LayerFile]:
    """Files that keep the value of one of them."""
    members = {id(v) for v in group}
    return [
        file
        for file in build.facts.files
        if file.how in _KEPT and any(id(origin.variable) in members for origin in file.origins)
    ]


def is_key_file(file: LayerFile) -> bool:
    """Whether it is an ssh key: the ssh planner's."""
    return file.kind is not None and file.kind.ssh


def expanded_in(build: Build, name: str, besides: Collection[Instruction] = ()) -> str:
    """The keyword of an instruction, RUN and declarations aside, in which the builder fills a name in; "" for none.

    A variable of the same name in another stage counts as well: telling them apart is not worth a broken build.
    """
    pattern = Pattern(rf"\$\{{?{name}\b")
    for node in build.document.instructions:
        if node in besides:
            continue
        if node.keyword in _READ_BY_SHELLS:
            texts = [flag.text for flag in node.flags]
        else:
            texts = [build.document.text[node.span.start : node.span.end]]
        if node.keyword not in ("ARG", "ENV") and any(pattern.search(text) for text in texts):
            return node.keyword
    return ""
