"""SSH keys: the build's agent takes their place, a mounted file where the agent would not do."""

from __future__ import annotations

import pytest

from auditor.fixes.plan import BuildSecret
from tests.fixes.fixing import fixed

FLAG = "RUN --mount=type=ssh,required=true"
AGENT = f"{FLAG} \\\n    "
CLONE = "git clone git@git.example:acme/core.git"
COPY = "COPY id_rsa /root/.ssh/id_rsa\n"
KEY = 'echo "$SSH_KEY" > ~/.ssh/id_rsa'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f"FROM debian\n{COPY}COPY known_hosts /root/.ssh/known_hosts\n"
            f"RUN chmod 600 /root/.ssh/id_rsa && {CLONE} && rm /root/.ssh/id_rsa\n",
            f"FROM debian\nCOPY known_hosts /root/.ssh/known_hosts\n{AGENT}{CLONE}\n",
            id="copied, known_hosts stays",
        ),
        pytest.param(
            f"FROM debian\nRUN mkdir -p ~/.ssh && ssh-keyscan git.example >> ~/.ssh/known_hosts\n{COPY}"
            f"RUN git config --global user.name ci\nRUN {CLONE}\nRUN rm /root/.ssh/id_rsa\n",
            "FROM debian\nRUN mkdir -p ~/.ssh && ssh-keyscan git.example >> ~/.ssh/known_hosts\n"
            f"RUN git config --global user.name ci\n{AGENT}{CLONE}\n",
            id="only RUNs that connect",
        ),
        pytest.param(
            f"FROM debian\n{COPY}RUN ssh-keyscan git.example >> /root/.ssh/known_hosts\nRUN {CLONE}\n",
            "FROM debian\nRUN mkdir -p /root/.ssh; \\\n    ssh-keyscan git.example >> /root/.ssh/known_hosts\n"
            f"{AGENT}{CLONE}\n",
            id="the folder that the COPY made",
        ),
        pytest.param(
            "FROM node:22\nUSER 1000\nRUN mkdir -p /home/node/.ssh\nCOPY id_ed25519 /home/node/.ssh/id_ed25519\n"
            "RUN npm ci\n",
            "FROM node:22\nUSER 1000\nRUN mkdir -p /home/node/.ssh\n"
            "RUN --mount=type=ssh,uid=1000,required=true \\\n    npm ci\n",
            id="a user, a tool that runs git",
        ),
        pytest.param(
            "FROM debian\nCOPY deploy_key /root/.ssh/deploy_key\nRUN chmod 600 /root/.ssh/deploy_key && "
            f"GIT_SSH_COMMAND='ssh -i /root/.ssh/deploy_key' {CLONE} && rm /root/.ssh/deploy_key\n",
            "FROM debian\nRUN --mount=type=secret,id=deploy_key,target=/root/.ssh/deploy_key,required=true \\\n"
            f"    GIT_SSH_COMMAND='ssh -i /root/.ssh/deploy_key' {CLONE}\n",
            id="a key that is named",
        ),
        pytest.param(
            f"FROM debian\n{COPY}RUN eval $(ssh-agent) && ssh-add /root/.ssh/id_rsa && {CLONE} "
            "&& rm /root/.ssh/id_rsa\n",
            "FROM debian\nRUN --mount=type=secret,id=id_rsa,target=/root/.ssh/id_rsa,required=true \\\n"
            f"    eval $(ssh-agent) && ssh-add /root/.ssh/id_rsa && {CLONE}\n",
            id="an agent of the RUN's own",
        ),
        pytest.param(
            f"FROM debian\nARG SSH_KEY\nRUN mkdir -p ~/.ssh && {KEY} && chmod 600 ~/.ssh/id_rsa && {CLONE} "
            "&& rm ~/.ssh/id_rsa\n",
            f"FROM debian\n{AGENT}mkdir -p ~/.ssh && {CLONE}\n",
            id="written and removed",
        ),
        pytest.param(
            f"FROM debian\nARG SSH_KEY\nENV SSH_KEY=$SSH_KEY\nRUN mkdir -p ~/.ssh && {KEY}\n"
            "RUN chmod 600 ~/.ssh/id_rsa\n"
            f"RUN {CLONE}\n",
            f"FROM debian\nRUN mkdir -p ~/.ssh\n{AGENT}{CLONE}\n",
            id="written and kept",
        ),
        pytest.param(
            'FROM golang\nARG KEY_B64\nRUN mkdir ~/.ssh && printf %s "$KEY_B64" | base64 -d > ~/.ssh/id_ed25519 && '
            "chmod 400 ~/.ssh/id_ed25519 && go mod download && rm -rf ~/.ssh\n",
            f"FROM golang\n{AGENT}mkdir ~/.ssh && go mod download && rm -rf ~/.ssh\n",
            id="decoded",
        ),
        pytest.param(
            f"FROM debian\nARG SSH_KEY\nRUN <<EOF\nmkdir -p ~/.ssh\n{KEY}\n{CLONE}\nEOF\n",
            f"FROM debian\n{FLAG} <<EOF\nmkdir -p ~/.ssh\n{CLONE}\nEOF\n",
            id="heredoc",
        ),
        pytest.param(
            f"FROM debian\nARG SSH_KEY\nRUN mkdir -p ~/.ssh\nRUN {KEY}\nRUN rm ~/.ssh/id_rsa\n",
            "FROM debian\nRUN mkdir -p ~/.ssh\n",
            id="nothing uses it",
        ),
    ],
)
def test_safe(before: str, after: str) -> None:
    assert fixed(before).text == after
    assert fixed(after).text == after


