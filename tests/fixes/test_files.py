"""Credential files that COPY or ADD brings: what becomes of the COPY, which RUNs get the file, what stays as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.fixes.plan import BuildSecret
from tests.fixes.fixing import fixed

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "//npm.registry.example/:_auth" + "Token=" + "npm_" + "Zk81LqW0xTr5VnB3yHs7" * 2 + "\n"


def mounted(id_: str, target: str, more: str = ",required=true") -> str:
    """A RUN with the secret at its place, up to its command."""
    return f"RUN --mount=type=secret,id={id_},target={target}{more} \\\n    "


NPM = mounted("npmrc", "/app/.npmrc")
HEAD = "FROM node:22\nWORKDIR /app\n"
PUT = HEAD + "COPY .npmrc ./\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(PUT + "RUN npm ci && rm -f .npmrc\n", HEAD + NPM + "npm ci\n", id="removed in its RUN"),
        pytest.param(PUT + "RUN npm ci\nRUN rm .npmrc\n", HEAD + NPM + "npm ci\n", id="removed too late"),
        pytest.param(
            HEAD + "COPY package.json .npmrc ./\nRUN npm ci\n",
            HEAD + "COPY package.json ./\n" + NPM + "npm ci\n",
            id="one of several sources",
        ),
        pytest.param(
            HEAD + 'COPY [".npmrc", "package.json", "/app/"]\nRUN npm ci\n',
            HEAD + 'COPY ["package.json", "/app/"]\n' + NPM + "npm ci\n",
            id="JSON form",
        ),
        pytest.param(HEAD + "COPY .npmrc /app\nRUN npm ci\n", HEAD + NPM + "npm ci\n", id="folder without a slash"),
        pytest.param(
            PUT + "RUN apt-get update\nRUN npm ci\nRUN echo done\n",
            HEAD + "RUN apt-get update\n" + NPM + "npm ci\nRUN echo done\n",
            id="only the RUNs that may read it",
        ),
        pytest.param(
            PUT + 'RUN ["npm", "ci"]\nRUN ["rm", ".npmrc"]\n',
            HEAD + NPM.rstrip(" \\\n") + ' ["npm", "ci"]\n',
            id="exec form",
        ),
        pytest.param(
            PUT + "RUN <<EOF\nset -e\nnpm ci\nrm .npmrc\nEOF\n",
            HEAD + NPM.rstrip(" \\\n") + " <<EOF\nset -e\nnpm ci\nEOF\n",
            id="heredoc",
        ),
        pytest.param(
            "FROM node:22 AS base\nWORKDIR /app\nCOPY .npmrc ./\nFROM base AS test\nRUN npm ci\n"
            "FROM base\nRUN npm ci --omit=dev\n",
            "FROM node:22 AS base\nWORKDIR /app\nFROM base AS test\n" + NPM + "npm ci\n"
            "FROM base\n" + NPM + "npm ci --omit=dev\n",
            id="stages built from the stage",
        ),
        pytest.param(
            "FROM node:22 AS b\nWORKDIR /app\nCOPY .npmrc package.json ./\nRUN npm ci\n"
            "FROM node:22\nCOPY --from=b /app /app\n",
            "FROM node:22 AS b\nWORKDIR /app\nCOPY package.json ./\n" + NPM + "npm ci\n"
            "FROM node:22\nCOPY --from=b /app /app\n",
            id="carried into another stage with its folder",
        ),
        pytest.param(
            HEAD + "RUN useradd -u 1234 ci\nUSER ci\nCOPY --chown=ci .npmrc ./\nRUN npm ci\n",
            HEAD
            + "RUN useradd -u 1234 ci\nUSER ci\n"
            + mounted("npmrc", "/app/.npmrc", ",uid=1234,required=true")
            + "npm ci\n",
            id="user with a number",
        ),
        pytest.param(
            HEAD + "USER node\nCOPY .npmrc ./\nRUN npm ci\n",
            HEAD + "USER node\n" + mounted("npmrc", "/app/.npmrc", ",mode=0444,required=true") + "npm ci\n",
            id="user of the base image",
        ),
        pytest.param(
            HEAD + "ARG RC=.npmrc\nCOPY ${RC} /root/.npmrc\nRUN npm ci && rm /root/.npmrc\n",
            HEAD + mounted("npmrc", "/root/.npmrc") + "npm ci\n",
            id="an ARG that only named it goes along",
        ),
        pytest.param(
            "FROM alpine\nCOPY kubeconfig /root/.kube/config\nRUN kubectl get nodes && rm /root/.kube/config\n",
            "FROM alpine\n" + mounted("kube_config", "/root/.kube/config") + "kubectl get nodes\n",
            id="a name that says nothing takes its folder's",
        ),
        pytest.param(
            "FROM node:22 AS b\nWORKDIR /app\nCOPY .env package.json ./\nRUN npm run build\n"
            "FROM nginx\nCOPY --from=b /app/dist /www\n",
            "FROM node:22 AS b\nWORKDIR /app\nCOPY package.json ./\n" + mounted("env", "/app/.env") + "npm run build\n"
            "FROM nginx\nCOPY --from=b /app/dist /www\n",
            id="a builder that may read it unasked",
        ),
        pytest.param(
            PUT + "RUN npm ci && mv .npmrc /tmp/x && rm /tmp/x\n",
            HEAD + "RUN --mount=type=secret,id=npmrc,required=true \\\n    trap 'rm -f /app/.npmrc' EXIT; \\\n"
            "    cat /run/secrets/npmrc > /app/.npmrc || exit 1; \\\n    chmod 600 /app/.npmrc; \\\n"
            "    npm ci && mv .npmrc /tmp/x && rm /tmp/x\n",
            id="a RUN that moves it",
        ),
        pytest.param(
            "FROM node:22\nCOPY .npmrc /opt/a/b/.npmrc\nRUN cd /opt/a/b && npm ci && rm -rf /opt/a\n",
            "FROM node:22\nRUN --mount=type=secret,id=npmrc,required=true \\\n"
            "    trap 'rm -f /opt/a/b/.npmrc' EXIT; \\\n    mkdir -p /opt/a/b; \\\n"
            "    cat /run/secrets/npmrc > /opt/a/b/.npmrc || exit 1; \\\n"
            "    chmod 600 /opt/a/b/.npmrc; \\\n    cd /opt/a/b && npm ci && rm -rf /opt/a\n",
            id="a RUN that removes a folder above the one that the COPY made",
        ),
        pytest.param(
            "FROM python\nWORKDIR /srv\nCOPY keeper.ini .\nRUN ksm secret list > /n\nRUN rm keeper.ini\n",
            "FROM python\nWORKDIR /srv\nRUN --mount=type=secret,id=keeper_ini,target=/srv/keeper.ini,required=true \\\n"
            "    ksm secret list > /n\n",
            id="the configuration of a vault client",
        ),
        pytest.param(
            "FROM node:22\nCOPY .npmrc /root/.npmrc\n",
            "FROM node:22\n",
            id="settings of a build that no RUN reads",
        ),
        pytest.param(
            HEAD + "COPY . .\nRUN rm /app/.npmrc\nRUN npm ci\nCOPY .npmrc .\n",
            HEAD + "COPY . .\nRUN npm ci\n",
            id="the same file by another COPY",
        ),
    ],
)
def test_safe(before: str, after: str) -> None:
    assert fixed(before).text == after
    assert fixed(after).text == after


def test_what_the_build_has_to_be_given() -> None:
    result = fixed(HEAD + "COPY ci/.npmrc /root/.npmrc\nRUN npm ci && rm /root/.npmrc\n")
    assert result.secrets == [BuildSecret("npmrc", "file", source="ci/.npmrc")]
    assert [one.where for one in result.rewrite.burnt] == ["in a layer as /root/.npmrc"]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param(
            "FROM nginx\nCOPY tls/server.crt tls/server.key /etc/nginx/tls/\n",
            "FROM nginx\nCOPY tls/server.crt /etc/nginx/tls/\n",
            "read while the container runs",
            id="key of a server",
        ),
        pytest.param(
            "FROM debian\nCOPY credentials.json /srv/\nRUN chmod 400 /srv/credentials.json\n",
            "FROM debian\n",
            "no RUN reads it",
            id="nothing in the build reads it",
        ),
        pytest.param(
            "FROM ruby\nCOPY deploy-keys/ /opt/ejson/keys/\n",
            "FROM ruby\n",
            "no RUN reads it",
            id="a folder of keys",
        ),
        pytest.param(
            'FROM node:22\nCOPY .npmrc /root/.npmrc\nCMD ["npm", "start"]\n',
            'FROM node:22\nCMD ["npm", "start"]\n',
            "what runs in the container may",
            id="settings that the container may read",
        ),
        pytest.param(
            HEAD + "COPY .npmrc* ./\nRUN npm ci\n",
            HEAD + mounted("npmrc", "/app/.npmrc", "") + "npm ci\n",
            "may take other files along",
            id="a pattern makes it optional",
        ),
        pytest.param(
            "FROM python:3\nCOPY .aws /root/.aws\nRUN aws s3 ls\n",
            "FROM python:3\n" + mounted("aws_credentials", "/root/.aws/credentials") + "aws s3 ls\n",
            "is a guess",
            id="a folder",
        ),
    ],
)
def test_unsafe(before: str, after: str, reason: str) -> None:
    alone = fixed(before)
    assert alone.text == before
    assert any(reason in why for why in alone.left.values())
    assert fixed(before, unsafe=True).text == after


def test_the_container_is_to_be_given_what_it_needs() -> None:
    result = fixed("FROM nginx\nCOPY htpasswd /etc/nginx/.htpasswd\n", unsafe=True)
    assert result.text == "FROM nginx\n"
    assert any("target=/etc/nginx/.htpasswd,readonly" in note for note in result.rewrite.notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(HEAD + "ONBUILD COPY .npmrc ./\nONBUILD RUN npm ci\n", "ONBUILD", id="trigger"),
        pytest.param(PUT + "ONBUILD RUN npm ci\n", "ONBUILD", id="a trigger needs it"),
        pytest.param(PUT + "RUN npm ci && cp .npmrc /root/.npmrc\n", "writes what is in it", id="copied on"),
        pytest.param(
            "FROM node:22\nCOPY .npmrc /work\nRUN cd /work && npm ci\n", "cannot be seen here", id="a folder or a file"
        ),
        pytest.param(
            "FROM debian\nCOPY server.key /tmp/\nRUN openssl pkcs12 -export -inkey /tmp/server.key -out /etc/k.p12\n",
            "makes something of",
            id="another file is made of it",
        ),
        pytest.param(
            'FROM node:22\nSHELL ["pwsh", "-c"]\nCOPY .npmrc /root/\nRUN npm ci\n', "not POSIX-like", id="PowerShell"
        ),
        pytest.param(
            "FROM python:3\nCOPY .aws /root/.aws\nRUN cat /root/.aws/config && aws s3 ls\n",
            "several files",
            id="another file of the folder",
        ),
    ],
)
def test_refused(text: str, reason: str) -> None:
    result = fixed(text, unsafe=True)
    assert result.text == text
    assert any(reason in why for why in result.left.values())


def test_ignore_file(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(TOKEN)
    (tmp_path / "package.json").write_text("{}\n")
    result = fixed(PUT + "RUN npm ci && rm .npmrc\nCOPY . .\n", context=tmp_path)
    assert result.text == HEAD + NPM + "npm ci\nCOPY . .\n"
    assert result.ignored == [".npmrc"]


def test_a_file_without_a_secret_stays(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("registry=https://npm.registry.example/\n")
    text = PUT + "RUN npm ci\n"
    assert fixed(text, context=tmp_path, unsafe=True).text == text


def test_a_source_that_another_copy_needs_is_not_ignored(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(TOKEN)
    text = PUT + "RUN npm ci\nFROM node:22\nCOPY .npmrc /work\nRUN cd /work && npm ci\n"
    result = fixed(text, context=tmp_path, unsafe=True)
    assert result.ignored == []


def test_more_than_can_be_followed_stays() -> None:
    copies = "".join(f"COPY d{n}/.npmrc /r{n}/.npmrc\n" for n in range(60))
    text = "FROM node:22\n" + copies + "RUN npm ci\n" * 60
    result = fixed(text, unsafe=True)
    assert result.text == text
    assert any("too many" in why for why in result.left.values())


def test_a_pattern_that_takes_one_file_is_that_file(tmp_path: Path) -> None:
    text = "FROM node:22\nWORKDIR /app\nCOPY package.json .npmrc* ./\nRUN npm ci\n"
    (tmp_path / ".npmrc").write_text(TOKEN)
    (tmp_path / "package.json").write_text("{}")
    alone = fixed(text, context=tmp_path)
    assert "COPY package.json ./\nRUN --mount=type=secret,id=npmrc,target=/app/.npmrc \\\n" in alone.text
    (tmp_path / ".npmrc.d").write_text("a=b\n")
    assert fixed(text, context=tmp_path).text == text


def test_a_tool_that_stores_something_in_the_file_gets_no_mount() -> None:
    """`npm config set` cannot write to a mounted file."""
    store = "RUN npm config set //r.example/:_authToken=$TOKEN"
    text = f"FROM node\nARG TOKEN\nCOPY .npmrc /root/.npmrc\n{store}\nRUN npm ci\n"
    assert "target=/root/.npmrc" not in fixed(text, unsafe=True).text


@pytest.mark.parametrize("folder", ["/a b", "/a,target=/etc", "/a=b", '/a"b', "/a;id", "/a$(id)"])
def test_a_path_that_a_flag_cannot_hold(folder: str) -> None:
    text = f"FROM node\nCOPY [{json.dumps('.npmrc')}, {json.dumps(folder + '/.npmrc')}]\nRUN npm --prefix x ci\n"
    found = fixed(text, unsafe=True).text
    assert "target=" not in found.replace(folder, "")
