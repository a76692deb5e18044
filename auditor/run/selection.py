"""Which rules a run uses: resolves the names a user gives against the rules there are."""

from __future__ import annotations

from auditor.core.config import suggestion
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import load_rules
from auditor.core.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.config import Settings


def all_rules() -> dict[str, Rule]:
    """Every rule by id, in the order of ids. Raises RuleDataError."""
    rules = load_rules()["rules"]
    return {rule_id: Rule.of(rules[rule_id]) for rule_id in sorted(rules)}


def rule_ids() -> frozenset[str]:
    """The ids of all rules, without building the rules."""
    return frozenset(load_rules()["rules"])


def chosen(settings: Settings) -> frozenset[str]:
    """Ids of the rules whose findings are reported: `select` (default all) and `extend_select` without `ignore`.

    A name is a rule id, a family, a prefix of ids, or "all". Raises UsageError on a name that fits nothing.
    """
    ids = rule_ids()
    _check_severities(settings, ids)
    if not (settings.select or settings.ignore or settings.extend_select):
        return ids
    rules = all_rules()
    wanted = _matching("select", settings, rules) if settings.select else ids
    return (wanted | _matching("extend-select", settings, rules)) - _matching("ignore", settings, rules)


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
