"""Values that the metadata shows, looked for in layers: found without a name, told once, only if random."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.core.config import Settings
from auditor.core.finding import Report
from auditor.detect.sweep import Sweep
from auditor.run.images import values
from auditor.run.images.scan import scan
from auditor.sources.images.model import Image
from auditor.sources.images.passing import PassingArchive
from auditor.sources.images.registry import RegistrySource
from auditor.sources.images.target import open_source, parse_target
from tests.run.images.configs import RANDOM, detector, image
from tests.run.images.imagemaking import config_of, layer, oci, saved, written

SWEEP = cache(Sweep)
BASE = layer({"etc/motd": b"hello\n"})
KEY = layer({"root/.pdfkit": f"key = {RANDOM}\n".encode(), "app/readme": b"hello\n"})
GONE = layer({"root/.wh..pdfkit": b""})


def ran(value: str = RANDOM) -> dict[str, Any]:
    """The configuration of an image whose second layer was built with a build argument."""
    run = f"RUN |1 PDFKIT_LICENSE_KEY={value} /bin/sh -c ./x # buildkit"
    return config_of(["ADD rootfs.tar /", run, "RUN rm /root/.pdfkit"])


def places(report: Report) -> list[tuple[int | None, str, str]]:
    """Layer, path and state of everything that was found in layers."""
    found = [one for finding in report.findings for one in (finding.image, *(r.image for r in finding.related))]
    return [(one.layer_index, one.path, one.state) for one in found if one is not None and one.part == "layer"]


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One detector for all tests, which is compiled once."""
    monkeypatch.setattr("auditor.run.detecting.Detector", lambda *_args, **_more: detector())
    monkeypatch.setattr("auditor.detect.sweep.Sweep", SWEEP)


def plain(*ignore: str) -> Settings:
    settings = Settings()
    settings.no_cache, settings.ignore = True, ignore
    return settings


def told(folder: Path, data: bytes, *ignore: str) -> Report:
    return scan(plain(*ignore), [written(folder / "image.tar", data)])[0]


@pytest.mark.parametrize("made", [saved, oci])
def test_a_value_is_found_without_a_name(made: Any, tmp_path: Path) -> None:
    report = told(tmp_path, made([BASE, KEY, GONE], ran()))
    assert places(report) == [(1, "root/.pdfkit", "deleted")]
    assert len({finding.group for finding in report.findings}) == 1  # it is tied to the build argument


def test_what_is_shown_is_the_name_of_a_setting_at_most(tmp_path: Path) -> None:
    other = "tiger" + "-lily-77"
    files = {"a": f"key = {RANDOM} {other}\n".encode(), "b": f"{other} {RANDOM}\n".encode()}
    report = told(tmp_path, saved([BASE, layer(files)], ran()))
    shown = sorted(finding.excerpt for finding in report.findings if finding.image and finding.image.part == "layer")
    assert shown == ["****", "key = ****"]


def test_what_a_rule_has_told_is_not_told_again(tmp_path: Path) -> None:
    named = layer({"app/.env": f"LICENSE_SECRET={RANDOM}\n".encode()})
    report = told(tmp_path, saved([BASE, named], ran()))
    assert places(report) == [(1, "app/.env", "live")]


@pytest.mark.parametrize("value", ["correcthorsebatterystaple", "password123", "development-only", "Qx7rT9z"])
def test_words_stand_anywhere(value: str, tmp_path: Path) -> None:
    words = layer({"app/notes": f"about {value} here\n".encode()})
    assert places(told(tmp_path, saved([BASE, words], ran(value)))) == []


def test_the_rule_can_be_left_out(tmp_path: Path) -> None:
    data = saved([BASE, KEY, GONE], ran())
    assert places(told(tmp_path, data, "assigned-secret")) == []


def test_large_layers_are_read_again_from_the_value_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_SMALL", 0)
    data = saved([KEY, layer({"app/x": RANDOM.encode()})], config_of(["ADD a /", *ran()["history"][1:2]]))
    assert places(told(tmp_path, data)) == [(1, "app/x", "live")]


def test_a_value_across_two_blocks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_BLOCK", 7)
    assert places(told(tmp_path, saved([BASE, KEY, GONE], ran()))) == [(1, "root/.pdfkit", "deleted")]


