"""Values that the metadata shows, looked for in layers: found without a name, told once, only if random."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.core.config import Settings
from auditor.core.finding import Report
from auditor.core.secret import Secret
from auditor.detect.prefiltering.store import folder as cache_folder
from auditor.detect.sweep import Sweep
from auditor.run.images import values, valuesearch
from auditor.run.images.leak import ShownValue
from auditor.run.images.scan import scan
from auditor.sources.images import layertar
from auditor.sources.images.model import Image
from auditor.sources.images.passing import PassingArchive
from auditor.sources.images.target import open_source, parse_target
from tests.run.images.configs import RANDOM, detector, image
from tests.run.images.imagemaking import config_of, layer, layer_of, members, oci, saved, written
from tests.run.images.outcomes import leak

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


def passing(described: Sequence[Image], monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.setattr(PassingArchive, "described", lambda _: described)
    stdin = io.BytesIO(saved([BASE, KEY, GONE], ran()))
    return scan(plain(), ["-"], stdin=stdin)[0]


def test_layers_that_an_engine_exports_are_looked_at_as_they_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    report = passing([image(ran(), layers=3)], monkeypatch)
    assert places(report) == [(1, "root/.pdfkit", "deleted")]
    assert not report.targets[0].skipped


def kept(path: str) -> Report:
    """A run that may use the cache."""
    settings = Settings()
    settings.ignore = ()
    return scan(settings, [path])[0]


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


def test_a_value_across_two_blocks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layertar, "BLOCK", 1 << 16)
    monkeypatch.setattr(layertar, "WHOLE", 1 << 12)
    for at in range((1 << 16) - 40, (1 << 16) + 8, 4):
        data = b"." * at + f"k {RANDOM} ".encode() + b"." * (1 << 16)
        report = told(tmp_path, saved([layer({"app/x": data})], config_of(ran()["history"][1:2])))
        assert places(report) == [(0, "app/x", "live")], at


def test_what_has_passed_by_before_the_metadata_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for described in ([], [image(ran(RANDOM[::-1]), layers=3)]):
        report = passing(described, monkeypatch)
        assert places(report) == []
        (skipped,) = report.targets[0].skipped
        assert skipped.path == "layers" and "passed by" in skipped.reason


def test_images_beside_an_export_are_searched_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = layer({"srv/license": f"key = {RANDOM}\n".encode()})
    path = written(tmp_path / "beside.tar", saved([other], config_of(ran()["history"][1:2])))
    exported = PassingArchive.images
    with open_source(parse_target(path)) as beside:
        monkeypatch.setattr(PassingArchive, "images", lambda self: [*exported(self), *beside.images()])
        report = passing([image(ran(), layers=3)], monkeypatch)
    assert places(report) == [(1, "root/.pdfkit", "deleted"), (0, "srv/license", "live")]
    assert not any(target.skipped for target in report.targets)


def test_in_large_layers_only_values_are_sought_that_can_be_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valuesearch, "_SMALL", 0)
    config = config_of(["ADD a /", *ran()["history"][1:2]])
    report = told(tmp_path, saved([KEY, layer({"app/x": RANDOM.encode()})], config))
    assert places(report) == [(1, "app/x", "live")]
    # The same layer at another place of another image, and the other way round.
    before = kept(written(tmp_path / "a.tar", saved([KEY, GONE], config)))
    after = kept(written(tmp_path / "b.tar", saved([GONE, KEY], config)))
    assert (places(before), places(after)) == ([], [(1, "root/.pdfkit", "live")])
    assert places(kept(written(tmp_path / "a.tar", saved([KEY, GONE], config)))) == []


def test_values_are_remembered(tmp_path: Path) -> None:
    path = written(tmp_path / "image.tar", saved([BASE, KEY, GONE], ran()))
    first, second = kept(path), kept(path)
    assert [layer.state for layer in second.targets[0].layers] == ["cached"] * 3
    assert places(first) == places(second) == [(1, "root/.pdfkit", "deleted")]
    assert [finding.excerpt for finding in first.findings] == [finding.excerpt for finding in second.findings]
    assert [finding.group for finding in first.findings] == [finding.group for finding in second.findings]


def test_layers_that_are_known_are_searched_again_for_other_values(tmp_path: Path) -> None:
    other = layer({"app/x": b"hello\n"})
    kept(written(tmp_path / "image.tar", saved([BASE, KEY, other], ran(RANDOM[::-1]))))
    report = kept(written(tmp_path / "image.tar", saved([BASE, KEY, other], ran())))
    assert places(report) == [(1, "root/.pdfkit", "live")]
    assert not report.targets[0].skipped


def test_the_order_of_images_makes_no_difference(tmp_path: Path) -> None:
    silent = written(tmp_path / "silent.tar", saved([BASE, KEY, GONE], ran("none")))
    telling = written(tmp_path / "telling.tar", saved([BASE, KEY, GONE], ran()))
    for order in ([silent, telling], [telling, silent], [telling, telling]):
        report = scan(plain(), order)[0]
        assert places(report) == [(1, "root/.pdfkit", "deleted")] * order.count(telling)
        assert not any(target.skipped for target in report.targets)


def test_the_cache_has_no_value_in_names_of_files(tmp_path: Path) -> None:
    made = layer({f"app/{RANDOM}.txt": f"key = {RANDOM}\n".encode()})
    kept(written(tmp_path / "image.tar", saved([made], config_of(ran()["history"][1:2]))))
    stored = [path for path in Path(cache_folder()).rglob("*") if path.is_file()]
    assert any(path.name.startswith("layers.sqlite") for path in stored)
    assert not [path for path in stored if RANDOM.encode() in path.read_bytes()]


def test_a_hard_link_is_followed_from_the_cache_too(tmp_path: Path) -> None:
    link = tarfile.TarInfo("srv/b")
    link.type, link.linkname = tarfile.LNKTYPE, "srv/a"
    content = layer_of([*members({"srv/a": f"key = {RANDOM}\n".encode()}), (link, b"")])
    path = written(tmp_path / "image.tar", saved([BASE, content, layer({"srv/.wh.a": b""})], ran()))
    first, second = kept(path), kept(path)
    assert places(first) == places(second) == [(1, "srv/b", "live")]


def test_values_take_no_place_of_what_rules_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.run.images.layers.gathered.MOST_LEAKS", 3)
    monkeypatch.setattr("auditor.run.images.layers.gathered.MOST_SHOWN", 5)
    monkeypatch.setattr(valuesearch, "MOST_SHOWN", 5)
    crowd = {f"a/{number}": f"{RANDOM}\n".encode() for number in range(20)}
    made = layer({**crowd, "z/.env": b"DB_PASSWORD=Kq8m" + b"Zx2LpV7w\n"})
    report = told(tmp_path, saved([made], config_of(ran()["history"][1:2])))
    assert [place[1] for place in places(report) if place[1] == "z/.env"]
    assert len([place for place in places(report) if place[1] != "z/.env"]) == 5
    assert any("more than 5 places of values" in item.reason for item in report.targets[0].skipped)


def test_a_value_that_is_all_over_hides_no_other(tmp_path: Path) -> None:
    text = f"call {RANDOM}\n" * 250 + f"last {RANDOM[::-1]}\n"
    config = config_of(ran()["history"][1:2] + ran(RANDOM[::-1])["history"][1:2])
    report = told(tmp_path, saved([layer({"app/x": text.encode()}), layer({"app/y": b""})], config))
    groups = {finding.group for finding in report.findings}
    found = {finding.group for finding in report.findings if finding.image and finding.image.part == "layer"}
    assert len(groups) == 2 and found == groups


def test_values_beyond_the_most_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MOST_VALUES", 1)
    config = config_of(ran()["history"][1:2] + ran(RANDOM[::-1])["history"][1:2])
    report = told(tmp_path, saved([BASE, KEY], config))
    assert any(item.reason.endswith("1 of 2 of these") for item in report.targets[0].skipped)


@pytest.mark.parametrize("value", ["Kx7!mQ2#vR9@pL4z", "Tz9-kW3_qB8.nX5m-Rv2", "aB3/dE6gH9+jK2m==", "aB3{dE6gH9}jK2m"])
def test_passwords_with_signs_are_looked_for(value: str, tmp_path: Path) -> None:
    config = config_of(["ADD a /"], Env=[f"DB_PASSWORD={value}"])
    report = told(tmp_path, saved([layer({"app/q": f"q: {value}\n".encode()})], config))
    assert places(report) == [(0, "app/q", "live")]


def jar(**members: str) -> bytes:
    """An archive whose members are compressed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return packed.getvalue()


