"""`audit fix --prove`: what a rewrite has to pass before it is written."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.run.proving.asking import wish_of
from auditor.run.proving.docker import find_docker
from auditor.run.proving.options import OptionError
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import ProofError

if TYPE_CHECKING:
    from auditor.core.config import Settings
    from auditor.run.proving.shapes import Proof
    from auditor.run.rewrite.options import ProveOptions
    from auditor.run.rewrite.outcome import Rewrite


def proven(rewrite: Rewrite, settings: Settings, options: ProveOptions) -> tuple[Proof | None, str]:
    """The proof of a rewrite (None if it could not be tried), and why the rewrite must not be written ("" if it may).

    Builds on the container engine that is there. Raises UsageError for options that cannot be meant.
    """
    try:
        proof = prove(wish_of(rewrite, settings, options), find_docker())
    except OptionError as error:
        raise UsageError(str(error)) from None
    except ProofError as error:
        return None, f"it could not be proven: {error}"
    failed = [check.sentence for check in proof.checks if not check.ok]
    return proof, f"the proof does not hold: {failed[0]}" if failed else ""
