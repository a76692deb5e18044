"""The detector as a whole: what it finds in bytes of every kind, and that both engines find the same."""

from __future__ import annotations

import base64
import gzip
import json
import random
import zlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Confidence
from auditor.core.resources import load_rule_docs
from auditor.detect.detection import Detection
from auditor.detect.detector import Detector
from auditor.detect.views import Cut
from tests.detect.verify.test_files import keeper
from tests.work import calls

_CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "vectors.jsonl.gz"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def github_token(body: str, *, good: bool = True) -> str:
    """A classic GitHub token with the checksum of its body, or with another one."""
    number = zlib.crc32(body.encode()) + (0 if good else 1)
    tail = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        tail = _DIGITS[digit] + tail
    return "ghp" + "_" + body + tail


TOKEN = github_token("k3VbN0pTrwx3Zq8Lk2YdE9mQsXcA7h")
OTHER = github_token("Zq8Lk2YdE9mQsXcA7hk3VbN0pTrwx3", good=False)
OPAQUE = "qFj32Da8vfXg7c8qLu9P"
HEX = "5aab40e433037523cc70af7d3894a0fb"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"iss":"id.acme.dev","sub":"deploy"}', OPAQUE.encode() * 2)
)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector("keywords")


def sure(found: list[Detection]) -> list[tuple[str, str, str]]:
    return [
        (one.rule, one.secret.kind, one.secret.reveal())
        for one in found
        if one.confidence > Confidence.LOW and one.verdict != "placeholder"
    ]


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        (f"x = '{TOKEN}'", "a.py", [("known-token", "github-token", TOKEN)]),
        (f"DEPLOY_TOKEN={OPAQUE}", "a.txt", [("assigned-secret", "token", OPAQUE)]),
        ("redis://default:MyP4ssw0rd@10.0.0.7/2", "x", [("url-credential", "url-password", "MyP4ssw0rd")]),
        (f"algolia_api_key: {HEX}", "x", [("provider-key", "algolia-key", HEX)]),
        (f"//npm.acme.example/:_authToken={OPAQUE}\n", ".npmrc", [("stored-credential", "npmrc-token", OPAQUE)]),
        ("DEPLOY_TOKEN=${DEPLOY_TOKEN}", ".env", []),
        ("AKIA" + "IOSFODNN7EXAMPLE", "x", []),
        ("the quick brown fox", "x", []),
        ("", "x", []),
    ],
)  # fmt: skip
def test_each_way_of_finding(detector: Detector, text: str, path: str, found: list[tuple[str, str, str]]) -> None:
    got = list(detector.detect(text.encode(), path))
    assert sure(got) == found
    for one in got:
        assert text[one.start : one.end] == one.secret.reveal()


def test_the_verdict_and_what_was_learnt(detector: Detector) -> None:
    good, bad = detector.detect(f"{TOKEN}\n{OTHER}\n".encode(), "x")
    assert (good.verdict, good.confidence) == ("valid", Confidence.HIGH)
    assert (bad.verdict, bad.confidence) == ("malformed", Confidence.MEDIUM)


def test_a_name_does_not_make_a_sample_of_a_manual_a_secret(detector: Detector) -> None:
    (found,) = detector.detect(b"AWS_ACCESS_KEY_TOKEN=" + b"AKIA" + b"IOSFODNN7EXAMPLE", "x")
    assert (found.secret.kind, found.verdict) == ("aws-access-key-id", "placeholder")


def test_the_surest_reading_of_a_place_wins(detector: Detector) -> None:
    found = list(detector.detect(f"GITHUB_TOKEN={TOKEN}".encode(), ".env"))
    assert [one.rule for one in found] == ["known-token"]


