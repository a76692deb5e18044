"""The instructions that an image tells of, each with its layer and what was found there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.core.config import Settings
from auditor.core.finding import Report
from auditor.core.outline import Outline
from auditor.run.images.outline import outlines
from tests.run.images.configs import CHOSEN, GITHUB, NPM
from tests.run.images.imagemaking import config_of, layer, saved, written

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
NPMRC = f"//npm.example/:_authToken={NPM}\n".encode()
LAYERS = [layer({"etc/motd": b"hello\n"}), layer({"app/.env": TOKEN}), layer({"root/.npmrc": NPMRC})]
MADE = [
    "/bin/sh -c #(nop) ADD file:1 in / ",
    f"ENV DB_PASSWORD={CHOSEN}!",
    "COPY .env /app/ # buildkit",
    "RUN |1 MODE=abc /bin/sh -c make # buildkit",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for images."""
    return tmp_path_factory.mktemp("images")


def outlined(folder: Path, config: dict[str, Any], layers: list[bytes] = LAYERS) -> tuple[Outline, Report]:
    """The outline of one image."""
    settings = Settings()
    settings.no_cache, settings.engine = True, "keywords"
    found, report, key = outlines(settings, [written(folder / "image.tar", saved(layers, config))])
    assert key
    (one,) = found
    return one, report


def test_rows_with_layers_and_findings(folder: Path) -> None:
    one, report = outlined(folder, config_of(MADE, Env=[f"DB_PASSWORD={CHOSEN}"]))
    rows = {row.history_index: row for row in one.rows}
    assert [row.history_index for row in one.rows] == [None, 0, 1, 2, 3]
    assert [row.layer.number if row.layer else None for row in one.rows] == [None, 0, None, 1, 2]
    assert [[finding.rule for finding in row.findings] for row in one.rows] == [
        [], [], ["env-secret"], ["known-token"], ["known-token"]
    ]  # fmt: skip
    assert rows[2].text == "COPY .env /app/"
    assert one.rest == []
    beside = [finding for row in one.rows for finding in row.findings]
    assert sorted(map(id, beside)) == sorted(map(id, report.findings))


def test_no_row_holds_a_value(folder: Path) -> None:
    made = [f"RUN |1 NPM_TOKEN={NPM} /bin/sh -c echo {GITHUB} # buildkit", f"ENV DB_PASSWORD={CHOSEN}!", "COPY a b!"]
    made.append(f"LABEL note={GITHUB}!")
    one, _ = outlined(folder, config_of(made, Env=[f"DB_PASSWORD={CHOSEN}"], Labels={"note": GITHUB}), LAYERS[:1])
    shown = repr([(row.text, row.comment, row.layer) for row in one.rows])
    assert [value for value in (NPM, GITHUB, CHOSEN) if value in shown] == []
    assert "echo ghp_****" in shown


def test_what_has_no_instruction_is_told_last(folder: Path) -> None:
    one, report = outlined(folder, {"config": {"Env": [f"DB_PASSWORD={CHOSEN}"]}})
    assert one.rows == []
    assert one.rest == report.findings and len(one.rest) == 3


def test_more_history_than_layers(folder: Path) -> None:
    made = [f"/bin/sh -c step {number}" for number in range(7)]
    one, report = outlined(folder, config_of(made))
    assert len(one.rows) == 8
    told = [finding for row in one.rows for finding in row.findings] + one.rest
    assert sorted(map(id, told)) == sorted(map(id, report.findings)) and len(told) == 2


def test_each_image_has_an_outline(folder: Path) -> None:
    settings = Settings()
    settings.no_cache, settings.engine = True, "keywords"
    one = written(folder / "one.tar", saved(LAYERS, config_of(MADE)))
    other = written(folder / "other.tar", saved(LAYERS[:1], config_of(MADE[:1])))
    found, report, _ = outlines(settings, [one, other])
    assert [outline.target.name for outline in found] == [one, other] == [target.name for target in report.targets]
