"""Takes over what other tools' baselines accept: their entries are matched with what is found in the files now."""

from __future__ import annotations

from auditor.core import secretsbaseline
from auditor.core.acceptance import Entry, unified
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import content_of, json_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from auditor.run.acceptance.marks import Marked

_AUDITED = "audited with detect-secrets: not a secret"
_HIDDEN = ("", "REDACTED")
#: Characters from which on a value that holds another one is the same secret.
_LEAST = 8


class Imported(NamedTuple):
    """`entries` that were taken over, `confirmed` as secrets (not taken over), and `left`: found by no rule of ours.

    The latter two are places (`file:line`) with what the other tool says was there.
    """

    entries: tuple[Entry, ...]
    confirmed: list[str]
    left: list[str]


def is_gitleaks(content: bytes) -> bool:
    """Whether a file is a list, as the reports and baselines of gitleaks are."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


def from_detect_secrets(path: str, marked: Iterable[Marked], reason: str = "", expires: str = "") -> Imported:
    """What a `.secrets.baseline` accepts.

    What was audited as no secret is accepted with that, or this, reason; what was not audited without one, so that a
    review asks for it; a confirmed secret stays a finding. Raises UsageError for a file that is no such baseline.
    """
    known = secretsbaseline.read(path)
    seen: set[tuple[str, str]] = set()
    made: list[Entry] = []
    for one in marked:
        place, secret = one.finding.location, one.finding.secret
        if one.finding.image is not None or secret is None or one.finding.suppressed is not None:
            continue
        entry = known.holds(place.path, place.start_line, secret.reveal())
        if entry is None:
            continue
        seen.add((entry.path, entry.hash))
        if entry.suppresses:
            said = reason or (_AUDITED if entry.is_secret is False else "")
            made.append(Entry(one.mark, one.subject, reason=said, expires=expires))
    confirmed = [_place(one.path, one.line, one.type) for one in known.entries if one.is_secret]
    left = [
        _place(one.path, one.line, one.type)
        for one in known.entries
        if not one.is_secret and (one.path, one.hash) not in seen
    ]
    return Imported(unified(made), confirmed, left)


class _Leak(NamedTuple):
    """One entry of a report of gitleaks."""

    file: str
    line: int
    rule: str
    value: str


def from_gitleaks(
    path: str, marked: Iterable[Marked], key: Callable[[str], str], reason: str = "", expires: str = ""
) -> Imported:
    """What a baseline of gitleaks lists: the values of one file that hold each other are the same secret.

    `key` gives the place of a path, as in `Mark.path`. One that was written with --redact has no values, and nothing is
    taken over. Raises UsageError for a file that is no such baseline.
    """
    leaks = _leaks(path, content_of(path, secretsbaseline.MAX_BYTES))
    by_file: dict[str, list[tuple[int, str]]] = {}
    for number, leak in enumerate(leaks):
        if leak.value not in _HIDDEN:
            by_file.setdefault(key(leak.file), []).append((number, leak.value))
    seen: set[int] = set()
    made: list[Entry] = []
    for one in marked:
        secret = one.finding.secret
        if one.mark.image or secret is None or one.finding.suppressed is not None:
            continue
        same = [number for number, value in by_file.get(one.mark.path, ()) if _is_same(value, secret.reveal())]
        if same:
            seen.update(same)
            made.append(Entry(one.mark, one.subject, reason=reason, expires=expires))
    left = [_place(leak.file, leak.line, leak.rule) for number, leak in enumerate(leaks) if number not in seen]
    return Imported(unified(made), [], left)


def _is_same(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= _LEAST and (one in other or other in one))


def _place(path: str, line: int, what: str) -> str:
    return f"{path}{f':{line}' if line else ''}: {what}"


def _leaks(path: str, content: bytes) -> list[_Leak]:
    rows = json_of(path, content)
    if not isinstance(rows, list):
        raise UsageError(f"{path}: not a report of gitleaks: must be a list")
    return [_leak(row, f"{path}: entry {number}") for number, row in enumerate(rows, 1)]


def _leak(row: object, where: str) -> _Leak:
    if not isinstance(row, dict):
        raise UsageError(f"{where}: must be a table")
    texts = {key: row.get(key) for key in ("File", "RuleID", "Secret")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise UsageError(f"{where}: {key}: must be a text")
    line = row.get("StartLine", 0)
    if not isinstance(line, int) or isinstance(line, bool):
        raise UsageError(f"{where}: StartLine: must be a whole number")
    return _Leak(str(texts["File"]), line, str(texts["RuleID"]), str(texts["Secret"]))
