"""Secrets in what a builder says of a build: provenance, SBOMs, BuildKit's inline cache and build information."""

from __future__ import annotations

from auditor.core.image import ImagePlace
from auditor.detect import names
from auditor.lang.dockerfile.parser import parse as parse_dockerfile
from auditor.run.images.metadata.documents import Node, Parser, TooManyValues, from_base64, point, walk
from auditor.run.images.metadata.judging import Judge
from auditor.run.images.metadata.sightings import OTHER_RANK, Context, Sightings

_ARGUMENTS = ("build-arg:", "label:")
_SHORTEST = 6
_DEEPEST = 3
_TOO_DEEP = f"base64 in base64 was not opened more than {_DEEPEST} times"
_LONGEST_DOCKERFILE = 1 << 20


class StatementReader:
    """Judges documents of one part (attestation or cache): build arguments, environments, command lines, files.

    `unread` are the texts that were not looked at: why, the text, and where it is.
    """

    def __init__(self, judge: Judge, sightings: Sightings, rule: str, sentence: str, parser: Parser) -> None:
        self._judge = judge
        self._sightings = sightings
        self._rule = rule
        self._sentence = sentence
        self._parser = parser
        self.unread: list[tuple[str, str, ImagePlace]] = []

    def read(self, root: object, place: ImagePlace, depth: int = 0) -> None:
        """Look over a document, and over those that its texts hold in base64. `place` leads to the document."""
        for node in walk(root, lambda node: self._handled(node, place), place.pointer):
            self._text(node, place._replace(pointer=node.pointer), depth)

    def base64(self, text: str, place: ImagePlace) -> None:
        """Look over a document that is kept as base64 of JSON; or over the text, if it is none."""
        plain = from_base64(text)
        if plain is not None:
            self._inner(plain, place, 0)
        else:
            self._sightings.add(self._judge.text(text), self._context(text, place, "a text that is no base64"))

    def _handled(self, node: Node, place: ImagePlace) -> bool:
        value = node.value
        if not isinstance(value, list) or not value or node.path[-1:] not in (("env",), ("args",)):
            return False
        texts = [one for one in value if isinstance(one, str)]
        if len(texts) != len(value):
            return False
        if node.path[-1] == "args":
            for number, hit in self._judge.words(texts):
                where = place._replace(pointer=point(node.pointer, number))
                self._sightings.add((hit,), self._context(texts[number], where, "the arguments of a command"))
            return True
        for number, text in enumerate(texts):
            name, _, held = text.partition("=")
            where = place._replace(pointer=point(node.pointer, number))
            self._sightings.add(self._judge.value(name, held), self._context(text, where, name), len(name) + 1)
        return True

    def _text(self, node: Node, place: ImagePlace, depth: int) -> None:
        text, last = str(node.value), node.path[-1] if node.path else ""
        argument = next((last.removeprefix(prefix) for prefix in _ARGUMENTS if last.startswith(prefix)), "")
        if argument:
            self._sightings.add(self._judge.value(argument, text), self._context(text, place, argument))
        elif last == "data" and (plain := from_base64(text)) is not None:
            if depth < _DEEPEST:
                self._inner(plain, place, depth + 1)
            else:
                self.unread.append((_TOO_DEEP, plain, place))
        elif len(text) >= _SHORTEST:
            hits = self._judge.value(last, text) if names.read(last) else self._judge.text(text)
            self._sightings.add(hits, self._context(text, place, node.key))

    def _inner(self, plain: str, place: ImagePlace, depth: int) -> None:
        """What base64 held: another document, a Dockerfile, or any text."""
        try:
            document = self._parser.parse(plain) if plain[:1] in "{[" else None
        except TooManyValues as error:
            self.unread.append((str(error), plain, place))
            return
        if document is not None:
            self.read(document, place, depth)
            return
        is_dockerfile = len(plain) <= _LONGEST_DOCKERFILE and parse_dockerfile(plain).error is None
        hits = self._judge.dockerfile(plain) if is_dockerfile else self._judge.text(plain)
        self._sightings.add(hits, self._context(plain, place, "the Dockerfile" if is_dockerfile else "a file"))

    def _context(self, text: str, place: ImagePlace, name: str) -> Context:
        sentence = self._sentence.replace("{name}", name[:80])
        return Context(text, place, (place.part, ""), self._rule, sentence, OTHER_RANK)
