"""Private keys: what kind, encrypted or not, and the fingerprint of the public half (for rotation and duplicates).

PKCS#1 and PKCS#8 (RFC 8017, 5958), SEC1 (RFC 5915), DSA; OpenSSH, PuTTY and PGP keys have modules of their own.
"""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.detect.verify import der, pem, rsa, sshwire
from auditor.detect.verify.encoding import base64_bytes
from auditor.detect.verify.outcome import UNVERIFIED, Verdict, broken, facts, valid

#: Parameters and certificates may stand before the key.
_MOST_BLOCKS = 10
_DSA_BITS = 4096

#: Object identifiers of curves: SSH name (empty: SSH has none), shown name, bytes of a coordinate.
_CURVES = {
    "1.2.840.10045.3.1.7": ("nistp256", "P-256", 32),
    "1.3.132.0.34": ("nistp384", "P-384", 48),
    "1.3.132.0.35": ("nistp521", "P-521", 66),
    "1.2.840.10045.3.1.1": ("", "P-192", 24),
    "1.3.132.0.33": ("", "P-224", 28),
    "1.3.132.0.10": ("", "secp256k1", 32),
    "1.3.36.3.3.2.8.1.1.7": ("", "brainpoolP256r1", 32),
    "1.3.36.3.3.2.8.1.1.11": ("", "brainpoolP384r1", 48),
    "1.3.36.3.3.2.8.1.1.13": ("", "brainpoolP512r1", 64),
}
#: Object identifiers of Edwards and Montgomery keys: name, bytes.
_OCTET_KEYS = {
    "1.3.101.110": ("X25519", 32),
    "1.3.101.111": ("X448", 56),
    "1.3.101.112": ("Ed25519", 32),
    "1.3.101.113": ("Ed448", 57),
}
_RSA = ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10")
_EC = "1.2.840.10045.2.1"
_DSA = "1.2.840.10040.4.1"
_PBES2 = "1.2.840.113549.1.5.13"
_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1


class Key(NamedTuple):
    """A parsed key: shown name, public half as SSH writes it, and as a certificate carries it (empty: not known)."""

    name: str
    ssh: bytes = b""
    public: bytes = b""


def verify(value: str, beside: str, now: float) -> Verdict:
    """A private key in any text form; a certificate for it in `beside` is named. A lone first line is unverified."""
    if "PuTTY-User-Key-File-" in value[:200]:
        if "Private-Lines" not in value and value in beside:
            value = beside[beside.find(value) :]
        from auditor.detect.verify.putty import verify as putty  # start-up: rare

        return putty(value)
    block = next((b for b in pem.blocks(value, _MOST_BLOCKS) if "PRIVATE KEY" in b.label), None)
    if block is None or not block.text or not block.closed:
        return UNVERIFIED
    if block.label.startswith("PGP"):
        from auditor.detect.verify.pgp import verify as pgp  # start-up: rare

        return pgp(block)
    if block.label.startswith("SSH2"):
        return UNVERIFIED
    try:
        return _judged(block, beside)
    except ValueError:
        return broken(block.text, "structure")


def verify_base64(value: str, beside: str, now: float) -> Verdict:
    """A private key file in base64 once more, as secrets of CI systems and of Kubernetes hold it."""
    data = base64_bytes("".join(value.split()))
    return broken(value, "structure") if data is None else verify(data.decode("latin-1"), beside, now)


def _judged(block: pem.Block, beside: str) -> Verdict:
    """The verdict on a block that should hold a key. Raises ValueError if it does not parse."""
    data = block.data
    if data is None:
        raise ValueError("no base64")
    if block.label == "OPENSSH PRIVATE KEY":
        from auditor.detect.verify.openssh import verify as openssh  # start-up: rare

        return openssh(data)
    if "ENCRYPTED" in block.headers.get("Proc-Type", ""):
        cipher = block.headers.get("DEK-Info", "").partition(",")[0]
        kind = block.label.removesuffix(" PRIVATE KEY")
        return valid("structure", ("key", kind), ("encrypted", "yes"), ("cipher", cipher))
    if block.label == "ENCRYPTED PRIVATE KEY":
        return _encrypted(data)
    key = parse(data)
    told = valid("structure", ("key", key.name), ("encrypted", "no"), *_print(key))
    if key.public and "CERTIFICATE-----" in beside:
        from auditor.detect.verify.certificate import matching  # start-up: rare

        told = told._replace(facts=(*told.facts, *facts(*matching(beside, key.public))))
    return told


def _print(key: Key) -> tuple[tuple[str, str], ...]:
    return (("fingerprint", sshwire.fingerprint(key.ssh)),) if key.ssh else ()


def _encrypted(data: bytes) -> Verdict:
    """PKCS#8 with encryption: algorithm, then the encrypted octets."""
    algorithm, body = der.sequence(der.whole(data), 2)[:2]
    scheme = der.sequence(algorithm, 1)[0].oid()
    if body.tag != der.OCTETS or not body.body:
        raise ValueError("no encrypted key")
    return valid("structure", ("encrypted", "yes"), ("cipher", "PBES2" if scheme == _PBES2 else f"PBES1 ({scheme})"))


