from __future__ import annotations

import pytest

from auditor.lang.dockerfile.nodes import Instruction, Trivia
from auditor.lang.dockerfile.parser import MAX_LINE, parse, parse_bytes


def only(text: str) -> Instruction:
    (instruction,) = parse(text).instructions
    return instruction


def test_nodes_follow_the_file() -> None:
    text = "# syntax=x\n\n# why\nFROM a\n \nRUN b \\\n  # inner\n  c\n"
    document = parse(text)
    kinds = [node.kind if isinstance(node, Trivia) else node.keyword for node in document.nodes]
    assert kinds == ["directive", "blank", "comment", "FROM", "blank", "RUN"]
    assert [text[start:end] for start, end in document.comments] == ["# syntax=x", "# why", "# inner"]
    assert document.instructions[1].line == 6
    assert document.instructions[1].end_line == 8


@pytest.mark.parametrize(
    ("text", "escape", "directives"),
    [
        ("#escape=`\n#check=skip=all\nFROM a", "`", {"escape": "`", "check": "skip=all"}),
        ("\n#escape=`\nFROM a", "\\", {}),
        ("# other=1\n# escape=`\nFROM a", "\\", {}),
        ("\ufeff  # Escape = ` \r\nFROM a", "`", {"escape": "`"}),
        ("# escape=x\nFROM a", "\\", {"escape": "x"}),
    ],
)
def test_directives(text: str, escape: str, directives: dict[str, str]) -> None:
    document = parse(text)
    assert (document.escape, document.directives) == (escape, directives)


def test_body_maps_to_the_source_across_continuations() -> None:
    text = "FROM a\nRUN one \\\n# no\n\n  two\\\n3"
    run = parse(text).instructions[1]
    assert run.body.text == "one   two3"
    assert [text[run.body.source(i)] for i in range(len(run.body.text))] == list("one   two3")
    begin = run.body.text.index("two")
    assert text[slice(*run.body.span(begin, begin + 3))] == "two"
    assert text[slice(*run.body.span(begin, begin + 4))] == "two\\\n3"


def test_keyword_split_over_lines_keeps_its_span() -> None:
    text = "FR\\\nOM a"
    instruction = only(text)
    assert instruction.keyword == "FROM"
    assert text[slice(*instruction.keyword_span)] == "FR\\\nOM"


def test_json_words_point_at_what_is_between_the_quotes() -> None:
    text = 'COPY ["a b", "x\\u0041\\n", "/d"]'
    words = only(text).words
    assert [word.text for word in words] == ["a b", "xA\n", "/d"]
    assert [text[slice(*word.whole)] for word in words] == ["a b", "x\\u0041\\n", "/d"]
    assert text[slice(*words[1].span(1, 2))] == "\\u0041"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("COPY --chown=a  b\tc d", ["b", "c", "d"]),
        ("EXPOSE 80 81/udp", ["80", "81/udp"]),
        ("FROM a AS b", ["a", "AS", "b"]),
        ("WORKDIR /a b", ["/a b"]),
        ('CMD ["a"]', ["a"]),
        ("RUN a b", []),
        ("CMD a b", []),
        ("ENV A=b", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [word.text for word in only(text).words] == words


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ENV A=1 B=\"x y\" C='z'", [("A", "1"), ("B", '"x y"'), ("C", "'z'")]),
        ("ENV A  b  c", [("A", "b  c")]),
        ("ENV A=a\\ b\\\n C=", [("A", "a\\ b"), ("C", "")]),
        ("ARG A B=1", [("A", None), ("B", "1")]),
        ('LABEL "a b"=c d="e"', [('"a b"', "c"), ("d", '"e"')]),
        ("LABEL k v", [("k", "v")]),
        ("RUN A=1", []),
    ],
)
def test_pairs(text: str, pairs: list[tuple[str, str | None]]) -> None:
    found = only(text).pairs
    assert [(pair.name, pair.raw.text if pair.raw else None) for pair in found] == pairs
    for pair in found:
        assert text[slice(*pair.name_span)] == pair.name
        assert pair.span.start == pair.name_span.start
        if pair.raw is not None and pair.raw.text:
            assert pair.span.end == pair.raw.whole.end


def test_flags_keep_text_value_and_span() -> None:
    text = 'RUN --mount=type=secret,id=x \\\n --network="none" --bare ls --late'
    run = only(text)
    assert [(flag.name, flag.value) for flag in run.flags] == [
        ("mount", "type=secret,id=x"),
        ("network", "none"),
        ("bare", None),
    ]
    assert [text[slice(*flag.span)] for flag in run.flags][1] == '--network="none"'
    assert run.body.text == "ls --late"
    assert run.flag("network") == "none"
    assert run.flag("other") is None


