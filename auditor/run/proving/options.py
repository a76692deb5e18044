"""The user's own `--secret`, `--build-arg` and `--build-option`, read as the docker command reads them."""

from __future__ import annotations

import csv
import os
import shlex

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.core.smallfile import content_of
from auditor.run.proving.shapes import ProofError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: BuildKit takes no larger secret.
LARGEST = 500 << 10
#: Options of `docker build` that a proof sets itself, or that would have it prove something else.
_OURS = frozenset(
    """
    build-arg cache-from cache-to check call file f iidfile load metadata-file no-cache output o print progress push
    quiet q rm force-rm secret squash ssh stream tag t target
    """.split()
)


class OptionError(ProofError):
    """An option cannot be meant; the message repeats no value."""


def given_secrets(options: Sequence[str]) -> dict[str, bytes]:
    """Contents by id. Raises OptionError, which repeats nothing but the id."""
    found: dict[str, bytes] = {}
    for option in options:
        fields = _fields(option)
        name = fields.get("id", "")
        if not name:
            raise OptionError("--secret: give id=ID,src=PATH or id=ID,env=VARIABLE")
        found[name] = _content(name, fields)
    return found


def given_arguments(options: Sequence[str]) -> dict[str, str]:
    """Values by name; of a bare NAME the value is that of the environment, and it is left out where there is none."""
    found: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not name:
            raise OptionError("--build-arg: give NAME=VALUE or NAME")
        here = value if equals else os.environ.get(name)
        if here is not None:
            found[name] = here
    return found


def given_options(texts: Sequence[str]) -> tuple[str, ...]:
    """Words of further options for both builds; a text may hold several, quoted as for a shell.

    Raises OptionError for what is no option, and for what a proof sets itself.
    """
    found: list[str] = []
    for text in texts:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise OptionError(f"--build-option: {error}") from None
        if not words or not words[0].startswith("-"):
            raise OptionError("--build-option: give an option of docker build, as in --build-option=--network=host")
        for word in words:
            name = word.partition("=")[0]
            if name.strip("-") == "" or (word.startswith("-") and _name(name) in _OURS):
                raise OptionError(f"--build-option: {name} is not left to the user in a proof")
        found += words
    return tuple(found)


def _name(option: str) -> str:
    """The name of an option; of one with a single dash the first letter, as its value may follow at once."""
    return option[2:] if option.startswith("--") else option[1:2]


def _fields(option: str) -> dict[str, str]:
    try:
        [words] = csv.reader([option], strict=True)
    except (csv.Error, ValueError):
        return {}
    pairs = (word.partition("=") for word in words)
    return {key.strip().lower(): value for key, _, value in pairs}


def _content(name: str, fields: dict[str, str]) -> bytes:
    """As docker chooses: `env`, else `src`, else a variable of the id's name, else a file of that name."""
    path = next((fields[key] for key in ("src", "source") if fields.get(key)), "")
    variable = fields.get("env", "")
    if fields.get("type") == "env" and path:
        variable, path = path, ""
    if not path and not variable and name in os.environ:
        variable = name
    if not variable:
        return content_of(path or name, LARGEST, UnreadableSecret)
    value = os.environ.get(variable)
    if value is None:
        raise OptionError(f"--secret id={name}: there is no such environment variable")
    return encoded(value)


class UnreadableSecret(OptionError):
    """A file of a secret cannot be read."""

    def __init__(self, message: str) -> None:
        super().__init__(f"--secret: {message}")
