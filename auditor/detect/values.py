"""The one placeholder judgement: what a value is, before anybody calls it a secret.

Paths, booleans, fingerprints, references to a secret store, templates and fillers are not secrets, whatever the
name beside them says. Used by every part that meets a literal (DESIGN: Detection pipeline).
"""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.core.pattern import BytePattern
from auditor.core.record import NamedTuple
from auditor.detect import names
from auditor.detect.entropy import entropy
from auditor.detect.randomness import UUID, is_random

#: Not `str.strip` of everything: the last byte of a letter in UTF-8 may be a space of Latin-1.
_SPACE = " \t\r\n\f\v"
_LISTED = BytePattern(r"[^,\s]+")
_BOOLEAN = frozenset("true false yes no on off 0 1 enabled disabled enable disable y n t f always never auto".split())
_ABSENT = frozenset(
    "none null nil undefined unset unknown empty n/a na tbd todo fixme void not-set notset not_set missing disabled "
    "nothing".split()
)
#: Words that only ever stand in for a value; `geheim$parole` is the password in the documentation of urllib.
_FILLER = BytePattern(
    r"(?i)^(?:change[-_ ]?(?:me|it|this)(?:[-_ ]?(?:please|now))?[!\d]*|replace[-_ ]?(?:me|this|with).*"
    r"|(?:to[-_ ]?be|insert|enter|put|add|fill|set|use|paste|type|some|none|if|build[-_ ]?time)[-_ ].*"
    r"|your?[-_ ]?.*|my[-_ ]?(?:secret|token|password|key|api).*"
    r"|(?:example|sample|placeholder|dummy|fake|mock|stub|invalid|some).*|.*example(?:key)?"
    r"|redacted|removed|hidden|masked|censored|geheim\$parole|foo|bar|baz|foobar|temp|tmp|unused|build|ignored?"
    r"|(?:.*[-_ ])?(?:not[-_ ]?(?:used|needed|required|real|a[-_ ])|dummy|placeholder|precompile).*"
    r"|test[-_ ]?(?:token|key|secret)?|dev(?:elopment)?[-_ ]?(?:only|key|token|secret)?)$"
)
#: Those of them that open the door if they are left in as a password.
_WORKING_DEFAULT = BytePattern(
    r"(?i)^(?:change[-_ ]?(?:me|it|this).*|example|test|temp|foo|bar|foobar|my[-_ ]?.*|some.*|sample|build)$"
)
#: The name of a password as it stands, not in the brackets of a template.
_PASS = BytePattern(r"(?i)[\w.-]*pass[\w.-]*\Z")
#: The last one is how scanners show a value: its ends at most.
_MASK = BytePattern(
    r"^(?:[xX*.#_\-?0]{3,}+|\.{2,}+|[xX]{2}[-_.\w]{2,}+(?<=[xX]{2})|[\w.:|&#;-]{0,24}\*{4,}[\w=&#;]{0,8})$"
)
_TEMPLATE = BytePattern(
    r"^\$\{.*\}$|^\$\(.*\)$|^`.*`$|^(?:\$\w++)++$|\$\{[A-Za-z_]\w*[}:]"
    r"|\$[A-Z_][A-Z0-9_]{2,}+(?![A-Za-z0-9])"
    # In lower case it may be a part of a password, so it has to stand as a piece of its own.
    r"|(?:^|[:/=._,;<>()\[{'\" -])\$[a-z_][a-z0-9_]{2,}+(?=$|[:/=.,;<>()\[\]}'\"&?@ -])"
    r"|\{\{|\}\}|^#\{|^<[^<>]*>$|^\[[^\]]*\]$|^%[A-Za-z_.]+%$|^@[A-Za-z_.]+@$|^__[A-Za-z_.]+__$"
    r"|^%\([a-z_][a-z0-9_.]*\)[dirs]$"
)
#: A search pattern rather than a value: in running text only, since a password may look like anything.
_SEARCH = BytePattern(r"\.\*|\[\^|\\[(1-9]|\\[sdwSDW](?![A-Za-z0-9])")
_REFERENCE = BytePattern(
    r"(?i)^(?:keeper|op|vault|bao|berglas|sm|gcp:secretmanager|azure:keyvault|arn:aws:(?:secretsmanager|ssm)"
    r"|secretsmanager|ssm|awssm|gsm|akv|doppler|infisical|bws|file|env|ref\+[a-z0-9]+|secret|k8s|aws-sm|conjur|sops)"
    r"(?:://|:)\S|^!(?:vault|secret|env_var|reference|include|ref|sub|getatt|importvalue)(?:\s|\.\.\.|$)"
)
_CIPHERTEXT = BytePattern(r"^(?:EJ\[1:|encrypted:|ENC\[|\$ANSIBLE_VAULT|AgA[A-Za-z0-9+/]{40}|\{cipher\})")
_PATH = BytePattern(
    r"^(?:~|\.{1,2})?/[^\s:]*$|^~[\w.-]*(?:/|$)|^[A-Za-z]:[\\/]|^\$\{?[A-Za-z_]+\}?/"
    r"|^(?:[\w.@\x80-\U0010ffff-]+/)+[\w.@\x80-\U0010ffff-]+$|^(?:(?:[a-z0-9_.-]+|\{[a-z_]+\})/)+(?:[a-z0-9_.-]+|\{[a-z_]+\})$"
)
_FILE = BytePattern(
    r"(?i)^[\w./\\\x80-\U0010ffff-]+\.(?:sh|bash|py|js|ts|rb|pl|ps1|bat|cmd|exe|json|ya?ml|toml|ini|conf|cfg|cnf|env|txt|pem|key|crt|cer"
    r"|p12|pfx|jks|keystore|gpg|asc|pub|xml|properties|html?|php|jar|war|so|service|sock|log|md|template|tmpl|j2|csv)$"
)
_URL = BytePattern(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_NUMBER = BytePattern(r"^[+-]?\d{1,5}(?:\.\d+)?(?:[a-zA-Z]{1,3})?$|^-21[0-4]\d{7}$")
_VERSION = BytePattern(
    r"^v?\d+(?:\.\d+){1,3}(?:[-+][\w.]+)?$|^v?\d+\.\d+\.\d+-[a-z]+-[\w.]+$|^[A-Za-z]+[-_]v?\d+(?:\.\d+)+$"
)
_DIGEST = BytePattern(r"(?i)^(?:sha\d{3}[:-]|md5[:-]|SHA256:)\S+$")
_FINGERPRINT = BytePattern(
    r"^(?:0x)?[0-9A-F]{8}(?:[0-9A-F]{8})?$|^(?:0x)?[0-9A-F]{40}$|^(?:[0-9A-Fa-f]{2}:){9,}[0-9A-Fa-f]{2}$"
)
_PUBLIC = BytePattern(
    r"^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+) AAAA|^-----BEGIN (?:PUBLIC KEY|CERTIFICATE|PGP PUBLIC)"
    r"|^pk_(?:test|live)_|^6L[\w-]{38}$|^RW[A-Za-z0-9+/]{54}$|^age1[a-z0-9]{58}$"
)
_EMAIL = BytePattern(r"^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$")
_HOST = BytePattern(r"(?i)^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,12})(?::\d+)?(?:/\S*)?$")
_SETTING_WORD = BytePattern(r"^[A-Za-z]{1,20}$")
_PLAIN_WORDS = BytePattern(r"^[a-z]+(?:[-_.][a-z]+)*$")
_CRYPT_HASH = BytePattern(r"^\$(?:1|2[aby]?|5|6|y|gy|7|apr1|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$\S{8,}")

#: Kinds that settle the matter: not a secret.
HARMLESS = frozenset(
    "search empty boolean number path file url reference template fingerprint uuid digest version public email host "
    "encrypted own-name expression".split()
)


#: What manuals write where a name and a password go.
_MANUAL_USERS = frozenset(
    "user username name login usr me u foo someuser youruser yourusername your_username your-username myuser "
    "myusername my_username my-username".split()
)
_MANUAL_PASSWORDS = frozenset(
    "password pass passwd pwd pw p secret token bar somepassword secretpassword yourpassword your_password "
    "your-password mypassword my_password my-password".split()
)
#: Names and passwords that software comes with or that are tried first: they may well open the door.
_EXAMPLE_USERS = _MANUAL_USERS | frozenset("admin root test user1 scott".split())
_EXAMPLE_PASSWORDS = _MANUAL_PASSWORDS | frozenset(
    "test admin root user pat postgres mysql guest hunter2 tiger 1234 12345 123456 password1 changeme".split()
)


def is_manual_login(user: str, password: str) -> bool:
    """Whether a name and a password only hold the place of some: `user:pass`, `me:secret`."""
    return user.lower() in _MANUAL_USERS and password.lower() in _MANUAL_PASSWORDS


def is_example_login(user: str, password: str) -> bool:
    """Whether a name and a password are those of a manual or a default: `user:pass`, `scott:tiger`, `root:root`."""
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


_SHAPES: tuple[tuple[str, BytePattern], ...] = (
    ("encrypted", _CIPHERTEXT),
    ("public", _PUBLIC),
    ("reference", _REFERENCE),
    ("template", _TEMPLATE),
    ("search", _SEARCH),
    ("url", _URL),
    ("digest", _DIGEST),
    ("uuid", UUID),
    ("version", _VERSION),
    ("number", _NUMBER),
    ("path", _PATH),
    ("file", _FILE),
    ("email", _EMAIL),
)
#: An expression of a program without its indexes: names with dots between them, a call at the end.
_CHAIN = BytePattern(r"(?P<chain>[\w.?]++)(?P<call>\([^()]{0,200}+\)(?:\.[A-Za-z_]\w{0,40}+(?:\(\))?)?)?")
_INDEX = BytePattern(r"\[(?:[0-9]{1,4}|\"[^\"\n]{1,80}\"|'[^'\n]{1,80}'|[A-Za-z_]{1,40})\]")
_ARGUMENTS = BytePattern(r"\((?:\"[^\"]{0,120}\"(?:, ?\"[^\"]{0,120}\")?|'[^']{0,120}'(?:, ?'[^']{0,120}')?)?\).*")
_PART = BytePattern(r"[A-Za-z_]\w*")
#: Digits that no name of a program has in this way.
_TANGLED = BytePattern(r"[0-9]{4}|[0-9](?:[a-z]|[A-Z](?![a-z]))")
#: What programs begin such an expression with, and end it with; or a part of it is made of several words.
_OBJECTS = frozenset(
    "process os env data var local module self this cls config conf cfg settings options opts args params props inputs "
    "secrets vault request req ctx context app event state values input output outputs each path".split()
)
_LONGEST_EXPRESSION = 200
_MEMBERS = frozenset("value result text data id name env key string content arn".split())
_SEVERAL_WORDS = BytePattern(r"[A-Za-z]{2}_[A-Za-z]{2}|[a-z]{3}[A-Z][a-z]{2}")


@lru_cache(maxsize=32)  # asked twice in a row: of what kind it is, and then with its name
def classify(value: str, name: str = "") -> Value:
    """Say what a literal value is; `name` is the variable or setting that holds it, if there is one."""
    text = value.strip(_SPACE).strip("\"'").strip(_SPACE)
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
    return Value(_of_words(head, name) or ("opaque" if is_opaque(text) else "weak"))


def _of_words(head: str, name: str) -> str:
    """Kind of what is told by its parts, "" for anything else."""
    if all(_FINGERPRINT.match(word) for word in _LISTED.compiled.findall(head)):
        return "fingerprint"
    if is_expression(head) or ("(" not in head and is_expression(head.rstrip(")"))):
        return "expression"
    if "/" not in head and _HOST.match(head) and not names.read(name):
        return "host"
    return ""


def is_hash(text: str) -> bool:
    """Whether a text is the salted hash of a password, as `crypt` and htpasswd write them."""
    return _CRYPT_HASH.match(text[:400]) is not None


def is_expression(text: str) -> bool:
    """Whether a text is an expression of a program: `process.env.DB_PASS1`, `os.getenv("X")`, not dotted words."""
    match = _CHAIN.fullmatch(_INDEX.sub("", text)) if len(text) <= _LONGEST_EXPRESSION else None
    if match is None or (match["call"] and not _ARGUMENTS.fullmatch(match["call"])):
        return False
    parts = match["chain"].replace("?.", ".").split(".")
    if any(not _PART.fullmatch(part) or _TANGLED.search(part) for part in parts):
        return False
    telling = match["call"] or (
        len(parts) > 1
        and (parts[0] in _OBJECTS or parts[-1] in _MEMBERS or _SEVERAL_WORDS.search(text) or names.read(parts[-1]))
    )
    return bool(telling) and not is_random(text)


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
