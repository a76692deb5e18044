"""What is known at one point of a build: the stage's layer files, and inside a RUN the shell's variables and folder."""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.span import Span
from auditor.flow.facts import CacheUse, LayerFile, Literal, Origin, Run, Step, Use, Variable
from auditor.flow.paths import absolute, covers
from auditor.lang.shell.nodes import Literal as Text
from auditor.lang.shell.nodes import Script, VariableUse, Word

#: Folder, home, origins and literal values of variables, exported names: what a subshell gets a copy of.
State = tuple[str, str, dict[str, tuple[Origin, ...]], dict[str, str], dict[str, bool]]
#: Credential files that one stage may hold at a time; copying trees into each other multiplies them.
MAX_FILES = 2_000


class Facts:
    """Everything found so far, in build order. `limits` says what a bound cut short."""

    __slots__ = ("caches", "files", "limits", "placed", "runs", "uses", "variables")

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.files: list[LayerFile] = []
        self.uses: list[Use] = []
        self.caches: list[CacheUse] = []
        self.limits: list[tuple[Step, str]] = []
        #: Every file that COPY or ADD takes from the context: where it lands, its source, the word that names it.
        self.placed: list[tuple[Step, str, str, Span]] = []
        #: Every RUN in file order, those of ONBUILD triggers included.
        self.runs: list[Run] = []

    def show(self, layers: Layers, path: str, file: LayerFile, step: Step) -> bool:
        """Show a file at a path of a stage; False, and noted, where the stage holds too many."""
        shown = layers.put(path, file)
        if not shown:
            self.cut(step, "more credential files in one stage than are followed")
        return shown

    def cut(self, step: Step, reason: str) -> None:
        """Note that a bound cut something short; each reason once."""
        if all(known != reason for _step, known in self.limits):
            self.limits.append((step, reason))


class Layers:
    """The credential files that a stage's file system shows, by path; those of its base stage included.

    What is removed disappears here, while the fact (`LayerFile`) stays: the earlier layer still holds it.
    """

    __slots__ = ("files", "took_unknown")

    def __init__(self, parent: Layers | None = None) -> None:
        self.files: dict[str, LayerFile] = dict(parent.files) if parent else {}
        #: Whether a whole folder was copied in, which may have brought files nobody named.
        self.took_unknown: bool = parent.took_unknown if parent else False

    def find(self, pattern: str, *, shell: bool = True) -> list[tuple[str, LayerFile]]:
        """The files that a path covers, with their paths; `shell`: wildcards spare dot files, as a shell's do."""
        exact = self.files.get(pattern)
        if exact is not None:
            return [(pattern, exact)]
        return [(path, file) for path, file in self.files.items() if covers(pattern, path, shell=shell)]

    def put(self, path: str, file: LayerFile) -> bool:
        """Show a file at a path; False where the stage holds too many."""
        if len(self.files) >= MAX_FILES and path not in self.files:
            return False
        self.files[path] = file
        return True


