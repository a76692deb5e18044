"""One repository of a registry: its manifests and blobs (distribution-spec, Pull)."""

from __future__ import annotations

import time

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images import digest as digests
from auditor.sources.images.distribution.client import Request
from auditor.sources.images.distribution.host import printable
from auditor.sources.images.distribution.signin import SignIn
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from auditor.sources.images.distribution.client import Answer, Client
    from auditor.sources.images.distribution.host import Address

#: What a reference may lead to.
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.artifact.manifest.v1+json",
    )
)
_ANY = "application/octet-stream, */*"
#: Older registries answer so to what they do not know.
MISSING = frozenset((400, 404, 405, 410, 501))


class Absent(SourceError):
    """A registry says that it has no such thing, or does not offer such a thing; `answer` are its own words."""

    def __init__(self, message: str, answer: str) -> None:
        super().__init__(message)
        self.answer = answer


class Found(NamedTuple):
    """A document of a registry, whose digest has been verified. `more`: the registry has further pages of it."""

    data: bytes
    digest: str
    media_type: str
    more: bool = False


class Repository:
    """Reads from one repository; `domain` is the registry's "host[:port]", `name` the repository's path."""

    def __init__(self, client: Client, domain: str, name: str) -> None:
        self.client = client
        self.domain = domain
        self.name = name
        self._found: tuple[Address, SignIn] | None = None
        self._spent = 0.0

    def manifest(self, reference: str, most: int, part: str = "") -> Found:
        """The manifest or index that a tag or a digest leads to. Raises SourceError, Absent among them."""
        expected = reference if ":" in reference else ""
        return self._document(part or f"manifest {reference}", f"manifests/{reference}", MANIFESTS, expected, most)

    def referrers(self, digest: str, most: int) -> Found:
        """The index of what is about a manifest. Raises SourceError; Absent if the registry keeps no such index."""
        accept = MANIFESTS.partition(",")[0]
        return self._document(f"referrers of {digest}", f"referrers/{digest}", accept, "", most)

    def blob(self, digest: str, most: int) -> bytes:
        """A small blob. Raises SourceError, Absent among them."""
        return self._document(f"blob {digest}", f"blobs/{digest}", _ANY, digest, most).data

    def open(self, path: str, part: str, start: int = 0) -> Answer:
        """The answer with a blob's bytes from a position on, if the registry can do that. Raises SourceError."""
        headers = {"Accept": _ANY}
        if start:
            headers["Range"] = f"bytes={start}-"
        return self.get(path, part, headers)

    def get(self, path: str, part: str, headers: dict[str, str]) -> Answer:
        """The answer 200, 206 or 416 to a request below the repository, signed in. Raises SourceError."""
        address, sign_in = self._way()
        url = f"{address.scheme}://{self.domain}/v2/{self.name}/{path}"
        answer = self.client.ask(Request(part, url, headers, sign_in.header()))
        # A host that it redirects to has no say in where the registry's password goes.
        if answer.status == 401 and answer.address == address:
            sign_in.satisfy(answer, part)
            answer = self.client.ask(Request(part, url, headers, sign_in.header()))
        if answer.status in (200, 206, 416):
            return answer
        code = answer.code()
        answer.close()
        if answer.status in (401, 403) and answer.address == address:
            raise sign_in.denied(part, answer.status, code)
        where = f"{part}: {answer.address.shown}"
        said = f"{answer.status} {code}".strip()
        if answer.status in MISSING:
            raise Absent(f"{where}: there is none in {self.name} ({said})", said)
        raise SourceError(f"{where}: HTTP status {said}")

    def _way(self) -> tuple[Address, SignIn]:
        """How the registry is reached: with TLS, or without where that is allowed and nothing else works."""
        if self._found is None:
            address = self._reachable(self.client.policy.choices(self.domain))
            self._found = address, SignIn(self.client, address, self.domain, self.name)
        return self._found

    def _reachable(self, choices: list[Address]) -> Address:
        for address in choices[:-1]:
            if self.client.speaks(f"{address.scheme}://{self.domain}/v2/"):
                return address
        return choices[-1]

    def _document(self, part: str, path: str, accept: str, digest: str, most: int) -> Found:
        """Read a document whole, again if its stream breaks, and verify it."""
        limits = self.client.limits
        started = time.monotonic()
        if self._spent > limits.documents:
            raise SourceError(f"{part}: not read: the registry has taken too long for the others")
        try:
            return self.client.again(f"{part}: {self.domain}", lambda: self._read(part, path, accept, digest, most))
        finally:
            self._spent += time.monotonic() - started

    def _read(self, part: str, path: str, accept: str, digest: str, most: int) -> Found:
        answer = self.get(path, part, {"Accept": accept})
        where = f"{part}: {answer.address.shown}"
        try:
            if answer.status != 200:
                raise SourceError(f"{where}: HTTP status {answer.status}")
            media_type = answer.header("Content-Type").partition(";")[0].strip().lower()
            if media_type == "text/html":
                raise SourceError(f"{where}: it answers with a web page; is that the host of a registry?")
            answer.start(self.client.limits.document)
            announced = answer.length or 0
            data = answer.read(most + 1) if announced <= most else b""
            if max(announced, len(data)) > most:
                raise SourceError(f"{where}: longer than {most:,} bytes")
            more = 'rel="next"' in answer.header("Link")
            return Found(data, _verified(where, data, digest, answer), printable(media_type), more)
        finally:
            answer.close()


def _verified(where: str, data: bytes, digest: str, answer: Answer) -> str:
    """The digest of a document. Raises SourceError if another was expected or is claimed."""
    claimed = answer.header("Docker-Content-Digest").strip()
    for wanted in filter(None, (digest, claimed)):
        if digests.parts(wanted) is None:
            raise SourceError(f"{where}: the digest that it names is malformed")
        if not digests.fits(wanted, data):
            raise SourceError(f"{where}: its digest is not {wanted}")
    return digest or claimed or digests.of(data)
