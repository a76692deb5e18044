"""Where fuzzing begins: small inputs that reach deep into each part, made in code."""

from __future__ import annotations

import base64
import gzip
from functools import cache

from auditor.core.resources import load_rule_docs
from auditor.detect.verify import VERIFIERS
from tests.detect.structures.samples import ED25519, V, b64, pem
from tests.detect.verify import test_azure, test_crc, test_files, test_jwt, test_keys, test_macaroon, test_structured
from tests.sources.archives import builders

#: Names under which contents are searched; the first byte of an input picks one.
PATHS = (
    *("", "a.txt", ".env", ".npmrc", ".netrc", ".pypirc", ".kube/config", ".docker/config.json", ".aws/credentials"),
    *(".bash_history", "a.tfstate", "settings.xml", "secrets.yml", "id_rsa", "wp-config.php", ".pgpass", "htpasswd"),
    *(
        "app.jar!conf/.gem/credentials",
        "auth.json",
        "pip.conf",
        "credentials.json",
        "gradle.properties",
        ".git-credentials",
    ),
    *("fish_history", "master.key", "keeper.json", "shadow", "a.py", ".env.example"),
)
KINDS = tuple(sorted(VERIFIERS))
#: What stands around the bytes of an input, so that changes reach what is inside of base64.
FRAMES = (
    "{raw}",
    "-----BEGIN PRIVATE KEY-----\n{b64}\n-----END PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\n{b64}\n-----END RSA PRIVATE KEY-----\n",
    "-----BEGIN EC PRIVATE KEY-----\n{b64}\n-----END EC PRIVATE KEY-----\n",
    "-----BEGIN DSA PRIVATE KEY-----\n{b64}\n-----END DSA PRIVATE KEY-----\n",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n{b64}\n-----END OPENSSH PRIVATE KEY-----\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{b64}\n-----END ENCRYPTED PRIVATE KEY-----\n",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{b64}\n-----END PGP PRIVATE KEY BLOCK-----\n",
    "-----BEGIN CERTIFICATE-----\n{b64}\n-----END CERTIFICATE-----\n",
    "pypi-{url}",
    "FlyV1 fm2_{b64}",
    "fm2_{b64},fm2_{b64}",
    "hvs.{url}",
    "hvb.{url}",
    "ABSK{b64}",
    "bedrock-api-key-{b64}",
    "eyJhbGciOiJIUzI1NiJ9.{url}.c2ln",
    "{url}.e30.c2ln",
    "ops_{url}",
    "sntrys_{b64}_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "glc_{b64}",
    "{b64}",
    '{{"type": "service_account", "private_key": "{raw}", "client_email": "a@b.example"}}',
    '{{"auths": {{"h.example": {{"auth": "{b64}"}}}}}}',
)
SEPARATOR = b"\0\0\0\0"


def _delta() -> bytes:
    return b"\x04" + builders.delta(b"base\n" * 20, b"added")


def _archives() -> list[bytes]:
    nested = builders.make_tar({"a.zip": builders.make_zip({"b.gz": gzip.compress(builders.SECRET, mtime=0)})})
    made = [*builders.ALL.values(), nested, gzip.compress(nested, mtime=0), builders.make_cpio({"a.tar": nested})]
    made.append(b"#!/bin/sh\n" + builders.make_zip({"x": builders.SECRET}))
    made.append(builders.make_sqlite([("a", i) for i in range(40)], "CREATE INDEX i ON users (name)"))
    return [b"\0" + data for data in made] + [b"\x01" + nested, b"\x02blob 5\0abcde", b"\x03" + nested, _delta()]


def tokens() -> dict[str, list[str]]:
    """The examples of every known format, by id."""
    texts: dict[str, list[str]] = {}
    for kind, entry in load_rule_docs()["tables"]["secrets"].items():
        examples = entry.get("examples", [])
        texts[kind] = [str(one) for one in examples] if isinstance(examples, list) else []
    return texts


