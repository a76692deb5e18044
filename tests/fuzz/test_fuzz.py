"""The checks of `targets` on the seeds, on changed seeds and on noise. `python -m tools.fuzz` does it for longer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.detect import structures
from auditor.detect.views import decode, views
from auditor.sources.archives import members
from tests.fuzz import targets
from tests.fuzz.seeds import seeds
from tests.work import calls

_PIECES = st.sampled_from(
    [
        *(b"\0", b"\xff", b"\x80", b"\n", b'"', b"'", b"\\", b"{", b"}", b"=", b":", b"-" * 5, b"\xed\xa0\x80"),
        *(b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08", b"PK\x03\x04", b"password=", b"://", b"%41", b"\\u0041", b"&#65;"),
        *(b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"9" * 20, b"A" * 70, b"(", b"[", b"*", b"{1000}", b"$"),
    ]
)
_CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.one_of(st.binary(max_size=3), _PIECES), st.integers(0, 12)), max_size=6
)


@st.composite
def changed(draw: st.DrawFn, target: str) -> bytes:
    """A seed with some stretches replaced, perhaps cut or followed by part of another one."""
    known = st.sampled_from(seeds(target))
    data = bytearray(draw(known))
    for place, piece, over in draw(_CHANGES):
        at = int(place * len(data))
        data[at : at + over] = piece
    if draw(st.booleans()):
        other = draw(known)
        data = data[: draw(st.integers(0, len(data)))] + other[draw(st.integers(0, len(other))) :]
    return bytes(data)


#: Repeating an input a hundred thousand times is for the command only.
_QUICK = [name for name in targets.TARGETS if name != "repeats"]


@pytest.mark.parametrize("target", _QUICK)
def test_seeds(target: str) -> None:
    for data in seeds(target)[:150]:
        targets.TARGETS[target](data)


@pytest.mark.parametrize("target", _QUICK)
@settings(max_examples=40)
@given(data=st.data())
def test_changed_seeds(target: str, data: st.DataObject) -> None:
    targets.TARGETS[target](data.draw(changed(target)))


@pytest.mark.parametrize("target", _QUICK)
@settings(max_examples=30)
@given(data=st.binary(max_size=400))
def test_noise(target: str, data: bytes) -> None:
    targets.TARGETS[target](data)


@pytest.mark.parametrize("seed", range(1, 27, 3))
def test_work_grows_with_the_input_only(seed: int) -> None:
    data = seeds("detector")[seed][1:]
    detector = targets.detector("auto")

    def look(times: int) -> None:
        content = data * times
        list(detector.detect(content))
        list(structures.find(decode(content).text))
        list(views(decode(content).text))

    look(3)
    small, large = calls(lambda: look(8)), calls(lambda: look(32))
    assert large < 4.6 * small + 5000


@pytest.mark.parametrize("seed", range(26))
def test_archives_behind_each_other_cost_their_length_only(seed: int) -> None:
    data = seeds("archives")[seed][1:]

    def look(times: int) -> None:
        list(members("f", data * times))

    look(2)
    small, large = calls(lambda: look(5)), calls(lambda: look(20))
    assert large < 4.6 * small + 5000


def test_the_checks_notice() -> None:
    """A check that cannot fail finds nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auditor.detect.structures.apart", lambda found: [*found, *found])
        with pytest.raises(AssertionError):
            targets.check_structures(b"\2DB_PASSWORD=Zq8vT1xKw3Rb\n")
        patch.setattr("auditor.detect.decoding.plain._narrow", lambda data: decode(data.upper()))
        with pytest.raises((AssertionError, RecursionError)):
            targets.check_views(b"password")
