"""What a run does with files of the repository that are not among its paths: callers, and Dockerfiles of callers."""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING
from auditor.run.rewrite.around import Around

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.run.inputs import InputAuditor
    from auditor.run.rewrite.callers import CallerFiles
    from auditor.run.rewrite.dockerfile import State
    from auditor.run.rewrite.mending import Mended, Mender
    from auditor.run.rewrite.options import FixOptions
    from auditor.run.rewrite.outcome import Rewrite
    from auditor.sources.files import Input


class Beyond:
    """The files beside the paths of one run; `pending` are texts not yet written."""

    def __init__(
        self, paths: Sequence[str], settings: Settings, options: FixOptions, pending: Mapping[str, str]
    ) -> None:
        self._around = Around(paths, settings.exclude)
        self._options = options
        self._pending = pending
        self._mender: Mender | None = None

    def call(
        self,
        files: CallerFiles,
        source: Input,
        last: State,
        arguments: frozenset[str],
        is_only_one: bool,
        rewrite: Rewrite,
    ) -> str:
        """Have callers change along with a Dockerfile, and name those that do not; why that cannot be, or "".

        `is_only_one`: there is no other Dockerfile among the paths.
        """
        is_only_around = is_only_one and not self._around.dockerfiles(source.path)
        if self._options.all_callers:
            files.add(self._around.callers(source.path))
            is_only_one = is_only_around
        reason = files.change(source, last, arguments, is_only_one, rewrite, unsafe=self._options.unsafe)
        if not reason and not self._options.all_callers and self._around.callers(source.path):
            from auditor.run.rewrite.callers import asked_of
            from auditor.run.rewrite.unchanged import name_unchanged  # start-up: only where there are such files

            asked_for = asked_of(source, last, arguments, is_only_around, rewrite)
            name_unchanged(self._around.callers(source.path), asked_for, self._pending, rewrite)
        return reason

    def mended(
        self,
        source: Input,
        active: Sequence[Finding],
        rewrite: Rewrite,
        auditor: InputAuditor,
        dockerfiles: Sequence[Input],
    ) -> Mended | None:
        """A caller that still passes what a Dockerfile takes as a build secret by now, with its new text.

        `dockerfiles` are those among the paths.
        """
        if self._mender is None:
            from auditor.run.rewrite.mending import Mender, mounting  # start-up: only where arguments are passed

            every = [*dockerfiles, *self._around.dockerfiles(source.path)]
            settled = [one for one in every if os.path.abspath(one.path) not in self._pending]
            self._mender = Mender(auditor, mounting(settled), len(every) == 1)
        return self._mender.mend(source, active, rewrite)
