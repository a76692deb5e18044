"""The configuration of a secret manager's client, as a value."""

from __future__ import annotations

import binascii

_LIMIT = 64 * 1024
#: Beginnings of an object in base64: `{"`, and with a line break or a space behind the brace.
_BEGINNINGS = ("eyJ", "ewo", "ewog", "ew0K", "eyAi", "eyAg", "ewkJ", "ewki")
_PARTS = (b'"clientId"', b'"privateKey"', b'"appKey"')


def is_client_config(value: str) -> bool:
    """Whether a value is the configuration of a bound device of Keeper Secrets Manager: JSON, or base64 of it."""
    bare = "".join(value.split()) if len(value) <= _LIMIT else ""
    if bare.startswith("{"):
        data = bare.encode("utf-8", "replace")
    elif bare.startswith(_BEGINNINGS):
        try:
            data = binascii.a2b_base64(bare.encode("ascii", "replace"))
        except binascii.Error:
            return False
    else:
        return False
    return all(part in data for part in _PARTS)
