"""The detector: bytes of anything to candidate secrets, for every part that reads contents.

One multi-pattern pass finds the places worth a look; finders read a window around each; what is encoded is decoded and
searched likewise; where several readings overlap the surest one stays; its offline verdict comes last. Linear in the
input, and a pure function of bytes, path and rules.
"""

from __future__ import annotations

from auditor.core.finding import Confidence
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_providers, rules_digest
from auditor.core.secret import Secret
from auditor.detect import announced, companions, connections, encoded, structures, tokens
from auditor.detect.detection import KNOWN_TOKEN, PRIVATE_KEY, PROVIDER_KEY, Detection
from auditor.detect.prefilter import Trigger, prefilter
from auditor.detect.randomness import is_random
from auditor.detect.ranking import WHOLE, surest
from auditor.detect.structures import hints
from auditor.detect.triggers import ANNOUNCED, FORMAT, USER, Kind, triggers
from auditor.detect.verify import verify
from auditor.detect.views import TELLING, WIDE, WRITTEN, decode, views

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from auditor.detect.userrules import UserRule
    from auditor.detect.views import Cut, Decoded, View

#: Characters around a hit in which an announced value or a connection begins, and around a token's.
_AROUND = 240
_TOKEN_BEFORE, _TOKEN_AFTER = 1024, 4096
_BESIDE = 2048
#: Characters before a value in a decoded text in which its name is looked for.
_NAME_BEFORE = 200
#: Beginnings of tokens that names of programs have as well.
_LIKE_NAMES = ("test_", "live_", "prod_", "secret_", "s.", "b.", "agent:", "user:", "preview:", "project:")
_SAMPLE = 8192


class _Text(NamedTuple):
    text: str
    data: bytes


