"""The `.secrets.baseline` of detect-secrets: which secrets of which files are known already.

The format keeps the plain SHA-1 of every value: whoever reads the file can test guesses against it, so that short
passwords can be found out. That is the format's own property; a fingerprint under a key does not have it.
Sources: detect-secrets 1.5.0, core/baseline.py and core/potential_secret.py.
"""

from __future__ import annotations

from auditor.core.baselinepaths import entry_key, folder_of, path_key
from auditor.core.errors import UsageError
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of, json_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = ".secrets.baseline"
MAX_BYTES = 32 << 20

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


def _parse(path: str, content: bytes) -> dict[str, object]:
    document = json_of(path, content)
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
