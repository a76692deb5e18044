"""Everything that an image's metadata leaks: configuration, history, labels, annotations, attestations, cache."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from auditor.checks.remedies import mount_named, named, set_named
from auditor.core.finding import Confidence, Severity
from auditor.core.image import ANNOTATION, ATTESTATION, CACHE, CONFIG, ImagePlace
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.detection import Detection
from auditor.run.images.history import entries as histories
from auditor.run.images.history.align import Alignment, align
from auditor.run.images.history.entries import History
from auditor.run.images.history.setters import Setters
from auditor.run.images.leak import Leak
from auditor.run.images.metadata import sentences, sightings
from auditor.run.images.metadata.attestations import StatementReader
from auditor.run.images.metadata.configuration import BUILDKIT, ConfigurationReader, texts_of, values_of
from auditor.run.images.metadata.documents import Members, Parser, TooManyValues, pieces, point
from auditor.run.images.metadata.judging import Judge
from auditor.run.images.metadata.masking import StringMasker
from auditor.run.images.metadata.recorded import Final, Reader
from auditor.run.images.metadata.sightings import METADATA, OTHER_RANK, Context, Sighting, Sightings
from auditor.run.scanning import wording
from auditor.sources.images import model

if TYPE_CHECKING:
    from auditor.detect.detector import Detector
    from auditor.sources.images.model import Document, Image

_VARIABLE = Pattern(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
#: How commands of a build begin in the history.
_RUNS = ("RUN", "|", "/bin/sh -c")
_CRITICAL = ("baked-private-key", "baked-wrapper-config")
_PARTS = {
    model.CONFIG: CONFIG,
    model.LEGACY: CONFIG,
    model.MANIFEST: ANNOTATION,
    model.INDEX: ANNOTATION,
    model.ATTESTATION: ATTESTATION,
}
#: Places besides the first one that are kept of one leak.
_MOST_PLACES = 1_000


class Found(NamedTuple):
    """One leak of the metadata, and the other places where the same cause shows the same value."""

    leak: Leak
    also: tuple[ImagePlace, ...] = ()


class Metadata(NamedTuple):
    """What the metadata of an image tells.

    `found` has the leaks, strongest place first. `history` and `alignment` are those of the configuration, `created_by`
    the masked instruction of every entry; `masker` masks whatever else is made of them. `skipped` names parts that were
    only searched as text, and says why; `errors` has (message, part) for what a bound has cut off.
    """

    found: list[Found]
    history: History
    alignment: Alignment
    created_by: tuple[str, ...]
    masker: StringMasker
    skipped: list[tuple[str, str]]
    errors: list[tuple[str, str]]


def leaks_of(image: Image, detector: Detector, key: bytes) -> list[Found]:
    """The leaks of an image's metadata; `key` is that of the run's fingerprints. Never raises on content."""
    return examine(image, detector, key).found


def examine(image: Image, detector: Detector, key: bytes) -> Metadata:
    """Look over all documents of an image. Never raises on content."""
    gathering = _Gathering(image, detector)
    gathering.run()
    history, alignment = gathering.history, gathering.alignment
    masker = StringMasker(gathering.sightings.found)
    created_by = tuple(masker.instruction(entry.created_by) for entry in history.entries)
    found = [_found(group, masker, created_by, key) for group in _grouped(gathering.sightings.found)]
    return Metadata(found, history, alignment, created_by, masker, gathering.skipped(), gathering.errors())


def nothing(image: Image) -> Metadata:
    """What is said of an image whose metadata could not be looked at."""
    history = History(())
    return Metadata([], history, align(history, len(image.layers)), (), StringMasker([]), [], [])


class _Gathering:
    """Sends each document to its reader."""

    def __init__(self, image: Image, detector: Detector) -> None:
        self.image = image
        self.history = histories.read(image.config)
        self.alignment = align(self.history, len(image.layers))
        self.sightings = Sightings()
        self._detector = detector
        self._judge = Judge(detector)
        self._parser = Parser()
        self._broken: list[str] = []
        self._cut: list[tuple[str, str]] = []
        environment, labels = values_of(image.config)
        self._reader = Reader(self._judge, self.sightings, Final(environment, labels, texts_of(image.config)))
        setters = Setters(self.history, {"ENV": environment, "LABEL": labels})
        told = frozenset(text for one in self.history.entries for text in (one.created_by, one.comment, one.author))
        self._configuration = ConfigurationReader(self._judge, self.sightings, self._reader, setters, told)

    def run(self) -> None:
        """Look over the documents and the history."""
        diff_ids = tuple(layer.diff_id for layer in self.image.layers)
        self._reader.history(self.history, self.alignment, diff_ids)
        for document in self.image.documents:
            try:
                root = self._parser.parse(document.data)
            except TooManyValues as error:
                self._cut.append((f"{error}: searched as text", document.name))
                self._text(document, document.data.decode("utf-8", "replace"), _place(document))
                continue
            if root is None:
                self._broken.append(document.name)
                self._text(document, document.data.decode("utf-8", "replace"), _place(document))
            else:
                self._document(document, root)

    def _document(self, document: Document, root: object) -> None:
        kind = document.kind
        if kind in (model.CONFIG, model.LEGACY):
            self._configuration.read(root, document.digest, copy=kind == model.LEGACY)
            self._buildkit(root, document)
        elif kind in (model.MANIFEST, model.INDEX):
            self._configuration.annotations(root, kind, document.digest)
        else:
            attested = kind == model.ATTESTATION
            rule, sentence = (
                (sightings.ATTESTATION, sentences.ATTESTED) if attested else (sightings.METADATA, sentences.CACHED)
            )
            reader = StatementReader(self._judge, self.sightings, rule, sentence, self._parser)
            reader.read(root, _place(document))
            self._unread(document, reader)

    def _buildkit(self, root: object, document: Document) -> None:
        parts = dict(zip(BUILDKIT, (CACHE, CONFIG), strict=True))
        for name, text in root if isinstance(root, Members) else ():
            if name in parts and isinstance(text, str):
                place = ImagePlace(parts[name], digest=document.digest, pointer=point("", name))
                reader = StatementReader(
                    self._judge, self.sightings, sightings.METADATA, sentences.CACHED, self._parser
                )
                reader.base64(text, place)
                self._unread(document, reader)

    def _unread(self, document: Document, reader: StatementReader) -> None:
        """Search as text what a reader has left."""
        for reason, text, place in reader.unread:
            self._cut.append((f"{reason}: searched as text", document.name))
            self._text(document, text, place)

    def _text(self, document: Document, text: str, place: ImagePlace) -> None:
        """Look over a text of any length. Its pieces are not kept: nothing else is equal to them."""
        rule = sightings.ATTESTATION if document.kind == model.ATTESTATION else METADATA
        sentence = sentences.TEXT.replace("{document}", document.kind)
        for piece, start, end in pieces(text):
            hits = Judge(self._detector).text(piece)
            context = Context(piece, place, (document.kind, ""), rule, sentence, OTHER_RANK)
            self.sightings.add((hit for hit in hits if start <= hit.start < end), context)

    def skipped(self) -> list[tuple[str, str]]:
        """What was searched as text only, and why."""
        found = [(name, "not valid JSON, searched as text") for name in self._broken]
        if self._judge.cut:
            found.append(("history", f"{self._judge.cut} commands too long to be followed, searched as text"))
        return found

    def errors(self) -> list[tuple[str, str]]:
        """What was cut off, and where."""
        found = list(dict.fromkeys(self._cut))
        if self.history.left_out:
            most = f"{histories.MOST_ENTRIES:,}"
            found.append((f"{self.history.left_out:,} entries beyond the first {most}: searched as text", "history"))
        if self.sightings.left_out:
            most = f"{sightings.MOST:,}"
            found.append((f"{self.sightings.left_out:,} findings beyond the first {most} are not reported", "metadata"))
        return found


def _place(document: Document) -> ImagePlace:
    """The place of a whole document."""
    return ImagePlace(_PARTS.get(document.kind, CACHE), digest=document.digest)


def _grouped(found: Iterable[Sighting]) -> list[list[Sighting]]:
    """Sightings with one cause and one value, nearest first; the groups by the order of their first ones."""
    groups: dict[tuple[tuple[str, str], str], list[Sighting]] = {}
    for one in found:
        groups.setdefault((one.channel, one.hit.secret.reveal()), []).append(one)
    ordered = [sorted(group, key=lambda one: one.rank) for group in groups.values()]
    return sorted(ordered, key=lambda group: (group[0].rank, group[0].place.history_index or 0, group[0].place.pointer))


def _found(group: Sequence[Sighting], masker: StringMasker, created_by: Sequence[str], key: bytes) -> Found:
    places: dict[ImagePlace, None] = {}
    for one in group[: _MOST_PLACES + 1]:
        place = _told(one.place, created_by)
        places[place._replace(pointer=masker.words(place.pointer))] = None
    first, *others = places
    chief = group[0]
    excerpt = masker.excerpt(chief.text, chief.start, chief.end)
    leak = _leak(chief, first, _count(group), excerpt, key)
    told = leak._replace(
        message=masker.words(leak.message),
        subject=masker.words(leak.subject),
        remedy=masker.words(_remedy(chief, created_by)),
    )
    return Found(told, tuple(others))


def _remedy(chief: Sighting, created_by: Sequence[str]) -> str:
    """The advice with the variable's name, where a variable holds the secret; "" for that of the rule."""
    name = chief.channel[1] or chief.hit.name
    if not _VARIABLE.fullmatch(name):
        return ""
    if chief.rule == "arg-secret":
        return mount_named(name)
    if chief.rule == "env-secret":
        use = re.compile(rf"\b{name}\b")
        runs = (text for text in created_by if text.startswith(_RUNS) and "#(nop)" not in text)
        return set_named(name, building=any(use.search(text) is not None for text in runs))
    return named(chief.rule, name)


