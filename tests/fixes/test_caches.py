"""Caches of package managers: mounted where no later step needs what is in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor.fixes import caches
from auditor.fixes.script import Acting, acting
from auditor.flow.facts import Run
from tests.fixes.fixing import fixed

HEAD = "FROM python:3.12\nARG PASSWORD\n"
INSTALL = "pip install -i https://ci:$PASSWORD@h.example/simple x"
CACHE = "--mount=type=cache,target=/root/.cache/pip"


def _text(rest: str, *, unsafe: bool = False) -> str:
    return fixed(f"{HEAD}RUN {INSTALL}\n{rest}", unsafe=unsafe, least="low").text


def test_a_cache_is_mounted_beside_a_secret() -> None:
    assert CACHE in _text("")


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("FROM node:22\nRUN npm ci\n", "--mount=type=cache,target=/root/.npm"),
        ("FROM debian:12\nRUN apt-get update\n", "--mount=type=cache,target=/var/lib/apt/lists,sharing=locked"),
    ],
)
def test_a_cache_is_mounted_where_it_was_asked_for(text: str, flag: str) -> None:
    assert fixed(text, least="low").text == text.replace("RUN ", f"RUN {flag} \\\n    ")
    assert fixed(text).text == text


@pytest.mark.parametrize(
    "rest",
    [
        "RUN ls /root/.cache/pip\n",
        "FROM debian\nCOPY --from=0 /root/.cache /c\n",
        "FROM debian\nCOPY --from=0 /root /c\n",
    ],
)
def test_a_cache_that_a_later_step_needs_stays(rest: str) -> None:
    assert CACHE not in _text(rest, unsafe=True)


def test_a_later_call_may_need_it() -> None:
    later = "RUN pip check\n"
    assert CACHE not in _text(later)
    assert CACHE in _text(later, unsafe=True)


@pytest.mark.parametrize(("user", "owner"), [("1000", ",uid=1000"), ("app", ",mode=0777")])
def test_the_users_cache_is_the_users(user: str, owner: str) -> None:
    done = fixed(f"FROM python:3.12\nARG PASSWORD\nENV HOME=/h\nUSER {user}\nRUN {INSTALL}\n", least="low")
    assert f"--mount=type=cache,target=/h/.cache/pip{owner}" in done.text


def test_a_later_run_is_read_once_for_all_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading it for each cache would take a minute for a file of a thousand RUNs."""
    read = []

    def counted(run: Run) -> Iterator[Acting]:
        read.append(run)
        return acting(run)

    monkeypatch.setattr(caches, "acting", counted)
    fixed(f"{HEAD}RUN {INSTALL}\n" + "RUN npm ci\n" * 40)
    assert 0 < len(read) < 10 * 41