def passing(described: Sequence[Image], monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.setattr(PassingArchive, "described", lambda _: described)
    stdin = io.BytesIO(saved([BASE, KEY, GONE], ran()))
    return scan(plain(), ["-"], stdin=stdin)[0]


def test_layers_that_an_engine_exports_are_looked_at_as_they_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    report = passing([image(ran(), layers=3)], monkeypatch)
    assert places(report) == [(1, "root/.pdfkit", "deleted")]
    assert not report.targets[0].skipped


def test_what_cannot_be_read_again_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    report = passing([], monkeypatch)
    assert places(report) == []
    assert [item.path for item in report.targets[0].skipped] == ["layers"]
    assert not RegistrySource.rereads


def test_layers_that_passed_before_a_value_was_known_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    report = passing([image(ran(RANDOM[::-1]), layers=3)], monkeypatch)
    assert places(report) == []
    assert [(item.path, item.reason.startswith("3 of 3 not searched")) for item in report.targets[0].skipped] == [
        ("layers", True)
    ]


def test_images_beside_an_export_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = layer({"srv/license": f"key = {RANDOM}\n".encode()})
    path = written(tmp_path / "beside.tar", saved([other], config_of(ran()["history"][1:2])))
    exported = PassingArchive.images
    with open_source(parse_target(path)) as beside:
        monkeypatch.setattr(PassingArchive, "images", lambda self: [*exported(self), *beside.images()])
        report = passing([image(ran(), layers=3)], monkeypatch)
    assert places(report) == [(1, "root/.pdfkit", "deleted"), (0, "srv/license", "live")]
    assert not any(target.skipped for target in report.targets)


def never(*_: object) -> None:
    pytest.fail("no layer is read a second time")


def kept(path: str) -> Report:
    """A run that may use the cache."""
    settings = Settings()
    settings.ignore = ()
    return scan(settings, [path])[0]


def test_values_are_looked_for_in_the_same_pass_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values.ValueSearch, "again", never)
    path = written(tmp_path / "image.tar", saved([BASE, KEY, GONE], ran()))
    first, second = kept(path), kept(path)
    assert [layer.state for layer in second.targets[0].layers] == ["cached"] * 3
    assert places(first) == places(second) == [(1, "root/.pdfkit", "deleted")]
    assert [finding.excerpt for finding in first.findings] == [finding.excerpt for finding in second.findings]
    assert [finding.group for finding in first.findings] == [finding.group for finding in second.findings]


def test_layers_that_are_known_are_read_again_for_other_values(tmp_path: Path) -> None:
    other = layer({"app/x": b"hello\n"})
    kept(written(tmp_path / "image.tar", saved([BASE, KEY, other], ran(RANDOM[::-1]))))
    report = kept(written(tmp_path / "image.tar", saved([BASE, KEY, other], ran())))
    assert [layer.state for layer in report.targets[0].layers] == ["cached"] * 3
    assert places(report) == [(1, "root/.pdfkit", "live")]
    assert not report.targets[0].skipped


def test_a_source_that_is_read_once_needs_no_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "image.tar", saved([BASE, KEY, GONE], ran()))
    with open_source(parse_target(path)) as source:
        monkeypatch.setattr(source, "rereads", False)
        report = scan(plain(), [], sources=[source])[0]
    assert places(report) == [(1, "root/.pdfkit", "deleted")]
    assert not report.targets[0].skipped


def test_an_image_has_the_values_of_its_own_metadata_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_source(parse_target(written(tmp_path / "a.tar", saved([BASE, KEY, GONE], ran())))) as source:
        silent = image(ran("none"), layers=3)
        silent.layers = list(source.images()[0].layers)
        both = [*source.images(), silent]
        monkeypatch.setattr(source, "images", lambda: both)
        report = scan(plain(), [], sources=[source])[0]
    assert len(report.targets) == 2
    assert places(report) == [(1, "root/.pdfkit", "deleted")]


@pytest.mark.parametrize("path", ["usr/share/app/settings.py", "app/.env", "opt/app/app.jar"])
def test_what_is_remembered_of_a_layer_depends_on_no_image(path: str, tmp_path: Path) -> None:
    text = f"LICENSE_SECRET = '{RANDOM}'\n".encode()
    if path.endswith(".jar"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("a/settings.py", text)
        text = packed.getvalue()
    made = layer({path: text})
    plain_image = written(tmp_path / "plain.tar", saved([made], config_of(["COPY . /"])))
    alone = scan(plain(), [plain_image])[0]
    assert places(alone)
    shown = kept(written(tmp_path / "shown.tar", saved([made], config_of(ran()["history"][1:2]))))
    assert places(shown) == places(alone) and len(shown.findings) > 1
    after = kept(plain_image)
    assert [layer.state for layer in after.targets[0].layers] == ["cached"]
    told = [[(one.rule, one.message, one.excerpt) for one in report.findings] for report in (alone, after)]
    assert told[0] == told[1]
