"""No secret in what is kept of a string, however it is spelled and wherever it is cut."""

from __future__ import annotations

import pytest

from auditor.core.finding import Confidence
from auditor.core.image import CONFIG, ImagePlace
from auditor.core.secret import Secret
from auditor.run.images import masking
from auditor.run.images.hits import Hit
from auditor.run.images.masking import StringMasker
from auditor.run.images.sightings import CONFIG_RANK, Sighting
from tests.run.images.configs import RANDOM


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
