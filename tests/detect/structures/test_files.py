from __future__ import annotations

import base64
import json

import pytest

from auditor.core.finding import Confidence
from auditor.detect.structures import find
from tests.detect.structures.samples import AWS, ED25519, HEX, Case, T, V, b64, found, noise

APR1 = "$apr1$" + "Zq8vT1xK$" + "aB3xK9mQ2rT7wZ5pL8nC4v"
BCRYPT = "$2y$" + "10$" + "aB3xK9mQ2rT7wZ5pL8nC4v" + "aB3xK9mQ2rT7wZ5pL8nC4vD6wZ5pL8n"
SHA512 = "$6$" + "rounds=5000$saltsalt$" + ("aB3xK9mQ2rT7wZ5pL8nC4vD6" * 4)[:86]
YESCRYPT = "$y$" + "j9T$aB3xK9mQ2rT7wZ5pL8nC4v$" + ("D6aB3xK9mQ2rT7wZ5pL8nC4v" * 2)[:43]
SHA1 = "{SHA}" + b64("x" * 20)
PRIVATE = b64("Zq8vT1xKw3Rb" * 8)
KSM = {"hostname": "US", "clientId": b64("c" * 64), "privateKey": PRIVATE, "appKey": b64("k" * 32)}
ONE_TIME = "US:" + (T + T)[:43]

GENERATED = 'xK8#mP2$<&"' + "vL9q"


def resource(kind: str, **attributes: object) -> str:
    """A resource of a Terraform state, written as Go does."""
    written = json.dumps({"type": kind, "name": "x", "instances": [{"attributes": attributes}]})
    return written.replace("<", "\\u003c").replace("&", "\\u0026")


