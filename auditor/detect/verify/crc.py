"""Tokens that end in a CRC-32 (IEEE, zlib) of their body. Each issuer has its own number format and range."""

from __future__ import annotations

from binascii import b2a_base64
from zlib import crc32

from auditor.core.pattern import Pattern
from auditor.detect.verify.encoding import BASE36, BASE62, base64_bytes, digits
from auditor.detect.verify.outcome import UNVERIFIED, Facts, Verdict, broken, facts, valid

_GITHUB_TYPES = {
    "ghp": "personal access token",
    "gho": "OAuth access token",
    "ghu": "app user token",
    "ghs": "app installation token",
    "ghr": "app refresh token",
}
#: Lengths after the prefix whose checksum is known; GitHub reserves up to 255.
_GITHUB_LENGTHS = (36, 76)
_GITHUB_APP = Pattern(r"ghs_(\d{1,20})_(eyJ[\w-]+\.[\w-]+\.[\w-]*)")
_GITHUB = Pattern(r"(gh[pousr])_([A-Za-z0-9]{7,251})")
_FINE_GRAINED = Pattern(r"(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{43})([A-Z2-7]{8})[A-Za-z0-9]{8}")
_GITLAB = Pattern(r"[A-Za-z0-9_-]{27,340}(?:\.01)?\.([0-9a-z]{2})([0-9a-z]{7})")
_GITLAB_ROUTE = Pattern(r"([gopu]):([0-9a-z]{1,13})")
#: Bytes of the payload after the routing lines: 16 random ones and their count.
_GITLAB_RANDOM = 17
_GITLAB_NAMES = {"g": "group id", "o": "organisation id", "p": "project id", "u": "user id"}

_VERCEL = Pattern(r"vc[picark]_([A-Za-z0-9]{50})([A-Za-z0-9]{6})")
_NPM = Pattern(r"npm_([A-Za-z0-9]{30})([A-Za-z0-9]{6})")
_GRAFANA = Pattern(r"(glsa_[A-Za-z0-9]{32})_([0-9A-Fa-f]{8})")
_ATLASSIAN = Pattern(r"(AT(?:[ACS]TT3|OA)[A-Za-z0-9_=-]{20,400}=)([0-9A-F]{8})")
#: Whose checksum has been seen to hold; the others look alike.
_ATLASSIAN_PROVEN = ("ATATT3", "ATCTT3")
_NATS = Pattern(r"S[UOAXNC][A-Z2-7]{56}")

_CLOUDFLARE = Pattern(r"cf(?:ut|at|k)_([A-Za-z0-9]{40})([0-9a-f]{8})")
_CONFLUENT = Pattern(r"cflt([A-Za-z0-9+/]{54})([A-Za-z0-9+/]{6})")
_ZUPLO = Pattern(r"zpka_([A-Za-z0-9]{32})_([0-9a-f]{8})")


