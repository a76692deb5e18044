"""Retired secret servers give way to the builder's own mounts."""

from __future__ import annotations

import pytest

from tests.fixes.fixing import fixed

FROM = "FROM debian:12\nRUN ssh-keyscan h.example >> /etc/ssh/ssh_known_hosts\n"
SSH = "RUN --mount=type=ssh,required=true \\\n    "
FETCH = "wget -O /root/.ssh/id_rsa http://192.0.2.1:8080/v1/secrets/file/id_rsa"
CLONE = "git clone git@h.example:x/y.git"


@pytest.mark.parametrize("tool", ["ONVAULT", "docker-ssh-exec"])
def test_the_program_runs_by_itself_and_the_tool_is_not_installed(tool: str) -> None:
    install = f"RUN curl -L https://h.example/{tool} > /usr/local/bin/{tool} && chmod +x /usr/local/bin/{tool}\n"
    done = fixed(f"{FROM}{install}RUN {tool} {CLONE}\n")
    assert done.text == f"{FROM}{SSH}{CLONE}\n"
    assert [secret.kind for secret in done.secrets] == ["ssh"]


def test_an_unknown_host_is_a_guess() -> None:
    text = f"FROM debian:12\nRUN docker-ssh-exec {CLONE}\n"
    assert fixed(text).text == text
    assert fixed(text, unsafe=True).text == f"FROM debian:12\n{SSH}{CLONE}\n"


def test_habitus_file_is_mounted_where_it_was() -> None:
    before = f"RUN {FETCH} && chmod 600 /root/.ssh/id_rsa && {CLONE} && rm /root/.ssh/id_rsa\n"
    mount = "RUN --mount=type=secret,id=id_rsa,target=/root/.ssh/id_rsa,required=true \\\n    "
    assert fixed(FROM + before).text == f"{FROM}{mount}{CLONE}\n"


@pytest.mark.parametrize(("form", "text"), [("file", 'export NPM_TOKEN="$(cat'), ("env", "id=npmkey,env=NPM_TOKEN")])
def test_secrets_bridge(form: str, text: str) -> None:
    before = "FROM node:22\nARG BRIDGE_CONF\nRUN secrets-bridge -c $BRIDGE_CONF -e NPM_TOKEN=npmkey -- npm install\n"
    assert fixed(before).text == before
    after = fixed(before, unsafe=True, form=form).text
    assert text in after
    assert "--mount=type=cache,target=/root/.npm" in after
    assert after.endswith("    npm install\n")
    assert "BRIDGE_CONF" not in after


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (f"{FETCH} && cp /root/.ssh/id_rsa /k && {CLONE}", "cp works on the file"),
        ("wget http://192.0.2.1:8080/v1/secrets/file/id_rsa", "whose place is known"),
        ("secrets-bridge -c x -- npm ci", "options that nothing takes the place of"),
        ("secrets-bridge gen", "is not called as"),
        ("docker-ssh-exec --help", "is given options"),
        (f"sh -c 'docker-ssh-exec {CLONE}'", "script inside another command"),
    ],
)
def test_what_stays_has_its_reason(run: str, reason: str) -> None:
    done = fixed(f"{FROM}RUN {run}\n", unsafe=True)
    assert done.text == f"{FROM}RUN {run}\n"
    assert any(reason in why for why in done.left.values()), done.left
