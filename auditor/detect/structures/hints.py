"""Which readers of `structures` a text may be for, told from strings that each of them needs.

A text is searched for all of them at once where it is long and Hyperscan is there, else string by string. Both give
the same readers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.prefilter import Trigger, prefilter

if TYPE_CHECKING:
    from auditor.detect.prefilter import Prefilter

#: What to look for in a text, and the reader (module:function) of a text that has it, or what to look for next: most
#: texts have few of the first pieces, so that a dozen searches are all they cost.
_Tree = tuple[tuple[str, "str | _Tree"], ...]


def _all(reader: str, *literals: str) -> _Tree:
    return tuple((literal, reader) for literal in literals)


_FIELD = "tables:find"
#: How the group of MySQL's clients ends its line; programs have `[client]` in the middle of one.
MYSQL_CLIENT = tuple(f"[client]{after}" for after in ("\n", "\r", "\t", "#", " \n", " #"))
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
            ("[", _all(_FIELD, "[distutils]", "pypi]", *MYSQL_CLIENT, "[mysql")),
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
    ('"privateKey\\"', "whole:keeper"),
    ("\ntype = ", _all(_FIELD, "pass", "secret")),
    *_all(_FIELD, "npmAuthIdent", "{AQAA", "<settingsSecurity", "rubygems_api_key"),
    ("DB_PASSWORD", _all(_FIELD, "define(")),
    (":$", _all("hashes:find", *(f":${scheme}$" for scheme in "apr1 1 2a 2b 2y 5 6 y gy 7".split()))),
    (":{S", (("SHA}", "hashes:find"),)),
    ('"terraform_version"', "terraform:state"),
    ('"instances"', (('"attributes"', "terraform:state"),)),
    ("<![CDATA[", (("]]>", "elements:find"),)),
    (":5432:", "logins:pgpass"),
    ("index", _all("logins:indexes", "index-url", "index_url")),
)
_BLANKS = r"[ \t\r\n]{1,20}"
_NETRC = rf"(?:machine{_BLANKS}[^\s'\"]{{1,200}}|default){_BLANKS}(?:login|account|port|passw)"
_AWS = (
    r"(?:aws_secret_access_key|secretaccesskey|aws_session_token|aws_security_token|sessiontoken)"
    r"[\"']?[ \t]{0,20}[=:][ \t]{0,20}[\"']?[a-z0-9+/]{8}"
)
#: What is searched for instead of a string that programs have often: more of what its reader asks for. Without regard
#: to case.
_CLOSER = {
    "machine": _NETRC,
    "default": _NETRC,
    "Secret": r"kind[\"']?\s{0,50}:\s{0,50}[\"']?secret",
    "passphrase": r"<passphrase>",
    ":$1$": r":\$1\$[./a-z0-9]{1,8}\$",
    '"auth': r"\"auth\x5c?\"\s{0,20}:\s{0,20}\x5c?\"[a-z0-9+/_-]{4}",
    **dict.fromkeys(("SessionToken", "ecretAccessKey", "secret_access_key", "SECRET_ACCESS_KEY"), _AWS),
}
#: Below so many characters the searches one by one take less time than one call of the library.
_SHORT = 2048


class Way(NamedTuple):
    """One way through the tree: its place in it, the strings on it, the reader at its end."""

    place: int
    literals: tuple[str, ...]
    reader: str


def readers(text: str) -> Iterator[str]:
    """Readers (module:function) that may find something in the text. Linear, a reader may come more than once."""
    found = _prefilter() if len(text) >= _SHORT else None
    if found is None or found.engine != "hyperscan":
        return _by_literal(text, _LITERALS)
    signs = {index for index, _ in found.hits(text.encode("latin-1", "replace"))}
    return (way.reader for way in ways(text, signs))


def ways(text: str, signs: Collection[int]) -> Iterator[Way]:
    """The ways through the tree whose strings all stand in a text, in the order of the tree.

    `signs` are the places in `triggers` of those that the text has.
    """
    for way in sorted(way for sign in signs for way in _by_sign()[sign]) if signs else ():
        if all(literal in text for literal in way.literals):
            yield way


def ways_to(reader: str) -> list[Way]:
    """All ways to a reader."""
    return [way for several in _by_sign() for way in several if way.reader == reader]


@lru_cache(maxsize=1)
def _by_sign() -> tuple[tuple[Way, ...], ...]:
    """The ways through the tree by the rarest string on each, in the order of `triggers`."""
    found: dict[str, list[Way]] = {}
    for place, (literals, reader) in enumerate(_ways(_LITERALS, ())):
        found.setdefault(_rarest(literals), []).append(Way(place, literals, reader))
    return tuple(map(tuple, found.values()))


@lru_cache(maxsize=1)
def _prefilter() -> Prefilter:
    return prefilter(triggers(), "structures")


def triggers() -> list[Trigger]:
    """What to look for in bytes of which a part may be for a reader; `readers` then says which one."""
    wanted = dict.fromkeys(_rarest(literals) for literals, _ in _ways(_LITERALS, ()))
    return [Trigger(_CLOSER.get(one, _quoted(one)), (one.lower(),), one in _CLOSER, True) for one in wanted]


def _rarest(literals: tuple[str, ...]) -> str:
    return max(reversed(literals), key=len)


def _quoted(literal: str) -> str:
    return "".join(f"\\x{ord(char):02x}" for char in literal)


def _ways(tree: _Tree, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """All strings on the way to each reader, and that reader."""
    for literal, following in tree:
        if isinstance(following, str):
            yield (*before, literal), following
        else:
            yield from _ways(following, (*before, literal))


def _by_literal(text: str, tree: _Tree) -> Iterator[str]:
    for literal, following in tree:
        if literal in text:
            if isinstance(following, str):
                yield following
            else:
                yield from _by_literal(text, following)
