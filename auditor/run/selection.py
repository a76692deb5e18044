"""Which rules a run uses: resolves the names a user gives against the rules there are.

`audit scan` has the family "scan", `audit lint` those about sources, `audit image` what an image can show of both, and
the family "image". All share their settings. Rules of the user's own files, and what the plugins of detect-secrets
find, belong to `audit scan` and `audit image` as well.
"""

from __future__ import annotations

from auditor.core.config import suggestion
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_rules
from auditor.core.rule import Rule
from auditor.detect.detection import SECOND_OPINION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.detect.userrules import UserRule


LINT = "lint"
SCAN = "scan"
IMAGE = "image"
#: Families of the rules of commands; `audit lint` has all that are neither for files of any kind nor for images only.
_FAMILIES = {
    SCAN: frozenset({SCAN}),
    IMAGE: frozenset({SCAN, IMAGE, "variables", "metadata", "run", "baked"}),
}


class Named(NamedTuple):
    """What a name can stand for: a rule and its family."""

    id: str
    family: str


def all_rules(command: str = "") -> dict[str, Rule]:
    """The rules of a command (LINT, SCAN, IMAGE; "" is all) by id, in the order of ids. Raises RuleDataError."""
    rules = load_rules()["rules"]
    return {rule_id: Rule.of(rules[rule_id]) for rule_id in sorted(rule_ids(command))}


def rule_ids(command: str = "") -> frozenset[str]:
    """The ids of the rules of a command ("" is all), without building the rules."""
    rules = load_rules()["rules"]
    if not command:
        return frozenset(rules)
    families = _FAMILIES.get(command)
    if families is None:
        return frozenset(rule for rule in rules if rules[rule]["family"] not in (SCAN, IMAGE))
    return frozenset(rule for rule in rules if rules[rule]["family"] in families)


def more_rules(settings: Settings, loaded: Iterable[UserRule] | None = None) -> list[Named]:
    """Rules of `audit scan` that are not in our files: those of the user's files, and the plugins of detect-secrets.

    The file's name without its ending is the family. `loaded`: the rules in the user's files, read here if None.
    Raises RuleDataError where they cannot be.
    """
    found = [Named(SECOND_OPINION, SECOND_OPINION)] if settings.engine == SECOND_OPINION else []
    if settings.rules:
        from auditor.detect.userrules import family_of, load  # start-up: only with rules of the user's own

        rules = load(settings.rules, within=settings.folder_of("rules")) if loaded is None else loaded
        found += (Named(rule.id, family_of(rule.file)) for rule in rules)
    return found


def chosen(settings: Settings, command: str = LINT, more: Sequence[Named] | None = None) -> frozenset[str]:
    """Ids of a command's rules whose findings are reported: `select` (default all), `extend_select`, not `ignore`.

    A name is a rule id, a family, a prefix of ids, or "all". `more` are the user's own rules (`more_rules`), read where
    they count if None. Raises UsageError on a name that fits nothing, and on a selection on the command line that
    has no rule of this command; one in a shared file then speaks of the other.
    """
    if more is None:
        more = more_rules(settings) if command != LINT or _speaks_of_more(settings) else ()
    own = frozenset(rule.id for rule in more)
    ids = rule_ids(command) | own if command != LINT else rule_ids(command)
    _check_severities(settings, rule_ids() | own)
    if not (settings.select or settings.ignore or settings.extend_select):
        return ids
    rules = [*(Named(rule.id, rule.family) for rule in all_rules().values()), *more]
    wanted = _matching("select", settings, rules) & ids if settings.select else ids
    if not wanted:
        wanted = _without_any(settings, command, ids)
    extended = _matching("extend-select", settings, rules) & ids
    return (wanted | extended) - _matching("ignore", settings, rules)


def check_names(settings: Settings) -> None:
    """Raise UsageError where a setting names a rule, family or prefix of rules that no command has."""
    more = more_rules(settings)
    rules = [*(Named(rule.id, rule.family) for rule in all_rules().values()), *more]
    _check_severities(settings, frozenset(rule.id for rule in rules))
    for key in ("select", "extend-select", "ignore"):
        _matching(key, settings, rules)


def asked(findings: Iterable[Finding], wanted: frozenset[str]) -> list[Finding]:
    """Those of the rules that were asked for, but for silenced ones."""
    return [finding for finding in findings if finding.suppressed is None and finding.rule in wanted]


def _speaks_of_more(settings: Settings) -> bool:
    """Whether a name is none of our rules, so that it may be one of the user's."""
    if not settings.rules and settings.engine != SECOND_OPINION:
        return False
    names = (*settings.select, *settings.ignore, *settings.extend_select)
    rules = [Named(rule.id, rule.family) for rule in all_rules().values()]
    known = all(any(_fits(name, rule) for rule in rules) for name in names)
    return not known or not rule_ids().issuperset(settings.severities)


def _without_any(settings: Settings, command: str, ids: frozenset[str]) -> frozenset[str]:
    where = settings.origins.get("select", "")
    if where.startswith("--"):
        known = ", ".join(sorted(rule_ids(command)))
        raise UsageError(f"{where}: no rule of audit {command} is among them (there are: {known})")
    return ids


def _matching(key: str, settings: Settings, rules: Sequence[Named]) -> frozenset[str]:
    names: tuple[str, ...] = getattr(settings, key.replace("-", "_"))
    found: set[str] = set()
    for name in names:
        fits = {rule.id for rule in rules if _fits(name, rule)}
        if not fits:
            known = sorted({name for rule in rules for name in rule})
            where = settings.origins.get(key, key)
            raise UsageError(f"{where}: {name!r} is no rule, family or prefix of rules{suggestion(name, known)}")
        found |= fits
    return frozenset(found)


def _fits(name: str, rule: Named) -> bool:
    return name in (rule.id, rule.family, "all") or (bool(name) and rule.id.startswith(name))


def _check_severities(settings: Settings, ids: frozenset[str]) -> None:
    for rule in settings.severities:
        if rule not in ids:
            where = settings.origins.get("severity", "")
            raise UsageError(f"{where}: severity.{rule}: there is no such rule{suggestion(rule, ids)}")
