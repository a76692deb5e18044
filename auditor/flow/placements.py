"""Where files of the build context come to lie in the stages of a build, also by way of `COPY --from`."""

from __future__ import annotations

from functools import lru_cache

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.flow.facts import Step
from auditor.flow.paths import absolute, covers
from auditor.lang.dockerfile.stages import find_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.build import Build
    from auditor.lang.dockerfile.nodes import Instruction

MAX_FILES = 2_000


class Placement(NamedTuple):
    """A file of the build context in a stage: its path there, its path in the context, and the word that takes it."""

    target: str
    source: str
    step: Step
    span: Span


@lru_cache(maxsize=4)
def placements(build: Build) -> tuple[Placement, ...]:
    """Every file that COPY and ADD bring, stage by stage, as far as their places can be told; bounded in number."""
    if build.context is None:
        return ()
    return tuple(_Placing(build).all())


def is_cut(build: Build) -> bool:
    """Whether there may be more files than are told."""
    return len(placements(build)) >= MAX_FILES


class _Placing:
    def __init__(self, build: Build) -> None:
        self.build = build
        self.room = MAX_FILES
        self.named: dict[int, list[tuple[Step, str, str, Span]]] = {}
        for placed in build.facts.placed:
            self.named.setdefault(id(placed[0].instruction), []).append(placed)
        for file in build.facts.files:
            if file.how == "copied":
                placed = (file.step, file.path, file.content, file.span)
                self.named.setdefault(id(file.step.instruction), []).append(placed)
        self.shown: dict[int, dict[str, Placement]] = {}
        self.names = {s.name: s.index for s in build.stages if s.name is not None}

    def all(self) -> Iterator[Placement]:
        """All of them in file order."""
        for stage in self.build.stages:
            here = dict(self.shown.get(stage.base_stage, {})) if stage.base_stage is not None else {}
            self.shown[stage.index] = here
            for node in stage.instructions:
                found = self._taken(node) if id(node) in self.named else self._carried(node, stage.index)
                for placement in found:
                    if self.room <= 0:
                        return
                    self.room -= 1
                    here[placement.target] = placement
                    yield placement

    def _taken(self, node: Instruction) -> Iterator[Placement]:
        assert self.build.context is not None
        for step, target, source, span in self.named[id(node)]:
            folder = source.strip("/").removeprefix("./")
            folder = "" if folder == "." else folder
            for path in self.build.context.select(source):
                below = path.removeprefix(f"{folder}/") if folder and path != folder else path
                yield Placement(target if path == folder else f"{target.rstrip('/')}/{below}", path, step, span)

    def _carried(self, node: Instruction, stage: int) -> list[Placement]:
        name = node.flag("from") if node.keyword == "COPY" else None
        index = find_stage(name, self.names, len(self.build.stages)) if name else None
        if index is None or index not in self.shown or len(node.words) < 2 or "$" in node.body.text:
            return []
        step = Step(node, stage, stage in self.build.ships, False)
        goal = node.words[-1].text
        found: list[Placement] = []
        for word in node.words[:-1]:
            source = absolute(word.text, "/", "/root")
            for path, placement in self.shown[index].items():
                if not covers(source, path, shell=False):
                    continue
                is_folder = path != source
                below = path[len(source.rstrip("/")) :] if is_folder else f"/{path.rpartition('/')[2]}"
                into = is_folder or goal.endswith("/") or len(node.words) > 2
                target = absolute(goal, "/", "/root")
                if any(c in source for c in "*?["):
                    below, into = f"/{path.rpartition('/')[2]}", True
                found.append(
                    Placement(target.rstrip("/") + below if into else target, placement.source, step, word.whole)
                )
        return found
