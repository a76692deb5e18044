"""gitleaks' allowlists: what a rule must not report."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.userrules.goregex.expression import Expression
from auditor.detect.userrules.goregex.nodes import Unsupported

if TYPE_CHECKING:
    from auditor.detect.userrules.tables import Table

_TARGETS = ("", "secret", "match", "line")
_CONDITIONS = {"": False, "or": False, "||": False, "and": True, "&&": True}
#: Characters of a secret that are searched for stopwords.
_MAX_SEARCHED = 4096


class Found(NamedTuple):
    """One match under judgement: the secret, the whole match, its line and the path of the file."""

    secret: str
    match: str
    line: str
    path: str


class Allowlist(NamedTuple):
    """One list. `every`: all kinds of checks it has must agree (AND), not just one. `commits`: it names commits.

    There are no commits here, so a check of them always fails.
    """

    every: bool
    commits: bool
    paths: tuple[Expression, ...]
    regexes: tuple[Expression, ...]
    target: str
    stopwords: tuple[str, ...]

    def allows_file(self, path: str) -> bool:
        """Whether nothing in the file is to be reported."""
        if not path or (self.every and (self.commits or self.regexes or self.stopwords)):
            return False
        return matches_path(self.paths, path)

    def allows(self, found: Found) -> bool:
        """Whether this match is not to be reported."""
        checks = []
        if self.regexes:
            target = found.match if self.target == "match" else found.line if self.target == "line" else found.secret
            checks.append(any(regex.search(target) for regex in self.regexes) if target else False)
        if self.stopwords:
            lower = found.secret[:_MAX_SEARCHED].lower()
            checks.append(any(word in lower for word in self.stopwords))
        if not self.every:
            return any(checks)
        if self.paths:
            checks.append(matches_path(self.paths, found.path))
        return all(checks) and not self.commits


def matches_path(patterns: tuple[Expression, ...], path: str) -> bool:
    """Whether a pattern is found in the path, with its separators as they are or as slashes."""
    ways = {path, path.replace("\\", "/")}
    return any(pattern.search(way) for pattern in patterns for way in ways)


def read_allowlist(table: Table) -> Allowlist:
    """The list in a table. Raises RuleDataError."""
    condition, target = table.text("condition").lower(), table.text("regexTarget")
    if condition not in _CONDITIONS:
        raise table.error("condition", f"{condition!r} is unknown; AND and OR exist")
    if target not in _TARGETS:
        raise table.error("regexTarget", f"{target!r} is unknown; secret, match and line exist")
    made = Allowlist(
        _CONDITIONS[condition],
        bool(table.texts("commits")),
        expressions(table, "paths"),
        expressions(table, "regexes"),
        target,
        tuple(dict.fromkeys(word.lower() for word in table.texts("stopwords"))),
    )
    if not (made.commits or made.paths or made.regexes or made.stopwords):
        raise table.error("allowlists", "one without commits, paths, regexes and stopwords allows nothing")
    return made


def expressions(table: Table, key: str) -> tuple[Expression, ...]:
    """The regular expressions in a list of texts. Raises RuleDataError that says which cannot be supported, and why."""
    return tuple(expression(table, key, source) for source in table.texts(key))


def expression(table: Table, key: str, source: str) -> Expression:
    """One regular expression. Raises RuleDataError."""
    try:
        return Expression(source)
    except Unsupported as reason:
        shown = source if len(source) <= 80 else f"{source[:80]}..."
        raise table.error(key, f"{shown!r} cannot be supported: {reason}") from None
