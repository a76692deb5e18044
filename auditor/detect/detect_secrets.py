"""Second opinion on single lines: the plugins of the `detect-secrets` library, its own and a user's.

Its plugins are called line by line and only where a cheap look at the line promises something: whole files cost
ten seconds a megabyte. Nothing is verified online, and the library's global settings are neither read nor changed.
Importing the library takes longer than linting a file, so that happens when the first `DetectSecrets` is made.
"""

from __future__ import annotations

from itertools import pairwise

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret
from auditor.detect import names, values
from auditor.detect.detect_secrets_plugins import Plugin, analyze, built_in, from_file
from auditor.detect.detection import SECOND_OPINION, Detection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Characters of candidate lines that are searched in one text; a line costs as much as so many.
MAX_SEARCHED = 4 << 20
_PER_LINE = 50

#: Longer lines are cut into pieces that overlap: the patterns of some plugins take the square of the length.
_PIECE, _OVERLAP = 2_000, 500
_MOST_PER_PIECE = 50
_SHORT = 8
#: Words in the names that the keyword plugin knows, and what stands in any line with a login in an address.
_HINT = Pattern(r"(?i)pass|pwd|secret|key|contrase|://|_auth|softlayer|cloudant")
_RUN = Pattern(r"[A-Za-z0-9+/=_-]{16,}+")
_DIGIT = Pattern(r"\d")
#: Reports a header line, so that nothing behind it belongs to its value.
_KEY_PLUGIN = "PrivateKeyDetector"
#: What the plugin for Azure takes for the beginning of the value.
_FIELD = "AccountKey="
_TAIL = Pattern(r"[A-Za-z0-9_-]*+")
_ONE_WORD = Pattern(r"[\w.-]+")
_LONG_WORD = Pattern(r"\w{64,}+")
_KEYWORD = Pattern(r"(?i)pass|pwd|secret|key|contrase")
_MOST_KEYWORDS = 2
_NAME = Pattern(r"([\w.-]{1,80})[\]'\")]{0,2}\s{0,5}(?:={1,3}|:=?|=>)\s{0,5}@?['\"`]?\Z")
#: Lengths of digests in hex: such a value is a secret only where a name says so.
_DIGEST_LENGTHS = frozenset({32, 40, 56, 64, 96, 128})


class _Found(NamedTuple):
    plugin: Plugin
    start: int
    end: int
    name: str

    @property
    def order(self) -> tuple[int, int, int]:
        """Surest first, then by place; of two at one place the longer."""
        return (-self.plugin.confidence, self.start, -self.end)


class DetectSecrets:
    """The chosen plugins, ready to look at lines.

    The rule of what they find is SECOND_OPINION; `Secret.kind` is this, a slash and the plugin's type
    ("detect-secrets/npm-tokens").
    """

    def __init__(self, plugins: Sequence[str] = (), plugin_files: Sequence[str] = ()) -> None:
        """`plugins` are class names of built-in plugins (none: all), `plugin_files` Python files with a user's own.

        A user's file is executed, as detect-secrets itself does. Raises UsageError for a name that does not exist
        and for a file that cannot be loaded or holds no plugin.
        """
        self._plugins = [*built_in(plugins), *(p for path in plugin_files for p in from_file(path))]
        self._failed: dict[str, str] = {}
        self._cut = False

    def take_problems(self) -> list[str]:
        """What could not be searched since the last call: a line per plugin that failed, one for texts too large."""
        told = list(self._failed.values())
        if self._cut:
            told.append(f"{SECOND_OPINION}: only the first {MAX_SEARCHED} characters that look promising were searched")
        self._failed, self._cut = {}, False
        return told

    def lines(self, text: str, path: str) -> Iterator[Detection]:
        """What the plugins find in a text, line by line; offsets are those of the text.

        `path` is the file's name: the keyword plugin chooses its patterns by the ending. Placeholders, harmless
        values and addresses are left out; of findings that overlap on a line the surest is given.
        """
        left = MAX_SEARCHED
        number, start = 0, 0
        while start < len(text):
            stop = text.find("\n", start)
            stop = len(text) if stop < 0 else stop
            number += 1
            line = text[start:stop].removesuffix("\r")
            plugins = self._wanted(line)
            if plugins:
                left -= len(line) + _PER_LINE
                if left < 0:
                    self._cut = True
                    return
                yield from _detections(line, start, self._search(plugins, line, path, number))
            start = stop + 1

    def _wanted(self, line: str) -> list[Plugin]:
        """A user's own plugins see every line, since nobody knows what they look for."""
        if not line.strip():
            return []
        promising = bool(_HINT.search(line)) or any(_DIGIT.search(run[0]) for run in _RUN.finditer(line))
        return [plugin for plugin in self._plugins if plugin.own or promising]

    def _search(self, plugins: list[Plugin], line: str, path: str, number: int) -> Iterator[_Found]:
        for offset in range(0, max(len(line) - _OVERLAP, 1), _PIECE - _OVERLAP):
            piece = line[offset : offset + _PIECE]
            end = offset + len(piece)
            for plugin in plugins:
                for place in self._places(plugin, piece, path, number):
                    found = place._replace(start=place.start + offset, end=place.end + offset)
                    # What touches a cut may go on behind it; the next piece holds it whole.
                    if not (offset and found.start == offset) and not (end < len(line) and found.end == end):
                        yield found

    def _places(self, plugin: Plugin, piece: str, path: str, number: int) -> Iterator[_Found]:
        if plugin.reading == "keyword" and _is_tangled(piece):
            return
        try:
            found = analyze(plugin, piece, path, number)
            texts = [s.secret_value for _i, s in zip(range(_MOST_PER_PIECE), found, strict=False)]
            places = [_locate(plugin, piece, value) for value in texts if isinstance(value, str)]
        except Exception as error:
            # Its message is left out: it may quote the line.
            message = f"{SECOND_OPINION}: plugin {plugin.name} failed: {type(error).__name__}"
            self._failed.setdefault(plugin.name, message)
            return
        for place in places:
            if place is not None and _is_worth_telling(plugin, piece[place[0] : place[1]], place[2]):
                yield _Found(plugin, *place)


