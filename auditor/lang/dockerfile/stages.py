"""Build stages: where each begins, what it builds on, which stages it takes files from. Knows no check."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.lang.dockerfile.arguments import read_instruction
from auditor.lang.dockerfile.environment import GlobalScope
from auditor.lang.dockerfile.mounts import mount_fields
from auditor.lang.dockerfile.nodes import Document, Instruction

_INDEX = Pattern(r"[-+]?[0-9]{1,9}\Z")


class Stage:
    """One build stage.

    `name` is in lower case (None without AS); `span` runs from FROM to the end of the last instruction;
    `instructions` are those after FROM. `base` is the image or stage name with global ARGs expanded ("" where
    BuildKit would find it blank), `base_stage` the index of the stage it names. `depends_on` are the indices of all
    stages that FROM, COPY --from and RUN --mount from= name, in order. `triggers` are the instructions that the
    base stage's ONBUILD runs before this stage's own. `is_final` marks the stage that is built.
    """

    __slots__ = (
        "base",
        "base_stage",
        "depends_on",
        "from_instruction",
        "index",
        "instructions",
        "is_final",
        "name",
        "platform",
        "span",
        "triggers",
    )

    def __init__(self, index: int, from_instruction: Instruction, instructions: tuple[Instruction, ...]) -> None:
        self.index = index
        self.from_instruction = from_instruction
        self.instructions = instructions
        args = from_instruction.args
        self.name = args[2].lower() if len(args) == 3 and args[1].lower() == "as" else None
        last = instructions[-1] if instructions else from_instruction
        self.span = Span(from_instruction.span.start, last.span.end)
        self.base = ""
        self.base_stage: int | None = None
        self.platform = ""
        self.is_final = False
        self.depends_on: tuple[int, ...] = ()
        self.triggers: tuple[Instruction, ...] = ()

    def __repr__(self) -> str:
        return f"Stage({self.index}, {self.name or self.base!r})"


def global_args(document: Document) -> tuple[Instruction, ...]:
    """The instructions before the first FROM; BuildKit allows only ARG there."""
    found: list[Instruction] = []
    for instruction in document.instructions:
        if instruction.keyword == "FROM":
            break
        found.append(instruction)
    return tuple(found)


def stages(document: Document, build_args: Mapping[str, str] | None = None, target: str | None = None) -> list[Stage]:
    """The stages in order. `target` is what `--target` names, a stage name or index; by default the last is final."""
    found = _split(document)
    scope = GlobalScope(document, global_args(document), build_args or {}, target or (found[-1].name if found else ""))
    by_name: dict[str, int] = {}
    for stage in found:
        args = stage.from_instruction.args
        stage.base = scope.environment.expand(args[0]) if args else ""
        stage.platform = scope.environment.expand(stage.from_instruction.flag("platform") or "")
        stage.base_stage = by_name.get(stage.base)
        if stage.base_stage is not None:
            stage.triggers = _triggers(found[stage.base_stage], document.escape)
        if stage.name is not None:
            by_name[stage.name] = stage.index
    for stage in found:
        sources = _sources(stage, by_name, len(found))
        base = () if stage.base_stage is None else (stage.base_stage,)
        stage.depends_on = tuple(dict.fromkeys((*base, *sources)))
    final = find_stage(target, by_name, len(found)) if target else None
    if found:
        found[final if final is not None else -1].is_final = True
    return found


def find_stage(name: str, by_name: Mapping[str, int], count: int) -> int | None:
    """Index of the stage that `COPY --from` means by a name or number; None for an image."""
    if _INDEX.match(name):
        index = int(name)
        return index if 0 <= index < count else None
    return by_name.get(name.lower())


def needed(found: list[Stage]) -> set[int]:
    """Indices of the stages that the final stage needs, itself included; BuildKit builds no others."""
    pending = [stage.index for stage in found if stage.is_final]
    reached: set[int] = set()
    while pending:
        index = pending.pop()
        if index not in reached:
            reached.add(index)
            pending += found[index].depends_on
    return reached


def _split(document: Document) -> list[Stage]:
    found: list[Stage] = []
    begin: Instruction | None = None
    inside: list[Instruction] = []
    for instruction in document.instructions:
        if instruction.keyword != "FROM":
            inside.append(instruction)
            continue
        if begin is not None:
            found.append(Stage(len(found), begin, tuple(inside)))
        begin, inside = instruction, []
    if begin is not None:
        found.append(Stage(len(found), begin, tuple(inside)))
    return found


def source_names(instruction: Instruction) -> list[str]:
    """What COPY --from and RUN --mount from= name, as written: stages, stage numbers (COPY only) or images."""
    found: list[str] = []
    for flag in instruction.flags:
        if instruction.keyword == "COPY" and flag.name == "from" and flag.value:
            found.append(flag.value)
        elif instruction.keyword == "RUN" and flag.name == "mount":
            found.append(mount_fields(flag.value or "").get("from", ""))
    return [name for name in found if name]


def find_source(instruction: Instruction, name: str, by_name: Mapping[str, int], count: int) -> int | None:
    """Index of the stage that an instruction means by a source name; None for an image."""
    if instruction.keyword == "COPY":
        return find_stage(name, by_name, count)
    return by_name.get(name.lower())


def _triggers(stage: Stage, escape: str) -> tuple[Instruction, ...]:
    """What a stage's ONBUILD adds to stages built on it; BuildKit reads it again with its default escape."""
    found: list[Instruction] = []
    for instruction in stage.instructions:
        if instruction.keyword == "ONBUILD" and instruction.child is not None:
            child = instruction.child
            if escape != "\\":
                child = read_instruction(instruction.body, "\\", nested=True)[0]
                child.line, child.end_line, child.heredocs = (
                    instruction.line,
                    instruction.end_line,
                    instruction.heredocs,
                )
            found.append(child)
    return tuple(found)


def _sources(stage: Stage, by_name: Mapping[str, int], count: int) -> tuple[int, ...]:
    indices: dict[int, None] = {}
    for instruction in (*stage.triggers, *stage.instructions):
        for name in source_names(instruction):
            source = find_source(instruction, name, by_name, count)
            if source is not None:
                indices[source] = None
    return tuple(indices)


def shipped(found: list[Stage]) -> frozenset[int]:
    """Stages whose layers and configuration are part of the final image: the final one and what it builds on."""
    index = next((s.index for s in found if s.is_final), None)
    kept: set[int] = set()
    while index is not None and index not in kept:
        kept.add(index)
        index = found[index].base_stage
    return frozenset(kept)
