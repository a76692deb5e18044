"""Findings in images: groups of one secret, what is counted, and the words for places."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Related, Severity, Skipped, TargetError
from auditor.core.image import CONFIG, DELETED, HISTORY, LAYER, LIVE, STATES, ImagePlace
from auditor.core.secret import Remembered
from auditor.report import json_report, text
from auditor.report.images import fate, groups, instruction, size
from auditor.report.meta import Meta
from auditor.report.terminal import columns, cut, escape
from tests.report.imagesamples import NAME, finding, one_image


def test_one_secret_is_told_once_with_all_its_places() -> None:
    live = ImagePlace(LAYER, layer_index=2, path="b", line=1)
    gone = ImagePlace(LAYER, layer_index=0, path="a", line=1, state=DELETED, removed_by_layer=1)
    kept = ImagePlace(HISTORY, history_index=3, pointer="/history/3/created_by")
    first, second, other = finding(gone, group="g"), finding(live, group="g"), finding(live, group="h")
    first.related = (Related("", image=kept), Related("", image=live))
    found = groups([first, second, other])
    assert [(group.finding, group.places) for group in found] == [(second, (kept, gone)), (other, ())]


def test_the_graver_finding_leads_its_group() -> None:
    live = finding(ImagePlace(LAYER, layer_index=2, path="b"), group="g", severity=Severity.LOW)
    gone = finding(ImagePlace(LAYER, layer_index=0, path="a", state=DELETED), group="g", severity=Severity.HIGH)
    (group,) = groups([live, gone])
    assert group.finding is gone and group.places == (live.image,)


def test_a_secret_without_group_stands_alone_and_images_are_kept_apart() -> None:
    place = ImagePlace(CONFIG, pointer="/config/Env/0")
    assert len(groups([finding(place), finding(place)])) == 2
    assert len(groups([finding(place, group="g"), finding(place, group="g", name="other")])) == 2


def test_the_text_counts_secrets_and_places(image_meta: Meta) -> None:
    live, gone = ImagePlace(LAYER, layer_index=0, path="a"), ImagePlace(LAYER, layer_index=2, path="a", state=DELETED)
    report = one_image(finding(live, group="g"), finding(gone, group="g"), finding(gone, group="h"))
    got = text.render(report, image_meta)
    assert "2 secrets in 3 places: 2 high" in got
    assert "1 of them was deleted, overwritten or hidden" in got
    assert "also in layer 2: a (deleted)" in got
    assert "Nothing found in layer 1." in got
    assert text.summary(report, image_meta).startswith("2 high in 3 layers, 2.0 MB (0.2 s)\n")


def test_a_place_that_is_but_not_shown_does_not_make_a_clean_layer(image_meta: Meta) -> None:
    low = finding(ImagePlace(LAYER, layer_index=1, path="a"), severity=Severity.LOW)
    report = one_image(finding(ImagePlace(LAYER, layer_index=0, path="b")), low)
    assert "Nothing found in layer 2." in text.render(report, image_meta)
    assert "1 low not shown" in text.summary(report, image_meta)


def test_entries_of_the_history_are_named_together(image_meta: Meta) -> None:
    found = [
        finding(ImagePlace(HISTORY, history_index=n, pointer=f"/history/{n}/created_by"), group="g") for n in range(9)
    ]
    got = text.render(one_image(*found), image_meta)
    assert "    also in history: entries 1, 2, 3, 4, 5, 6, 7, 8\n" in got
    whole = text.render(one_image(*found), image_meta._replace(verbose=True))
    assert "            history: entry 8\n" in whole


def test_an_excerpt_shows_the_secret_that_it_is_about(image_meta: Meta) -> None:
    found = finding(ImagePlace(HISTORY, history_index=2))
    found.excerpt = (
        "RUN |1 TOKEN=ghp_****K7Vi /bin/sh -c " + "apt-get install -y curl && " * 4 + "login -p **** && true"
    )
    assert "login -p ****" in text.render(one_image(found), image_meta)


def test_many_secrets_are_listed_worst_first(image_meta: Meta) -> None:
    long = "usr/local/share/" + "very/" * 20 + "deep.env"
    found = [finding(ImagePlace(LAYER, layer_index=0, path=f"f{number:02}"), group=str(number)) for number in range(60)]
    found[7].severity = Severity.CRITICAL
    found[7].image = ImagePlace(LAYER, layer_index=2, path=long, state=DELETED, line=3)
    got = text.render(one_image(*found), image_meta).partition("To replace, worst first:\n")[2].splitlines()
    assert got[0].startswith("  critical  password  layer 2: …") and got[0].endswith("/deep.env:3, deleted")
    assert columns(got[0]) == image_meta.width
    assert got[1] == "  high      password  layer 0: f00"
    assert got[40] == "  and 20 more (-v lists them)"
    assert "To replace" not in text.render(one_image(*found[:3]), image_meta)


def test_many_places_are_cut_and_named_on_request(image_meta: Meta) -> None:
    found = [finding(ImagePlace(LAYER, layer_index=0, path=f"f{number:02}"), group="g") for number in range(20)]
    short = text.render(one_image(*found), image_meta)
    assert "and 13 more (-v names them)" in short and "f12" not in short
    assert "f19" in text.render(one_image(*found), image_meta._replace(verbose=True))


def test_a_clean_image(image_meta: Meta) -> None:
    report = one_image()
    assert text.render(report, image_meta) == ""
    assert text.summary(report, image_meta) == "No leaks found in 3 layers, 2.0 MB (0.2 s).\n"
    assert "nothing found" in text.render(report, image_meta._replace(verbose=True))
    report.targets[0].errors.append(TargetError("cut short", "layer 2"))
    assert text.summary(report, image_meta).startswith("No leaks found in what could be read of 3 layers")
    assert text.problems(report, image_meta) == f"{NAME}: layer 2: error: cut short\n"


def test_what_was_skipped_is_told_with_its_number(image_meta: Meta) -> None:
    report = one_image()
    report.targets[0].skipped = [Skipped(f"a{number}", "encrypted") for number in range(5)] + [
        Skipped("b", "too large")
    ]
    assert text.problems(report, image_meta).splitlines() == [
        f"{NAME}: 5 skipped (-v names them): encrypted",
        f"{NAME}: b: skipped: too large",
    ]
    assert len(text.problems(report, image_meta._replace(verbose=True)).splitlines()) == 6


def test_a_remembered_secret_has_no_value_to_show(image_meta: Meta) -> None:
    found = finding(ImagePlace(LAYER, layer_index=0, path="a"))
    found.secret = Remembered("ghp_****K7Vi", "github-token", "ab" * 32)
    shown = image_meta._replace(show_secrets=True)
    content = json.loads(json_report.render(one_image(found), shown))
    expected = {"type": "github-token", "redacted": "ghp_****K7Vi", "fingerprint": "ab" * 32}
    assert content["findings"][0]["secret"] == expected
    assert "value:" not in text.render(one_image(found), shown)


def test_json_says_where_in_the_dockerfile_only_if_that_is_known(image_meta: Meta) -> None:
    known = ImagePlace(LAYER, layer_index=0, path="a", dockerfile="sub/Dockerfile", dockerfile_line=7)
    content = json.loads(
        json_report.render(one_image(finding(known), finding(known._replace(dockerfile_line=None))), image_meta)
    )
    first, second = content["findings"]
    assert (first["location"]["path"], first["location"]["start_line"]) == ("sub/Dockerfile", 7)
    assert second["location"] is None
    assert first["target"] == second["target"] == NAME


@pytest.mark.parametrize(
    ("created_by", "shown"),
    [
        ("/bin/sh -c #(nop)  ENV A=b", "ENV A=b"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("|2 A=b c D=e /bin/sh -c make", "RUN make"),
        ("RUN |1 A=b /bin/sh -c make # buildkit", "RUN make"),
        ("RUN |0 /bin/sh -c a\nb # buildkit", "RUN a\nb"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ("bash", "bash"),
        ("", ""),
    ],
)
def test_an_instruction_loses_what_the_builder_put_around_it(created_by: str, shown: str) -> None:
    assert instruction(created_by) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (-1, ""), (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (9949, "9.9 kB"),
        (9951, "10 kB"), (999_499, "999 kB"), (999_999, "1.0 MB"), (1_957_000_000, "2.0 GB"), (10**16, "10000 TB"),
    ],
)  # fmt: skip
def test_sizes(number: int, shown: str) -> None:
    assert size(number) == shown


def test_fates() -> None:
    place = ImagePlace(LAYER, layer_index=0, path="a")
    told = {
        state: (fate(place._replace(state=state)), fate(place._replace(state=state, removed_by_layer=2)))
        for state in STATES
    }
    assert told == {
        LIVE: ("", ""),
        "deleted": ("deleted", "deleted in layer 2"),
        "overwritten": ("overwritten", "overwritten in layer 2"),
        "hidden": ("hidden", "hidden by layer 2"),
    }


@given(st.text(st.sampled_from("ab 日\u0301é\\"), max_size=200), st.integers(2, 90), st.integers(-1, 220))
def test_a_cut_fits_and_keeps_its_focus(content: str, width: int, focus: int) -> None:
    shown = escape(content)
    got = cut(shown, width, focus)
    assert columns(got) <= width
    assert got == shown or "…" in got
    assert got.strip("…") in shown


def test_a_cut_shows_what_it_is_about() -> None:
    assert cut("a" * 100 + "NEEDLE" + "b" * 100, 30, 100) == "…aaaaaaaaaaNEEDLEbbbbbbbbbbbb…"
    assert cut("a" * 30, 30, 29) == "a" * 30
    assert cut("a" * 25 + "NEEDLE", 30, 25) == "…aaaaaaaaaaNEEDLE"
