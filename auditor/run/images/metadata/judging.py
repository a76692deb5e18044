"""Which secrets a string of an image's metadata holds: by the judgement of `audit lint`, and by the detector's.

The string may be a variable's value, a command line, a list of arguments, a Dockerfile, or any text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from auditor.core.finding import Confidence
from auditor.core.pattern import BytePattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import Secret
from auditor.detect import detection, names, positions, tokens, values
from auditor.detect.randomness import is_random
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse
from auditor.run.images.metadata import commands
from auditor.run.images.metadata.hits import LONGEST_NAME, Hit, joined, make, of_literals, sureness, words_of

if TYPE_CHECKING:
    from auditor.detect.detection import Detection
    from auditor.detect.detector import Detector

#: Characters of commands that are followed for one image, and of one of them; the rest is searched as text.
_MOST_FOLLOWED, _LONGEST_FOLLOWED = 4 << 20, 256 << 10
_LEAST_BASIC = 6
#: Commits and digests, by which build systems call themselves.
_COMMIT = BytePattern(r"(?:sha256:)?(?:[0-9a-f]{40}|[0-9a-f]{64})")
#: What holds no secret that would be known without a name: digests, plain words, what is shorter than any token.
_DULL = BytePattern(r"(?:sha256:)?[0-9a-f]{0,128}|[A-Za-z .,-]{0,80}|[\w.+~:-]{0,14}")
_LEAST_AUTHOR = 12
_LEAST_JUMBLE, _LETTERS_A_WORD = 20, 3
_TRIGGER = "FROM scratch\nONBUILD "
_BASIC = BytePattern(r"(?i)\b(?P<scheme>basic|bearer|token)[ \t]+(?P<value>[A-Za-z0-9+/_.~-]{8,2000}={0,2})(?![\w+/=])")


class Judge:
    """Judges strings, each kind of them once. `cut` counts what was too much to be followed as a command."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._known: dict[tuple[str, ...], tuple[Hit, ...]] = {}
        self._followed = 0
        self.cut = 0

    def value(self, name: str, text: str) -> tuple[Hit, ...]:
        """In what a variable, label or setting of this name holds."""
        return self._once(("value", name, text), lambda: self._value(name, text))

    def command(self, text: str) -> tuple[Hit, ...]:
        """In a shell command."""
        return self._once(("command", text), lambda: self._command(text, None))

    def arguments(self, words: Sequence[str]) -> tuple[Hit, ...]:
        """In the arguments of a program; places are those in `" ".join(words)`."""
        return self._once(("arguments", *words), lambda: self._command(" ".join(words), words))

    def words(self, words: Sequence[str]) -> list[tuple[int, Hit]]:
        """In a list of arguments as images keep it: each hit with the number of its word, and its place in that."""
        if len(words) == 2 and words[0] == "CMD-SHELL":
            return [(1, one) for one in self.command(words[1])]
        starts = list(accumulate((len(word) + 1 for word in words[:-1]), initial=0)) if words else []
        found = []
        for one in self.arguments(words):
            number = bisect_right(starts, one.start) - 1
            end = min(one.end - starts[number], len(words[number]))
            found.append((number, one._replace(start=one.start - starts[number], end=end)))
        return found

    def trigger(self, text: str) -> list[Hit]:
        """In what ONBUILD carries."""
        begin = len(_TRIGGER)
        shown = self.dockerfile(_TRIGGER + text)
        return [one._replace(start=one.start - begin, end=one.end - begin) for one in shown if one.start >= begin]

    def dockerfile(self, text: str) -> tuple[Hit, ...]:
        """In the instructions of a Dockerfile."""
        return self._once(("dockerfile", text), lambda: self._dockerfile(text))

    def text(self, text: str) -> tuple[Hit, ...]:
        """In any text."""
        if _DULL.fullmatch(text):
            return ()
        return self._once(("text", text), lambda: joined([*self._detected(text), *_schemes(text), *_urls(text)]))

    def author(self, text: str) -> tuple[Hit, ...]:
        """In what names a person: one generated word is no name."""
        return self._once(("author", text), lambda: self._author(text))

    def _once(self, key: tuple[str, ...], judged: Callable[[], tuple[Hit, ...]]) -> tuple[Hit, ...]:
        if key not in self._known:
            self._known[key] = judged()
        return self._known[key]

    def _value(self, name: str, text: str) -> tuple[Hit, ...]:
        begin = len(name) + 1
        shown = self._detected(f"{name}={text}")
        found = [one._replace(start=one.start - begin, end=one.end - begin) for one in shown if one.start >= begin]
        inside = positions.find(text)
        settled = values.classify(text).kind in ("reference", "encrypted", "public")
        if settled or any(tokens.is_for_browsers(one.secret_kind, name) for one in inside):
            return joined(one for one in found if one.confidence is Confidence.HIGH and not settled and not inside)
        kinds = ("token", "url", "header", "pair", "netrc")
        found += [_of_position(one, text) for one in inside if one.kind in kinds and one.level in ("secret", "weak")]
        found += _schemes(text)
        if all(one.how == "text" for one in found) and not any(one.kind == "token" for one in inside):
            found += _named(name, text)
        return joined(found)

    def _command(self, text: str, words: Sequence[str] | None) -> tuple[Hit, ...]:
        found = [*self._detected(text), *_schemes(text), *commands.unexplained(text)]
        if len(text) > _LONGEST_FOLLOWED or self._followed + len(text) > _MOST_FOLLOWED:
            self.cut += 1
            return joined(found)
        self._followed += len(text)
        return joined([*found, *(commands.in_command(text) if words is None else commands.in_arguments(words))])

    def _dockerfile(self, text: str) -> tuple[Hit, ...]:
        found = [*self._detected(text), *_schemes(text), *commands.unexplained(text)]
        if len(text) > _LONGEST_FOLLOWED or self._followed + len(text) > _MOST_FOLLOWED:
            self.cut += 1
            return joined(found)
        self._followed += len(text)
        facts = follow(parse(text), "Dockerfile").facts
        literals = [v.literal for v in facts.variables] + [u.literal for u in facts.uses]
        literals += [literal for file in facts.files for literal in file.literals]
        return joined([*found, *of_literals(literals)])

    def _author(self, text: str) -> tuple[Hit, ...]:
        bare = text.strip()
        found = list(self._detected(text))
        one_word = len(bare) >= _LEAST_AUTHOR and not any(sign in bare for sign in " @<>")
        generated = one_word and not _COMMIT.fullmatch(bare) and (is_random(bare) or _is_jumble(bare))
        if not found and generated and values.classify(bare).kind in ("opaque", "placeholder"):
            secret = Secret(bare, "random-value")
            found.append(make(text.find(bare), secret, "text", "secret", "", "random value", Confidence.MEDIUM))
        return joined(found)

    def _detected(self, text: str) -> list[Hit]:
        """What the detector is sure enough of to be reported by default."""
        return [
            _of_detection(one)
            for one in self._detector.search(text)
            if one.confidence is not Confidence.LOW and one.verdict != "placeholder"
        ]


