"""What a run of `audit fix` is asked for, besides the settings that it shares with `audit lint`."""

from __future__ import annotations

from auditor.core.record import NamedTuple

FILE, ENV = "file", "env"


class GivenSecret(NamedTuple):
    """`--secret id=ID,src=PATH` or `id=ID,env=NAME`, as `docker build` takes it: `kind` is FILE or ENV, `source` the
    path or the variable's name."""

    id: str
    kind: str
    source: str


class ProveOptions(NamedTuple):
    """How `--prove` builds: secrets, `NAME` or `NAME=VALUE` of build arguments, `default` or `ID[=PATH]` of ssh agents.

    `command` is run in both images ("" is none), `keep_images` leaves them in the engine.
    """

    secrets: tuple[GivenSecret, ...] = ()
    build_args: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    command: str = ""
    keep_images: bool = False


class FixOptions(NamedTuple):
    """`secret_form` is FILE or ENV: how a RUN reads a secret. `diff` and `check` write nothing. `callers`: scripts and
    CI files that call the build change, too. `prove` is None where nothing is built."""

    unsafe: bool = False
    diff: bool = False
    check: bool = False
    secret_form: str = FILE
    callers: bool = True
    exit_non_zero_on_fix: bool = False
    prove: ProveOptions | None = None

    @property
    def writes(self) -> bool:
        """Whether files are changed."""
        return not (self.diff or self.check)
