"""Lines added to the ignore file of a build context."""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import encoded
from auditor.lang.ignorefile import ignore_file_for, parse
from auditor.sources.context import BuildContext
from auditor.sources.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.run.rewrite.others import OtherText

_LIMIT = 1024 * 1024


class IgnoreText(NamedTuple):
    """An ignore file: where it is or will be, its text on disk (None: there is none), and the text it shall have."""

    path: str
    before: str | None
    after: str


def current(dockerfile: str, root: str, pending: Mapping[str, str]) -> IgnoreText:
    """The ignore file that applies to a Dockerfile; `pending` are texts not yet written, by absolute path.

    Raises UnreadableFile.
    """
    path = ignore_file_for(dockerfile, root)
    if path is None:
        path = os.path.join(root, ".dockerignore")
        return IgnoreText(path, None, pending.get(os.path.abspath(path), ""))
    text = read_regular(path, _LIMIT).decode("utf-8", "surrogateescape")
    return IgnoreText(path, text, pending.get(os.path.abspath(path), text))


def extended(ignore: IgnoreText, lines: Sequence[str]) -> IgnoreText:
    """With lines at its end, those that are there already left out; its line ends are kept."""
    text = ignore.after
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    known = {line.strip() for line in text.splitlines()}
    added = [line for line in dict.fromkeys(lines) if line not in known]
    if not added:
        return ignore
    if text and not text.endswith("\n"):
        text += newline
    return ignore._replace(after=text + "".join(line + newline for line in added))


def context_with(context: BuildContext, ignore: IgnoreText | None, others: Sequence[OtherText] = ()) -> BuildContext:
    """The same folder as it would be sent with this ignore file (None: with its own) and these texts in it."""
    if ignore is None:
        made = BuildContext(context.root, context.ignore, context.ignore_path, max_files=context.max_files)
    else:
        made = BuildContext(context.root, parse(ignore.after), ignore.path, max_files=context.max_files)
    made.skipped = list(context.skipped)
    made.pending = {**context.pending, **{one.source: encoded(one.after) for one in others}}
    return made
