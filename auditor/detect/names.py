"""Reads variable, setting and flag names: which of them announce a secret, and of what kind.

The head noun decides, as in English: `DB_PASSWORD` is a password, `PASSWORD_FILE` a file, `TOKEN_URL` an address.
Which words mean what stands in the tables below; values are judged elsewhere (`values.py`).
"""

from __future__ import annotations

from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple

_WORD = Pattern(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_PASSWORD = frozenset(
    "password passwd passwort pass pwd pw psw pswd pword passphrase passcode passwords pgpassword storepass "
    "keypass requirepass masterauth userpass dbpass rootpass adminpass mypass sqlpass ftppass smtppass "
    "mailpass sudopass vaultpass gitpass authpass loginpass sshpass basicpass keystorepass truststorepass".split()
)
_TOKEN = frozenset("token tokens jwt pat bearer apitoken authtoken accesstoken".split())
_SECRET = frozenset("secret secrets mnemonic pepper clientsecret".split())
_CREDENTIAL = frozenset("credential credentials creds cred auth cookie authorization".split())
_GLUED = Pattern(
    r"(?:password|passwd|passphrase|token|secret|credentials?|apikey|privatekey|secretkey|accesskey|sshkey|authkey)$"
)
_KEY_WORDS = frozenset("key keys apikey privatekey secretkey accesskey sshkey authkey privkey".split())
#: Words in which letters and digits belong together.
_MIXED = frozenset("b64 base64 s3 ed25519 i18n sha1 sha256 sha512 md5 p12 x509 oauth2 k8s".split())
#: What makes a key a secret for sure.
_SECRET_KEYS = frozenset(
    "api secret private access auth ssh deploy encryption encrypt signing sign master app account shared "
    "service server client license storage admin session cookie hmac jwt aes rsa tls ssl subscription "
    "consumer webhook instrumentation provisioning recovery unseal root user security token rails django "
    "flask laravel crypto decryption host ec ecdsa ed25519 dsa push sa gcp aws azure".split()
)
#: Keys that are public, or no keys of a cipher at all.
_OPEN_KEYS = frozenset(
    "public pub publishable gpg pgp primary foreign cache sort partition row index dict site anon "
    "anonymous fingerprint filter filters map lookup hot short group object routing config setting registry "
    "apt yum rpm dnf repo repository release keyserver minisign signify hash ident measurement message "
    "translation i18n sitekey verify verification keyring trusted kms idempotency dedupe measure metric "
    "vapid tag label annotation press bucket s3 etag checksum type json property name arrow".split()
)
#: Last words that say the value is about a secret without being one.
_ABOUT = frozenset(
    "file files path paths dir dirs directory folder name names id ids version versions url uri urls endpoint "
    "host hostname port user username users length len size count limit limits max min ttl expiry expires "
    "expiration expire timeout age lifetime duration type types format policy enabled disabled enable disable "
    "required optional header headers prefix suffix provider server service manager helper store class method "
    "mode algorithm algo alg issuer audience scope scopes field fields column table param parameter params "
    "location alias label arn region reset stdin env var variable source src script command cmd cert "
    "certificate crt pem bits status check validation strength rotation backend driver plugin engine rounds "
    "iterations hint prompt title text ring server servers parallelism sock socket fd mount ref reference "
    "fingerprint fingerprints checksum sha256 sha512 sha1 md5 hash template placeholder example regex pattern "
    "realm domain tokenizer model hook hooks generator proxy group role".split()
)
#: Last words that only qualify what stands before them.
_QUALIFIER = frozenset(
    "dev prod production staging stage test testing qa uat local live sandbox old new prev previous current "
    "next base64 b64 json string str value val default base primary secondary main build runtime readonly ro "
    "rw read write arg decoded encoded encrypted raw plain contents content data txt global stream signature".split()
)
#: Words that make a switch or a wish of a name: `DISABLE_PASSWORD`, `--disabled-password`, `RANDOM_PASSWORD`.
_SWITCH_FIRST = frozenset(
    "disable disabled enable enabled require required skip ignore use no without generate prompt ask hide "
    "show need lock has is check with expire".split()
)
_SWITCH_ANYWHERE = frozenset("random empty allow public existing".split())
_COUNTED = frozenset("max min num number total avg mean per count n top completion prompt context input output".split())
#: What stands before `pass` where it means a run over something.
_PASSES = frozenset("by one two single multi first second third final".split())
#: Parts of words written as one (`dbpassword`), the telling ones first.
_GLUED_KINDS = {"pass": "password", "key": "key", "token": "token"}
_SOMETHING_ELSE = tuple([word] for word in "user username login account name email host url version".split())
_PUBLIC_PREFIXES = (
    "VITE_", "NEXT_PUBLIC_", "REACT_APP_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_", "VUE_APP_", "PUBLIC_", "NG_APP_",
)  # fmt: skip
_URLS = frozenset("url uri dsn urls connection connectionstring connstring".split())
_CREDENTIAL_URLS = frozenset(
    "authed authenticated credentialed webhook database db mongo mongodb postgres postgresql mysql redis amqp "
    "rabbitmq jdbc sqlalchemy cloudinary".split()
)
#: Names whose meaning no rule of words gives, with the kind each stands for.
_SPECIAL = {
    "AWS_ACCESS_KEY_ID": "identity",
    "ACCESS_KEY_ID": "identity",
    "KSM_CONFIG": "credential",
    "KSM_INI_CONFIG": "credential",
    "OP_SERVICE_ACCOUNT_TOKEN": "token",
    "VAULT_SECRET_ID": "secret",
    "VAULT_ROLE_SECRET_ID": "secret",
    "NPM_CONFIG__AUTH": "credential",
    "VSS_NUGET_EXTERNAL_FEED_ENDPOINTS": "credential",
    "DOCKER_AUTH_CONFIG": "credential",
    "SSH_PRIVATE": "key",
    "ID_RSA": "key",
    "NPMRC": "credential",
    "NPM_RC": "credential",
    "NETRC": "credential",
    "DOTENV_PRIVATE_KEY": "key",
}
_RELEASE = Pattern(r"v\d+$")
_BUNDLER_HOST = Pattern(r"(?i)BUNDLE_[A-Z0-9_]*__(?:[A-Z]{2,})\Z")
_NUGET_SOURCE = Pattern(r"(?i)NuGetPackageSourceCredentials_")


class Reading(NamedTuple):
    """What a name announces.

    `kind` is `password`, `token`, `secret`, `key`, `credential`, `credential-url` or `identity` (half of a pair
    that is no secret alone). `sure` is False for names that are often harmless, where only a telling value counts.
    """

    kind: str
    sure: bool


def split(name: str) -> list[str]:
    """Lower-case words of a name: separators, camelCase and digits divide it, except in words such as `b64`, `v2`."""
    words: list[str] = []
    end = -1
    for match in _WORD.compiled.finditer(name):
        word = match[0].lower()
        joined = words[-1] + word if words and match.start() == end else ""
        if joined in _MIXED or joined == "i18" or _RELEASE.match(joined):
            words[-1] = joined
        else:
            words.append(word)
        end = match.end()
    return words


@lru_cache(maxsize=4096)
def read(name: str) -> Reading | None:
    """The kind of secret a name announces, None if it announces none."""
    if len(name) > 200:
        return None
    special = _special(name)
    if special is not None:
        return special
    words = split(name)
    if words[-2:] in (["connection", "string"], ["conn", "string"]):
        return Reading("credential-url", False)
    while len(words) > 1 and (words[-1] in _QUALIFIER or words[-1].isdigit() or _RELEASE.match(words[-1])):
        words.pop()
    if not words:
        return None
    reading = _by_head(words)
    if reading and is_public(name) and reading.kind in ("key", "token", "credential-url") and "secret" not in words:
        return None
    return reading


def is_about_something_else(name: str) -> bool:
    """Whether a name's last word says account, place or version, so that it is no secret wherever it is used."""
    return split(name)[-1:] in _SOMETHING_ELSE


def is_public(name: str) -> bool:
    """Whether a web framework puts the variable into what it sends to browsers (`NEXT_PUBLIC_...`)."""
    return name.upper().startswith(_PUBLIC_PREFIXES)


def points_at_secret(name: str) -> bool:
    """Whether a variable holds the path of a credential file (`GOOGLE_APPLICATION_CREDENTIALS`, `DB_PASSWORD_FILE`)."""
    if name in ("GOOGLE_APPLICATION_CREDENTIALS", "AWS_SHARED_CREDENTIALS_FILE", "KUBECONFIG", "NETRC", "PGPASSFILE"):
        return True
    words = split(name)
    if len(words) < 2 or words[-1] not in ("file", "path"):
        return False
    reading = read("_".join(words[:-1]))
    return reading is not None and reading.sure and reading.kind != "identity"


def _special(name: str) -> Reading | None:
    upper = name.upper()
    kind = _SPECIAL.get(upper)
    if kind is None:
        kind = next((k for special, k in _SPECIAL.items() if upper.endswith("_" + special)), None)
    if kind is not None:
        return Reading(kind, True)
    # start-up: neither pattern has to be compiled for names without its mark
    if ("__" in name and _BUNDLER_HOST.match(name)) or ("redentials_" in name.lower() and _NUGET_SOURCE.match(name)):
        return Reading("credential", True)
    return None


def _by_head(words: list[str]) -> Reading | None:
    head, before = words[-1], words[:-1]
    if before and (before[0] in _SWITCH_FIRST or any(w in _SWITCH_ANYWHERE for w in before)):
        return None
    if head in _URLS:
        return _url_name(words)
    if head in _ABOUT:
        return None
    if words in (["pwd"], ["old", "pwd"], ["oldpwd"], ["cookie"]):
        return None
    if head in _PASSWORD:
        harmless = head in ("pass", "pw") and before[-1:] and before[-1] in _PASSES
        return None if harmless else Reading("password", True)
    if head in _TOKEN:
        return None if head == "tokens" or any(w in _COUNTED for w in before) else Reading("token", True)
    if head in _SECRET:
        return Reading("secret", head == "secret" or bool(before))
    if head in _KEY_WORDS:
        return _key(head, before)
    if head in _CREDENTIAL:
        return _credential(head, before)
    if _GLUED.search(head) and not head.startswith(("public", "non", "no")):
        kind = next((kind for part, kind in _GLUED_KINDS.items() if part in head), "secret")
        return Reading(kind, True)
    return None


def _url_name(words: list[str]) -> Reading | None:
    if any(w in ("authed", "authenticated", "credentialed", "webhook") for w in words):
        return Reading("credential-url", True)
    if "dsn" in words and "sentry" in words:
        return None
    named = any(w in _CREDENTIAL_URLS for w in words) or "connectionstring" in words
    return Reading("credential-url", False) if named else None


def _key(head: str, before: list[str]) -> Reading | None:
    if any(w in ("public", "pub", "publishable", "anon") for w in before):
        return None
    if head != "key" and head != "keys":
        return Reading("key", True)
    if any(w in ("private", "secret", "api") for w in before):
        return Reading("key", True)
    if any(w in _OPEN_KEYS for w in before):
        return None
    if any(w in _SECRET_KEYS for w in before):
        return Reading("key", head == "key")
    return Reading("key", False)


def _credential(head: str, before: list[str]) -> Reading | None:
    if head == "cookie":
        return Reading("credential", False) if "erlang" in before or "session" in before else None
    if head == "auth":
        strong = any(
            w in ("npm", "docker", "registry", "basic", "composer", "http", "git", "pip", "nexus") for w in before
        )
        return Reading("credential", strong)
    if head == "authorization":
        return Reading("credential", not before or before[-1] in ("proxy", "http"))
    return Reading("credential", head != "cred")
