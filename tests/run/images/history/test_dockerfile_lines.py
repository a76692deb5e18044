"""From history entries to the lines of the Dockerfile at hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.run.images.history.dockerfile_lines import dockerfile_lines
from auditor.run.images.history.entries import read
from tests.run.images.configs import history

DOCKERFILE = """\
ARG BASE=base:1
FROM other AS unused
RUN echo unused
FROM $BASE AS mid
MAINTAINER someone <a@b.example>
ARG TOKEN
ARG MODE="a b"
ENV A=1 B="x y" C='q$r'
ENV PATH=$PATH:/opt/bin
LABEL "com.example.x"="hello world" b=2
WORKDIR /app
COPY one.txt two.txt ./sub/
RUN echo "$TOKEN" && \\
    # a comment
    echo "a  b" > /x
ONBUILD RUN echo trigger
FROM mid
ARG MODE
WORKDIR rel
ADD one.txt .
COPY --chown=0:0 ["two.txt", "/with blank/"]
COPY ${MODE}.txt /etc/${MODE}/
EXPOSE 80 443/udp
VOLUME ["/data", "/b"]
SHELL ["/bin/sh", "-e", "-c"]
RUN <<EOT
make
make install
EOT
RUN ["/bin/sh", "-c", "echo exec"]
RUN cat <<X > /y
body
X
HEALTHCHECK --interval=30s CMD wget -q http://localhost/ || exit 1
USER app
STOPSIGNAL SIGTERM
ENTRYPOINT ["/bin/sh", "-c", "echo \\"q\\" $1"]
CMD echo hi "there"
"""
DIGEST = "0123456789abcdef"
PRINTED = '&{["CMD-SHELL" "wget -q http://localhost/ || exit 1"] "30s" "0s" "0s" \'\\x00\'}'
BASE = ["ADD rootfs.tar / # buildkit", 'CMD ["sh"]', "WORKDIR /app"]
LEGACY = [
    ("/bin/sh -c #(nop)  MAINTAINER someone <a@b.example>", 5),
    ("/bin/sh -c #(nop)  ARG TOKEN", 6),
    ("/bin/sh -c #(nop)  ARG MODE=a b", 7),
    ("/bin/sh -c #(nop)  ENV A=1 B=x y C=q$r", 8),
    ("/bin/sh -c #(nop)  ENV PATH=/bin:/opt/bin", 9),
    ("/bin/sh -c #(nop)  LABEL com.example.x=hello world b=2", 10),
    ("/bin/sh -c #(nop) WORKDIR /app", 11),
    (f"/bin/sh -c #(nop) COPY multi:{DIGEST} in ./sub/ ", 12),
    ('|2 MODE=m 1 TOKEN=t k=v /bin/sh -c echo "$TOKEN" &&     echo "a  b" > /x', 13),
    ("/bin/sh -c #(nop)  ONBUILD RUN echo trigger", 16),
    ("/bin/sh -c echo trigger", 16),
    ("/bin/sh -c #(nop)  ARG MODE", 18),
    ("/bin/sh -c #(nop) WORKDIR /app/rel", 19),
    (f"/bin/sh -c #(nop) ADD file:{DIGEST} in . ", 20),
    (f"/bin/sh -c #(nop) COPY --chown=0:0file:{DIGEST} in /with blank/ ", 21),
    (f"/bin/sh -c #(nop) COPY file:{DIGEST} in /etc/m 1/ ", 22),
    ("/bin/sh -c #(nop)  EXPOSE 443/udp 80", 23),
    ("/bin/sh -c #(nop)  VOLUME [/data /b]", 24),
    ("/bin/sh -e -c #(nop)  SHELL [/bin/sh -e -c]", 25),
    ("|1 MODE=m 1 /bin/sh -c echo exec", 30),
    (f"/bin/sh -c #(nop)  HEALTHCHECK {PRINTED}", 34),
    ("/bin/sh -c #(nop)  USER app", 35),
    ("/bin/sh -c #(nop)  STOPSIGNAL SIGTERM", 36),
    ('/bin/sh -c #(nop)  ENTRYPOINT ["/bin/sh" "-c" "echo \\"q\\" $1"]', 37),
    ('/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "echo hi \\"there\\""]', 38),
]  # fmt: skip
BUILDKIT = [
    ("MAINTAINER someone <a@b.example>", 5),
    ("ARG TOKEN=t k=v", 6),
    ("ARG MODE=m 1", 7),
    ("ENV A=1 B=x y C=q$r", 8),
    ("ENV PATH=/bin:/opt/bin", 9),
    ("LABEL com.example.x=hello world b=2", 10),
    ("WORKDIR /app", 11),
    ("COPY one.txt two.txt ./sub/ # buildkit", 12),
    ('RUN |2 TOKEN=t k=v MODE=m 1 /bin/sh -c echo "$TOKEN" &&     echo "a  b" > /x # buildkit', 13),
    ("RUN /bin/sh -c echo trigger # buildkit", 16),
    ("ARG MODE=m 1", 18),
    ("WORKDIR /app/rel", 19),
    ("ADD one.txt . # buildkit", 20),
    ("COPY --chown=0:0 two.txt /with blank/ # buildkit", 21),
    ("COPY m 1.txt /etc/m 1/ # buildkit", 22),
    ("EXPOSE map[443/udp:{} 80/tcp:{}]", 23),
    ("VOLUME [/data /b]", 24),
    ("SHELL [/bin/sh -e -c]", 25),
    ("RUN |1 MODE=m 1 /bin/sh -e -c make\nmake install\n # buildkit", 26),
    ("RUN |1 MODE=m 1 /bin/sh -c echo exec # buildkit", 30),
    ("RUN |1 MODE=m 1 /bin/sh -e -c cat <<X > /y\nbody\nX # buildkit", 31),
    ("HEALTHCHECK {Test:[CMD-SHELL wget -q http://localhost/ || exit 1] Interval:30s Timeout:0s Retries:0}", 34),
    ("USER app", 35),
    ("STOPSIGNAL SIGTERM", 36),
    ('ENTRYPOINT ["/bin/sh" "-c" "echo \\"q\\" $1"]', 37),
    ('CMD ["/bin/sh" "-c" "echo hi \\"there\\""]', 38),
]


def found(text: str, *created_by: str, target: str | None = None) -> dict[int, int]:
    return dockerfile_lines(text, read(history(*created_by)), target)


def test_legacy() -> None:
    lines = found(DOCKERFILE, *BASE, *(created_by for created_by, _ in LEGACY))
    assert lines == {number: line for number, (_, line) in enumerate(LEGACY, len(BASE))}


def test_buildkit() -> None:
    lines = found(DOCKERFILE, *BASE, *(created_by for created_by, _ in BUILDKIT))
    assert lines == {number: line for number, (_, line) in enumerate(BUILDKIT, len(BASE))}


def test_another_stage() -> None:
    lines = found(DOCKERFILE, "RUN /bin/sh -c echo unused # buildkit", target="unused")
    assert lines == {0: 3}


def test_of_two_equal_entries_the_later_one_is_meant() -> None:
    text = 'FROM base\nRUN make\nCMD ["sh"]\n'
    run, command = "RUN /bin/sh -c make # buildkit", 'CMD ["sh"]'
    assert found(text, run, command, run, command) == {2: 2, 3: 3}


def test_the_dockerfile_of_something_else() -> None:
    text = 'FROM base\nWORKDIR /app\nRUN one\nRUN two\nRUN three\nCMD ["sh"]\n'
    assert found(text, "WORKDIR /app", "RUN /bin/sh -c other # buildkit", 'CMD ["sh"]') == {}


def test_what_was_changed_since_is_left_out() -> None:
    text = 'FROM base\nRUN one\nRUN two --more\nRUN three\nCMD ["sh"]\n'
    runs = [f"RUN /bin/sh -c {name} # buildkit" for name in ("one", "two", "three")]
    assert found(text, *runs, 'CMD ["sh"]') == {0: 2, 2: 4, 3: 5}


def test_a_commit_on_top() -> None:
    assert found("FROM base\nRUN one\n", "RUN /bin/sh -c one # buildkit", "sh -c two") == {0: 2}


def test_another_escape() -> None:
    text = "# escape=`\nFROM base\nWORKDIR C:\\app\nCOPY a C:\\app\\a\nRUN mkdir C:\\data\n"
    recorded = ("WORKDIR C:\\app", "COPY a C:\\app\\a # buildkit", "RUN cmd /S /C mkdir C:\\data # buildkit")
    assert found(text, *recorded) == {0: 3, 1: 4, 2: 5}


def test_no_dockerfile_and_no_history() -> None:
    assert found("", "RUN /bin/sh -c one # buildkit") == {}
    assert found("FROM base\n", "RUN /bin/sh -c one # buildkit") == {}
    assert found("FROM base\nRUN one\n") == {}


def test_stages_that_build_on_each_other() -> None:
    assert found("FROM a AS a\nFROM a AS a\nRUN one\n", "RUN /bin/sh -c one # buildkit") == {0: 3}


@given(
    st.text(alphabet="FROMUNCPYDE ab$[]\"'\\\n<=/", max_size=60),
    st.lists(st.sampled_from([c for c, _ in BUILDKIT]), max_size=6),
)
def test_any_text(text: str, created_by: list[str]) -> None:
    lines = found(f"FROM base\n{text}", *created_by)
    assert all(0 <= number < len(created_by) and line > 0 for number, line in lines.items())
