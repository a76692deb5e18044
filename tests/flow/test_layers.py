"""Which credential files the layers of a build hold, and what later instructions and stages make of them."""

from __future__ import annotations

import pytest

from auditor.flow.build import Build, follow
from auditor.flow.facts import LayerFile
from auditor.flow.state import Layers
from auditor.lang.dockerfile.parser import parse


def followed(text: str) -> Build:
    return follow(parse(text), "Dockerfile")


def fate(file: LayerFile) -> str:
    """How a file came to be, where it lies, and how often it is removed or carried on."""
    marks = "-" * len(file.removed) + ">" * len(file.carried) + ("!" if file.gone else "")
    return f"{file.how} {file.path}{marks}"


def fates(text: str) -> list[str]:
    return [fate(file) for file in followed(text).facts.files]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("COPY .npmrc /x/", ["copied /x/.npmrc"]),
        ("COPY a/.npmrc b/id_rsa /x", ["copied /x/.npmrc", "copied /x/id_rsa"]),
        ("COPY x /root/.npmrc", ["copied /root/.npmrc"]),
        ('COPY ["a b/.npmrc", "/x/"]', ["copied /x/.npmrc"]),
        ("WORKDIR /w\nCOPY .npmrc .", ["copied /w/.npmrc"]),
        ("WORKDIR /w\nWORKDIR v\nADD .npmrc y/", ["copied /w/v/y/.npmrc"]),
        ("ARG F=.npmrc\nCOPY $F /x/", ["copied /x/.npmrc"]),
        ("ENV D=/d\nCOPY .npmrc $D/", ["copied /d/.npmrc"]),
        ("COPY .env* /x/", ["copied /x/.env*"]),
        ("COPY --chown=u .npmrc /x/", ["copied /x/.npmrc"]),
        ("ONBUILD COPY .npmrc /x/", ["copied /x/.npmrc"]),
        ("COPY . .", []),
        ("COPY package.json /x/", []),
        ("COPY id_rsa.pub /x/", []),
        ("COPY .env.example /x/", []),
        ("COPY", []),
        ("COPY .npmrc", []),
        ("COPY --from=other .npmrc /x/", []),
        ("COPY --from=0 .npmrc /x/", []),
        ("ADD https://h.example/.npmrc /x/", []),
        ("COPY <<E /x/.npmrc\na=b\nE\n", []),
    ],
)
def test_what_copy_brings(steps: str, expected: list[str]) -> None:
    assert fates("FROM a\n" + steps) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("RUN rm /x/.npmrc", "copied /x/.npmrc-"),
        ("RUN rm -rf /x", "copied /x/.npmrc-"),
        ("RUN rm -rf /x/", "copied /x/.npmrc-"),
        ("RUN rm /x/.n*", "copied /x/.npmrc-"),
        ("RUN cd /x && rm .npmrc", "copied /x/.npmrc-"),
        ("WORKDIR /x\nRUN rm -f ./.npmrc", "copied /x/.npmrc-"),
        ("RUN sh -c 'rm /x/.npmrc'", "copied /x/.npmrc-"),
        ("RUN rm /x/.npmrc\nRUN rm /x/.npmrc", "copied /x/.npmrc-"),
        ("RUN npm ci \\\n && rm /x/.npmrc", "copied /x/.npmrc-"),
        ('RUN ["rm", "/x/.npmrc"]', "copied /x/.npmrc-"),
        ("RUN rm /x/.npmrc.bak", "copied /x/.npmrc"),
        ("RUN rm /y/.npmrc", "copied /x/.npmrc"),
        ("RUN rm .npmrc", "copied /x/.npmrc"),
        ("RUN rm /x/*/.npmrc", "copied /x/.npmrc"),
        ("RUN rm /x/.np?", "copied /x/.npmrc"),
        ("RUN echo rm /x/.npmrc", "copied /x/.npmrc"),
        ("RUN # rm /x/.npmrc", "copied /x/.npmrc"),
        ("ONBUILD RUN rm /y/.npmrc", "copied /x/.npmrc"),
        ("FROM b\nRUN rm /x/.npmrc", "copied /x/.npmrc"),
    ],
)
def test_removal_in_a_later_layer(steps: str, expected: str) -> None:
    assert fates("FROM a\nCOPY .npmrc /x/\n" + steps) == [expected]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("FROM b\nCOPY --from=s /x /y", "copied /x/id_rsa>"),
        ("FROM b\nCOPY --from=0 /x/ /y", "copied /x/id_rsa>"),
        ("FROM b\nCOPY --from=S / /", "copied /x/id_rsa>"),
        ("FROM b\nCOPY --from=s /x/id_rsa /y", "copied /x/id_rsa>"),
        ("FROM s\nRUN rm /x/id_rsa", "copied /x/id_rsa-"),
        ("FROM s AS t\nFROM b\nCOPY --from=t /x /y", "copied /x/id_rsa>"),
        ("ARG F=s\nFROM b\nARG F=s\nCOPY --from=$F /x /y", "copied /x/id_rsa>"),
        ("FROM b\nCOPY --from=s /z /y", "copied /x/id_rsa"),
        ("FROM b\nCOPY --from=other /x /y", "copied /x/id_rsa"),
        ("FROM b\nCOPY --from=7 /x /y", "copied /x/id_rsa"),
        ("FROM b\nCOPY --from=s /x/id /y", "copied /x/id_rsa"),
        ("RUN rm /x/id_rsa\nFROM b\nCOPY --from=s /x /y", "copied /x/id_rsa-"),
        ("FROM b\nRUN rm -r /x", "copied /x/id_rsa"),
    ],
)
def test_what_a_later_stage_takes(rest: str, expected: str) -> None:
    assert fates("FROM a AS s\nCOPY id_rsa /x/\n" + rest)[0] == expected


@pytest.mark.parametrize(
    ("text", "ships"),
    [
        ("FROM a", {0}),
        ("FROM a\nFROM b", {1}),
        ("FROM a AS s\nFROM s", {0, 1}),
        ("FROM a AS s\nFROM b AS t\nFROM s", {0, 2}),
        ("FROM a AS s\nFROM b\nCOPY --from=s / /", {1}),
        ("ARG B=s\nFROM a AS s\nFROM $B", {0, 1}),
        ("", set()),
        ("RUN a", set()),
    ],
)
def test_stages_that_make_up_the_image(text: str, ships: set[int]) -> None:
    assert followed(text).ships == ships


def test_the_chosen_target_is_the_image() -> None:
    document = parse("FROM a AS s\nCOPY id_rsa /x/\nFROM b AS t\nCOPY .npmrc /y/\n")
    assert follow(document, "Dockerfile", target="s").ships == {0}
    assert [step.step.ships for step in follow(document, "Dockerfile", target="s").facts.files[:1]] == [True]


def test_a_stage_starts_with_the_files_of_its_base_and_keeps_its_own_to_itself() -> None:
    (file,) = followed("FROM a\nCOPY id_rsa /x/").facts.files
    base = Layers()
    base.put("/x/id_rsa", file)
    child = Layers(base)
    child.put("/y/id_rsa", file)
    assert (len(base.files), len(child.files)) == (1, 2)
    assert base.find("/x") == [("/x/id_rsa", file)]
    assert base.find("/x/id") == []
