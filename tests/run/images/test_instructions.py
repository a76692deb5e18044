"""Dockerfile text from histories: valid, the same from both builders, nothing made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.dockerfile.parser import parse
from auditor.run.images.instructions import Line, reconstruct
from tests.run.images.configs import entry, history

LEGACY = [
    "/bin/sh -c #(nop) ADD file:4b03b5f551e3fbdf47ec609712007327828f7530cc3455c43bbcdcaf449a75a9 in / ",
    "/bin/sh -c #(nop)  ARG TOKEN",
    "/bin/sh -c #(nop)  ARG MODE=a b",
    "/bin/sh -c #(nop)  ENV A=1 B=x y C=q$r",
    "/bin/sh -c #(nop)  LABEL com.example.x=hello world b=2",
    "/bin/sh -c #(nop) WORKDIR /app",
    '|2 MODE=m 1 TOKEN=x y=z /bin/sh -c echo "$TOKEN" &&     echo "a  b" > /x',
    "/bin/sh -c #(nop)  EXPOSE 443/udp 80",
    "/bin/sh -c #(nop)  VOLUME [/data /b]",
    "/bin/sh -e -c #(nop)  SHELL [/bin/sh -e -c]",
    "|1 MODE=m 1 /bin/sh -e -c echo ${MODE} > /m",
    '/bin/sh -c #(nop)  HEALTHCHECK &{["CMD-SHELL" "wget -q x || exit 1"] "30s" "5s" "0s" \'\\x03\'}',
    "/bin/sh -c #(nop)  STOPSIGNAL SIGTERM",
    '/bin/sh -c #(nop)  ENTRYPOINT ["/bin/sh" "-c" "echo \\"q\\" $1"]',
    '/bin/sh -c #(nop)  CMD ["serve"]',
]
BUILDKIT = [
    "ADD rootfs.tar / # buildkit",
    "ARG TOKEN",
    "ARG MODE=a b",
    "ENV A=1 B=x y C=q$r",
    "LABEL com.example.x=hello world b=2",
    "WORKDIR /app",
    'RUN |2 TOKEN=x y=z MODE=m 1 /bin/sh -c echo "$TOKEN" &&     echo "a  b" > /x # buildkit',
    "EXPOSE map[443/udp:{} 80/tcp:{}]",
    "VOLUME [/data /b]",
    "SHELL [/bin/sh -e -c]",
    "RUN |1 MODE=m 1 /bin/sh -e -c echo ${MODE} > /m # buildkit",
    "HEALTHCHECK {Test:[CMD-SHELL wget -q x || exit 1] Interval:30s Timeout:5s StartPeriod:0s Retries:3}",
    "STOPSIGNAL SIGTERM",
    'ENTRYPOINT ["/bin/sh" "-c" "echo \\"q\\" $1"]',
    'CMD ["serve"]',
]
WRITTEN = [
    "ARG TOKEN",
    'ARG MODE="a b"',
    'ENV A=1 B="x y" C="q\\$r"',
    'LABEL com.example.x="hello world" b=2',
    "WORKDIR /app",
    'RUN echo "$TOKEN" &&     echo "a  b" > /x',
    "EXPOSE 443/udp 80",
    'VOLUME ["/data", "/b"]',
    'SHELL ["/bin/sh", "-e", "-c"]',
    "RUN echo ${MODE} > /m",
    "HEALTHCHECK --interval=30s --timeout=5s --retries=3 CMD wget -q x || exit 1",
    "STOPSIGNAL SIGTERM",
    'ENTRYPOINT ["/bin/sh", "-c", "echo \\"q\\" $1"]',
    'CMD ["serve"]',
]


def lines(*created_by: str) -> list[Line]:
    return reconstruct(history(*created_by))


def one(created_by: str) -> Line:
    first, second = lines(created_by)
    assert (first.history_index, first.text) == (None, "FROM scratch")
    return second


def whole(found: list[Line]) -> str:
    return "".join(f"# {line.comment}\n{line.text}\n" if line.comment else f"{line.text}\n" for line in found)


def test_both_builders_tell_the_same() -> None:
    old, new = lines(*LEGACY), lines(*BUILDKIT)
    assert [line.text for line in old[2:]] == WRITTEN
    assert [line.text for line in new[2:]] == WRITTEN
    assert [line.comment for line in old[2:]] == [line.comment for line in new[2:]]
    assert old[7].comment == "with build arguments MODE, TOKEN"
    # Of what it copied the legacy builder keeps the digest only.
    assert old[1].text.startswith("ADD file:") and new[1].text == "ADD rootfs.tar /"
    assert old[1].comment == "the names of the copied files are not recorded"


@pytest.mark.parametrize("recorded", [LEGACY, BUILDKIT])
def test_the_whole_is_a_dockerfile(recorded: list[str]) -> None:
    document = parse(whole(lines(*recorded)))
    assert document.error is None
    assert len(document.instructions) == len(recorded) + 1


def test_layers_and_entries() -> None:
    config = history("ADD rootfs.tar / # buildkit", "ENV A=b", "RUN /bin/sh -c make # buildkit")
    config["rootfs"] = {"diff_ids": ["sha256:a", "sha256:b"]}
    found = reconstruct(config)
    assert [(line.history_index, line.layer_index) for line in found] == [(None, None), (0, 0), (1, None), (2, 1)]


@pytest.mark.parametrize(
    ("created_by", "text", "comment"),
    [
        ("RUN /bin/sh -c a\nb\n # buildkit", "RUN <<EOF\na\nb\nEOF", ""),
        ("RUN /bin/sh -c cat <<X > /y\nEOF\nX # buildkit", "RUN cat <<X > /y\nEOF\nX", ""),
        ("RUN /bin/sh -c a\nEOF\n # buildkit", "RUN <<EOF1\na\nEOF\nEOF1", ""),
        ("RUN /bin/sh -c --mount=x # buildkit", "RUN <<EOF\n--mount=x\nEOF", ""),
        ('RUN /bin/sh -c ["x"] # buildkit', 'RUN <<EOF\n["x"]\nEOF', ""),
        ("RUN /bin/bash -o pipefail -c make # buildkit", "RUN make", "run by /bin/bash -o pipefail -c"),
        ("RUN make all # buildkit", "RUN make all", "recorded without a shell, so it was the exec form"),
        ("/bin/sh -c #(nop) COPY --chown=0file:0123456789ab in /a b ", 'COPY --chown=0 ["file:0123456789ab", "/a b"]',
         "the names of the copied files are not recorded"),
        ("HEALTHCHECK {Test:[NONE] Interval:0s}", "HEALTHCHECK NONE", ""),
        ('HEALTHCHECK &{["CMD" "a" "b c"] "0s" "0s" "0s" \'\\x00\'}', 'HEALTHCHECK CMD ["a", "b c"]', ""),
        ("USER $x", "USER \\$x", ""),
        ("ENV A=x\ny", "", "cannot be written as an instruction: ENV A=x y"),
        ("sh -c make", "", "not made by an instruction: sh -c make"),
        ("ONBUILD RUN make", "ONBUILD RUN make", ""),
    ],
)  # fmt: skip
def test_instructions(created_by: str, text: str, comment: str) -> None:
    line = one(created_by)
    assert (line.text, line.comment) == (text, comment)
    assert parse(f"FROM scratch\n{text}\n").error is None


def test_what_is_known_of_the_base() -> None:
    config: dict[str, object] = {
        "history": [
            entry("", comment="Imported from -"),
            entry('CMD ["sh"]', empty=True),
            entry("/bin/sh -c make", comment="FROM registry.example/base:1"),
            entry('CMD ["serve"]', empty=True),
            entry("", comment="merge sha256:ab to sha256:cd"),
        ]
    }
    found = reconstruct(config)
    assert [line.comment for line in found] == [
        "the history does not say where a base image begins; the builder noted the base image registry.example/base:1",
        "Imported from -",
        "a base image may end here",
        "",
        "",
        "merge sha256:ab to sha256:cd",
    ]


def test_layers_that_several_lines_share() -> None:
    config: dict[str, object] = {
        "rootfs": {"diff_ids": ["sha256:a"]},
        "history": [
            entry("/bin/sh -c #(nop) COPY file:0123456789ab in /x ", empty=True),
            entry('/bin/sh -c #(nop) CMD ["sh"]'),
        ],
    }
    assert reconstruct(config)[-1] == Line(1, 'CMD ["sh"]', 0, "this layer holds what lines before it did")


def test_without_a_history_there_is_nothing() -> None:
    assert reconstruct({}) == []
    assert reconstruct({"history": "x", "rootfs": []}) == []


def test_a_line_that_no_builder_takes() -> None:
    line = one("RUN /bin/sh -c " + "x" * 70_000)
    assert line.text == ""
    assert line.comment.startswith("cannot be written")


@given(st.sampled_from("RUN ENV LABEL ARG COPY CMD HEALTHCHECK EXPOSE VOLUME WORKDIR USER SHELL".split()),
       st.text(alphabet="aA=1 \"'\\$[]{}<#,\n\t|/-&", max_size=40), st.sampled_from(["", " # buildkit"]))  # fmt: skip
def test_whatever_is_recorded_gives_a_dockerfile(keyword: str, body: str, ending: str) -> None:
    document = parse(whole(lines(f"{keyword} {body}{ending}")))
    assert document.error is None
    assert len(document.instructions) <= 2


@given(st.text(alphabet="ab \"'\\$=<#&|;>/", min_size=1, max_size=40))
def test_a_command_comes_back_as_it_was(command: str) -> None:
    line = one(f"RUN /bin/sh -c {command} # buildkit")
    if line.text:
        run = parse(f"FROM scratch\n{line.text}\n").instructions[1]
        said = run.heredocs[0].content.rstrip("\n") if line.text.startswith("RUN <<EOF\n") else run.body.text
        assert said == command.strip()
