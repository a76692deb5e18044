"""One run of `audit fix`: every Dockerfile among the paths, with what builds it, then every compose file, script and CI
file. Writes nothing."""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING
from auditor.run.inputs import InputAuditor, call_kind
from auditor.run.rewrite.outcome import FileChange, FixRun, Rewrite
from auditor.run.rewrite.runfiles import STDIN, RunFiles
from auditor.run.selection import asked, chosen
from auditor.sources.files import UnreadableFile, is_compose_name, repository_root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.run.rewrite.dockerfile import DockerfileFixer, State
    from auditor.run.rewrite.mending import Mended
    from auditor.run.rewrite.options import FixOptions
    from auditor.sources.files import Input

#: What stands in a file that hands over a build argument; the second one where files are not commands.
_PASSED, _LISTED = b"build-arg", b"args"


def fix(settings: Settings, paths: Sequence[str], options: FixOptions, only: frozenset[str] | None = None) -> FixRun:
    """What is to be changed in the files among and below these paths that `audit lint` reads ("-": standard input).

    What calls a build changes along with its Dockerfile first, and then for findings of its own. With `only` no file is
    examined but those that are called so. Raises UsageError for names of rules that do not exist; never for what a file
    contains.
    """
    return _Run(settings, paths, options, only).run()


