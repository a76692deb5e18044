"""What commands may do with a secret that they are given: keep it in the image all the same."""

from __future__ import annotations

import pytest

from tests.fixes.fixing import fixed

HEAD = "FROM a\nARG API_TOKEN\n"


def left(step: str, *, unsafe: bool = False) -> str:
    """Why a RUN keeps its build argument; "" where it becomes a build secret."""
    result = fixed(HEAD + step, unsafe=unsafe)
    if "ARG" not in result.text:
        return ""
    return next(reason for finding, reason in result.left.items() if finding.startswith("arg-secret"))


@pytest.mark.parametrize(
    "step",
    [
        'RUN sed -i "s/@PW@/${API_TOKEN}/" /etc/app.conf',
        'RUN find /etc/app -type f | xargs sed -i "s/@PW@/${API_TOKEN}/"',
        "RUN perl -pi -e 's/PW/$ENV{API_TOKEN}/' /etc/app.conf",
        "RUN yq -i '.token = strenv(API_TOKEN)' /etc/app.yml",
        "RUN crudini --set /etc/app.ini main token $API_TOKEN",
        "RUN envsubst '$API_TOKEN' < /app.tmpl > /etc/app.conf",
        "RUN echo mysql-server/root_password password $API_TOKEN | debconf-set-selections",
        "RUN npm install git+https://oauth2:$API_TOKEN@git.example/x.git",
    ],
)
def test_what_certainly_keeps_the_value_is_refused(step: str) -> None:
    assert left(step, unsafe=True)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("RUN corpctl login --token \"$API_TOKEN\"", "corpctl login may keep"),
        ("RUN sh -c 'corpctl auth login --token $API_TOKEN'", "corpctl auth may keep"),
        ('RUN ["corpctl", "login", "--from-env", "API_TOKEN"]', "corpctl login may keep"),
        ("RUN setup() { corpctl configure token $API_TOKEN; }; setup", "corpctl configure may keep"),
        ("RUN python3 -c 'import os; open(\"/x\", \"w\").write(os.environ[\"API_TOKEN\"])'", "python3 runs here"),
        ("RUN node - <<E\nfs.writeFileSync('/x', process.env.API_TOKEN)\nE\n", "node runs here"),
        ("RUN test -n \"$API_TOKEN\" && envsubst < /app.tmpl > /etc/app.conf", "envsubst may fill"),
    ],
)  # fmt: skip
def test_what_may_keep_the_value_needs_a_second_look(step: str, reason: str) -> None:
    assert reason in left(step)
    assert not left(step, unsafe=True)


@pytest.mark.parametrize(
    "step",
    [
        "RUN corpctl fetch --token $API_TOKEN",
        "RUN sed 's/a/b/' /x && curl -H \"X-Key: $API_TOKEN\" https://h.example/",
        "RUN python3 -c 'import os; print(len(os.environ[\"API_TOKEN\"]))'",
        "RUN envsubst < /a && corpctl fetch --token $API_TOKEN",
    ],
)
def test_what_only_uses_the_value_gets_it(step: str) -> None:
    assert not left(step)


def test_a_hash_that_stays_is_told() -> None:
    result = fixed(HEAD + 'RUN echo "app:$API_TOKEN" | chpasswd')
    assert "ARG" not in result.text
    assert any("chpasswd's hash" in note for note in result.rewrite.notes)
