"""Which variables become files, and whether the image reads each file itself or a script has to."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secretnames import MOUNTED, secret_id
from auditor.fixes.filevars import image_variable, script_variable
from auditor.fixes.overriding.facts import SCRIPT
from auditor.fixes.overriding.plan import BY_SHIM, BY_VARIABLE, NAME, Given
from auditor.fixes.overriding.starting import command_of
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from auditor.fixes.overriding.plan import Request

#: Longest name of a swarm secret, less what a version takes (`_v12345678`); compose has no such limit.
LONGEST_ID = 54
#: How a script asks whether a variable is there at all, instead of whether it has a value.
_ASKS_FOR_SET = Pattern(r"\$\{!?\w+\+|\[\[?[ \t]+(?:![ \t]+)?-v[ \t]|\bdeclare[ \t]+-p\b|\bprintenv\b|\bos\.environ\b")


class Choice(NamedTuple):
    """`source` is what the user mapped the variable to. `blank`: it is set now, and has to be emptied. `file_variable`
    is "" where a script reads the file."""

    variable: str
    secret: str
    source: str
    file_variable: str
    basis: str
    blank: bool

    @property
    def path(self) -> str:
        """Where the container finds the file."""
        return f"{MOUNTED}/{self.secret}"

    @property
    def given(self) -> Given:
        """The same for a report."""
        how, target = (BY_VARIABLE, self.file_variable) if self.file_variable else (BY_SHIM, self.path)
        return Given(self.variable, how, target, self.secret, self.basis)


def choices(request: Request) -> list[Choice]:
    """One for every variable that is mapped or holds a secret. Raises UsageError, Refused."""
    mapped = dict(request.maps)
    names = list(dict.fromkeys((*mapped, *request.leaking)))
    if not names:
        raise UsageError("no variable of the image holds a secret; say which are to be given with --map VAR")
    taken: set[str] = set()
    return [_choice(request, name, mapped.get(name, ""), taken) for name in names]


def check_names(names: list[str]) -> None:
    """Raises UsageError, Refused for a name that no script can export."""
    for name in names:
        if not NAME.fullmatch(name):
            raise Refused(f"{name!r} is no name that a shell has for a variable")


def _choice(request: Request, name: str, source: str, taken: set[str]) -> Choice:
    check_names([name])
    secret = _free(secret_id(name), taken)
    is_set = any(dict(pairs).get(name) for pairs in (request.image.environment, request.service.environment))
    file_variable, basis = reading(request, name)
    if file_variable and is_set and not accepts_blank(request.image.script):
        raise Refused(
            f"{name} is set now and has to be taken away, and the image's entrypoint may not take an empty {name} for"
            " one that is not set"
        )
    return Choice(name, secret, source, file_variable, basis, is_set)


def _free(wanted: str, taken: set[str]) -> str:
    made, number = wanted[:LONGEST_ID].rstrip("_"), 2
    while made in taken:
        end = f"_{number}"
        made, number = f"{wanted[: LONGEST_ID - len(end)]}{end}", number + 1
    taken.add(made)
    return made


def reading(request: Request, name: str) -> tuple[str, str]:
    """The variable that takes the path of a file in place of `name` ("": there is none), and how that is known."""
    image, service = request.image, request.service
    command = None if service.command is None else command_of(image, service)
    own = service.entrypoint is not None
    for reference in () if own else dict.fromkeys((service.image, image.reference)):
        known = image_variable(reference, command, name) if reference else ""
        # An image of the same name may be another one: where its script is seen, it has to know such variables.
        if known and (not image.script or "_FILE" in image.script):
            return known, f"known of the image {reference.partition('@')[0]}"
    known = script_variable(image.script, name)
    if known:
        program = image.program
        script = program.path if program.kind == SCRIPT and program.path else "the start script"
        return known, f"{script} in the image reads the file"
    return "", "nothing shows that the image reads it from a file"


def accepts_blank(script: str) -> bool:
    """Whether a start script takes an empty variable for one that is not set; nothing is certain without the script."""
    return bool(script) and _ASKS_FOR_SET.search(script) is None
