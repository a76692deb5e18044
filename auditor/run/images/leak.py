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


class ShownValue(Secret):
    """A value that is looked for because the metadata shows it, beside what rules find (`valuesearch`)."""


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

    @property
    def by_rule(self) -> bool:
        """Whether a rule has found it. Only such a leak stands for what rules find at the same place."""
        return not isinstance(self.secret, ShownValue)
