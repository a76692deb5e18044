from __future__ import annotations

import pytest

from auditor.core.resources import load_rules
from auditor.detect import credfiles

FILES = load_rules()["tables"]["files"]


def kind(path: str) -> str:
    found = credfiles.recognise(path)
    return found.id if found is not None else ""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".npmrc", "npmrc"),
        ("/root/.npmrc", "npmrc"),
        ("C:\\Users\\x\\.npmrc", "npmrc"),
        (" .NPMRC ", "npmrc"),
        ("id_rsa", "ssh-key"),
        ("deploy/my_ed25519", "ssh-key"),
        ("/root/.ssh/", "ssh-folder"),
        ("/root/.ssh", "ssh-folder"),
        ("/root/.ssh/work", "ssh-folder"),
        ("/root/.aws/credentials", "aws-credentials"),
        ("x.pem/../.aws/credentials", "aws-credentials"),
        (".env", "dotenv"),
        (".env.production", "dotenv"),
        ("docker.env", "dotenv"),
        ("tls.key", "private-key"),
        ("myprivate.pem", "private-key"),
        ("x.pfx", "key-store"),
        ("x.pem", "pem"),
        ("/etc/shadow", "shadow"),
        ("/home/x/.docker/config.json", "docker-config"),
        ("/x/.kube/config", "kubeconfig"),
        ("auth.json", "credentials-json"),
        ("/root/.composer/auth.json", "composer-auth"),
        ("prod-credentials.json", "gcp-key"),
    ],
)
def test_path_of_a_credential_file(path: str, expected: str) -> None:
    assert kind(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        *("", ".", "..", "/", "./", "  ", "//", "\\"),
        *("app.py", "README.md", "config", "config.json", "requirements.txt", "package.json", "x.crt"),
        *("id_rsa.pub", "known_hosts", "/root/.ssh/known_hosts", "/root/.ssh/config", "/root/.ssh/authorized_keys"),
        *(".env.example", ".env.sample", ".env.template", ".env.test", ".env.dist", "env", ".environment", "env.py"),
        *("ca.pem", "ca-bundle.pem", "cert.pem", "fullchain.pem", "public.pem", "root.crt", "chain1.pem"),
        *("dhparams.pem", "docker.key", "nodesource.gpg.key", "release.key", "pub.key", "trust.jks", "cacerts.jks"),
        *("credentials.example", "credentials.py", "credentials.json.tmpl", "secrets.md", "get_token.sh", "token.go"),
        *("/root/.aws/config", "/root/.docker/daemon.json", "/root/.gnupg/gpg.conf"),
        *("xnpmrc", ".npmrc.md", "netrc.py", "shadow.css", "my.env.example", "history", "keys.go"),
        *("etc/shadows", "x.aws/credential", "package-lock.json", ".npmrc.example", "server.key.example"),
    ],
)
def test_look_alike_is_none(path: str) -> None:
    assert kind(path) == ""


@pytest.mark.parametrize("row", FILES, ids=[row["id"] for row in FILES])
def test_every_tail_and_folder_of_the_table_is_recognised(row: dict[str, list[str]]) -> None:
    paths = [*row.get("tails", []), *(folder + "/" for folder in row.get("folders", []))]
    assert [path for path in paths if kind("/x/" + path) == ""] == []


@pytest.mark.parametrize("row", FILES, ids=[row["id"] for row in FILES])
def test_every_ending_of_the_table_is_recognised(row: dict[str, list[str]]) -> None:
    assert [ending for ending in row.get("endings", []) if kind("/x/some" + ending) == ""] == []
