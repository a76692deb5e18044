"""What a diff has to mask besides the findings of its own rewrite: secrets that just stand near a changed line.

A bake file that changes along with a Dockerfile, or a configuration with a password beside the key that it names, is no
finding of that rewrite; its lines are shown all the same.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.run.inputs import InputAuditor, call_kind
from auditor.sources.files import Input, is_compose_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.config import Settings
    from auditor.core.secret import Secret
    from auditor.detect.detector import Detector
    from auditor.run.rewrite.outcome import FileChange, FixRun

#: Characters of one file that are searched: what is changed at all is smaller.
_MOST_CHARS = 1_000_000
#: Shorter values are words of every file, and stand as findings where they are secrets.
_SHORTEST = 6


def remember(outcome: FixRun, settings: Settings) -> None:
    """Note the secrets of all texts that the changes of a run begin with, for masking."""
    from auditor.detect.detector import Detector  # start-up: only for diffs

    detector = Detector()
    auditor = InputAuditor(settings, frozenset())
    for rewrite in outcome.rewrites:
        known = set(rewrite.target.secrets)
        for change in rewrite.changes:
            for secret in _secrets(change, detector, auditor):
                if secret not in known and len(secret.reveal()) >= _SHORTEST:
                    known.add(secret)
                    rewrite.target.secrets.append(secret)


def _secrets(change: FileChange, detector: Detector, auditor: InputAuditor) -> Iterator[Secret]:
    if not change.before or change.kind == "ignore":
        return
    data = change.before[:_MOST_CHARS].encode("utf-8", "surrogateescape")
    source = Input(change.path, change.path, data, None)
    if is_compose_name(change.path) or call_kind(source):
        target, _analysis = auditor.examine(source)
        yield from target.secrets
    for found in detector.detect(data, change.path):
        yield found.secret
