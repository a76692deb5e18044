"""Follows one Dockerfile from its first ARG to its last stage and gathers the facts that the checks read."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.detect import names, tokens
from auditor.flow import variables
from auditor.flow.contents import ContextReader, Taken
from auditor.flow.copies import Copy
from auditor.flow.facts import Inference, LayerFile, Literal, Run, Step, Use, Variable
from auditor.flow.metadata import metadata_uses
from auditor.flow.paths import absolute, home_of, user_of
from auditor.flow.runs import dialect_of, follow_run
from auditor.flow.state import Facts, Layers, Shell
from auditor.lang.dockerfile import words
from auditor.lang.dockerfile.nodes import Document, Instruction
from auditor.lang.dockerfile.scope import Environment, walk
from auditor.lang.dockerfile.stages import Stage, find_stage, shipped, stages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.sources.context import BuildContext

_WINDOWS_BASES = ("windows", "nanoserver", "servercore", "dotnet/framework", "microsoft/iis", "microsoft/aspnet", "wcf")
GLOBAL = -1


class Build:
    """A followed build: the document, its stages, and everything found. `taken` are sensitive context files."""

    __slots__ = ("_files", "_runs", "context", "document", "facts", "path", "ships", "stages", "taken")

    def __init__(self, document: Document, path: str, stages_: list[Stage], context: BuildContext | None) -> None:
        self.document = document
        self.path = path
        self.stages = stages_
        self.context = context
        self.facts = Facts()
        self.taken: list[Taken] = []
        self.ships = shipped(stages_)
        self._runs: list[Instruction] | None = None
        self._files: dict[int, list[LayerFile]] | None = None

    @property
    def shipped_runs(self) -> list[Instruction]:
        """The RUN instructions of the stages that ship, in file order."""
        if self._runs is None:
            shipped = [stage for stage in self.stages if stage.index in self.ships]
            self._runs = [node for stage in shipped for node in stage.instructions if node.keyword == "RUN"]
        return self._runs

    def files_of(self, variable: Variable) -> list[LayerFile]:
        """The layer files that hold the value of a variable."""
        if self._files is None:
            self._files = {}
            for file in self.facts.files:
                for origin in file.origins if file.how in ("written", "stored", "inline") else ():
                    self._files.setdefault(id(origin.variable), []).append(file)
        return self._files.get(id(variable), [])

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all was found that a check could report."""
        facts = self.facts
        if facts.files or facts.uses or facts.caches or self.taken:
            return False
        return not any(v.reading or v.literal or v.inferred for v in facts.variables)


def follow(
    document: Document,
    path: str,
    context: BuildContext | None = None,
    target: str | None = None,
    handed: Mapping[str, str] | None = None,
) -> Build:
    """Follow the build that `document` describes.

    `path` is how the file is shown; `context` the build context to look into (None: names only); `target` the stage
    that is built (default: the last); `handed` the build arguments that are secrets by what calls the build, each with
    the reason. Never raises on content.
    """
    build = Build(document, path, stages(document, target=target), context)
    _Follower(build, handed or {}).run(target)
    return build


class _StageState:
    """What changes from instruction to instruction within a stage."""

    __slots__ = ("cwd", "given", "home", "layers", "shell", "stage", "triggers", "user", "windows")

    def __init__(self, stage: Stage | None, parent: _StageState | None) -> None:
        self.stage = stage
        self.layers: Layers = Layers(parent.layers if parent else None)
        self.cwd: str = parent.cwd if parent else "/"
        base_is = user_of(stage.base) if stage is not None and parent is None else None
        self.home: str = parent.home if parent else base_is.home if base_is else "/root"
        self.user: str = parent.user if parent else base_is.user if base_is else ""
        self.shell: tuple[str, ...] = parent.shell if parent else ()
        base = stage.base.lower() if stage else ""
        self.windows: bool = parent.windows if parent else any(w in base for w in _WINDOWS_BASES)
        #: Where the ONBUILD triggers begin in a child build, and what their own ARG and ENV declare there.
        self.triggers: _StageState | None = None
        self.given: dict[str, Variable] = {}


