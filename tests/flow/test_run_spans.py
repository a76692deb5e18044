"""Every literal secret in a RUN points at its own text in the file, however many layers of quoting lie between."""

from __future__ import annotations

import pytest

from auditor.core.span import Span
from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse

V = "hunter2Zq8vT1x"
SET = f"export DB_PASSWORD={V}"


def literals(build: Build) -> set[tuple[str, Span]]:
    """Value and place of every literal secret of the build."""
    facts = build.facts
    found = [v.literal for v in facts.variables] + [u.literal for u in facts.uses]
    found += [literal for file in facts.files for literal in file.literals]
    return {(one.secret.reveal(), one.span) for one in found if one is not None and one.level == "secret"}


def followed(text: str) -> Build:
    return follow(parse(text), "Dockerfile")


@pytest.mark.parametrize(
    "step",
    [
        f"RUN {SET}",
        f"RUN DB_PASSWORD={V} a",
        f"RUN a --password {V}",
        f"RUN a --password={V}",
        f"RUN mysql -p{V}",
        f"RUN a && {SET} && b",
        f"RUN export DB_PASSWORD='{V}'",
        f'RUN export DB_PASSWORD="{V}"',
        f"RUN a \\\n  && {SET}",
        f"RUN a \\\n# DB_PASSWORD\n\n  # é\n  && {SET} \\\n  && b",
        f"RUN é='ü' && \U0001f600 \"ñ\" && {SET}",
        f"RUN a \\\r\n # c\r\n && {SET}\r\nRUN b\r\n",
        f"RUN <<E\na\n{SET}\nE\n",
        f"RUN <<'E'\né\n{SET}\nE\n",
        f"RUN <<-E\n\ta\n\t\t{SET}\n\tE\n",
        f"RUN <<E\r\na\r\n{SET}\r\nE\r\n",
        f"RUN <<A <<B\na\nA\n{SET}\nB\n",
        f"RUN <<E\n#!/bin/bash -e\n{SET}\nE\n",
        f"RUN a <<E && DB_PASSWORD={V} b\nx\nE\n",
        f"RUN cat <<E > /x\né DB_PASSWORD={V}\nE\n",
        f"RUN echo é DB_PASSWORD={V} > /x",
        f"RUN sh -c '{SET}'",
        f'RUN sh -c "{SET}"',
        f"RUN bash -o pipefail -lc '{SET}'",
        f"RUN su u -c '{SET}'",
        f"RUN sudo -u u sh -ec '{SET}'",
        f'RUN eval "{SET}"',
        f"RUN eval é {SET}",
        f"RUN sh -c \"sh -c '{SET}'\"",
        f"RUN sh -c 'sh -c \"{SET}\"'",
        f"RUN a $(b; {SET})",
        f"RUN a \"$(sh -c '{SET}')\"",
        f"RUN if a; then for i in b; do {SET}; done; fi",
        f"RUN f() {{ {SET}; }}; f",
        f'RUN ["sh", "-c", "{SET}"]',
        f'RUN ["a", "--password", "{V}"]',
        f'RUN [ "a", \\\n "--password", \\\n "{V}" ]',
        f"ONBUILD RUN {SET}",
        f"ONBUILD RUN a \\\n# c\n && sh -c '{SET}'",
        f"ONBUILD RUN <<E\n{SET}\nE\n",
        f"RUN --mount=type=cache,target=/c --network=none {SET}",
        f"run\t{SET}",
        f"ENV DB_PASSWORD={V}",
        f"ARG é=1 DB_PASSWORD='{V}'",
        f"ENV DB_PASSWORD {V}",
        f"ENV A=b \\\n# c\n  DB_PASSWORD={V}",
        f"ONBUILD ENV DB_PASSWORD={V}",
        f"LABEL a.password={V}",
        f'CMD ["a", "--password", "{V}"]',
        f"ENTRYPOINT a --password {V}",
        f"HEALTHCHECK --interval=1s CMD curl --password {V} h",
        f"COPY <<E /root/.netrc\nmachine h login u password {V}\nE\n",
        f"COPY <<-E /root/.netrc\n\tmachine h login u password {V}\n\tE\n",
    ],
)
@pytest.mark.parametrize(
    "head", ["FROM a\n", "\ufeff# é\r\n\r\nFROM a\r\nRUN \U0001f600\r\n"], ids=["plain", "bom-crlf"]
)
def test_literal_stands_where_it_says(step: str, head: str) -> None:
    text = head + step
    at = text.index(V)
    assert literals(followed(text)) == {(V, Span(at, at + len(V)))}


def test_literal_split_by_a_continuation_covers_it() -> None:
    text = "FROM a\nRUN export DB_PASSWORD=hunter\\\n2Zq8vT1x && b"
    ((value, span),) = literals(followed(text))
    assert value == V
    assert text[slice(*span)] == "hunter\\\n2Zq8vT1x"


def test_literal_of_a_url_covers_the_user() -> None:
    text = f"FROM a\nRUN sh -c 'git clone https://é:{V}@h.example/x'"
    assert {(value, text[slice(*span)]) for value, span in literals(followed(text))} == {(V, f"é:{V}")}


@pytest.mark.parametrize(
    "step",
    [
        "RUN export DB_PASSWORD=$X",
        "RUN export DB_PASSWORD=$(cat /run/secrets/x)",
        "RUN export DB_PASSWORD=",
        "RUN export DB_PASSWORD DB_PASSWORD_FILE=/run/secrets/x",
        f"RUN export PLAIN={V}",
        f"RUN a --user {V}",
        f"RUN # {SET}",
        f"RUN a \\\n# {SET}\n && b",
        f"RUN <<E\n# {SET}\nE\n",
        f"# {SET}",
        "RUN [ \"$DB_PASSWORD\" = x ]",
        "RUN unset DB_PASSWORD",
        "RUN sh -c 'export DB_PASSWORD=$X'",
        "RUN sh -c",
        "RUN eval",
        "RUN []",
        "RUN",
        "RUN <<E\nE\n",
        "ENV DB_PASSWORD=$X",
        "ENV DB_PASSWORD=${X}",
        "ENV DB_PASSWORD=",
        "ENV DB_PASSWORD",
        "ARG DB_PASSWORD",
        f"ENV PLAIN={V}",
        f"LABEL plain={V}",
        f"COPY <<E /x\n{V}\nE\n",
    ],
)  # fmt: skip
def test_no_literal_secret(step: str) -> None:
    assert literals(followed("FROM a\n" + step)) == set()
