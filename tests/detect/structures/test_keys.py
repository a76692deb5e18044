from __future__ import annotations

import json

import pytest

from auditor.core.finding import Confidence
from auditor.detect.detection import PRIVATE_KEY
from auditor.detect.structures import find
from tests.detect.structures.samples import ED25519, HEX, Case, b64, dashes, found, noise, pem

PEM = pem("PRIVATE KEY", ED25519)
RSA = pem("RSA PRIVATE KEY", noise(600))
ENCRYPTED = pem("ENCRYPTED PRIVATE KEY", noise(300))
PGP = pem("PGP PRIVATE KEY BLOCK", noise(300))
INDENTED = RSA.replace("\n", "\n    ")
ESCAPED = PEM.replace("\n", "\\n")
HEADED = RSA.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1)
PUTTY = (
    "PuTTY-User-Key-File" + "-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 1\n"
    f"{b64('public' * 6)}\nPrivate-Lines: 1\n{b64('private' * 6)}\nPrivate-MAC: {HEX}"
)
AGE = "AGE-SECRET-KEY" + "-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"
MINISIGN = "RWRTY0I" + "y" + b64("k" * 20 + "Zq8vT1xK" * 15)
SIGNIFY = "RWRC" + "Sw" + "AA" + b64("Zq8vT1xK" * 10)
TINK_VALUE = b64("Zq8vT1xKw3Rb" * 3)


def tink(kind: str) -> str:
    data = {"typeUrl": "x/AesGcmKey", "value": TINK_VALUE, "keyMaterialType": kind}
    return json.dumps({"primaryKeyId": 1, "key": [{"keyData": data, "status": "ENABLED"}]})