class _Run:
    def __init__(
        self, settings: Settings, paths: Sequence[str], options: FixOptions, only: frozenset[str] | None
    ) -> None:
        self.only = only
        self.settings = settings
        self.paths = paths
        self.options = with_accepted(settings, paths, options)
        self.wanted = chosen(settings)
        self.auditor = InputAuditor(settings, self.wanted, accepted=self.options.accepted)
        self.outcome = FixRun()
        #: Texts of files that an earlier rewrite of this run changes, by absolute path.
        self.pending: dict[str, str] = {}
        self.files = RunFiles(settings, paths, self.options, self.pending)
        self._earlier: dict[str, list[FileChange]] = {}
        #: Build arguments of the Dockerfile at hand that are secrets by what calls its build, each with the reason.
        self._handed_to: dict[str, str] = {}

    def run(self) -> FixRun:
        composed: list[Input] = []
        calling: list[Input] = []
        for source in self.files.inputs():
            if self.only is not None and source.display not in self.only:
                continue
            if is_compose_name(source.display):
                composed.append(source)
            elif call_kind(source):
                calling.append(source)
            else:
                self._examine(source, self._rewrite)
        for source in composed:  # behind the Dockerfiles, which they build and may be changed with
            self._examine(self._as_left(source), self._rewrite_composed)
        for source in calling:
            self._examine(self._as_left(source), self._rewrite_calling, quiet=True)
        if self.options.diff and not self.settings.show_secrets and any(r.changes for r in self.outcome.rewrites):
            from auditor.run.rewrite.shown import remember  # start-up: only for diffs

            remember(self.outcome, self.settings)
        return self.outcome

    def _examine(
        self, source: Input, rewriting: Callable[[Input, list[Finding], Rewrite], None], *, quiet: bool = False
    ) -> None:
        """Examine one input; a `quiet` one is mentioned only if there is something about it."""
        if self.options.is_late:
            self.outcome.late.append(source.display)
            return
        if not self.options.until:
            self._examined(source, rewriting, quiet=quiet)
            return
        # A report that just shows fixes must not be lost to a fault in one of them.
        kept, pending = len(self.outcome.rewrites), dict(self.pending)
        earlier = {path: list(changes) for path, changes in self._earlier.items()}
        try:
            self._examined(source, rewriting, quiet=quiet)
        except Exception as error:
            self.outcome.give_up(source.display, error, kept)
            # Shared with others, who must not see what is not done.
            self.pending.clear()
            self.pending.update(pending)
            self._earlier = earlier

    def _examined(
        self, source: Input, rewriting: Callable[[Input, list[Finding], Rewrite], None], *, quiet: bool
    ) -> None:
        target, analysis = self.auditor.examine(source)
        self._handed_to = self.files.handed(source, analysis, self.auditor)
        if self._handed_to:
            contexts, accepted = self.auditor.contexts, self.options.accepted
            known = InputAuditor(self.settings, self.wanted, contexts, handed=self._handed_to, accepted=accepted)
            target, analysis = known.examine(source)
        self.outcome.errors += [f"{error.path}: {error.message}" for error in target.errors]
        rewrite = Rewrite(source.display, target)
        rewrite.earlier = tuple(self._earlier.get(os.path.abspath(source.path), ()))
        active = asked(analysis.findings, self.wanted)
        # A wrapper that was asked for concerns what a container starts, which is no finding.
        concerned = bool(active) or (self.options.wrapping is not None and target.kind == "dockerfile")
        mended = self._mended(source, active, rewrite) if target.kind != "dockerfile" else None
        if concerned or not quiet or not target.complete or mended is not None or rewrite.notes:
            self.outcome.rewrites.append(rewrite)
        if mended is not None:
            self.pending[os.path.abspath(source.path)] = rewrite.changes[-1].after
            source, active, concerned = mended.source, mended.findings, bool(mended.findings)
        if concerned:
            rewriting(source, active, rewrite)

    def _mended(self, source: Input, active: list[Finding], rewrite: Rewrite) -> Mended | None:
        """A caller that still passes what a Dockerfile takes as a build secret by now, with its new text."""
        data = source.data if source.path != STDIN and self.options.callers else None
        is_of_commands = rewrite.target.kind == "script" and "bake" not in source.display
        if data is None or (_PASSED not in data and (is_of_commands or _LISTED not in data)):
            return None
        dockerfiles = list(self.files.dockerfiles())
        return self.files.repository.mended(source, active, rewrite, self.auditor, dockerfiles)

    def _as_left(self, source: Input) -> Input:
        """An input with the text that an earlier rewrite of this run gives it."""
        text = self.pending.get(os.path.abspath(source.path))
        return source if text is None else source._replace(data=text.encode("utf-8", "surrogateescape"))

    def _rewrite(self, source: Input, active: list[Finding], rewrite: Rewrite) -> None:
        from auditor.run.rewrite.dockerfile import DockerfileFixer  # start-up: only files with findings
        from auditor.run.rewrite.generated import generated

        fixer = DockerfileFixer(source, self.settings, self.options, self.wanted, self.pending, self._handed_to)
        try:
            first = fixer.read()
        except UnreadableFile as error:
            return rewrite.refuse(active, f"the ignore file of its context cannot be used: {error}")
        if reason := generated(rewrite.target.text):
            return rewrite.refuse(active, reason)
        if first is None:
            return rewrite.refuse(active, "the builder rejects the file as it is")
        last = fixer.fix(first, rewrite)
        return self._changes(fixer, first, last, rewrite)

    def _changes(self, fixer: DockerfileFixer, first: State, last: State, rewrite: Rewrite) -> None:
        """The files that change together."""
        source = fixer.source
        if last.text != first.text:
            rewrite.changes.append(FileChange(source.path, "dockerfile", first.text, last.text))
        ignore = last.ignore
        if ignore is not None and first.ignore is not None and ignore.after != first.ignore.after:
            existed = first.ignore.after if ignore.before is not None or first.ignore.after else None
            rewrite.changes.append(FileChange(ignore.path, "ignore", existed, ignore.after))
        rewrite.changes += [
            FileChange(os.path.normpath(one.path), "configuration", one.before, one.after) for one in last.others
        ]
        shared = next((c.path for c in rewrite.changes if c.kind == "configuration" and self._is_pending(c)), "")
        if shared:
            fixer.take_back(rewrite, f"{shared} changes along with another Dockerfile: change one at a time")
        elif source.path != STDIN:
            reason = self._call(first, last, source, rewrite) if last.text != first.text else ""
            reason = reason or self._give(last, source, rewrite)
            if reason:
                fixer.take_back(rewrite, reason)
        for change in rewrite.changes:
            self.pending[os.path.abspath(change.path)] = change.after
            self._earlier.setdefault(os.path.abspath(change.path), []).append(change)

    def _call(self, first: State, last: State, source: Input, rewrite: Rewrite) -> str:
        """Have the callers change too, or say how the build is called from now on; why that cannot be, or ""."""
        from auditor.run.rewrite.callers import dropped_arguments  # start-up: only files that change

        arguments = dropped_arguments(first, last)
        if not (rewrite.secrets or arguments):
            return ""
        asked_for = source, last, arguments, self.files.has_one_dockerfile, rewrite
        if self.options.callers:
            return self.files.repository.call(self.files.callers, *asked_for)
        return self.files.callers.change(*asked_for, unsafe=self.options.unsafe)

    def _is_pending(self, change: FileChange) -> bool:
        return os.path.abspath(change.path) in self.pending

    def _give(self, last: State, source: Input, rewrite: Rewrite) -> str:
        """Let compose services have the files that their containers need; why that cannot be, or ""."""
        if not rewrite.given:
            return ""
        from auditor.run.rewrite.giving import give  # start-up: only files that change

        return give(self.files.callers, last, source, rewrite, unsafe=self.options.unsafe)

    def _rewrite_calling(self, source: Input, active: list[Finding], rewrite: Rewrite) -> None:
        from auditor.run.rewrite.called import CallFixer  # start-up: only such files with findings
        from auditor.run.rewrite.generated import generated

        if reason := generated(rewrite.target.text):
            return rewrite.refuse(active, reason)
        before = (source.data or b"").decode("utf-8", "surrogateescape")
        after = CallFixer(source, self.settings, self.options, self.wanted).fix(rewrite)
        if after != before:
            rewrite.take(FileChange(source.path, rewrite.target.kind, before, after))
            self.pending[os.path.abspath(source.path)] = after
        return None

    def _rewrite_composed(self, source: Input, active: list[Finding], rewrite: Rewrite) -> None:
        from auditor.flow.place import Place  # start-up: only compose files with findings
        from auditor.run.rewrite.composed import ComposeFixer, reason_against

        if reason := reason_against(rewrite.target.text):
            return rewrite.refuse(active, reason)
        is_alone = source.path == STDIN or self.settings.no_context
        roots = [repository_root(source.path), *(path for path in self.paths if os.path.isdir(path))]
        place = Place("" if is_alone else source.path, roots, self.pending)
        fixer = ComposeFixer(source, self.settings, self.options, self.wanted, place)
        first = fixer.read()
        if first is None:
            return rewrite.refuse(active, "the file cannot be read again")
        last = fixer.fix(first, rewrite)
        if last.text != first.text:
            rewrite.take(FileChange(source.path, "compose", first.text, last.text))
            self.pending[os.path.abspath(source.path)] = last.text
        for ignore in fixer.ignores.values():
            shown = os.path.relpath(ignore.path, os.path.dirname(os.path.abspath(source.path)))
            path = os.path.normpath(os.path.join(os.path.dirname(source.path), shown))
            rewrite.changes.append(FileChange(path, "ignore", ignore.before, ignore.after))
            self.pending[os.path.abspath(ignore.path)] = ignore.after
        return None


def with_accepted(settings: Settings, paths: Sequence[str], options: FixOptions) -> FixOptions:
    """The options with what the baseline accepts in these files, which is looked up once for several runs on them.

    Raises UsageError where the baseline cannot be read.
    """
    if not settings.baseline or options.accepted is not None:
        return options
    from auditor.run.acceptance.fixing import accepted_in  # start-up: only with a baseline

    return options._replace(accepted=accepted_in(settings, paths))
