"""Files whose content an instruction writes itself, and build secrets that are copied out of their mount."""

from __future__ import annotations

import pytest

from auditor.fixes.plan import BuildSecret
from tests.fixes.fixing import fixed

NETRC = "machine git.example login ci password " + "zbV9QsLBHXKhgc1Q" + "xygJofAP"
GIVEN = "RUN --mount=type=secret,id=npmrc"
MOUNT = f"{GIVEN},target=/root/.netrc,required=true".replace("npmrc", "netrc")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f"FROM golang\nCOPY <<EOF /root/.netrc\n{NETRC}\nEOF\nRUN go mod download\n",
            f"FROM golang\n{MOUNT} \\\n    go mod download\n",
            id="heredoc of COPY",
        ),
        pytest.param(
            f"FROM golang\nRUN <<EOF\nset -e\ncat > /root/.netrc <<X\n{NETRC}\nX\nchmod 600 /root/.netrc\n"
            "go mod download\nEOF\n",
            f"FROM golang\n{MOUNT} <<EOF\nset -e\n:\ngo mod download\nEOF\n",
            id="heredoc inside a RUN",
        ),
        pytest.param(
            f"FROM node\n{GIVEN} cp /run/secrets/npmrc /root/.npmrc && npm ci\n",
            f"FROM node\n{GIVEN} \\\n    trap 'rm -f /root/.npmrc' EXIT; \\\n"
            "    cp /run/secrets/npmrc /root/.npmrc && npm ci\n",
            id="copied out and used",
        ),
        pytest.param(
            f"FROM node\n{GIVEN} cp /run/secrets/npmrc /root/.npmrc\nRUN npm ci\n",
            f"FROM node\n{GIVEN} \\\n    trap 'rm -f /root/.npmrc' EXIT; \\\n"
            "    cp /run/secrets/npmrc /root/.npmrc || exit 1; \\\n    npm ci\n",
            id="copied out for a later RUN",
        ),
        pytest.param(
            "FROM debian\nRUN --mount=type=secret,id=key cp /run/secrets/key /root/.ssh/id_rsa && "
            "chmod 600 /root/.ssh/id_rsa && git clone git@git.example:a/b.git\n",
            "FROM debian\nRUN --mount=type=secret,id=key \\\n    trap 'rm -f /root/.ssh/id_rsa' EXIT; \\\n"
            "    cp /run/secrets/key /root/.ssh/id_rsa && "
            "chmod 600 /root/.ssh/id_rsa && git clone git@git.example:a/b.git\n",
            id="the mode of a key stays",
        ),
    ],
)
def test_safe(before: str, after: str) -> None:
    assert fixed(before).text == after
    assert fixed(after).text == after


def test_what_the_build_has_to_be_given() -> None:
    result = fixed(f"FROM golang\nCOPY <<EOF /root/.netrc\n{NETRC}\nEOF\nRUN go mod download\n")
    assert result.secrets == [BuildSecret("netrc", "file")]
    assert any("a new credential" in note for note in result.rewrite.notes)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param(
            "FROM node\nCOPY <<EOF /app/.env\nDB_PASSWORD=Kestrel_27" + "_moss\nEOF\nCMD node app.js\n",
            "FROM node\nCMD node app.js\n",
            "read while the container runs",
            id="settings of the container",
        ),
        pytest.param(
            "FROM python\nRUN --mount=type=secret,id=db pip install x && cat /run/secrets/db > /srv/db.txt\n",
            "FROM python\nRUN --mount=type=secret,id=db pip install x\n",
            "no RUN reads it",
            id="copied out for the container",
        ),
    ],
)
def test_unsafe(before: str, after: str, reason: str) -> None:
    alone = fixed(before)
    assert alone.text == before
    assert any(reason in why for why in alone.left.values())
    assert fixed(before, unsafe=True).text == after


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            f"FROM golang\nCOPY <<A <<B /root/\n{NETRC}\nA\n{NETRC}\nB\nRUN go mod download\n",
            "several",
            id="two files",
        ),
        pytest.param(f"FROM golang\nONBUILD COPY <<EOF /root/.netrc\n{NETRC}\nEOF\n", "ONBUILD", id="trigger"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    result = fixed(text, unsafe=True)
    assert result.text == text
    assert any(reason in why for why in result.left.values())