def test_heredoc_body_leaves_chomped_tabs_out() -> None:
    text = "RUN <<-'EOF' cat\r\n\tone\r\n\t\ttwo\r\n\tEOF\r\nENV A=1\r\n"
    run, env = parse(text).instructions
    (heredoc,) = run.heredocs
    assert (heredoc.name, heredoc.expand, heredoc.chomp, heredoc.closed) == ("EOF", False, True, True)
    assert heredoc.content == "\tone\r\n\t\ttwo\r\n"
    assert heredoc.body.text == "one\r\ntwo\r\n"
    assert text[heredoc.body.source(heredoc.body.text.index("two")) :].startswith("two")
    assert text[slice(*heredoc.span)] == heredoc.content
    assert text[slice(*run.span)].endswith("\tEOF")
    assert (run.line, run.end_line, env.line) == (1, 4, 5)


def test_unclosed_heredoc_keeps_its_body() -> None:
    document = parse("FROM a\nRUN <<EOF\nsecret\n")
    assert document.error is not None
    assert (document.error.line, document.error.message) == (2, "unterminated heredoc")
    (heredoc,) = document.instructions[1].heredocs
    assert (heredoc.closed, heredoc.body.text) == (False, "secret\n")


def test_onbuild_gives_its_instruction_and_the_heredocs_to_both() -> None:
    text = "FROM a\nONBUILD COPY <<X /x\nbody\nX\n"
    onbuild = parse(text).instructions[1]
    assert onbuild.child is not None
    assert (onbuild.child.keyword, [word.text for word in onbuild.child.words]) == ("COPY", ["<<X", "/x"])
    assert onbuild.heredocs == onbuild.child.heredocs
    assert text[slice(*onbuild.child.keyword_span)] == "COPY"


def test_instructions_after_an_error_are_read() -> None:
    document = parse("FROM a\nENV A\nRUN [1]\nBOGUS x\nENV B=2\n")
    assert document.error is not None
    assert document.error.line == 2
    assert [i.keyword for i in document.instructions] == ["FROM", "ENV", "RUN", "BOGUS", "ENV"]
    assert document.instructions[4].pairs[0].name == "B"


@pytest.mark.parametrize(("length", "accepted"), [(MAX_LINE, True), (MAX_LINE + 1, False)])
def test_longest_line(length: int, accepted: bool) -> None:
    line = "RUN " + "é" * ((length - 4) // 2)
    line += "x" * (length - len(line.encode()))
    document = parse(f"FROM a\n{line}\nENV A=1\n")
    assert (document.error is None) == accepted
    assert len(document.instructions) == 3
    if document.error is not None:
        assert document.error.line == 2


def test_bytes_that_are_no_utf8_survive() -> None:
    data = b"FROM a\nENV A=\xff\xc3\n"
    document = parse_bytes(data)
    assert document.emit().encode("utf-8", "surrogateescape") == data
    assert document.instructions[1].args == ("A", "\ufffd\ufffd", "=")


def test_newline_is_the_majority() -> None:
    assert parse("FROM a\r\nRUN b\r\n\n").newline == "\r\n"
    assert parse("FROM a\nRUN b\r\n\n").newline == "\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "file with no instructions"),
        ("# only\n", 1, "file with no instructions"),
        ("ARG A=1\n", 1, "dockerfile contains no stages to build"),
        ("RUN a\nFROM b\n", 1, "no build stage in current context"),
        ("# escape=`\n# escape=`\nFROM a", 2, "only one escape parser directive can be used"),
    ],
)
def test_rejected_files(text: str, line: int, message: str) -> None:
    assert parse(text).error == (line, message)


@pytest.mark.parametrize(
    ("line", "summary"),
    [
        ("ENV A=1 hunter2", "Syntax error - can't find = in .... Must be of the form"),
        ("hunter2=x", "unknown instruction"),
        ("COPY --hunter2 a b", "unknown flag"),
        ("COPY --link=hunter2 a b", "expecting boolean value for flag --link"),
        ("HEALTHCHECK hunter2 x", "Unknown type ... in HEALTHCHECK (try CMD)"),
        ("RUN --device=x,hunter2 x", "unexpected key ... in ..."),
        ("RUN --device=hunter2,name=y x", "device name already"),
        ("RUN --network=hunter2 x", "invalid network mode ..."),
        ("HEALTHCHECK --interval=hunter2 CMD x", "time"),
        ("FROM a AS hunter2!", "invalid name for build stage"),
    ],
)
def test_summary_of_an_error_quotes_nothing_from_the_file(line: str, summary: str) -> None:
    error = parse(f"FROM a\n{line}\n").error
    assert error is not None
    assert error.summary == summary
    assert "hunter2" not in error.summary.lower()
