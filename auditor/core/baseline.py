"""The `.secrets.baseline` of detect-secrets: which secrets of which files are known already.

The format keeps the plain SHA-1 of every value: whoever reads the file can test guesses against it, so that short
passwords can be found out. That is the format's own property; a fingerprint under a key does not have it.
Sources: detect-secrets 1.5.0, core/baseline.py and core/potential_secret.py.
"""

from __future__ import annotations

import os

from auditor.core.errors import UsageError
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = ".secrets.baseline"
MAX_BYTES = 32 << 20
#: No system has longer ones; to resolve the links of one takes the square of its length.
_LONGEST_PATH = 8_192

_VERSION = Pattern(r"\d{1,6}\.\d{1,6}\.\d{1,6}")
_HASH = Pattern(r"[0-9a-f]{40}")
#: Values of which detect-secrets hashes only what it takes for the value: the first group of each.
_ABRIDGED = (
    Pattern(r"(gh[oprsu])_"),
    Pattern(r"(glpat|gldt|glft|glsoat|glrt)-"),
    Pattern(r"(?:-----)?(BEGIN (?:DSA |EC |OPENSSH |RSA |SSH2 ENCRYPTED )?PRIVATE KEY)"),
    Pattern(r"(?:-----)?(BEGIN PGP PRIVATE KEY BLOCK)"),
    Pattern(r"(PuTTY-User-Key-File-2)"),
)
#: Values of which it hashes a part that is as unique as the whole.
_CUT = (Pattern(r"(eyJ[\w=-]+\.[\w=-]+\.)"), Pattern(r"([rs]k_live_[0-9A-Za-z]{24})"))
_AZURE = Pattern(r"[A-Za-z0-9+/=]{88}")
#: How git names what it stores differs from clone to clone; a secret in there is one entry.
_GIT_STORE = Pattern(r"((?:.*/)?)\.git/(?:modules/.+?/)?objects(?=/|$)")


class Entry(NamedTuple):
    """One known secret: `path` as in the file, `hash` the SHA-1 of the value in hex, `line` 1-based or 0.

    `is_secret` is what a person said in `detect-secrets audit`: True (a secret), False (none), None (not asked).
    """

    path: str
    hash: str
    type: str
    line: int
    is_secret: bool | None

    @property
    def suppresses(self) -> bool:
        """Whether findings of this secret stay silent: not if a person has confirmed that it is one."""
        return self.is_secret is not True

    @property
    def reason(self) -> str:
        """For `Suppression`: who says so."""
        return "audited: not a secret" if self.is_secret is False else "known secret"


class Hashes(NamedTuple):
    """SHA-1 in hex that detect-secrets may keep for a value: those of all of it, and those that many values share."""

    exact: tuple[str, ...]
    abridged: tuple[str, ...]


def hashes(value: str) -> Hashes:
    """What detect-secrets could keep for this value; the last of the exact ones is the likeliest.

    Of a private key and of the tokens of GitHub and GitLab it hashes the first words only: `abridged`.
    """
    shared = [match[1] for pattern in _ABRIDGED if (match := pattern.match(value[:80]))]
    whole = [value, *(match[1] for pattern in _CUT if (match := pattern.match(value)))]
    if _AZURE.fullmatch(value):
        whole.append("AccountKey=" + value)
    return Hashes(tuple(_sha1(text) for text in whole if text not in shared), tuple(map(_sha1, shared)))


def _sha1(text: str) -> str:
    import hashlib  # start-up: only where a baseline is used

    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


class Baseline:
    """A baseline that was read. `document` is its JSON, for writing it again. Do not change it."""

    __slots__ = ("_by_hash", "_folder", "_keys", "document", "entries")

    def __init__(self, path: str, document: dict[str, object], entries: list[Entry]) -> None:
        self.document = document
        self.entries = entries
        self._folder = folder_of(path)
        self._keys: dict[str, str] = {}
        self._by_hash: dict[tuple[str, str], list[Entry]] = {}
        keys: dict[str, str] = {}
        for entry in entries:
            if entry.path not in keys:
                keys[entry.path] = entry_key(entry.path, self._folder)
            self._by_hash.setdefault((keys[entry.path], entry.hash), []).append(entry)

    def holds(self, path: str, line: int, secret_value: str) -> Entry | None:
        """The entry for this secret in this file, None if there is none; ask it whether it `suppresses`.

        As in detect-secrets, file and hash decide, and the line does not. Its type, which other tools cannot know, is
        ignored. A hash that many secrets share (`Hashes.abridged`) counts on the recorded line only, so that a new
        token is not taken for a known one. Of several entries the one a person has judged goes first, and of those
        a confirmed secret.
        """
        if path not in self._keys:
            self._keys[path] = path_key(path, self._folder)
        key = self._keys[path]
        found = hashes(secret_value)
        entries = [entry for text in found.exact for entry in self._by_hash.get((key, text), ())]
        if not entries:
            shared = (entry for text in found.abridged for entry in self._by_hash.get((key, text), ()))
            entries = [entry for entry in shared if entry.line == line]
        return min(entries, key=lambda entry: (_RANK[entry.is_secret], abs(entry.line - line)), default=None)


