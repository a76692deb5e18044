"""One run of `audit image`: sources opened, every different layer searched once, what was found told by image."""

from __future__ import annotations

from hashlib import sha256

from auditor.core.finding import Report, Skipped, Target, TargetError, number_findings
from auditor.core.record import TYPE_CHECKING
from auditor.detect.prefiltering.store import folder as cache_folder
from auditor.detect.prefiltering.store import private_folder
from auditor.run.crash import describe, wants_traceback
from auditor.run.detecting import detector_of
from auditor.run.images.layers.cache import LayerCache
from auditor.run.images.layers.outcomes import Layers
from auditor.run.images.layers.telling import Wanted
from auditor.run.images.shownvalues import ShownValues
from auditor.run.selection import IMAGE, all_rules, chosen, more_rules
from auditor.sources.images.model import Problem, SourceError
from auditor.sources.images.target import open_source, parse_target

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import BinaryIO

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.detect.userrules import UserRule
    from auditor.run.acceptance.known import DetectSecretsBaseline, OwnBaseline
    from auditor.run.images.base import Base
    from auditor.run.images.findings import Attribution
    from auditor.run.images.history.entries import History
    from auditor.run.images.layers.outcomes import Listener, Scanned
    from auditor.run.images.layers.search import LayerSearch
    from auditor.run.images.metadata.examine import Metadata
    from auditor.run.images.valuesearch import ValueSearch
    from auditor.sources.images.model import Image, Source


def scan(
    settings: Settings,
    targets: Sequence[str],
    *,
    stdin: BinaryIO | None = None,
    listener: Listener | None = None,
    sources: Sequence[Source] = (),
    insecure: Collection[str] = (),
    key: bytes = b"",
) -> tuple[Report, bytes]:
    """Search these targets, and `sources` that are open; the report, and the key of its fingerprints.

    `key`: the one they must have, b"" for that of the baseline or any other. Raises UsageError for targets and settings
    that cannot be meant; what cannot be read is in the report.
    """
    run = ImageScan(settings, listener, key=key)
    run.insecure = insecure
    report, key = run_over(run, targets, stdin, sources)
    run.accept(report)
    return report, key


def run_over(
    run: ImageScan, targets: Sequence[str], stdin: BinaryIO | None, sources: Sequence[Source]
) -> tuple[Report, bytes]:
    """What a run makes of targets and open sources; see `scan`."""
    report = Report([], [])
    try:
        for text in targets:
            run.target(text, stdin, report)
        for source in sources:
            with source:
                run.source(source, report)
    finally:
        run.close()
    report.findings.sort(key=lambda finding: finding.sort_key)
    if report.findings:
        number_findings(report.findings)
    return report, run.key


