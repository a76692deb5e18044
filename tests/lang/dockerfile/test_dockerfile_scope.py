from __future__ import annotations

import pytest

from auditor.lang.dockerfile.environment import Environment
from auditor.lang.dockerfile.image import image_config
from auditor.lang.dockerfile.nodes import Document
from auditor.lang.dockerfile.parser import parse
from auditor.lang.dockerfile.scope import walk
from auditor.lang.dockerfile.stages import needed, stages
from auditor.lang.dockerfile.words import expand, variables


def last_environment(text: str, build_args: dict[str, str] | None = None) -> Environment:
    """The environment before the last instruction."""
    *_, (_, environment) = walk(parse(text), build_args)
    return environment


@pytest.mark.parametrize(
    ("text", "name", "value", "kind"),
    [
        ("ARG V=1\nFROM a\nRUN x", "V", None, None),
        ("ARG V=1\nFROM a\nARG V\nRUN x", "V", "1", "arg"),
        ("ARG V=1\nFROM a\nARG V=2\nRUN x", "V", "2", "arg"),
        ("FROM a\nARG V\nRUN x", "V", None, "arg"),
        ("FROM a\nENV V=1\nARG V=2\nRUN x", "V", "2", "arg"),
        ("FROM a\nENV V=1\nARG V\nRUN x", "V", "1", "env"),
        ("FROM a\nARG V=1\nENV V=$V-b\nRUN x", "V", "1-b", "env"),
        ("FROM a\nENV A=1 B=$A\nRUN x", "B", "", "env"),
        ("FROM a\nARG A=1 B=$A\nRUN x", "B", "1", "arg"),
        ("FROM a AS p\nARG V=1\nFROM p\nRUN x", "V", "1", "arg"),
        ("FROM a AS p\nENV V=1\nARG V=2\nFROM p\nRUN x", "V", "1", "env"),
        ("FROM a AS p\nENV V=1\nFROM a\nRUN x", "V", None, None),
        ("FROM a AS p\nONBUILD ENV V=1\nRUN x", "V", None, None),
        ("FROM a AS p\nONBUILD ENV V=1\nFROM p\nRUN x", "V", "1", "env"),
        ("FROM a AS p\nONBUILD ENV V=1\nFROM p AS q\nFROM q\nRUN x", "V", "1", "env"),
        ("FROM a\nARG TARGETARCH\nRUN x", "TARGETARCH", "amd64", "arg"),
        ("FROM a\nARG HTTP_PROXY\nRUN x", "HTTP_PROXY", None, "arg"),
        ("FROM a\nENV 'V'=1\nRUN x", "V", "1", "env"),
        ("FROM a\nENV V=${W\nRUN x", "V", "${W", "env"),
    ],
)
def test_value_before_the_last_instruction(text: str, name: str, value: str | None, kind: str | None) -> None:
    environment = last_environment(text)
    assert (environment.get(name), environment.kind(name)) == (value, kind)


def test_build_arguments_win_over_defaults_but_need_a_declaration() -> None:
    text = "ARG G=1\nFROM a\nARG G\nARG V=1\nENV E=1\nRUN x"
    environment = last_environment(text, {"G": "g", "V": "v", "E": "e", "U": "u"})
    assert [environment.get(name) for name in "GVEU"] == ["g", "v", "1", None]


def test_declaration_says_where_a_value_came_from() -> None:
    environment = last_environment("ARG V=1\nFROM a\nARG V\nRUN x")
    declared = environment.declared("V")
    assert declared is not None
    assert declared.instruction is not None
    assert declared.instruction.line == 3
    assert declared.origin is not None
    assert declared.origin.instruction is not None
    assert declared.origin.instruction.line == 1


def test_environments_are_snapshots() -> None:
    seen = [environment for _, environment in walk(parse("FROM a\nENV A=1\nENV A=2\nENV A=3\nRUN x"))]
    assert [environment.get("A") for environment in seen] == [None, None, "1", "2", "3"]
    assert seen[3].expand("<$A>") == "<2>"


def graph(document: Document, target: str | None = None) -> list[tuple[str | None, str, int | None, tuple[int, ...]]]:
    return [(s.name, s.base, s.base_stage, s.depends_on) for s in stages(document, target=target)]


def test_stages_and_what_they_depend_on() -> None:
    document = parse(
        "ARG T=9\nFROM a:${T} AS Build\nRUN x\nFROM build\nCOPY --from=0 a b\nFROM c AS d\n"
        "RUN --mount=from=build,target=/x ls\nCOPY --from=image.example/i a b\nCOPY --from=D a b\nCOPY --from=1 a b\n"
    )
    assert graph(document) == [("build", "a:9", None, ()), (None, "build", 0, (0,)), ("d", "c", None, (0, 2, 1))]
    assert [stage.is_final for stage in stages(document)] == [False, False, True]
    assert needed(stages(document, target="build")) == {0}
    assert needed(stages(document, target="1")) == {0, 1}


def test_a_stage_name_used_twice_means_the_last_one_before() -> None:
    document = parse("FROM a AS s\nFROM b AS s\nFROM s\nFROM c AS s\n")
    assert [stage.base_stage for stage in stages(document)] == [None, None, 1, None]


def test_final_image_has_only_what_its_chain_sets() -> None:
    document = parse("FROM a AS p\nENV A=1\nLABEL l=1\nFROM b\nENV B=1\nFROM p\nENV C=$A\nLABEL m=$C\n")
    config = image_config(document, base_env={"PATH": "/bin"})
    assert config.env == {"PATH": "/bin", "A": "1", "C": "1"}
    assert config.labels == {"l": "1", "m": "1"}
    assert image_config(document, target="p").labels == {"l": "1"}


def test_values_that_double_stay_bounded() -> None:
    environment = last_environment("FROM a\nENV A=" + "x" * 64 + "\n" + "ENV A=$A$A\n" * 200 + "RUN x")
    value = environment.get("A")
    assert value is not None
    assert len(value) < 1 << 22


def test_nesting_beyond_the_bound_is_refused_not_followed() -> None:
    deep = "${A:-" * 5000 + "}" * 5000
    assert last_environment(f"FROM a\nENV V={deep}\nRUN x").get("V") == deep
    assert len(variables(deep)) <= 60


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("$A ${B} c", [("A", 0, 2, "", None), ("B", 3, 7, "", None)]),
        ("'$A' \"$B\" \\$C", [("B", 6, 8, "", None)]),
        ("${A:-x$B}", [("A", 0, 9, ":-", "x$B"), ("B", 6, 8, "", None)]),
        ("${A#p} ${A//x/y}", [("A", 0, 6, "#", "p"), ("A", 7, 16, "//", "x/y")]),
        ("$$ $? a$", []),
        ("$A ${", [("A", 0, 2, "", None)]),
    ],
)
def test_variables(text: str, uses: list[tuple[str, int, int, str, str | None]]) -> None:
    assert [tuple(use) for use in variables(text)] == uses


def test_words_without_anything_special_come_back_as_they_are() -> None:
    text = "plain/word"
    assert expand(text, {}) is text
