"""Terraform: what its state holds in plain text, told by type of resource, by name and by what it lists itself."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect import names
from auditor.detect.structures import kubernetes
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.escapes import JSON, plain
from auditor.detect.structures.fields import member

#: Attributes that hold what a resource generates: secrets whatever they look like.
_GENERATED = {
    "aws_iam_access_key": "secret ses_smtp_password_v4",
    "azuread_application_password": "value",
    "azuread_service_principal_password": "value",
    "cloudflare_api_token": "value",
    "cloudflare_origin_ca_certificate": "private_key",
    "digitalocean_spaces_key": "secret_key",
    "gitlab_deploy_token": "token",
    "gitlab_group_access_token": "token",
    "gitlab_personal_access_token": "token",
    "gitlab_project_access_token": "token",
    "github_actions_organization_secret": "plaintext_value",
    "github_actions_secret": "plaintext_value",
    "google_service_account_key": "private_key",
    "google_storage_hmac_key": "secret",
    "hcp_service_principal_key": "client_secret",
    "random_bytes": "base64 hex",
    "random_password": "result",
    "tfe_team_token": "token",
    "tls_private_key": "private_key_pem private_key_openssh private_key_pem_pkcs8",
    "vault_approle_auth_backend_role_secret_id": "secret_id",
    "vault_token": "client_token",
}
#: The same for what people choose.
_CHOSEN = {
    "aws_db_instance": "password",
    "aws_docdb_cluster": "master_password",
    "aws_rds_cluster": "master_password",
    "aws_redshift_cluster": "master_password",
    "aws_secretsmanager_secret_version": "secret_string",
    "aws_ssm_parameter": "value",
    "azurerm_key_vault_secret": "value",
    "azurerm_mssql_server": "administrator_login_password",
    "azurerm_mysql_flexible_server": "administrator_password",
    "azurerm_postgresql_flexible_server": "administrator_password",
    "google_secret_manager_secret_version": "secret_data",
    "google_sql_user": "password",
    "mysql_user": "plaintext_password",
    "postgresql_role": "password",
}
_MANIFESTS = frozenset({"kubernetes_secret", "kubernetes_secret_v1"})
#: Values of these are settings unless their type says otherwise.
_PARAMETER = "aws_ssm_parameter"
_TYPE = Pattern(r"\"type\"\s{0,50}+:\s{0,50}+\"(?P<type>[a-z][a-z0-9]{0,30}_[a-z0-9_]{1,80})\"")
_DATA = Pattern(r"\"(?:data|binary_data)\"\s{0,50}+:\s{0,50}+\{(?P<inside>[^{}]{1,200000}+)\}")
_PAIR = member(r"[A-Za-z_.][\w.-]{1,250}")
_ATTRIBUTE = Pattern(
    r"\"type\"\s{0,50}+:\s{0,50}+\"get_attr\"\s{0,50}+,\s{0,50}+\"value\"\s{0,50}+:\s{0,50}+\"([\w.-]{1,100})\""
)
#: Outputs: `sensitive` stands beside the value, in either order.
_OUTPUT = Pattern(r"\"(?P<name>[\w-]{1,100})\"\s{0,50}+:\s{0,50}+\{[^{}]{0,20000}+\}")
_OUTPUT_VALUE = Pattern(r"\"value\"\s{0,50}+:\s{0,50}+\"(?P<value>(?:[^\"\\\r\n]|\\.){1,8192}+)\"")
_SENSITIVE = Pattern(r"\"sensitive\"\s{0,50}+:\s{0,50}+true")
_SECURE = Pattern(r"\"type\"\s{0,50}+:\s{0,50}+\"SecureString\"")
_MOST_ATTRIBUTES = 200
#: Words of the state's own structure.
_STRUCTURE = frozenset("type name mode provider value lineage id terraform_version schema_version private key".split())
_KIND, _TITLE = "terraform-state-secret", "Terraform state value"
_KEY = "PRIVATE KEY-----"
_VERSION = '"terraform_version"'


def state(source: Source) -> Iterator[Candidate]:
    """Values of known types, of sensitive names, of names the state lists as sensitive, and of sensitive outputs."""
    text = source.text
    if ".tfvars" in source.base:
        return
    yield from _resources(text)
    if _VERSION not in text and source.kind != "terraform":
        return  # part of a state, or something else that has instances with attributes
    sensitive: set[str] = set()
    for listed in _ATTRIBUTE.finditer(text):
        if len(sensitive) >= _MOST_ATTRIBUTES:
            break
        sensitive.add(listed[1])
    if '"sensitive"' in text:
        yield from _outputs(text)
    for match in _PAIR.finditer(text):
        name = match["name"]
        if name in _STRUCTURE:
            continue
        listed_as = name in sensitive
        reading = names.read(name)
        if reading is None and not listed_as:
            continue
        yield from _value(match["exact"], *match.span("exact"), name, "password" if listed_as else "named")


def _resources(text: str) -> Iterator[Candidate]:
    """The secret attributes between the type of one resource and that of the next."""
    before = None
    for match in _TYPE.finditer(text):
        if match["type"] == "get_attr":
            continue
        if before is not None:
            yield from _resource(text, before["type"], before.end(), match.start())
        before = match
    if before is not None:
        yield from _resource(text, before["type"], before.end(), len(text))


def _resource(text: str, kind: str, start: int, end: int) -> Iterator[Candidate]:
    if kind in _MANIFESTS:
        for data in _DATA.compiled.finditer(text, start, end):
            for match in _PAIR.compiled.finditer(text, *data.span("inside")):
                mode = kubernetes.mode_of(match["name"], plain(match["exact"], JSON))
                if mode:
                    yield from _value(match["exact"], *match.span("exact"), match["name"], mode)
        return
    mode = "sure" if kind in _GENERATED else "password"
    wanted = (_GENERATED.get(kind) or _CHOSEN.get(kind, "")).split()
    if not wanted or (kind == _PARAMETER and _SECURE.compiled.search(text, start, end) is None):
        return
    for match in _PAIR.compiled.finditer(text, start, end):
        if match["name"] in wanted:
            yield from _value(match["exact"], *match.span("exact"), match["name"], mode)


def _value(written: str, start: int, end: int, name: str, mode: str) -> Iterator[Candidate]:
    if _KEY not in written:  # a key is found as what it is
        yield Candidate(_KIND, _TITLE, start, end, name, mode, "", "", (), plain(written, JSON))


def _outputs(text: str) -> Iterator[Candidate]:
    for output in _OUTPUT.finditer(text):
        value = _OUTPUT_VALUE.search(output[0])
        if value is not None and _SENSITIVE.search(output[0]) and _KEY not in value["value"]:
            at = output.start()
            start, end = at + value.start("value"), at + value.end("value")
            said = plain(value["value"], JSON)
            yield Candidate(
                _KIND, "Sensitive Terraform output", start, end, output["name"], "password", "", "", (), said
            )
