"""What the detector reports: one candidate secret at one place of a text."""

from __future__ import annotations

from auditor.core.finding import Confidence
from auditor.core.record import NamedTuple
from auditor.core.secret import Secret

#: Ways to find a secret, from the surest to the least sure; the rule ids of `audit scan`.
KNOWN_TOKEN = "known-token"
PRIVATE_KEY = "private-key"
STORED_CREDENTIAL = "stored-credential"
URL_CREDENTIAL = "url-credential"
PROVIDER_KEY = "provider-key"
ASSIGNED_SECRET = "assigned-secret"
#: What the plugins of detect-secrets found besides.
SECOND_OPINION = "detect-secrets"


class Detection(NamedTuple):
    """A candidate secret: `start` and `end` are half-open character offsets in the text that was searched.

    `rule` says how it was found (one of the ids above, or the id of a user's own rule), `secret.kind` what it is
    ("github-token", "password"), `title` the same for people. `name` is what announces the value: a variable, a
    setting, a field, or "". `verdict` is the offline verdict (valid, expired, malformed, placeholder, unverified) and
    `facts` what was learnt on the way, as (what, value) for the rotation note ("account", "123456789012"). `basis` is
    what the verdict rests on: checksum (the issuer's own), structure (it parses as that format, which anybody can
    write), or "".
    """

    rule: str
    title: str
    start: int
    end: int
    secret: Secret
    confidence: Confidence
    name: str = ""
    verdict: str = "unverified"
    facts: tuple[tuple[str, str], ...] = ()
    basis: str = ""
