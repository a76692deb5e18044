"""What a proof is asked for, and what it says: no part of it holds a value that could be shown by accident."""

from __future__ import annotations

from auditor.core.errors import AuditError
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.secret import Secret
    from auditor.fixes.plan import BuildSecret

#: Places that one check names; beyond, they are counted.
MOST_EVIDENCE = 50
_SCHEMA = 1


class ProofError(AuditError):
    """The proof cannot even be tried; the message is one sentence for the user, without any value."""


class Given(NamedTuple):
    """Options of the docker command that the user gave, each as written behind its name.

    `secrets`: `id=ID,src=PATH` or `id=ID,env=NAME`; `arguments`: `NAME=VALUE` or `NAME`; `ssh`: `default[=PATH]`.
    """

    secrets: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()


class Wish(NamedTuple):
    """Which two builds to compare.

    `before` and `after` are the bytes of the Dockerfile; what stands on disk at `dockerfile` does not matter. `context`
    is the folder to be built, absolute. `secrets` are what the build after takes, `arguments` the names of the build
    arguments that the one before takes for them, `values` what findings hold. `ignore_before` and `ignore_after` are
    the text of the .dockerignore that counts (None: there is none). `new_files` are files by path relative to the
    context that the one after has in addition, or with another text. `command`: words to be run in both images.
    """

    dockerfile: str
    context: str
    before: bytes
    after: bytes
    secrets: tuple[BuildSecret, ...] = ()
    arguments: frozenset[str] = frozenset()
    values: tuple[Secret, ...] = ()
    ignore_before: str | None = None
    ignore_after: str | None = None
    new_files: Mapping[str, str] = {}
    given: Given = Given()
    target: str = ""
    platform: str = ""
    network: str = ""
    command: tuple[str, ...] = ()
    keep_images: bool = False


class Check(NamedTuple):
    """One thing that was looked at; `evidence` are places and explanations, masked."""

    name: str
    ok: bool
    sentence: str
    evidence: tuple[str, ...] = ()


class Proof(NamedTuple):
    """What came of it: it holds if every check does. `before` and `after` are ids of images, "" for one not built."""

    holds: bool
    checks: tuple[Check, ...]
    before: str
    after: str
    seconds: float


def as_json(proof: Proof) -> dict[str, object]:
    """The proof as a JSON object."""
    return {
        "schema_version": _SCHEMA,
        "holds": proof.holds,
        "checks": [{**check._asdict(), "evidence": list(check.evidence)} for check in proof.checks],
        "images": {"before": proof.before or None, "after": proof.after or None},
        "seconds": round(proof.seconds, 3),
    }


def few(evidence: list[str]) -> tuple[str, ...]:
    """As much of it as a person reads."""
    rest = len(evidence) - MOST_EVIDENCE
    return (*evidence[:MOST_EVIDENCE], *([f"and {rest} more"] if rest > 0 else []))
