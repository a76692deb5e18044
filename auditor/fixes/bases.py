"""The images that stages are built on, as far as their names say what is in them."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.flow.build import Build
    from auditor.flow.facts import Run
    from auditor.lang.dockerfile.stages import Stage


def root(build: Build, index: int) -> Stage:
    """The stage whose FROM names the image that a stage is built on in the end."""
    for _stage in build.stages:
        base = build.stages[index].base_stage
        if base is None:
            break
        index = base
    return build.stages[index]


def name_and_tag(build: Build, index: int) -> tuple[str, str]:
    """Name and tag of the image that a stage is built on, without its registry."""
    image = root(build, index).base.partition("@")[0]
    name, _colon, tag = image.rpartition("/")[2].partition(":")
    return name, tag


def lacks_shell(build: Build, index: int) -> bool:
    """Whether the image of a stage is known to have no shell: `scratch`, distroless ones but for their debug tags.

    A RUN of the stage that a shell carries out shows that one was put there.
    """
    base = root(build, index).base
    is_bare = base == "scratch" or ("distroless" in base and "debug" not in base.rpartition(":")[2])
    return is_bare and not any(_shows_shell(run) for run in build.facts.runs if run.step.stage == index)


def _shows_shell(run: Run) -> bool:
    node = run.step.instruction
    if node.json:
        return [word.text for word in node.words[:1]] == ["/bin/sh"]
    return run.step.dialect == "posix"