CASES: list[Case] = [
    ("id_rsa", RSA + "\n", [("private-key", RSA)]),
    ("", "x\n" + PEM + "\n" + ENCRYPTED, [("private-key", PEM), ("private-key", ENCRYPTED)]),
    ("", RSA.replace("\n", "\r\n"), [("private-key", RSA.replace("\n", "\r\n"))]),
    ("x.yml", f"key: |\n    {INDENTED}\nother: 1\n", [("private-key", INDENTED)]),
    ("x.json", f'{{"key": "{ESCAPED}\\n"}}', [("private-key", ESCAPED)]),
    (".env", f'TLS_KEY="{ESCAPED}"\n', [("private-key", ESCAPED)]),
    ("", HEADED, [("private-key", HEADED)]),
    ("", PGP, [("private-key", PGP)]),
    ("", RSA.replace("\n", " "), [("private-key", RSA.replace("\n", " "))]),
    ("", "\n".join(RSA.split("\n")[:5]), [("private-key", "\n".join(RSA.split("\n")[:5]))]),
    ("x.py", f'if "{dashes("PRIVATE KEY")}" in text:\n    load(text)\n', []),
    ("x.md", f"{dashes('RSA PRIVATE KEY')}\n...\n{dashes('RSA PRIVATE KEY', 'END')}", []),
    ("x.md", f"{dashes('RSA PRIVATE KEY')}\nMIIEow{'.' * 3}\n{dashes('RSA PRIVATE KEY', 'END')}", []),
    (
        "x.js",
        f'a = "{dashes("EC PRIVATE KEY")}";\nfunction x() {{ return y + z; }}\nb = "{dashes("EC PRIVATE KEY", "END")}"',
        [],
    ),
    ("x", f"{dashes('PRIVATE KEY')}\n{'A' * 64}\n{dashes('PRIVATE KEY', 'END')}", []),
    ("x", RSA.replace("PRIVATE", "PUBLIC"), []),
    ("x", dashes("PRIVATE KEY") + "\n" + dashes("PRIVATE KEY", "END"), []),
    ("x", dashes("CERTIFICATE") + "\nPRIVATE KEY\n", []),
    ("a.ppk", PUTTY + "\n", [("putty-key", PUTTY)]),
    ("", "x\n" + PUTTY.replace("\n", "\r\n"), [("putty-key", PUTTY.replace("\n", "\r\n"))]),
    ("", PUTTY.split("Private-Lines")[0], []),
    ("", "PuTTY-User-Key-File-2: the format\n", []),
    ("", PUTTY.split("\n", 1)[1], []),
    ("", f"# created\n{AGE}\n", [("age-secret-key", AGE)]),
    ("x.env", f"KEY={AGE}", [("age-secret-key", AGE)]),
    ("", AGE[:-1], []),
    ("", AGE.replace("SECRET", "PUBLIC"), []),
    ("", "AGE-SECRET-KEY-1...", []),
    ("", f"untrusted comment: minisign encrypted secret key\n{MINISIGN}\n", [("minisign-secret-key", MINISIGN)]),
    ("", f"untrusted comment: signify secret key\r\n{SIGNIFY}\r\n", [("minisign-secret-key", SIGNIFY)]),
    ("", "untrusted comment: minisign public key 1\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n", []),
    ("", "untrusted comment: signature\n", []),
    ("", f"untrusted comment: x\ncomment\n{MINISIGN}", []),
    ("", tink("SYMMETRIC"), [("tink-keyset", TINK_VALUE)]),
    ("k.json", tink("ASYMMETRIC_PRIVATE"), [("tink-keyset", TINK_VALUE)]),
    ("", tink("ASYMMETRIC_PUBLIC"), []),
    ("", tink("REMOTE"), []),
    ("", '{"encryptedKeyset": "' + TINK_VALUE + '", "keyData": 1}', []),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_keys_in_text(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, path) == expected


def test_a_key_that_parses_names_itself() -> None:
    (one,) = find(f'k = "{ESCAPED}"')
    assert (one.rule, one.confidence, one.verdict) == (PRIVATE_KEY, Confidence.HIGH, "valid")
    assert dict(one.facts)["key"] == "Ed25519"


LINES = PEM.split("\n")


def joined(before: str, after: str) -> str:
    """A key of which every line stands between two things."""
    return "\n".join(f"{before}{one}{after}" for one in LINES)


@pytest.mark.parametrize(
    "text",
    [
        'String k = "' + '\\n" +\n    "'.join(LINES) + '";',
        'k = "' + '\\n"\n  + "'.join(LINES) + '";',
        "k = '" + "' .\r\n  '".join(LINES) + "';",
        *(joined(before, "") for before in ("+", "-", " +", "# ", "#", "// ", " * ", "> ", "; ", "\t", "+\t# ")),
        joined("", " "),
        joined('"', '\\n",'),
        joined("# ", "\r"),
    ],
)
def test_a_key_between_signs_is_the_same_key(text: str) -> None:
    (one,) = find(f"x\n{text}\ny\n")
    assert (one.verdict, one.basis, one.confidence) == ("valid", "structure", Confidence.HIGH)
    assert one.secret.reveal().startswith(LINES[0]) and one.secret.reveal().endswith(LINES[-1])


def test_a_sign_on_some_lines_only_belongs_to_the_key() -> None:
    damaged = joined("+", "").replace("+" + LINES[1], LINES[1], 1).replace(LINES[1], "." + LINES[1], 1)
    assert [one.verdict for one in find(damaged)] == ["malformed"]


def test_a_google_key_file_is_one_detection() -> None:
    text = json.dumps(
        {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": HEX + "01234567",
            "private_key": PEM + "\n",
            "client_email": "robot@p.iam.gserviceaccount.com",
        },
        indent=2,
    )
    (one,) = find(text, "renamed")
    assert (one.secret.kind, one.secret.reveal()) == ("gcp-service-account", ESCAPED)
    assert dict(one.facts)["account"] == "robot@p.iam.gserviceaccount.com"
    (part,) = find(text[text.index('"private_key"') :])
    assert part.secret.reveal() == ESCAPED


def der(tag: int, body: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body


DATA = bytes.fromhex("06092a864886f70d010701")
BAG = bytes.fromhex("060b2a864886f70d010c0a0102")
PBES2 = bytes.fromhex("06092a864886f70d01050d")


def p12(bag: bytes) -> bytes:
    return der(0x30, b"\x02\x01\x03" + der(0x30, DATA + bag + noise(400)))


def jks(tag: int, magic: str = "feedfeed") -> bytes:
    entry = tag.to_bytes(4, "big") + b"\0\x01a" + bytes(8)
    certificate = b"\0\x05X.509" + (40).to_bytes(4, "big") + noise(40)
    return bytes.fromhex(magic) + b"\0\0\0\x02\0\0\0\x01" + entry + certificate


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (p12(BAG), "key-store"),
        (p12(BAG)[:300], "key-store"),
        (jks(1), "key-store"),
        (jks(3, "cececece"), "key-store"),
        (der(0x30, der(0x30, der(0x30, PBES2 + noise(40)) + noise(300))), "key-store"),
        (der(0x30, der(0x30, PBES2 + noise(40)) + noise(300)), "private-key"),
        (ED25519, "private-key"),
        (p12(b""), ""),
        (jks(2), ""),
        (jks(7), ""),
        (bytes.fromhex("feedfeed") + b"\0\0\0\x09", ""),
        (der(0x30, der(0x30, noise(500))), ""),
        (b"0\x82", ""),
        (b"0\x2e\x02\x01\x00", ""),
        (b"01\x02", ""),
    ],
)
def test_binary_key_stores(data: bytes, expected: str) -> None:
    assert [one.secret.kind for one in find(data.decode("latin-1"), "x.bin")] == ([expected] if expected else [])
    assert [one.end for one in find(data.decode("latin-1"))] == ([len(data)] if expected else [])
