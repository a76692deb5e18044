"""`audit image --assert-absent`: is one of these real values anywhere in the image?

The same walk over every layer as a search for secrets, with nothing left out: what packages brought is looked at, too.
"""

from __future__ import annotations

from auditor.core.finding import Confidence, Severity
from auditor.core.image import PARTS, ImagePlace
from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import Remembered
from auditor.detect.detection import ASSIGNED_SECRET, Detection
from auditor.detect.needles import Needles
from auditor.detect.prefiltering.store import private_folder
from auditor.run.images.absence.assertions import parse_assertions
from auditor.run.images.absence.documents import search_documents
from auditor.run.images.layers.outcomes import Layers
from auditor.run.images.layers.search import LayerSearch
from auditor.run.images.layers.searching import Settings as Looking
from auditor.run.images.layers.telling import Wanted
from auditor.run.images.leak import Leak
from auditor.run.images.metadata.examine import Found
from auditor.run.images.needlesweep import NeedleSweep
from auditor.run.images.scan import ImageScan, run_over
from auditor.run.images.shownvalues import ShownValues

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import BinaryIO

    from auditor.core.config import Settings
    from auditor.core.finding import Finding, Report, Target
    from auditor.detect.needles import Hit
    from auditor.run.images.absence.documents import Presence
    from auditor.run.images.layers.outcomes import Listener, Scanned
    from auditor.run.images.metadata.examine import Metadata
    from auditor.sources.images.model import Image, Source

RULE = "present-value"
_KIND = "asserted-value"


def prove(
    settings: Settings,
    targets: Sequence[str],
    assertions: Sequence[str],
    *,
    stdin: BinaryIO | None = None,
    listener: Listener | None = None,
    sources: Sequence[Source] = (),
    insecure: Collection[str] = (),
) -> tuple[Report, bytes]:
    """Look for the values that `NAME=env:VAR|file:PATH|-` name; a finding for each place where one is.

    Raises UsageError for assertions, targets and settings that cannot be meant.
    """
    values = parse_assertions(assertions)
    run = ProofScan(settings, listener, Needles(values))
    run.insecure = insecure
    report, key = run_over(run, targets, stdin, sources)
    report.sought = tuple(values)
    return report, key


class ProofScan(ImageScan):
    """A run that looks for values instead of secrets."""

    def __init__(self, settings: Settings, listener: Listener | None, needles: Needles) -> None:
        super().__init__(settings, listener, cached=False)
        self._needles = needles
        wanted = Wanted(frozenset(), {RULE: Severity.CRITICAL}, False, self.key, silence=False)
        looking = Looking(
            NeedleSweep(needles, _detection),
            wanted,
            settings.max_depth,
            self.depth_asked,
            True,
            needles.reach,
            private_folder(),
        )
        self._layers = Layers(lambda: LayerSearch(looking), self._cache, "", listener)
        # Values that nobody has named are not looked for.
        self._values = ShownValues(wanted._replace(left_out=frozenset({ASSIGNED_SECRET})))
        self.left_out = frozenset()

    def _examined(self, image: Image) -> Metadata:
        """What the documents hold of the values, beside the history that places are attributed with."""
        metadata = super()._examined(image)
        masked = self._needles.masked
        found = []
        searched = search_documents(image, self._needles)
        for presence in searched.presences:
            place = presence.place._replace(pointer=masked(presence.place.pointer))
            found.append(Found(leak_of(presence._replace(place=place))))
        found.sort(key=lambda one: PARTS.index(one.leak.place.part) if one.leak.place.part in PARTS else len(PARTS))
        created_by = tuple(map(masked, metadata.created_by))
        return metadata._replace(found=found, created_by=created_by, errors=searched.errors)

    def _told(self, scanned: Scanned, metadata: Metadata, taken: set[str]) -> tuple[Target, list[Finding]]:
        """As for every run; and no name of a file shows a value that is in it."""
        target, found = super()._told(scanned, metadata, taken)
        masked = self._needles.masked
        for finding in found:
            finding.image = _masked(finding.image, masked) if finding.image is not None else None
            finding.related = tuple(
                related._replace(image=_masked(related.image, masked)) if related.image is not None else related
                for related in finding.related
            )
        target.skipped = [item._replace(path=masked(item.path)) for item in target.skipped]
        target.errors = [error._replace(path=masked(error.path)) for error in target.errors]
        return target, found


def _masked(place: ImagePlace, masked: Callable[[str], str]) -> ImagePlace:
    return place._replace(path=masked(place.path), inner_path=masked(place.inner_path))


def _secret(name: str) -> Remembered:
    """Stands for a value: it is not in it, and nothing of it is shown."""
    return Remembered(f"<{name}>", _KIND, name)


def _detection(hit: Hit) -> Detection:
    title = _title(hit.name, hit.encoding)
    return Detection(RULE, title, hit.start, hit.end, _secret(hit.name), Confidence.HIGH)


def _title(name: str, encoding: str) -> str:
    return f"the value of {name} is here, {encoding}" if encoding != "plain" else f"the value of {name} is here"


def leak_of(presence: Presence) -> Leak:
    """The leak that a value in a document is."""
    title = _title(presence.name, presence.encoding)
    return Leak(
        rule=RULE,
        severity=Severity.CRITICAL,
        confidence=Confidence.HIGH,
        verdict="unverified",
        message=f"{title[:1].upper()}{title[1:]}.",
        subject=f"{_KIND} {presence.name}",
        secret=_secret(presence.name),
        group=presence.name,
        place=presence.place,
    )
