"""The outcomes of the layers of a source: known from before, as they pass by, or searched over all processors."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.model import PassingSource, Problem, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO, Protocol

    from auditor.run.images.layers.cache import LayerCache
    from auditor.run.images.layers.outcome import LayerOutcome
    from auditor.run.images.layers.search import LayerSearch
    from auditor.run.images.layers.searching import Job
    from auditor.sources.images.model import Image, Layer, Source

    class Listener(Protocol):
        """What hears of the progress; see `Silent`."""

        def begin(self, total: int) -> None:
            """So many stored bytes are going to be searched; 0 if nobody knows."""

        def advance(self, number: int) -> None:
            """So many more have been."""

    class Beside(Protocol):
        """What looks for more in layers while they pass by; see `run.images.values`."""

        def along(self, search: LayerSearch, /) -> LayerSearch:
            """A search for both."""

        def taken(self, key: str, outcome: LayerOutcome, /) -> LayerOutcome:
            """The outcome of a layer without what is kept here."""


class Scanned(NamedTuple):
    """One image with the outcomes of its layers (None: not read), and which of them an earlier run had found."""

    image: Image
    outcomes: list[LayerOutcome | None]
    cached: frozenset[int]


class Silent:
    """Hears how many bytes have been searched, and does nothing with it."""

    def begin(self, total: int) -> None:
        """So many stored bytes are going to be searched; 0 if nobody knows."""

    def advance(self, number: int) -> None:
        """So many more have been."""


class Layers:
    """Searches every different layer once. `rules` names all that outcomes depend on beside a layer's bytes.

    `searcher` makes what searches, once there is a layer that is not known. Asked whether a diff_id is in it, it says
    whether that layer need not be read.
    """

    def __init__(
        self, searcher: Callable[[], LayerSearch], cache: LayerCache, rules: str, listener: Listener | None
    ) -> None:
        self._searcher = searcher
        self._made: LayerSearch | None = None
        self._cache = cache
        self._rules = rules
        self._listener = listener or Silent()
        self._outcomes: dict[str, LayerOutcome] = {}
        #: What else is looked for in layers that pass by once; none of them is taken as known then.
        self.beside: Beside | None = None

    @property
    def _search(self) -> LayerSearch:
        if self._made is None:
            self._made = self._searcher()
            self._made.hear(self._listener.advance)
        return self._made

    def __contains__(self, diff_id: object) -> bool:
        return isinstance(diff_id, str) and self.beside is None and self._outcome_of(diff_id) is not None

    def of(self, source: Source, meanwhile: Callable[[Sequence[Image]], None]) -> Iterator[Scanned]:
        """The images with the outcomes of all their layers.

        `meanwhile` is called once with all images, while other processes search.
        """
        passed: dict[str, LayerOutcome] = {}
        trouble = self._search_passing(source, passed) if isinstance(source, PassingSource) else ""
        images = source.images()
        for layer in (layer for image in images for layer in image.layers if layer.key in passed):
            self._remember(layer, passed[layer.key])
        known = self._known(images, passed)
        self._search_rest(images, passed, lambda: meanwhile(images))
        for image in images:
            outcomes = [passed.get(layer.key) for layer in image.layers]
            cached = frozenset(layer.number for layer in image.layers if layer.key in known)
            if trouble:
                image.problems.append(Problem("archive", trouble))
            yield Scanned(image, outcomes, cached)

    def _search_passing(self, source: PassingSource, passed: dict[str, LayerOutcome]) -> str:
        """Search the layers of a source that passes by once; why it ended early, else ""."""
        from auditor.run.images.layers.searching import Job  # start-up: as below
        from auditor.run.parallel import processes

        search, beside = self._search, self.beside
        if beside is not None:
            search = beside.along(search)
            search.hear(self._listener.advance)
        try:
            search.ahead = processes() > 1
            for key, stream in source.passing():
                outcome = search.audit(Job(_once(stream), again=False))
                passed[key] = outcome if beside is None else beside.taken(key, outcome)
        except SourceError as error:
            return str(error)
        finally:
            search.ahead = False
        return ""

    def _known(self, images: Sequence[Image], passed: dict[str, LayerOutcome]) -> set[str]:
        """Take the outcomes of layers that were searched before; their keys."""
        known: set[str] = set()
        for layer in (layer for image in images for layer in image.layers):
            if layer.key in passed or not layer.diff_id:
                continue
            outcome = self._outcome_of(layer.diff_id)
            if outcome is not None:
                passed[layer.key] = outcome
                known.add(layer.key)
        return known

    def _outcome_of(self, diff_id: str) -> LayerOutcome | None:
        """The outcome of a layer that was searched before, in this run or an earlier one."""
        outcome = self._outcomes.get(diff_id) or self._cache.get(diff_id, self._rules)
        if outcome is not None:
            self._outcomes[diff_id] = outcome
        return outcome

    def _search_rest(
        self, images: Sequence[Image], passed: dict[str, LayerOutcome], meanwhile: Callable[[], None]
    ) -> None:
        """Search every layer that is not known yet, long ones first, over all processors."""
        wanted: dict[str, tuple[Image, Layer]] = {}
        for image in images:
            for layer in image.layers:
                if layer.key not in passed:
                    wanted.setdefault(layer.key, (image, layer))
        if not wanted:
            meanwhile()
            return
        from auditor.run.parallel import processes  # start-up: only where there is a layer to search
        from auditor.run.pool import results

        order = sorted(wanted.values(), key=lambda pair: -pair[1].size)
        self._listener.begin(sum(max(layer.size, 0) for _, layer in order))
        jobs = [_job(image, layer) for image, layer in order]
        self._search.ahead = len(jobs) < processes()
        for number, outcome in results(self._search, jobs, self._listener.advance, self._search.hear, meanwhile):
            layer = order[number][1]
            passed[layer.key] = outcome
            self._remember(layer, outcome)

    def _remember(self, layer: Layer, outcome: LayerOutcome) -> None:
        """Keep an outcome for all that is searched after this."""
        if not layer.diff_id or outcome.diff_id != layer.diff_id or not outcome.final:
            return
        new = self._outcomes.get(layer.diff_id) is not outcome
        self._outcomes[layer.diff_id] = outcome
        if new and not outcome.errors:
            self._cache.put(layer.diff_id, self._rules, outcome)


def _once(stream: BinaryIO) -> Callable[[], BinaryIO]:
    return lambda: stream


def _job(image: Image, layer: Layer) -> Job:
    """The search of one layer. What comes up in its source while it is read belongs to that layer alone."""
    from auditor.run.images.layers.searching import Job  # start-up: as above

    before = len(image.problems)

    def opened() -> BinaryIO:
        nonlocal before
        before = len(image.problems)
        return image.open(layer)

    def problems() -> list[tuple[str, str]]:
        found = [(problem.message, problem.part) for problem in image.problems[before:]]
        del image.problems[before:]
        return found

    return Job(opened, problems=problems, diff_id=layer.diff_id, digest=layer.digest)
