"""Files that are one secret and nothing else, known by their names, and Keeper's configuration."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect.structures.candidate import Candidate, Source

_LINE = Pattern(r"\A\ufeff?\s{0,100}(?P<value>[^\s](?:[^\r\n]{0,4000}[^\s])?)\s{0,100}\Z")
_HEX_KEY = Pattern(r"\A\s{0,20}(?P<value>[0-9a-f]{32}|[0-9a-f]{64})\s{0,20}\Z")
_JENKINS_KEY = Pattern(r"\A\s{0,20}(?P<value>[0-9a-f]{256})\s{0,20}\Z")
_KEEPER_JSON = Pattern(
    r"\"(?P<name>privateKey|clientKey)\\?\"\s{0,50}+:\s{0,50}+\\?\"(?P<value>[A-Za-z0-9+/_-]{40,4000}={0,2})\\?\""
)
_KEEPER_APP = Pattern(r"\"(?P<name>appKey|clientId)\\?\"\s{0,50}+:\s{0,50}+\\?\"[A-Za-z0-9+/_-]{20,400}={0,2}\\?\"")
_KEEPER_INI = Pattern(
    r"(?m)^[ \t]{0,20}(?P<name>config|privatekey|clientkey|appkey|KSM_CONFIG)[ \t]{0,20}=[ \t]{0,20}[\"']?"
    r"(?P<value>[A-Za-z0-9+/_-]{40,8000}={0,2})"
)
_KEEPER_BASE64 = Pattern(r"(?<![A-Za-z0-9+/=_-])(?:ewog|ew0K|eyJ)[A-Za-z0-9+/_-]{200,4000}={0,2}")
_KEEPER_TOKEN = Pattern(r"(?<![A-Za-z0-9:])(?:US|EU|AU|CA|JP|GOV):[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
_MOST = 8000
_PASSWORD_NAMES = frozenset(
    "vault-pass .vault_pass .vault_pass.txt vault_pass.txt vault-password vault_password .vault_password "
    ".vault-password vault_pass .vault-pass".split()
)
#: Names of files that are one token or password.
_SINGLE = Pattern(
    r"(?:^|[._-])(?:token|password|passwd|secret|api[_-]?key|authtoken|secret[_-]?key)(?:\.txt)?$"
    r"|^(?:passwords?|secrets?|tokens?)\.txt$"
)


def find(source: Source) -> Iterator[Candidate]:
    """The secret that the file is."""
    text, base = source.text, source.base
    if len(text) > _MOST:
        return
    if base == "master.key" or (base.endswith(".key") and "config/credentials/" in source.path):
        yield from _master(text)
    elif base in _PASSWORD_NAMES:
        yield from _line(text, "ansible-vault-password", "Ansible vault password", "password")
    elif base in (".vault-token", "vault-token", "vault_token"):
        yield from _line(text, "vault-token", "HashiCorp Vault token", "token", "vault-token")
    elif source.kind == "hugging-face-token":
        yield from _line(text, "hugging-face-token", "Hugging Face token", "token")
    elif source.kind == "credentials-json" and _SINGLE.search(base):
        yield from _line(text, "token-file", "File that is one secret", "token")


def _master(text: str) -> Iterator[Candidate]:
    jenkins = _JENKINS_KEY.match(text)
    if jenkins is not None:
        yield Candidate("jenkins-master-key", "Jenkins master key", *jenkins.span("value"), "", "sure")
    rails = _HEX_KEY.match(text)
    if rails is not None:
        yield Candidate("rails-master-key", "Rails key of encrypted credentials", *rails.span("value"), "", "token")


def _line(text: str, kind: str, title: str, mode: str, verifier: str = "") -> Iterator[Candidate]:
    found = _LINE.match(text)
    if found is None or text.lstrip().startswith(("#!", "$ANSIBLE_VAULT", "{", "[", "<")):
        return
    if mode == "token" and any(c in found["value"] for c in " =:"):
        return  # a sentence or a setting
    yield Candidate(kind, title, *found.span("value"), "", mode, verifier)


def jenkins_secret(source: Source) -> Iterator[Candidate]:
    """The binary file that, with master.key, decrypts all credentials of a Jenkins."""
    if 200 < len(source.text) < _MOST and not source.text.isprintable():
        yield Candidate("jenkins-master-key", "Jenkins secret file", 0, len(source.text), "", "likely")


def keeper(source: Source) -> Iterator[Candidate]:
    """Configuration of Keeper Secrets Manager: JSON, keeper.ini, base64 of the JSON; one-time tokens."""
    text = source.text
    if _KEEPER_APP.search(text):
        yield from _keeper_json(text)
    if source.kind == "keeper-config":
        for match in _KEEPER_INI.finditer(text):
            verifier = "keeper-config" if match["value"].startswith("ey") or match["value"].startswith("ew") else ""
            yield Candidate(
                "keeper-config", "Keeper configuration", *match.span("value"), match["name"], "token", verifier
            )
        if text[:2] in ("ew", "ey"):
            for match in _KEEPER_BASE64.finditer(text):
                yield Candidate("keeper-config", "Keeper configuration", *match.span(), "", "sure", "keeper-config")
        for match in _KEEPER_TOKEN.finditer(text):
            yield Candidate(
                "keeper-one-time-token", "Keeper one-time token", *match.span(), "", "sure", "keeper-one-time-token"
            )


def _keeper_json(text: str) -> Iterator[Candidate]:
    """The configuration as one secret; the keys of one that has no private key yet, or that is not whole."""
    done = 0
    for match in _KEEPER_JSON.finditer(text):
        if match.start() < done:
            continue
        start = text.rfind("{", max(done, match.start() - _MOST), match.start())
        end = text.find("}", match.end(), match.end() + _MOST) + 1
        inside = text[start:end].replace('\\"', '"').replace("\\n", "\n") if 0 <= start < end else ""
        if '"clientId"' in inside and '"privateKey"' in inside:
            done = end
            if not text[:start].strip() and not text[end:].strip():
                start, end = 0, len(text)  # with its blanks, so that the base64 around it is told whole
            yield Candidate(
                "keeper-config", "Keeper configuration", start, end, "", "sure", "keeper-config", plain=inside
            )
        else:
            yield Candidate("keeper-config", "Keeper configuration key", *match.span("value"), match["name"], "token")