def _sum(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogateescape"))


def _judge(body: str, written: str, computed: str) -> Verdict:
    return valid("checksum") if written == computed else broken(body, "checksum")


def github(value: str, beside: str, now: float) -> Verdict:
    """ghp, gho, ghu, ghs, ghr: body and six base-62 digits; since 2026 ghs may wrap a JWT."""
    if wrapped := _GITHUB_APP.fullmatch(value):
        from auditor.detect.verify.jwt import verify  # start-up: rare form

        told = verify(wrapped[2], beside, now)
        return told._replace(facts=(*facts(("type", _GITHUB_TYPES["ghs"]), ("app id", wrapped[1])), *told.facts))
    match = _GITHUB.fullmatch(value)
    if match is None:
        return broken(value, "structure")
    body, written = match[2][:-6], match[2][-6:]
    known = ("type", _GITHUB_TYPES[match[1]])
    if digits(_sum(body), BASE62, 6) == written:
        return valid("checksum", known)
    if len(match[2]) in _GITHUB_LENGTHS:
        return broken(body, "checksum", known)
    return Verdict("unverified", facts(known))


def github_fine_grained(value: str, beside: str, now: float) -> Verdict:
    """github_pat: base32 of the SHA-256 of the first 77 characters stands in the next eight."""
    if len(value) != 93:
        return broken(value[11:], "structure")
    match = _FINE_GRAINED.fullmatch(value)
    if match is None:
        return broken(value[11:], "checksum")
    from base64 import b32encode  # start-up: both only for this format
    from hashlib import sha256

    return _judge(match[1][11:], match[2], b32encode(sha256(match[1].encode()).digest())[:8].decode())


def npm(value: str, beside: str, now: float) -> Verdict:
    """npm_: 30 characters and six base-62 digits over them, without the prefix."""
    return _six_digits(_NPM, value)


def vercel(value: str, beside: str, now: float) -> Verdict:
    """vcp, vci, vca, vcr, vck: 50 characters and six base-62 digits over them."""
    return _six_digits(_VERCEL, value)


def _six_digits(pattern: Pattern, value: str) -> Verdict:
    match = pattern.fullmatch(value)
    if match is None:
        return broken(value[4:], "structure")
    return _judge(match[1], match[2], digits(_sum(match[1]), BASE62, 6))


def gitlab(value: str, beside: str, now: float) -> Verdict:
    """GitLab's routable tokens: seven base-36 digits over everything before; the payload names its owner.

    Older tokens have no checksum. Payload: lines `key:base-36 number`, 16 random bytes, their count
    (https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/).
    """
    if "." not in value:
        return UNVERIFIED
    match = _GITLAB.fullmatch(value)
    if match is None:
        return broken(value, "structure")
    if digits(_sum(value[:-7]), BASE36, 7) != match[2]:
        return broken(value[:-7].partition("-")[2], "checksum")
    return valid("checksum", *_gitlab_owner(value.partition(".")[0], int(match[1], 36)))


def _gitlab_owner(text: str, size: int) -> Facts:
    """Whom a routable token belongs to; its payload is the last `size` characters of `text`, base64."""
    payload = base64_bytes(text[-size:]) if size else None
    lines = (payload or b"")[:-_GITLAB_RANDOM].decode("ascii", "replace").split("\n")
    routes = [match for match in map(_GITLAB_ROUTE.fullmatch, lines) if match]
    return tuple((_GITLAB_NAMES[m[1]], str(int(m[2], 36))) for m in routes)


def grafana(value: str, beside: str, now: float) -> Verdict:
    """glsa: eight hex digits, little-endian, over the prefix and the 32 characters."""
    match = _GRAFANA.fullmatch(value)
    if match is None:
        return broken(value[5:], "structure")
    return _judge(match[1][5:], match[2].lower(), _sum(match[1]).to_bytes(4, "little").hex())


def atlassian(value: str, beside: str, now: float) -> Verdict:
    """ATATT3 and ATCTT3: eight capital hex digits over everything before, the equals sign included."""
    match = _ATLASSIAN.fullmatch(value)
    if match is None:
        return broken(value[6:], "structure")
    if not value.startswith(_ATLASSIAN_PROVEN) and match[2] != f"{_sum(match[1]):08X}":
        return UNVERIFIED
    return _judge(match[1][6:], match[2], f"{_sum(match[1]):08X}")


def cloudflare(value: str, beside: str, now: float) -> Verdict:
    """cfut, cfat, cfk: eight hex digits over the 40 characters after the prefix."""
    match = _CLOUDFLARE.fullmatch(value)
    if match is None:
        return broken(value[4:], "structure")
    return _judge(match[1], match[2], f"{_sum(match[1]):08x}")


def confluent(value: str, beside: str, now: float) -> Verdict:
    """cflt: six base64 digits of the little-endian sum over the 54 characters after the prefix."""
    match = _CONFLUENT.fullmatch(value)
    if match is None:
        return broken(value[4:], "structure")
    return _judge(match[1], match[2], b2a_base64(_sum(match[1]).to_bytes(4, "little"))[:6].decode())


def zuplo(value: str, beside: str, now: float) -> Verdict:
    """zpka: eight hex digits over the 32 characters after the prefix."""
    match = _ZUPLO.fullmatch(value)
    if match is None:
        return broken(value[5:], "structure")
    return _judge(match[1], match[2], f"{_sum(match[1]):08x}")


def nats(value: str, beside: str, now: float) -> Verdict:
    """A NATS seed: base 32 of two prefix bytes, 32 of seed and a little-endian CRC-16 (XMODEM) over them."""
    if not _NATS.fullmatch(value):
        return broken(value[2:], "structure")
    from base64 import b32decode  # start-up: both only for this format
    from binascii import crc_hqx

    data = b32decode(value + "======")
    if crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little"):
        return valid("checksum")
    return broken(value[2:], "checksum")
