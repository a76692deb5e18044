"""The files that one run of `audit fix` concerns: its inputs, those that call the build of one, and those of their
repository. Each kind is looked for when it is first asked about."""

from __future__ import annotations

import os
from itertools import islice

from auditor.core.record import TYPE_CHECKING
from auditor.run.inputs import call_kind, is_script, is_wanted
from auditor.sources.files import collect, is_compose_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.core.config import Settings
    from auditor.flow.build import Build
    from auditor.run.analysis import Analysis
    from auditor.run.inputs import InputAuditor
    from auditor.run.rewrite.beyond import Beyond
    from auditor.run.rewrite.callers import CallerFiles
    from auditor.run.rewrite.handed import Handing
    from auditor.run.rewrite.options import FixOptions
    from auditor.sources.files import Input

STDIN = "-"


class RunFiles:
    """`pending` are texts that the run changes, by absolute path; whoever changes one adds it."""

    def __init__(
        self, settings: Settings, paths: Sequence[str], options: FixOptions, pending: Mapping[str, str]
    ) -> None:
        self.settings = settings
        self.paths = paths
        self.options = options
        self.pending = pending
        self._callers: CallerFiles | None = None
        self._beyond: Beyond | None = None
        self._handing: Handing | None = None
        self._found_callers: bool | None = None

    def inputs(self) -> Iterator[Input]:
        """The files among and below the paths that `audit lint` reads."""
        return collect(
            self.paths,
            exclude=self.settings.exclude,
            is_wanted=is_wanted,
            stdin_filename=self.settings.stdin_filename or "Dockerfile",
            is_program=is_script,
        )

    def dockerfiles(self) -> Iterator[Input]:
        """Those of them that are Dockerfiles."""
        return (one for one in self.inputs() if not is_compose_name(one.display) and not call_kind(one))

    @property
    def has_one_dockerfile(self) -> bool:
        """Whether there is no more than one."""
        return sum(1 for _ in islice(self.dockerfiles(), 2)) < 2

    @property
    def callers(self) -> CallerFiles:
        """The scripts, compose, CI and bake files among the paths."""
        if self._callers is None:
            from auditor.run.rewrite.callers import CallerFiles  # start-up: only where something changes

            paths = [p for p in self.paths if p != STDIN] if self.options.callers else []
            self._callers = CallerFiles.among(paths, self.settings.exclude, self.pending)
        return self._callers

    @property
    def repository(self) -> Beyond:
        """The files of the repository that are not among the paths."""
        if self._beyond is None:
            from auditor.run.rewrite.beyond import Beyond  # start-up: as above

            self._beyond = Beyond(self.paths, self.settings, self.options, self.pending)
        return self._beyond

    def handed(self, source: Input, analysis: Analysis, auditor: InputAuditor) -> dict[str, str]:
        """Build arguments of a Dockerfile that its callers hand secrets to, though nothing in it tells; why, in words.

        `auditor` is what the callers are examined with.
        """
        names = _receiving(analysis.build) if source.path != STDIN else frozenset()
        if analysis.build is None or not names or not self._has_callers():
            return {}
        if self._handing is None:
            from auditor.run.rewrite.handed import Handing  # start-up: only Dockerfiles with arguments, and callers

            self._handing = Handing(self.callers, auditor)
        context = analysis.build.context
        root = context.root if context is not None else os.path.dirname(source.path)
        return self._handing.handed(names, source.path, root, sole=self.has_one_dockerfile)

    def _has_callers(self) -> bool:
        """Whether there are files among the paths that may build a Dockerfile, and that are to be looked at."""
        if self._found_callers is None:
            others = (is_compose_name(one.display) or call_kind(one) for one in self.inputs())
            self._found_callers = self.options.callers and any(others)
        return self._found_callers


def _receiving(build: Build | None) -> frozenset[str]:
    """Names of the build arguments that a build has to be given and that are not known to be secrets."""
    variables = [v for v in build.facts.variables if v.kind == "argument"] if build is not None else []
    # One with a default is built without, too: as a build secret it could not be left out.
    others = {v.name for v in variables if not v.receives or v.sensitive}
    return frozenset(v.name for v in variables) - others
