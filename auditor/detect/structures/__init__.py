"""Secrets in files that are known for holding them, by the file's name or by its structure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from itertools import islice

from auditor.detect import credfiles
from auditor.detect.detection import Detection
from auditor.detect.structures.candidate import Candidate, Source, detection

__all__ = ["MOST", "find"]

#: Detections of one text; a file with more of them has been reported well enough.
MOST = 2000
_MOST_CANDIDATES = 20000

_Reader = Callable[[Source], Iterator[Candidate]]

#: What to look for in a text, and the reader (module:function) of a text that has it, or what to look for next: most
#: texts have few of the first pieces, so that a dozen searches are all they cost.
_Tree = tuple[tuple[str, "str | _Tree"], ...]


def _all(reader: str, *literals: str) -> _Tree:
    return tuple((literal, reader) for literal in literals)


_FIELD = "tables:find"
_LITERALS: _Tree = (
    ("PRIVATE KEY", _all("keys:find", "-----BEGIN ", "---- BEGIN SSH2")),
    *_all("keys:find", "PuTTY-User-Key-File-", "AGE-SECRET-KEY-1", "untrusted comment:", '"keyMaterialType"'),
    (
        "oken",
        (
            ("uthToken", _all(_FIELD, "_authToken", "npmAuthToken")),
            ("token:", (*_all(_FIELD, "oauth_token:", "auth-token:"), ("users:", "kubernetes:kubeconfig"))),
            ("token = ", _all(_FIELD, "[registr", "token = {", 'credentials "')),
            ("_token", _all(_FIELD, '"refresh_token"', "oauth2_refresh_token")),
            ("itytoken", "logins:docker"),
            ("rytoken", "logins:docker"),
            ('oken"', (*_all(_FIELD, '"credentials":', '"gitlab-token"'), ('"users"', "kubernetes:kubeconfig"))),
            ("SessionToken", "logins:aws"),
            ('"accessToken', _FIELD),
        ),
    ),
    (
        "auth",
        (
            ('"auth', "logins:docker"),
            ("_auth", _all(_FIELD, ":_auth", "\n_auth")),
            ("-oauth", _all(_FIELD, '"github-oauth"', '"gitlab-oauth"', '"bitbucket-oauth"')),
        ),
    ),
    (
        "assw",
        (
            ("machine", "logins:netrc"),
            ("default", (("login", "logins:netrc"),)),
            ("users:", "kubernetes:kubeconfig"),
            ("_password", _all(_FIELD, ":_password", "\n_password")),
            ("[", _all(_FIELD, "[distutils]", "pypi]", "[client]", "[mysql")),
            ("<", _all(_FIELD, "<settings", "<server>", "<tomcat-users", "credentials.impl.", "plugins.credentials")),
            *_all(_FIELD, "signing.password", ".proxyPassword", "ClearTextPassword", '"http-basic"'),
        ),
    ),
    ("passphrase", _all(_FIELD, "signing.gnupg.passphrase", "<settings", "<server>")),
    (
        "ecret",
        (
            ("Secret", (("kind", "kubernetes:manifests"),)),
            ("ecretAccessKey", "logins:aws"),
            ("secret_access_key", "logins:aws"),
            ("lient", _all(_FIELD, '"client_secret"', '"clientSecret"')),
            *_all(_FIELD, '"home_account_id"', "secret_key", "gs_secret"),
        ),
    ),
    ("_KEY", (*_all(_FIELD, "APP_KEY", "AUTH_KEY", "SECRET_KEY"), ("SECRET_ACCESS_KEY", "logins:aws"))),
    ("client-key-data", "kubernetes:kubeconfig"),
    ('Key"', _all("whole:keeper", '"appKey"', '"clientKey"', '"privateKey"')),
    ("\ntype = ", _all(_FIELD, "pass", "secret")),
    *_all(_FIELD, "npmAuthIdent", "{AQAA", "<settingsSecurity", "rubygems_api_key"),
    ("DB_PASSWORD", _all(_FIELD, "define(")),
    (":$", _all("hashes:find", *(f":${scheme}$" for scheme in "apr1 1 2a 2b 2y 5 6 y gy 7".split()))),
    (":{S", (("SHA}", "hashes:find"),)),
    ('"terraform_version"', "terraform:state"),
    (":5432:", "logins:pgpass"),
    ("index", _all("logins:indexes", "index-url", "index_url")),
)
#: Readers that go by the names of values alone: where another one knows the place, that one is right.
_GENERAL = ("terraform:state", "assignments:find")
#: Kind or name of the file -> readers.
_FILES = {
    "docker-config": "logins:docker",
    "auth.json": "logins:docker tables:find",
    "netrc": "logins:netrc",
    "apt-auth": "logins:netrc",
    "git-credentials": "logins:addresses",
    "pip-conf": "logins:indexes",
    "pypirc": "logins:indexes tables:find",
    ".pgpass": "logins:pgpass",
    "pgpass": "logins:pgpass",
    "pgpass.conf": "logins:pgpass",
    "aws-credentials": "logins:aws",
    "sasl_passwd": "logins:named",
    ".passwd-s3fs": "logins:named",
    "passwd-s3fs": "logins:named",
    "kubeconfig": "kubernetes:kubeconfig",
    "htpasswd": "hashes:find",
    "shadow": "hashes:find",
    "history": "history:find",
    "fish_history": "history:find",
    "keeper-config": "whole:keeper",
    "vault-token": "whole:find",
    "hugging-face-token": "whole:find",
    "rails-credentials-key": "whole:find",
    "private-key": "whole:find",
    "hudson.util.secret": "whole:jenkins_secret",
    "credentials-json": "whole:find assignments:find tables:find",
    "terraform": "terraform:state assignments:find tables:find",
    **dict.fromkeys(
        "dotenv named-dotenv dotenv-keys gradle-properties signing-properties service-configuration editor-ftp".split(),
        "assignments:find tables:find",
    ),
    **dict.fromkeys(
        "npmrc yarnrc maven-settings settings-security.xml gradle.properties nuget-config accesstokens.json "
        "msal_token_cache.json azure-profile credentials.tfrc.json cargo-credentials gem-credentials bundle-config "
        "composer-auth gh-hosts kaggle sentry-cli .my.cnf .s3cfg s3cmd.ini rclone.conf .rclone.conf .boto wp-config "
        "credentials.xml .msmtprc msmtprc .smbcredentials tomcat-users".split(),
        "tables:find",
    ),
}


def find(text: str, path: str = "") -> Iterator[Detection]:
    """The secrets of a credential file, in order of place, each with its exact range in `text`.

    `path` names the file (`app.jar!conf/.npmrc` for a member of an archive), "" if it has no name; what the content
    gives away is found without it. The text may be any part of a file, binary included (one character for each byte).
    Raises nothing; linear in the text; at most MOST detections.
    """
    source = _source(text, path)
    wanted = dict.fromkeys((*_by_name(source), *_by_content(text)))
    found: list[Detection] = []
    for reader in sorted(wanted, key=_GENERAL.__contains__):
        for candidate in islice(_load(reader)(source), _MOST_CANDIDATES):
            one = detection(candidate, source)
            if one is not None:
                found.append(one)
            if len(found) >= MOST:
                break
    yield from _distinct(found)[:MOST]


def _source(text: str, path: str) -> Source:
    if not path:
        return Source(text, "", "", "", trusted=False, doubtful=False)
    inner = path.replace("\\", "/").replace("!", "/").lower()
    base = inner.rpartition("/")[2]
    known = credfiles.recognise(inner)
    listed = known is not None and known.certainty != "folder" and known.id != "secrets-folder"
    sample = credfiles.is_sample(inner)
    trusted = (listed or base in _FILES) and not sample
    doubtful = sample or (not trusted and credfiles.is_program(inner))
    return Source(text, inner, base, known.id if known is not None else "", trusted, doubtful)


def _by_name(source: Source) -> Iterator[str]:
    for name in (source.kind, source.base):
        if name in _FILES:
            yield from _FILES[name].split()


def _by_content(text: str) -> Iterator[str]:
    from auditor.detect.structures import history, stores  # start-up: only a scan gets here

    if stores.might_be(text):
        yield "stores:find"
    yield from _by_literal(text, _LITERALS)
    if text.startswith(("http://", "https://")):
        yield "logins:addresses"
    if (text[:2] == ": " or "\n: 1" in text[:3000] or "- cmd: " in text[:3000]) and history.is_history(text):
        yield "history:find"
    if "=" in text[:200]:
        from auditor.detect.structures.assignments import is_environment  # start-up: only a scan gets here

        if is_environment(text):
            yield "assignments:find"


def _by_literal(text: str, tree: _Tree) -> Iterator[str]:
    for literal, following in tree:
        if literal in text:
            if isinstance(following, str):
                yield following
            else:
                yield from _by_literal(text, following)


@lru_cache(maxsize=64)
def _load(reader: str) -> _Reader:
    module, _, function = reader.partition(":")
    found: _Reader = getattr(import_module(f"auditor.detect.structures.{module}"), function)
    return found


def _distinct(found: list[Detection]) -> list[Detection]:
    """One detection for one place, in order of place; what was found first wins over what overlaps it."""
    kept: list[Detection] = []
    starts: list[int] = []
    for one in found:
        place = bisect_left(starts, one.start)
        free = not place or kept[place - 1].end <= one.start
        if free and (place == len(kept) or one.end <= kept[place].start):
            kept.insert(place, one)
            starts.insert(place, one.start)
    return kept
