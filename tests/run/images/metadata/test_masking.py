"""No secret in what is kept of a string, however it is spelled and wherever it is cut."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Confidence
from auditor.core.image import CONFIG, ImagePlace
from auditor.core.secret import Secret
from auditor.run.images.metadata import masking
from auditor.run.images.metadata.hits import Hit
from auditor.run.images.metadata.masking import StringMasker
from auditor.run.images.metadata.sightings import CONFIG_RANK, Sighting
from tests.run.images.configs import CHOSEN, RANDOM


def seen(text: str, value: str, start: int | None = None) -> Sighting:
    place = text.index(value) if start is None else start
    hit = Hit(place, place + len(value), Secret(value, "password"), "value", "secret", "", "password", Confidence.HIGH)
    return Sighting(hit, text, hit.start, hit.end, ImagePlace(CONFIG), ("x", ""), "env-secret", "A secret", CONFIG_RANK)


def test_an_excerpt_is_the_surroundings() -> None:
    text = "a" * 1000 + f" PASSWORD={RANDOM} " + "b" * 1000
    shown = StringMasker([seen(text, RANDOM)]).excerpt(text, text.index(RANDOM), text.index(RANDOM) + len(RANDOM))
    assert shown.startswith("…a") and shown.endswith("b…")
    assert "PASSWORD=****" in shown
    assert len(shown) < 450


def test_a_secret_is_masked_in_every_text() -> None:
    masker = StringMasker([seen(f"x={RANDOM}", RANDOM)])
    assert masker.instruction(f"ENV OTHER={RANDOM}") == "ENV OTHER=****"
    assert masker.words(f"Variable {RANDOM} is odd.") == "Variable **** is odd."


@pytest.mark.parametrize("spelled", ['a"b&c$12345', 'a\\"b&c$12345', 'a\\"b\\u0026c$12345', 'a"b&c\\$12345'])
def test_spellings(spelled: str) -> None:
    value = 'a"b&c$12345'
    masker = StringMasker([seen(f"x={value}", value)])
    assert "12345" not in masker.instruction(f"RUN {spelled}")


def test_secrets_that_overlap() -> None:
    text = "x=abcdefghijklmnop"
    masker = StringMasker([seen(text, "abcdefghijkl"), seen(text, "ghijklmnop")])
    assert masker.instruction(text) == "x=****"
    assert masker.excerpt(text, 8, 18) == "x=****"


def test_a_long_instruction_is_cut_after_masking() -> None:
    text = "RUN " + "x" * 1990 + RANDOM
    shown = StringMasker([seen(text, RANDOM)]).instruction(text)
    assert len(shown) <= 2001
    assert RANDOM[:4] not in shown


def test_what_would_take_too_long_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_MOST_WORK", 50)
    masker = StringMasker([seen(f"x={RANDOM}", RANDOM)])
    assert masker.instruction("RUN " + "x" * 60) == ""
    assert masker.excerpt("y" * 60, 0, 3) == ""
    assert masker.words("Variable x is odd.") == "Variable x is odd."
    monkeypatch.setattr(masking, "_MOST_FOR_WORDS", 10)
    assert masker.words("Variable x is odd.") == "****"


def test_short_values_are_masked_where_they_stand_alone() -> None:
    masker = StringMasker([seen("x=hunt", "hunt"), seen("y=a", "a")])
    assert masker.instruction("RUN hunt hunter /hunt 'hunt' a b") == "RUN **** hunter /hunt '****' **** b"
    assert masker.words("the end is hun") == "the end is hun"
    assert masker.words("ends with hunt") == "ends with ****"


def test_a_value_at_the_end_where_longer_ones_begin_alike() -> None:
    masker = StringMasker([seen("x=abcdefgh", "abcdefgh"), seen("x=abcdefghijkl", "abcdefghijkl")])
    assert masker.instruction("RUN abcdefgh") == "RUN ****"


def test_both_readings_of_a_place_are_shown_in_one_mask() -> None:
    text = f"x={RANDOM};y={CHOSEN}"
    masker = StringMasker([seen(text, RANDOM), seen(text, RANDOM[4:8]), seen(text, CHOSEN)])
    assert masker.excerpt(text, 6, 10) == masker.excerpt(text, 2, 2 + len(RANDOM)) == "x=****;y=****"
    assert masker.excerpt(text, 0, 1) == ""


_values = st.lists(st.text("ab=1", min_size=1, max_size=12), min_size=1, max_size=6)


@given(_values, st.text("ab=1 ", max_size=60))
def test_no_value_is_left(values: list[str], rest: str) -> None:
    text = "#".join((*values, rest))
    masked = StringMasker([seen(text, value) for value in values]).instruction(text)
    assert [value for value in values if len(value) >= 8 and value in masked] == []


def test_thousands_of_secrets_do_not_blank_instructions() -> None:
    values = [f"value{number:05d}x" for number in range(5_000)]
    masker = StringMasker([seen(f"x={value}", value) for value in values])
    text = f"RUN {values[17]} " + "make all; " * 100_000 + values[4_000]
    began = time.process_time()
    assert masker.instruction(text).startswith("RUN **** make all; ")
    assert time.process_time() - began < 5


def test_one_hostile_string_does_not_blank_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_MOST_WORK", 100_000)
    masker = StringMasker([seen(f"x=abcd{'e' * n}", f"abcd{'e' * n}") for n in range(10, 1_000)])
    assert masker.instruction("abcd" * 10_000) == ""
    assert masker.instruction("RUN abcdeeeeeeeeeee") == "RUN ****"
