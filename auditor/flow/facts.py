"""What following a build finds out: variables, the files its layers keep, and the places where a secret is used.

Facts only; whether one is worth reporting, and how badly, is for the checks to say.
"""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.record import NamedTuple
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import values
from auditor.detect.credfiles import CredentialFile
from auditor.detect.names import Reading
from auditor.lang.dockerfile.nodes import Instruction, Pair


class Step(NamedTuple):
    """One instruction of one stage.

    `ships`: its layer is part of the final image. `onbuild` marks the instruction that an ONBUILD carries. `user` is
    whom it runs as ("" for root), `dialect` the shell that runs it (`posix`, `powershell`, `cmd`, `other`).
    """

    instruction: Instruction
    stage: int
    ships: bool
    onbuild: bool
    user: str = ""
    dialect: str = "posix"


class Literal(NamedTuple):
    """A literal secret in the source. `level`: `secret`, `weak` (a default credential) or `placeholder`.

    `kind` is how it stands there (`pair`, `url`, `header`, `flag`, `token`, ...), `name` what announces it.
    """

    secret: Secret
    span: Span
    level: str
    kind: str
    name: str


class Inference(NamedTuple):
    """Why a variable must be a secret although its name does not say so: it is used as one."""

    reason: str
    span: Span


class Variable:
    """One ARG or ENV declaration.

    `kind` is `argument` or `environment`; `reading` what the name announces; `literal` a secret written as its
    value; `value` the value as far as it is known, `rendered` as written. `sources` are the variables its value is
    made of. `inferred` is set when the flow shows it to be a secret.
    """

    __slots__ = (
        "inferred",
        "kind",
        "literal",
        "name",
        "pair",
        "reading",
        "rendered",
        "sources",
        "step",
        "tainted",
        "used",
        "value",
    )

    def __init__(self, name: str, kind: str, step: Step, pair: Pair) -> None:
        self.name = name
        self.kind = kind
        self.step = step
        self.pair = pair
        self.reading: Reading | None = None
        self.literal: Literal | None = None
        self.rendered = ""
        self.value = ""
        self.sources: tuple[Variable, ...] = ()
        self.inferred: Inference | None = None
        self.tainted = False
        self.used: list[tuple[Step, Span]] = []

    @property
    def sensitive(self) -> bool:
        """Whether it holds, or is meant to hold, a secret."""
        return self.inferred is not None or self.tainted

    def settle(self) -> None:
        """Bring `tainted` up to date: own value and name, and what the sources are. Sources come first."""
        reading = self.reading
        self.tainted = (
            (self.literal is not None and self.literal.level in ("secret", "weak"))
            or (self.kind == "argument" and reading is not None and reading.sure and self.receives)
            or any(source.sensitive for source in self.sources)
        )

    @property
    def suspect(self) -> bool:
        """Whether the name leaves it open: a key of an unknown kind, or an address that usually holds a password."""
        reading = self.reading
        return (
            self.kind == "argument"
            and reading is not None
            and not reading.sure
            and reading.kind in ("key", "credential-url")
            and self.receives
        )

    @property
    def receives(self) -> bool:
        """Whether a build is expected to hand it its value: no default, an empty one, or a stand-in for one."""
        if self.literal is not None and self.literal.level == "placeholder":
            return True
        return values.classify(self.value, self.name).kind in ("empty", "placeholder", "own-name")


class Origin(NamedTuple):
    """Where data that a command handles comes from.

    `kind`: `variable`, `mount` (a build secret), `file` (a credential file in the layer), `fetched` (a command that
    prints a credential). `name` says which.
    """

    kind: str
    name: str
    span: Span
    variable: Variable | None = None
    file: LayerFile | None = None

    @classmethod
    def of(cls, variable: Variable) -> Origin:
        """The origin that a variable of ARG or ENV is."""
        return cls("variable", variable.name, variable.pair.name_span, variable)

    @property
    def sensitive(self) -> bool:
        """Whether what comes from there is a secret."""
        if self.variable is not None:
            return self.variable.sensitive or self.variable.suspect
        return self.file is None or self.file.leaks


class LayerFile:
    """A file that a build puts into a layer and that holds, or may hold, a secret.

    `path` is where it was put first. `how`: `copied` (by name), `context` (with a folder of the real build
    context), `inline` (heredoc COPY), `written` (by RUN), `stored` (by a tool that persists credentials), `cloned`
    (the configuration of a git clone).
    `literals` are the secrets seen in its content, `evidence` what the real build context says (`unknown`, `clean`,
    `secret`). `content` is its text, or the source path of a copy, as far as known; `extent` the command that made
    it, `given` the words of that command. `gone` says that the same instruction removes it again; `removed` are later
    removals, `carried` the `COPY --from` instructions that take it on.
    """

    __slots__ = (
        "carried",
        "content",
        "evidence",
        "extent",
        "given",
        "gone",
        "how",
        "kind",
        "literals",
        "origins",
        "path",
        "removed",
        "span",
        "step",
        "title",
        "undo",
    )

    def __init__(self, path: str, how: str, span: Span, step: Step, kind: CredentialFile | None = None) -> None:
        self.path = path
        self.how = how
        self.span = span
        self.step = step
        self.kind = kind
        self.origins: tuple[Origin, ...] = ()
        self.literals: tuple[Literal, ...] = ()
        self.title = ""
        self.undo: tuple[str, ...] = ()
        self.content = ""
        self.evidence = "unknown"
        self.extent = span
        self.given: frozenset[str] = frozenset()
        self.gone = False
        self.removed: list[tuple[Step, Span]] = []
        self.carried: list[tuple[Step, Span]] = []

    @property
    def leaks(self) -> bool:
        """Whether it really holds a secret, as far as can be known."""
        if self.evidence == "clean":
            return False
        if self.how in ("copied", "context"):
            return self.kind is not None and (self.kind.certainty == "sure" or self.evidence == "secret")
        return any(o.sensitive for o in self.origins) or any(lit.level in ("secret", "weak") for lit in self.literals)


class Use(NamedTuple):
    """A secret at work in one place.

    `kind`: `literal` (written in the text), `url` (in a URL), `flag` (a command-line argument), `printed` (to the
    build log), `xtrace` (printed by `set -x`), `removed` (a credential file removed that nothing seen here made),
    `retired` (a build-time secret server), `squash`. `detail` names the command, flag or tool.
    """

    kind: str
    step: Step
    span: Span
    detail: str
    origins: tuple[Origin, ...] = ()
    literal: Literal | None = None


class Run(NamedTuple):
    """A RUN as it begins: its step, working directory and home, and the variable that a name stands for there."""

    step: Step
    cwd: str
    home: str
    sees: Callable[[str], Variable | None]


class CacheUse(NamedTuple):
    """A package-manager cache that the layer keeps: the manager, the folder, and the command that fills it."""

    manager: str
    folder: str
    span: Span
    step: Step
