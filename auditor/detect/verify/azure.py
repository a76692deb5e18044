"""Microsoft's keys: identifiable secrets, common annotated security keys (CASK), Entra secrets, DevOps tokens.

Signatures, seeds and layouts: microsoft/security-utilities, IdentifiableMetadata.cs (a seed is eight ASCII characters).
"""

from __future__ import annotations

from binascii import b2a_base64
from zlib import crc32

from auditor.core.pattern import Pattern
from auditor.detect.fillers import is_typed
from auditor.detect.verify.encoding import BASE62, base64_bytes, digits
from auditor.detect.verify.marvin import marvin32
from auditor.detect.verify.outcome import UNVERIFIED, Verdict, broken, facts, valid

#: Signature -> service, {seed: what the key may do}.
_SERVICES: dict[str, tuple[str, dict[str, str]]] = {
    "+ASt": ("Azure Storage", {"Default0": ""}),
    "ACDb": ("Azure Cosmos DB", {"MastRO00": "read only", "MastRW00": "read and write"}),
    "+ABa": ("Azure Batch", {"AbAcct00": ""}),
    "+ACR": ("Azure Container Registry", {"ACRDflt0": ""}),
    "AzCa": ("Azure Cache for Redis", {"Access00": ""}),
    "AzSe": ("Azure AI Search", {"Query000": "query", "PAdmin00": "admin"}),
    "AzFu": ("Azure Functions", {"Functi00": "function", "System00": "system", "Master00": "master"}),
    "AIoT": ("Azure IoT", {"IoTHub00": "hub", "DpsKey00": "device provisioning", "Device00": "device"}),
    "APIM": (
        "Azure API Management",
        {"Tenant00": "direct management", "IoTHub00": "subscription", "Gatewy00": "gateway", "GitKey00": "repository"},
    ),
    "+ASb": ("Azure Service Bus", {"Send0000": "send", "Listen00": "listen", "Manage00": "manage", "System00": ""}),
    "+AEh": ("Azure Event Hubs", {"Send0000": "send", "Listen00": "listen", "Manage00": "manage", "System00": ""}),
    "+ARm": ("Azure Relay", {"Send0000": "send", "Listen00": "listen", "Manage00": "manage"}),
    "+AMC": ("Azure Machine Learning", {"Classic0": ""}),
    "+SQL": ("Azure SQL", {"UsrPwd00": ""}),
}
#: Redis replaces `+` and `/` after the checksum was taken, so a failure there proves nothing.
_REWRITTEN = frozenset(("AzCa",))
_CASK_SERVICES = {"AZDO": "Azure DevOps", "AZEG": "Azure Event Grid", "APIM": "Azure API Management"}
_CASK = Pattern(
    r"[A-Za-z0-9+/]{52}JQQJ9[9DH]([A-Za-z0-9])([A-L])[A-Za-z0-9+/]{16}([A-Za-z0-9]{4})"
    r"([A-Za-z0-9+/]{4}(?:[A-Za-z0-9+/]{2}==)?)"
)
_CASK_SEED = "Default0"
_ENTRA = Pattern(r"[\w.~-]{3}([78])Q~[\w.~-]{31,34}")
_ENTRA_SEED = "AadPwd00"
_ENTRA_LENGTH = 40
_ENTRA_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~"
_DEVOPS = Pattern(r"[a-z2-7]{52}")
#: What is xored into the sum: personal and application tokens.
_DEVOPS_MASKS = {0xE0B9692D: "user", 0x1019F92E: "application"}
#: SHA-256 of the keys that Microsoft publishes for its storage and Cosmos DB emulators.
_EMULATOR_KEYS = frozenset(
    (
        "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059",
        "aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615",
    )
)
_STORAGE_LENGTH = 88


