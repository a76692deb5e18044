"""`audit fix --prove`: what a rewrite has to pass before it is written."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager

from auditor.cli.progress import is_watched
from auditor.cli.reporting import say
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.report.terminal import escape_path
from auditor.run.proving.asking import wish_of
from auditor.run.proving.docker import find_docker
from auditor.run.proving.options import OptionError
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import ProofError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from auditor.core.config import Settings
    from auditor.run.proving.shapes import Proof
    from auditor.run.rewrite.options import ProveOptions
    from auditor.run.rewrite.outcome import Rewrite


def proven(rewrite: Rewrite, settings: Settings, options: ProveOptions) -> tuple[Proof | None, str]:
    """The proof of a rewrite (None if it could not be tried), and why the rewrite must not be written ("" if it may).

    Builds on the container engine that is there. Raises UsageError for options that cannot be meant.
    """
    try:
        wish = wish_of(rewrite, settings, options)
        engine = find_docker()
        if not settings.quiet and is_watched(sys.stderr):
            say(f"{escape_path(rewrite.path)}: building it before and after the change\n")
        with _orderly():
            proof = prove(wish, engine)
    except OptionError as error:
        raise UsageError(str(error)) from None
    except ProofError as error:
        return None, f"it could not be proven: {error}"
    failed = [check.sentence for check in proof.checks if not check.ok]
    return proof, f"the proof does not hold: {failed[0]}" if failed else ""


@contextmanager
def _orderly() -> Iterator[None]:
    """Make a request to end (SIGTERM) leave as Ctrl-C does: there are files with secrets and images to be removed."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)
