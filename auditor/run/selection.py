"""Which rules a run uses: resolves the names a user gives against the rules there are.

Each rule belongs to one command, `audit scan` (family "scan") or `audit lint` (the others). Both share their settings.
"""

from __future__ import annotations

from auditor.core.config import suggestion
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import load_rules
from auditor.core.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.config import Settings


LINT = "lint"
SCAN = "scan"


def all_rules(command: str = "") -> dict[str, Rule]:
    """The rules of a command (LINT, SCAN; "" is both) by id, in the order of ids. Raises RuleDataError."""
    rules = load_rules()["rules"]
    return {rule_id: Rule.of(rules[rule_id]) for rule_id in sorted(rule_ids(command))}


def rule_ids(command: str = "") -> frozenset[str]:
    """The ids of the rules of a command ("" is both), without building the rules."""
    rules = load_rules()["rules"]
    return frozenset(rule for rule in rules if not command or (rules[rule]["family"] == SCAN) == (command == SCAN))


def chosen(settings: Settings, command: str = LINT) -> frozenset[str]:
    """Ids of a command's rules whose findings are reported: `select` (default all), `extend_select`, not `ignore`.

    A name is a rule id, a family, a prefix of ids, or "all". Raises UsageError on a name that fits nothing, and on a
    selection on the command line that has no rule of this command; one in a shared file then speaks of the other.
    """
    ids = rule_ids(command)
    _check_severities(settings, rule_ids())
    if not (settings.select or settings.ignore or settings.extend_select):
        return ids
    rules = all_rules()
    wanted = _matching("select", settings, rules) & ids if settings.select else ids
    if not wanted:
        wanted = _without_any(settings, command, ids)
    more = _matching("extend-select", settings, rules) & ids
    return (wanted | more) - _matching("ignore", settings, rules)


def _without_any(settings: Settings, command: str, ids: frozenset[str]) -> frozenset[str]:
    where = settings.origins.get("select", "")
    if where.startswith("--"):
        raise UsageError(f"{where}: no rule of audit {command} is among them (there are: {', '.join(sorted(ids))})")
    return ids


def _matching(key: str, settings: Settings, rules: Mapping[str, Rule]) -> frozenset[str]:
    names: tuple[str, ...] = getattr(settings, key.replace("-", "_"))
    found: set[str] = set()
    for name in names:
        fits = {rule.id for rule in rules.values() if _fits(name, rule)}
        if not fits:
            known = sorted({*rules, *(rule.family for rule in rules.values())})
            where = settings.origins.get(key, key)
            raise UsageError(f"{where}: {name!r} is no rule, family or prefix of rules{suggestion(name, known)}")
        found |= fits
    return frozenset(found)


def _fits(name: str, rule: Rule) -> bool:
    return name in (rule.id, rule.family, "all") or (bool(name) and rule.id.startswith(name))


def _check_severities(settings: Settings, ids: frozenset[str]) -> None:
    for rule in settings.severities:
        if rule not in ids:
            where = settings.origins.get("severity", "")
            raise UsageError(f"{where}: severity.{rule}: there is no such rule{suggestion(rule, ids)}")
