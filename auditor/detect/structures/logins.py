"""Logins of more than one field: container registries, netrc, addresses with a password, .pgpass, AWS profiles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.escapes import ANY, plain
from auditor.detect.verify import verify

_AUTH = Pattern(r"\\?\"auth\\?\"\s{0,20}+:\s{0,20}+\\?\"(?P<value>[A-Za-z0-9+/_-]{4,20000}+={0,2})\\?\"")
_REGISTRY_TOKEN = Pattern(
    r"\\?\"(?P<name>identitytoken|registrytoken)\\?\"\s{0,20}+:\s{0,20}+\\?\"(?P<value>(?:[^\"\\\s]|\\[^\"\s]){8,20000}+)\\?\""
)
_HOST_BEFORE = Pattern(r"\"([^\"\s]{1,200})\"\s{0,20}:\s{0,20}\{[^{}]{0,300}\Z")
_NETRC = Pattern(
    r"(?<![\w-])(?:machine[ \t\r\n]{1,20}(?P<host>[^\s'\"]{1,200})|default)(?P<rest>(?:[ \t\r\n]{1,20}"
    r"(?:login|account|port)[ \t\r\n]{1,20}[^\s]{1,500}){0,4}+)[ \t\r\n]{1,20}(?P<name>password|passwd)[ \t\r\n]{1,20}"
    r"(?P<value>\"(?:[^\"\\\r\n]|\\[^\r\n]){1,1000}+\"|[^\s]{1,1000})"
)
#: Characters before an entry that are searched for the beginning of its line.
_LINE_START = 200
#: Words of a sentence about netrc files rather than of one.
_PROSE = frozenset("and or is the a for in to name names host login field fields token tokens , .".split())
_USERINFO = Pattern(
    r"[a-z][a-z0-9+.-]{1,15}://[^\s/?#@:'\"<>|\\]{0,300}+:(?P<value>[^\s/?#@'\"<>|\\]{1,1000}+)@[^\s/?#'\"@]"
)
_TOKEN_USER = Pattern(r"https?://(?P<value>[^\s/?#@:'\"<>|\\]{10,300}+)(?::(?:x-oauth-basic|x)?)?@[^\s/?#'\"@]")
_INDEX = Pattern(
    r"(?m)^[ \t]{0,20}(?:--)?(?:(?:extra[-_])?index[-_]url|index|find[-_]links|repository)[ \t]{0,9}[= \t]"
)
_PGPASS = Pattern(
    r"(?m)^(?P<host>[^:\s#]{1,200}):(?:\d{1,5}|\*):(?:[^:\\\r\n]|\\.){1,200}+:(?:[^:\\\r\n]|\\.){1,200}+:"
    r"(?P<value>(?:[^\r\n:\\]|\\[^\r\n]){1,500}+)"
)
_AWS = Pattern(
    r"(?i)\b(?P<name>aws_secret_access_key|SecretAccessKey|aws_session_token|aws_security_token|SessionToken)\b[\"']?"
    r"[ \t]{0,20}[=:][ \t]{0,20}[\"']?(?P<value>[A-Za-z0-9+/]{40,2000}={0,2})(?![A-Za-z0-9+/=])"
)
_AWS_ID = Pattern(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])")
_AWS_SECRET_LENGTH = 40
_S3FS = Pattern(r"(?m)^(?:[^:\s]{3,63}:)?(?:AKIA|ASIA)?[A-Z0-9]{16,20}:(?P<value>[A-Za-z0-9+/]{40})[ \t]{0,9}\r?$")
_SASL = Pattern(r"(?m)^\[?[\w.-]{1,200}\]?(?::\d{1,5})?[ \t]{1,20}(?P<user>[^\s:]{1,200}):(?P<value>[^\s]{1,300})")


def docker(source: Source) -> Iterator[Candidate]:
    """Registry logins of the Docker CLI and its kin: `auth` is base64 of user and password, so it proves itself."""
    text = source.text
    for match in _AUTH.finditer(text):
        if verify("docker-auth", match["value"]).verdict in ("valid", "expired"):
            yield Candidate(
                "docker-auth", "Docker registry login", *match.span("value"), "auth", "sure", "docker-auth", "",
                _host(text, match.start()),
            )  # fmt: skip
    if "identitytoken" in text or "registrytoken" in text:
        for match in _REGISTRY_TOKEN.finditer(text):
            host = _host(text, match.start())
            yield Candidate(
                "docker-identity-token", "Docker registry token", *match.span("value"), match["name"], "token",
                "json-web-token" if match["value"].startswith("eyJ") else "", "", host,
            )  # fmt: skip


def _host(text: str, at: int) -> tuple[tuple[str, str], ...]:
    """The registry whose entry holds the place."""
    found = _HOST_BEFORE.search(text[max(0, at - 600) : at])
    return (("host", found[1]),) if found and found[1].isprintable() else ()


def netrc(source: Source) -> Iterator[Candidate]:
    """Passwords of netrc files (also of Heroku and apt), on one line or several."""
    for match in _NETRC.finditer(source.text):
        start, end = match.span("value")
        if source.text[start] == '"' and end - start > 1:
            start, end = start + 1, end - 1
        if not source.trusted and _is_about_netrc(source.text, match):
            continue
        host = (("host", match["host"]),) if match["host"] and match["host"].isprintable() else ()
        said = plain(source.text[start:end], ANY) if start > match.start("value") else ""
        yield Candidate("netrc-password", "netrc password", start, end, match["name"], "password", "", "", host, said)


def _is_about_netrc(text: str, match: re.Match[str]) -> bool:
    """Whether the words are those of a manual or of a program that writes such a file."""
    entry, value = match[0], match["value"]
    line_start = text[max(0, match.start() - _LINE_START) : match.start()].rpartition("\n")[2].strip()
    if "login" not in match["rest"] or line_start or "{}" in entry or "%s" in entry:
        return True
    return value.lower().strip("`'\".,") in _PROSE or value.endswith(('"', "'", "}", ">", "]"))


def addresses(source: Source) -> Iterator[Candidate]:
    """Lines of .git-credentials: an address with user and password, or with a token in the user's place."""
    if source.kind != "git-credentials" and not _is_list_of_addresses(source.text):
        return
    kind, title = "git-credentials", "stored git password"
    for match in _USERINFO.finditer(source.text):
        if match["value"] not in ("x-oauth-basic", "x"):
            host = _address_host(source.text, match.end() - 1)
            yield Candidate(kind, title, *match.span("value"), "password", "password", "", "", host)
    for match in _TOKEN_USER.finditer(source.text):
        host = _address_host(source.text, match.end() - 1)
        yield Candidate(kind, "stored git token", *match.span("value"), "token", "token", "", "", host)