_RANK: dict[bool | None, int] = {True: 0, False: 1, None: 2}


def read(path: str) -> Baseline:
    """Read a baseline. Raises UsageError, with the file and the place in it, for anything that is none."""
    document = _parse(path, content_of(path, MAX_BYTES))
    version = document.get("version")
    if not (isinstance(version, str) and _VERSION.fullmatch(version)):
        raise UsageError(f"{path}: version: must be three numbers, as in 1.5.0")
    results = document.get("results")
    if not isinstance(results, dict):
        raise UsageError(f"{path}: results: must be a table of files")
    return Baseline(path, document, list(_entries(path, results)))


def folder_of(path: str) -> str:
    """The folder to which the paths in a baseline are relative: its own, links resolved."""
    return os.path.dirname(_real(path))


def path_key(path: str, folder: str) -> str:
    """A path as it is written in a baseline: relative to `folder`, with "/"."""
    if len(path) > _LONGEST_PATH:
        return path
    try:
        return _slashes(os.path.relpath(_real(path), folder))
    except ValueError:  # another drive
        return _slashes(path)


def entry_key(path: str, folder: str) -> str:
    """`path_key` of a path that stands in a baseline of this folder."""
    return path_key(os.path.join(folder, _slashes(path)), folder)


class Keys:
    """`path_key` and `entry_key` for a baseline in this folder, of many paths: links of folders are resolved once."""

    __slots__ = ("_folders", "folder")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._folders: dict[str, str] = {}

    def path(self, path: str) -> str:
        """As `path_key`."""
        above, name = os.path.split(path)
        if len(path) > _LONGEST_PATH or name in ("", os.curdir, os.pardir) or "\0" in path:
            return path_key(path, self.folder)
        if above not in self._folders:
            self._folders[above] = _real(above)
        real = os.path.join(self._folders[above], name)
        try:
            if os.path.islink(real):
                real = _real(real)
        except (OSError, ValueError):
            return path_key(path, self.folder)
        inside = self.folder.rstrip(os.sep) + os.sep
        return _slashes(real[len(inside) :]) if real.startswith(inside) else path_key(real, self.folder)

    def entry(self, path: str) -> str:
        """As `entry_key`."""
        return self.path(os.path.join(self.folder, _slashes(path)))


def stored(path: str) -> str:
    """A path of a baseline without what is different in every clone of a git repository."""
    found = _GIT_STORE.match(path)
    return found[0] if found else path


def repository_of(path: str) -> str | None:
    """Of a path in what git stores: the folder of the repository, "" or with "/" at its end; of others None."""
    found = _GIT_STORE.match(path)
    return found[1] if found else None


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.abspath(path)


def _slashes(path: str) -> str:
    return path.replace("\\", "/")


def _parse(path: str, content: bytes) -> dict[str, object]:
    import json  # start-up: only where a baseline is used

    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    except ValueError:
        raise UsageError(f"{path}: not JSON: a number has too many digits") from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: not a baseline of detect-secrets: must be a table")
    return document


def _entries(path: str, results: dict[str, object]) -> Iterator[Entry]:
    for name, rows in results.items():
        if not isinstance(rows, list):
            raise UsageError(f"{path}: results.{name[:60]!r}: must be a list")
        for index, row in enumerate(rows):
            yield _entry(f"{path}: results.{name[:60]!r}[{index}]", name, row)


def _entry(place: str, name: str, row: object) -> Entry:
    if not isinstance(row, dict):
        raise UsageError(f"{place}: must be a table")
    digest, kind = row.get("hashed_secret"), row.get("type")
    line, label = row.get("line_number", 0), row.get("is_secret")
    if not (isinstance(digest, str) and _HASH.fullmatch(digest)):
        raise UsageError(f"{place}.hashed_secret: must be a SHA-1 in hex")
    if not isinstance(kind, str):
        raise UsageError(f"{place}.type: must be a text")
    if not isinstance(line, int) or isinstance(line, bool) or line < 0:
        raise UsageError(f"{place}.line_number: must be a whole number")
    if not (label is None or isinstance(label, bool)):
        raise UsageError(f"{place}.is_secret: must be true or false")
    return Entry(name, digest, kind, line, label)
