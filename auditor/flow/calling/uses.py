"""What the commands of a shell text do with secrets: build arguments, environments, logins, swarm secrets, commits."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.flow.calling.given import TYPED

if TYPE_CHECKING:
    from auditor.core.span import Span
    from auditor.flow.calling.given import Given
    from auditor.flow.calling.tools import Option, ToolCall
    from auditor.flow.calling.units import Assignments, ShellText
    from auditor.lang.shell.nodes import Command

BUILD_ARG, CONTAINER_ENV, LOGIN, SWARM_SECRET, VARIABLE, COMMIT, SQUASH = (
    "build-arg", "container-env", "login", "swarm-secret", "variable", "commit", "squash",
)  # fmt: skip

_MAX_USES = 2_000


class Site(NamedTuple):
    """The command that a use stands in, for what changes it; `option` as `tools` read it. `nested`: the command stands
    in a script inside of the script."""

    unit: ShellText
    variables: Assignments
    command: Command
    nested: bool
    call: ToolCall | None = None
    option: Option | None = None


class Use(NamedTuple):
    """One secret that a command is handed, or one thing that a command does with an image that has some.

    `tool` is the command as written (`docker build`), `name` the variable or option, `span` what is reported, of the
    file. `given` is the value (None for what has none), `story` further places with a few words each.
    """

    kind: str
    tool: str
    name: str
    span: Span
    given: Given | None = None
    story: tuple[tuple[str, Span], ...] = ()
    site: Site | None = None


class Uses:
    """Collects the uses of the shell texts that share their variables."""

    def __init__(self, variables: Assignments) -> None:
        self.variables = variables
        self.found: list[Use] = []
        #: Whether there are more than are kept.
        self.cut = False
        #: Secrets of containers that were started here, by how a later command names them.
        self._containers: dict[str, list[tuple[str, Span]]] = {}
        self._typed: set[tuple[str, Span]] = set()

    def add(self, use: Use) -> None:
        """Take a use into account; a value of a variable that stands in the file once."""
        given = use.given
        if given is not None and given.how == TYPED and given.literal is not None:
            key = (use.kind, given.literal.span)
            if key in self._typed:
                return
            self._typed.add(key)
        if len(self.found) < _MAX_USES:
            self.found.append(use)
        else:
            self.cut = True

    def start(self, key: str, secrets: list[tuple[str, Span]]) -> None:
        """Note the secrets of a container."""
        if secrets and len(self._containers) < _MAX_USES:
            self._containers.setdefault(key, []).extend(secrets)

    def secrets_of(self, key: str) -> list[tuple[str, Span]]:
        """What is known to be in a container."""
        return self._containers.get(key, [])