def _keys() -> list[bytes]:
    keys = test_keys
    der = [keys.RSA, keys.EC, keys.PKCS8_RSA, keys.PKCS8_EC, keys.PKCS8_ED25519, keys.DSA, ED25519]
    ssh = [keys.OPENSSH_ED25519, keys.OPENSSH_RSA, keys.OPENSSH_EC]
    kind = KINDS.index("private-key")
    framed = [_framed(kind, frame, data) for data in der for frame in (1, 2, 3, 4)]
    framed += [_framed(kind, 5, data) for data in ssh]
    armoured = keys.pgp().split("\n\n")[1].split("\n")[0]
    framed.append(_framed(kind, 7, base64.b64decode(armoured)))
    texts = [keys.putty(2), keys.putty(3), keys.pgp(), keys.pgp(locked=True), keys.pgp(checksum=False)]
    return framed + [_framed(kind, 0, text.encode()) for text in texts]


def _framed(kind: int, frame: int, data: bytes, beside: bytes = b"") -> bytes:
    return bytes((kind, frame)) + data + (SEPARATOR + beside if beside else b"")


def _raw(kind: str, value: str, beside: str = "") -> bytes:
    return _framed(KINDS.index(kind), 0, value.encode("utf-8", "surrogateescape"), beside.encode())


def _verifiers() -> list[bytes]:
    made = [_raw(kind, value) for kind, values in tokens().items() if kind in VERIFIERS for value in values[:2]]
    made += [_raw(kind, make(3)) for kind, make in test_crc.FORMATS]
    made.append(_raw("json-web-token", test_jwt.token({"iss": "https://h.example", "exp": 1_600_000_000})))
    made.append(_raw("pypi-token", test_macaroon.index_token({"permissions": "user"}, [0, 1, 2])))
    made.append(_raw("fly-token", test_macaroon.fly_token([])))
    made.append(_raw("vault-token", test_structured.vault(test_structured.VAULT)))
    made.append(_framed(KINDS.index("vault-token"), 12, test_structured.VAULT))
    made.append(_raw("gcp-service-account", test_files.service_account()))
    made.append(_raw("docker-auth", test_files.config({"h.example": {"auth": b64("u:" + V)}})))
    made.append(_raw("keeper-config", test_files.keeper()))
    made.append(_raw("azure-common-key", test_azure.annotated("AZDO", 3)))
    return made + _keys()


def texts() -> list[str]:
    """Texts of credential files and of anything else that holds secrets."""
    token = "ghp_" + "a9Kd" * 9
    return [
        f"DB_PASSWORD={V}\nAPI_KEY='{V * 2}'\n",
        f"//h.example/:_authToken={token}\n_auth={b64('u:' + V)}\n",
        f"machine h.example login u password {V}\n",
        f"[default]\naws_access_key_id = AKIA{'Q7ZW' * 4}\naws_secret_access_key = {V * 4}\n",
        f"apiVersion: v1\nkind: Secret\ndata:\n  password: {b64(V)}\nstringData:\n  a: {V}\n",
        f"users:\n- name: u\n  user:\n    token: {V * 3}\n    client-key-data: {b64(pem('PRIVATE KEY', ED25519))}\n",
        f'{{"auths": {{"h.example": {{"auth": "{b64("u:" + V)}", "identitytoken": "{V * 2}"}}}}}}',
        f"https://u:{V}@h.example/x?token={V}&password={V}\npostgres://u:{V}@h.example:5432/d\n",
        f"<settings><server><id>a</id><username>u</username><password>{V}</password></server></settings>",
        f'{{"terraform_version": "1", "outputs": {{"a": {{"value": "{V}", "sensitive": true}}}}}}',
        f": 1700000000:0;mysql -u root -p{V} d\n: 1700000001:0;curl -u u:{V} https://h.example\n",
        f"root:$6$saltsalt${'aB3x' * 21}ab:1::::::\nu:{{SHA}}{b64(V)}\n",
        f"h.example:5432:d:u:{V}\n",
        f"define('DB_PASSWORD', '{V}');\n<?php $password = \"{V}\";\n",
        pem("PRIVATE KEY", ED25519),
        pem("RSA PRIVATE KEY", test_keys.RSA, "\\n"),
        test_keys.putty(3),
        b64(f"password={V}\n" * 3) + "\n" + f"password={V}".encode().hex() + "\n",
        b64(b64(f"token: {token}")),
        base64.b64encode(gzip.compress(f"password={V} {token}".encode() * 3, mtime=0)).decode(),
        "".join(f"%{byte:02X}" for byte in f"password={V}".encode()),
        "".join(f"\\u{byte:04x}" for byte in f"password={V}".encode()) + '\\"token\\": \\"' + token + '\\"',
        "".join(f"&#{byte};" for byte in f"password={V}".encode()) + "&quot;a&amp;b&lt;",
        "password=" + "\0".join(V) + "\0" + "\0".join(token) + "\0",
        "index-url = https://u:" + V + "@h.example/simple\n[pypi]\npassword = " + V + "\n",
        "AccountName=a;AccountKey=" + b64("k" * 64) + ";EndpointSuffix=h.example",
        "\udcff\udc80 password: " + V + " é日本 \U0001f600 secret=" + V,
    ]


