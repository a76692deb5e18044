"""Bounds: what is too large is cut and said to be; what is large is read whole, with work in proportion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auditor.core.resources import load_rules
from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse
from tests.work import calls

LARGE = "shell script too large or too deeply nested to follow"
NESTED = "scripts inside scripts nested too deeply"


def followed(step: str) -> Build:
    return follow(parse("FROM a\n" + step), "Dockerfile")


def limits(build: Build) -> list[tuple[int, str]]:
    return [(step.instruction.line, reason) for step, reason in build.facts.limits]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("RUN echo " + "x " * 300_000, LARGE),
        ("RUN <<E\n" + "echo xx\n" * 75_000 + "E\n", LARGE),
        ("RUN " + "(" * 10_000 + "a" + ")" * 10_000, LARGE),
        ("RUN echo " + "$(" * 10_000 + "a" + ")" * 10_000, LARGE),
        ("RUN echo " + "${a:-" * 2_000 + "b" + "}" * 2_000, LARGE),
        ("RUN sh -c '" + "(" * 10_000 + "a'", LARGE),
        ("RUN " + "if a; then " * 3_000 + "b; " + "fi; " * 3_000, LARGE),
        ("RUN " + "eval " * 20 + "a", NESTED),
        ("ONBUILD RUN " + "(" * 10_000 + "a", LARGE),
    ],
    ids=["long", "heredoc", "subshells", "substitutions", "defaults", "nested", "ifs", "eval", "onbuild"],
)
def test_what_is_cut_is_said_to_be(step: str, expected: str) -> None:
    build = followed(step + "\nRUN echo a > /x\n")
    assert limits(build) == [(2, expected)]


@pytest.mark.parametrize(
    "step",
    [
        "RUN " + "echo a | " * 4_000 + "b",
        "RUN " + "a; " * 20_000,
        "RUN a " + "--flag " * 5_000,
        "RUN echo " + "${a:-" * 10 + "b" + "}" * 10,
        "RUN sh -c 'sh -c \"sh -c a\"'",
        "RUN " + "sudo " * 5_000 + "a",
        "RUN a '" + "(" * 4_000 + "'",
        "RUN [ " + "a = b -a " * 2_000 + "c = d ]",
        "COPY id_rsa /x\n" * 2_000 + "RUN rm /x",
        "FROM b\nCOPY id_rsa /x\n" * 1_000,
        "LABEL " + "a=b " * 5_000,
    ],
    ids=["pipes", "commands", "flags", "defaults", "sh", "sudo", "quoted", "test", "copies", "stages", "labels"],
)
def test_what_is_large_is_read_whole(step: str) -> None:
    assert limits(followed(step)) == []


def test_every_command_of_a_long_pipe_is_followed() -> None:
    build = followed("ARG TOKEN\nRUN " + "echo a | " * 4_000 + "echo $TOKEN > /x")
    assert [file.path for file in build.facts.files] == ["/x"]


def test_a_literal_behind_many_flags_is_found() -> None:
    build = followed("RUN a " + "--flag " * 20_000 + "--password hunter2Zq8vT1x")
    assert [use.literal.secret.reveal() for use in build.facts.uses if use.literal] == ["hunter2Zq8vT1x"]


def test_a_variable_passed_on_many_times_in_a_script_keeps_its_origin() -> None:
    chain = "".join(f"A{i}=$A{i - 1}; " for i in range(1, 3_000))
    build = followed(f"ARG TOKEN\nRUN A0=$TOKEN; {chain}echo $A2999 > /x")
    (file,) = build.facts.files
    assert [origin.name for origin in file.origins] == ["TOKEN"]


def test_three_thousand_arguments_that_refer_to_each_other_are_followed() -> None:
    build = followed("ARG T0=a\n" + "".join(f"ARG T{i}=$T{i - 1}\n" for i in range(1, 3_000)) + "RUN a")
    last = build.facts.variables[-1]
    assert (last.name, last.value) == ("T2999", "a")
    assert [source.name for source in last.sources] == ["T2998"]


def test_a_secret_is_known_all_along_a_chain_of_arguments() -> None:
    chain = "".join(f"ARG T{i}=$T{i - 1}\n" for i in range(1, 3_000))
    given = followed(f"ARG T0_TOKEN\nARG T0=$T0_TOKEN\n{chain}RUN a").facts.variables
    assert all(variable.sensitive for variable in given)
    inferred = followed(f"ARG T0\n{chain}RUN mysql -p$T2999").facts.variables
    assert all(variable.inferred is not None for variable in inferred)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "RUN " + "a; " * n,
        lambda n: "RUN " + "echo a | " * n + "b",
        lambda n: "RUN a " + "--flag x " * n,
        lambda n: "RUN echo " + "'${A}'" * n,
        lambda n: "RUN " + "A=b " * n,
        lambda n: "RUN a\n" * n,
        lambda n: "ARG A\nRUN echo $A\n" * n,
        lambda n: "ENV A=$A\n" * n,
        lambda n: "FROM b\nCOPY id_rsa /x\n" * n,
        lambda n: "LABEL a=b c.password=hunter2Zq8v\n" * n,
        lambda n: "ONBUILD RUN a\n" * n,
        lambda n: "COPY <<E /x\n" + "password=$A\n" * n + "E\n",
        lambda n: "RUN sh -c '" + "a; " * n + "'",
    ],
)
def test_work_grows_with_the_text_only(make: Callable[[int], str]) -> None:
    load_rules()
    followed(make(3))
    small, large = parse("FROM a\n" + make(100)), parse("FROM a\n" + make(400))
    assert calls(lambda: follow(large, "D")) < 4.5 * calls(lambda: follow(small, "D")) + 1_000
