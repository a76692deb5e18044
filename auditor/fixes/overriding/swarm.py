"""`audit wrap --with swarm`: the commands that make swarm secrets, and start, change and rotate a service with them."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secretnames import versioned
from auditor.core.wrappers import SHIM
from auditor.fixes.overriding import scripts
from auditor.fixes.overriding.choices import LONGEST_ID, choices
from auditor.fixes.overriding.override import head
from auditor.fixes.overriding.plan import SCRIPT, Generated
from auditor.fixes.overriding.scalars import one_line
from auditor.fixes.overriding.starting import check_telling, needs, words_of
from auditor.fixes.overriding.telling import health_note, kept_notes
from auditor.fixes.overriding.templates import rendered
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from auditor.fixes.overriding.choices import Choice
    from auditor.fixes.overriding.facts import ImageFacts
    from auditor.fixes.overriding.plan import Request

#: What swarm takes for the name of a secret, less the version behind it.
_NAME = Pattern(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_WHY = "reading the files of secrets"
_THIS_FILE = "SCRIPT.sh"


class Named(NamedTuple):
    """A secret: the variable it is for, its name in the swarm without the version, the file in the container, and the
    options that say whom the file belongs to."""

    variable: str
    name: str
    target: str
    access: str


def with_swarm(request: Request) -> Generated:
    """The script. Raises UsageError, Refused."""
    if request.service.path:
        raise UsageError("--compose is for overrides; a swarm service is made of the image and options of docker")
    chosen = choices(request)
    named = [Named(one.variable, _name(one), one.secret, _access(request, one)) for one in chosen]
    if len({one.name for one in named}) != len(named):
        raise UsageError("--map: two variables cannot have one secret, whose name says which it is")
    by_script = [one for one in chosen if not one.file_variable]
    words = _words(request) if by_script else []
    begin = scripts.started(_script(by_script)) if by_script else []
    common = [*_secrets(named), *_health(request, chosen)]
    text = rendered(
        "swarm.sh.j2",
        head=[one_line(line) for line in head(request, _how(by_script, chosen))],
        file=scripts.quoted([one_line(request.output.rpartition("/")[2] or _THIS_FILE)]),
        service=request.service.name,
        secrets=named,
        create=[*common_for("--secret", common), *_variables("--env", chosen), *_first("--entrypoint", begin)],
        update=[
            *common_for("--secret-add", common),
            *_removals(chosen),
            *_variables("--env-add", chosen),
            *_first("--entrypoint", begin),
            *([scripts.quoted(["--args", scripts.quoted([*begin[1:], *words])])] if begin else []),
        ],
        image=request.image.reference,
        arguments=[*begin[1:], *words],
    )
    return Generated(
        SCRIPT, text, SHIM if by_script else "", request.service.name,
        tuple(one.given for one in chosen), tuple(_notes(request, chosen)), tuple(_steps(request, named)),
    )  # fmt: skip


def common_for(option: str, words: list[tuple[str, str]]) -> list[str]:
    """Options as shell text; `option` is what gives a secret."""
    return [scripts.quoted([option if name == "" else name, value]) for name, value in words]


def _name(one: Choice) -> str:
    name = one.source or one.secret
    if not _NAME.fullmatch(name) or len(name) > LONGEST_ID:
        raise UsageError(  # the name is not quoted: a secret may have been given by mistake
            f"--map {one.variable}: no name for a secret: at most {LONGEST_ID} letters,"
            " digits, dots, dashes and underscores, a letter or digit at both ends (a version follows)"
        )
    return name


def _words(request: Request) -> list[str]:
    words = [word.replace("$$", "$") for word in words_of(request.image, request.service)]
    scripts.check_shell(request.image, request.service, words, _WHY)
    check_telling(request, "entrypoint")
    check_telling(request, "command")
    _check_visible(words, "what starts the container")
    return words


def _check_visible(words: list[str], what: str) -> None:
    """Raises Refused for characters that a shell has no escapes for, and that a reader or a terminal takes for what
    they are not: the script would be another one than it seems."""
    odd = next((char for word in words for char in word if not char.isprintable() and char not in "\n\t"), "")
    if odd:
        raise Refused(f"{what} has the character U+{ord(odd):04X} in it, which a script cannot show")


def _script(chosen: list[Choice]) -> str:
    return scripts.script(files=[scripts.FromFile(one.variable, one.path) for one in chosen])


def _access(request: Request, one: Choice) -> str:
    """Options that say whom a file belongs to; none, so that all may read it, where that user's number is not known."""
    reader = request.reader(by_script=not one.file_variable)
    return "" if reader.uid is None else f",uid={reader.uid},gid={reader.gid or 0},mode=0400"


