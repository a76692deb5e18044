"""The baseline of our own (`audit-baseline.jsonl`): the findings that a team has accepted, and why.

JSON Lines: a header with the salt, then an entry a line, sorted, so that two branches merge line by line. Values are
kept as HMAC-SHA256 under the salt: equal ones can be told, and no table of hashes that somebody has made before helps
to turn them back. Whoever has the file can still test guesses of weak passwords; that is so for any such file.
"""

from __future__ import annotations

import os

from auditor.core.errors import UsageError
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = "audit-baseline.jsonl"
MAX_BYTES = 32 << 20
SALT_BYTES = 32
LONGEST_REASON = 1_000
#: Characters of a path; no system has longer ones.
_LONGEST_PATH = 8_192
_MAX_LINE = 64 << 10
_VERSION = 1
_HEADER = "audit_baseline"
_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_HASH = Pattern(r"[0-9a-f]{64}")
_DATE = Pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NEVER = "9999-99-99"


class Mark(NamedTuple):
    """What makes a finding the one that an entry speaks of: its rule, its place, and `hash` in hex.

    `image` is the part of an image (`core.image.PARTS`) for what stands in one, else ""; then `path`, `inner` and
    `pointer` are those of `core.identity.image_place`. `path` of a file is relative to the baseline's folder.
    """

    rule: str
    image: str
    path: str
    inner: str
    pointer: str
    hash: str

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Where it is, whatever it is."""
        return self[1:5]

    def __str__(self) -> str:
        inside = "!".join(filter(None, (self.path, self.inner)))
        where = " ".join(filter(None, (self.image and f"image {self.image}", inside, self.pointer)))
        return f"{where}: {self.rule}"


class Entry(NamedTuple):
    """One line: what was found (`mark`), the `subject` for readers, and what a person says of it.

    Accepted for `reason` ("": nobody has said yet) until the day `expires` (YYYY-MM-DD, UTC, the day included; ""
    for ever), or, with `secret`, confirmed: such a finding stays one.
    """

    mark: Mark
    subject: str = ""
    secret: bool = False
    reason: str = ""
    expires: str = ""

    def is_expired(self, today: str) -> bool:
        """Whether the acceptance has ended by the day `today` (YYYY-MM-DD)."""
        return bool(self.expires) and self.expires < today


class Acceptances(NamedTuple):
    """A baseline that was read: where from, the salt, and the entries, sorted, one for each mark."""

    path: str
    salt: bytes
    entries: tuple[Entry, ...]


#: Keys of a line in their order, and whether they are there in any case.
_KEYS = {
    "rule": True,
    "image": False,
    "path": False,
    "inner": False,
    "pointer": False,
    "subject": False,
    "hash": True,
    "secret": False,
    "reason": False,
    "expires": False,
}


def new_salt() -> bytes:
    """A salt for a new baseline."""
    return os.urandom(SALT_BYTES)


def is_ours(content: bytes) -> bool:
    """Whether a file is meant as a baseline of our own, broken ones included; else it is one of detect-secrets."""
    first = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:400].partition(b"\n")[0]
    if first.startswith(tuple(marker.encode() for marker in _MARKERS)):
        return b'"' + _HEADER.encode() + b'"' in content
    return b'"' + _HEADER.encode() + b'"' in first or (b'"rule"' in first and b'"hash"' in first)


def read(path: str) -> Acceptances:
    """Read a baseline. Raises UsageError, which names the file and the line, for anything that is none."""
    return parse(path, content_of(path, MAX_BYTES))


def parse(path: str, content: bytes) -> Acceptances:
    """As `read`, of the bytes of the file at `path`. Order, line ends and lines that are there twice do not matter."""
    salt: bytes | None = None
    entries: list[Entry] = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        table = _table(line, where)
        if _HEADER in table:
            found = _salt(table, where)
            if salt is not None and found != salt:
                raise UsageError(f"{where}: a second salt: two baselines were merged; keep one, and update it")
            salt = found
        elif salt is None:
            raise UsageError(f'{where}: not a baseline: the first line must be {{"{_HEADER}": {_VERSION}, ...}}')
        else:
            entries.append(_entry(table, where))
    if salt is None:
        raise UsageError(f"{path}:1: not a baseline: the file is empty")
    return Acceptances(path, salt, unified(entries))


def unified(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sorted, one for each mark: of several a confirmed secret, else what ends first, and that with a reason."""
    best: dict[Mark, Entry] = {}
    for entry in entries:
        known = best.get(entry.mark)
        if known is None or _rank(entry) < _rank(known):
            best[entry.mark] = entry
    return tuple(sorted(best.values(), key=lambda entry: (entry.mark.place, entry.mark.rule, entry.mark.hash)))


def _rank(entry: Entry) -> tuple[bool, str, bool, str, str]:
    return (not entry.secret, entry.expires or _NEVER, not entry.reason, entry.reason, entry.subject)