def _is_list_of_addresses(text: str) -> bool:
    """Whether the text begins as `git credential-store` writes it: nothing but addresses with user names."""
    lines = text[:2000].split("\n")[:4]
    return all("@" in line and line.startswith(("http://", "https://")) for line in lines if line.strip())


def _address_host(text: str, at: int) -> tuple[tuple[str, str], ...]:
    found = _HOST.match(text, at)
    return (("host", found[0]),) if found else ()


_HOST = Pattern(r"[A-Za-z0-9.-]{1,200}(?::\d{1,5})?")


def indexes(source: Source) -> Iterator[Candidate]:
    """Passwords in the package index addresses of pip.conf, .pypirc and requirements files."""
    for line in _INDEX.finditer(source.text):
        end = source.text.find("\n", line.end())
        for match in _USERINFO.compiled.finditer(
            source.text, line.end(), min(end if end >= 0 else line.end() + 3000, line.end() + 3000)
        ):
            host = _address_host(source.text, match.end() - 1)
            yield Candidate(
                "pip-index-password",
                "package index password",
                *match.span("value"),
                "index-url",
                "password",
                "",
                "",
                host,
            )


def pgpass(source: Source) -> Iterator[Candidate]:
    """Passwords of .pgpass: host:port:database:user:password."""
    known = source.base in (".pgpass", "pgpass", "pgpass.conf")
    for match in _PGPASS.finditer(source.text):
        port = source.text[match.end("host") + 1 :][:5]
        if known or port.startswith(("5432:", "*:", "6432:", "5433:")):
            yield Candidate(
                "pgpass-password", "PostgreSQL password", *match.span("value"), "password", "password", "", "",
                (("host", match["host"]),) if match["host"].isprintable() else (), plain(match["value"], ANY),
            )  # fmt: skip


def aws(source: Source) -> Iterator[Candidate]:
    """Secret access keys and session tokens of AWS profiles and of the CLI's cache; the key id tells the account."""
    for match in _AWS.finditer(source.text):
        session = "secret" not in match["name"].lower()
        if not session and match.end("value") - match.start("value") != _AWS_SECRET_LENGTH:
            continue
        kind = (
            ("aws-session-token", "AWS session token")
            if session
            else ("aws-secret-access-key", "AWS secret access key")
        )
        around = source.text[max(0, match.start() - 300) : match.end() + 300]
        key_id = _AWS_ID.search(around)
        facts = verify("aws-access-key-id", key_id[0]).facts if key_id else ()
        yield Candidate(*kind, *match.span("value"), match["name"], "token", "", "", facts)


def named(source: Source) -> Iterator[Candidate]:
    """Files whose lines mean something only under their name: .passwd-s3fs and Postfix's sasl_passwd."""
    if source.base in (".passwd-s3fs", "passwd-s3fs"):
        for match in _S3FS.finditer(source.text):
            yield Candidate("aws-secret-access-key", "S3 secret key", *match.span("value"), "password", "token")
    if source.base == "sasl_passwd":
        for match in _SASL.finditer(source.text):
            yield Candidate("mail-password", "mail relay password", *match.span("value"), "password")
