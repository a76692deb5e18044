"""Which layers are searched, and which outcomes are kept for later."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from auditor.run.images.layers.cache import LayerCache
from auditor.run.images.layers.outcome import LayerOutcome
from auditor.run.images.layers.outcomes import Layers
from auditor.run.images.layers.search import LayerSearch
from auditor.run.images.layers.searching import Job
from auditor.sources.images.model import Image, Layer, PassingSource, SourceError
from tests.run.images.outcomes import diff_id, outcome

RULES = "rules"


class Search:
    """Gives the outcomes whose numbers the streams say; notes whether it was to read ahead."""

    def __init__(self, outcomes: Sequence[LayerOutcome]) -> None:
        self.ahead = False
        self.were_ahead: list[bool] = []
        self._outcomes = outcomes

    def hear(self, heard: object) -> None:
        """Tell nothing."""

    def audit(self, job: Job) -> LayerOutcome:
        """Search one layer."""
        self.were_ahead.append(self.ahead)
        return self._outcomes[int(job.open().read())]


def searcher(search: Search) -> Callable[[], LayerSearch]:
    """What makes it."""
    return lambda: cast("LayerSearch", search)


class Passed(Image):
    """An image whose layers have passed."""

    def open(self, layer: Layer) -> BinaryIO:
        """Not again."""
        raise SourceError("it has passed by")


class Passing(PassingSource):
    """Layers that pass by, with these digests in the config; fails at the end if told so."""

    def __init__(self, stated: Sequence[str], fails: bool = False) -> None:
        super().__init__("archive")
        self._stated = stated
        self._fails = fails

    def passing(self) -> Iterator[tuple[str, BinaryIO]]:
        """Each with its number as its content."""
        for number in range(len(self._stated)):
            yield f"blob{number}", io.BytesIO(b"%d" % number)
        if self._fails:
            raise SourceError("truncated")

    def images(self) -> Sequence[Image]:
        """Two that share their layers."""
        made = []
        for name in ("a:1", "b:1"):
            image = Passed(name)
            image.layers = [Layer(at, f"blob{at}", digest) for at, digest in enumerate(self._stated)]
            made.append(image)
        return made


def whole(number: int) -> LayerOutcome:
    """The outcome of a layer that was read without errors."""
    return outcome(number)._replace(errors=())


def kept(folder: Path, outcomes: Sequence[LayerOutcome], source: Passing) -> list[bool]:
    """Which of the layers a later run finds in the cache."""
    cache = LayerCache(str(folder))
    layers = Layers(searcher(Search(outcomes)), cache, RULES, None)
    scanned = list(layers.of(source, lambda images: None))
    assert [one.outcomes for one in scanned] == [list(outcomes)] * 2
    assert [one.cached for one in scanned] == [frozenset()] * 2
    cache.close()
    later = LayerCache(str(folder))
    found = [later.get(one.diff_id, RULES) is not None for one in outcomes]
    later.close()
    return found


@pytest.mark.parametrize("fails", [False, True])
def test_what_passed_by_is_kept(fails: bool, tmp_path: Path) -> None:
    stated = [diff_id(number) for number in range(3)]
    assert kept(tmp_path / "cache", [whole(number) for number in range(3)], Passing(stated, fails)) == [True] * 3


def test_what_is_not_sure_is_not_kept(tmp_path: Path) -> None:
    """Of another digest than stated, of none, read with errors, or to be looked at twice."""
    outcomes = [whole(0), whole(1), whole(2), outcome(3), whole(4)._replace(final=False)]
    stated = [diff_id(0), diff_id(77), "", diff_id(3), diff_id(4)]
    assert kept(tmp_path / "cache", outcomes, Passing(stated)) == [True, False, False, False, False]


def test_what_passed_by_need_not_be_read_again(tmp_path: Path) -> None:
    cache = LayerCache("")
    layers = Layers(searcher(Search([whole(0), whole(1)._replace(final=False)])), cache, RULES, None)
    assert diff_id(0) not in layers
    list(layers.of(Passing([diff_id(0), diff_id(1)]), lambda images: None))
    assert diff_id(0) in layers and diff_id(1) not in layers


@pytest.mark.parametrize("fails", [False, True])
def test_reading_ahead_ends_with_what_passes(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.run.parallel.processes", lambda: 2)
    search = Search([whole(0)])
    layers = Layers(searcher(search), LayerCache(""), RULES, None)
    list(layers.of(Passing([diff_id(0)], fails), lambda images: None))
    assert search.were_ahead == [True]
    assert not search.ahead


def test_reading_ahead_ends_with_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.run.parallel.processes", lambda: 2)
    search = Search([])
    layers = Layers(searcher(search), LayerCache(""), RULES, None)
    with pytest.raises(IndexError):
        list(layers.of(Passing([diff_id(0)]), lambda images: None))
    assert not search.ahead