class Shell:
    """State while the commands of one RUN are followed.

    `origins(name)` says where a variable's value comes from; `values` are those known literally. `mounts` are the
    build secrets' files by target path, `fleeting` the targets of mounts that no layer keeps. `names` gives every
    name that ENV and ARG set. `branch` says that the running command may not run at all.
    """

    __slots__ = (
        "_given",
        "_overrides",
        "branch",
        "caches",
        "cwd",
        "exported",
        "facts",
        "fleeting",
        "functions",
        "home",
        "layers",
        "mounts",
        "names",
        "outputs",
        "previous",
        "step",
        "traps",
        "values",
        "xtrace",
    )

    def __init__(self, step: Step, facts: Facts, layers: Layers, cwd: str, home: str) -> None:
        self.step = step
        self.facts = facts
        self.layers = layers
        self.cwd = cwd
        self.previous = cwd
        self.home = home
        self._given: Callable[[str], Variable | None] = lambda _name: None
        self._overrides: dict[str, tuple[Origin, ...]] = {}
        self.names: Callable[[], list[str]] = list
        self.exported: dict[str, bool] = {}
        self.values: dict[str, str] = {}
        self.mounts: list[tuple[str, Origin]] = []
        self.fleeting: list[str] = []
        self.functions: dict[str, Script] = {}
        self.traps: list[Script] = []
        self.outputs: dict[int, tuple[Origin, ...]] = {}
        self.caches: list[CacheUse] = []
        self.branch = False
        self.xtrace = False

    # -- variables -----------------------------------------------------------------------------------------------

    def know(self, given: Callable[[str], Variable | None], names: Callable[[], list[str]]) -> None:
        """Where the variables of ARG and ENV are found, and what all of them are called."""
        self._given, self.names = given, names

    def origins(self, name: str) -> tuple[Origin, ...]:
        """Where the value of a variable comes from."""
        known = self._overrides.get(name)
        if known is None:
            variable = self._given(name)
            known = (Origin.of(variable),) if variable is not None else ()
            self._overrides[name] = known
        return known

    def assign(self, name: str, origins: tuple[Origin, ...], value: str | None) -> None:
        """Give a variable a value. In a branch that may not run, what it held before stays possible."""
        if self.branch:
            self._overrides[name] = unique([*self.origins(name), *origins])
            self.values.pop(name, None)
            return
        self._overrides[name] = origins
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value
            if name == "HOME" and value.startswith("/"):
                self.home = value

    def environment(self) -> tuple[Origin, ...]:
        """What `env` prints: every exported variable."""
        names = dict.fromkeys(self.names(), True) | self.exported
        return unique([o for name, is_set in names.items() if is_set for o in self.origins(name)])

    def saved(self) -> State:
        """What a subshell cannot change for good."""
        return self.cwd, self.home, dict(self._overrides), dict(self.values), dict(self.exported)

    def restore(self, state: State) -> None:
        """Back to what `saved` gave."""
        self.cwd, self.home, self._overrides, self.values, self.exported = state

    # -- files ---------------------------------------------------------------------------------------------------

    def path(self, word: Word) -> str:
        """Absolute path that a word names, variables filled in as far as their values are known."""
        return absolute(self.text(word), self.cwd, self.home)

    def text(self, word: Word) -> str:
        """A word's text with known variables filled in."""
        out = []
        for part in word.parts:
            if isinstance(part, Text):
                out.append(part.text)
            elif isinstance(part, VariableUse):
                out.append(self._value(part.name))
            else:
                out.append("$(...)")
        return "".join(out)

    def value(self, name: str) -> str:
        """A variable's value, or its name in braces where only that it is set is known; "" for one that is not."""
        is_set = name in self.values or bool(self.origins(name)) or self._given(name) is not None
        return self._value(name) if is_set else ""

    def _value(self, name: str) -> str:
        if name == "HOME":
            return self.home
        if name in self.values:
            return self.values[name]
        variable = None if name in self._overrides and not self.origins(name) else self._given(name)
        if variable is not None and variable.value and not variable.sensitive:
            return variable.value
        return "${" + name + "}"

    def keeps(self, path: str) -> bool:
        """Whether what is written to a path stays in the layer."""
        return not path.startswith(("/dev/", "/proc/", "/run/secrets/")) and not any(
            covers(target, path) for target in self.fleeting
        )

    def contents(self, path: str) -> tuple[Origin, ...]:
        """Where the content of a file comes from: a mounted build secret, or a credential file of the layers."""
        found = [origin for target, origin in self.mounts if covers(path, target) or covers(target, path)]
        if not found:
            found = [
                Origin("file", at, file.span, file=file)
                for at, file in self.layers.find(path)
                if at == path or "*" in path
            ]
        return tuple(found)

    def put(self, path: str, file: LayerFile) -> None:
        """Record a file that the running command leaves in the layer."""
        self.facts.files.append(file)
        self.facts.show(self.layers, path, file, self.step)

    def remove(self, path: str, span: Span) -> bool:
        """Take files out of the file system; returns whether any known one was there."""
        found = self.layers.find(path)
        for at, file in found:
            if file.step.instruction is self.step.instruction:
                self._gone(at)
            else:
                file.removed.append((self.step, span))
            if not self.branch:
                del self.layers.files[at]
        return bool(found)

    def _gone(self, path: str) -> None:
        """Mark what this instruction wrote to a path, in as many goes as it took."""
        for file in reversed(self.facts.files):
            if file.step.instruction is not self.step.instruction:
                break
            if file.path == path:
                file.gone = file.gone or not self.branch

    def use(
        self, kind: str, span: Span, detail: str, origins: tuple[Origin, ...] = (), literal: Literal | None = None
    ) -> None:
        """Record a use in the current instruction."""
        self.facts.uses.append(Use(kind, self.step, span, detail, origins, literal))


def unique(origins: list[Origin]) -> tuple[Origin, ...]:
    """The origins without repetition, in order."""
    if len(origins) < 2:
        return tuple(origins)
    seen: set[tuple[str, str, int]] = set()
    kept: list[Origin] = []
    for origin in origins:
        key = (origin.kind, origin.name, origin.span.start)
        if key not in seen:
            seen.add(key)
            kept.append(origin)
    return tuple(kept)
