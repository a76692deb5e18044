from __future__ import annotations

import pytest

from auditor.detect import names
from auditor.detect.names import Reading

#: Kind -> names that announce it without doubt.
SURE = {
    "password": "PASSWORD DB_PASSWORD dbPassword db.password MYSQL_PWD pgpassword GPG_PASSPHRASE SUDO_PASS sshpass "
    "DB_PASSWORD_PROD DB_PASSWORD2 DB_PASSWORD_BASE64 passwort",
    "token": "TOKEN NPM_TOKEN githubToken GH_PAT JWT BEARER NPM_TOKEN_ARG auth-token VAULT_TOKEN",
    "secret": "SECRET CLIENT_SECRET jwt-secret accessTokenSecret APP_SECRETS VAULT_SECRET_ID COOKIE_SECRET",
    "key": "API_KEY apiKey APIKEY SSH_KEY AWS_SECRET_ACCESS_KEY ENCRYPTION_KEY SECRET_KEY_BASE VITE_SECRET_KEY ID_RSA",
    "credential": "CREDENTIALS HTTP_AUTH NPM_AUTH AUTHORIZATION DOCKER_AUTH_CONFIG KSM_CONFIG APP_KSM_CONFIG NPMRC "
    "BUNDLE_GEMS__EXAMPLE__COM NuGetPackageSourceCredentials_feed",
    "credential-url": "SLACK_WEBHOOK_URL WEBHOOK_URL REPO_AUTHED_URL",
    "identity": "AWS_ACCESS_KEY_ID BUILD_AWS_ACCESS_KEY_ID",
}
#: The same for names that are often harmless.
UNSURE = {
    "secret": "SECRETS PEPPER MNEMONIC",
    "key": "KEY KEYS STRIPE_KEY SIGNING_KEYS",
    "credential": "AUTH ERLANG_COOKIE SESSION_COOKIE",
    "credential-url": "DATABASE_URL REDIS_URL MONGO_URI JDBC_URL DB_CONNECTION_STRING",
}
#: What looks like one and is none, by the reason.
NONE = {
    "a word that only contains one": "BYPASS COMPASS PASSENGER PASSIVE PASSTHROUGH SECRETARY KEYBOARD MONKEY TURKEY "
    "HOTKEY AUTHOR PATH PATCH TOKENIZER KEYSERVER PASSWORDLESS",
    "about one": "PASSWORD_FILE POSTGRES_PASSWORD_FILE tokenFile TOKEN_URL TOKEN_EXPIRY PASSWORD_HASH SECRET_NAME "
    "SECRET_ARN KEY_ID AUTH_URL AUTH_METHOD JWT_ALGORITHM PASSWORD_MIN_LENGTH PASSWORD_RESET_URL SSL_KEY_FILE "
    "password-stdin PGPASSFILE SECRETS_MANAGER COOKIES",
    "a switch": "DISABLE_PASSWORD disabled-password MYSQL_RANDOM_ROOT_PASSWORD MYSQL_ALLOW_EMPTY_PASSWORD USE_SECRETS "
    "no-password REQUIRE_TOKEN",
    "a number": "TOKENS MAX_TOKENS MAX_TOKEN COMPLETION_TOKEN",
    "a run over something": "FIRST_PASS TWO_PASS SINGLE_PASS",
    "public": "PUBLIC_KEY SSH_PUBLIC_KEY GPG_KEY GPG_KEYS STRIPE_PUBLISHABLE_KEY RECAPTCHA_SITE_KEY REACT_APP_API_KEY "
    "NEXT_PUBLIC_TOKEN VITE_API_KEY",
    "another kind of key": "CACHE_KEY PRIMARY_KEY SORT_KEY FOREIGN_KEY",
    "the working folder": "PWD OLDPWD OLD_PWD",
    "an address": "URL API_URL BASE_URL DSN SENTRY_DSN",
    "something else": "USER HOSTNAME VAULT_ADDR BUNDLE_PATH DEBIAN_FRONTEND SHA256 COOKIE",
    "no word": "_ 1 é $ ___ 123_456",
}


def pairs(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, kind) for kind, listed in table.items() for name in listed.split()]


@pytest.mark.parametrize(("name", "kind"), pairs(SURE))
def test_name_announces_a_secret(name: str, kind: str) -> None:
    assert names.read(name) == Reading(kind, True)


@pytest.mark.parametrize(("name", "kind"), pairs(UNSURE))
def test_name_leaves_it_open(name: str, kind: str) -> None:
    assert names.read(name) == Reading(kind, False)


@pytest.mark.parametrize(("name", "reason"), pairs(NONE))
def test_name_announces_nothing(name: str, reason: str) -> None:
    assert names.read(name) is None, reason


@pytest.mark.parametrize("name", ["", " ", "A" * 300 + "_PASSWORD", "PASSWORD" * 30])
def test_empty_and_endless_names_announce_nothing(name: str) -> None:
    assert names.read(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", []),
        ("__", []),
        ("DB_PASSWORD", ["db", "password"]),
        ("dbPassword", ["db", "password"]),
        ("HTTPServerKey2", ["http", "server", "key", "2"]),
        ("a-b.c:d/e", ["a", "b", "c", "d", "e"]),
        ("éA", ["a"]),
    ],
)
def test_words_of_a_name(name: str, words: list[str]) -> None:
    assert names.split(name) == words
