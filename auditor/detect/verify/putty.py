"""PuTTY's private key files (PPK 2 and 3): the public half is plain, and an unencrypted file carries its own MAC.

Format: https://the.earth.li/~sgtatham/putty/0.83/htmldoc/AppendixC.html
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.verify import openssh, sshwire
from auditor.detect.verify.encoding import base64_bytes
from auditor.detect.verify.outcome import UNVERIFIED, Verdict, broken, valid

_LINE = Pattern(r"[ \t]*([A-Za-z0-9-]{1,40}): ?(.{0,400})")
_START = "PuTTY-User-Key-File-"
_V2_KEY = b"putty-private-key-file-mac-key"
_MOST_LINES = 1000


def verify(value: str) -> Verdict:
    """Kind, comment, encrypted or not, fingerprint; the MAC is checked where no passphrase is needed."""
    headers, bodies = _read(value[value.find(_START) :])
    first = next(iter(headers), "")
    public = base64_bytes(bodies.get("Public-Lines", ""))
    if not first.startswith(_START):
        return UNVERIFIED
    if not public or first[len(_START) :] not in ("1", "2", "3"):
        return UNVERIFIED if len(headers) < 4 else broken(value, "structure")
    try:
        name = openssh.name(public)
    except ValueError:
        return broken(value, "structure")
    encrypted = headers.get("Encryption", "none") != "none"
    known = (
        ("key", name),
        ("encrypted", "yes" if encrypted else "no"),
        ("fingerprint", sshwire.fingerprint(public)),
        ("comment", headers.get("Comment")),
    )
    if encrypted:
        return valid("structure", *known)
    expected = _mac(headers, first, public, base64_bytes(bodies.get("Private-Lines", "")) or b"")
    if expected is None or "Private-MAC" not in headers:
        return valid("structure", *known)
    if headers["Private-MAC"].strip().lower() == expected:
        return valid("checksum", *known)
    return broken(bodies.get("Private-Lines", ""), "checksum", *known)


def _read(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The headers in order, and the base64 after `Public-Lines: n` and `Private-Lines: n`."""
    headers: dict[str, str] = {}
    bodies: dict[str, str] = {}
    lines = text.replace("\\n", "\n").splitlines()[:_MOST_LINES]
    at = 0
    while at < len(lines):
        match = _LINE.fullmatch(lines[at].rstrip())
        at += 1
        if match is None:
            continue
        headers.setdefault(match[1], match[2])
        if match[1].endswith("-Lines") and match[2].isdecimal() and len(match[2]) < 4:
            count = int(match[2])
            bodies[match[1]] = "".join(line.strip() for line in lines[at : at + count])
            at += count
    return headers, bodies


def _mac(headers: dict[str, str], first: str, public: bytes, private: bytes) -> str | None:
    """The MAC of an unencrypted file in hex; None for version 1, whose MAC covers less."""
    import hashlib  # start-up: only for these files
    import hmac

    fields = (headers[first], headers.get("Encryption", "none"), headers.get("Comment", ""))
    message = b"".join(sshwire.string(field.encode("utf-8", "surrogateescape")) for field in fields)
    message += sshwire.string(public) + sshwire.string(private)
    if first.endswith("3"):
        return hmac.new(b"", message, hashlib.sha256).hexdigest()
    return hmac.new(hashlib.sha1(_V2_KEY).digest(), message, hashlib.sha1).hexdigest() if first.endswith("2") else None
