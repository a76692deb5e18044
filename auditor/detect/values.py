"""The one placeholder judgement: what a value is, before anybody calls it a secret.

Paths, booleans, fingerprints, references to a secret store, templates and fillers are not secrets, whatever the
name beside them says. Used by every part that meets a literal (DESIGN: Detection pipeline).
"""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.detect import names
from auditor.detect.entropy import entropy

_BOOLEAN = frozenset("true false yes no on off 0 1 enabled disabled enable disable y n t f always never auto".split())
_ABSENT = frozenset(
    "none null nil undefined unset unknown empty n/a na tbd todo fixme void not-set notset not_set missing disabled "
    "nothing".split()
)
#: Words that only ever stand in for a value.
_FILLER = Pattern(
    r"(?i)^(?:change[-_ ]?(?:me|it|this)(?:[-_ ]?(?:please|now))?[!\d]*|replace[-_ ]?(?:me|this|with).*"
    r"|(?:to[-_ ]?be|insert|enter|put|add|fill|set|use|paste|type|some|none|if|build[-_ ]?time)[-_ ].*"
    r"|your?[-_ ]?.*|my[-_ ]?(?:secret|token|password|key|api).*"
    r"|(?:example|sample|placeholder|dummy|fake|mock|stub|invalid|some).*|.*example(?:key)?"
    r"|redacted|removed|hidden|masked|censored|foo|bar|baz|foobar|temp|tmp|unused|build|ignored?"
    r"|(?:.*[-_ ])?(?:not[-_ ]?(?:used|needed|required|real|a[-_ ])|dummy|placeholder|precompile).*"
    r"|test[-_ ]?(?:token|key|secret)?|dev(?:elopment)?[-_ ]?(?:only|key|token|secret)?)$"
)
#: Those of them that open the door if they are left in as a password.
_WORKING_DEFAULT = Pattern(
    r"(?i)^(?:change[-_ ]?(?:me|it|this).*|example|test|temp|foo|bar|foobar|my[-_ ]?.*|some.*|sample|build)$"
)
#: The name of a password as it stands, not in the brackets of a template.
_PASS = Pattern(r"(?i)[\w.-]*pass[\w.-]*\Z")
_MASK = Pattern(r"^(?:[xX*.#_\-?0]{3,}|\.{2,}|[xX]{2,}[-_.\w]*[xX]{2,})$")
_TEMPLATE = Pattern(
    r"^\$\{.*\}$|^\$\(.*\)$|^`.*`$|^\$\w+$|\$\{[A-Za-z_]\w*[}:]"
    r"|\$(?:[A-Z_][A-Z0-9_]{2,}|[a-z_][a-z0-9_]{2,})(?![A-Za-z0-9])"
    r"|\{\{|\}\}|^#\{|^<[^<>]*>$|^\[[^\]]*\]$|^%[A-Za-z_.]+%$|^@[A-Za-z_.]+@$|^__[A-Za-z_.]+__$"
)
#: A search pattern rather than a value: in running text only, since a password may look like anything.
_SEARCH = Pattern(r"\.\*|\[\^|\\[sdwSDW(1-9]")
_REFERENCE = Pattern(
    r"(?i)^(?:keeper|op|vault|bao|berglas|sm|gcp:secretmanager|azure:keyvault|arn:aws:(?:secretsmanager|ssm)"
    r"|secretsmanager|ssm|awssm|gsm|akv|doppler|infisical|bws|file|env|ref\+[a-z0-9]+|secret|k8s|aws-sm|conjur|sops)"
    r"(?:://|:)\S"
)
_CIPHERTEXT = Pattern(r"^(?:EJ\[1:|encrypted:|ENC\[|\$ANSIBLE_VAULT|AgA[A-Za-z0-9+/]{40}|\{cipher\})")
_PATH = Pattern(
    r"^(?:~|\.{1,2})?/[^\s:]*$|^~[\w.-]*(?:/|$)|^[A-Za-z]:[\\/]|^\$\{?[A-Za-z_]+\}?/|^(?:[\w.@-]+/)+[\w.@-]+$"
)
_FILE = Pattern(
    r"(?i)^[\w./\\-]+\.(?:sh|bash|py|js|ts|rb|pl|ps1|bat|cmd|exe|json|ya?ml|toml|ini|conf|cfg|cnf|env|txt|pem|key|crt|cer"
    r"|p12|pfx|jks|keystore|gpg|asc|pub|xml|properties|html?|php|jar|war|so|service|sock|log|md|template|tmpl|j2|csv)$"
)
_URL = Pattern(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_NUMBER = Pattern(r"^[+-]?\d{1,5}(?:\.\d+)?(?:[a-zA-Z]{1,3})?$")
_VERSION = Pattern(r"^v?\d+(?:\.\d+){1,3}(?:[-+][\w.]+)?$|^[A-Za-z]+[-_]v?\d+(?:\.\d+)+$")
_UUID = Pattern(r"(?i)^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
_DIGEST = Pattern(r"(?i)^(?:sha\d{3}[:-]|md5[:-]|SHA256:)\S+$")
_FINGERPRINT = Pattern(
    r"^(?:0x)?[0-9A-F]{8}(?:[0-9A-F]{8})?$|^(?:0x)?[0-9A-F]{40}$|^(?:[0-9A-Fa-f]{2}:){9,}[0-9A-Fa-f]{2}$"
)
_PUBLIC = Pattern(
    r"^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+) AAAA|^-----BEGIN (?:PUBLIC KEY|CERTIFICATE|PGP PUBLIC)"
    r"|^pk_(?:test|live)_|^6L[\w-]{38}$|^RW[A-Za-z0-9+/]{54}$|^age1[a-z0-9]{58}$"
)
_EMAIL = Pattern(r"^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$")
_HOST = Pattern(r"(?i)^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,12})(?::\d+)?(?:/\S*)?$")
_SETTING_WORD = Pattern(r"^[A-Za-z]{1,20}$")
_PLAIN_WORDS = Pattern(r"^[a-z]+(?:[-_.][a-z]+)*$")
_CRYPT_HASH = Pattern(r"^\$(?:1|2[aby]?|5|6|y|gy|7|apr1|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$\S{8,}")

#: Kinds that settle the matter: not a secret.
HARMLESS = frozenset(
    "search empty boolean number path file url reference template fingerprint uuid digest version public email host "
    "encrypted own-name".split()
)


#: What manuals write where a name and a password go.
_EXAMPLE_USERS = frozenset(
    "user username name login usr me youruser myuser my_username my-username your_username admin root foo u test "
    "someuser user1 scott".split()
)
_EXAMPLE_PASSWORDS = frozenset(
    "password pass passwd pwd pw secret token yourpassword mypassword my_password my-password your_password p bar test "
    "admin root user pat postgres mysql guest somepassword hunter2 tiger 1234 12345 123456 password1 secretpassword "
    "changeme".split()
)


def is_example_login(user: str, password: str) -> bool:
    """Whether a name and a password are those of a manual: `user:pass`, `scott:tiger`."""
    return user.lower() in _EXAMPLE_USERS and is_example_password(password)


def is_example_password(password: str) -> bool:
    """Whether a password is one that manuals write and attackers try first."""
    return password.lower() in _EXAMPLE_PASSWORDS


class Value(NamedTuple):
    """What a value is. `kind`: one of `HARMLESS`, `placeholder`, `weak` (a word or short) or `opaque`.

    `works` says that a placeholder would still open the door if it were left in as a password.
    """

    kind: str
    works: bool = False


_SHAPES: tuple[tuple[str, Pattern], ...] = (
    ("encrypted", _CIPHERTEXT),
    ("public", _PUBLIC),
    ("reference", _REFERENCE),
    ("template", _TEMPLATE),
    ("search", _SEARCH),
    ("url", _URL),
    ("digest", _DIGEST),
    ("uuid", _UUID),
    ("version", _VERSION),
    ("number", _NUMBER),
    ("path", _PATH),
    ("file", _FILE),
    ("email", _EMAIL),
)


def classify(value: str, name: str = "") -> Value:
    """Say what a literal value is; `name` is the variable or setting that holds it, if there is one."""
    text = value.strip().strip("\"'").strip()
    if not text:
        return Value("empty")
    lower = text.lower()
    if lower in _BOOLEAN:
        return Value("boolean")
    if lower in _ABSENT or _MASK.match(text):
        return Value("placeholder")
    if len(text) <= 120:
        if _FILLER.match(text):
            return Value("placeholder", works=bool(_WORKING_DEFAULT.match(text)))
        if name and _same_name(text, name):
            return Value("own-name")
    head = text[:400]
    if _CRYPT_HASH.match(head):
        return Value("opaque")
    for kind, shape in _SHAPES:
        if shape.search(head) and not (kind == "path" and _looks_random(head)):
            return Value(kind)
    if all(_FINGERPRINT.match(word) for word in head.replace(",", " ").split()):
        return Value("fingerprint")
    if "/" not in text and _HOST.match(head) and not names.read(name):
        return Value("host")
    return Value("opaque" if is_opaque(text) else "weak")


def _same_name(text: str, name: str) -> bool:
    """`TOKEN=TOKEN` and `API_TOKEN=api-token`: the value is the variable's own name."""
    return re.sub(r"[^a-z0-9]", "", text.lower()) == re.sub(r"[^a-z0-9]", "", name.lower())


def is_opaque(text: str) -> bool:
    """Whether a string looks generated rather than chosen: length, character classes and entropy together."""
    if len(text) < 8 or " " in text or _PLAIN_WORDS.match(text):
        return False
    classes = sum((any(c.islower() for c in text), any(c.isupper() for c in text), any(c.isdigit() for c in text)))
    if len(text) >= 16 and classes >= 2:
        return entropy(text) >= 3.0
    return (
        (classes >= 2 or any(not c.isalnum() for c in text)) and entropy(text) >= 2.5 and not _SETTING_WORD.match(text)
    )


def _looks_random(text: str) -> bool:
    """Whether what has the shape of a relative path is base64 with slashes in it (AWS secret keys are)."""
    if len(text) < 24 or text[0] in "/.~$" or text[1:2] == ":":
        return False
    mixed = all((any(c.islower() for c in text), any(c.isupper() for c in text), any(c.isdigit() for c in text)))
    return mixed and entropy(text) >= 4.2


class Judgement(NamedTuple):
    """Name and value read together. `level`: `secret`, `weak` (a default credential), `placeholder` or `none`."""

    level: str
    kind: str
    verdict: str


_NONE = Judgement("none", "", "unverified")


def _names_a_secret(name: str) -> bool:
    """Whether a key's name leaves no doubt, so that even a plain word is one: `SECRET_KEY=mysite`."""
    return any(word in ("secret", "private", "secretkey", "privatekey") for word in names.split(name))


def judge(name: str, value: str) -> Judgement:
    """Whether `name = value` holds a secret (known token formats are recognised before, in `tokens`)."""
    reading = names.read(name)
    if reading is None or reading.kind in ("credential-url",):
        return _NONE
    found = classify(value, name)
    if found.kind == "own-name" and reading.kind == "password" and _PASS.match(value):
        return Judgement("weak", reading.kind, "unverified")  # `PASSWORD=password` opens the door as it stands
    telling = (found.kind == "uuid" and reading.sure and reading.kind != "identity") or (
        found.kind == "number" and reading.kind == "password" and len(value) > 1
    )
    if found.kind in HARMLESS and not telling:
        return _NONE
    if found.kind == "number":
        return Judgement("weak", reading.kind, "unverified")
    if found.kind == "placeholder":
        if reading.kind == "password" and found.works:
            return Judgement("weak", reading.kind, "placeholder")
        return Judgement("placeholder", reading.kind, "placeholder")
    if found.kind == "weak" and (not reading.sure or reading.kind == "credential"):
        return _NONE if reading.kind != "password" else Judgement("weak", reading.kind, "unverified")
    if reading.kind == "key" and found.kind == "weak" and not _names_a_secret(name):
        return _NONE
    return Judgement("weak" if found.kind == "weak" else "secret", reading.kind, "unverified")
