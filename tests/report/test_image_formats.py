"""Findings in images, in every format: golden files, hostile names, addresses, no raw value."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.core.finding import Related, Report, Severity, Skipped, Target, TargetError
from auditor.core.image import CONFIG, LAYER, PARTS, STATES, ImagePlace
from auditor.core.layerline import LayerLine
from auditor.report import html, json_report, lines, runbook, sarif, text
from auditor.report.meta import Meta
from auditor.report.terminal import columns
from tests.report.comparing import compare
from tests.report.imagesamples import VALUES, finding, image_report, one_image

Render = Callable[[Report, Meta], str]
FORMATS: dict[str, Render] = {
    "image-report.txt": text.render,
    "image-summary.txt": lambda report, meta: text.problems(report, meta) + text.summary(report, meta),
    "image-report.json": json_report.render,
    "image-report.sarif": sarif.render,
    "image-github.txt": lines.github,
    "image-gnu.txt": lines.gnu,
    "image-runbook.md": runbook.render,
    "image-page.html": html.render,
}
NASTY = "\x1b[31mred\x07 \u202eright\u202c \u200b\udcff\x85 ::error::x \r\n%0A,:&<>\"'/../../etc"


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.endswith(".html")])  # see tests/report/html
def test_golden(name: str, image_meta: Meta, update_golden: bool) -> None:
    compare(name, FORMATS[name](image_report(), image_meta), update_golden)


def test_golden_in_full(image_meta: Meta, update_golden: bool) -> None:
    whole = image_meta._replace(verbose=True, min_severity=Severity.INFO)
    compare("verbose-image-report.txt", text.render(image_report(), whole), update_golden)
    compare("verbose-image-summary.txt", FORMATS["image-summary.txt"](image_report(), whole), update_golden)


def test_colour_changes_nothing_else(image_meta: Meta) -> None:
    for name in ("image-report.txt", "image-summary.txt"):
        got = FORMATS[name](image_report(), image_meta._replace(color=True))
        assert "\x1b[31m" in got
        assert re.sub(r"\x1b\[[0-9;]*m", "", got) == FORMATS[name](image_report(), image_meta)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("verbose", [False, True])
def test_no_format_holds_a_raw_secret(name: str, verbose: bool, image_meta: Meta) -> None:
    got = FORMATS[name](image_report(), image_meta._replace(verbose=verbose, min_severity=Severity.INFO))
    forms = [
        form for value in VALUES for form in (value, base64.b64encode(value.encode()).decode(), value.encode().hex())
    ]
    assert [form for form in forms if form in got] == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_finding_that_quotes_the_secret_of_another_one_is_masked(name: str, image_meta: Meta) -> None:
    first, second = (
        finding(ImagePlace(LAYER, layer_index=n, path="a", created_by="RUN x heron-Basil-7")) for n in (0, 1)
    )
    first.message, first.excerpt = "Key of heron-Basil-7.", "user=heron-Basil-7"
    first.secret, first.related = None, (Related("Also heron-Basil-7."),)
    report = one_image(first, second)
    report.targets[0].errors.append(TargetError("odd heron-Basil-7", "layer 0"))
    assert "heron" not in FORMATS[name](report, image_meta)
    assert "****" in FORMATS[name](report, image_meta)


def test_prose_keeps_to_the_width(image_meta: Meta) -> None:
    for line in text.render(image_report(), image_meta._replace(rules={})).splitlines():
        assert columns(line) <= image_meta.width, line


def test_sarif_is_valid(image_meta: Meta, shared: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((shared / "schemas" / "sarif-schema-2.1.0.json").read_text())
    for each in (image_report(), hostile_report(), one_image()):
        jsonschema.Draft4Validator(schema).validate(json.loads(sarif.render(each, image_meta)))


@pytest.mark.parametrize(
    ("place", "uri", "name"),
    [
        (ImagePlace(LAYER, layer_index=3, path="app/.env"), "layer-3/app/.env", "image:x/layer:3/app/.env"),
        (ImagePlace(LAYER, layer_index=3, path="a b/c#d%"), "layer-3/a%20b/c%23d%25", "image:x/layer:3/a b/c#d%"),
        (ImagePlace(LAYER, layer_index=0, path="../e\udcff"), "layer-0/e%FF", "image:x/layer:0/../e" + "\ufffd" * 3),
        (ImagePlace(LAYER, layer_index=0, path="a.jar", inner_path="b"), "layer-0/a.jar!b", "image:x/layer:0/a.jar!b"),
        (ImagePlace(CONFIG, pointer="/config/Env/3"), "config/Env/3", "image:x/config/Env/3"),
        (
            ImagePlace(LAYER, layer_index=3, path="a", dockerfile="/root/Dockerfile", dockerfile_line=2),
            "layer-3/a",
            "image:x/layer:3/a",
        ),
        (
            ImagePlace(LAYER, layer_index=3, path="a", dockerfile="b/Dockerfile", dockerfile_line=2),
            "b/Dockerfile",
            "image:x/layer:3/a",
        ),
    ],
)  # fmt: skip
def test_sarif_addresses(place: ImagePlace, uri: str, name: str, image_meta: Meta) -> None:
    (run,) = json.loads(sarif.render(Report([], [finding(place, name="x")]), image_meta))["runs"]
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert location["logicalLocations"][0]["fullyQualifiedName"] == name


def hostile_report() -> Report:
    """Every name and text that an image can choose, with everything that could confuse another reader."""
    found = []
    for part in PARTS:
        for state in STATES:
            place = ImagePlace(
                part, layer_index=1, path=NASTY, inner_path=NASTY, pointer=f"/{NASTY}", state=state, created_by=NASTY,
                removed_by_layer=0, history_index=0, dockerfile=NASTY, dockerfile_line=3, package=NASTY,
                diff_id=NASTY, digest=NASTY,
            )  # fmt: skip
            bare = place._replace(dockerfile_line=None, line=4)
            for each in (place, bare):
                made = finding(each, name=NASTY)
                made.message, made.excerpt, made.related = NASTY, NASTY, (Related(NASTY, image=place), Related(NASTY))
                found.append(made)
    target = Target(NASTY, "image")
    target.digest = target.platform = NASTY
    target.layers = [
        LayerLine(n, NASTY, NASTY, created_by=NASTY, dockerfile=NASTY, dockerfile_line=1) for n in range(3)
    ]
    target.errors.append(TargetError(NASTY, NASTY))
    target.errors.append(TargetError(NASTY, f"layer {NASTY}"))
    target.skipped += [Skipped(NASTY, NASTY), Skipped(f"{NASTY} 2", NASTY), Skipped(NASTY, f"{NASTY} 2")]
    return Report([target], found)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("verbose", [False, True])
def test_hostile_content_is_escaped(name: str, verbose: bool, image_meta: Meta) -> None:
    got = FORMATS[name](hostile_report(), image_meta._replace(verbose=verbose))
    assert got.encode("utf-8")
    allowed = "\n\r\t" if name.endswith(("json", "sarif")) else "\n"
    assert {char for char in got if not char.isprintable() and char not in allowed} == set()
    if name not in ("image-github.txt", "image-report.json", "image-report.sarif"):
        assert [line for line in got.splitlines() if line.lstrip().startswith("::")] == []


def test_a_workflow_command_cannot_be_injected(image_meta: Meta) -> None:
    got = lines.github(hostile_report(), image_meta)
    *commands, rest = got.removesuffix("\n").split("\n")
    assert len(commands) == lines.MOST_OF_A_KIND and re.fullmatch(r"\d+ more not shown.*", rest)
    shape = r"::(error|warning|notice) (file=[^:,]*,line=\d+,)?title=[^:,]*::"
    assert all(re.match(shape, command) for command in commands)


@pytest.mark.parametrize("render", [json_report.render, sarif.render])
def test_no_document_holds_half_characters(render: Callable[[Report, Meta], str], image_meta: Meta) -> None:
    """Strict readers refuse such escapes."""
    assert json.dumps(json.loads(render(hostile_report(), image_meta)), ensure_ascii=False).encode("utf-8")
