"""Shell scripts that give variables their values and become the program: POSIX sh, nothing of a secret in an argv."""

from __future__ import annotations

import shlex

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.overriding.plan import NAME
from auditor.fixes.overriding.templates import rendered
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes.overriding.facts import ImageFacts, ServiceFacts

#: Shells that hand on variables whose names they cannot have themselves.
_KEEPING = frozenset({"bash"})
_NAMES_SHOWN = 5


class FromFile(NamedTuple):
    """A variable whose value is the content of a file."""

    variable: str
    path: str


class FromReference(NamedTuple):
    """A variable whose value a `command` (shell text) prints; `prefixes` are shell patterns of what is no value yet."""

    variable: str
    command: str
    prefixes: tuple[str, ...] = ()


def script(
    files: Sequence[FromFile] = (),
    references: Sequence[FromReference] = (),
    credentials: Sequence[tuple[str, str]] = (),
    unset: Sequence[str] = (),
) -> str:
    """The script, to be run with `sh -c SCRIPT sh PROGRAM ARGUMENT...`."""
    return rendered("start.sh.j2", files=files, references=references, credentials=credentials, unset=unset)


def started(script_text: str) -> list[str]:
    """The words before a program that run it by a script."""
    return ["/bin/sh", "-c", script_text, "sh"]


def quoted(words: Sequence[str]) -> str:
    """Words as shell text."""
    return " ".join(map(shlex.quote, words))


def check_shell(image: ImageFacts, service: ServiceFacts, words: Sequence[str], why: str) -> None:
    """Raises Refused where a script cannot start these words in an image; `why` says what it is for."""
    if not words:
        raise Refused("neither the image nor the service says what to start")
    if not image.sh:
        raise Refused(f"{why} takes a shell, and the image has no /bin/sh")
    if "cat" not in image.tools:
        raise Refused(f"{why} takes the program cat, which is not in the image's PATH")
    if words[0].startswith("-") or not words[0]:
        raise Refused("the first word of what starts the container is no program")
    names = dict(image.environment).keys() | dict(service.environment).keys()
    odd = [name for name in names if not NAME.fullmatch(name)]
    if odd and image.sh_name not in _KEEPING:
        shown = ", ".join(repr(name) for name in sorted(odd)[:_NAMES_SHOWN])
        raise Refused(
            f"{why} takes a shell, and the image's ({image.sh_name or 'sh'}) does not hand on variables with names such"
            f" as {shown}"
        )