CASES: list[Case] = [
    # Terraform
    (
        "x",
        f'{{"terraform_version": "1.5.0", "resources": [{{"attributes": {{"id": "a", "password": "{V}"}}}}]}}',
        [("terraform-state-secret", V)],
    ),
    (
        "a.tfstate",
        json.dumps(
            {
                "attributes": {"content": T, "kms_key_id": "x"},
                "sensitive_attributes": [[{"type": "get_attr", "value": "content"}]],
            },
            indent=2,
        ),
        [("terraform-state-secret", T)],
    ),
    (
        "a.tfstate",
        f'{{"outputs": {{"db": {{"value": "{V}", "type": "string", "sensitive": true}}}}}}',
        [("terraform-state-secret", V)],
    ),
    ("a.tfstate", resource("random_password", result=GENERATED), [("terraform-state-secret", GENERATED)]),
    ("x", resource("random_password", result=V, bcrypt_hash="$2a$10$" + V), [("terraform-state-secret", V)]),
    ("a.tfstate", resource("random_string", result=V), []),
    ("a.tfstate", resource("random_password", id="none") + resource("random_string", result=V), []),
    (
        "a.tfstate",
        resource("aws_iam_access_key", secret=AWS, ses_smtp_password_v4=T, id="x"),
        [("terraform-state-secret", AWS), ("terraform-state-secret", T)],
    ),
    ("a.tfstate", resource("azuread_application_password", value=T), [("terraform-state-secret", T)]),
    ("a.tfstate", resource("vault_token", client_token=V), [("terraform-state-secret", V)]),
    ("a.tfstate", resource("google_service_account_key", private_key=T), [("terraform-state-secret", T)]),
    ("a.tfstate", resource("aws_ssm_parameter", type="SecureString", value=V), [("terraform-state-secret", V)]),
    ("a.tfstate", resource("aws_ssm_parameter", type="String", value=V), []),
    (
        "a.tfstate",
        resource("kubernetes_secret", data={"password": V, "username": "shop"}, metadata=[{"name": V}]),
        [("terraform-state-secret", V)],
    ),
    # XML
    ("x.xml", f"<config><password><![CDATA[{V}]]></password></config>", [("xml-secret", V)]),
    ("x.xml", f'<c:api-token a="1">\n <![CDATA[ {T}]{T} ]]>\n</c:api-token>', [("xml-secret", f"{T}]{T}")]),
    ("x.xml", f"<title><![CDATA[{V}]]></title><password><![CDATA[]]></password>", []),
    ("x.xml", "<password><![CDATA[${db.password}]]></password>", []),
    ("a.tfstate", '{"outputs": {"db": {"value": "eu-west-1", "type": "string"}}}', []),
    ("a.tfstate", '{"attributes": {"password": null, "password_length": "16", "token": ""}}', []),
    ("a.tfstate", '{"attributes": {"key_name": "deploy", "secret_arn": "arn:aws:x"}}', []),
    ("prod.tfvars", f'db_password = "{V}" # now\nregion = "eu-west-1"\n', [("terraform-variable", V)]),
    ("prod.tfvars.json", f'{{"api_token": "{T}", "size": "3"}}', [("terraform-variable", T)]),
    ("prod.tfvars", f"db_password = <<EOT\n{V}\nEOT\nregion = 1\n", [("terraform-variable", V)]),
    ("prod.tfvars", f"db_password = <<-EOT\n    {V}\n  EOT\n", [("terraform-variable", V)]),
    ("prod.tfvars", "notes = <<EOT\npassword\nEOT\ndb_password = <<EOT\n", []),
    ("prod.tfvars", f'db_password = "a\\"{V}"\n', [("terraform-variable", f'a"{V}')]),
    ("prod.tfvars", 'region = "eu-west-1"\ninstance_type = "t3.micro"\n', []),
    ("prod.tfvars", 'db_password = ""\ntoken = var.token\n', []),
    ("prod.tfvars", "password_length = 16\nenable_secrets = true\n", []),
    # .env
    (".env", f"DB_HOST=h\nDB_PASSWORD='{V}'\nexport API_TOKEN={T} # x\n", [("dotenv-secret", V), ("dotenv-secret", T)]),
    ("renamed", f"# settings\nDB_HOST=h.example\nDB_PASSWORD={V}\r\nDEBUG=1\n", [("dotenv-secret", V)]),
    (".env", f'API_TOKEN="{V}\\"{V}"\n', [("dotenv-secret", f'{V}"{V}')]),
    (".env", f"API_TOKEN='x'\"{V}\"'y' # z\n", [("dotenv-secret", f"x'\"{V}\"'y")]),
    (".env", f"API_TOKEN='x\\'{V}'\n", [("dotenv-secret", f"x\\'{V}")]),
    # properties
    ("application.properties", f"db.password=a\\={V}\\#\\u0041\n", [("properties-secret", f"a={V}#A")]),
    ("application.properties", f"db.password: a{V}\\\n  b{V}\nx=1\n", [("properties-secret", f"a{V}b{V}")]),
    ("application.properties", f"db.password=a{V}#{V}\r\n", [("properties-secret", f"a{V}#{V}")]),
    (".env", "DB_PASSWORD=\nAPI_TOKEN=${TOKEN}\nTOKEN_FILE=/run/secrets/t\n", []),
    (".env", "NEXT_PUBLIC_API_KEY=abcdefgh\nDB_HOST=localhost\n", []),
    (".env", "SECRET_NAME=op://vault/item\nAPI_TOKEN=op://vault/item/token\n", []),
    ("script", f"#!/bin/sh\nset -e\nexec env PASSWORD={V} x\n", []),
    # files named after secrets
    ("config/secrets.yml", f"shared:\n  api_key: {T}\n  url: https://h.example\n", [("credentials-file-secret", T)]),
    ("credentials.json", f'{{"password": "{V}", "user": "x"}}', [("credentials-file-secret", V)]),
    ("secrets.yml", "shared:\n  api_key: <%= ENV['X'] %>\n", []),
    ("secrets.yml", f"password: 'a''{V}' # x\n", [("credentials-file-secret", f"a''{V}")]),
    ("secrets.yml", f"password: '{V}\\' # x\n", [("credentials-file-secret", f"{V}\\")]),
    ("secrets.yml", f'password: "a\\"{V}" # x\n', [("credentials-file-secret", f'a\\"{V}')]),
    ("credentials.json", '{"password": "", "passwordPolicy": "strict"}', []),
    ("config.yml", f"shared:\n  api_key: {T}\n", []),
    # whole files
    ("config/master.key", HEX, [("rails-master-key", HEX)]),
    ("config/credentials/production.key", HEX + "\n", [("rails-master-key", HEX)]),
    ("secrets/master.key", HEX * 8 + "\n", [("jenkins-master-key", HEX * 8)]),
    ("master.key", "not a key\n", []),
    ("checksums.txt", HEX, []),
    ("config/master.key", HEX[:-1], []),
    (".vault_pass", f"{V}\n", [("ansible-vault-password", V)]),
    ("x/.vault_pass.txt", f"correct horse {V}", [("ansible-vault-password", f"correct horse {V}")]),
    (".vault_pass", "#!/bin/sh\necho $PASS\n", []),
    ("group_vars/all.yml", "$ANSIBLE_VAULT;1.1;AES256\n36653361\n", []),
    (".vault_pass", "$ANSIBLE_VAULT;1.1;AES256\n36653361\n", []),
    (".vault-token", f"hvs.{T}", [("vault-token", f"hvs.{T}")]),
    ("root/.vault-token", "s." + T + "\n", [("vault-token", "s." + T)]),
    (".vault-token", "", []),
    (".vault-token", "${VAULT_TOKEN}\n", []),
    (".vault-token", "the token is not here\n", []),
    ("github_token", T, [("token-file", T)]),
    (".cache/huggingface/token", f"hf_{T}\n", [("hugging-face-token", f"hf_{T}")]),
    ("token.txt", "a token\n", []),
    ("github_token", "\n", []),
    # Keeper
    ("ksm-config.json", json.dumps(KSM), [("keeper-config", json.dumps(KSM))]),
    ("renamed", json.dumps(KSM, indent=4), [("keeper-config", json.dumps(KSM, indent=4))]),
    ("x.py", f"config = {json.dumps(json.dumps(KSM))}\n", [("keeper-config", json.dumps(KSM))]),
    ("x.txt", f'{{"appKey": "{KSM["appKey"]}", "privateKey": "{PRIVATE}"}}', [("keeper-config", PRIVATE)]),
    ("x.txt", f'{{"clientId": "x", "privateKey": "{PRIVATE}"}}', []),
    ("keeper.ini", f"[_default]\nprivatekey={PRIVATE}\nhostname=US\n", [("keeper-config", PRIVATE)]),
    ("ksm-config.txt", b64(json.dumps(KSM)), [("keeper-config", b64(json.dumps(KSM)))]),
    ("ksm-config.txt", ONE_TIME, [("keeper-one-time-token", ONE_TIME)]),
    ("x.json", f'{{"privateKey": "{PRIVATE}"}}', []),
    ("keeper.ini", "[_default]\nhostname=US\n", []),
    ("ksm-config.json", '{"hostname": "US", "clientId": "", "privateKey": ""}', []),
    ("x.json", '{"appKey": "demo", "privateKey": "pem"}', []),
    # hashes
    (".htpasswd", f"me:{APR1}\nyou:{BCRYPT}\n", [("password-hash", APR1), ("password-hash", BCRYPT)]),
    (
        "etc/shadow",
        f"root:{SHA512}:19000:0:99999:7:::\na:{YESCRYPT}:1::::::\n",
        [("password-hash", SHA512), ("password-hash", YESCRYPT)],
    ),
    ("users", f"me:{SHA1}\n", [("password-hash", SHA1)]),
    (".htpasswd", "me:rqXexS6ZhobKA\n", [("password-hash", "rqXexS6ZhobKA")]),
    ("etc/shadow", "root:*:19000:0:99999:7:::\nbin:!:19000::::::\nx:!!:1::::::\n", []),
    ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", []),
    ("x", "me:$apr1$short$x\nPATH:$2y$HOME\n", []),
    ("x", "me:rqXexS6ZhobKA\n", []),
    # histories
    (
        ".bash_history",
        f"ls\nmysql -u root -p{V} db\nexport API_TOKEN={T}\n",
        [("shell-history-secret", V), ("shell-history-secret", T)],
    ),
    ("x", f": 1700000000:0;curl -u me:{V} https://h.example\n: 1700000001:0;ls\n", [("shell-history-secret", V)]),
    ("fish_history", f"- cmd: sshpass -p '{V}' ssh h\n  when: 1700000000\n", [("shell-history-secret", V)]),
    (
        ".bash_history",
        f"docker login -u me -p {V} r.example\nPGPASSWORD={T} psql\n",
        [("shell-history-secret", V), ("shell-history-secret", T)],
    ),
    (".bash_history", f"tool --password={V} --token {T}\n", [("shell-history-secret", V), ("shell-history-secret", T)]),
    (".bash_history", f'curl -H "Authorization: Bearer {T}" https://h.example\n', [("shell-history-secret", T)]),
    (".bash_history", f"mysql -pab'{V}'cd db\n", [("shell-history-secret", f"ab'{V}'cd")]),
    (".bash_history", f"export TOKEN={T}\\ {T}\n", [("shell-history-secret", f"{T}\\ {T}")]),
    (".bash_history", f"curl -u 'me:a {V}\"b' h\n", [("shell-history-secret", f'a {V}"b')]),
    (".bash_history", "mkdir -p src/main\nssh -p 2222 h\ndocker run -p 80:80 x\n", []),
    (".bash_history", "mysql -u root -p db\nexport TOKEN=$(cat t)\nPASSWORD=$X cmd\n", []),
    (".bash_history", "curl -u me:$PASS h\ndocker login --password-stdin r.example\n", []),
    ("notes.txt", f"mysql -u root -p{V}\n", []),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_files(path: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, path) == expected


def test_a_hash_is_less_than_a_password_and_names_its_account() -> None:
    (one,) = find(f"root:{SHA512}:19000:0:99999:7:::", "etc/shadow")
    assert one.confidence is Confidence.MEDIUM
    assert one.facts == (("user", "root"), ("scheme", "SHA-512"))


def test_the_other_half_of_a_jenkins_key_is_binary() -> None:
    text = noise(272).decode("latin-1")
    assert found(text, "secrets/hudson.util.Secret") == [("jenkins-master-key", text)]
    assert found(text, "secrets/other") == []


def test_the_end_of_a_path_says_what_a_file_is() -> None:
    text = f"h.example:5999:db:me:{V}\n"
    assert found(text, "x" * 2_000_000 + "/.pgpass") == [("pgpass-password", V)]


def test_a_keeper_configuration_is_verified() -> None:
    config = KSM | {"privateKey": base64.b64encode(ED25519).decode()}
    (one,) = find(json.dumps(config), "x")
    assert ("key", "Ed25519") in one.facts