def text_of(salt: bytes, entries: Iterable[Entry]) -> str:
    """The file's text: depends on what is accepted only, not on when and in which order that came."""
    import base64  # start-up: only where a baseline is written

    header = {_HEADER: _VERSION, "salt": base64.b64encode(salt).decode("ascii")}
    return "".join(f"{line}\n" for line in (_json(header), *map(_line, unified(entries))))


def write(path: str, salt: bytes, entries: Iterable[Entry]) -> None:
    """Replace the file whole, if anything changes. Raises UsageError where it cannot be written, or read again."""
    text = text_of(salt, entries)
    content = text.encode()
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path}: not written: would be larger than {MAX_BYTES} bytes")
    if max(map(len, content.split(b"\n"))) > _MAX_LINE:
        raise UsageError(f"{path}: not written: a line would be longer than {_MAX_LINE} bytes")
    if not os.path.isfile(path) or content_of(path, MAX_BYTES) != content:
        replace_file(path, text)


def check_date(text: str) -> str:
    """The text, if it is a day (YYYY-MM-DD). Raises ValueError."""
    from datetime import date  # start-up: only with dates

    if not _DATE.fullmatch(text):
        raise ValueError(text)
    date.fromisoformat(text)
    return text


def _line(entry: Entry) -> str:
    values = {**entry.mark._asdict(), **entry._asdict()}
    return _json({key: values[key] for key, needed in _KEYS.items() if needed or values[key]})


def _json(table: dict[str, object]) -> str:
    import json  # start-up: as above

    text = json.dumps(table, ensure_ascii=False)
    # Controls, marks that turn the direction of writing, and bytes that are no UTF-8 stay escaped.
    return text if text.isprintable() else json.dumps(table)


def _table(line: bytes, where: str) -> dict[str, object]:
    import json  # start-up: only where there is a baseline

    try:
        if len(line) > _MAX_LINE:
            raise UsageError(f"{where}: longer than {_MAX_LINE} bytes")
        text = line.decode("utf-8").strip()
        if text.startswith(_MARKERS):
            raise UsageError(f"{where}: a merge conflict: keep the lines of both sides, take out the markers")
        table = json.loads(text, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: not UTF-8 (byte {error.start} of the line)") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}: not JSON: {error.msg} (column {error.colno})") from None
    except _TwiceError as error:
        raise UsageError(f"{where}: the key {str(error)[:40]!r} is there twice") from None
    except ValueError:
        raise UsageError(f"{where}: not JSON: a number has too many digits") from None
    except RecursionError:
        raise UsageError(f"{where}: nested too deeply") from None
    if not isinstance(table, dict):
        raise UsageError(f"{where}: must be a table")
    return table


class _TwiceError(ValueError):
    """A key stands in one table twice."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table: dict[str, object] = {}
    for key, value in pairs:
        if key in table:
            raise _TwiceError(key)
        table[key] = value
    return table


def _salt(table: dict[str, object], where: str) -> bytes:
    import base64  # start-up: as above

    version, text = table[_HEADER], table.get("salt")
    if isinstance(version, bool) or version != _VERSION:
        raise UsageError(f"{where}: {_HEADER}: this version of audit reads version {_VERSION} only")
    if more := sorted(table.keys() - {_HEADER, "salt"}):
        raise UsageError(f"{where}: unknown key {more[0][:40]!r}")
    try:
        salt = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        salt = b""
    if len(salt) != SALT_BYTES:
        raise UsageError(f"{where}: salt: must be {SALT_BYTES} bytes in base64")
    return salt


def _entry(table: dict[str, object], where: str) -> Entry:
    from auditor.core.config import suggestion  # start-up: as above

    for key in table:
        if key not in _KEYS:
            raise UsageError(f"{where}: unknown key {key[:40]!r}{suggestion(key[:40], _KEYS)}")
    texts = dict(_texts(table, where))
    if not texts["rule"] or not (texts["path"] or texts["image"]):
        raise UsageError(f"{where}: needs a rule and a path")
    if not _HASH.fullmatch(texts["hash"]):
        raise UsageError(f"{where}: hash: must be an HMAC-SHA256 in hex")
    try:
        expires = texts["expires"] and check_date(texts["expires"])
    except ValueError:
        raise UsageError(f"{where}: expires: must be a day as 2027-01-31") from None
    secret = table.get("secret", False)
    if not isinstance(secret, bool):
        raise UsageError(f"{where}: secret: must be true or false")
    mark = Mark(*(texts[key] for key in Mark._fields))
    return Entry(mark, texts["subject"], secret, texts["reason"], expires)


def _texts(table: dict[str, object], where: str) -> Iterator[tuple[str, str]]:
    for key in _KEYS:
        value = table.get(key, "")
        if key == "secret":
            continue
        if not isinstance(value, str):
            raise UsageError(f"{where}: {key}: must be a text")
        if "\0" in value:
            raise UsageError(f"{where}: {key}: holds a null character")
        if key == "path" and len(value) > _LONGEST_PATH:
            raise UsageError(f"{where}: path: longer than {_LONGEST_PATH} characters")
        yield key, value