class Detector:
    """Finds candidate secrets.

    `engine` is auto, hyperscan, keywords (these find the same) or detect-secrets, which adds that library's plugins to
    auto; `plugins` are files with more of them. `rules` are the user's own. Raises ValueError for another engine,
    ImportError where hyperscan is asked for and missing, UsageError for a plugin file that cannot be loaded.

    `patterns` are what it looks for first and `kinds`, at the same places, what each of them stands for; `digest` is
    that of the rules. `thorough`: contents have to be given to `detect` whole, for rules without a trigger.

    With `signs`, `hits` gives their places, too: those of credential files, and of what is encoded (see `sweep`).
    """

    def __init__(
        self,
        engine: str = "auto",
        *,
        rules: Sequence[UserRule] = (),
        plugins: Sequence[str] = (),
        signs: bool = False,
    ) -> None:
        patterns, kinds = triggers()
        self._rules = tuple(rules)
        guarded = [(number, rule) for number, rule in enumerate(self._rules) if rule.pattern and not rule.linear]
        self.patterns = patterns + tuple(Trigger(rule.pattern, rule.keywords, rule.caseless) for _, rule in guarded)
        self.kinds = kinds + tuple(Kind(USER, number) for number, _ in guarded)
        # The prefilter searches with `re` for what it finds no literal in, which these rules must not be.
        self._everywhere = tuple(rule for rule in self._rules if rule.linear)
        self._by_path = tuple(rule for rule in self._rules if not rule.pattern)
        self._second = None
        if engine == "detect-secrets":
            from auditor.detect.detect_secrets import DetectSecrets  # start-up: a library that takes long to load

            self._second, engine = DetectSecrets(plugin_files=plugins), "auto"
        self.digest = rules_digest() + load_providers()["digest"]
        self.signs: Sequence[Trigger] = hints.triggers() if signs else ()
        more = (*self.signs, *encoded.triggers()) if signs else ()
        self._prefilter = prefilter((*self.patterns, *more), self.digest, engine=engine)

    def hits(self, data: bytes | bytearray | memoryview) -> list[tuple[int, int]]:
        """Where something may be: pairs of a place in `patterns`, `signs` and the triggers of `encoded`, one behind the
        other, and an offset."""
        return self._prefilter.hits(data)

    def detect(self, data: bytes, path: str = "", cuts: list[Cut] | None = None) -> Iterator[Detection]:
        """The secrets in a piece of a file, by place; `start` and `end` are offsets of bytes. Never raises.

        What was not decoded is appended to `cuts`, with places in the text that the bytes are.
        """
        decoded = decode(data) if self._second or b"\0" in data[:_SAMPLE] else None
        if decoded is not None and decoded.encoding.startswith(("utf-16", "utf-32")):
            yield from _in_bytes(self.search(decoded.text, path, cuts), decoded)
            return
        found = self._search(_Text(data.decode("latin-1"), data), path, cuts)
        if self._second is not None and decoded is not None and not decoded.binary:
            found = surest([*found, *_in_bytes(self._second.lines(decoded.text, path), decoded)])
        for one in found:
            yield one if one.secret.reveal().isascii() else _as_utf8(one)

    def search(self, text: str, path: str = "", cuts: list[Cut] | None = None) -> list[Detection]:
        """The secrets in a text, by place; `start` and `end` are offsets of characters. `cuts`: see `detect`."""
        return self._search(_Text(text, text.encode("latin-1", "replace")), path, cuts)

    @property
    def thorough(self) -> bool:
        """See the class."""
        return bool(self._second or self._everywhere or self._by_path)

    def near(self, text: str, hits: Mapping[Kind, list[int]], path: str) -> list[Detection]:
        """What the finders see around places that a search for `patterns` gave, each with its verdict.

        The text has one character for each byte (Latin-1), and so have the offsets.
        """
        found: list[Detection] = []
        for kind, places in hits.items():
            found += self._around(kind, sorted(places), text, path)
        judged = [_verified(one, text) for one in surest(found)]
        return [one if one.secret.reveal().isascii() else _as_utf8(one) for one in judged]

    def stored(self, text: str, path: str, signs: Collection[int]) -> list[Detection]:
        """What the readers of credential files find in a text with one character for each byte, with verdicts.

        `signs` are the places in `signs` of those that the text has.
        """
        judged = [_verified(one, text) for one in structures.find(text, path, signs)]
        return [one if one.secret.reveal().isascii() else _as_utf8(one) for one in judged]

    def take_problems(self) -> list[str]:
        """What plugins and rules of the user's own have left unsearched since the last call."""
        telling = [rule for rule in self._rules if rule.components]
        found = [problem for rule in telling for problem in rule.take_problems()]
        return found + (self._second.take_problems() if self._second is not None else [])

    def _search(self, source: _Text, path: str, cuts: list[Cut] | None) -> list[Detection]:
        found = self._plain(source, path)
        for rule in self._by_path:
            found += rule.find(source.text, path)
        found += self._within(views(source.text, cuts=cuts), source.text, path)
        return surest(found)

    def written(self, text: str, path: str, cuts: list[Cut] | None = None, *, wide: bool = False) -> list[Detection]:
        """What `search` finds in those parts of a text alone that are written with escapes, references or zeros in
        between; with `wide` only the last of these."""
        kinds = WIDE if wide else WRITTEN if self._rules else TELLING
        return self._within(views(text, cuts=cuts, kinds=kinds), text, path)

    def _within(self, decoded: Iterable[View], text: str, path: str) -> list[Detection]:
        """What the finders see in decoded stretches of a text and not in the text as it is written."""
        found = []
        for view in decoded:
            for inner in self._plain(_Text(view.text, view.text.encode("latin-1", "replace")), path):
                if _is_news(view, inner):
                    found.append(_at_origin(inner, view, text))
        return found

    def _plain(self, source: _Text, path: str) -> list[Detection]:
        """What the finders see around the hits in one text, decoded or not, each with its verdict."""
        text = source.text
        hits: dict[Kind, list[int]] = {}
        signs: set[int] | None = set() if self.signs else None
        for index, place in self._prefilter.hits(source.data):
            if index < len(self.kinds):
                hits.setdefault(self.kinds[index], []).append(place)
            elif signs is not None and index < len(self.kinds) + len(self.signs):
                signs.add(index - len(self.kinds))
        found: list[Detection] = []
        for kind, places in hits.items():
            found += self._around(kind, sorted(places), text, path)
        for rule in self._everywhere:
            found += rule.find(text, path)
        found += structures.find(text, path, signs)
        return [_verified(one, text) for one in surest(found)]

    def _around(self, kind: Kind, places: list[int], text: str, path: str) -> Iterator[Detection]:
        """What the finder of this kind sees in the windows around its hits."""
        if kind.finder == USER:
            yield from self._rules[kind.number].find(text, path)
        elif kind.finder == FORMAT:
            known = tokens.formats()[kind.number]
            length = tokens.longest(known.pattern)
            before, after = min(length, _TOKEN_BEFORE), min(length, _TOKEN_AFTER)
            for start, end in _windows(places, before, after, len(text)):
                for token in tokens.within(known, text, start, end):
                    if token.end == end < len(text):
                        continue  # it goes on beyond the window, which ends where no match with a hit in it can
                    yield _token(token, known.title)
                    if known.id == companions.KEY_ID:
                        yield from companions.find(text, token)
        else:
            find = announced.find if kind.finder == ANNOUNCED else connections.find
            for start, end in _windows(places, _AROUND, _AROUND, len(text)):
                yield from find(text, _line_start(text, start), end)


