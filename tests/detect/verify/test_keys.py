"""Private keys built byte by byte (RFC 8017, 5915, 5958, OpenSSH, PPK, OpenPGP), intact and damaged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import struct

import pytest

from auditor.detect.verify import Verdict, verify
from auditor.detect.verify.ed25519 import public_key

# RFC 8032, section 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
CURVE = bytes.fromhex("06082a8648ce3d030107")
POINT = b"\x04" + b"\x11" * 64


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    length = struct.pack(">H", len(body)).lstrip(b"\0")
    return bytes((tag, 0x80 + len(length))) + length + body


def integer(number: int) -> bytes:
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def prime(bits: int, chance: random.Random) -> int:
    while True:
        found = chance.getrandbits(bits) | 1 | 3 << bits - 2
        if all(pow(base, found - 1, found) == 1 for base in (2, 3, 5, 7)) and found % 65537 != 1:
            return found


CHANCE = random.Random(2024)
P, Q = prime(512, CHANCE), prime(512, CHANCE)
N, E = P * Q, 65537
D = pow(E, -1, (P - 1) * (Q - 1))
RSA = tlv(0x30, *map(integer, (0, N, E, D, P, Q, D % (P - 1), D % (Q - 1), pow(Q, -1, P))))
EC = tlv(0x30, integer(1), tlv(4, b"\x07" * 32), tlv(0xA0, CURVE), tlv(0xA1, tlv(3, b"\0" + POINT)))
OID_RSA = bytes.fromhex("06092a864886f70d010101")
OID_EC = bytes.fromhex("06072a8648ce3d0201")
OID_ED25519 = bytes.fromhex("06032b6570")
PKCS8_RSA = tlv(0x30, integer(0), tlv(0x30, OID_RSA, b"\x05\0"), tlv(4, RSA))
PKCS8_EC = tlv(0x30, integer(0), tlv(0x30, OID_EC, CURVE), tlv(4, tlv(0x30, integer(1), tlv(4, b"\x07" * 32))))
PKCS8_ED25519 = tlv(0x30, integer(0), tlv(0x30, OID_ED25519), tlv(4, tlv(4, SEED)))
DSA_Q = prime(160, CHANCE)
DSA_P = prime(512, CHANCE)
DSA = tlv(0x30, *map(integer, (0, DSA_P, DSA_Q, 3, pow(3, 77, DSA_P), 77)))


def pem(label: str, data: bytes, headers: str = "") -> str:
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{headers}{lines}\n-----END {label}-----\n"


def string(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def mpint(number: int) -> bytes:
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def ssh_print(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


RSA_BLOB = string(b"ssh-rsa") + mpint(E) + mpint(N)
ED_BLOB = string(b"ssh-ed25519") + string(PUBLIC)
EC_BLOB = string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(POINT)


def openssh(public: bytes, private: bytes, cipher: bytes = b"none") -> bytes:
    inside = struct.pack(">II", 5, 5) + private + string(b"me@host.example")
    inside += bytes(range(1, -len(inside) % 8 + 1))
    kdf = b"none" if cipher == b"none" else b"bcrypt"
    head = b"openssh-key-v1\0" + string(cipher) + string(kdf) + string(b"") + struct.pack(">I", 1)
    return head + string(public) + string(inside if cipher == b"none" else bytes(64))


OPENSSH_ED25519 = openssh(ED_BLOB, ED_BLOB + string(SEED + PUBLIC))
OPENSSH_RSA = openssh(RSA_BLOB, string(b"ssh-rsa") + b"".join(map(mpint, (N, E, D, pow(Q, -1, P), P, Q))))
OPENSSH_EC = openssh(EC_BLOB, EC_BLOB + mpint(99))

KEYS = [
    ("RSA PRIVATE KEY", RSA, "RSA 1024", ssh_print(RSA_BLOB)),
    ("PRIVATE KEY", PKCS8_RSA, "RSA 1024", ssh_print(RSA_BLOB)),
    ("EC PRIVATE KEY", EC, "EC P-256", ssh_print(EC_BLOB)),
    ("PRIVATE KEY", PKCS8_EC, "EC P-256", ""),
    ("PRIVATE KEY", PKCS8_ED25519, "Ed25519", ssh_print(ED_BLOB)),
    ("DSA PRIVATE KEY", DSA, "DSA 512", None),
    ("OPENSSH PRIVATE KEY", OPENSSH_ED25519, "Ed25519", ssh_print(ED_BLOB)),
    ("OPENSSH PRIVATE KEY", OPENSSH_RSA, "RSA 1024", ssh_print(RSA_BLOB)),
    ("OPENSSH PRIVATE KEY", OPENSSH_EC, "EC P-256", ssh_print(EC_BLOB)),
]


def told(text: str, beside: str = "") -> Verdict:
    return verify("private-key", text, beside=beside)


@pytest.mark.parametrize(("label", "data", "name", "fingerprint"), KEYS)
def test_a_key_is_named_and_its_public_half_fingerprinted(
    label: str, data: bytes, name: str, fingerprint: str | None
) -> None:
    found = told(pem(label, data))
    assert (found.verdict, found.proof, found.fact("key"), found.fact("encrypted")) == (
        "valid",
        "structure",
        name,
        "no",
    )
    assert fingerprint is None or found.fact("fingerprint") == fingerprint


@pytest.mark.parametrize(("label", "data", "_name", "_fingerprint"), KEYS)
def test_the_same_key_in_other_dress(label: str, data: bytes, _name: str, _fingerprint: str) -> None:
    text = pem(label, data)
    plain = told(text)
    for dressed in (
        text.replace("\n", "\r\n"),
        text.replace("\n", "\\n"),
        text.replace("\n", "\n    "),
        text.replace("\n", " "),
        text.replace("\n", "\\\n"),
        "".join(f'"{line}\\n"\n' for line in text.splitlines()),
        "-----BEGIN EC PARAMETERS-----\nBgUrgQQACg==\n-----END EC PARAMETERS-----\n" + text,
    ):
        assert told(dressed) == plain


@pytest.mark.parametrize(("label", "data", "_name", "_fingerprint"), KEYS)
def test_a_cut_key_is_malformed(label: str, data: bytes, _name: str, _fingerprint: str) -> None:
    for end in range(3, len(data), 17):
        assert told(pem(label, data[:end])).verdict == "malformed"


@pytest.mark.parametrize(("label", "data"), [("RSA PRIVATE KEY", RSA), ("OPENSSH PRIVATE KEY", OPENSSH_RSA)])
def test_a_changed_modulus_is_malformed(label: str, data: bytes) -> None:
    at = data.index(N.to_bytes(128, "big")) + 60
    assert told(pem(label, data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])).verdict == "malformed"


def test_an_openssh_key_that_does_not_fit_its_public_half_is_malformed() -> None:
    other = string(b"ssh-ed25519") + string(b"\1" * 32)
    assert told(pem("OPENSSH PRIVATE KEY", openssh(ED_BLOB, other + string(SEED + b"\1" * 32)))).verdict == "malformed"


def test_encrypted_keys_say_so_and_openssh_still_its_fingerprint() -> None:
    locked = told(pem("OPENSSH PRIVATE KEY", openssh(ED_BLOB, b"", b"aes256-ctr")))
    assert (locked.verdict, locked.fact("encrypted"), locked.fact("comment")) == ("valid", "yes", "")
    assert locked.fact("fingerprint") == ssh_print(ED_BLOB)
    headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
    old = told(pem("RSA PRIVATE KEY", bytes(range(160)), headers))
    assert (old.verdict, old.fact("encrypted"), old.fact("cipher")) == ("valid", "yes", "AES-128-CBC")
    scheme = tlv(0x30, bytes.fromhex("06092a864886f70d01050d"), tlv(0x30))
    new = told(pem("ENCRYPTED PRIVATE KEY", tlv(0x30, scheme, tlv(4, b"c" * 80))))
    assert (new.verdict, new.fact("encrypted"), new.fact("cipher")) == ("valid", "yes", "PBES2")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----", "unverified"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB", "unverified"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "unverified"),
        ("no key", "unverified"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B...\n-----END PRIVATE KEY-----", "placeholder"),
        ("-----BEGIN PRIVATE KEY-----\nxxxxxxxxxxxxxxxxxxxxxxxx\n-----END PRIVATE KEY-----", "placeholder"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----", "malformed"),
    ],
)
def test_what_is_no_whole_key(text: str, verdict: str) -> None:
    assert told(text).verdict == verdict


def test_the_certificate_beside_a_key_is_named() -> None:
    name = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(12, b"site.example"))))
    validity = tlv(0x30, tlv(0x17, b"200101000000Z"), tlv(0x17, b"301231235959Z"))
    key = tlv(0x30, tlv(0x30, OID_RSA, b"\x05\0"), tlv(3, b"\0" + tlv(0x30, integer(N), integer(E))))
    body = tlv(0x30, tlv(0xA0, integer(2)), integer(1), tlv(0x30, OID_RSA), name, validity, name, key)
    certificate = pem("CERTIFICATE", tlv(0x30, body, tlv(0x30, OID_RSA), tlv(3, b"\0sig")))
    found = told(pem("RSA PRIVATE KEY", RSA), beside="junk\n" + certificate)
    assert (found.fact("certificate"), found.fact("certificate expires")) == ("site.example", "2030-12-31")
    assert told(pem("EC PRIVATE KEY", EC), beside=certificate).fact("certificate") == ""


def test_ed25519_agrees_with_the_standard() -> None:
    assert public_key(SEED) == PUBLIC


def putty(version: int, encryption: str = "none", comment: str = "me@host.example") -> str:
    private = string(SEED)
    message = (
        string(b"ssh-ed25519")
        + string(encryption.encode())
        + string(comment.encode())
        + string(ED_BLOB)
        + string(private)
    )
    if version == 3:
        mac = hmac.new(b"", message, hashlib.sha256).hexdigest()
    else:
        mac = hmac.new(hashlib.sha1(b"putty-private-key-file-mac-key").digest(), message, hashlib.sha1).hexdigest()
    public, secret = base64.b64encode(ED_BLOB).decode(), base64.b64encode(private).decode()
    return (
        f"PuTTY-User-Key-File-{version}: ssh-ed25519\nEncryption: {encryption}\nComment: {comment}\n"
        f"Public-Lines: 2\n{public[:64]}\n{public[64:]}\nPrivate-Lines: 1\n{secret}\nPrivate-MAC: {mac}\n"
    )


@pytest.mark.parametrize("version", [2, 3])
def test_putty_files_carry_their_own_checksum(version: int) -> None:
    found = told(putty(version))
    assert (found.verdict, found.proof, found.fact("comment")) == ("valid", "checksum", "me@host.example")
    assert found.fact("fingerprint") == ssh_print(ED_BLOB)
    assert told(putty(version).replace("me@host", "me@h0st")).verdict == "malformed"
    assert told(putty(version, "aes256-cbc")).fact("encrypted") == "yes"
    assert told(putty(version)[:30]).verdict == "unverified"


def pgp(*, locked: bool = False, checksum: bool = True) -> str:
    numbers = b"".join(struct.pack(">H", n.bit_length()) + n.to_bytes((n.bit_length() + 7) // 8, "big") for n in (N, E))
    public = b"\x04" + struct.pack(">I", 1_600_000_000) + b"\x01" + numbers
    key = public + (b"\xfe\x09" if locked else b"\0") + b"s" * 40
    user = b"Me <me@h.example>"
    raw = b"\x95" + struct.pack(">H", len(key)) + key + bytes((0xC0 | 13, len(user))) + user
    crc = 0xB704CE
    for bit in "".join(f"{byte:08b}" for byte in raw):
        crc = (crc << 1 ^ (0x1864CFB if (crc >> 23 ^ int(bit)) & 1 else 0)) & 0xFFFFFF
    text = base64.b64encode(raw).decode()
    tail = "\n=" + base64.b64encode(crc.to_bytes(3, "big")).decode() if checksum else ""
    return f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: made\n\n{text}{tail}\n-----END PGP PRIVATE KEY BLOCK-----"


def test_pgp_blocks_name_their_owner() -> None:
    found = told(pgp())
    assert (found.verdict, found.proof) == ("valid", "checksum")
    assert (found.fact("key"), found.fact("user"), found.fact("encrypted")) == ("RSA 1024", "Me <me@h.example>", "no")
    assert found.fact("issued") == "2020-09-13"
    assert len(found.fact("fingerprint")) == 40
    assert told(pgp(locked=True)).fact("encrypted") == "yes"
    assert told(pgp(checksum=False)).proof == "structure"
    damaged = pgp().replace("AAAA", "AAAB", 1) if "AAAA" in pgp() else pgp()[:120] + "x" + pgp()[121:]
    assert told(damaged).verdict == "malformed"


def test_the_head_of_a_putty_file_is_read_on_in_the_text_beside_it() -> None:
    whole = putty(3)
    head = whole[: whole.index("Comment")]
    assert verify("putty-key", head, beside="a\n" + whole).fact("fingerprint") == ssh_print(ED_BLOB)
    assert verify("putty-key", head).verdict == "unverified"


def test_a_key_in_base64_once_more() -> None:
    text = base64.encodebytes(pem("RSA PRIVATE KEY", RSA).encode()).decode()
    assert verify("private-key-base64", text).fact("fingerprint") == ssh_print(RSA_BLOB)
    assert verify("private-key-base64", "LS0t!").verdict == "malformed"
