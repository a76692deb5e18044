"""Secrets in files that are known for holding them, by the file's name or by its structure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from importlib import import_module

from auditor.core.overlap import apart
from auditor.detect import credfiles
from auditor.detect.detection import Detection
from auditor.detect.structures.candidate import Candidate, Source, detection

__all__ = ["find"]

#: Characters of a path that say what file it is; a member's name may be as long as its archive says.
_PATH = 1024

_Reader = Callable[[Source], Iterator[Candidate]]

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


def find(text: str, path: str = "", signs: Collection[int] | None = None) -> Iterator[Detection]:
    """The secrets of a credential file, in order of place, each with its exact range in `text`.

    `path` names the file (`app.jar!conf/.npmrc` for a member of an archive), "" if it has no name; what the content
    gives away is found without it. The text may be any part of a file, binary included (one character for each byte).
    `signs` are the places in `hints.triggers` of those that the text has, where that is known. Raises nothing; linear
    in the text.
    """
    from auditor.detect.structures import hints  # start-up: only a scan gets here

    source = _source(text, path)
    if signs is None:
        told = list(hints.readers(text))
    else:
        ways = list(hints.ways(text, signs))
        told, source = [way.reader for way in ways], source._replace(ways=frozenset(way.place for way in ways))
    wanted = dict.fromkeys((*_by_name(source), *told, *_by_content(text)))
    found: list[Detection] = []
    for reader in sorted(wanted, key=_GENERAL.__contains__):
        for candidate in _load(reader)(source):
            one = detection(candidate, source)
            if one is not None:
                found.append(one)
    yield from apart(found)


def _source(text: str, path: str) -> Source:
    if not path:
        return Source(text, "", "", "", trusted=False, doubtful=False)
    return _named(path[-_PATH:])._replace(text=text)


@lru_cache(maxsize=64)
def _named(path: str) -> Source:
    """What a name says, without a text: all that is decoded in a file has the file's name."""
    inner = path.replace("\\", "/").replace("!", "/").lower()
    base = inner.rpartition("/")[2]
    known = credfiles.recognise(inner)
    listed = known is not None and known.certainty != "folder" and known.id != "secrets-folder"
    sample = credfiles.is_sample(inner)
    trusted = (listed or base in _FILES) and not sample
    doubtful = sample or (not trusted and credfiles.is_program(inner))
    return Source("", inner, base, known.id if known is not None else "", trusted, doubtful)


def _by_name(source: Source) -> Iterator[str]:
    for name in (source.kind, source.base):
        if name in _FILES:
            yield from _FILES[name].split()


def _by_content(text: str) -> Iterator[str]:
    from auditor.detect.structures import history, stores  # start-up: only a scan gets here

    if stores.might_be(text):
        yield "stores:find"
    if text.startswith(("http://", "https://")):
        yield "logins:addresses"
    if (text[:2] == ": " or "\n: 1" in text[:3000] or "- cmd: " in text[:3000]) and history.is_history(text):
        yield "history:find"
    if "=" in text[:200]:
        from auditor.detect.structures.assignments import is_environment  # start-up: only a scan gets here

        if is_environment(text):
            yield "assignments:find"


@lru_cache(maxsize=64)
def _load(reader: str) -> _Reader:
    module, _, function = reader.partition(":")
    found: _Reader = getattr(import_module(f"auditor.detect.structures.{module}"), function)
    return found
