"""Files of a build context, besides the ignore file, that change along with a Dockerfile."""

from __future__ import annotations

import os.path

from auditor.core.edit import EditConflict, apply_edits
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.edit import Edit
    from auditor.fixes.plan import FileEdit
    from auditor.run.analysis import Analysis

_LIMIT = 1024 * 1024


class OtherText(NamedTuple):
    """A file: its path in the context, without links, where it lies, its text on disk, and the one that it gets."""

    source: str
    path: str
    before: str
    after: str


def edited(others: tuple[OtherText, ...], edits: Sequence[FileEdit], analysis: Analysis) -> tuple[OtherText, ...]:
    """The files with further edits, which are told by places in their texts as `others` has them.

    Raises Refused for a file that cannot be read or changed.
    """
    context = analysis.build.context if analysis.build is not None else None
    if not edits or context is None:
        return others
    known = {one.source: one for one in others}
    wanted: dict[str, list[Edit]] = {}
    for source, edit in edits:
        wanted.setdefault(context.plain(source) or source, []).append(edit)
    for source, own in wanted.items():
        one = known.get(source)
        if one is None:
            data = context.read(source, _LIMIT)
            if data is None:
                raise Refused(f"{source} cannot be read again")
            text = data.decode("utf-8", "surrogateescape")
            one = OtherText(source, os.path.join(context.root, source), text, text)
        try:
            known[source] = one._replace(after=apply_edits(one.after, list(dict.fromkeys(own))))
        except EditConflict:
            raise Refused("two changes of it concern the same text") from None
    return tuple(known.values())
