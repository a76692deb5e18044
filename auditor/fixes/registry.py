"""All planners, in the order in which their plans are tried."""

from __future__ import annotations

from importlib import import_module

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.core.wrappers import Wrapping
    from auditor.fixes.plan import Plan, Refusal
    from auditor.flow.build import Build

    Planner = Callable[[Build, str], Iterator[Plan | Refusal]]

#: What prints a secret goes first: the other planners then have fewer places to give it to. Keys come before variables
#: that are written into them.
PLANNERS = (
    "prints",
    "servers",
    "ssh",
    "files",
    "inline",
    "context",
    "variables",
    "starting",
    "urls",
    "literals",
    "caches",
)


def plans(build: Build, form: str, wrapping: Wrapping | None = None) -> Iterator[Plan | Refusal]:
    """Every plan, and every reason against one, for a build. `form`: `file` or `env`, how variables are mounted;
    `wrapping`: what gives the container its secrets, in place of files and variables."""
    for name in PLANNERS:
        if name == "variables" and wrapping is not None:
            from auditor.fixes.wrapping.planning import plans as wrapped  # start-up: only with --wrapper

            yield from wrapped(build, form, wrapping)
        if name == "starting" and wrapping is not None:
            continue
        planner: Planner = import_module(f"auditor.fixes.{name}").plans
        yield from planner(build, form)