def _of_detection(one: Detection) -> Hit:
    ways = {detection.KNOWN_TOKEN: "token", detection.PRIVATE_KEY: "key", detection.URL_CREDENTIAL: "url"}
    how = ways.get(one.rule, "text")
    if one.title == "authorization header":
        how = "header"
    name = one.name.split()[-1] if one.name.split() else ""
    return Hit(
        one.start,
        one.end,
        one.secret,
        how,
        "secret",
        name[:LONGEST_NAME],
        one.title.removesuffix(" of a command"),
        one.confidence,
        one.verdict,
        one.facts,
        one.basis,
    )


def _of_position(one: positions.Position, text: str) -> Hit:
    secret = Secret(text[one.start : one.end], one.secret_kind, one.prefix)
    return make(one.start, secret, one.kind, one.level, one.name, words_of(one.secret_kind), sureness(one.level))


def _named(name: str, text: str) -> Iterator[Hit]:
    """The whole value, if its name and it together say secret."""
    last = name.rpartition(".")[2].rpartition("/")[2]
    judged = values.judge(last, text)
    if judged.level in ("secret", "weak") and judged.verdict != "placeholder":
        secret = Secret(text, judged.kind)
        yield make(0, secret, "value", judged.level, name, words_of(judged.kind), sureness(judged.level))
        return
    reading = names.read(last)
    if reading is not None and reading.kind == "credential-url" and reading.sure:
        found = values.classify(text, last)
        if found.kind == "opaque" or (found.kind == "url" and values.is_opaque(text.rpartition("/")[2])):
            yield make(0, Secret(text, "webhook-url"), "value", "secret", name, "address with a credential in it")


def _urls(text: str) -> Iterator[Hit]:
    if "://" in text and "@" in text:
        for one in positions.find(text):
            if one.kind == "url" and one.level in ("secret", "weak"):
                yield _of_position(one, text)


def _is_jumble(text: str) -> bool:
    """Whether capitals and digits stand too close for words between them, unlike those of `ReleaseBotOfTeamA`."""
    return len(text) >= _LEAST_JUMBLE and text.isalnum() and len(text) < _LETTERS_A_WORD * len(names.split(text))


def _schemes(text: str) -> Iterator[Hit]:
    """`Basic` with a name and a password in base64 behind it; the other schemes with a generated value."""
    for match in _BASIC.finditer(text):
        value = match["value"]
        basic = match["scheme"].lower() == "basic"
        if _is_login(value) if basic else (match["scheme"].istitle() and len(value) >= 20 and is_random(value)):
            kind = "basic-authorization" if basic else "authorization-header"
            yield make(match.start("value"), Secret(value, kind), "header", "secret", "", words_of(kind))


def _is_login(value: str) -> bool:
    import binascii  # start-up: where a header stands

    try:
        plain = binascii.a2b_base64(value + "=" * (-len(value) % 4)).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return False
    user, colon, password = plain.partition(":")
    if not (colon and password and plain.isprintable() and len(plain) >= _LEAST_BASIC):
        return False
    return not values.is_manual_login(user, password) and values.classify(password).kind not in (
        "template",
        "placeholder",
    )
