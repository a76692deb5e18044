"""Macaroons: package index tokens (libmacaroons v2 binary) and Fly.io's (MessagePack). Caveats say scope and expiry."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.verify.encoding import base64_bytes, json_value, varint
from auditor.detect.verify.msgpack import Item, unpack
from auditor.detect.verify.outcome import Verdict, broken, dated, facts, iso_date, valid

_VERSION, _END, _LOCATION, _IDENTIFIER, _SIGNATURE = 2, 0, 1, 2, 6
_SIGNATURE_BYTES = 32
_FIELDS = 1000
_FLY_LOCATION = Pattern(r"https://[\w.:/-]{1,100}")
_FLY_ORGANISATION, _FLY_WINDOW = 0, 4

_Field = tuple[int, bytes]


def pypi(value: str, beside: str, now: float) -> Verdict:
    """`pypi-` and a macaroon whose location is the index (https://warehouse.pypa.io/development/token-scanning.html)."""
    data = base64_bytes(value.removeprefix("pypi-"))
    try:
        fields = _fields(data or b"")
    except ValueError:
        return broken(value[5:], "structure")
    header = fields[: fields.index((_END, b""))] if (_END, b"") in fields else []
    kinds = [kind for kind, _body in header]
    caveats = [json_value(body) for kind, body in fields[len(header) :] if kind == _IDENTIFIER]
    if kinds != [_LOCATION, _IDENTIFIER]:
        return broken(value[5:], "structure")
    if None in caveats or not all(body.isascii() and body.decode("ascii").isprintable() for _kind, body in header):
        return Verdict("unverified", facts(("type", "macaroon with unreadable contents")), "structure")
    scope, user, expires = _caveats(caveats)
    verdict = valid(
        "structure",
        ("issuer", header[0][1].decode("ascii")),
        ("key id", header[1][1].decode("ascii")),
        ("scope", scope),
        ("user", user),
    )
    return dated(verdict, expires, now)


def _fields(data: bytes) -> list[_Field]:
    """Type and body of every field of a v2 macaroon; ends of sections are (0, b""). Raises ValueError."""
    if not data or data[0] != _VERSION:
        raise ValueError("version")
    found: list[_Field] = []
    at = 1
    while at < len(data) and len(found) < _FIELDS:
        kind = data[at]
        at += 1
        if kind == _END:
            found.append((_END, b""))
            continue
        size, at = varint(data, at, bits=35)
        body = data[at : at + size]
        if len(body) != size:
            raise ValueError("truncated")
        found.append((kind, body))
        at += size
        if kind == _SIGNATURE:
            break
    if at != len(data) or not found or found[-1][0] != _SIGNATURE or len(found[-1][1]) != _SIGNATURE_BYTES:
        raise ValueError("signature")
    return found


def _caveats(caveats: list[object]) -> tuple[str, str, float | None]:
    """Scope, user id and expiry that the caveats name, in the form of 2018 (objects) and of 2022 (arrays)."""
    scope, user, expires = "", "", None
    for caveat in caveats[:20]:
        if isinstance(caveat, dict):
            scope = _permissions(caveat.get("permissions")) or scope
            expires = _earlier(expires, caveat.get("exp"))
        elif isinstance(caveat, list) and len(caveat) >= 2:
            kind, what = caveat[0], caveat[1]
            if kind == 0:
                expires = _earlier(expires, what)
            elif kind in (1, 2) and isinstance(what, list):
                scope = _projects(what) or scope
            elif kind == 3 and isinstance(what, str):
                user = what
    return scope, user, expires


def _permissions(found: object) -> str:
    if isinstance(found, str):
        return found
    projects = found.get("projects") if isinstance(found, dict) else None
    return _projects(projects) if isinstance(projects, list) else ""


def _projects(names: list[object]) -> str:
    return ", ".join(name for name in names[:5] if isinstance(name, str))


def _earlier(one: float | None, other: object) -> float | None:
    if isinstance(other, bool) or not isinstance(other, (int, float)) or iso_date(other) is None:
        return one
    return float(other) if one is None else min(one, float(other))


def fly(value: str, beside: str, now: float) -> Verdict:
    """`FlyV1 fm2_..`, comma-separated: a token and the discharges of its third-party caveats."""
    parts = value.removeprefix("FlyV1").strip().split(",")
    for part in parts[:10]:
        prefix, _, body = part.partition("_")
        if prefix not in ("fm1r", "fm1a", "fm2", "fo1"):
            return broken(value, "structure")
        if prefix == "fo1":
            return Verdict("unverified", facts(("type", "OAuth token")))
        try:
            root = unpack(base64_bytes(body) or b"")
        except ValueError:
            return broken(body, "structure")
        if part is parts[0]:
            verdict = _fly(root, body, now)
    return verdict


def _fly(root: Item, body: str, now: float) -> Verdict:
    """Nonce (3 parts), location, caveats (type, body, type, body ...), tail."""
    if not isinstance(root, list) or len(root) != 4:
        return broken(body, "structure")
    nonce, location, caveats, tail = root
    if not (isinstance(nonce, list) and isinstance(location, str) and isinstance(caveats, list)):
        return broken(body, "structure")
    if len(nonce) not in (2, 3) or not isinstance(tail, bytes) or len(caveats) % 2:
        return broken(body, "structure")
    organisation, expires = None, None
    for kind, what in zip(caveats[::2], caveats[1::2], strict=True):
        if kind == _FLY_ORGANISATION and isinstance(what, list) and what and isinstance(what[0], int):
            organisation = str(what[0])
        if kind == _FLY_WINDOW and isinstance(what, list) and len(what) == 2:
            expires = _earlier(expires, what[1])
    where = location if _FLY_LOCATION.fullmatch(location) else None
    return dated(valid("structure", ("issuer", where), ("organisation", organisation)), expires, now)
