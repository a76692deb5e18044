"""What is asked for, and what is generated."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.overriding.facts import Reader

if TYPE_CHECKING:
    from auditor.fixes.overriding.facts import ImageFacts, Leaks, ServiceFacts

FILE, SWARM = "file", "swarm"
COMPOSE, SCRIPT = "compose", "script"
#: How a variable gets its value: the program reads NAME_FILE, a shim reads a file, a wrapper resolves a reference, or
#: takes it from the configuration that it has; a blank only takes an old value away.
BY_VARIABLE, BY_SHIM, BY_REFERENCE, BY_WRAPPER = "file-variable", "shim", "reference", "wrapper"
#: What a shell takes for a variable.
NAME = Pattern(r"[A-Za-z_][A-Za-z0-9_]*")
FOLDER = "secrets"


class Request(NamedTuple):
    """`maps` are (variable, what it is mapped to, "" for the usual); `keep` variables that stay as they are; `fill`
    what stands for the words of a wrapper that the user has to fill in. `cli_image` and `cli` say where a wrapper's
    program comes from ("": the usual). `output` is the file that is written ("": standard output)."""

    method: str
    image: ImageFacts
    service: ServiceFacts
    leaks: Leaks
    maps: tuple[tuple[str, str], ...] = ()
    keep: frozenset[str] = frozenset()
    form: str = ""
    fill: tuple[tuple[str, str], ...] = ()
    cli_image: str = ""
    cli: str = ""
    output: str = ""

    def reader(self, *, by_script: bool) -> Reader:
        """Who reads a mounted file: the container's first process where a script of ours does, else whom it becomes."""
        image = self.image
        return Reader(image.user or "root", image.uid, image.gid) if by_script else image.reader

    @property
    def leaking(self) -> tuple[str, ...]:
        """Variables that hold secrets as it is, but for those that are to stay, in order."""
        both = dict.fromkeys((*self.leaks.image, *self.leaks.service))
        return tuple(name for name in both if name not in self.keep)


class Given(NamedTuple):
    """One variable: `how` it gets its value, `target` (the variable or path that is read, or the reference), the
    `secret` that holds it ("": none does), and the `basis` on which that is known."""

    variable: str
    how: str
    target: str
    secret: str
    basis: str


class Generated(NamedTuple):
    """`text` is a compose override or a script (`kind`). `steps` are what to do next, in order."""

    kind: str
    text: str
    form: str
    service: str
    given: tuple[Given, ...]
    notes: tuple[str, ...]
    steps: tuple[str, ...]
