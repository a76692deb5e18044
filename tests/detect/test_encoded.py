"""Signs of something encoded: every word, in every way in which it may be encoded, is seen."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.detect import encoded
from auditor.detect.prefilter import Trigger, prefilter

TRIGGERS = encoded.triggers()
WORDS = list(encoded._WORDS)


def seen(data: bytes) -> bool:
    """Whether one of the patterns matches, as Python reads them."""
    text = data.decode("latin-1")
    return any(re.search(one.pattern, text) for one in TRIGGERS)


def aligned(word: str) -> list[int]:
    """The alignments at which a word determines letters enough."""
    size = len(word)
    return [before for before in range(3) if (before + size) * 8 // 6 - (before * 8 + 5) // 6 >= 5]


@pytest.mark.parametrize("word", WORDS)
def test_every_word_in_base64(word: str) -> None:
    """Whatever stands before and behind it."""
    noise = random.Random(word)
    assert aligned(word), "a word that base64 hides at every alignment"
    for before in aligned(word):
        for _ in range(20):
            data = (
                noise.randbytes(before + 3 * noise.randrange(20)) + word.encode() + noise.randbytes(noise.randrange(9))
            )
            for letters in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
                assert seen(letters), (before, letters)


@pytest.mark.parametrize("word", WORDS)
def test_long_words_are_seen_at_every_alignment(word: str) -> None:
    assert len(aligned(word)) == 3 or len(word) <= 4, word


@pytest.mark.parametrize("word", WORDS)
def test_every_word_in_hexadecimal(word: str) -> None:
    assert seen(b"00" + word.encode().hex().encode() + b"ff")
    assert seen(b"00" + word.encode().hex().upper().encode() + b"FF")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", ["utf-16-le", "utf-16-be"])
def test_every_word_in_units_of_16_bits(word: str, form: str) -> None:
    assert seen(f"x{word}x".encode(form))


@pytest.mark.parametrize("word", WORDS)
def test_words_as_they_stand_are_no_sign(word: str) -> None:
    """The detector's own patterns see those."""
    assert not seen(f'x = "{word}";\n'.encode())


def test_triggers_are_written_as_they_must_be() -> None:
    """Each has a literal, is searched for as it stands, and comes once."""
    assert len({one.pattern for one in TRIGGERS}) == len(TRIGGERS)
    for one in TRIGGERS:
        literal = re.sub(r"\\x(..)", lambda match: chr(int(match[1], 16)), one.pattern)
        assert one.keywords == (literal.lower(),)
        assert len(literal) >= 5
        assert (one.caseless, one.whole) == (False, True)


@pytest.mark.parametrize("engine", ["hyperscan", "keywords"])
def test_both_engines_see_them(engine: str) -> None:
    if engine == "hyperscan":
        pytest.importorskip("hyperscan")
    made = prefilter(TRIGGERS, "encoded", engine=engine)
    filler = b"the quick brown fox; " * 500
    for index, one in enumerate(TRIGGERS):
        literal = re.sub(rb"\\x(..)", lambda match: bytes([int(match[1], 16)]), one.pattern.encode())
        hits = [place for found, place in made.hits(filler + literal + filler) if found == index]
        assert hits and all(len(filler) <= place <= len(filler) + len(literal) for place in hits), literal
    assert made.hits(filler) == []


def test_rare_by_chance() -> None:
    """In random base64 and hexadecimal there is about one sign in a megabyte, or less."""
    noise = random.Random(7).randbytes(3 << 18)
    made = prefilter(TRIGGERS, "encoded", engine="auto")
    assert len(made.hits(base64.b64encode(noise))) < 5
    assert made.hits(noise.hex().encode()) == []


_TEXT = st.text("abc =_:\n", max_size=60)


@given(_TEXT, _TEXT, st.sampled_from(WORDS), st.integers(0, 3), st.sampled_from(["+/", "-_"]))
def test_groups_of_letters(before: str, behind: str, word: str, cut: int, alphabet: str) -> None:
    """From where `aligned` says, the word is read."""
    whole = base64.b64encode((before + word + behind).encode(), alphabet.encode())
    data = b"," * cut + whole[cut:]
    place = min(len(data), (len(before) + len(word)) * 4 // 3)
    if (len(before) * 8 // 6) < cut + 4:
        return  # the first group of its letters may be cut
    first = encoded.aligned(data, cut, place)
    assert cut <= first < cut + 4
    letters = data[first:].rstrip(b"=")
    assert word.encode() in base64.b64decode(letters + b"=" * (-len(letters) % 4), alphabet.encode())


@pytest.mark.parametrize("write", [bytes, lambda data: data.hex().encode(), lambda data: b"\0".join([data, data])])
def test_no_base64_at_all(write: Callable[[bytes], bytes]) -> None:
    data = write(b"password and so on" * 20)
    assert encoded.aligned(data, 7, 100) == 7
    assert encoded.aligned(b"", 0, 0) == 0
    assert encoded.aligned(data, 0, len(data) + 5) == 0


def test_a_trigger_is_a_trigger() -> None:
    assert all(isinstance(one, Trigger) for one in TRIGGERS)
