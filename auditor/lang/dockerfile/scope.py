"""ARG and ENV in BuildKit's order: what each name is worth before each instruction, stage after stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from auditor.lang.dockerfile.environment import Declaration, Environment, GlobalScope, Table, expand_within
from auditor.lang.dockerfile.nodes import Document, Instruction
from auditor.lang.dockerfile.stages import Stage, global_args, stages

__all__ = ["DEFAULT_PATH", "PREDEFINED_ARGS", "Declaration", "Environment", "Scope", "walk"]

#: What BuildKit gives a Linux image that has no PATH of its own.
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#: Build arguments that RUN sees without a declaration. Expansion in other instructions does not see them.
PREDEFINED_ARGS = frozenset(
    name
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (upper, upper.lower())
)


class Scope:
    """The variables of one stage, changed instruction by instruction with `apply`.

    `env` and `labels` are what the image's configuration holds so far, in BuildKit's order. `error` is the first
    expansion that BuildKit refuses.
    """

    __slots__ = ("_global", "_table", "env", "error", "labels")

    def __init__(self, outer: GlobalScope, parent: Scope | None, base_env: Mapping[str, str]) -> None:
        self._global = outer
        self.error = ""
        self.env: dict[str, Declaration] = {}
        self.labels: dict[str, str] = {}
        values: dict[str, Declaration] = {}
        if parent is None:
            self.env = {name: Declaration(name, value, "env", None, None) for name, value in base_env.items()}
        elif outer.budget.names >= (cost := len(parent.env) + len(parent.labels) + parent.size):
            outer.budget.names -= cost
            values = parent._table.final()
            self.env = dict(parent.env)
            self.labels = dict(parent.labels)
        if "PATH" not in self.env:
            self.env["PATH"] = Declaration("PATH", DEFAULT_PATH, "env", None, None)
        values.update(self.env)
        self._table: Table = Table(values)

    @classmethod
    def of(cls, stage: Stage, outer: GlobalScope, scopes: Sequence[Scope], base_env: Mapping[str, str]) -> Scope:
        """The scope at the beginning of a stage: what it inherits of the stages before it, whose scopes are given."""
        return cls(outer, scopes[stage.base_stage] if stage.base_stage is not None else None, base_env)

    @property
    def size(self) -> int:
        """Number of names declared."""
        return len(self._table.inherited) + len(self._table.history)

    @property
    def environment(self) -> Environment:
        """The variables as they are now."""
        return Environment(self._table, self._global.escape)

    def apply(self, instruction: Instruction) -> None:
        """Take an instruction's ARG, ENV and LABEL into account."""
        change = _CHANGES.get(instruction.keyword)
        if change is not None:
            change(self, instruction)

    def _expand(self, text: str, environment: Environment) -> str:
        value, error = expand_within(text, environment, self._global.budget)
        self.error = self.error or error
        return value

    def _arg(self, instruction: Instruction) -> None:
        outer = self._global
        for pair in instruction.pairs:
            origin: Declaration | None = None
            value = outer.build_args.get(pair.name)
            if value is None and pair.raw is not None:
                value = self._expand(pair.raw.text, self.environment)
            elif value is None:
                origin = outer.environment.declared(pair.name)
                value = origin.value if origin is not None else None
                if value is None and (current := self._table.find(pair.name, self._table.changes)):
                    value, origin = current.value, current
                    if current.kind == "env":
                        continue
            self._table.set(Declaration(pair.name, value, "arg", pair, instruction, origin))

    def _env(self, instruction: Instruction) -> None:
        before = self.environment
        found = [
            Declaration(
                self._expand(pair.name, before),
                self._expand(pair.raw.text if pair.raw else "", before),
                "env",
                pair,
                instruction,
            )
            for pair in instruction.pairs
        ]
        for declaration in found:
            self._table.set(declaration)
            self.env[declaration.name] = declaration

    def _label(self, instruction: Instruction) -> None:
        before = self.environment
        for pair in instruction.pairs:
            name = self._expand(pair.name, before)
            self.labels[name] = self._expand(pair.raw.text if pair.raw else "", before)


_CHANGES: dict[str, Callable[[Scope, Instruction], None]] = {
    "ARG": Scope._arg,
    "ENV": Scope._env,
    "LABEL": Scope._label,
}


def walk(
    document: Document, build_args: Mapping[str, str] | None = None, target: str | None = None
) -> Iterator[tuple[Instruction, Environment]]:
    """Each instruction with the environment before it: global for what stands before FROM and for FROM itself."""
    found = stages(document, build_args, target)
    outer = GlobalScope(document, (), build_args or {}, target)
    for instruction in global_args(document):
        yield instruction, outer.environment
        outer.add(instruction)
    scopes: list[Scope] = []
    for stage in found:
        yield stage.from_instruction, outer.environment
        scope = Scope.of(stage, outer, scopes, {})
        scopes.append(scope)
        for trigger in stage.triggers:
            scope.apply(trigger)
        for instruction in stage.instructions:
            yield instruction, scope.environment
            scope.apply(instruction)
