"""The files that build an image: they change in the same group as the Dockerfile."""

from __future__ import annotations

import os

from auditor.core.edit import EditConflict, apply_edits
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.change import BuildChange, Caller, change, command
from auditor.flow.calling.kinds import kind_of, sniff
from auditor.run.rewrite.outcome import FileChange
from auditor.sources.files import collect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditor.fixes.plan import BuildSecret
    from auditor.run.rewrite.dockerfile import State
    from auditor.run.rewrite.outcome import Rewrite
    from auditor.sources.files import Input

_LIMIT = 1024 * 1024


def dropped_arguments(first: State, last: State) -> frozenset[str]:
    """Names of build arguments that the Dockerfile declared before and does not any more."""
    return _arguments(first) - _arguments(last)


def _arguments(state: State) -> frozenset[str]:
    document = state.analysis.document
    nodes = document.instructions if document is not None else ()
    return frozenset(pair.name for node in nodes if node.keyword == "ARG" for pair in node.pairs)


class CallerFiles:
    """Scripts, Makefiles, compose, CI and bake files; `pending` are texts not yet written."""

    def __init__(self, inputs: Iterable[Input], pending: Mapping[str, str]) -> None:
        self.pending = pending
        self.files: list[tuple[str, str, str]] = []
        #: Files that may build the image too, with why they were not read.
        self.unread: list[str] = []
        self._known: set[str] = set()
        self.add(inputs)

    @classmethod
    def among(cls, paths: Sequence[str], exclude: Sequence[str], pending: Mapping[str, str]) -> CallerFiles:
        """Those among and below some paths."""
        return cls(collect(paths, exclude=exclude, is_wanted=_may_call, limit=_LIMIT), pending)

    def add(self, inputs: Iterable[Input]) -> None:
        """Take further files into account."""
        for source in inputs:
            if os.path.abspath(source.path) in self._known:
                continue
            self._known.add(os.path.abspath(source.path))
            kind = kind_of(source.path) or ("script" if source.data is not None and sniff(source.data) else None)
            if source.data is None and kind is not None:
                self.unread.append(
                    f"{os.path.normpath(source.path)}: {source.error}; whether it builds this is not known"
                )
            elif source.data is not None and kind is not None:
                self.files.append((source.path, kind, source.data.decode("utf-8", "surrogateescape")))

    def change(
        self,
        source: Input,
        last: State,
        arguments: frozenset[str],
        is_only_one: bool,
        rewrite: Rewrite,
        *,
        unsafe: bool,
    ) -> str:
        """Add the callers' changes to the rewrite; without a caller, the command that builds from now on.

        Returns why the Dockerfile must not change after all ("" where it may): a caller cannot be changed, and the
        build would break. With `unsafe` that is only noted.
        """
        asked = asked_of(source, last, arguments, is_only_one, rewrite)
        matched, problems = 0, []
        changes: list[FileChange] = []
        for path, kind, text in self.files:
            text = self.pending.get(os.path.abspath(path), text)
            found = change(Caller(os.path.abspath(path), os.path.normpath(path), text), asked)
            matched += found.matched
            problems += [f"{os.path.normpath(path)}: {problem}" for problem in found.problems]
            rewrite.burnt += found.burnt
            rewrite.notes += [note for note in found.notes if note not in rewrite.notes]
            try:
                after = apply_edits(text, found.edits)
            except EditConflict:
                problems.append(f"{os.path.normpath(path)}: two changes concern the same text")
                continue
            if after != text:
                changes.append(FileChange(path, kind, text, after, (tuple(found.edits),)))
        if problems and not unsafe:
            return f"what builds it would have to change too: {problems[0]}"
        rewrite.notes += [f"change this by hand, or the build may fail now - {problem}" for problem in problems]
        rewrite.notes += self.unread
        rewrite.changes += changes
        if rewrite.secrets and (not matched or len(asked.secrets) < len(rewrite.secrets)):
            whole = asked._replace(secrets=tuple(rewrite.secrets))
            context = context_of(source, last)
            rewrite.commands.append(command(whole, source.display, _shown(context, source.path)))
        return ""


def asked_of(source: Input, last: State, arguments: frozenset[str], is_only_one: bool, rewrite: Rewrite) -> BuildChange:
    """What callers of a rewritten Dockerfile are asked for."""
    known = tuple(secret for secret in rewrite.secrets if _is_known_to_callers(secret))
    place = os.path.abspath(source.path), os.path.abspath(context_of(source, last))
    return BuildChange(*place, known, arguments, is_only_one)


def context_of(source: Input, last: State) -> str:
    """The folder that a Dockerfile is built from, as far as it is known."""
    build = last.analysis.build
    return build.context.root if build is not None and build.context is not None else os.path.dirname(source.path)


def _is_known_to_callers(secret: BuildSecret) -> bool:
    """Whether a caller may have the secret at hand: under its variable's name, or as a file.

    A value that stood in a command has no name yet. Where a caller is to take it from is not for a guess: a variable
    that nobody sets would only make the build fail in another way.
    """
    return secret.kind != "variable" or bool(secret.name)


def _shown(context: str, dockerfile: str) -> str:
    """The build context as the user calls the Dockerfile: relative to the current folder, or absolute."""
    if not context or os.path.isabs(dockerfile):
        return os.path.normpath(context) if context else "."
    try:
        return os.path.relpath(context)
    except ValueError:  # another drive
        return os.path.normpath(context)


def _may_call(path: str) -> bool:
    return kind_of(path) is not None or "." not in os.path.basename(path)