def _told(place: ImagePlace, created_by: Sequence[str]) -> ImagePlace:
    """The place with its history entry's instruction, masked."""
    entry = place.history_index
    return place._replace(created_by=created_by[entry]) if entry is not None else place


def _leak(chief: Sighting, place: ImagePlace, count: str, excerpt: str, key: bytes) -> Leak:
    hit = chief.hit
    sentence = chief.sentence.replace("{count}", count)
    told = Detection(chief.rule, sentence, 0, 0, hit.secret, hit.confidence, "", hit.verdict, hit.facts, hit.basis)
    return Leak(
        chief.rule,
        wording.severity(told, _usual(chief)),
        hit.confidence,
        hit.verdict,
        wording.message(told),
        f"{chief.channel[0]} {chief.channel[1] or hit.name or hit.secret.kind}",
        hit.secret,
        hit.secret.fingerprint(key),
        place,
        excerpt,
    )


def _usual(one: Sighting) -> Severity:
    if one.rule in _CRITICAL:
        return Severity.CRITICAL
    guessed = one.hit.how == "text" and one.hit.confidence < Confidence.HIGH
    return Severity.MEDIUM if one.hit.level == "weak" or guessed else Severity.HIGH


def _count(group: Sequence[Sighting]) -> str:
    entries = {one.place.history_index for one in group if one.place.history_index is not None}
    number = max(1, len(entries))
    return f"{number} instruction{'s' if number != 1 else ''}"