@pytest.mark.parametrize(
    "write",
    [
        lambda data: base64.b64encode(data),
        lambda data: base64.b64encode(base64.b64encode(data)),
        lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
        lambda data: data.hex().encode(),
        lambda data: base64.b64encode(gzip.compress(data)),
        lambda data: "".join(f"%{byte:02X}" for byte in data).encode(),
        lambda data: "".join(f"\\u{byte:04x}" for byte in data).encode(),
    ],
)
def test_what_is_encoded_is_found_where_it_stands(detector: Detector, write: object) -> None:
    encoded = write(f"user=me token={TOKEN} end".encode())  # type: ignore[operator]
    data = b"config: '" + encoded + b"'\n"
    (found,) = detector.detect(data, "x.yaml")
    assert found.secret.reveal() == TOKEN
    assert 9 <= found.start < found.end <= 9 + len(encoded)


def test_a_name_beside_a_value_may_be_what_is_decoded(detector: Detector) -> None:
    cell = {"source": [f'API_TOKEN = "{OPAQUE}"\n', f'deploy_token = "{OPAQUE[::-1]}"\n', f'key=\\"{OPAQUE}\\"']}
    text = json.dumps({"cells": [cell]}, indent=1)
    found = list(detector.detect(text.encode(), "x.ipynb"))[:2]
    assert [one.name for one in found] == ["API_TOKEN", "deploy_token"]
    assert [text[one.start : one.end] for one in found] == [OPAQUE, OPAQUE[::-1]]
    assert all(one.confidence > Confidence.LOW for one in found)


def test_what_is_nested_too_deep_is_told(detector: Detector) -> None:
    data = f"token={TOKEN} and more".encode()
    for _ in range(4):
        data = base64.b64encode(data)
    cuts: list[Cut] = []
    assert list(detector.detect(b"x: " + data, "x.yaml", cuts)) == []
    assert [cut.reason for cut in cuts] == ["encoded more than 3 times"]


@pytest.mark.parametrize(
    ("value", "basis"), [(TOKEN, "checksum"), (OTHER, "checksum"), (JWT, "structure"), (OPAQUE, "")]
)
def test_a_detection_says_what_its_verdict_rests_on(detector: Detector, value: str, basis: str) -> None:
    (found,) = detector.detect(f"DEPLOY_TOKEN={value}\n".encode(), "x.txt")
    assert found.basis == basis
    assert (found.verdict == "unverified") == (not basis)


KEEPER = json.loads(keeper())
FORMS = [
    KEEPER,
    {"appOwnerPublicKey": "BC" * 40, **KEEPER},
    {"z": 1, **KEEPER, "privateKey": base64.b64encode(b"Zq8vT1xKw3Rb" * 8).decode()},
]


@pytest.mark.parametrize("config", FORMS)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("deploy.sh", "#!/bin/sh\nexport KSM_CONFIG=", "\n./run\n"),
        ("a.yml", "env:\n  KSM_CONFIG: ", "\n  LEVEL: info\n"),
        (".env", "KSM_CONFIG='", "'\nLEVEL=info\n"),
        ("a.py", 'load("', '")\n'),
        ("ksm-config.txt", "", ""),
    ],
)
def test_a_keeper_configuration_is_one_finding(
    detector: Detector, path: str, before: str, after: str, config: dict[str, str], indent: int | None
) -> None:
    encoded = base64.b64encode(json.dumps(config, indent=indent).encode()).decode()
    (found,) = detector.detect(f"{before}{encoded}{after}".encode(), path)
    assert found.secret.kind in ("keeper-config", "keeper-config-compact")
    assert found.verdict == ("malformed" if "z" in config else "valid")
    assert found.confidence > Confidence.LOW
    assert found.start == len(before)
    assert len(before + encoded) - 2 <= found.end <= len(before + encoded)


@pytest.mark.parametrize("write", [str, json.dumps])
def test_a_keeper_configuration_in_a_program_is_one_finding(detector: Detector, write: object) -> None:
    (found,) = detector.detect(f"config = '{write(keeper())}'\n".encode(), "a.py")  # type: ignore[operator]
    assert (found.secret.kind, found.verdict, found.secret.reveal()) == ("keeper-config", "valid", keeper())


