"""A config out of what an engine says: the same fields, and only as many layers in its history as are certain."""

from __future__ import annotations

import pytest

from auditor.sources.images.described import DescribedImage, config_of, fill, platform_of
from auditor.sources.images.model import Layer, SourceError
from tests.sources.images.stores import config_with, digest, inspection

BUILDKIT = "buildkit.dockerfile.v0"
Entry = tuple[str, int, str]


def empty_layers(layers: int, *entries: Entry) -> list[bool]:
    """Which entries of a history (base first: instruction, size, comment) are said to have made no layer."""
    record = inspection([b"%d" % number for number in range(layers)], b"", {})
    history = [{"CreatedBy": by, "Size": size, "Comment": comment} for by, size, comment in reversed(entries)]
    made = config_of(record, history)["history"]
    assert isinstance(made, list)
    assert [entry.get("created_by", "") for entry in made] == [by for by, _, _ in entries]
    return [entry.get("empty_layer", False) for entry in made]


def test_buildkit_makes_a_layer_even_where_nothing_changed() -> None:
    entries = [
        ("ADD rootfs.tar / # buildkit", 900, BUILDKIT),
        ("ARG TOKEN=x", 0, BUILDKIT),
        ("ENV A=1", 0, BUILDKIT),
        ("WORKDIR /app", 0, BUILDKIT),
        ("RUN |1 TOKEN=x /bin/sh -c true # buildkit", 0, BUILDKIT),
        ('CMD ["sh"]', 0, BUILDKIT),
    ]
    assert empty_layers(3, *entries) == [False, True, True, False, False, True]


def test_the_older_builder_makes_none_where_nothing_changed() -> None:
    entries = [
        ("", 900, "Imported from -"),
        ("/bin/sh -c #(nop)  ARG TOKEN", 0, ""),
        ("|1 TOKEN=x /bin/sh -c true", 0, ""),
        ("/bin/sh -c #(nop) WORKDIR /app", 0, ""),
        ("/bin/sh -c #(nop) COPY file:x in /a ", 3, ""),
        ('/bin/sh -c #(nop)  ENTRYPOINT ["x"]', 0, ""),
    ]
    assert empty_layers(2, *entries) == [False, True, True, True, False, True]


def test_one_builder_upon_the_other() -> None:
    entries = [("|0 /bin/sh -c true", 0, ""), ("COPY a /a", 1, ""), ("RUN /bin/sh -c true # buildkit", 0, BUILDKIT)]
    assert empty_layers(2, *entries) == [True, False, False]


def test_command_that_looks_like_an_instruction_is_none() -> None:
    assert empty_layers(2, ("ENV A=1", 5, ""), ("ENVIRONMENT", 0, "")) == [False, False]


def test_uncertain_histories_do_not_pretend() -> None:
    # Squashed: one layer, and several entries that could have made it.
    assert empty_layers(1, ("RUN a", 3, ""), ("RUN b", 4, ""), ("CMD x", 0, "")) == [False, False, True]
    # Two unchanged ones of unknown origin, one layer too many.
    assert empty_layers(2, ("COPY a", 3, ""), ("RUN a", 0, ""), ("RUN b", 0, "")).count(False) != 2


def test_config_has_what_the_engine_says_under_its_own_names() -> None:
    config = config_with([b"a"])
    record = {**inspection([b"a"], config, {}), "ContainerConfig": {"Hostname": "h"}, "Variant": "v8", "Comment": "c"}
    made = config_of(record, [{"Created": 0, "CreatedBy": "RUN x", "Size": 1}, None, 7])
    assert made == {
        "architecture": "amd64",
        "os": "linux",
        "variant": "v8",
        "comment": "c",
        "created": "2026-01-01T00:00:00Z",
        "config": {"Env": ["A=1"], "Labels": {"l": "1"}},
        "container_config": {"Hostname": "h"},
        "rootfs": {"type": "layers", "diff_ids": [digest(b"a")]},
        "history": made["history"],
    }


@pytest.mark.parametrize("history", [None, {}, [[]], [{"Created": 10**30}], [{"Created": "x", "CreatedBy": 7}]])
def test_odd_histories(history: object) -> None:
    made = config_of({"RootFS": {"Layers": [7]}}, history)
    assert made["rootfs"] == {"type": "layers", "diff_ids": [""]}


def test_image_without_layers_at_hand() -> None:
    image = DescribedImage("app")
    fill(image, inspection([b"a"], b"{}", {}), [], b"")
    assert image.layers == [Layer(0, digest(b"a"), digest(b"a"))]
    assert image.documents[0].name == "config, as the engine describes it"
    assert (image.digest, image.documents[0].digest) == (digest(b"{}"), "")
    with pytest.raises(SourceError, match="layer 0 of app"):
        image.open(image.layers[0])


def test_config_of_its_own_is_kept_to_the_byte() -> None:
    config = config_with([b"a"], **{"moby.buildkit.cache.v0": "x"})
    image = DescribedImage("app")
    fill(image, inspection([b"a"], config, {}), None, config)
    assert image.documents[0].data == config
    assert image.documents[0].digest == digest(config)
    assert image.config["moby.buildkit.cache.v0"] == "x"


def test_what_is_too_much_for_a_config_is_a_problem() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    for record, said in (({"Config": deep}, "nested too deeply"), ({"Config": [0] * 1_000_001}, "values")):
        image = DescribedImage("app")
        fill(image, record, [], b"")
        assert image.config == {}
        assert [said in problem.message for problem in image.problems] == [True]


def test_platforms() -> None:
    assert platform_of({"Os": "linux", "Architecture": "arm", "Variant": "v7"}) == "linux/arm/v7"
    assert platform_of({"Os": "linux", "Architecture": ""}) == ""
