"""The stages that a build goes through before the one that becomes the image."""

from __future__ import annotations

from auditor.core.secret import encoded
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.lang.dockerfile.stages import needed, stages

#: A build for each of them takes its time.
_MOST = 20


def stages_on_the_way(dockerfile: bytes, target: str) -> dict[int, bytes]:
    """The Dockerfile up to the end of each stage that the image is made with, itself left out, by the stage's number.

    Frontends before 1.4 take no number for `--target`, and not every stage has a name.
    """
    document = parse_bytes(dockerfile)
    every = stages(document, target=target or None)
    used = needed(every)
    found = [stage for stage in every if stage.index in used and not stage.is_final][:_MOST]
    return {stage.index: encoded(document.text[: stage.span.end]) + b"\n" for stage in found}