def test_what_the_build_has_to_be_given() -> None:
    result = fixed(f"FROM debian\nCOPY keys/ci /root/.ssh/id_rsa\nRUN {CLONE}\n")
    assert result.secrets == [BuildSecret("default", "ssh", source="keys/ci")]
    assert any("--ssh default" in note for note in result.rewrite.notes)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param(f"FROM debian\n{COPY}", "FROM debian\n", "no RUN reads it", id="nothing uses it"),
        pytest.param(
            f"FROM debian\n{COPY}RUN {CLONE}\nCMD cd core && git pull\n",
            f"FROM debian\n{AGENT}{CLONE}\nCMD cd core && git pull\n",
            "CMD uses it",
            id="the container connects, too",
        ),
        pytest.param(
            f"FROM debian\nRUN mkdir /home/a/.ssh\nCOPY id_rsa /home/a/.ssh/id_rsa\nRUN su a -c '{CLONE}'\n",
            "FROM debian\nRUN mkdir /home/a/.ssh\nRUN --mount=type=ssh,mode=0666,required=true \\\n"
            f"    su a -c '{CLONE}'\n",
            "work as another user",
            id="the user changes",
        ),
        pytest.param("FROM debian\nCOPY .ssh /root/.ssh\n", "FROM debian\n", "may", id="a folder"),
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
            f'FROM debian\nARG SSH_KEY\nRUN {KEY} && {CLONE}\nRUN ./publish "$SSH_KEY"\n', "more than", id="other uses"
        ),
        pytest.param(
            f"FROM debian\nARG SSH_KEY\nLABEL key=$SSH_KEY\nRUN {KEY} && {CLONE}\n",
            "LABEL",
            id="in another instruction",
        ),
        pytest.param(
            f'FROM debian\nARG SSH_KEY\nRUN if [ "$SSH_KEY" ]; then {KEY}; fi && {CLONE}\n', "taken out", id="optional"
        ),
        pytest.param(f"FROM debian\nCOPY .ssh /root/.ssh\nRUN {CLONE}\n", "several files", id="a folder that is used"),
        pytest.param(f"FROM debian\nONBUILD {COPY}", "ONBUILD", id="trigger"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    result = fixed(text, unsafe=True)
    assert result.text == text
    assert any(reason in why for why in result.left.values())


GIVEN = "RUN --mount=type=secret,id=ssh_key"
OPTIONAL = f'if [ -n "$SSH_KEY" ]; then {KEY}; fi && {CLONE} && rm -f ~/.ssh/id_rsa\n'
REQUIRED = f"{KEY} && ssh -i ~/.ssh/id_rsa git@git.example true && rm ~/.ssh/id_rsa\n"


@pytest.mark.parametrize(
    ("form", "command", "start"),
    [
        (
            "file",
            OPTIONAL,
            f'{GIVEN} \\\n    export SSH_KEY="$(cat /run/secrets/ssh_key 2>/dev/null || true)"; \\\n    ',
        ),
        ("file", REQUIRED, f'{GIVEN},required=true \\\n    export SSH_KEY="$(cat /run/secrets/ssh_key)"; \\\n    '),
        ("env", REQUIRED, f"{GIVEN},env=SSH_KEY,required=true \\\n    "),
    ],
)
def test_a_key_that_stays_a_variable(form: str, command: str, start: str) -> None:
    result = fixed(f"FROM debian\nARG SSH_KEY\nRUN {command}", form=form)
    assert result.text == f"FROM debian\n{start}{command}"
    assert [(secret.id, secret.argument) for secret in result.secrets] == [("ssh_key", True)]


@pytest.mark.parametrize(
    ("write", "name"),
    [
        ('echo "$K" > ~/.ssh/id_rsa', "K"),
        ('printf "%s\\n" "$K" > ~/.ssh/id_rsa', "K"),
        ('printf %s "$K" | base64 -d > ~/.ssh/id_rsa', ""),
        ('echo "${K//_/x}" > ~/.ssh/id_rsa', ""),
    ],
)
def test_the_argument_that_is_the_text_of_the_key_is_named(write: str, name: str) -> None:
    known = "FROM debian\nRUN mkdir ~/.ssh && ssh-keyscan git.example > ~/.ssh/known_hosts\n"
    after = fixed(f"{known}ARG K\nRUN {write} && {CLONE} && rm ~/.ssh/id_rsa\n".replace("K", "SSH_KEY"), unsafe=True)
    assert [(s.kind, s.name) for s in after.secrets] == [("ssh", name and "SSH_KEY")]