class ImageScan:
    """What one run shares between its targets. Raises UsageError for settings that cannot be meant."""

    def __init__(self, settings: Settings, listener: Listener | None, *, cached: bool = True, key: bytes = b"") -> None:
        self.settings = settings
        self.insecure: Collection[str] = ()
        self._notes: list[str] = []
        rules: list[UserRule] = []
        if settings.rules:
            from auditor.detect.userrules import load  # start-up: only with rules of the user's own

            rules = load(settings.rules, self._notes, within=settings.folder_of("rules"))
        self._more = more = more_rules(settings, rules)
        self._known: OwnBaseline | DetectSecretsBaseline | None = None
        if settings.baseline:
            from auditor.run.acceptance.known import known_of  # start-up: only with a baseline

            self._known = known_of(settings)
            key = key or (self._known.key if self._known is not None else b"")
        wanted = chosen(settings, IMAGE, more)
        severities = {rule.id: rule.severity for rule in all_rules(IMAGE).values()}
        left_out = frozenset({*severities, *(rule.id for rule in more)}) - wanted
        self.left_out = left_out
        self._detector = detector_of(settings, rules)
        own = bool(rules or settings.plugins or self._detector.thorough)
        # Values that are to be shown, and rules that may change between two runs, are not in the cache.
        cached = cached and not (settings.no_cache or settings.show_secrets or own)
        self._cache = LayerCache(cache_folder() if cached else "", key=key)
        self.key = self._cache.key()
        usual = {**severities, **settings.severities}
        heeded = not settings.no_inline_ignores
        asked = Wanted(left_out, usual, settings.require_ignore_reason, self.key, silence=heeded)
        self.depth_asked = "max-depth" in settings.origins
        rules_digest = _settings_digest(self._detector.digest, asked, settings)
        if key:
            rules_digest += sha256(key).hexdigest()  # fingerprints under one key are of no use under another
        self._layers = Layers(lambda: self._searcher(asked), self._cache, rules_digest, listener)
        self._values = ShownValues(asked)
        self._base: Base | None = None

    def _searcher(self, asked: Wanted) -> LayerSearch:
        # start-up: only where there is a layer to search
        from auditor.detect.sweep import Sweep
        from auditor.run.images.layers.search import LayerSearch
        from auditor.run.images.layers.searching import Settings as Looking

        return LayerSearch(
            Looking(Sweep(self._detector), asked, self.settings.max_depth, self.depth_asked, folder=private_folder())
        )

    def accept(self, report: Report) -> None:
        """Silence what the baseline accepts."""
        if self._known is not None:
            self._known.accept(report, more=self._more)

    def close(self) -> None:
        """Give back what the run has opened."""
        self._cache.close()

    def target(self, text: str, stdin: BinaryIO | None, report: Report) -> None:
        """Search one target of the command line."""
        target = parse_target(text)
        try:
            source = open_source(
                target,
                platform=self.settings.platform,
                stdin=stdin,
                known=self._layers,
                insecure=self.insecure,
            )
        except SourceError as error:
            report.targets.append(_failed(text, str(error)))
            return
        with source:
            self.source(source, report)

    def source(self, source: Source, report: Report) -> None:
        """Search all images of a source."""
        try:
            #: With the images, which keeps their ids theirs.
            examined: dict[int, tuple[Image, Metadata]] = {}

            def begun(images: Sequence[Image]) -> ValueSearch | None:
                examined.update((id(image), (image, self._examined(image))) for image in images)
                return self._values.begin(source, list(examined.values()))

            for scanned in self._layers.of(source, begun):
                known = examined.pop(id(scanned.image), None)
                metadata = known[1] if known is not None else self._examined(scanned.image)
                target, found = self._told(scanned, metadata, {target.name for target in report.targets})
                report.targets.append(target)
                report.findings += found
                self.finished(scanned.image, metadata, target, found)
        except SourceError as error:
            report.targets.append(_failed(source.name, str(error)))

    def finished(self, image: Image, metadata: Metadata, target: Target, found: list[Finding]) -> None:
        """One image is done; for those who show more of it than a report."""

    def _told(self, scanned: Scanned, metadata: Metadata, taken: set[str]) -> tuple[Target, list[Finding]]:
        """The target and the findings of one image."""
        # start-up: the layers are searched while nothing of this is there yet
        from auditor.run.images.findings import findings
        from auditor.run.images.layerlines import digest_errors, layer_lines

        image = scanned.image
        known = self._attribution(image, metadata.history)
        target = Target(_free(image.name, image.platform, taken), "image", files=0)
        target.digest, target.platform = image.digest, image.platform
        target.layers = layer_lines(image, scanned.outcomes, scanned.cached, metadata, known)
        errors = [
            *((problem.message, problem.part) for problem in image.problems),
            *digest_errors(image, scanned.outcomes, scanned.cached),
            *metadata.errors,
        ]
        outcomes = self._values.within(scanned, metadata, target)
        for number, outcome in enumerate(outcomes):
            if outcome is not None:
                target.files += outcome.files
                target.size += outcome.size
                errors += ((message, _in_layer(number, path)) for message, path in outcome.errors)
                target.skipped += (Skipped(_in_layer(number, path), reason) for path, reason in outcome.skipped)
        target.skipped += (Skipped(part, reason) for part, reason in metadata.skipped)
        target.skipped += (Skipped("rules", note) for note in self._notes)
        target.errors += (TargetError(message, path) for message, path in dict.fromkeys(errors))
        found = findings(target.name, image, outcomes, metadata, known)
        return target, [finding for finding in found if finding.rule not in self.left_out]

    def _examined(self, image: Image) -> Metadata:
        """What the metadata of an image tells."""
        from auditor.run.images.metadata.examine import examine, nothing  # start-up: as in `_told`

        try:
            return examine(image, self._detector, self.key)
        except Exception as error:
            if wants_traceback():
                raise
            message = f"internal error in the search of the metadata ({describe(error)}); please report it"
            image.problems.append(Problem("metadata", message))
            return nothing(image)

    def _attribution(self, image: Image, history: History) -> Attribution:
        # start-up: as in `_told`
        from auditor.run.images.base import Base
        from auditor.run.images.dockerfiles import lines_of
        from auditor.run.images.findings import Attribution

        dockerfile, lines = lines_of(self.settings, image, history)
        if not self.settings.base:
            return Attribution(0, 0, dockerfile, lines)
        if self._base is None:
            self._base = Base(self.settings.base, self.settings.platform)
        layers, entries = self._base.shared(image, history)
        return Attribution(layers, entries, dockerfile, lines)


def _settings_digest(rules: str, wanted: Wanted, settings: Settings) -> str:
    """Names everything beside its bytes that the outcome of a layer depends on."""
    severities = sorted((rule, level.label) for rule, level in wanted.usual.items())
    depth = (settings.max_depth, "max-depth" in settings.origins)
    comments = (wanted.silence, wanted.require_reason)
    told = (rules, sorted(wanted.left_out), severities, comments, depth, settings.engine)
    return sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()


def _in_layer(number: int, path: str) -> str:
    """What reports call a place in a layer."""
    return f"layer {number}: {path}" if path else f"layer {number}"


def _free(name: str, platform: str, taken: set[str]) -> str:
    """The image's name; with more to it where another target has it already."""
    wanted, count = name, 1
    if wanted in taken and platform:
        wanted = f"{name} ({platform})"
    while wanted in taken:
        count += 1
        wanted = f"{name} ({count})"
    return wanted


def _failed(name: str, message: str) -> Target:
    """The target for what could not be read at all."""
    target = Target(name, "image", files=0)
    target.errors.append(TargetError(message.removeprefix(f"{name}: "), name))
    return target
