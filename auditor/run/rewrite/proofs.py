"""`--prove` for one rewrite: what is to be built before and after, from what the engine changed."""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.run.proving.docker import find_docker
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import Given, ProofError, Wish
from auditor.run.rewrite.ignores import current
from auditor.run.rewrite.writing import encoded
from auditor.sources.context import guess_context
from auditor.sources.files import UnreadableFile, repository_root

if TYPE_CHECKING:
    from auditor.core.config import Settings
    from auditor.lang.dockerfile.nodes import Document
    from auditor.run.proving.shapes import Proof
    from auditor.run.rewrite.options import ProveOptions
    from auditor.run.rewrite.outcome import FileChange, Rewrite

_DOCKERFILE, _IGNORE, _NEW = "dockerfile", "ignore", "new"


def proof_of(rewrite: Rewrite, settings: Settings, options: ProveOptions) -> Proof | None:
    """Build the Dockerfile of a rewrite before and after, and compare; None where it does not change.

    Raises ProofError where that cannot be tried.
    """
    wish = wish_of(rewrite, settings, options)
    return prove(wish, find_docker()) if wish is not None else None


def wish_of(rewrite: Rewrite, settings: Settings, options: ProveOptions) -> Wish | None:
    """The two builds; None where the Dockerfile does not change. Raises ProofError (ignore file that cannot be read).

    The files of callers are built as they are on disk on both sides: only what the builder reads differs.
    """
    dockerfile = _of_kind(rewrite, _DOCKERFILE)
    ignore = _of_kind(rewrite, _IGNORE)
    if dockerfile is None and ignore is None:
        return None
    path = os.path.abspath(dockerfile.path if dockerfile is not None else rewrite.path)
    text = dockerfile.before if dockerfile is not None else rewrite.target.text
    before = encoded(text or "")
    after = encoded(dockerfile.after) if dockerfile is not None else before
    document = parse_bytes(before)
    context = os.path.abspath(settings.context or _guessed(document, path))
    try:
        ignored = current(path, context, {}).before
    except UnreadableFile as error:
        raise ProofError(f"the ignore file of the context cannot be read: {error}") from None
    return Wish(
        dockerfile=path,
        context=context,
        before=before,
        after=after,
        secrets=tuple(rewrite.secrets),
        arguments=_arguments(document) - _arguments(parse_bytes(after)),
        values=tuple(rewrite.target.secrets),
        ignore_before=ignored,
        ignore_after=ignore.after if ignore is not None else ignored,
        new_files={_below(change.path, context): change.after for change in rewrite.changes if change.kind == _NEW},
        given=Given(options.secrets, options.arguments, options.ssh),
        target=settings.target,
        network=options.network,
        command=options.command,
        keep_images=options.keep_images,
    )


def _of_kind(rewrite: Rewrite, kind: str) -> FileChange | None:
    return next((change for change in rewrite.changes if change.kind == kind and change.before != change.after), None)


def _guessed(document: Document, path: str) -> str:
    """The build context as the analysis guesses it."""
    sources: list[str] = []
    for instruction in document.instructions:
        node = instruction.child or instruction
        if node.keyword in ("COPY", "ADD") and node.flag("from") is None:
            sources += [word.text for word in node.words[:-1] if not word.text.startswith("<<")]
    return guess_context(path, sources, repository_root(path)) if sources else os.path.dirname(path)


def _arguments(document: Document) -> frozenset[str]:
    """Names of the build arguments that a Dockerfile declares."""
    return frozenset(pair.name for node in document.instructions if node.keyword == "ARG" for pair in node.pairs)


def _below(path: str, context: str) -> str:
    return os.path.relpath(os.path.abspath(path), context).replace(os.sep, "/")
