"""Which paths hold credentials, by name (`rules/files/*.toml`), and what a text that is to be such a file contains."""

from __future__ import annotations

from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.core.resources import load_rules

#: Endings that make a look-alike of a credential file: public halves, samples, programs about it.
_NOT_ONE = Pattern(
    r"(?i)(?:\.(?:pub|example|sample|dist|tmpl|tpl|template|j2|md|rst|sh|bash|py|js|ts|go|rb|php|java|html?|css|svg|png"
    r"|lock|schema\.json|service|bats|c|h|rs|in|erb|gotmpl|defaults?|test)|[-_.](?:example|sample|template|dist|default|schema))$"
)
#: `.env.example` and friends; `.env.production` is real.
_DOTENV = Pattern(
    r"(?i)^\.env(?:\.[\w-]+)*$|^env\.(?:prod|production|local|dev|staging)$"
    r"|^(?:prod|production|staging|stage|local|dev|development|app|application|docker|web|api|server|backend|frontend|db"
    r"|database|postgres|mysql|secrets?|credentials?|common|default|variables|vars)\.env$"
)
_DOTENV_SAMPLE = Pattern(
    r"(?i)[-_.](?:example|sample|template|dist|default|tmpl|tpl|j2)s?(?:[-_.]|$)|^(?:example|sample|template)[-_.]"
)
#: Certificates and public keys: beside a private key, never one.
_PUBLIC_MATERIAL = Pattern(
    r"(?i)(?:^|[-_./])(?:ca|cert|certs|chain|fullchain|bundle|root|public|pub|trust|truststore|cacerts?|dhparams?|authorized_keys|known_hosts)"
    r"(?:[-_.]?\d*)\.(?:pem|crt|cer|key|jks|p12|keystore|asc|gpg)$|known_hosts$|authorized_keys$|\.pub$"
    r"|(?:apt|repo|release|signing|archive|keyring|gpg|rpm|docker|nodesource|microsoft)[\w-]*[-_.]?(?:gpg)?\.key$"
)
_PRIVATE_PEM = Pattern(r"(?i)priv(?:ate)?[^/]*\.(?:pem|der|asc)$|(?:^|[-_.])key\.(?:pem|der)$")

#: The name under which Google's console saves a service account key: project, hyphen, the key id's first 12 digits.
_GCP_DOWNLOAD = Pattern(r"^[a-z][a-z0-9-]{4,40}-[0-9a-f]{12}\.json$")
#: Stands in for the real file, and is copied under its name.
_SAMPLE = Pattern(
    r"(?i)[-_.](?:example|sample|template|dist|default|tmpl|tpl|j2)s?(?:[-_.]|$)|^(?:example|sample|template)[-_.]"
)
#: Characters at a path's end that are looked at.
_LONGEST = 1024


class CredentialFile(NamedTuple):
    """A kind of credential file. `certainty`: `sure`, `maybe` (content decides) or `folder` (may hold one)."""

    id: str
    title: str
    certainty: str
    target: str
    ssh: bool
    wrapper: str


class _Index(NamedTuple):
    names: dict[str, CredentialFile]
    endings: tuple[tuple[str, CredentialFile], ...]
    tails: tuple[tuple[str, CredentialFile], ...]
    all_endings: tuple[str, ...]
    all_tails: tuple[str, ...]
    folders: dict[str, CredentialFile]


@lru_cache(maxsize=1)
def _index() -> _Index:
    names: dict[str, CredentialFile] = {}
    endings: list[tuple[str, CredentialFile]] = []
    tails: list[tuple[str, CredentialFile]] = []
    folders: dict[str, CredentialFile] = {}
    for row in load_rules()["tables"]["files"]:
        kind = CredentialFile(
            row["id"],
            row["title"],
            row["certainty"],
            row.get("target", ""),
            bool(row.get("ssh")),
            row.get("wrapper", ""),
        )
        for name in row.get("names", ()):
            names.setdefault(name, kind)
        for folder in row.get("folders", ()):
            folders.setdefault(folder, kind)
        endings += [(ending, kind) for ending in row.get("endings", ())]
        tails += [(tail, kind) for tail in row.get("tails", ())]
    every = (tuple(ending for ending, _ in endings), tuple(tail for tail, _ in tails))
    return _Index(names, tuple(endings), tuple(tails), *every, folders)


def is_program(path: str) -> bool:
    """Whether a path names a script or another look-alike that holds no credential itself."""
    return _NOT_ONE.search(path) is not None


def is_sample(path: str) -> bool:
    """Whether a path names a sample or a template of a file."""
    return _SAMPLE.search(path.rstrip("/").rpartition("/")[2]) is not None


def recognise(path: str) -> CredentialFile | None:
    """The kind of credential file a path names, None if it names none. A trailing slash marks a folder."""
    # Names inside of archives may be a megabyte long, and what is asked is remembered.
    return _recognise(path[-_LONGEST:])


@lru_cache(maxsize=1 << 16)
def _recognise(path: str) -> CredentialFile | None:
    text = path.strip().replace("\\", "/").lower()
    folder = text.endswith("/")
    text = text.rstrip("/")
    base = text.rpartition("/")[2]
    if not base or base in (".", ".."):
        return None
    index = _index()
    exact = _by_tail(text, index) or index.names.get(base)
    if exact is not None:
        return exact
    kind = _by_shape(base, index) or _by_folder(text, base, index)
    # Start-up: the patterns are looked at only for the few paths that are candidates at all.
    if kind is None or (not folder and (_NOT_ONE.search(base) or _PUBLIC_MATERIAL.search(base))):
        return None
    return kind


def _by_tail(text: str, index: _Index) -> CredentialFile | None:
    for tail, kind in index.tails if text.endswith(index.all_tails) else ():
        if text.endswith(tail) and (len(text) == len(tail) or text[-len(tail) - 1] == "/"):
            return kind
    return None


def _by_shape(base: str, index: _Index) -> CredentialFile | None:
    if "env" in base and _DOTENV.match(base) and not _DOTENV_SAMPLE.search(base):
        return index.names[".env"]
    if ("priv" in base or "key" in base) and _PRIVATE_PEM.search(base):
        return index.names["private.pem"]
    for ending, kind in index.endings if base.endswith(index.all_endings) else ():
        if base.endswith(ending):
            return kind
    if base.endswith(".json") and _GCP_DOWNLOAD.match(base):
        return index.names["service-account.json"]
    return None


def _by_folder(text: str, base: str, index: _Index) -> CredentialFile | None:
    """The folder itself, or a file right in a credential folder whose own name says nothing else."""
    if base in index.folders:
        return index.folders[base]
    parent = text.rpartition("/")[0].rpartition("/")[2]
    kind = index.folders.get(parent)
    if kind is None or kind.certainty != "sure" or base in _HARMLESS_IN.get(kind.id, ()):
        return None
    return kind


_HARMLESS_IN = {
    "ssh-folder": ("config", "known_hosts", "authorized_keys", "environment", "rc", "*"),
    "aws-credentials": ("config",),
    "docker-config": ("daemon.json", "cli-plugins"),
    "pgp-key": ("gpg.conf", "pubring.kbx", "pubring.gpg", "gpg-agent.conf", "dirmngr.conf"),
}