def _secrets(named: list[Named]) -> list[tuple[str, str]]:
    return [("", f"source={versioned(one.name, 1)},target={one.target}{one.access}") for one in named]


def _variables(option: str, chosen: list[Choice]) -> list[str]:
    pairs = [f"{one.file_variable}={one.path}" for one in chosen if one.file_variable]
    return [scripts.quoted([option, pair]) for pair in [*pairs, *(f"{one.variable}=" for one in chosen if one.blank)]]


def _removals(chosen: list[Choice]) -> list[str]:
    """What takes the variables themselves from a service; those that are to be blank are set again."""
    return [scripts.quoted(["--env-rm", one.variable]) for one in chosen if not one.blank]


def _first(option: str, begin: list[str]) -> list[str]:
    return [scripts.quoted([option, begin[0]])] if begin else []


def _health(request: Request, chosen: list[Choice]) -> list[tuple[str, str]]:
    image = request.image
    words = _checked(image)
    named = _named(image, words, chosen)
    if not named:
        return []
    check_telling(request, "health check")
    _check_visible(words, "the health check")
    scripts.check_shell(image, request.service, words, "the health check, which names a variable,")
    return [("--health-cmd", scripts.quoted([*scripts.started(_script(named)), *words]))]


def _checked(image: ImageFacts) -> list[str]:
    """The words of the image's health check as they are run."""
    return [*(image.shell if image.health[:1] == ("CMD-SHELL",) else ()), *image.health[1:]]


def _named(image: ImageFacts, words: list[str], chosen: list[Choice]) -> list[Choice]:
    """Those that a health check names."""
    return [one for one in chosen if words and needs(image, words, [one.variable])]


def _how(by_script: list[Choice], chosen: list[Choice]) -> list[str]:
    lines = [f"{one.variable}: {one.file_variable}, {one.basis}" for one in chosen if one.file_variable]
    if by_script:
        names = ", ".join(one.variable for one in by_script)
        lines.append(f"{names}: a shell reads the files, exports them and becomes the image's own program.")
    return lines


def _notes(request: Request, chosen: list[Choice]) -> list[str]:
    words = _checked(request.image)
    notes = [*([] if _named(request.image, words, chosen) else health_note(words)), *kept_notes(request)]
    unknown = {reader.name for one in chosen if (reader := request.reader(by_script=not one.file_variable)).uid is None}
    notes += [f"the number of the user {name!r} is not known: all can read the files" for name in sorted(unknown)]
    notes.append("a secret has 1 to 511,999 bytes, and cannot be changed or removed while a service has it")
    return notes


def _steps(request: Request, named: list[Named]) -> list[str]:
    file = scripts.quoted([request.output or _THIS_FILE])
    return [
        f"make the secrets, on a manager: sh {file} secrets"
        f" (or {', '.join(f'docker secret create {versioned(one.name, 1)} -' for one in named)})",
        f"start a new service: sh {file} create [OPTIONS]; or change the one that runs: sh {file} update",
        f"later, replace a value: sh {file} rotate {named[0].variable} 2",
    ]
