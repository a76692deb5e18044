"""Other Dockerfiles and compose files around a build context that use one of its files: a change would reach them."""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING
from auditor.fixes import deeds
from auditor.flow.build import follow
from auditor.flow.paths import covers
from auditor.lang.dockerfile.parser import parse_bytes
from auditor.sources.files import collect, is_compose_name, is_source_name, repository_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.flow.build import Build
    from auditor.sources.files import Input

_MOST = 200
_LIMIT = 512 * 1024


def user_of(build: Build, files: Sequence[str], words: Sequence[str]) -> str:
    """The first other Dockerfile or compose file of the repository that uses one of these files (context paths).

    A Dockerfile that copies the whole context uses them if it has one of the `words`. "" for none.
    """
    context = build.context
    if context is None:
        return ""
    shown = build.path if os.path.exists(build.path) else os.path.join(context.root, build.path)
    own = os.path.realpath(shown)
    top = repository_root(context.root)
    for number, source in enumerate(collect([top], exclude=(), is_wanted=is_source_name, limit=_LIMIT)):
        if number >= _MOST:
            break
        if source.data is None or os.path.realpath(source.path) == own:
            continue
        if _uses(source, context.root, files, words):
            return os.path.relpath(source.path, context.root)
    return ""


def _uses(source: Input, root: str, files: Sequence[str], words: Sequence[str]) -> bool:
    text = (source.data or b"").decode("utf-8", "replace")
    if is_compose_name(source.path):
        return any(deeds.names(text, f"/{file}", "/") for file in files)
    document = parse_bytes(source.data or b"")
    build = follow(document, source.path)
    taken = [text for _step, _path, text, _span in build.facts.placed]
    taken += [file.content for file in build.facts.files if file.how == "copied"]
    wanted = [os.path.join(root, file) for file in files]
    folders = {os.path.abspath(root), os.path.dirname(os.path.abspath(source.path))}
    for one in taken:
        plain = one.strip("/").removeprefix("./")
        if plain in ("", ".") and not any(word in text.lower() for word in words):
            continue
        for folder in folders:
            place = os.path.normpath(os.path.join(folder, plain))
            if any(covers(place.replace(os.sep, "/"), file.replace(os.sep, "/"), shell=False) for file in wanted):
                return True
    return False
