"""Variables and who gave them their value: snapshots of a stage's names, and the global ARGs. Knows no stages.

Work and memory are bounded: what expansion and inheritance cost beyond `MAX_EXPANDED` characters and `MAX_INHERITED`
names in one file stays unexpanded or is not inherited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.core.record import NamedTuple
from auditor.lang.dockerfile.nodes import Document, Instruction, Pair
from auditor.lang.dockerfile.words import ExpansionError, expand

MAX_EXPANDED = 1 << 25
MAX_INHERITED = 1_000_000

#: Declared by ARG, yet never part of the environment.
NOT_ENVIRONMENT = ("BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE")

_PLATFORM_ARGS = {
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDOSVERSION": "",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETOSVERSION": "",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
}


class Declaration(NamedTuple):
    """One value that a name was given.

    `kind` is "arg" or "env"; `value` is None for an ARG without default. `pair` and `instruction` are None for what
    no instruction gave (platform arguments, the base image's environment). `origin` is the global ARG from which
    `ARG X` in a stage takes its value.
    """

    name: str
    value: str | None
    kind: str
    pair: Pair | None
    instruction: Instruction | None
    origin: Declaration | None = None


class Table:
    """Values of one stage by name, each with the number of the change that made it."""

    __slots__ = ("changes", "history", "inherited")

    def __init__(self, inherited: Mapping[str, Declaration]) -> None:
        self.inherited = inherited
        self.history: dict[str, list[tuple[int, Declaration]]] = {}
        self.changes = 0

    def set(self, declaration: Declaration) -> None:
        """Add a declaration; it holds from the next version on."""
        self.changes += 1
        self.history.setdefault(declaration.name, []).append((self.changes, declaration))

    def find(self, name: str, version: int) -> Declaration | None:
        """The declaration of a name as of a version."""
        entries = self.history.get(name)
        if entries is None or entries[0][0] > version:
            return self.inherited.get(name)
        low, high = 0, len(entries)
        while high - low > 1:
            middle = (low + high) // 2
            if entries[middle][0] <= version:
                low = middle
            else:
                high = middle
        return entries[low][1]

    def names(self, version: int) -> list[str]:
        """All names declared as of a version."""
        own = [name for name, entries in self.history.items() if entries[0][0] <= version]
        return [*self.inherited, *(name for name in own if name not in self.inherited)]

    def final(self) -> dict[str, Declaration]:
        """The last declaration of every name."""
        return {**self.inherited, **{name: entries[-1][1] for name, entries in self.history.items()}}


class Environment:
    """The variables that one instruction sees. A snapshot: later instructions do not change it."""

    __slots__ = ("_table", "_version", "escape")

    def __init__(self, table: Table, escape: str) -> None:
        self._table = table
        self._version = table.changes
        self.escape = escape

    def get(self, name: str) -> str | None:
        """The value, None where the name has none."""
        found = self._table.find(name, self._version)
        return found.value if found is not None and name not in NOT_ENVIRONMENT else None

    def expand(self, text: str) -> str:
        """The text with variables expanded and quotes removed; the text itself where BuildKit would refuse it."""
        try:
            return expand(text, self.get, self.escape)
        except ExpansionError:
            return text

    def declared(self, name: str) -> Declaration | None:
        """Who gave the name its current value; also for an ARG that has none."""
        return self._table.find(name, self._version)

    def kind(self, name: str) -> str | None:
        """ "arg" or "env"; None where the name is not declared."""
        found = self._table.find(name, self._version)
        return found.kind if found is not None else None

    def names(self) -> list[str]:
        """All declared names."""
        return self._table.names(self._version)


class Budget:
    """What is left to spend on one file."""

    __slots__ = ("characters", "names")

    def __init__(self) -> None:
        self.characters = MAX_EXPANDED
        self.names = MAX_INHERITED


class GlobalScope:
    """The ARGs before the first FROM, and the platform arguments. `error` is the first expansion BuildKit refuses."""

    __slots__ = ("_table", "budget", "build_args", "environment", "error", "escape")

    def __init__(
        self, document: Document, args: Sequence[Instruction], build_args: Mapping[str, str], target: str | None
    ) -> None:
        self.escape = document.escape
        self.build_args = build_args
        self.budget = Budget()
        self.error = ""
        given = {**_PLATFORM_ARGS, "TARGETSTAGE": target or "default"}
        inherited = {
            name: Declaration(name, build_args.get(name, value), "arg", None, None) for name, value in given.items()
        }
        self._table = Table(inherited)
        self.environment = Environment(self._table, self.escape)
        for instruction in args:
            self.add(instruction)

    def add(self, instruction: Instruction) -> None:
        """Take a global ARG into account."""
        if instruction.keyword == "ARG":
            for pair in instruction.pairs:
                self._declare(pair, instruction)
            self.environment = Environment(self._table, self.escape)

    def _declare(self, pair: Pair, instruction: Instruction) -> None:
        value = self.build_args.get(pair.name)
        if value is None:
            if pair.raw is None:
                return
            value, error = expand_within(pair.raw.text, Environment(self._table, self.escape), self.budget)
            self.error = self.error or error
        self._table.set(Declaration(pair.name, value, "arg", pair, instruction))


def expand_within(text: str, environment: Environment, budget: Budget) -> tuple[str, str]:
    """Expanded text and why BuildKit refuses it ("" mostly; then the text is as written)."""
    if budget.characters <= 0:
        return text, "expansion too long"
    try:
        value = expand(text, environment.get, environment.escape)
    except ExpansionError as error:
        return text, str(error)
    if value is not text:
        budget.characters -= len(value)
    return value, ""
