"""What the commands of a RUN do with one file."""

from __future__ import annotations

import pytest

from auditor.fixes.deeds import deeds, makes_folder, mentions_folder, names
from auditor.flow.build import follow
from auditor.flow.facts import Run
from auditor.lang.dockerfile.parser import parse

PATH = "/app/.npmrc"
TOOLS = frozenset({"npm"})


def run_of(command: str) -> Run:
    return follow(parse(f"FROM node\nWORKDIR /app\nRUN {command}\n"), "Dockerfile").facts.runs[0]


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("npm ci", ["read"]),
        ("apt-get update", []),
        ("./setup.sh", ["read"]),
        ("rm .npmrc", ["remove"]),
        ("rm -f /tmp/x", []),
        ("shred -u /app/.npmrc", ["remove"]),
        ("rm -rf /app", ["clear"]),
        ("rm -rf /app/.[a-z]*", ["clear"]),
        ("chmod 600 .npmrc", ["adjust"]),
        ("chown -R node /app", ["sweep"]),
        ("chmod 700 /app", ["parent"]),
        ("cp .npmrc /root/.npmrc", ["copy"]),
        ("mv .npmrc /root/.npmrc", ["move"]),
        ("cp -r /app /srv", ["pack"]),
        ("tar czf /x.tgz /app", ["pack"]),
        ("echo x >> .npmrc", ["write"]),
        ("sed -i s/a/b/ .npmrc", ["write"]),
        ("cat .npmrc", ["read"]),
        ("[ -f .npmrc ] && npm ci", ["test", "read"]),
        ("su node -c 'npm ci; rm .npmrc'", ["inner"]),
        ("npm ci && cd / && rm .npmrc", ["read", "read"]),
        ("cd / && rm app/.npmrc", ["remove"]),
        ('["rm", ".npmrc"]', ["remove"]),
        ('["npm", "ci"]', ["read"]),
        ('["ls"]', []),
    ],
)
def test_kinds(command: str, kinds: list[str]) -> None:
    assert [deed.kind for deed in deeds(run_of(command), PATH, TOOLS)] == kinds


def test_a_word_among_others() -> None:
    [deed] = deeds(run_of("rm -f a .npmrc b"), PATH, TOOLS)
    assert (deed.alone, [rest for _span, rest in deed.words]) == (False, [""])
    [deed] = deeds(run_of("rm -f .{npmrc,cache}"), PATH, TOOLS)
    assert [rest for _span, rest in deed.words] == [" .cache"]


@pytest.mark.parametrize(
    ("text", "cwd", "expected"),
    [
        ("cat /app/.npmrc", "/", True),
        ("cat .npmrc", "/other", True),
        ("cat .npmrc.bak", "/app", False),
        ("cat my.npmrc", "/app", False),
        ("", "/app", False),
    ],
)
def test_names(text: str, cwd: str, expected: bool) -> None:
    assert names(text, PATH, cwd) is expected


def test_a_bare_word_names_a_file_only_in_its_folder() -> None:
    assert names("use config", "/root/.kube/config", "/root/.kube")
    assert not names("use config", "/root/.kube/config", "/app")
    assert names("use .kube/config", "/root/.kube/config", "/app")


@pytest.mark.parametrize(
    ("command", "sure", "expected"),
    [
        ("mkdir -p /root/.ssh", True, True),
        ("mkdir -p ~/.ssh/keys", True, True),
        ("install -d /root/.ssh", True, True),
        ("echo x > /root/.ssh/config", False, True),
        ("echo x > /root/.ssh/config", True, False),
        ("ls /root/.ssh", True, False),
    ],
)
def test_makes_folder(command: str, sure: bool, expected: bool) -> None:
    run = run_of(command)
    assert makes_folder(run, "/root/.ssh", run.step.instruction.span.end, sure=sure) is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [("ls /root/.ssh", True), ("touch ~/.ssh/x", True), ("ls /mnt/root/.ssh", False), ("ls /root", False)],
)
def test_mentions_folder(command: str, expected: bool) -> None:
    assert mentions_folder(run_of(command), "/root/.ssh") is expected
