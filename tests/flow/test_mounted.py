"""Which mounts hand credentials of a user to a service."""

from __future__ import annotations

import pytest

from auditor.flow.mounted import mounts
from auditor.lang.compose.parts import Parts
from auditor.lang.compose.services import read_compose


def found(item: str) -> list[tuple[str, bool]]:
    parts = Parts(read_compose(f"services:\n  s:\n    volumes:\n      - {item}\n"))
    return [(one.source, one.is_folder) for one in mounts(parts)]


@pytest.mark.parametrize(
    ("item", "source", "is_folder"),
    [
        ("~/.ssh:/root/.ssh:ro", "~/.ssh", True),
        ("~/.ssh/:/root/.ssh", "~/.ssh/", True),
        ("'$HOME/.aws:/x'", "$HOME/.aws", True),
        ("'${HOME}/.kube/config:/x'", "${HOME}/.kube/config", False),
        ("'${HOME:-/root}/.config/gcloud:/x'", "${HOME:-/root}/.config/gcloud", True),
        ("/home/ci/.ssh/id_ed25519:/key", "/home/ci/.ssh/id_ed25519", False),
        ("/root/.docker/config.json:/c.json", "/root/.docker/config.json", False),
        ("{type: bind, source: ~/.gnupg, target: /x}", "~/.gnupg", True),
        ("{source: ~/.netrc, target: /x}", "~/.netrc", False),
    ],
)
def test_credentials(item: str, source: str, is_folder: bool) -> None:
    assert found(item) == [(source, is_folder)]


@pytest.mark.parametrize(
    "item",
    [
        "/var/run/docker.sock:/var/run/docker.sock",
        "~/.ssh/known_hosts:/x",
        "~/.ssh/config:/x",
        "~/.ssh/id_rsa.pub:/x",
        "~/.ssh-agent:/x",
        "~/.m2/repository:/x",
        "./.ssh:/x",
        "ssh:/root/.ssh",
        "~/.ssh",
        "/etc/ssl:/x",
        "{type: volume, source: ~/.ssh, target: /x}",
        "{type: bind, target: /x}",
        "'${SSH_AUTH_SOCK}:/agent'",
        "~:/x",
        "[a]",
    ],
)
def test_others(item: str) -> None:
    assert found(item) == []
