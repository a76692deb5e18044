"""Everything that an image's metadata leaks: configuration, history, labels, annotations, attestations, cache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.core.finding import Confidence, Severity
from auditor.core.image import ATTESTATION, CACHE, CONFIG, ImagePlace
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.detection import Detection
from auditor.run.images import history as histories
from auditor.run.images import sentences, sightings
from auditor.run.images.align import Alignment, align
from auditor.run.images.attestations import StatementReader
from auditor.run.images.configuration import BUILDKIT, ConfigurationReader, texts_of, values_of
from auditor.run.images.documents import MOST_VALUES, Members, parse, point
from auditor.run.images.history import History
from auditor.run.images.judging import Judge
from auditor.run.images.leak import Leak
from auditor.run.images.masking import StringMasker
from auditor.run.images.recorded import Final, Reader
from auditor.run.images.setters import Setters
from auditor.run.images.sightings import Sighting, Sightings
from auditor.run.scanning import wording
from auditor.sources.images import model

if TYPE_CHECKING:
    from auditor.detect.detector import Detector
    from auditor.sources.images.model import Document, Image

_CRITICAL = ("baked-private-key", "baked-wrapper-config")
#: Places besides the first one that are kept of one leak.
_MOST_PLACES = 1_000


class Found(NamedTuple):
    """One leak of the metadata, and the other places where the same cause shows the same value."""

    leak: Leak
    also: tuple[ImagePlace, ...] = ()


class Metadata(NamedTuple):
    """What the metadata of an image tells.

    `found` has the leaks, strongest place first. `history` and `alignment` are those of the configuration, `created_by`
    the masked instruction of every entry; `masker` masks whatever else is made of them. `skipped` says what was not
    looked at, and why.
    """

    found: list[Found]
    history: History
    alignment: Alignment
    created_by: tuple[str, ...]
    masker: StringMasker
    skipped: list[tuple[str, str]]


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
    return Metadata(found, history, alignment, created_by, masker, gathering.skipped())


class _Gathering:
    """Sends each document to its reader."""

    def __init__(self, image: Image, detector: Detector) -> None:
        self.image = image
        self.history = histories.read(image.config)
        self.alignment = align(self.history, len(image.layers))
        self.sightings = Sightings()
        self._judge = Judge(detector)
        self._broken: list[str] = []
        environment, labels = values_of(image.config)
        self._reader = Reader(self._judge, self.sightings, Final(environment, labels, texts_of(image.config)))
        setters = Setters(self.history, {"ENV": environment, "LABEL": labels})
        self._configuration = ConfigurationReader(self._judge, self.sightings, self._reader, setters)

    def run(self) -> None:
        """Look over the documents and the history."""
        diff_ids = tuple(layer.diff_id for layer in self.image.layers)
        self._reader.history(self.history, self.alignment, diff_ids)
        for document in self.image.documents:
            root = parse(document.data)
            if root is None:
                self._broken.append(document.name)
                root = document.data.decode("utf-8", "replace")
            self._document(document, root)

    def _document(self, document: Document, root: object) -> None:
        if document.kind == model.CONFIG:
            self._configuration.read(root, document.digest)
            self._buildkit(root, document)
        elif document.kind == model.LEGACY:
            self._configuration.read(root, document.digest, copy=True)
        elif document.kind in (model.MANIFEST, model.INDEX):
            self._configuration.annotations(root, document.kind, document.digest)
        elif document.kind == model.ATTESTATION:
            place = ImagePlace(ATTESTATION, digest=document.digest)
            self._statements(sightings.ATTESTATION, sentences.ATTESTED).read(root, place)
        else:
            place = ImagePlace(CACHE, digest=document.digest)
            self._statements(sightings.METADATA, sentences.CACHED).read(root, place)

    def _buildkit(self, root: object, document: Document) -> None:
        for name, part in zip(BUILDKIT, (CACHE, CONFIG), strict=True):
            text = root.get(name) if isinstance(root, Members) else None
            if isinstance(text, str):
                place = ImagePlace(part, digest=document.digest, pointer=point("", name))
                self._statements(sightings.METADATA, sentences.CACHED).base64(text, place)

    def _statements(self, rule: str, sentence: str) -> StatementReader:
        return StatementReader(self._judge, self.sightings, rule, sentence)

    def skipped(self) -> list[tuple[str, str]]:
        """What was left out, and why."""
        found = [(name, "not valid JSON, searched as text") for name in self._broken]
        found += [(name, f"only its first {MOST_VALUES} values were searched") for name in self.sightings.cut]
        if self.history.left_out:
            found.append(("history", f"{self.history.left_out} entries beyond the first {histories.MOST_ENTRIES}"))
        if self._judge.cut:
            found.append(("history", f"{self._judge.cut} commands too long to be followed, searched as text"))
        if self.sightings.left_out:
            found.append(("metadata", f"{self.sightings.left_out} findings beyond the first {sightings.MOST}"))
        return found


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
    return Found(leak._replace(message=masker.words(leak.message), subject=masker.words(leak.subject)), tuple(others))


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
