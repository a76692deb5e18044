"""What holds for any Dockerfile: following it never raises, every place lies inside the text."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.core.span import Span
from auditor.flow.build import Build, follow
from auditor.flow.facts import Literal
from auditor.lang.dockerfile.parser import parse

_PIECES = st.sampled_from(
    [
        *("FROM a\n", "FROM a AS s\n", "FROM s\n", "FROM windows\n", "RUN ", "ENV ", "ARG ", "COPY ", "ADD "),
        *("LABEL ", "CMD ", "ENTRYPOINT ", "HEALTHCHECK CMD ", "USER ", "WORKDIR ", "VOLUME ", "ONBUILD "),
        *('SHELL ["powershell"]\n', 'SHELL ["cmd"]\n', 'SHELL ["bash", "-xc"]\n', 'SHELL ["python"]\n', "SHELL []\n"),
        *("\n", "\n", "\r\n", "\\\n", "\\\r\n", "\\", " ", " ", "\t", "\xa0", "\ufeff", "\x00", "\udcff", "é"),
        *("# escape=`\n", "# c\n", "`\n", "<<E", "<<-'E'", "\nE\n", "TOKEN", "PASSWORD=hunter2Zq8v", "A=$TOKEN", "$A"),
        *("${TOKEN:-x", "}", "'", '"', "=", "[", "]", '["a", "-c", "echo"]', "--from=s", "--from=0", "\U0001f600"),
        *("export ", "echo ", "cat ", "sh -c ", "eval ", "set -x; ", "rm ", "cp ", "mv ", "tee ", "sed -i "),
        *("su u -c ", "curl -u u:", "git clone https://u:$TOKEN@h.example/x", "mysql -p", "docker login ", "chpasswd"),
        *("> /x", ">> ", "| ", "&& ", "; ", "$(", "`", ")", "(", "{ ", "/run/secrets/t", ".npmrc ", "/root/.ssh/ "),
        *("--password ", "password: x", "Authorization: Bearer $TOKEN", "ghp_" + "aB1" * 12, "%TOKEN%", "$env:TOKEN"),
        *("*", ". ", "/ ", "npm config set ", "--mount=type=secret,id=t ", "MAINTAINER "),
    ]
)
documents = st.one_of(st.lists(_PIECES, max_size=40).map("".join), st.text(max_size=200))


def literals(build: Build) -> Iterator[Literal]:
    for variable in build.facts.variables:
        if variable.literal is not None:
            yield variable.literal
    for use in build.facts.uses:
        if use.literal is not None:
            yield use.literal
    for file in build.facts.files:
        yield from file.literals


def spans(build: Build) -> Iterator[Span]:
    facts = build.facts
    for variable in facts.variables:
        yield from (span for _, span in variable.used)
        if variable.inferred is not None:
            yield variable.inferred.span
    for use in facts.uses:
        yield use.span
        yield from (origin.span for origin in use.origins)
    for file in facts.files:
        yield from (file.span, file.extent, *(origin.span for origin in file.origins))
        yield from (span for _, span in (*file.removed, *file.carried))
    yield from (literal.span for literal in literals(build))
    yield from (cache.span for cache in facts.caches)


@settings(max_examples=300)
@given(documents, st.sampled_from([None, "s", "0", "\udcff"]))
def test_every_place_lies_inside_the_text(text: str, target: str | None) -> None:
    build = follow(parse(text), "Dockerfile", target=target)
    for span in spans(build):
        assert 0 <= span.start <= span.end <= len(text)


@given(documents)
def test_facts_of_a_step_lie_in_its_instruction(text: str) -> None:
    for use in follow(parse(text), "Dockerfile").facts.uses:
        whole = use.step.instruction.span
        assert whole.start <= use.span.start <= use.span.end <= whole.end


@given(documents)
def test_a_literal_never_prints_its_value(text: str) -> None:
    for literal in literals(follow(parse(text), "Dockerfile")):
        value = literal.secret.reveal()
        assert len(value) < 12 or value not in str(literal.secret) + repr(literal.secret) + f"{literal.secret}"


@given(documents)
def test_following_twice_finds_the_same(text: str) -> None:
    document = parse(text)
    first, second = (follow(document, "Dockerfile") for _ in range(2))
    assert list(spans(first)) == list(spans(second))
