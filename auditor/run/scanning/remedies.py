"""What to do about a finding of the scan: the rule's advice, with what was found named and samples only if they fit."""

from __future__ import annotations

from auditor.checks.remedies import named
from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import load_rules
from auditor.detect.detection import (
    ASSIGNED_SECRET,
    KNOWN_TOKEN,
    PRIVATE_KEY,
    PROVIDER_KEY,
    STORED_CREDENTIAL,
    URL_CREDENTIAL,
)

if TYPE_CHECKING:
    from auditor.detect.detection import Detection

_FIRST = {
    KNOWN_TOKEN: "Revoke the token ({}) at the service that issued it, then issue a new one.",
    PROVIDER_KEY: "Revoke the key ({}) in the account of the service, then issue a new one.",
    STORED_CREDENTIAL: "Log out or revoke the credential ({}), take the file out, and pass it in when it is needed.",
}
_HASH = "Choose a new password, and keep the hash out of what is copied: it can be tried without end ({})."
#: The samples of these rules are written for one service, language or kind of file.
_SAMPLES = {
    KNOWN_TOKEN: ("github",),
    PROVIDER_KEY: ("algolia",),
    STORED_CREDENTIAL: ("npm",),
    URL_CREDENTIAL: ("postgres", "pg"),
    PRIVATE_KEY: ("openssh", "ssh"),
    ASSIGNED_SECRET: (".py",),
}
_CODE = "    "


def remedy(detection: Detection, path: str) -> str:
    """The advice for a detection; "" for that of its rule, which is also what rules without advice of ours have."""
    if detection.rule not in _SAMPLES:
        return ""
    text = str(load_rules()["rules"][detection.rule]["remedy"])
    blocks = text.strip("\n").split("\n\n")
    about = f"{detection.secret.kind} {detection.title} {detection.name} {path.rpartition('/')[2]}".lower()
    is_hash = "password-hash" in detection.secret.kind or detection.secret.kind.startswith("ntlm-hash")
    fits = not is_hash and any(word in about for word in _SAMPLES[detection.rule])
    kept = [block for block in blocks[1:] if fits or not block.startswith(_CODE)]
    first = _HASH if is_hash else _FIRST.get(detection.rule, blocks[0])
    advice = "\n\n".join([first.replace("{}", detection.title), *([] if is_hash else kept)])
    return named(detection.rule, detection.name, advice) or advice
