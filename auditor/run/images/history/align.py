"""Which entry of the history made which layer: by count where the two fit, by paths where they do not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from auditor.core.pattern import Pattern
from auditor.run.images.history.createdby import is_merge
from auditor.run.images.history.entries import Entry, History
from auditor.sources.images.tarheaders import normal

#: Characters of commands in which one path is looked for, and most entries of which that is done.
_LONGEST_COMMAND = 64 << 10
_MOST_COMMANDS = 2_000
_LEAST_PATH, _LONGEST_PATH = 4, 4096
#: Instructions that change the configuration only.
_NO_LAYER = frozenset(
    "ARG CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME".split()
)
_LEGACY_COPY = Pattern(r"(?:--\S{1,200}?)??(?:file|dir|multi):[0-9a-f]{8,64} in (?P<goal>.+)")
_WRITING = Pattern(
    r">{1,2}\s*['\"]?[^\s'\";|&]*|\b(?:tee|touch|cp|mv|install|curl|wget|ln|mkdir|tar|unzip|sed|keygen|openssl)\b"
)


class Alignment:
    """Says for layers and entries of one image which belong together; None where nobody can know.

    `exact`: there are as many entries with a layer as there are layers. Even then an entry may hold what several did:
    squashed by the legacy builder, or built by buildah without intermediate layers, which puts all under the last one.
    """

    def __init__(self, history: History, layer_count: int) -> None:
        makers = history.makers
        self.exact = len(makers) == layer_count > 0
        self._history = history
        self._makers = makers if self.exact else []
        self._of_entry = {entry: layer for layer, entry in enumerate(self._makers)}
        self._layers = layer_count
        self._known: dict[tuple[int, str], int | None] = {}
        self._goals: dict[str, list[int]] | None = None

    def entry_of(self, layer: int, path: str = "") -> int | None:
        """The entry that made a layer; in a layer that several entries share, the one that put this file there.

        `path` has no leading slash.
        """
        if not 0 <= layer < self._layers:
            return None
        maker = self._makers[layer] if self.exact else None
        if maker is not None and not self.is_shared(layer):
            return maker
        if not path:
            return None
        first = self._first(layer)
        last = maker if maker is not None else len(self._history.entries) - 1
        key = (layer if self.exact else 0, path.strip("/"))
        if key not in self._known:
            self._known[key] = self._find(key[1], 0 if self._is_merge(maker) else first, last)
        return self._known[key]

    def is_shared(self, layer: int) -> bool:
        """Whether a layer holds what several entries did, as far as can be known."""
        if not self.exact:
            return True
        return _is_shared(self._history.entries[self._first(layer) : self._makers[layer] + 1])

    def layer_of(self, entry: int) -> int | None:
        """The layer that an entry made; None for one without a layer, and where the two do not fit."""
        return self._of_entry.get(entry)

    def _first(self, layer: int) -> int:
        return self._makers[layer - 1] + 1 if self.exact and layer else 0

    def _is_merge(self, entry: int | None) -> bool:
        return entry is not None and is_merge(self._history.entries[entry].comment)

    def _find(self, path: str, first: int, last: int) -> int | None:
        """Of these entries the last one that names the file itself, else the COPY or ADD that fills its folder."""
        if self._goals is None:
            self._goals = _goals(self._history)
        named = self._at(path, first, last)
        if named is None:
            named = self._written(path, first, last)
        while named is None and path:
            path = path.rpartition("/")[0]
            named = self._at(path, first, last)
        return named

    def _at(self, goal: str, first: int, last: int) -> int | None:
        """The last COPY or ADD among these entries with this goal."""
        entries = (self._goals or {}).get(goal, [])
        place = bisect_right(entries, last) - 1
        return entries[place] if place >= 0 and entries[place] >= first else None

    def _written(self, path: str, first: int, last: int) -> int | None:
        """The last RUN among these entries whose text writes to this very path."""
        if len(path) < _LEAST_PATH:
            return None
        names = ("/" + path, "~/" + path.rpartition("/")[2])
        for entry in self._history.entries[max(first, last - _MOST_COMMANDS) : last + 1][::-1]:
            text = entry.recorded.body[:_LONGEST_COMMAND]
            told = entry.recorded.keyword in ("RUN", "") and any(_mentions(text, name) for name in names)
            if told and _WRITING.search(text) and not text.lstrip().startswith("rm "):
                return entry.number
        return None


def align(history: History, layer_count: int) -> Alignment:
    """The alignment of a history with the layers of its image."""
    return Alignment(history, layer_count)


def _is_shared(group: Sequence[Entry]) -> bool:
    """Whether the layer of the last entry holds what those before it did, too.

    COPY and ADD always make a layer: where they are said to have none, it went into another. A RUN without one may
    just have changed nothing, except with buildah, which says on what it built.
    """
    *before, maker = group
    if is_merge(maker.comment):
        return True
    keywords = {entry.recorded.keyword for entry in before}
    if keywords & {"COPY", "ADD"}:
        return True
    odd = maker.recorded.keyword in _NO_LAYER or any(entry.comment.startswith("FROM ") for entry in group)
    return odd and "RUN" in keywords


def _mentions(text: str, path: str) -> bool:
    """Whether a command names a path, not only one that begins with it."""
    at = text.find(path)
    while at >= 0:
        after = text[at + len(path) : at + len(path) + 1]
        if not (after.isalnum() or after in ("_", "-", ".", "/")) or not after:
            return True
        at = text.find(path, at + 1)
    return False


def _goals(history: History) -> dict[str, list[int]]:
    """Where each COPY and ADD puts its files (absolute, without the leading slash), with its entries in order."""
    folder = "/"
    found: dict[str, list[int]] = {}
    for entry in history.entries:
        keyword, body = entry.recorded.keyword, entry.recorded.body
        if keyword == "WORKDIR" and body.strip():
            folder = _absolute(body.strip(), folder)[:_LONGEST_PATH]
        elif keyword in ("COPY", "ADD"):
            for goal in _copied(entry, folder):
                found.setdefault(goal, []).append(entry.number)
    return found


def _copied(entry: Entry, folder: str) -> Iterator[str]:
    body = entry.recorded.body[:_LONGEST_COMMAND].strip()
    legacy = _LEGACY_COPY.match(body)
    if legacy is not None:
        yield _absolute(legacy["goal"].strip(), folder).strip("/")
        return
    words = [word for word in body.split() if not word.startswith("--")]
    if len(words) < 2:
        return
    goal = _absolute(words[-1].strip("\"'"), folder)
    if len(words) == 2 and words[-1].endswith("/") and "*" not in words[0]:
        yield (goal.rstrip("/") + "/" + words[0].strip("\"'").rstrip("/").rpartition("/")[2]).strip("/")
    yield goal.strip("/")


def _absolute(path: str, folder: str) -> str:
    return "/" + normal(path if path.startswith("/") else f"{folder}/{path}")
