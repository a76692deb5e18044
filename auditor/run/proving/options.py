"""The user's own `--secret` and `--build-arg`, read as the docker command reads them."""

from __future__ import annotations

import csv
import os

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.core.smallfile import content_of
from auditor.run.proving.shapes import ProofError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: BuildKit takes no larger secret.
LARGEST = 500 << 10


def given_secrets(options: Sequence[str]) -> dict[str, bytes]:
    """Contents by id. Raises ProofError, which repeats nothing but the id."""
    found: dict[str, bytes] = {}
    for option in options:
        fields = _fields(option)
        name = fields.get("id", "")
        if not name:
            raise ProofError("--secret: give id=ID,src=PATH or id=ID,env=VARIABLE")
        found[name] = _content(name, fields)
    return found


def given_arguments(options: Sequence[str]) -> dict[str, str]:
    """Values by name; of a bare NAME the value is that of the environment, and it is left out where there is none."""
    found: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not name:
            raise ProofError("--build-arg: give NAME=VALUE or NAME")
        here = value if equals else os.environ.get(name)
        if here is not None:
            found[name] = here
    return found


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
        return content_of(path or name, LARGEST, _Unreadable)
    value = os.environ.get(variable)
    if value is None:
        raise ProofError(f"--secret id={name}: there is no such environment variable")
    return encoded(value)


class _Unreadable(ProofError):
    """A file of a secret cannot be read."""

    def __init__(self, message: str) -> None:
        super().__init__(f"--secret: {message}")
