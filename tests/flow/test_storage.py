"""Options and variables lead a tool to another file than its usual one."""

from __future__ import annotations

import pytest

from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse
from tests.fixes.fixing import fixed

SET = "set //r.example/:_authToken=$N_TOKEN"
URL = 'url."https://$N_TOKEN@h.example/".insteadOf https://h.example/'


@pytest.mark.parametrize(
    ("before", "command", "path"),
    [
        ("", f"npm config {SET}", "/root/.npmrc"),
        ("", f"npm config {SET} -g", "/usr/local/etc/npmrc"),
        ("", f"npm config --location global {SET}", "/usr/local/etc/npmrc"),
        ("", f"npm config --location=project {SET}", "/app/.npmrc"),
        ("", f"npm --userconfig /x/rc config {SET}", "/x/rc"),
        ("", f"npm config --userconfig=/x/rc {SET}", "/x/rc"),
        ("ENV NPM_CONFIG_USERCONFIG=/etc/npmrc\n", f"npm config {SET}", "/etc/npmrc"),
        ("", f"export NPM_CONFIG_USERCONFIG=/etc/npmrc; npm config {SET}", "/etc/npmrc"),
        ("", f"git config --global {URL}", "/root/.gitconfig"),
        ("", f"git config --system {URL}", "/etc/gitconfig"),
        ("", f"git config -f /x {URL}", "/x"),
        ("", f"git config {URL}", "/app/.git/config"),
        ("ENV GIT_CONFIG_GLOBAL=/g\n", f"git config --global {URL}", "/g"),
        ("", "docker --config /d login -u a -p $N_TOKEN h.example", "/d/config.json"),
        ("ENV DOCKER_CONFIG=/d/\n", "docker login -u a -p $N_TOKEN h.example", "/d/config.json"),
        ("", "pip config --site set global.index-url https://u:$N_TOKEN@h.example/", "/usr/local/pip.conf"),
        (
            "ENV XDG_CONFIG_HOME=/c\n",
            "pip config set global.index-url https://u:$N_TOKEN@h.example/",
            "/c/pip/pip.conf",
        ),
    ],
)
def test_where_it_is_kept(before: str, command: str, path: str) -> None:
    build = follow(parse(f"FROM node:20\nARG N_TOKEN\n{before}WORKDIR /app\nRUN {command}\n"), "Dockerfile")
    assert [file.path for file in build.facts.files if file.how == "stored"] == [path]


@pytest.mark.parametrize(
    ("before", "command"),
    [
        ("ENV NPM_CONFIG_USERCONFIG=/etc/npmrc\n", f"npm config {SET}"),
        ("", f"npm config -g {SET}"),
        ("", f"git config --system {URL}"),
    ],
)
def test_another_place_than_the_usual_one_is_a_guess(before: str, command: str) -> None:
    text = f"FROM node:20\nARG N_TOKEN\n{before}RUN {command}\nRUN npm ci\n"
    done = fixed(text)
    assert done.text == text
    assert any("being where the tool keeps it" in why for why in done.left.values()), done.left
