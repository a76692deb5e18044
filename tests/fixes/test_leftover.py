"""Files that commands with literal secrets leave: the commands move into the RUNs that read the file."""

from __future__ import annotations

import pytest

from auditor.fixes import literals
from tests.fixes.planning import planned

ONE, TWO = "tk10" + "-Jn3BtK7qFe2YsRg8VxMw", "tk11" + "-Kq8WzPm4RtY6UcNb2LxDs"
FROM = "FROM debian:12\n"
NETRC = "printf 'machine h.example\\nlogin ci\\npassword {}\\n' > /root/.netrc"
CLONE = "git clone https://h.example/x.git /x"
MOUNT = "RUN --mount=type=secret,id=netrc_password,required=true \\\n    "
GONE = "trap 'rm -f /root/.netrc' EXIT; \\\n    "
WRITE = NETRC.format("'\"$(cat /run/secrets/netrc_password)\"'")


@pytest.mark.parametrize(
    ("runs", "after"),
    [
        ([f"{NETRC.format(ONE)} && {CLONE}"], f"{MOUNT}{GONE}{WRITE} && {CLONE}\n"),
        ([f"{NETRC.format(ONE)} && {CLONE} && rm /root/.netrc"], f"{MOUNT}{WRITE} && {CLONE} && rm /root/.netrc\n"),
        ([NETRC.format(ONE), CLONE], f"{MOUNT}{GONE}{WRITE} || exit 1; \\\n    {CLONE}\n"),
        (
            [NETRC.format(ONE), "chmod 600 /root/.netrc", CLONE, "rm /root/.netrc"],
            f"{MOUNT}{GONE}{WRITE} || exit 1; \\\n    {CLONE}\n",
        ),
        (
            [f"mkdir /y && {NETRC.format(ONE)}", CLONE],
            f"RUN mkdir /y\n{MOUNT}{GONE}{WRITE} || exit 1; \\\n    {CLONE}\n",
        ),
    ],
)
def test_written_file(runs: list[str], after: str) -> None:
    done = planned(literals.plans, FROM + "".join(f"RUN {run}\n" for run in runs))
    assert done.text == FROM + after


def test_heredoc_in_a_heredoc() -> None:
    body = "cat > /root/.netrc <<N\nmachine h.example login ci password {}\nN\n" + CLONE
    done = planned(literals.plans, f"{FROM}RUN <<EOF\n{body.format(ONE)}\nEOF\n")
    mounted = "RUN --mount=type=secret,id=netrc_password,required=true <<EOF\n"
    assert done.text == (
        f"{FROM}{mounted}trap 'rm -f /root/.netrc' EXIT\n{body.format('$(cat /run/secrets/netrc_password)')}\nEOF\n"
    )


def test_commands_that_fill_one_file_move_together() -> None:
    lines = [
        f"aws configure set aws_access_key_id {ONE}",
        f"aws configure set aws_secret_access_key {TWO}",
        "aws s3 cp s3://bucket/x /x",
    ]
    done = planned(literals.plans, FROM + "".join(f"RUN {line}\n" for line in lines))
    first = lines[0].replace(ONE, '"$(cat /run/secrets/aws_access_key_id)"')
    second = lines[1].replace(TWO, '"$(cat /run/secrets/aws_secret_access_key)"')
    assert done.text.count("RUN ") == 1
    assert done.text.endswith(f"    {first} || exit 1; \\\n    {second} || exit 1; \\\n    {lines[2]}\n")
    assert {secret.id for secret in done.plans[0].secrets} == {"aws_access_key_id", "aws_secret_access_key"}


def test_below_home_of_a_user_the_shell_says_where_that_is() -> None:
    text = f"{FROM}USER ci\nRUN docker login -u ci -p {ONE} r.example && docker pull r.example/x\n"
    assert 'rm -f "$HOME/.docker/config.json"' in planned(literals.plans, text).text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"RUN echo 'password: {ONE}' > /app/config.yml\n", "for the container to read while it runs"),
        (f"RUN {NETRC.format(ONE)}\nUSER app\nRUN {CLONE}\n", "written by one user and read by another"),
        (f'RUN {NETRC.format(ONE)}\nSHELL ["/bin/bash", "-c"]\nRUN {CLONE}\n', "by one shell and read by another"),
        (f"RUN {NETRC.format(ONE)}\nRUN cp /root/.netrc /etc/netrc\nRUN {CLONE}\n", "copied on"),
        (f"RUN if true; then {NETRC.format(ONE)}; fi\nRUN {CLONE}\n", "cannot be told from what stands around it"),
    ],
)
def test_what_stays_has_its_reason(text: str, reason: str) -> None:
    done = planned(literals.plans, FROM + text, unsafe=True)
    assert not done.plans
    assert [why for why in done.reasons if reason in why], done.reasons
