from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest

from auditor.detect.structures import find
from tests.detect.structures.samples import V, dashes

MEGABYTE = 1 << 20
PATHS = ["", ".env", ".npmrc", ".kube/config", ".bash_history", "a.tfstate", "settings.xml", ".netrc", "secrets.yml"]
PATHS += ["a.tfvars", "application.properties"]
KEY = dashes("PRIVATE KEY")
TEXTS = {
    "braces": "{" * 100_000,
    "begin": ("-" * 5 + "BEGIN ") * 10_000 + "PRIVATE KEY",
    "markers": KEY * 4_000,
    "dashes": "-" * MEGABYTE + "PRIVATE KEY",
    "open body": KEY + "\n" + ("aB3xK9mQ2rT7wZ5pL8nC4vD6" * 3 + "\n") * 14_000,
    "zeros": "\0" * MEGABYTE + '"auth" machine password kind: Secret',
    "one line of JSON": '{"auths": {"h": {"auth": "' + "aB3x" * 4 + '"}}, ' + '"password": "x", ' * 60_000,
    "nested JSON": '{"data": ' * 100_000 + '"kind": "Secret"',
    "blanks": " " * MEGABYTE + '_authToken= users: token: "auth machine password [client]',
    "newlines": "\n" * MEGABYTE + "kind: Secret\n_authToken= users: token: machine password",
    "secrets": "kind: Secret\n" * 80_000,
    "secret lines": "kind: Secret\ndata:\n" + "  a: b\n" * 150_000,
    "machines": "machine default password " * 40_000,
    "elements": "<server><password>" * 58_000,
    "quotes": '"auth": "' * 100_000 + "password",
    "backslashes": 'users: token: "' + "\\" * MEGABYTE,
    "colons": ":" * MEGABYTE + ":5432: :$1$ :{SHA}",
    "commands": ": 1700000000:0;" + "mysql docker login -p -u curl " * 30_000,
    "assignments": "A_TOKEN=" * 100_000,
    "fields": f"A=1\nB=2\nDB_PASSWORD={V}\n" * 40_000,
    "tokens": "[registry]\n" * 50_000 + 'token = credentials "',
    "PuTTY": "PuTTY-User-Key-File-2: x\nPrivate-Lines: " * 20_000,
    "Tink": '"keyData":{"keyMaterialType":' * 30_000,
    "states": '"terraform_version" "sensitive" ' + '"a": {"value": "b", ' * 40_000,
    "addresses": "https://" + "a:b" * 300_000 + "index-url",
    "index": "index-url = https://a:b@h.example " * 30_000,
    "DER": "0\x82\xff\xff" * 200_000,
    "key store": "\xfe\xed\xfe\xed\0\0\0\2\xff\xff\xff\xff" + "\0\0\0\2\0\0" * 100_000,
    "braces of Jenkins": "<password>{AQAA" + "A" * MEGABYTE,
    "CDATA": "<password><![CDATA[" * 50_000 + "]]>",
    "CDATA brackets": "<settings><password><![CDATA[" + "]" * MEGABYTE,
    "heredocs": "password = <<EOT\n" * 60_000,
    "resources": '"terraform_version""type":"kubernetes_secret","data":{' * 20_000,
    "configurations": f'"appKey":"{"a" * 40}"' + f'"clientKey":"{"a" * 40}",' * 16_000,
    "prefixes": (KEY + "\n# ") * 20_000,
    "surrogates": "\ud800password machine \udcff" * 40_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_take_a_moment(name: str) -> None:
    text = TEXTS[name]
    for path in PATHS:
        started = time.process_time()
        told = list(find(text, path))
        assert time.process_time() - started < 1.0 + len(told) / 20_000, path
        assert all(0 <= one.start < one.end <= len(text) for one in told)


def test_detections_do_not_overlap_and_stand_in_order() -> None:
    told = list(find(TEXTS["fields"][:200_000], ".env"))
    assert len(told) > 2000
    assert all(a.end <= b.start for a, b in pairwise(told))


def test_damaged_files_never_raise() -> None:
    rng = random.Random(7)
    whole = "\n".join(text[:300] for text in TEXTS.values())
    for _ in range(300):
        start = rng.randrange(len(whole))
        piece = list(whole[start : start + rng.randrange(1, 2000)])
        for _change in range(5):
            piece[rng.randrange(len(piece))] = chr(rng.choice([0, 10, 34, 58, 61, 92, 0x82, 0xD800, 0x1F600]))
        text = "".join(piece)
        for one in find(text, rng.choice(PATHS)):
            assert text[one.start : one.end] == one.secret.reveal()
