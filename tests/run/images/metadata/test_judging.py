"""What is a secret in one string, by the name before it or by itself."""

from __future__ import annotations

import base64

import pytest

from auditor.core.finding import Confidence
from auditor.run.images.metadata.judging import Judge
from tests.run.images.configs import BEARER, CHOSEN, GITHUB, RANDOM, detector


@pytest.fixture
def judge() -> Judge:
    return Judge(detector())


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DB_PASSWORD", CHOSEN, CHOSEN),
        ("X", GITHUB, GITHUB),
        ("SLACK_WEBHOOK_URL", f"https://hooks.example/{RANDOM}", f"https://hooks.example/{RANDOM}"),
        ("URL", f"amqp://u:{RANDOM}@q.example", RANDOM),
        ("HEADER", f"Authorization: Bearer {BEARER}", BEARER),
        ("AUTH", f"Bearer {BEARER}", BEARER),
    ],
)
def test_values(judge: Judge, name: str, text: str, value: str) -> None:
    (hit,) = judge.value(name, text)
    assert hit.secret.reveal() == value
    assert text[hit.start : hit.end].endswith(value)


def test_the_verdict_of_the_detector_is_kept(judge: Judge) -> None:
    (hit,) = judge.value("GIT_TOKEN", GITHUB)
    assert (hit.verdict, hit.basis, hit.confidence) == ("valid", "checksum", Confidence.HIGH)


@pytest.mark.parametrize(
    "plain", ["user:password", "svc:", "svc", "svc:${PASSWORD}", "svc:changeme", "a:b", "\x00\x01:\x02\x03"]
)
def test_basic_authorization_without_a_password(judge: Judge, plain: str) -> None:
    text = "Basic " + base64.b64encode(plain.encode()).decode()
    assert judge.text(text) == ()


def test_a_short_password_is_weak(judge: Judge) -> None:
    (hit,) = judge.value("DB_PASSWORD", "tiger")
    assert judge.value("DB_PASSWORD", "changeme") == ()
    assert (hit.level, hit.confidence) == ("weak", Confidence.MEDIUM)


def test_words_have_their_places(judge: Judge) -> None:
    words = ["serve", "--password", RANDOM, f"--url=redis://:{RANDOM}@r.example"]
    found = judge.words(words)
    assert [number for number, _ in found] == [2, 3]
    assert [RANDOM in words[number][hit.start : hit.end] for number, hit in found] == [True, True]
    assert judge.words([]) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (BEARER[:24], 1),
        ("Build Team <build@acme.example>", 0),
        ("TPtaCGstnfDIwnedCHnaPmma", 1),
        ("ReleaseBotOfTheBuildTeamA", 0),
        ("release-bot", 0),
        ("github-actions", 0),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", 0),
        ("4f1c2aa0b8d94e27a9b7c3d1f0e6a5b4c3d2e1f0", 0),
        ("", 0),
        (f"key {GITHUB}", 1),
    ],
)
def test_authors(judge: Judge, text: str, count: int) -> None:
    assert len(judge.author(text)) == count


@pytest.mark.parametrize(
    "text",
    ["login -p $PASSWORD", "login --password-stdin", "echo hello-world > /root/notes", "echo $X > /root/password",
     "echo changeme1 > /root/motd", "docker login -u ci"],
)  # fmt: skip
def test_commands_without_a_secret(judge: Judge, text: str) -> None:
    assert judge.command(text) == ()


def test_a_trigger(judge: Judge) -> None:
    text = f"ENV DB_PASSWORD={RANDOM}"
    (hit,) = judge.trigger(text)
    assert text[hit.start : hit.end] == RANDOM


def test_each_string_is_judged_once(judge: Judge) -> None:
    assert judge.value("A", GITHUB) is judge.value("A", GITHUB)