def verify(value: str, beside: str, now: float) -> Verdict:
    """Any key of an Azure service or of Entra, told apart by its own signature."""
    value = value.replace("%3D", "=")
    if _CASK.fullmatch(value):
        return _annotated(value)
    if match := _ENTRA.fullmatch(value):
        return _entra(value, match[1])
    return devops(value, beside, now) if _DEVOPS.fullmatch(value) else _identifiable(value)


def devops(value: str, beside: str, now: float) -> Verdict:
    """An Azure DevOps personal access token: 52 base-32 characters, or 84 in the annotated format."""
    if _CASK.fullmatch(value):
        return _annotated(value)
    if not _DEVOPS.fullmatch(value):
        return broken(value, "structure")
    from base64 import b32decode  # start-up: only for this format

    data = b32decode(value.upper() + "====")
    body = data[0:2] + data[3:7] + data[9:22] + data[23:32]
    written = int.from_bytes(bytes((data[22], data[8], data[7], data[2])), "little")
    owner = _DEVOPS_MASKS.get(crc32(body) ^ written)
    if owner is None:
        return broken(value, "checksum", ("service", "Azure DevOps"))
    return valid("checksum", ("service", "Azure DevOps"), ("type", owner))


def _identifiable(value: str) -> Verdict:
    """Base64 with a four-character signature before the six characters of its Marvin32 checksum."""
    signature = value.rstrip("=")[-10:-6].replace("-", "+").replace("_", "/")
    known = _SERVICES.get(signature)
    data = base64_bytes(value)
    if data is None:
        return broken(value, "structure")
    if known is None or len(data) < 24:
        return _plain(value)
    service, seeds = known
    written = int.from_bytes(data[-4:], "little")
    for seed, purpose in seeds.items():
        if marvin32(data[:-4], int.from_bytes(seed.encode(), "big")) == written:
            return valid("checksum", ("service", service), ("scope", purpose))
    if signature in _REWRITTEN:
        return Verdict("unverified", facts(("service", service)))
    return broken(value[:-10], "checksum", ("service", service))


def _plain(value: str) -> Verdict:
    """A key from before signatures: nothing to check but the published keys of the emulators."""
    if is_typed(value):
        return broken(value, "structure")
    if len(value) == _STORAGE_LENGTH:
        from hashlib import sha256  # start-up: only for this format

        if sha256(value.encode("utf-8", "surrogateescape")).hexdigest() in _EMULATOR_KEYS:
            return Verdict("placeholder", facts(("type", "published key of the local emulator")), "structure")
    return UNVERIFIED


def _annotated(value: str) -> Verdict:
    """CASK: 52 random characters, JQQJ99, year and month, 16 reserved, four of the service, checksum."""
    match = _CASK.fullmatch(value)
    data = base64_bytes(value[:80])
    if match is None or data is None:
        return broken(value, "structure")
    computed = marvin32(data, int.from_bytes(_CASK_SEED.encode(), "big"))
    written = match[4][:4]
    year, month = 2024 + ord(match[1]) - ord("A"), ord(match[2]) - ord("A") + 1
    known = (
        ("service", _CASK_SERVICES.get(match[3], f"Azure ({match[3]})")),
        ("issued", f"{year}-{month:02}" if match[1].isupper() else None),
    )
    if written in (b2a_base64(computed.to_bytes(4, "little"))[:4].decode(), digits(computed, BASE62)[:4]):
        return valid("checksum", *known)
    return broken(value[:52], "checksum", *known)


def _entra(value: str, version: str) -> Verdict:
    """An Entra application secret; 8Q~ ones end in the first half of a checksum, 7Q~ ones have none."""
    known = ("service", "Microsoft Entra")
    if version == "7" or len(value) != _ENTRA_LENGTH:
        return broken(value, "structure", known) if is_typed(value[6:]) else Verdict("unverified", facts(known))
    computed = marvin32(value[:-3].encode(), int.from_bytes(_ENTRA_SEED.encode(), "big"))
    if digits(computed, _ENTRA_ALPHABET)[:3] == value[-3:]:
        return valid("checksum", known)
    return broken(value[6:], "checksum", known)
