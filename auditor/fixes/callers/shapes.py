"""What is asked of a file that may build an image, and what comes of it."""

from __future__ import annotations

from auditor.core.edit import Edit
from auditor.core.record import NamedTuple
from auditor.fixes.plan import BuildSecret, Burnt


class Caller(NamedTuple):
    """A file that may call a build: absolute path, the path as shown to the user, decoded text."""

    path: str
    display: str
    text: str


class BuildChange(NamedTuple):
    """What became of a Dockerfile.

    `dockerfile` and `context` are absolute ("" unknown). `secrets`: what the build has to be given from now on.
    `dropped`: names of build arguments that the Dockerfile no longer declares. `sole`: it is the only Dockerfile among
    the paths given, so that a call whose Dockerfile cannot be told may be taken for its own if the arguments fit.
    """

    dockerfile: str
    context: str
    secrets: tuple[BuildSecret, ...]
    dropped: frozenset[str]
    sole: bool


class CallerEdits(NamedTuple):
    """Edits of one file. `matched`: calls that build this Dockerfile, changed or not; `problems`: a sentence, with the
    line, for each of them that could not be changed; `burnt`: literal values that stood there."""

    edits: tuple[Edit, ...] = ()
    matched: int = 0
    problems: tuple[str, ...] = ()
    burnt: tuple[Burnt, ...] = ()
    notes: tuple[str, ...] = ()
