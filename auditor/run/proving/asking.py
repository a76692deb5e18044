"""From what `audit fix` would write, and what the user says about builds, to the two builds of a proof."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.lang.ignorefile import ignore_file_for, parse
from auditor.run.analysis import copy_sources
from auditor.run.proving.options import given_options
from auditor.run.proving.shapes import Given, ProofError, Wish
from auditor.sources.context import guess_context
from auditor.sources.files import DOCKERFILE_LIMIT, UnreadableFile, read_regular, repository_root

if TYPE_CHECKING:
    from auditor.core.config import Settings
    from auditor.core.secret import Secret
    from auditor.lang.dockerfile.nodes import Document
    from auditor.run.rewrite.options import ProveOptions
    from auditor.run.rewrite.outcome import Rewrite

_DOCKERFILE, _IGNORE = "dockerfile", "ignore"
_IGNORE_LIMIT = 1 << 20


def wish_of(rewrite: Rewrite, settings: Settings, options: ProveOptions) -> Wish:
    """The builds before and after a rewrite that is not written yet.

    Raises ProofError for options that cannot be meant, and for files that cannot be read.
    """
    changed = {change.kind: change for change in rewrite.changes if change.kind in (_DOCKERFILE, _IGNORE)}
    dockerfile = changed.get(_DOCKERFILE)
    path = dockerfile.path if dockerfile else rewrite.path
    before = _read(path) if dockerfile is None or dockerfile.before is None else encoded(dockerfile.before)
    after = encoded(dockerfile.after) if dockerfile else before
    document = parse_bytes(before)
    context = os.path.abspath(
        settings.context or guess_context(path, copy_sources(document), repository_root(path)) or os.curdir
    )
    ignore = changed.get(_IGNORE)
    ignored = _ignored(path, context)
    ignored_after = ignore.after if ignore else ignored
    return Wish(
        dockerfile=os.path.abspath(path),
        context=context,
        before=before,
        after=after,
        secrets=tuple(rewrite.secrets),
        arguments=frozenset(secret.name for secret in rewrite.secrets if secret.argument and secret.name),
        values=_values(rewrite),
        ignore_before=ignore.before if ignore else ignored,
        ignore_after=ignored_after,
        new_files=_new_files(rewrite, context, ignored_after or "", parse_bytes(after)),
        given=Given(options.secrets, options.arguments, options.ssh),
        target=settings.target or "",
        options=given_options(options.build),
        command=options.command,
        keep_images=options.keep_images,
    )


def _values(rewrite: Rewrite) -> tuple[Secret, ...]:
    """What the findings hold that go, each once."""
    found = (finding.secret for applied in rewrite.applied for finding in applied.findings)
    return tuple(dict.fromkeys(secret for secret in found if secret is not None))


def _read(path: str) -> bytes:
    try:
        return read_regular(path, DOCKERFILE_LIMIT)
    except UnreadableFile as error:
        raise ProofError(f"{path}: cannot be read: {error}") from None


def _ignored(path: str, context: str) -> str | None:
    file = ignore_file_for(path, context)
    if file is None:
        return None
    try:
        return read_regular(file, _IGNORE_LIMIT).decode("utf-8", "surrogateescape")
    except UnreadableFile as error:
        raise ProofError(f"{file}: cannot be read: {error}") from None


def _new_files(rewrite: Rewrite, context: str, ignored: str, document: Document) -> dict[str, str]:
    """The files of the rewrite that the build after is sent and may copy, by path relative to its context."""
    ignore = parse(ignored)
    sources = copy_sources(document)
    anything = _mounts_context(document)
    found: dict[str, str] = {}
    root = os.path.realpath(context)
    for change in rewrite.changes:
        place = os.path.realpath(change.path)
        if change.before == change.after or os.path.commonpath([root, place]) != root:
            continue
        path = os.path.relpath(place, root).replace(os.sep, "/")
        taken = anything or any(_takes(source, path) for source in sources)
        if taken and not ignore.excludes(path):
            found[path] = change.after
    return found


def _takes(source: str, path: str) -> bool:
    """Whether a source of COPY or ADD may take this file along; rather too often than not."""
    if "$" in source:
        return True
    source = source.strip("\"'").removeprefix("./").strip("/")
    if source in ("", "."):
        return True
    parts = path.split("/")
    return any(fnmatchcase("/".join(parts[:count]), source) for count in range(1, len(parts) + 1))


def _mounts_context(document: Document) -> bool:
    """Whether a RUN sees the build context as it is."""
    for instruction in document.instructions:
        for flag in (instruction.child or instruction).flags:
            if flag.name == "mount":
                pairs = dict(pair.partition("=")[::2] for pair in (flag.value or "").split(","))
                if pairs.get("type", "bind") == "bind" and "from" not in pairs:
                    return True
    return False
