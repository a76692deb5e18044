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
        """What looks for more in layers along with the search; see `run.images.valuesearch`."""

        def name_for(self, layer: Layer | None, /) -> str:
            """Names what is looked for in this layer (None: in those that pass by); "" for nothing."""

        def along(self, search: LayerSearch, /) -> LayerSearch:
            """A search for both."""

        def taken(self, key: str, outcome: LayerOutcome, /) -> LayerOutcome:
            """The outcome of a layer without what is kept here."""

        def kept(self, key: str, /) -> LayerOutcome:
            """What is kept here of a layer, and no more."""

        def recalled(self, key: str, outcome: LayerOutcome, /) -> None:
            """What an earlier search has kept of a layer."""


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
        #: By diff_id, and by what was looked for.
        self._outcomes: dict[tuple[str, str], LayerOutcome] = {}
        #: What else is looked for in the layers of the source at hand.
        self._beside: Beside | None = None

    @property
    def _search(self) -> LayerSearch:
        if self._made is None:
            self._made = self._searcher()
            self._made.hear(self._listener.advance)
        return self._made

    def __contains__(self, diff_id: object) -> bool:
        if not isinstance(diff_id, str) or self._outcome_of(diff_id) is None:
            return False
        name = self._beside.name_for(None) if self._beside is not None else ""
        return not name or self._outcome_of(diff_id, name) is not None

    def of(self, source: Source, begun: Callable[[Sequence[Image]], Beside | None]) -> Iterator[Scanned]:
        """The images with the outcomes of all their layers.

        `begun` is called once, with what is known of the images before any layer is read; it says what else is to be
        looked for in them.
        """
        passed: dict[str, LayerOutcome] = {}
        trouble = ""
        if isinstance(source, PassingSource):
            self._beside = begun(source.described())
            trouble = self._search_passing(source, passed)
            images = source.images()
        else:
            images = source.images()
            self._beside = begun(images)
        for layer in (layer for image in images for layer in image.layers if layer.key in passed):
            self._remember(layer, passed[layer.key], None)
        known = self._known(images, passed)
        self._search_rest(images, passed)
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

        search = self._search_of_all()
        try:
            search.ahead = processes() > 1
            for key, stream in source.passing():
                passed[key] = self._taken(key, search.audit(Job(_once(stream), again=False)))
        except SourceError as error:
            return str(error)
        finally:
            search.ahead = False
        return ""

    def _search_of_all(self) -> LayerSearch:
        """The search for secrets, and for what else is to be looked for."""
        if self._beside is None:
            return self._search
        search = self._beside.along(self._search)
        search.hear(self._listener.advance)
        return search

    def _taken(self, key: str, outcome: LayerOutcome) -> LayerOutcome:
        return outcome if self._beside is None else self._beside.taken(key, outcome)

    def _known(self, images: Sequence[Image], passed: dict[str, LayerOutcome]) -> set[str]:
        """Take the outcomes of layers that were searched before; their keys."""
        known: set[str] = set()
        for layer in (layer for image in images for layer in image.layers):
            if layer.key in passed or not layer.diff_id:
                continue
            outcome = self._outcome_of(layer.diff_id)
            name = self._beside.name_for(layer) if self._beside is not None else ""
            beside = self._outcome_of(layer.diff_id, name) if name else None
            if outcome is None or (name and beside is None):
                continue  # searched for everything, so that a result does not depend on what was known
            passed[layer.key] = outcome
            known.add(layer.key)
            if self._beside is not None and beside is not None:
                self._beside.recalled(layer.key, beside)
        return known

    def _outcome_of(self, diff_id: str, name: str = "") -> LayerOutcome | None:
        """What was found in a layer before, in this run or an earlier one, of all or of what has this name."""
        outcome = self._outcomes.get((diff_id, name)) or self._cache.get(diff_id, self._rules_for(name))
        if outcome is not None:
            self._outcomes[diff_id, name] = outcome
        return outcome

    def _rules_for(self, name: str) -> str:
        return f"{self._rules} {name}" if name else self._rules

    def _search_rest(self, images: Sequence[Image], passed: dict[str, LayerOutcome]) -> None:
        """Search every layer that is not known yet, long ones first, over all processors."""
        wanted: dict[str, tuple[Image, Layer]] = {}
        for image in images:
            for layer in image.layers:
                if layer.key not in passed:
                    wanted.setdefault(layer.key, (image, layer))
        if not wanted:
            return
        from auditor.run.parallel import processes  # start-up: only where there is a layer to search
        from auditor.run.pool import results

        order = sorted(wanted.values(), key=lambda pair: -pair[1].size)
        self._listener.begin(sum(max(layer.size, 0) for _, layer in order))
        jobs = [_job(image, layer) for image, layer in order]
        search = self._search_of_all()
        search.ahead = len(jobs) < processes()
        for number, outcome in results(search, jobs, self._listener.advance, search.hear):
            layer = order[number][1]
            passed[layer.key] = self._taken(layer.key, outcome)
            self._remember(layer, passed[layer.key], layer)

    def _remember(self, layer: Layer, outcome: LayerOutcome, sought: Layer | None) -> None:
        """Keep an outcome for all that is searched after this; `sought` is the layer that it was searched as."""
        if not layer.diff_id or outcome.diff_id != layer.diff_id or not outcome.final:
            return
        self._keep(layer.diff_id, "", outcome)
        name = self._beside.name_for(sought) if self._beside is not None else ""
        if self._beside is not None and name:
            self._keep(layer.diff_id, name, self._beside.kept(layer.key))

    def _keep(self, diff_id: str, name: str, outcome: LayerOutcome) -> None:
        new = self._outcomes.get((diff_id, name)) is not outcome
        self._outcomes[diff_id, name] = outcome
        if new and not outcome.errors:
            self._cache.put(diff_id, self._rules_for(name), outcome)


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

    return Job(opened, problems=problems, diff_id=layer.diff_id, digest=layer.digest, layer=layer)
