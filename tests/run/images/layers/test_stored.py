"""Outcomes as the cache stores them: what goes in comes out, values do not go in, damage is noticed."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.image import LAYER, PARTS, STATES, ImagePlace
from auditor.core.secret import Remembered
from auditor.run.images.layers.stored import Stored, pack, unpack
from tests.run.images.outcomes import KEY, PASSWORD, TOKEN, leak, outcome


def packed(data: object) -> Stored:
    """Anything as the body of an outcome that is otherwise whole."""
    whole = pack(outcome(), KEY)
    assert whole is not None
    return whole._replace(body=zlib.compress(json.dumps(data).encode()))


def body() -> dict[str, object]:
    whole = pack(outcome(), KEY)
    assert whole is not None
    content = json.loads(zlib.decompress(whole.body))
    assert isinstance(content, dict)
    return content


def test_what_goes_in_comes_out() -> None:
    given_in = outcome()
    stored = pack(given_in, KEY)
    assert stored is not None
    got = unpack(stored)
    plain = [name for name in given_in._fields if name not in ("leaks", "files_here", "folders_here", "owned")]
    assert [getattr(got, name) for name in plain] == [getattr(given_in, name) for name in plain]
    assert "app/.env" in got.files_here and "app" in got.folders_here and "app" not in got.files_here
    assert got.owned.to_bytes() == given_in.owned.to_bytes()
    for before, after in zip(given_in.leaks, got.leaks, strict=True):
        assert after._replace(secret=before.secret) == before
        assert isinstance(after.secret, Remembered) and not after.secret.reveal()
        assert (after.secret.kind, after.secret.redacted) == (before.secret.kind, before.secret.redacted)
        assert after.secret.fingerprint(KEY) == before.secret.fingerprint(KEY)


def test_what_came_out_goes_in_again() -> None:
    first = pack(outcome(), KEY)
    assert first is not None
    assert pack(unpack(first), b"another") == first


PLACES = st.builds(
    ImagePlace,
    part=st.sampled_from(PARTS),
    layer_index=st.none() | st.integers(0, 2**62),
    path=st.text(),
    inner_path=st.text(),
    line=st.none() | st.integers(),
    pointer=st.text(st.characters(codec=None)),
    state=st.sampled_from(STATES),
    in_base=st.booleans(),
    package=st.text(),
)


@given(PLACES)
def test_any_place_comes_out_again(place: ImagePlace) -> None:
    stored = pack(outcome()._replace(leaks=(leak(place=place),)), KEY)
    assert stored is not None
    assert unpack(stored).leaks[0].place == place


def test_prose_that_quotes_the_value_of_another_leak_is_masked() -> None:
    said = f"it is {TOKEN}, {PASSWORD}{PASSWORD} and {TOKEN[:12]}."
    found = leak("another-value-9")._replace(message=said, excerpt=TOKEN, remedy=f"x{TOKEN}")
    stored = pack(outcome()._replace(leaks=(*outcome().leaks, found)), KEY)
    assert stored is not None
    *_, got = unpack(stored).leaks
    assert got.message == f"it is ghp_****K7Vi, ******** and {TOKEN[:12]}."
    assert (got.excerpt, got.remedy) == ("ghp_****K7Vi", "xghp_****K7Vi")


@pytest.mark.parametrize("where", ["subject", "path", "skipped", "digests"])
def test_an_outcome_that_holds_a_value_is_not_stored(where: str) -> None:
    found, whole = leak(), outcome()
    if where == "path":
        found = found._replace(place=ImagePlace(LAYER, path=f"tmp/{TOKEN}"))
    elif where == "skipped":
        whole = whole._replace(skipped=((f"x{TOKEN}y", "encrypted"),))
    elif where == "digests":
        whole = whole._replace(digests={TOKEN: whole.digests["app/.env"]})
    else:
        found = found._replace(**{where: f"it is {TOKEN}."})
    assert pack(whole._replace(leaks=(leak(), found)), KEY) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"diff_id": 1}, {"numbers": [1, 2]}, {"numbers": [1, 2, True]}, {"numbers": "123"}, {"leaks": {}},
        {"leaks": [[]]}, {"removed": [1]}, {"links": [["a"]]}, {"links": [["a", "b", "c"]]}, {"digests": []},
        {"symlinks": None}, {"symlinks": [["a", 1]]},
        {"digests": {"a": ["1", "2"]}}, {"skipped": None}, {"errors": [[1, 2]]},
    ],
)  # fmt: skip
def test_a_damaged_outcome_is_noticed(damage: dict[str, object]) -> None:
    unpack(packed(body()))
    with pytest.raises(ValueError, match="outcome|values to unpack"):
        unpack(packed(body() | damage))


@pytest.mark.parametrize(
    "damage",
    [
        {"rule": "a\x1b[31m"}, {"verdict": "a\nb"},
        {"severity": "worst"}, {"confidence": 1}, {"message": None}, {"silenced": 1}, {"secret": ["a", "b"]},
        {"place": {}}, {"place": {"part": "layer", "line": "1"}}, {"place": {"part": "layer", "state": "gone"}},
        {"place": {"part": "nowhere"}}, {"place": {"part": "layer", "__class__": "x"}},
        {"place": {"part": "layer", "in_base": 1}},
    ],
)  # fmt: skip
def test_a_damaged_leak_is_noticed(damage: dict[str, object]) -> None:
    content = body()
    leaks = content["leaks"]
    assert isinstance(leaks, list)
    leaks[0] |= damage
    with pytest.raises(ValueError):
        unpack(packed(content))


def test_missing_fields_are_noticed() -> None:
    for name in body():
        content = body()
        del content[name]
        with pytest.raises(ValueError):
            unpack(packed(content))


@pytest.mark.parametrize(
    "data",
    [b"", b"x", zlib.compress(b"{"), zlib.compress(b"[]"), zlib.compress(b"[" * 100_000), zlib.compress(b"\xff"),
     zlib.compress(b"1" * 100_000)],
)  # fmt: skip
def test_a_body_of_another_kind_is_noticed(data: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(packed({})._replace(body=data))


def test_a_cut_body_and_bad_sets_are_noticed() -> None:
    whole = packed(body())
    for damaged in (
        whole._replace(body=whole.body[:-9]),
        whole._replace(files=whole.files + b"x"),
        whole._replace(files=b"\xff" * 8 + bytes(8)),
        whole._replace(owned=b"x"),
    ):
        with pytest.raises(ValueError):
            unpack(damaged)


def test_a_body_that_swells_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.run.images.layers.stored._LARGEST", 1 << 16)
    with pytest.raises(ValueError, match="too large"):
        unpack(packed({})._replace(body=zlib.compress(b" " * (1 << 20))))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_outcome_or_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(Stored(data, data, data, data))
