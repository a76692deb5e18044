"""Kinds of rewrites that are told by the image alone, proven on a real engine: same files, owners and modes."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.images.test_fix_proving import PROVE, Capture
from tests.images.test_fix_proving import project as project
from tests.images.workshop import Workshop
from tests.realparts import DOCKER

pytestmark = DOCKER
TOKEN = "//h.example/:_authToken=" + "tk6RvN3xZm" + "8LqK5sWd1\n"
PROGRAMS = "RUN for name in chown wc ls; do ln -s busybox /bin/$name; done\n"

#: Dockerfile, and what has to be in it afterwards.
KINDS = {
    "a folder that a COPY made for its owner": (
        "USER 1000:50\n"
        "COPY --chown=1000:50 .npmrc /data/x/.npmrc\n"
        "RUN [ -s /data/x/.npmrc ] && wc -c < /data/x/.npmrc && rm /data/x/.npmrc && echo done > /data/x/done\n",
        "mkdir \"$d\" && chown 1000:50 \"$d\"",
    ),
    "a copy that several commands of one RUN concern": (
        "WORKDIR /app\nCOPY .npmrc ./\n"
        "RUN chmod 600 .npmrc; wc -c < .npmrc > sum && rm -f .npmrc\n",
        "target=/app/.npmrc",
    ),
    "an exec form without a shell": (
        "ARG NPM_TOKEN\nCOPY it /bin/npm\nRUN [\"npm\", \"ci\", \"a  'b\\\"\"]\n",
        '"/bin/sh", "-c"',
    ),
    "another escape, comments inside": (
        "ARG NPM_TOKEN\nENV A=1 `\n    B=2\n"
        "RUN test -n \"$NPM_TOKEN\" && `\n    # then\n    echo $A `\n\n    $B > /sum\n",
        "export NPM_TOKEN=",
    ),
    "a file of one RUN that others use": (
        "ARG NPM_TOKEN\nWORKDIR /app\n"
        "RUN echo \"//h.example/:_authToken=${NPM_TOKEN}\" > .npmrc\n"
        "WORKDIR /app/sub\nRUN test -s ../.npmrc && echo done > done\nRUN rm ../.npmrc\n",
        "export NPM_TOKEN=",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_image_stays_what_it_was(kind: str, project: Path, workshop: Workshop, capfd: Capture) -> None:
    steps, after = KINDS[kind]
    head = "# escape=`\n" if "`" in steps else ""
    (project / "Dockerfile").write_text(f"{head}FROM {workshop.base}\n{PROGRAMS}{steps}")
    (project / "it").write_text('#!/bin/sh\ntest -n "$NPM_TOKEN" && echo "$#$*" > /out\n')
    (project / "it").chmod(0o755)
    (project / ".npmrc").write_text(TOKEN)
    (project / "build.sh").write_text("#!/bin/sh\ndocker build -t app .\n")
    code = main(["fix", ".", *PROVE, "--build-arg", "NPM_TOKEN=" + "tk7QmW2kL9xZ"])
    out, err = capfd.readouterr()
    assert code == 0, out + err
    text = (project / "Dockerfile").read_text()
    assert after in text and "--mount=type=secret" in text
