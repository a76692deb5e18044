"""Which function verifies which format. Nothing is imported before a value of that format turns up."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.verify.outcome import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    #: (value without white space around it, text beside it, Unix time) -> verdict. Raises nothing.
    Verifier = Callable[[str, str, float], Verdict]

#: Module and function -> the format ids of rules/secrets that it verifies.
_FAMILIES = {
    "aws:bedrock": "aws-bedrock-key aws-bedrock-session-key",
    "aws:key_id": "aws-access-key-id",
    "azure:devops": "azure-devops-token",
    "azure:verify": (
        "azure-app-configuration azure-client-secret azure-common-key azure-communication-key "
        "azure-container-registry-key azure-function-key azure-search-key azure-shared-access-key azure-signed-key "
        "azure-signed-storage-key azure-storage-key"
    ),
    "base58:verify": "bitcoin-extended-key tezos-secret-key",
    "bech32:verify": "age-plugin-identity age-secret-key nostr-secret-key sui-private-key",
    "crc:atlassian": "atlassian-access-token atlassian-oauth-secret atlassian-token",
    "crc:cloudflare": "cloudflare-token",
    "crc:confluent": "confluent-secret",
    "crc:github": "github-app-token github-token",
    "crc:github_fine_grained": "github-fine-grained-token",
    "crc:gitlab": "gitlab-token",
    "crc:grafana": "grafana-token",
    "crc:nats": "nats-nkey-seed",
    "crc:npm": "npm-token",
    "crc:vercel": "vercel-token",
    "crc:zuplo": "zuplo-key",
    "docker_auth:basic": "npmrc-auth",
    "docker_auth:config": "docker-auth",
    "google:service_account": "gcp-service-account gcp-user-credentials",
    "jwt:verify": "json-web-encryption json-web-token",
    "keeper:config": "keeper-config keeper-config-compact",
    "keeper:one_time_token": "keeper-one-time-token",
    "keys:verify": "private-key putty-key",
    "keys:verify_base64": "private-key-base64",
    "macaroon:fly": "fly-legacy-token fly-token",
    "macaroon:pypi": "pypi-token",
    "sas:verify": "azure-sas",
    "structured:anthropic": "anthropic-key",
    "structured:cloudflare_tunnel": "cloudflare-tunnel-token",
    "structured:discord": "discord-bot-token",
    "structured:grafana_cloud": "grafana-api-key grafana-cloud-token",
    "structured:onepassword": "onepassword-service-token",
    "structured:sentry": "sentry-token",
    "structured:slack": "slack-app-token slack-token slack-webhook",
    "structured:stripe": "stripe-secret-key",
    "structured:telegram": "telegram-bot-token",
    "vault:verify": "vault-token",
}
#: Format id -> module and function.
VERIFIERS = {kind: family for family, kinds in _FAMILIES.items() for kind in kinds.split()}


def load(kind: str) -> Verifier:
    """The verifier of a format. Raises KeyError for a format without one."""
    from importlib import import_module  # start-up: one module of twenty is needed

    module, _, function = VERIFIERS[kind].partition(":")
    found: Verifier = getattr(import_module(f"auditor.detect.verify.{module}"), function)
    return found
