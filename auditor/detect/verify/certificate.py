"""Finds the X.509 certificate that belongs to a private key in the text beside it: where the key is in use."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.detect.verify import der, pem

_MOST = 8
_COMMON_NAME = "2.5.4.3"
_TIMES = {0x17: Pattern(r"(\d\d)(\d\d)(\d\d)\d{4,6}Z"), 0x18: Pattern(r"(\d{4})(\d\d)(\d\d)\d{4,6}Z")}
_VERSION = 0xA0


def matching(text: str, public: bytes) -> tuple[tuple[str, str | None], ...]:
    """Facts about the first certificate in `text` whose public key is `public`: its name and last day."""
    for block in pem.blocks(text, _MOST):
        if block.label != "CERTIFICATE" or block.data is None:
            continue
        try:
            name, last, key = _read(block.data)
        except ValueError:
            continue
        if key == public:
            return ("certificate", name or "without a name"), ("certificate expires", last)
    return ()


def _read(data: bytes) -> tuple[str, str | None, bytes]:
    """Common name, last day (ISO) and public key of a certificate. Raises ValueError."""
    body = der.sequence(der.sequence(der.whole(data), 3)[0], 6)
    parts = body[1:] if body[0].tag == _VERSION else body
    if len(parts) < 6:
        raise ValueError("too few parts")
    until, subject, key = der.sequence(parts[3], 2)[1], parts[4], parts[5]
    return _common_name(subject), _day(until), der.sequence(key, 2)[1].bits()


def _common_name(subject: der.Element) -> str:
    for group in der.sequence(subject, 0):
        for attribute in group.children():
            kind, value = der.sequence(attribute, 2)[:2]
            if kind.oid() == _COMMON_NAME:
                return value.body.decode("utf-8", "replace")
    return ""


def _day(until: der.Element) -> str | None:
    pattern = _TIMES.get(until.tag)
    match = pattern.fullmatch(until.body.decode("ascii", "replace")) if pattern else None
    if match is None:
        return None
    year = match[1] if len(match[1]) == 4 else f"{'19' if match[1] >= '50' else '20'}{match[1]}"
    return f"{year}-{match[2]}-{match[3]}"
