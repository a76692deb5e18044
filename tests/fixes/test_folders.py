"""Folders that a COPY made, and that stay when the file that it brought goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixes.fixing import fixed

if TYPE_CHECKING:
    pass

TOKEN = "//npm.registry.example/:_auth" + "Token=" + "npm_" + "Zk81LqW0xTr5VnB3yHs7" * 2 + "\n"


def mounted(id_: str, target: str, more: str = ",required=true") -> str:
    """A RUN with the secret at its place, up to its command."""
    return f"RUN --mount=type=secret,id={id_},target={target}{more} \\\n    "


NPM = mounted("npmrc", "/app/.npmrc")
HEAD = "FROM node:22\nWORKDIR /app\n"
PUT = HEAD + "COPY .npmrc ./\n"

HOME = "/home/ci/.config/tool"
USER = "FROM debian\nRUN useradd -m ci\nUSER ci\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f"{USER}COPY --chown=ci .netrc {HOME}/.netrc\nRUN git fetch\n",
            f"{USER}RUN mkdir -p {HOME}\n"
            + mounted("netrc", f"{HOME}/.netrc", ",mode=0444,required=true")
            + "git fetch\n",
            id="the folder is the user's",
        ),
        pytest.param(
            f"{USER}COPY .netrc {HOME}/.netrc\nRUN git fetch\n",
            USER + mounted("netrc", f"{HOME}/.netrc", ",mode=0444,required=true") + "git fetch\n",
            id="the folder is root's",
        ),
        pytest.param(
            f"{USER}COPY --chown=ci .netrc /home/ci/.netrc\nRUN git fetch\n",
            USER + mounted("netrc", "/home/ci/.netrc", ",mode=0444,required=true") + "git fetch\n",
            id="the home is there",
        ),
    ],
)
def test_folder_that_the_copy_made(before: str, after: str) -> None:
    assert fixed(before).text == after


@pytest.mark.parametrize(
    ("user", "copy", "made"),
    [
        pytest.param(
            "ci",
            f"--chown=ci .netrc {HOME}/",
            f"""\
USER 0:0
RUN for d in /home/ci /home/ci/.config {HOME}; do [ -d "$d" ] || {{ mkdir "$d" && chown ci: "$d"; }} || exit 1; done
USER ci
""",
            id="a user's own",
        ),
        pytest.param(
            "1000:50",
            "--chown=1000 .netrc /data/x/",
            """\
USER 0:0
RUN for d in /data /data/x; do [ -d "$d" ] || { mkdir "$d" && chown 1000:1000 "$d"; } || exit 1; done
USER 1000:50
""",
            id="a number's",
        ),
        pytest.param(
            "root",
            "--chown=ci:staff .netrc /home/ci/",
            "RUN [ -d /home/ci ] || { mkdir /home/ci && chown ci:staff /home/ci; }\n",
            id="made by root",
        ),
    ],
)
def test_root_makes_what_the_copy_made(user: str, copy: str, made: str) -> None:
    text = f"FROM debian\nUSER {user}\nCOPY {copy}\nRUN tool {copy.rpartition(' ')[2]}.netrc && git fetch\n"
    alone = fixed(text).text
    assert alone.startswith(f"FROM debian\nUSER {user}\n{made}RUN --mount=type=secret,id=netrc,target=")
    assert fixed(alone).text == alone


def test_a_folder_whose_owner_cannot_be_told() -> None:
    text = f"FROM debian AS a\nARG U\nUSER $U\nFROM a\nCOPY --chown=ci .netrc {HOME}/.netrc\nRUN git fetch\n"
    alone = fixed(text)
    assert alone.text == text
    assert any(f"nothing but the COPY makes {HOME} for ci" in why for why in alone.left.values())
    assert "COPY" not in fixed(text, unsafe=True).text
