"""Signing in to a registry: Basic, and bearer tokens of a token service (Docker's token protocol)."""

from __future__ import annotations

import re
import time
from urllib.parse import quote, urlencode, urlsplit

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images import fields
from auditor.sources.images.distribution.challenge import challenges
from auditor.sources.images.distribution.client import Request
from auditor.sources.images.distribution.docker_config import credential_for
from auditor.sources.images.distribution.failure import BROKEN, explain
from auditor.sources.images.distribution.host import address_of, printable
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.sources.images.distribution.challenge import Challenge
    from auditor.sources.images.distribution.client import Answer, Client
    from auditor.sources.images.distribution.docker_config import Credential
    from auditor.sources.images.distribution.host import Address

#: Longest answer of a token service, in bytes.
_LONGEST = 1 << 20
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}", re.ASCII)
#: How long a token holds if nothing says so, and how long before its end it is renewed, in seconds.
_USUAL_LIFE, _EARLY = 60.0, 10.0
_CLIENT_ID = "image-leak-auditor"


class SignIn:
    """The way into one repository. Credentials are looked up when they are first asked for."""

    def __init__(self, client: Client, address: Address, domain: str, repository: str) -> None:
        self._client = client
        self._address = address
        self._domain = domain
        self._repository = repository
        self._challenge: Challenge | None = None
        self._header = ""
        self._until = float("inf")
        self._credential: Credential | None = None
        self._sought = False
        self._notes: list[str] = []

    def header(self) -> str:
        """The Authorization header for the next request, "" for none. Raises SourceError."""
        if self._header and time.monotonic() > self._until and self._challenge is not None:
            self._bearer(self._challenge)
        return self._header

    def satisfy(self, answer: Answer, part: str) -> None:
        """Get another Authorization header after an answer 401. Raises SourceError if there is none to get."""
        offered = challenges(answer.headers("WWW-Authenticate"))
        answer.close()
        bearer = next((item for item in offered if item.scheme == "bearer" and "realm" in item.parameters), None)
        basic = any(item.scheme == "basic" for item in offered)
        credential = self._own()
        if bearer is not None and not (credential and credential.bearer):
            self._challenge = bearer
            self._bearer(bearer)
        elif credential and credential.bearer and _TOKEN.fullmatch(credential.bearer):
            self._header = f"Bearer {credential.bearer}"
        elif basic and credential and credential.basic():
            self._header = credential.basic()
        elif basic:
            raise self.denied(part, 401)
        else:
            raise SourceError(f"{part}: {self._domain}: it asks to sign in in a way that is not understood")

    def denied(self, part: str, status: int, code: str = "") -> SourceError:
        """Why access was refused, and what may help."""
        what = f"{part}: {self._domain}: access denied ({status}{f' {code}' if code else ''})"
        credential = self._own()
        notes = "".join(f"; {note}" for note in self._notes[:3])
        login = f"`docker login {self._domain}`"
        if credential is None:
            return SourceError(f"{what}: it was asked without credentials, as none were found{notes}; try {login}")
        return SourceError(f"{what} with {credential.whose()}{notes}; if they are out of date, {login} renews them")

    def _own(self) -> Credential | None:
        if not self._sought:
            self._credential = credential_for(self._domain, self._repository, self._notes)
            self._sought = True
        return self._credential

    def _bearer(self, challenge: Challenge) -> None:
        """Get a token from the service that a challenge names."""
        part = f"token for {self._domain}/{self._repository}"
        self._header = ""
        answer = self._client.ask(self._request(part, challenge))
        if answer.status in (400, 401, 403):
            status, code = answer.status, answer.code()
            answer.close()
            raise self.denied(part, status, code)
        value = self._grant(part, answer)
        token = fields.text(value, "token") or fields.text(value, "access_token")
        if not _TOKEN.fullmatch(token):
            raise SourceError(f"{part}: {answer.address.shown}: it gives none")
        life = fields.size(value, "expires_in")
        self._until = time.monotonic() + max(float(life), _USUAL_LIFE) - _EARLY
        self._header = f"Bearer {token}"

    def _request(self, part: str, challenge: Challenge) -> Request:
        realm = quote(challenge.parameters["realm"], safe="%/:=&?~#+!$,;'@()*[]", encoding="utf-8", errors="replace")
        at = address_of(realm)
        if at is None:
            raise SourceError(f"{part}: {self._domain}: its token service is not a web address")
        # The registry says where to send the password: in the clear only where that never leaves this machine, or
        # where it was allowed.
        if at.scheme == "http" and not (self._client.policy.is_open(at) and self._client.policy.is_open(self._address)):
            raise SourceError(f"{part}: {self._domain}: its token service {printable(at.shown)} does not use TLS")
        query = {"scope": challenge.parameters.get("scope") or f"repository:{self._repository}:pull"}
        if service := challenge.parameters.get("service"):
            query["service"] = service
        credential = self._own()
        if credential is not None and credential.identity:
            form = {"grant_type": "refresh_token", "client_id": _CLIENT_ID, "refresh_token": credential.identity}
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return Request(part, realm, kind, method="POST", body=urlencode({**query, **form}).encode())
        mark = "&" if urlsplit(realm).query else "?"
        url = f"{realm.partition('#')[0]}{mark}{urlencode(query)}"
        return Request(part, url, credentials=credential.basic() if credential is not None else "")

    def _grant(self, part: str, answer: Answer) -> Mapping[str, object]:
        """The fields of a token service's answer."""
        where = f"{part}: {answer.address.shown}"
        try:
            if answer.status != 200:
                raise SourceError(f"{where}: HTTP status {answer.status}")
            answer.start(self._client.limits.head)
            return fields.mapping(fields.parse(answer.read(_LONGEST)))
        except BROKEN as error:
            raise SourceError(f"{where}: {explain(error)}") from None
        except ValueError:
            raise SourceError(f"{where}: its answer is not JSON") from None
        finally:
            answer.close()