def _contents() -> list[bytes]:
    plain = [text.encode("utf-8", "surrogateescape") for text in texts()]
    wide = [b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass") for text in texts()[:8]]
    wide += [text.encode("utf-16-be", "surrogatepass") for text in texts()[8:12]]
    wide += [b"\xff\xfe\0\0" + texts()[0].encode("utf-32-le"), b"\xef\xbb\xbf" + plain[1]]
    known = [f"x = {value}\n".encode() for values in tokens().values() for value in values[:1]]
    named = [bytes((number % len(PATHS),)) + data for number, data in enumerate(plain * 2)]
    return named + [b"\0" + data for data in (*plain, *wide)] + [b"\1" + data for data in known]


RULES = (
    "[[rules]]\nid = 'a'\ndescription = 'd'\nregex = '''(?i)tok_([a-z0-9]{4,40})(?:;|$)'''\nsecretGroup = 1\n"
    "entropy = 1.5\nkeywords = ['tok']\npath = '''\\.cfg$'''\n[[rules.allowlists]]\ncondition = 'AND'\n"
    "regexTarget = 'line'\nregexes = ['''x+y''']\npaths = ['a']\nstopwords = ['sample']\n",
    "title = 't'\n[extend]\nuseDefault = true\ndisabledRules = ['x']\n[allowlist]\npaths = ['''(a|b)*c''']\n"
    "[[rules]]\nid = 'b'\nregex = '\\b[\\p{L}\\w-]{2,9}?\\x{41}[^\\n]\\z'\n"
    "[[rules.required]]\nid = 'b'\nwithinLines = 2\n",
    "[[secret]]\nid = 'acme-key'\ntitle = 'Acme'\npattern = 'acme_(?P<secret>[a-z0-9]{8,20}+)'\ngroup = 'secret'\n"
    "keywords = ['acme']\nprefix = 5\nentropy = 2.0\n",
    "filter = '''entropy(finding[\"secret\"]) <= 2.9 && !(finding.line contains \"x\") ? true : false'''\n"
    "[[rules]]\nid = 'c'\nregex = 'x[a-z]{3}'\nfilter = '''matchesAny(finding[\"secret\"], [`^x`, `(?i)H$`])'''\n",
)


@cache
def seeds(target: str) -> list[bytes]:
    """The first inputs of a target of `targets.TARGETS`."""
    if target == "archives":
        return _archives()
    if target == "verifiers":
        return _verifiers()
    if target == "rules":
        return [b"\0" + text.encode() for text in RULES] + [
            *(b"\1(a+b|c{2,5}?)(?i:x)[^\\d\\s]\\b$", b"\1^(?:(?P<n>\\pL+)|[[:alpha:]]*?)\\Q.*\\E\\x{1F600}"),
            *(b"\2(?<!x)a{3}+(?P<s>b|c)(?=d)\\d", b'\3len(finding["secret"]) > 3 and not ("a" in ["b"])'),
        ]
    if target == "views":
        return [data[1:] for data in _contents()]
    return _contents()
