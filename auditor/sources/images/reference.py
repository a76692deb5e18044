"""Image references: `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]` (distribution's reference grammar)."""

from __future__ import annotations

import re

from auditor.core.errors import UsageError
from auditor.core.record import NamedTuple
from auditor.lang.dockerfile.reference import reference_error
from auditor.sources.images import digest as digests

_IDENTITY = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.ASCII)
_LONGEST_SHOWN = 200


class Reference(NamedTuple):
    """What a reference names; "" for what it does not say.

    Without a `domain` it is the engine's default registry, which may also put its own folder before the repository.
    """

    domain: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        name = "/".join(filter(None, (self.domain, self.repository)))
        return name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse_reference(text: str) -> Reference:
    """The parts of a reference. Raises UsageError, which says what is wrong with it."""
    if "://" in text:
        raise UsageError(f"{_shown(text)}: an image is named HOST/REPOSITORY:TAG, without a scheme")
    name, _, digest = text.partition("@")
    if digest and not digests.parts(digest):
        # What stands before may be a password.
        raise UsageError("an image's digest is sha256: and 64 hexadecimal digits; users do not belong in a reference")
    if error := reference_error(text):
        raise UsageError(f"{_shown(text)}: {error}")
    domain, slash, rest = name.partition("/")
    if not slash or not (domain == "localhost" or any(c in domain for c in ".:") or domain.lower() != domain):
        domain, rest = "", name
    repository, _, tag = rest.partition(":")
    return Reference(domain, repository, tag, digest)


def image_identity(text: str) -> str:
    """The digest that a full image id is ("sha256:<hex>", or the digits alone); "" if the text is none."""
    match = _IDENTITY.fullmatch(text)
    return f"sha256:{match[1]}" if match else ""


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
