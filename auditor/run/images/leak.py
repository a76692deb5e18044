"""What any part of an image was found to hold: one secret at one place, ready to be shown.

Everything but the secret itself is masked when a leak is made, so that what is kept of it (reports, the cache of
layers) holds no value.
"""

from __future__ import annotations

from auditor.core.finding import Confidence, Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Secret

if TYPE_CHECKING:
    from auditor.core.image import ImagePlace


class Remembered(Secret):
    """A secret whose value is not known any more: it has its redacted form, and its fingerprint under one key."""

    __slots__ = ("_fingerprint", "_redacted")

    def __init__(self, redacted: str, kind: str, fingerprint: str) -> None:
        super().__init__("", kind)
        self._redacted = redacted
        self._fingerprint = fingerprint

    @property
    def redacted(self) -> str:
        """As it was shown when the value was known."""
        return self._redacted

    def fingerprint(self, key: bytes) -> str:
        """Under the key with which it was remembered; runs with another key do not use what is remembered."""
        return self._fingerprint

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remembered) and other._fingerprint == self._fingerprint

    def __hash__(self) -> int:
        return hash(self._fingerprint)


class Leak(NamedTuple):
    """One secret at one place of an image.

    `message` is one sentence, `subject` names what leaks in words that survive rebuilds (`Finding.subject`), `excerpt`
    is the line that holds it, masked ("" if there is none to show), `remedy` overrides the rule's advice unless "".
    `silenced`: a comment in the file silences it, for this reason. `group` is the secret's fingerprint under the key
    of the run: equal for equal values.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    verdict: str
    message: str
    subject: str
    secret: Secret
    group: str
    place: ImagePlace
    excerpt: str = ""
    remedy: str = ""
    silenced: str | None = None