def _detections(line: str, offset: int, found: Iterable[_Found]) -> Iterator[Detection]:
    taken: list[_Found] = []
    for one in sorted(found, key=lambda one: one.order):
        if all(one.end <= other.start or other.end <= one.start for other in taken):
            taken.append(one)
    for one in sorted(taken, key=lambda one: one.start):
        plugin = one.plugin
        secret = Secret(line[one.start : one.end], plugin.kind)
        start, end = one.start + offset, one.end + offset
        yield Detection(SECOND_OPINION, plugin.title, start, end, secret, plugin.confidence, one.name)


def _locate(plugin: Plugin, line: str, value: str) -> tuple[int, int, str] | None:
    """Where a value stands in its line, and the name before it; None for values that a plugin made up."""
    span = _span(plugin, line, value)
    if span is None:
        return None
    start, end = span
    if not (plugin.own or plugin.reading or plugin.name == _KEY_PLUGIN):
        # Some patterns end before the token does; what is left over would be shown where the value is masked.
        rest = _TAIL.match(line, end)
        end = rest.end() if rest else end
        start += len(_FIELD) if line.startswith(_FIELD, start) else 0
    name = _NAME.search(line[max(start - 120, 0) : start])
    return start, end, name[1] if name else ""


def _span(plugin: Plugin, line: str, value: str) -> tuple[int, int] | None:
    for pattern in getattr(plugin.instance, "denylist", ()):
        for match in pattern.finditer(line):
            groups = [n for n in range(pattern.groups + 1) if (match[n] or "") == value]
            if groups:
                # A group around a token's prefix makes the library report the prefix (`ghp`) as the value.
                whole = len(value) < _SHORT and _ONE_WORD.fullmatch(match[0])
                return match.span() if whole else match.span(groups[-1]) if value else None
    return _quoted_or_last(line, value) if value else None


def _quoted_or_last(line: str, value: str) -> tuple[int, int] | None:
    """Before the last occurrence counts one in quotes: in `password == "password"` it is the value."""
    at = next((found + 1 for q in "\"'`" if (found := line.find(q + value + q)) >= 0), line.rfind(value))
    return (at, at + len(value)) if at >= 0 else None


def _is_worth_telling(plugin: Plugin, value: str, name: str) -> bool:
    kind = values.classify(value, name).kind
    if kind == "placeholder":
        return False
    if not plugin.reading:
        return True
    if kind in values.HARMLESS or names.is_about_something_else(name):
        return False
    if plugin.reading == "keyword":
        # The keyword may stand anywhere in the name; what the name says as a whole counts (`password_file`).
        return not name or names.read(name) is not None or "contrase" in name.lower()
    if _is_alphabet(value):
        return False
    return len(value) not in _DIGEST_LENGTHS or not _is_hex(value) or names.read(name) is not None


def _is_alphabet(value: str) -> bool:
    """Whether most characters follow the one before, as in the alphabets that programs encode with."""
    following = sum(ord(b) - ord(a) == 1 for a, b in pairwise(value))
    return following * 2 > len(value)


def _is_hex(value: str) -> bool:
    return all(c in "0123456789abcdefABCDEF" for c in value)


def _is_tangled(piece: str) -> bool:
    """Whether long words repeat the keywords: the keyword plugin's patterns take minutes on such a text."""
    return any(len(list(_KEYWORD.finditer(word[0]))) > _MOST_KEYWORDS for word in _LONG_WORD.finditer(piece))
