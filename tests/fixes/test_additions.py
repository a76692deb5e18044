"""ADD of a URL with a credential: a download in its place, or in a stage of its own."""

from __future__ import annotations

import pytest

from tests.fixes.fixing import fixed

ONE = "tk10" + "-Jn3BtK7qFe2YsRg8VxMw"
URL = "https://ci:{}@h.example/a/pkg.tar.gz"
ADD = f"ADD {URL.format(ONE)} "
MOUNT = "RUN --mount=type=secret,id=h_example_password,required=true \\\n    "
FROM_MOUNT = URL.format("$(cat /run/secrets/h_example_password)")


@pytest.mark.parametrize(
    ("base", "target", "command"),
    [
        ("alpine:3", "/x.gz", f'wget -q -O /x.gz "{FROM_MOUNT}" && chmod 600 /x.gz'),
        ("alpine:3", "/pkg.tar.gz", f'wget -q -O /pkg.tar.gz "{FROM_MOUNT}" && chmod 600 /pkg.tar.gz'),
        (
            "fedora:40",
            "/opt/",
            f'mkdir -p /opt && curl -fsSL -o /opt/pkg.tar.gz "{FROM_MOUNT}" && chmod 600 /opt/pkg.tar.gz',
        ),
        (
            "r.example/lib/python:3.12@sha256:" + "0" * 64,
            ".",
            f'curl -fsSL -o pkg.tar.gz "{FROM_MOUNT}" && chmod 600 pkg.tar.gz',
        ),
    ],
)
def test_in_its_place_where_the_image_has_a_program(base: str, target: str, command: str) -> None:
    assert fixed(f"FROM {base}\n{ADD}{target}\n").text == f"FROM {base}\n{MOUNT}{command}\n"


@pytest.mark.parametrize("before", [True, False])
def test_what_the_stage_calls_is_in_it(before: bool) -> None:
    run = "RUN wget -q https://h.example/y\n"
    text = "FROM any\n" + (run if before else "") + f"{ADD}/x.gz\n" + ("" if before else run)
    assert 'wget -q -O /x.gz "' in fixed(text).text


@pytest.mark.parametrize("target", ["/opt", "/etc/apt/sources.list.d"])
def test_a_path_that_may_be_a_folders_is_a_guess(target: str) -> None:
    text = f"FROM alpine:3\n{ADD}{target}\n"
    done = fixed(text)
    assert done.text == text
    assert any("is a folder in the image" in why for why in done.left.values()), done.left
    assert f"wget -q -O {target} " in fixed(text, unsafe=True).text


def test_what_is_installed_later_is_not() -> None:
    text = f"FROM any\n{ADD}/x\nRUN apk add curl && curl -O https://h.example/y\n"
    assert fixed(text).text == text


def test_an_unknown_image_is_a_guess() -> None:
    text = f"FROM any\n{ADD}/x\n"
    assert fixed(text).text == text
    after = fixed(text, unsafe=True).text
    assert f'if command -v curl >/dev/null; then curl -fsSL -o /x "{FROM_MOUNT}"; else wget' in after


def test_a_stage_of_its_own() -> None:
    text = f"FROM --platform=$BUILDPLATFORM debian:12 AS base\nUSER app\nFROM base AS download\n{ADD}/opt/\n"
    assert fixed(text).text == text
    assert fixed(text, unsafe=True).text == (
        "FROM --platform=$BUILDPLATFORM debian:12 AS base\nUSER app\n"
        "FROM --platform=$BUILDPLATFORM debian:12 AS download1\n"
        f"{MOUNT}apt-get update && apt-get install -y --no-install-recommends ca-certificates curl"
        f' && curl -fsSL -o /pkg.tar.gz "{FROM_MOUNT}" && chmod 600 /pkg.tar.gz\n\n'
        "FROM base AS download\nCOPY --from=download1 /pkg.tar.gz /opt/pkg.tar.gz\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"FROM alpine\nADD --chmod=644 {URL.format(ONE)} /x\n", "has options"),
        (f"FROM alpine\nADD {URL.format(ONE)} https://h.example/b /x/\n", "more than one plain URL"),
        (f"FROM alpine\nUSER app\n{ADD}/x\n", "files of root's"),
        (f"FROM alpine\nONBUILD {ADD}/x\n", "no RUN of a POSIX shell"),
        (f"FROM x AS a\nFROM debian\nCOPY --from=0 /a /b\n{ADD}/x\n", "by their numbers"),
    ],
)
def test_what_stays_has_its_reason(text: str, reason: str) -> None:
    done = fixed(text, unsafe=True)
    assert done.text == text
    assert any(reason in why for why in done.left.values()), done.left


ARG = "FROM alpine\nARG TOKEN\n"
WITH_TOKEN = "RUN --mount=type=secret,id=token,required=true \\\n    "


@pytest.mark.parametrize("use", ["$TOKEN", "${TOKEN}"])
def test_a_variable_of_the_build_is_the_credential(use: str) -> None:
    text = f"{ARG}ADD {URL.format(use)} /x.gz\n"
    url = URL.format("$(cat /run/secrets/token)")
    result = fixed(text)
    assert result.text == f'FROM alpine\n{WITH_TOKEN}wget -q -O /x.gz "{url}" && chmod 600 /x.gz\n'
    assert [(secret.id, secret.argument) for secret in result.secrets] == [("token", True)]


def test_other_variables_of_the_url_stay() -> None:
    text = "FROM alpine\nARG V=1\nARG TOKEN\nADD https://$TOKEN@h.example/$V/a-${V}.tgz /x.tgz\nRUN use $TOKEN\n"
    after = fixed(text).text
    assert '"https://$(cat /run/secrets/token)@h.example/$V/a-${V}.tgz"' in after
    assert after.count("--mount=type=secret,id=token") == 2 and "ARG V=1\n" in after


@pytest.mark.parametrize(
    "step",
    [
        "ADD https://u:$TOKEN@h.example/$TOKEN /x",
        "ADD --checksum=sha256:00 https://u:$TOKEN@h.example/y /x",
        "ADD https://u:${TOKEN:-none}@h.example/y /x",
        "ADD https://u:$TOKEN@h.example/y https://h.example/z /x/",
        "ADD https://u:$TOKENS@h.example/y $TOKEN",
        "USER app\nADD https://u:$TOKEN@h.example/y /x",
    ],
)
def test_an_add_that_no_download_replaces(step: str) -> None:
    text = f"{ARG}ARG TOKENS\n{step}\n"
    result = fixed(text, unsafe=True)
    assert "ARG TOKEN\n" in result.text and "ADD" in result.text
    assert any("TOKEN is used in ADD" in why for why in result.left.values())
