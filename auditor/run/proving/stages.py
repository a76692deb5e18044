"""The stages that a build goes through before the one that becomes the image."""

from __future__ import annotations

from auditor.lang.dockerfile.parser import parse_bytes
from auditor.lang.dockerfile.stages import needed, stages

#: A build for each of them takes its time.
MOST = 20


def stages_on_the_way(dockerfile: bytes, target: str) -> list[str]:
    """Numbers of the stages that the image is made with, itself left out, as `docker build --target` takes them."""
    every = stages(parse_bytes(dockerfile), target=target or None)
    used = needed(every)
    return [str(stage.index) for stage in every if stage.index in used and not stage.is_final][:MOST]
