"""What a run of `audit fix` is asked for, besides the settings that it shares with `audit lint`."""

from __future__ import annotations

import time

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.core.wrappers import Wrapping
    from auditor.run.inputs import Silencing

FILE, ENV = "file", "env"


class ProveOptions(NamedTuple):
    """How `--prove` builds, as written on the command line.

    `secrets`: `id=ID,src=PATH` or `id=ID,env=NAME`; `arguments`: `NAME` or `NAME=VALUE`; `ssh`: `default` or
    `ID[=PATH]`; `command` is run in both images (none: ()); `keep_images` leaves them in the engine; `build` are
    further options of `docker build`, each text one or more words.
    """

    secrets: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    keep_images: bool = False
    build: tuple[str, ...] = ()


class FixOptions(NamedTuple):
    """`secret_form` is FILE or ENV: how a RUN reads a secret. `diff` and `check` write nothing. `callers`: scripts and
    CI files that call the build change, too; with `all_callers` those of the repository that are not among the paths
    as well. `prove` is None where nothing is built. `wrapping`: what gives running containers their secrets. From
    `until` on (by `time.monotonic()`; 0: there is no hurry) no further fix is looked for. `accepted`: what the baseline
    accepts in these files, where that has been found out already."""

    unsafe: bool = False
    diff: bool = False
    check: bool = False
    secret_form: str = FILE
    callers: bool = True
    exit_non_zero_on_fix: bool = False
    prove: ProveOptions | None = None
    wrapping: Wrapping | None = None
    all_callers: bool = False
    until: float = 0.0
    accepted: Silencing | None = None

    @property
    def writes(self) -> bool:
        """Whether files are changed."""
        return not (self.diff or self.check)

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return bool(self.until) and time.monotonic() >= self.until
