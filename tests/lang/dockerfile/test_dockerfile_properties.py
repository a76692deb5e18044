"""What holds for any text: nothing raises, nothing is lost, spans are in order, offsets are right, work is linear."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.span import Span
from auditor.lang.dockerfile.image import image_config
from auditor.lang.dockerfile.nodes import Instruction
from auditor.lang.dockerfile.parser import parse, parse_bytes
from auditor.lang.dockerfile.scope import walk
from auditor.lang.dockerfile.text import Text, TextBuilder
from auditor.lang.dockerfile.words import variables
from tests.work import calls

_PIECES = st.sampled_from(
    [
        *("FROM a", "FROM a AS b", "RUN", "ENV", "ARG", "LABEL", "COPY", "ONBUILD ", "CMD", "HEALTHCHECK", "EXPOSE"),
        *("\n", "\n", "\r\n", "\r", "\\\n", "`\n", "\\", " ", "\t", "\xa0", "\f", "\ufeff", "\x00", "\udcff", "é"),
        *("# escape=`\n", "# c\n", "<<EOF", "<<-'E'", "\nEOF\n", "E\n", "A=1", "$A", "${A:-$B}", "${", "'", '"', "="),
        *('["a", "b\\u00e9"]', "[1]", "[", "--from=b", "--mount=type=secret,id=x", "--", "https://x.example/a"),
    ]
)
documents = st.one_of(st.lists(_PIECES, max_size=30).map("".join), st.text(max_size=200))


@given(documents)
def test_text_is_emitted_unchanged(text: str) -> None:
    assert parse(text).emit() == text


@given(st.binary(max_size=200))
def test_bytes_are_emitted_unchanged(data: bytes) -> None:
    assert parse_bytes(data).emit().encode("utf-8", "surrogateescape") == data


@given(documents)
def test_resolving_never_raises(text: str) -> None:
    document = parse(text)
    for instruction, environment in walk(document):
        environment.expand(instruction.body.text)
        variables(instruction.body.text, document.escape)
    image_config(document)


@given(documents)
def test_nodes_are_in_order_and_their_parts_inside(text: str) -> None:
    document = parse(text)
    at = 0
    for node in document.nodes:
        assert at <= node.span.start <= node.span.end <= len(text)
        at = node.span.end
    for instruction in document.instructions:
        for part in parts(instruction):
            assert instruction.span.start <= part.start <= part.end <= instruction.span.end
        assert document.lines.line(instruction.span.start) >= instruction.line
        assert document.lines.line(instruction.span.end) <= instruction.end_line


def parts(instruction: Instruction) -> Iterator[Span]:
    yield instruction.keyword_span
    yield from (flag.span for flag in instruction.flags)
    yield from (heredoc.span for heredoc in instruction.heredocs)
    yield from (word.whole for word in instruction.words)
    for pair in instruction.pairs:
        yield pair.span
        yield pair.name_span
    if instruction.child is not None:
        yield from parts(instruction.child)


@given(documents)
def test_every_logical_character_stands_where_it_says(text: str) -> None:
    for instruction in parse(text).instructions:
        for logical in (instruction.body, *(heredoc.body for heredoc in instruction.heredocs)):
            places = [logical.source(index) for index in range(len(logical.text))]
            assert "".join(text[place] for place in places) == logical.text
            assert places == sorted(set(places))


@given(st.lists(st.tuples(st.text("ab", max_size=4), st.integers(0, 3)), max_size=6), st.data())
def test_slices_agree_with_the_whole(runs: list[tuple[str, int]], data: st.DataObject) -> None:
    builder = TextBuilder()
    place = 0
    for part, gap in runs:
        place += gap
        builder.add(part, place)
        place += len(part)
    whole = builder.build(0)
    start = data.draw(st.integers(0, len(whole.text)))
    end = data.draw(st.integers(start, len(whole.text)))
    part_of = whole.slice(start, end)
    assert part_of.text == whole.text[start:end]
    assert [part_of.source(i) for i in range(end - start)] == [whole.source(i) for i in range(start, end)]
    assert part_of.whole == whole.span(start, end)


def test_empty_text_has_a_place() -> None:
    assert Text.at("", 7).span(0, 0) == (7, 7)
    assert TextBuilder().build(3).source(0) == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "FROM a\n" + "ENV A=$A B=$B\n" * n,
        lambda n: "FROM a\n" + "".join(f"ENV A{i}=$A{i - 1}x\n" for i in range(n)),
        lambda n: "".join(f"FROM s{i - 1} AS s{i}\nENV B=1\n" for i in range(n)),
        lambda n: "FROM a\nRUN " + "a \\\n" * n,
        lambda n: "FROM a\nRUN \\\n" + "# c\n" * n,
        lambda n: "FROM a\nRUN " + "<<A " * n,
        lambda n: "FROM a\nRUN <<A " + "${A:-" * n,
        lambda n: "FROM a\nRUN <<A " + '"${A:-' * n,
        lambda n: "FROM a\nENV " + "a='b\" " * n,
        lambda n: "FROM a\nENV A=" + "\\" * n,
        lambda n: "FROM a\n" + "ONBUILD " * n,
        lambda n: "FROM a\nRUN " + "--x=y " * n,
        lambda n: "FROM a\nRUN [" + '"a",' * n,
        lambda n: "FROM a\nRUN " + "[" * n,
        lambda n: "FROM a\nCMD [" + '"\\n",' * n + '""]',
        lambda n: "FROM a\nRUN <<-A\n" + "\tx\n" * n,
        lambda n: " \t" * n,
    ],
)
def test_work_grows_with_the_text_only(make: Callable[[int], str]) -> None:
    def read(text: str) -> None:
        document = parse(text)
        for instruction, environment in walk(document):
            environment.get("A")
            _ = instruction.pairs, instruction.words

    read(make(3))
    small, large = make(400), make(1600)
    assert calls(lambda: read(large)) < 4.5 * calls(lambda: read(small)) + 500
