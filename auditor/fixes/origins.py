"""What a container of the image starts with: the Dockerfile's own instructions, or those of the image it is made from.

A stage's ENTRYPOINT clears the CMD that it inherits, from other stages as from the base image.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.flow.build import Build
    from auditor.lang.dockerfile.nodes import Instruction

    #: Entrypoint and command of images by name, as `docker image inspect` says them.
    Configs = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


class Base(NamedTuple):
    """How the base image starts. `shell`: it has /bin/sh for certain; `sure`: no build argument names another one."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    shell: bool
    sure: bool


class Origin(NamedTuple):
    """What holds in the end: the instructions that count, and the base image (None: not known how that starts).

    `cleared`: an ENTRYPOINT came behind the CMD that it clears, or in place of the base image's. `stage` is the last
    one of the image.
    """

    entrypoint: Instruction | None
    command: Instruction | None
    cleared: bool
    base: Base | None
    image: str
    stage: int


def origin(build: Build, configs: Configs | None = None) -> Origin:
    """How the image of a build starts. `configs` holds the configurations of base images that are known besides."""
    entrypoint: Instruction | None = None
    command: Instruction | None = None
    cleared = False
    shipped = [stage for stage in build.stages if stage.index in build.ships]
    for stage in shipped:
        own = False
        for node in stage.instructions:
            if node.keyword == "CMD":
                command, own, cleared = node, True, False
            elif node.keyword == "ENTRYPOINT":
                entrypoint = node
                if not own:
                    command, cleared = None, True
    written = _written(shipped[0].from_instruction) if shipped else ""
    image = shipped[0].base if shipped else ""
    base = _base(written, image, configs or {})
    return Origin(entrypoint, command, cleared, base, image, shipped[-1].index if shipped else 0)


def _written(head: Instruction) -> str:
    """The image as FROM spells it, build arguments not filled in."""
    words = [word.text for word in head.words]
    return words[0] if words else ""


def _base(written: str, image: str, configs: Configs) -> Base | None:
    sure = "$" not in written
    known = configs.get(image)
    if known is not None:
        return Base(*known, shell=False, sure=sure)
    if image == "scratch":
        return Base((), (), shell=False, sure=sure)
    from auditor.core.wrappers import vendor_of  # start-up: only where a start has to be known

    vendor = vendor_of(written)
    if vendor is None and not sure:
        vendor = vendor_of(image)
    elif vendor is not None:
        sure = True
    if vendor is None or vendor["libc"] == "windows":
        return None
    return Base(tuple(vendor["entrypoint"]), tuple(vendor["command"]), shell=True, sure=sure)
