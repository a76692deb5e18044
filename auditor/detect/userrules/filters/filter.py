"""A compiled filter of betterleaks: where it is true, a file or a match is skipped."""

from __future__ import annotations

from auditor.core.finding import Confidence
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.userrules.filters.functions import APPROXIMATED, Mismatch
from auditor.detect.userrules.filters.reader import CONFIDENCE, Reader

if TYPE_CHECKING:
    from auditor.detect.userrules.allowlist import Found
    from auditor.detect.userrules.filters.reader import Scope

_FILE_NAMES = frozenset({"attributes"})
_MATCH_NAMES = frozenset({"attributes", "finding"})
LEVELS = {level.label: level for level in Confidence}


class Verdict(NamedTuple):
    """Whether a match is skipped, and the confidence that the filter sets."""

    skip: bool
    confidence: Confidence | None


class Filter:
    """One expression. `approximate`: functions it calls that are only approximated here."""

    __slots__ = ("_code", "approximate")

    def __init__(self, source: str, *, of_file: bool = False) -> None:
        """`of_file`: it sees the file only (`prefilter`). Raises Unsupported with the reason."""
        reader = Reader(source, _FILE_NAMES if of_file else _MATCH_NAMES)
        self._code = reader.read()
        self.approximate = sorted(reader.called & APPROXIMATED)

    def skips(self, path: str) -> bool:
        """Whether the file at the path is skipped."""
        return self._run({"attributes": {"path": path}})

    def judge(self, found: Found, more: dict[str, object]) -> Verdict:
        """Whether the match is skipped; `more`: what else `finding` holds. An operation that fails skips nothing."""
        scope: Scope = {
            "attributes": {"path": found.path},
            "finding": {
                "secret": found.secret,
                "match": found.match,
                "line": found.line,
                **more,
            },
        }
        skip = self._run(scope)
        return Verdict(skip, LEVELS.get(str(scope.get(CONFIDENCE))))

    def _run(self, scope: Scope) -> bool:
        try:
            return self._code(scope) is True
        except (Mismatch, ArithmeticError, ValueError, RecursionError):
            return False