def test_an_object_in_base64_is_no_keeper_configuration(detector: Detector) -> None:
    plain = json.dumps({"host": "h.example", "list": list("abcdefghijkl"), "name": "the name of a thing" * 4}, indent=2)
    found = detector.detect(f"CONFIG: {base64.b64encode(plain.encode()).decode()}\n".encode(), "a.yml")
    assert sure(list(found)) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_offsets_are_those_of_the_bytes(detector: Detector, encoding: str) -> None:
    text = f"note = 'caf\u00e9 bar and more'\nDEPLOY_TOKEN={TOKEN}\n"
    data = text.encode(encoding)
    (found,) = detector.detect(data, "x.txt")
    unit = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    assert data[found.start : found.end].decode(unit) == TOKEN


def test_offsets_behind_letters_of_several_bytes(detector: Detector) -> None:
    data = f"# caf\u00e9 \u2014 \U0001f511\nDEPLOY_TOKEN={TOKEN}\n".encode()
    (found,) = detector.detect(data, "x.txt")
    assert data[found.start : found.end] == TOKEN.encode()


def test_values_beyond_ascii_are_text(detector: Detector) -> None:
    (found,) = detector.detect("db_password = 'pa\u00dfw\u00f6rt9!x'".encode(), "x.txt")
    assert found.secret.reveal() == "pa\u00dfw\u00f6rt9!x"


def test_values_in_binary_data_are_found(detector: Detector) -> None:
    data = bytes(range(256)) * 4 + TOKEN.encode() + bytes(range(255, -1, -1)) * 4
    assert [one.secret.reveal() for one in detector.detect(data, "x.bin")] == [TOKEN]


def test_detections_are_in_order_and_do_not_overlap(detector: Detector) -> None:
    text = "\n".join(
        f"A{n}_TOKEN={OPAQUE[n:]}{OPAQUE[:n]} redis://u{n}:{OPAQUE[: n + 8]}@h{n}.acme.dev" for n in range(9)
    )
    found = list(detector.detect(text.encode(), "x"))
    assert len(found) == 18
    assert all(one.end <= other.start for one, other in pairwise(found))


def _same(one: list[Detection], other: list[Detection]) -> bool:
    return [d._replace(facts=()) for d in one] == [d._replace(facts=()) for d in other]


def _examples() -> list[str]:
    docs = load_rule_docs()["tables"]["secrets"]
    texts = []
    for entry in docs.values():
        for one in (*entry["examples"], *entry["lookalikes"]):  # type: ignore[misc]
            texts.append(one["text"] if isinstance(one, dict) else one)
    return texts


def _differences(texts: list[str]) -> list[str]:
    pytest.importorskip("hyperscan", reason="compares with the engine that needs it")
    native, words = Detector("hyperscan"), Detector("keywords")
    return [
        text
        for text in texts
        if not _same(list(native.detect(text.encode(), "x.txt")), list(words.detect(text.encode(), "x.txt")))
    ]


def test_both_engines_find_the_same_in_the_examples() -> None:
    assert _differences(_examples()) == []


@pytest.mark.skipif(not _CORPUS.exists(), reason="the vectors of other tools lie beside the development checkout only")
def test_both_engines_find_the_same_in_the_vectors() -> None:
    with gzip.open(_CORPUS, "rt", encoding="utf-8") as lines:
        assert _differences([json.loads(line)["text"] for line in lines]) == []


@given(st.binary(max_size=400), st.sampled_from(["x", ".env", "config.json", "id_rsa", "a.jar!b/.npmrc", "x.pem"]))
def test_nothing_makes_it_raise(data: bytes, path: str) -> None:
    detector = Detector("keywords")
    for one in detector.detect(b"token=" + data + b"-----BEGIN " + data, path):
        assert 0 <= one.start < one.end <= 2 * len(data) + 17


def test_work_is_linear(detector: Detector) -> None:
    source = random.Random(3)
    line = "".join(source.choices(_DIGITS, k=40))
    texts = [(f"API_TOKEN='{line}' x\n" * size).encode() for size in (100, 1000)]
    small, large = (calls(lambda text=text: list(detector.detect(text, "x"))) for text in texts)
    assert large < 15 * small
