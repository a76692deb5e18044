"""A RUN that is given a secret is not traced; all else that `set` does stays."""

from __future__ import annotations

import pytest

from auditor.core.edit import apply_edits
from auditor.fixes import tracing
from auditor.fixes.compose import compose
from auditor.fixes.plan import Refused
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse


@pytest.mark.parametrize(
    ("script", "after"),
    [
        ("set -x; a", "set +x; a"),
        ("set -o xtrace; a", "set +o xtrace; a"),
        ("set -exo pipefail; a", "set -eo pipefail; a"),
        ("sh -c 'set -ex; a'", "sh -c 'set -e; a'"),
        ("set -ex; set -- -xz -x; a", "set -e; set -- -xz -x; a"),
        ("set -e -x; a", "set -e +x; a"),
        ("set -o errexit -o xtrace; a", "set -o errexit +o xtrace; a"),
        ("set -e a -x; a", "set -e a -x; a"),
        ("set - -x; a", "set - -x; a"),
        ("set +x; a", "set +x; a"),
    ],
)
def test_what_is_given_a_secret_is_not_traced(script: str, after: str) -> None:
    document = parse(f"FROM debian\nRUN {script}\n")
    build = follow(document, "Dockerfile")
    edits = compose(document, tracing.silenced(build, build.facts.runs[0]))
    assert apply_edits(document.text, edits) == f"FROM debian\nRUN {after}\n"


@pytest.mark.parametrize(
    "text",
    [
        "RUN set -eo xtrace; a",
        "RUN set -'x'; a",
        "RUN bash -x a",
        "RUN <<E\n#!/bin/sh -ex\na\nE",
        'SHELL ["/bin/sh", "-xc"]\nRUN a',
    ],
)
def test_a_trace_that_cannot_be_taken_out(text: str) -> None:
    build = follow(parse(f"FROM debian\n{text}\n"), "Dockerfile")
    with pytest.raises(Refused, match="build log"):
        tracing.silenced(build, build.facts.runs[0])