class _Follower:
    def __init__(self, build: Build, handed: Mapping[str, str]) -> None:
        self.build = build
        self.handed = handed
        self.facts = build.facts
        self.reader = ContextReader(build.context) if build.context is not None else None
        self.states: dict[int, _StageState] = {}
        self.state = _StageState(None, None)
        self.known: dict[int, Variable] = {}
        self.copied: set[str] = set()
        self.names = {s.name: s.index for s in build.stages if s.name is not None}

    def run(self, target: str | None) -> None:
        starts = {id(s.from_instruction): s for s in self.build.stages}
        for instruction, environment in walk(self.build.document, target=target):
            stage = starts.get(id(instruction))
            if stage is not None:
                parent = self.states.get(stage.base_stage) if stage.base_stage is not None else None
                self.state = self.states[stage.index] = _StageState(stage, parent)
                self._mentions(instruction, self._step(instruction, False), environment)
                continue
            self._instruction(instruction, environment, False)
        for variable in self.facts.variables:
            variable.settle()
        if any(names.points_at_secret(v.name) for v in self.facts.variables):
            from auditor.flow.named import believe_environment  # start-up: few files name one

            believe_environment(self.facts, self.reader)
        self._leave_out_named()

    def _step(self, instruction: Instruction, onbuild: bool) -> Step:
        state = self.state
        index = state.stage.index if state.stage else GLOBAL
        dialect = dialect_of(state.shell, state.windows)
        return Step(instruction, index, index in self.build.ships, onbuild, state.user, dialect)

    def _instruction(self, instruction: Instruction, environment: Environment, onbuild: bool) -> None:
        step = self._step(instruction, onbuild)
        keyword = instruction.keyword
        if keyword == "ONBUILD" and instruction.child is not None:
            self._trigger(instruction.child, environment)
        elif keyword in ("ARG", "ENV"):
            self._declare(instruction, step, environment)
        elif keyword == "RUN":
            self._run(step, environment)
        elif keyword in ("COPY", "ADD"):
            self._copy(instruction, step, environment)
        elif keyword == "WORKDIR" and instruction.args:
            self.state.cwd = absolute(environment.expand(instruction.args[0]), self.state.cwd, self.state.home)
        elif keyword == "USER" and instruction.args:
            user = environment.expand(instruction.args[0]).partition(":")[0].strip()
            self.state.user = "" if user in ("0", "root") else user
            self.state.home = environment.get("HOME") or home_of(user)
        elif keyword == "SHELL":
            self.state.shell = instruction.args
        else:
            self.facts.uses += metadata_uses(instruction, step, lambda name: self._variable(name, environment))
        if keyword not in ("ARG", "ONBUILD"):
            self._mentions(instruction, step, environment)
        if keyword != "ONBUILD":
            self._sweep(instruction, step)

    def _sweep(self, instruction: Instruction, step: Step) -> None:
        """Tokens of known formats anywhere in the instruction: in comments, flags, words that no command explains."""
        begin = instruction.span.start
        values = [(pair.name, pair.raw.whole) for pair in instruction.pairs if pair.raw is not None]
        for token in tokens.find(self.build.document.text[begin : instruction.span.end]):
            if not token.documented:
                span = Span(begin + token.start, begin + token.end)
                if any(place.covers(span.start) and tokens.is_for_browsers(token.kind, name) for name, place in values):
                    continue
                literal = Literal(token.secret, span, "secret", "token", token.kind)
                self.facts.uses.append(Use("token", step, span, instruction.keyword, (), literal))

    def _trigger(self, child: Instruction, environment: Environment) -> None:
        """Follow an ONBUILD trigger in a state of its own: it runs in another build, after the triggers before it."""
        state = self.state
        if state.triggers is None:
            state.triggers = _StageState(state.stage, state)
        self.state = state.triggers
        try:
            self._instruction(child, environment, True)
        finally:
            self.state = state

    # -- variables -----------------------------------------------------------------------------------------------

    def _variable(self, name: str, environment: Environment) -> Variable | None:
        """The declaration behind a name, None for names that no ARG or ENV of this file gives."""
        if name in self.state.given:
            return self.state.given[name]
        return self._declared(name, environment)

    def _declared(self, name: str, environment: Environment) -> Variable | None:
        declaration = environment.declared(name)
        while declaration is not None and declaration.pair is None:
            declaration = declaration.origin
        return self.known.get(declaration.pair.name_span.start) if declaration and declaration.pair else None

    def _declare(self, instruction: Instruction, step: Step, environment: Environment) -> None:
        kind = "argument" if instruction.keyword == "ARG" else "environment"
        for pair in instruction.pairs:
            variable = variables.declare(
                pair,
                kind,
                step,
                environment,
                lambda name: self._variable(name, environment),
                self.build.document.escape,
            )
            if kind == "argument" and pair.raw is None and not variable.value:
                variable.value = environment.get(pair.name) or ""
            if kind == "argument" and pair.name in self.handed:
                variable.inferred = Inference(self.handed[pair.name], pair.name_span)
            variable.settle()
            self.known[pair.name_span.start] = variable
            if step.onbuild:
                self.state.given[pair.name] = variable
            self.facts.variables.append(variable)
            if pair.name == "HOME" and kind == "environment" and variable.value.startswith("/"):
                self.state.home = variable.value

    def _mentions(self, instruction: Instruction, step: Step, environment: Environment) -> None:
        """Note which variables the builder expands in this instruction: it prints the result as the step's name."""
        body = instruction.body
        if "$" not in body.text:
            return
        for use in words.variables(body.text, self.build.document.escape):
            variable = self._variable(use.name, environment)
            if variable is not None:
                variable.used.append((step, body.span(use.start, use.end)))

    # -- RUN and COPY --------------------------------------------------------------------------------------------

    def _run(self, step: Step, environment: Environment) -> None:
        state = self.state
        shell = Shell(step, self.facts, state.layers, state.cwd, state.home)
        given = dict(state.given)

        def sees(name: str) -> Variable | None:
            return given[name] if name in given else self._declared(name, environment)

        self.facts.runs.append(Run(step, state.cwd, state.home, sees))
        shell.know(sees, lambda: [*environment.names(), *given])
        if any(w.startswith("-") and "x" in w and not w.startswith("--") for w in state.shell[1:]):
            shell.xtrace = step.dialect == "posix"
        follow_run(step, shell)

    def _copy(self, instruction: Instruction, step: Step, environment: Environment) -> None:
        state = self.state

        def expand(text: str) -> str:
            return environment.expand(text)

        before = len(self.facts.files)
        copy = Copy(
            step,
            self.facts,
            state.layers,
            state.cwd,
            state.home,
            expand,
            lambda name: self._variable(name, environment),
            sees_context=self.reader is not None,
        )
        source = instruction.flag("from")
        other = self._stage_layers(environment.expand(source)) if source is not None else None
        copy.run(other)
        if self.reader is None or source is not None:
            return
        for file in self.facts.files[before:]:
            if file.how == "copied":
                file.evidence = self.reader.judge(file)
                self.copied.update(self.build.context.select(file.content) if self.build.context else ())
        for word in copy.sources:
            path = expand(word.text)
            taken = self.reader.taken(step, word, path)
            if taken is not None:
                self.build.taken.append(taken._replace(files=copy.take(path, taken.files, word.whole)))

    def _leave_out_named(self) -> None:
        """Of what folders and globs bring, the files that some COPY names are reported there."""
        for number, taken in enumerate(self.build.taken):
            unnamed = tuple(item for item in taken.files if item[0] not in self.copied)
            self.build.taken[number] = taken._replace(files=unnamed)

    def _stage_layers(self, name: str) -> Layers | None:
        index = find_stage(name, self.names, len(self.build.stages))
        state = self.states.get(index) if index is not None else None
        return state.layers if state is not None else None
