"""Our own format: `[[secret]]` tables as in `rules/secrets/`, with Python's regular expressions."""

from __future__ import annotations

import re

from auditor.core.errors import RuleDataError
from auditor.core.finding import Confidence
from auditor.core.record import TYPE_CHECKING, cast
from auditor.core.ruledata import KINDS, OPTIONAL, REQUIRED, is_kind
from auditor.core.secretrules import check_secret
from auditor.detect.userrules.goregex.nodes import Unsupported
from auditor.detect.userrules.pythonregex import check_bounded
from auditor.detect.userrules.rule import Hit, UserRule
from auditor.detect.userrules.tables import MAX_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.ruledata import Entry

_PROSE = frozenset("why source references bad good examples counterexamples lookalikes".split())
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class NativeFinder:
    """Matches of a Python expression; the secret is its only named group, or all of it."""

    __slots__ = ("_compiled", "_group", "pattern")

    def __init__(self, pattern: str, group: str) -> None:
        self.pattern = pattern
        self._compiled = re.compile(pattern)
        self._group = group

    @property
    def linear(self) -> bool:
        """Never: a pattern that could be slow is refused."""
        return False

    def hits(self, text: str, lower: str) -> Iterator[Hit]:
        """Every match with a secret that is not empty."""
        for found in self._compiled.finditer(text):
            start, end = found.span(self._group) if self._group else found.span()
            if end > start:
                yield Hit(*found.span(), start, end)


def read_rules(data: dict[str, object], path: str) -> list[UserRule]:
    """The rules in a file of our format. Raises RuleDataError, which names file, rule and key."""
    for key in data:
        if key != "secret":
            raise RuleDataError(f"{path}: {key}: unknown key")
    entries = data["secret"]
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise RuleDataError(f"{path}: secret: must be an array of tables")
    if len(entries) > MAX_RULES:
        raise RuleDataError(f"{path}: more than {MAX_RULES} rules")
    return [_rule(cast("Entry", entry), path) for entry in entries]


def _rule(entry: Entry, path: str) -> UserRule:
    rule_id = entry.get("id")
    if not isinstance(rule_id, str) or not _ID.fullmatch(rule_id):
        raise RuleDataError(f"{path}: id: {rule_id!r} must be lower-case words joined by hyphens")
    shown = f"{path}: {rule_id}"
    _check(entry, shown)
    pattern = str(entry["pattern"])
    try:
        check_bounded(pattern)
    except Unsupported as reason:
        raise RuleDataError(f"{shown}: pattern: cannot be supported: {reason}") from None
    rule = UserRule(rule_id, str(entry["title"]), path, NativeFinder(pattern, str(entry.get("group", ""))))
    rule.keywords = tuple(cast("list[str]", entry["keywords"]))
    rule.prefix = cast("int", entry["prefix"])
    rule.entropy, rule.entropy_reached = cast("float", entry.get("entropy", 0.0)), True
    rule.confidence = Confidence.HIGH
    return rule


def _check(entry: Entry, shown: str) -> None:
    required, optional = REQUIRED["secrets"], OPTIONAL["secrets"]
    for key in required:
        if key not in entry:
            raise RuleDataError(f"{shown}: {key}: is missing")
    for key, value in entry.items():
        kind = required.get(key) or optional.get(key)
        if kind is None and key not in _PROSE:
            raise RuleDataError(f"{shown}: {key}: unknown key")
        if kind is not None and not is_kind(value, kind):
            raise RuleDataError(f"{shown}: {key}: must be {KINDS[kind]}")
    if cast("int", entry["prefix"]) < 0:
        raise RuleDataError(f"{shown}: prefix: must not be below 0")
    try:
        problem = check_secret(entry)
    except (RecursionError, OverflowError):
        problem = "pattern: is nested too deeply or repeats too often"
    if problem:
        raise RuleDataError(f"{shown}: {problem}")