def _is_news(view: View, found: Detection) -> bool:
    """Whether the decoded text shows what the text as written does not: in the value, right beside it (the letter of an
    escape seems to belong to it), or between its name and it."""
    if view.decoded(max(found.start - 1, 0), min(found.end + 1, len(view.text))):
        return True
    name = view.text.rfind(found.name, max(0, found.start - _NAME_BEFORE), found.start) if found.name else -1
    return name >= 0 and view.decoded(name, found.start)


def _at_origin(found: Detection, view: View, text: str) -> Detection:
    """The detection with its place in the text as written; a configuration is handed around encoded: that is it."""
    start, end = view.origin(found.start, found.end)
    if found.secret.kind not in WHOLE:
        return found._replace(start=start, end=end)
    while text[end : end + 1] == "=":
        end += 1
    return found._replace(start=start, end=end, secret=Secret(text[start:end], found.secret.kind))


def _in_bytes(found: Iterable[Detection], decoded: Decoded) -> list[Detection]:
    """The same with offsets of the bytes that the text was decoded from."""
    offset = decoded.offsets.offset
    return [one._replace(start=offset(one.start), end=offset(one.end)) for one in found]


def _windows(hits: list[int], before: int, after: int, size: int) -> Iterator[tuple[int, int]]:
    """Ranges of the text around sorted places, those that touch joined."""
    start = end = -1
    for hit in hits:
        if end < 0 or hit - before > end:
            if end >= 0:
                yield start, end
            start = max(hit - before, 0)
        end = min(hit + after, size)
    if end >= 0:
        yield start, end


def _line_start(text: str, place: int) -> int:
    """Where the line of a place begins, if that is near: quotes are paired from there on."""
    begin = text.rfind("\n", max(0, place - _AROUND), place)
    return place if begin < 0 else begin + 1


def _token(token: tokens.Token, title: str) -> Detection:
    verdict = "placeholder" if token.documented else "unverified"
    value = token.secret.reveal()
    # `test_` and thirty letters are a key of one service and the name of many a function.
    confidence = Confidence.LOW if value.startswith(_LIKE_NAMES) and not is_random(value) else Confidence.HIGH
    return Detection(KNOWN_TOKEN, title, token.start, token.end, token.secret, confidence, "", verdict)


def _verified(found: Detection, text: str) -> Detection:
    """The detection with its offline verdict. A failed check lowers the confidence, it never drops the finding."""
    if found.verdict != "unverified" or found.rule not in (KNOWN_TOKEN, PRIVATE_KEY, PROVIDER_KEY):
        return found
    beside = text[max(0, found.start - _BESIDE) : found.end + _BESIDE]
    judged = verify(found.secret.kind, found.secret.reveal(), beside=beside)
    confidence = found.confidence
    if judged.verdict == "malformed":
        # A configuration is base64 of an object: that one of anything looks random says nothing.
        told_apart = found.secret.kind not in WHOLE and is_random(found.secret.reveal())
        likely = found.rule != KNOWN_TOKEN or told_apart
        confidence = Confidence.MEDIUM if confidence == Confidence.HIGH and likely else Confidence.LOW
    return found._replace(verdict=judged.verdict, facts=judged.facts, confidence=confidence, basis=judged.basis)


def _as_utf8(found: Detection) -> Detection:
    """The detection with the value as text; bytes that are no UTF-8 stay one character each."""
    raw = found.secret.reveal()
    try:
        value = raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return found
    return found._replace(secret=Secret(value, found.secret.kind, found.secret.prefix))
