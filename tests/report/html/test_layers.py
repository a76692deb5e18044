"""The timeline of an image: lanes from the layer that brings a leak to the one that ends it, sizes, bounds."""

from __future__ import annotations

import pytest

from auditor.core.finding import Report, Severity, Target
from auditor.core.image import CONFIG, DELETED, HIDDEN, LAYER, LIVE, OVERWRITTEN, ImagePlace
from auditor.core.layerline import LayerLine
from auditor.report.html import layers, page, render
from auditor.report.html.entries import Entries, listed
from auditor.report.html.layers import Timeline, timeline
from auditor.report.meta import Meta
from tests.report.html.reading import Reader
from tests.report.imagesamples import finding, image_report, one_image


def drawn(report: Report, meta: Meta) -> Timeline:
    """The timeline of the first target."""
    entries = Entries(report, meta)
    items = [entries.entry(number, found, group) for number, (found, group) in enumerate(listed(report), 1)]
    return timeline(report.targets[0], 0, items, lambda text, room: text[:room])


def spans(made: Timeline) -> dict[tuple[int, str], list[tuple[int, bool, bool]]]:
    """For each lane the layers it goes through, and whether it begins and ends there."""
    found: dict[tuple[int, str], list[tuple[int, bool, bool]]] = {}
    for row in made.rows:
        for mark in row.marks:
            assert row.layer is not None
            found.setdefault((mark.x, mark.state), []).append((row.layer.number, mark.born, mark.ends))
    return found


def test_a_lane_goes_from_birth_to_end(image_meta: Meta) -> None:
    report = one_image(
        finding(ImagePlace(LAYER, layer_index=0, path="a", state=DELETED, removed_by_layer=2), group="1"),
        finding(ImagePlace(LAYER, layer_index=1, path="b", state=LIVE), group="2"),
        finding(ImagePlace(LAYER, layer_index=1, path="c", state=HIDDEN), group="3"),
        finding(ImagePlace(LAYER, layer_index=2, path="d", state=OVERWRITTEN, removed_by_layer=3), group="4"),
        layers=5,
    )
    assert sorted(spans(drawn(report, image_meta)).values()) == [
        [(0, True, False), (1, False, False), (2, False, True)],
        [(1, True, False), (2, False, False), (3, False, False), (4, False, False)],
        [(1, True, True)],
        [(2, True, False), (3, False, True)],
    ]


def test_every_row_lists_what_it_holds(image_meta: Meta) -> None:
    made = drawn(image_report(), image_meta)
    held = {row.name: [(chip.severity, chip.state) for chip in row.chips] for row in made.rows}
    assert held["Layer 2"] == [("critical", DELETED), ("medium", HIDDEN)]
    assert held["Layer 4"] == []
    assert held["Configuration"] == [("critical", LIVE)]
    assert [name for name in held if not name.startswith("Layer")] == [
        "Configuration", "Labels", "History", "Annotations", "Attestations", "Build cache"
    ]  # fmt: skip
    assert dict(made.states)[DELETED] == 2
    assert [row.read for row in made.rows[5:8]] == ["", "not searched whole", "not searched"]


def test_the_strip_is_whole_and_in_proportion(image_meta: Meta) -> None:
    strip = drawn(image_report(), image_meta).strip
    assert sum(part.width for part in strip) == pytest.approx(100, abs=0.1)
    assert [part.x for part in strip] == sorted(part.x for part in strip)
    assert strip[6].width / strip[2].width == pytest.approx(691 / 231, rel=0.05)
    assert min(part.width for part in strip) >= 1
    assert [part.leaks for part in strip] == [1, 1, 2, 4, 0, 0, 0, 0]
    assert [part.severity for part in strip[:5]] == ["low", "high", "critical", "critical", ""]


def test_unknown_sizes_share_alike(image_meta: Meta) -> None:
    report = one_image(finding(ImagePlace(LAYER, layer_index=1, path="a")))
    report.targets[0].layers = [LayerLine(number) for number in range(4)]
    assert [part.width for part in drawn(report, image_meta).strip] == [25, 25, 25, 25]


def test_a_layer_that_only_a_finding_knows_of_is_there(image_meta: Meta) -> None:
    report = one_image(finding(ImagePlace(LAYER, layer_index=7, path="a", created_by="RUN x")), layers=0)
    assert [(row.name, row.what) for row in drawn(report, image_meta).rows] == [("Layer 7", "RUN x")]


def test_lanes_rows_and_chips_are_bounded(image_meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MOST_ROWS", 3)
    found = [finding(ImagePlace(LAYER, layer_index=n % 2, path=f"{n}"), group=f"{n}") for n in range(60)]
    report = one_image(*found, layers=9)
    made = drawn(report, image_meta)
    assert max(len(row.marks) for row in made.rows) == layers.MOST_LANES
    assert (made.unshown_lanes, made.unshown_rows) == (60 - layers.MOST_LANES, 7)
    words = Reader(render(report, image_meta)).words
    assert (
        "and 18 more" in words
        and f"{60 - layers.MOST_LANES} more are only in the list" in words
        and "7 more layers are not" in words
    )


def test_the_worst_images_get_timelines(image_meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_MOST_TIMELINES", 1)
    low = finding(ImagePlace(CONFIG, pointer="/a"), severity=Severity.MEDIUM, name="one")
    high = finding(ImagePlace(CONFIG, pointer="/a"), severity=Severity.CRITICAL, name="two")
    targets = [Target("one", "image"), Target("two", "image"), Target("three", "image")]
    for target in targets:
        target.layers = [LayerLine(0, size=1)]
    read = Reader(render(Report(targets, [low, high]), image_meta))
    assert [found["aria-labelledby"] for found in read.all("section") if found.get("class") == "image"] == ["image-1"]
    assert "2 more images without a timeline here" in read.words


def test_an_image_without_leaks_says_so(image_meta: Meta) -> None:
    read = Reader(render(one_image(), image_meta))
    assert "Nothing was found in it." in read.words and "Layers, as wide as they are large" in read.words
    assert "each line is a leak" not in read.words and "how many leaks" not in read.words
