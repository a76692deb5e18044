"""Secrets in blobs of a layout that no manifest names any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.run.images.configs import GITHUB, NPM
from tests.run.images.imagemaking import Memory, Ran, archive_of, audited, index, layer, layout_files, run, written
from tests.run.images.test_scan import Piped
from tests.sources.images.layouts import write_layout

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
BASE = layer({"etc/motd": b"hello\n"})


def retagged() -> tuple[Memory, bytes]:
    """A clean image; the one that had its name before is left in the layout."""
    memory = Memory()
    main, _ = memory.image([BASE])
    memory.image([BASE, layer({"app/.env": TOKEN})], config={"config": {"Env": [f"NPM_TOKEN={NPM}"]}})
    return memory, index(main)


def check(ran: Ran) -> None:
    assert (ran.code, ran.errors) == (1, [])
    clean, *left = ran.report["targets"]
    assert len(left) == 2
    assert all("(unreferenced blob sha256:" in target["name"] for target in left)
    assert {finding["target"] for finding in ran.report["findings"]} == {target["name"] for target in left}
    assert clean["complete"]
    places = {(place[0], place[2]) for place in ran.places}
    assert ("layer", "app/.env") in places
    assert ("config", "") in places


def test_archives_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory, root = retagged()
    check(audited(capsys, written(tmp_path / "image.tar", archive_of(layout_files(memory, root)))))
    check(audited(capsys, f"oci:{write_layout(tmp_path / 'layout', memory, root)}"))


def test_the_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    memory, root = retagged()
    monkeypatch.setattr("sys.stdin", Piped(archive_of(layout_files(memory, root))))
    check(audited(capsys, "-"))


def test_what_is_no_layer_is_searched_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory()
    main, _ = memory.image([BASE])
    memory.put(b"# notes\n" * 100 + TOKEN, "text/plain")
    ran = audited(capsys, f"oci:{write_layout(tmp_path, memory, index(main))}")
    assert ran.code == 3
    assert [found[0] for found in ran.places] == ["layer"]
    assert ran.errors == ["layer 0: no tar header where one should be; names of the rest are not read"]


def test_absence_is_proven_of_them_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory, root = retagged()
    (tmp_path / "value").write_text(GITHUB)
    (tmp_path / "other").write_text(NPM)
    folder = f"oci:{write_layout(tmp_path / 'layout', memory, root)}"
    for name, part in (("value", "layer"), ("other", "config")):
        ran = audited(capsys, folder, "--assert-absent", f"VALUE=file:{tmp_path / name}")
        assert ran.code == 1
        assert {found[0] for found in ran.places} == {part}


def test_the_history_of_an_image_that_lost_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory, root = retagged()
    ran = run(capsys, f"oci:{write_layout(tmp_path, memory, root)}", "--no-cache", "--isolated", command="history")
    assert ran.code == 1
    assert ran.out.count("unreferenced blob") == 2
    assert GITHUB not in ran.out
