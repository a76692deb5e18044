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
    "aws:bedrock": "aws-bedrock-key aws-bedrock-api-key",
    "aws:key_id": "aws-access-key-id",
    "azure:devops": "azure-devops-token azure-devops-pat",
    "azure:verify": (
        "azure-storage-key azure-cosmos-key azure-batch-key azure-container-registry-key azure-redis-key "
        "azure-search-key azure-functions-key azure-function-key azure-iot-key azure-api-management-key azure-apim-key "
        "azure-service-bus-key azure-event-hub-key azure-event-hubs-key azure-relay-key azure-event-grid-key "
        "azure-machine-learning-key azure-openai-key azure-maps-key azure-sql-key azure-key azure-identifiable-key "
        "azure-cask-key azure-entra-secret azure-client-secret entra-client-secret azure-ad-client-secret"
    ),
    "bech32:verify": "age-secret-key nostr-secret-key",
    "crc:atlassian": "atlassian-token atlassian-api-token",
    "crc:cloudflare": "cloudflare-token cloudflare-api-token",
    "crc:confluent": "confluent-secret confluent-api-secret confluent-key confluent-token",
    "crc:github": "github-token",
    "crc:github_fine_grained": "github-fine-grained-token",
    "crc:gitlab": "gitlab-token gitlab-routable-token",
    "crc:grafana": "grafana-token",
    "crc:npm": "npm-token",
    "crc:vercel": "vercel-token",
    "crc:zuplo": "zuplo-key zuplo-token zuplo-api-key",
    "docker_auth:basic": "npmrc-auth npm-auth basic-auth",
    "docker_auth:config": "docker-auth docker-config",
    "google:service_account": "gcp-service-account google-service-account google-service-account-key gcp-credentials",
    "jwt:verify": "json-web-token supabase-key",
    "keeper:config": "keeper-config",
    "keeper:one_time_token": "keeper-one-time-token",
    "keys:verify": "private-key putty-private-key pgp-private-key openssh-private-key",
    "macaroon:fly": "fly-token fly-io-token",
    "macaroon:pypi": "pypi-token",
    "sas:verify": "azure-sas",
    "structured:anthropic": "anthropic-key",
    "structured:discord": "discord-bot-token discord-token",
    "structured:grafana_cloud": "grafana-cloud-token grafana-api-key",
    "structured:onepassword": "onepassword-service-token",
    "structured:sentry": "sentry-token",
    "structured:slack": "slack-token slack-app-token slack-webhook",
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
