from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.baselinepaths import stored
from auditor.core.finding import Finding, Location, Severity, Target
from auditor.core.image import ImagePlace
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.run.acceptance.marks import Marker, Statements

SALT = bytes(range(32))
RUN = "FROM a\nRUN one && \\\n    curl -u x:$TOKEN  https://a.example \\\n  # why\n  --fail && two\nARG NPM_TOKEN\n"


def command(text: str, needle: str) -> str:
    return Statements(text).at(text.index(needle))


def test_a_command_is_told_without_what_is_around_it() -> None:
    assert command(RUN, "$TOKEN") == "curl -u x:$TOKEN https://a.example --fail"
    assert command(RUN, "NPM_TOKEN") == "ARG NPM_TOKEN"
    assert command(RUN, "two") == "two"
    assert command(RUN, "one") == "RUN one"


@pytest.mark.parametrize(
    "text",
    [
        RUN.replace("\n", "\r\n"),
        RUN.replace("FROM a\n", "FROM a\n\n# more\nLABEL a=b\n"),
        RUN.replace("one && \\\n    curl", "one && curl"),
        RUN.replace("one &&", "zero && \\\n one && three | four &&"),
        RUN.replace("  # why\n", ""),
        RUN.replace("-u x", "-u \t x").replace("-u \t x", "-u  x"),
        RUN.replace(" \\\n  # why\n  --fail && two", " \\\n --fail; later"),
        RUN.replace("\\\n", "`\n"),
    ],
)
def test_what_moves_or_changes_around_a_command_does_not_matter(text: str) -> None:
    assert command(text, "$TOKEN") == command(RUN, "$TOKEN")


@pytest.mark.parametrize("text", [RUN.replace("a.example", "b.example"), RUN.replace("curl", "wget")])
def test_another_command_is_another_one(text: str) -> None:
    assert command(text, "$TOKEN") != command(RUN, "$TOKEN")


@given(st.text("a #\\`;&|\n\r", max_size=60), st.integers(0, 70))
def test_any_place_of_any_text_has_a_command(text: str, place: int) -> None:
    assert "\n" not in Statements(text).at(place)


def test_many_joined_lines_cost_little() -> None:
    text = "RUN a \\\n" * 100_000
    assert len(Statements(text).at(len(text) // 2)) < 10_000


def finding(path: str = "Dockerfile", **more: object) -> Finding:
    span = Span(4, 13)
    place = Location.of(path, LineIndex("ARG NPM_TOKEN"), span)
    return Finding("arg-secret", Severity.HIGH, place, "m", "NPM_TOKEN", **more)  # type: ignore[arg-type]


def marks(findings: list[Finding], text: str = "ARG NPM_TOKEN", salt: bytes = SALT) -> list[tuple[str, ...]]:
    target = Target("Dockerfile", "dockerfile", text=text)
    return [tuple(one.mark) for one in Marker("audit-baseline.jsonl", salt).of(findings, {"Dockerfile": target})]


def test_values_are_told_apart_and_only_under_one_salt() -> None:
    one, two = finding(secret=Secret("Tundra-42-kite", "password")), finding(secret=Secret("Other-77-x", "password"))
    (first, second), (elsewhere,) = marks([one, two]), marks([one], salt=b"x" * 32)
    assert first[:-1] == second[:-1] == ("arg-secret", "", "Dockerfile", "", "")
    assert len({first, second, elsewhere}) == 3
    assert marks([one], "RUN other") == [first]


def test_without_a_value_the_command_counts() -> None:
    assert marks([finding()]) == marks([finding()], "ARG  NPM_TOKEN")
    assert marks([finding()]) != marks([finding()], "ENV NPM_TOKEN=$NPM_TOKEN")


def test_a_broken_dockerfile_is_never_accepted() -> None:
    broken = finding()
    broken.rule = "unreadable-dockerfile"
    assert marks([broken]) == []


def test_a_place_in_an_image_outlives_a_rebuild() -> None:
    places = [
        ImagePlace("config", pointer="/config/Env/3", layer_index=None),
        ImagePlace("config", pointer="/config/Env/7", digest="sha256:1"),
        ImagePlace("layer", layer_index=2, diff_id="sha256:1", path="root/.npmrc", line=1),
        ImagePlace("layer", layer_index=5, diff_id="sha256:2", path="root/.npmrc", line=4),
        ImagePlace("layer", layer_index=5, path="app.jar", inner_path="a.yml"),
    ]
    secret = Secret("Tundra-42-kite", "password")
    found = marks([finding("shop:1", secret=secret, image=place) for place in places])
    assert found[0] == found[1] != found[2] == found[3] != found[4]
    assert found[0][1:5] == ("config", "", "", "/config/Env/-")
    assert found[4][1:5] == ("layer", "app.jar", "a.yml", "")


def test_hostile_names_make_readable_entries() -> None:
    secret = Secret("Tundra-42-kite", "password")
    place = ImagePlace("layer", path="a\0b" + "x" * 100_000)
    (found,) = marks([finding(secret=secret, image=place)])
    assert "\0" not in found[2]
    assert len(found[2]) < 200


def test_subjects_hold_no_values() -> None:
    one = finding(secret=Secret("Tundra-42-kite", "password"))
    one.subject = "login Tundra-42-kite of x"
    (marked,) = Marker("b", SALT).of([one], {})
    assert "Tundra" not in marked.subject


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (".git/objects/ab/cdef", ".git/objects"),
        (".git/objects/pack/pack-1.pack!abcd", ".git/objects"),
        ("sub/.git/modules/x/objects/ab/cd", "sub/.git/modules/x/objects"),
        (".git/config", ".git/config"),
        ("objects/ab/cd", "objects/ab/cd"),
    ],
)
def test_what_git_stores_is_one_place(path: str, kept: str) -> None:
    assert stored(path) == kept
