from __future__ import annotations

import pytest

from auditor.core.finding import Confidence
from auditor.detect.structures import find
from tests.detect.structures.samples import AWS, Case, T, V, b64, found

LOGIN = b64(f"me:{V}")
KEY_ID = "AKIA" + "Q3EGTIB5MRWZ6LXA"

CASES: list[Case] = [
    # container registries
    (".docker/config.json", f'{{"auths": {{"r.example": {{"auth": "{LOGIN}"}}}}}}', [("docker-auth", LOGIN)]),
    ("renamed.txt", f'{{\n\t"auths": {{\n\t\t"r.example": {{\n\t\t\t"auth": "{LOGIN}"', [("docker-auth", LOGIN)]),
    (".dockercfg", f'{{"r.example": {{"auth": "{LOGIN}", "email": "a@b.example"}}}}', [("docker-auth", LOGIN)]),
    ("x.env", f'CONFIG="{{\\"auths\\":{{\\"r.example\\":{{\\"auth\\":\\"{LOGIN}\\"}}}}}}"', [("docker-auth", LOGIN)]),
    ("", f'{{"auths":{{"r.example":{{"identitytoken":"{T}"}}}}}}', [("docker-identity-token", T)]),
    ("x", '{"auths": {"r.example": {}}, "credsStore": "desktop"}', []),
    ("x", '{"credHelpers": {"r.example": "ecr-login"}}', []),
    ("x", '{"auth": "basic"}', []),
    ("x.js", 'const config = {"auth": "required"}; // "auths"', []),
    # netrc
    (".netrc", f"machine git.example login me password {V}\n", [("netrc-password", V)]),
    (
        "x",
        f"machine a.example\n  login me\n  password {V}\ndefault login x password {T}\n",
        [("netrc-password", V), ("netrc-password", T)],
    ),
    ("etc/apt/auth.conf", f"machine d.example/x login u password {V}", [("netrc-password", V)]),
    (".netrc", f'machine a.example login u account b password "{V}"', [("netrc-password", V)]),
    (".netrc", f'machine a.example login u password "a\\"{V} b"', [("netrc-password", f'a"{V} b')]),
    ("readme.md", "Each machine has a login and a password field; the default login or password is unset.", []),
    (".netrc", "machine git.example login me password ${TOKEN}\n", []),
    (".netrc", "machine git.example\nlogin me\n", []),
    ("x.py", 'parse("machine {} login {} password {}".format(host, user, secret))', []),
    ("x.txt", 'Write "machine HOST login USER password PASSWORD" or "machine h login u password PASS".', []),
    # .git-credentials
    (".git-credentials", f"https://me:{V}@git.example\n", [("git-credentials", V)]),
    (
        "x",
        f"https://{T}:x-oauth-basic@git.example\nhttps://me:{V}@h.example\n",
        [("git-credentials", T), ("git-credentials", V)],
    ),
    (".git-credentials", "https://git@git.example\n", []),
    (".git-credentials", "https://me:${TOKEN}@git.example\n", []),
    ("urls.txt", "https://a.example\nhttps://b.example/@x\n", []),
    # .pgpass
    (".pgpass", f"localhost:5433:db:me:{V}\n", [("pgpass-password", V)]),
    ("x", f"# servers\ndb.example:5432:*:app:{V}\n*:*:*:x:{T}\n", [("pgpass-password", V), ("pgpass-password", T)]),
    (".pgpass", f"db.example:5432:db:me:a\\:{V}\\\\x\n", [("pgpass-password", f"a:{V}\\x")]),
    (".pgpass", "db.example:5432:db:me:\n", []),
    (".pgpass", "# db.example:5432:db:me:secret\n", []),
    ("compose.yml", '  ports: ["127.0.0.1:5432:5432"]\n', []),
    # AWS
    (
        ".aws/credentials",
        f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {AWS}\n",
        [("aws-secret-access-key", AWS)],
    ),
    (
        "x",
        f'{{"Credentials": {{"SecretAccessKey": "{AWS}", "SessionToken": "{T * 3}"}}}}',
        [("aws-secret-access-key", AWS), ("aws-session-token", T * 3)],
    ),
    (".aws/config", "[default]\nregion = eu-west-1\ncredential_process = x\n", []),
    (".aws/credentials", "[default]\naws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}\n", []),
    (
        "x",
        f"aws_secret_access_key = {'X' * 40}\naws_secret_access_key = short\n",
        [("aws-secret-access-key", "X" * 40)],
    ),
    ("x.py", "client(aws_secret_access_key=settings.AWS_SECRET_ACCESS_KEY)", []),
    # by name only
    ("sasl_passwd", f"[smtp.example]:587 me@h.example:{V}\n", [("mail-password", V)]),
    (".passwd-s3fs", f"{KEY_ID}:{AWS}\n", [("aws-secret-access-key", AWS)]),
    ("sasl_passwd", "# [smtp.example]:587 user\n", []),
    ("notes", f"[smtp.example]:587 me@h.example:{V}\n", []),
    (".passwd-s3fs", "bucket:\n", []),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_logins(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, path) == expected


@pytest.mark.parametrize(
    ("password", "confidence", "verdict"),
    [
        (V, Confidence.HIGH, "unverified"),
        ("correcthorsebattery", Confidence.MEDIUM, "unverified"),
        ("hunter", Confidence.LOW, "unverified"),
        ("12345", Confidence.LOW, "unverified"),
        ("changeme", Confidence.LOW, "placeholder"),
        ("password", Confidence.LOW, "unverified"),
    ],
)
def test_a_weak_password_counts_less(password: str, confidence: Confidence, verdict: str) -> None:
    (one,) = find(f"machine h.example login me password {password}\n", ".netrc")
    assert (one.rule, one.confidence, one.verdict) == ("stored-credential", confidence, verdict)


def test_a_weak_password_in_a_sample_is_none() -> None:
    assert list(find("machine h.example login me password hunter\n", "netrc.example")) == []


def test_facts_tell_the_account() -> None:
    (login,) = find(f'{{"auths": {{"r.example": {{"auth": "{LOGIN}"}}}}}}')
    assert (login.verdict, dict(login.facts)) == ("valid", {"user": "me", "host": "r.example"})
    (key,) = find(f"aws_access_key_id={KEY_ID}\naws_secret_access_key={AWS}\n")
    assert len(dict(key.facts)["account"]) == 12