def inside(report: Report) -> list[str]:
    found = [finding.image for finding in report.findings] + [r.image for f in report.findings for r in f.related]
    return sorted({one.inner_path for one in found if one is not None and one.inner_path})


def test_packed_values_are_found_whatever_was_known_before(tmp_path: Path) -> None:
    made = layer({"app/a.jar": jar(a=f"key = {RANDOM}\n" + "x" * 100)})
    kept(written(tmp_path / "other.tar", saved([BASE, made], ran(RANDOM[::-1]))))
    path = written(tmp_path / "image.tar", saved([BASE, made], ran()))
    assert inside(kept(path)) == inside(kept(path)) == inside(scan(plain(), [path])[0]) == ["a"]


def test_what_a_rule_has_told_hides_no_value_of_another_member(tmp_path: Path) -> None:
    made = layer({"app/a.jar": jar(a="DB_PASSWORD=Kq8mZx2" + "LpV7w\n", b=f"key = {RANDOM}\n")})
    assert inside(told(tmp_path, saved([BASE, made], ran()))) == ["a", "b"]


def test_a_rule_of_the_user_may_have_any_id() -> None:
    for kind in ("shown-value", "ShownValue", ""):
        assert leak()._replace(secret=Secret(RANDOM, kind)).by_rule
    assert not leak()._replace(secret=ShownValue(RANDOM, "password")).by_rule
