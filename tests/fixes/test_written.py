"""Files that a RUN leaves in its layer: what writes them moves into the RUNs that read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.fixing import fixed

MOUNT = "RUN --mount=type=secret,id=npm_token,required=true \\\n"
EXPORT = '    export NPM_TOKEN="$(cat /run/secrets/npm_token)"; \\\n'
REMOVED = "    trap 'rm -f /root/.npmrc' EXIT; \\\n"
PUT_BACK = (
    "    trap 'rm -f /root/.npmrc; mv /root/.npmrc.before /root/.npmrc 2>/dev/null || true' EXIT; \\\n"
    "    cp -p /root/.npmrc /root/.npmrc.before 2>/dev/null || true; \\\n"
)
ECHO = 'echo "//npm.example/:_authToken=$NPM_TOKEN" > /root/.npmrc'
SET = "npm config set //npm.example/:_authToken=$NPM_TOKEN"


@pytest.mark.parametrize(
    ("runs", "after"),
    [
        pytest.param(
            [f"RUN {ECHO} && npm ci"],
            f"{MOUNT}{EXPORT}{REMOVED}    {ECHO} && npm ci\n",
            id="written and read by one RUN",
        ),
        pytest.param(
            [f"RUN {ECHO}", "RUN npm ci", "RUN rm /root/.npmrc"],
            f"{MOUNT}{EXPORT}{REMOVED}    {ECHO} || exit 1; \\\n    npm ci\n",
            id="removed too late",
        ),
        pytest.param(
            [f"RUN {ECHO} && npm ci && rm /root/.npmrc"],
            f"{MOUNT}{EXPORT}    {ECHO} && npm ci && rm /root/.npmrc\n",
            id="removed in time",
        ),
        pytest.param(
            [f"RUN {SET}", "RUN npm ci"],
            f"{MOUNT}{EXPORT}{PUT_BACK}    {SET} || exit 1; \\\n    npm ci\n",
            id="a tool's settings",
        ),
        pytest.param(
            [f"RUN {SET} || true", "RUN npm ci"],
            f"{MOUNT}{EXPORT}{PUT_BACK}    {SET} || true; \\\n    npm ci\n",
            id="it may fail",
        ),
        pytest.param(
            [f"RUN {SET}", "RUN npm ci && npm config delete //npm.example/:_authToken"],
            f"{MOUNT}{EXPORT}{PUT_BACK}    {SET} || exit 1; \\\n    npm ci\n",
            id="what undoes it goes",
        ),
        pytest.param(
            [f"RUN {SET} && npm i -g x", "WORKDIR /w", "RUN npm ci"],
            f"{MOUNT}{EXPORT}{PUT_BACK}    {SET} && npm i -g x\nWORKDIR /w\n"
            f"{MOUNT}{EXPORT}{PUT_BACK}    {SET} || exit 1; \\\n    npm ci\n",
            id="every RUN that reads it gets the secret",
        ),
        pytest.param(
            [f"RUN trap 'echo bye' EXIT; {ECHO} && npm ci"],
            f"{MOUNT}{EXPORT}    trap 'rm -f /root/.npmrc; echo bye' EXIT; {ECHO} && npm ci\n",
            id="into the trap that is there",
        ),
    ],
)
def test_rewritten(runs: list[str], after: str) -> None:
    before = "\n".join(["FROM a", "ARG NPM_TOKEN", *runs, ""])
    result = fixed(before)
    assert result.text == f"FROM a\n{after}"
    assert fixed(result.text).text == result.text


def test_one_trap_for_two_files() -> None:
    result = fixed(
        f"FROM a\nARG NPM_TOKEN\nARG GH_TOKEN\nRUN {ECHO} && "
        "printf 'machine git.example login ci password %s' $GH_TOKEN > ~/.netrc && npm ci\n"
    )
    assert result.text.count("trap ") == 1
    assert "trap 'rm -f /root/.netrc; rm -f /root/.npmrc' EXIT" in result.text


@pytest.mark.parametrize("how", ['sed -i "s/TOKEN/$NPM_TOKEN/" .npmrc', 'echo "_authToken=$NPM_TOKEN" >> .npmrc'])
def test_what_was_in_the_file_is_put_back(how: str) -> None:
    text = fixed(f"FROM a\nWORKDIR /w\nCOPY . .\nARG NPM_TOKEN\nRUN {how} && npm ci\n").text
    assert "trap 'rm -f /w/.npmrc; mv /w/.npmrc.before /w/.npmrc 2>/dev/null || true' EXIT" in text
    assert "cp -p /w/.npmrc /w/.npmrc.before 2>/dev/null || true" in text


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        (['RUN echo "password=$NPM_TOKEN" > /etc/app.conf'], "for the container to read"),
        ([f"RUN trap cleanup EXIT; {ECHO} && npm ci"], "trap of its own"),
        ([f"RUN if true; then {ECHO}; fi", "RUN npm ci"], "cannot be taken apart"),
        ([f"RUN V=x; {ECHO.replace('npm.example', '$V')}", "RUN npm ci"], "a variable that the RUN itself makes"),
        ([f"RUN {ECHO}", 'RUN ["npm", "ci"]'], "not in shell form"),
        ([f"RUN {ECHO}", "USER node", "RUN npm ci"], "written by one user and read by another"),
    ],
)
def test_left_as_it_is(runs: list[str], reason: str) -> None:
    text = "\n".join(["FROM a", "ARG NPM_TOKEN", *runs, ""])
    result = fixed(text)
    assert result.text == text
    assert any(reason in why for why in result.left.values()), result.left


@pytest.mark.parametrize(
    ("first", "between", "reason"),
    [
        ('echo "//$HOST/:_authToken=$NPM_TOKEN" > /root/.npmrc', "ENV HOST=b.example", "HOST changes"),
        ('echo "//${HOST}/:_authToken=$NPM_TOKEN" > ~/.npmrc', "ARG HOST=b.example", "HOST changes"),
        (SET, "ENV HOME=/home/app", "home folder changes"),
        (f'npm() {{ other "$@"; }}; {SET}', "ENV A=b", "function"),
        (f"umask 077; {ECHO}", "ENV A=b", "mode"),
    ],
    ids=["environment", "argument", "home", "function", "umask"],
)
def test_what_stands_for_something_else_behind(first: str, between: str, reason: str) -> None:
    text = f"FROM node\nARG NPM_TOKEN\nARG HOST=a.example\nRUN {first}\n{between}\nRUN npm ci\n"
    found = fixed(text, unsafe=True)
    assert found.text == text
    assert any(reason in why for why in found.left.values()), found.left


def test_a_program_that_takes_the_place_of_the_shell() -> None:
    text = f"FROM node\nARG NPM_TOKEN\nRUN {ECHO}\nRUN exec npm ci\nRUN rm /root/.npmrc\n"
    assert fixed(text, unsafe=True).text == text


@pytest.mark.parametrize("is_secret", [False, True])
def test_a_file_that_was_there_before_is_removed_as_before(is_secret: bool, tmp_path: Path) -> None:
    """The `rm` takes away what COPY brought, too: that is there again when the RUN ends."""
    (tmp_path / ".npmrc").write_text(
        "//r.example/:_authToken=" + "Ab8fK3jd9s" + "Lq0xZc7vBn5mQw\n" if is_secret else "a=b\n"
    )
    text = f"FROM node\nARG NPM_TOKEN\nCOPY .npmrc /root/.npmrc\nRUN {ECHO.replace('>', '>>')}\nRUN npm ci\n"
    found = fixed(f"{text}RUN rm /root/.npmrc\n", context=tmp_path)
    if is_secret:
        assert found.text == f"{text}RUN rm /root/.npmrc\n"
        assert any("copied into the image first" in why for why in found.left.values())
    else:
        assert "ARG" not in found.text and "mv /root/.npmrc.before" in found.text
        assert found.text.endswith("npm ci\nRUN rm /root/.npmrc\n")


@pytest.mark.parametrize("how", [SET, 'echo "//npm.example/:_authToken=$NPM_TOKEN" > ~/.npmrc'])
def test_the_home_of_a_user_is_the_images_to_know(how: str) -> None:
    text = fixed(f"FROM a\nUSER app\nARG NPM_TOKEN\nRUN {how} && npm ci\n").text
    assert 'rm -f "$HOME/.npmrc"' in text
    assert "/home/app" not in text


def test_another_shell_is_no_place_for_the_command() -> None:
    text = f'FROM a\nARG NPM_TOKEN\nRUN {SET}\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN npm ci\n'
    result = fixed(text)
    assert result.text == text
    assert any("by one shell and read by another" in why for why in result.left.values())
