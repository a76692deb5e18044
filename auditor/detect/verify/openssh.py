"""OpenSSH's own private key format (PROTOCOL.key in openssh-portable): the public key is never encrypted."""

from __future__ import annotations

from auditor.detect.verify import rsa, sshwire
from auditor.detect.verify.outcome import Verdict, valid

_MAGIC = b"openssh-key-v1\0"
_MOST_KEYS = 8
_CURVE_NAMES = {b"nistp256": "EC P-256", b"nistp384": "EC P-384", b"nistp521": "EC P-521"}


def verify(data: bytes) -> Verdict:
    """Kind, fingerprint and, if it is not encrypted, the comment. Raises ValueError if it does not parse."""
    if not data.startswith(_MAGIC):
        raise ValueError("no OpenSSH key")
    reader = sshwire.Reader(data[len(_MAGIC) :])
    cipher, _kdf, _options, count = reader.string(), reader.string(), reader.string(), reader.number()
    if not 1 <= count <= _MOST_KEYS:
        raise ValueError("number of keys")
    public, *_others = [reader.string() for _ in range(count)]
    private = reader.string()
    if not private or len(private) % 8:
        raise ValueError("padding")
    encrypted = cipher != b"none"
    return valid(
        "structure",
        ("key", name(public)),
        ("encrypted", "yes" if encrypted else "no"),
        ("fingerprint", sshwire.fingerprint(public)),
        ("comment", None if encrypted else _comment(private, public, count)),
    )


def name(public: bytes) -> str:
    """The shown name of a public key in wire format. Raises ValueError if it does not parse."""
    reader = sshwire.Reader(public)
    kind = reader.string()
    if kind == b"ssh-rsa":
        reader.mpint()
        return f"RSA {reader.mpint().bit_length()}"
    if kind == b"ssh-dss":
        return f"DSA {reader.mpint().bit_length()}"
    if kind == b"ssh-ed25519":
        if len(reader.string()) != 32:
            raise ValueError("length of the key")
        return "Ed25519"
    if kind.startswith(b"ecdsa-sha2-"):
        return _CURVE_NAMES.get(reader.string(), "EC")
    if not (kind.isascii() and 3 <= len(kind) <= 60):
        raise ValueError("kind of key")
    return kind.decode("ascii")


def _comment(private: bytes, public: bytes, count: int) -> str | None:
    """The comment of the first key; checks the two equal numbers, the public half inside and the padding."""
    reader = sshwire.Reader(private)
    if reader.number() != reader.number():
        raise ValueError("check numbers differ")
    kind = reader.string()
    if count != 1 or sshwire.string(kind) != public[: 4 + len(kind)]:
        raise ValueError("kind of key")
    if kind == b"ssh-rsa":
        _rsa(reader, public)
    elif kind == b"ssh-ed25519":
        both = [reader.string(), reader.string()]
        if len(both[1]) != 64 or not both[1].endswith(both[0]) or not public.endswith(both[0]):
            raise ValueError("public and private do not belong together")
    elif kind.startswith(b"ecdsa-sha2-"):
        if sshwire.string(kind) + sshwire.string(reader.string()) + sshwire.string(reader.string()) != public:
            raise ValueError("public and private do not belong together")
        reader.mpint()
    else:
        return None
    comment, padding = reader.string(), reader.rest()
    if padding != bytes(range(1, len(padding) + 1)):
        raise ValueError("padding")
    return comment.decode("utf-8", "replace")


def _rsa(reader: sshwire.Reader, public: bytes) -> None:
    n, e, d, _inverse, p, q = (reader.mpint() for _ in range(6))
    rsa.check(n, e, d, p, q)
    if sshwire.rsa(n, e) != public:
        raise ValueError("public and private do not belong together")