def parse(data: bytes) -> Key:
    """The key in PKCS#1, SEC1, DSA or PKCS#8 DER, told apart by its parts. Raises ValueError."""
    parts = der.sequence(der.whole(data), 3)
    if parts[1].tag == der.SEQUENCE:
        return _pkcs8(parts)
    if parts[1].tag == der.OCTETS:
        return _ec(parts, None)
    return _rsa(parts) if len(parts) >= 9 else _dsa_alone(parts)


def _pkcs8(parts: list[der.Element]) -> Key:
    algorithm = der.sequence(parts[1], 1)
    scheme = algorithm[0].oid()
    if parts[0].number() not in (0, 1) or parts[2].tag != der.OCTETS:
        raise ValueError("no PKCS#8 key")
    inside = parts[2].body
    if scheme in _RSA:
        return _rsa(der.sequence(der.whole(inside), 9))
    if scheme == _EC:
        return _ec(der.sequence(der.whole(inside), 2), algorithm[1] if len(algorithm) > 1 else None)
    if scheme == _DSA and len(algorithm) > 1:
        p, q, g = (part.number() for part in der.sequence(algorithm[1], 3)[:3])
        return _dsa(p, q, g, der.whole(inside).number())
    if scheme in _OCTET_KEYS:
        return _octets(scheme, der.whole(inside), parts[3:])
    return Key(f"algorithm {scheme}")


def _rsa(parts: list[der.Element]) -> Key:
    n, e, d, p, q = (part.number() for part in parts[1:6])
    rsa.check(n, e, d, p, q)
    public = der.encode(der.SEQUENCE, b"".join(der.encode(der.INTEGER, sshwire.mpint(v)[4:]) for v in (n, e)))
    return Key(f"RSA {n.bit_length()}", sshwire.rsa(n, e), public)


def _ec(parts: list[der.Element], named: der.Element | None) -> Key:
    """SEC1: version, private octets, [0] curve, [1] public point."""
    for part in parts[2:]:
        if part.tag == _CONTEXT_0:
            named = der.whole(part.body)
    known = _CURVES.get(named.oid()) if named is not None and named.tag == der.OID else None
    if parts[1].tag != der.OCTETS or not any(parts[1].body):
        raise ValueError("no private key")
    if known is None:
        return Key("EC")
    ssh_name, name, size = known
    if len(parts[1].body) > size:
        raise ValueError("too long for its curve")
    point = next((der.whole(p.body).bits() for p in parts[2:] if p.tag == _CONTEXT_1), b"")
    if point and len(point) not in (1 + size, 1 + 2 * size):
        raise ValueError("public key of another curve")
    return _on_curve(ssh_name, name, point)


def _on_curve(ssh_name: str, name: str, point: bytes) -> Key:
    """The key of a curve with its encoded public point (empty: not known)."""
    ssh = b""
    if ssh_name and point[:1] == b"\x04":
        curve = ssh_name.encode()
        ssh = sshwire.string(b"ecdsa-sha2-" + curve) + sshwire.string(curve) + sshwire.string(point)
    return Key(f"EC {name}", ssh, point)


def _dsa_alone(parts: list[der.Element]) -> Key:
    """OpenSSL's own form: version, p, q, g, public, private."""
    if len(parts) < 6:
        raise ValueError("no key")
    p, q, g, y, x = (part.number() for part in parts[1:6])
    key = _dsa(p, q, g, x)
    if p.bit_length() <= _DSA_BITS and pow(g, x, p) != y:
        raise ValueError("public and private do not belong together")
    return key


def _dsa(p: int, q: int, g: int, x: int) -> Key:
    if not (q.bit_length() <= 512 and 1 < q < p and 1 < g < p and 0 < x < q):
        raise ValueError("not a DSA key")
    name = f"DSA {p.bit_length()}"
    if p.bit_length() > _DSA_BITS:
        return Key(name)
    return Key(name, sshwire.string(b"ssh-dss") + b"".join(map(sshwire.mpint, (p, q, g, pow(g, x, p)))))


def _octets(scheme: str, inside: der.Element, rest: list[der.Element]) -> Key:
    """Ed25519 and its kin: the private octets; the public ones follow in [1] where they are given."""
    name, size = _OCTET_KEYS[scheme]
    if inside.tag != der.OCTETS or len(inside.body) != size:
        raise ValueError("wrong length")
    given = next((part.body[1:] for part in rest if part.tag == 0x81), b"")
    if not given and name == "Ed25519":
        from auditor.detect.verify.ed25519 import public_key  # start-up: rare

        given = public_key(inside.body)
    ssh = sshwire.string(b"ssh-ed25519") + sshwire.string(given) if given and name == "Ed25519" else b""
    return Key(name, ssh, given)
