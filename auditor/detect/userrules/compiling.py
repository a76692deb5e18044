"""Makes rules out of what a file of gitleaks or betterleaks says."""

from __future__ import annotations

import re

from auditor.core.errors import RuleDataError
from auditor.core.finding import Confidence
from auditor.core.record import TYPE_CHECKING
from auditor.detect.userrules.allowlist import Allowlist, expression, read_allowlist
from auditor.detect.userrules.filters.filter import LEVELS, Filter
from auditor.detect.userrules.gitleaks import Config, allowlists
from auditor.detect.userrules.goregex.nodes import Unsupported
from auditor.detect.userrules.rule import Component, GoFinder, UserRule

if TYPE_CHECKING:
    from auditor.detect.userrules.tables import Table

_READABLE = "failsTokenEfficiency(finding.secret)"
_ONLINE = ("validate", "analyze", "revoke")
_WITHIN = re.compile(r"([+-]?)([0-9]{1,6})([LC])")


def compile_config(config: Config, path: str, notes: list[str]) -> list[UserRule]:
    """The rules of one file, in its order. Raises RuleDataError, which names file and rule."""
    maker = _Maker(config, path)
    rules = maker.rules()
    for key, (first, count) in maker.left_out.items():
        more = f" and {count - 1} more" if count > 1 else ""
        notes.append(f"{path}: {first}{more}: {key}")
    return rules


class _Maker:
    """Compiles one configuration. `left_out`: what was not used or only nearly -> the first rule, how many rules."""

    __slots__ = ("_config", "_path", "left_out")

    def __init__(self, config: Config, path: str) -> None:
        self._config = config
        self._path = path
        self.left_out: dict[str, tuple[str, int]] = {}

    def rules(self) -> list[UserRule]:
        """Every rule of the configuration."""
        everywhere, targeted = self._global_allowlists()
        prefilters = tuple(self._filter(where, "prefilter", text) for where, text in self._config.prefilters)
        filters = tuple(self._filter(where, "filter", text) for where, text in self._config.filters)
        made: dict[str, UserRule] = {}
        for rule_id, table in self._config.rules.items():
            rule = self._rule(table)
            if rule is not None:
                rule.prefilters = prefilters
                rule.filters = (*filters, *rule.filters)
                rule.allowlists = (*everywhere, *rule.allowlists, *targeted.pop(rule_id, ()))
                made[rule_id] = rule
        for rule_id in targeted:
            if not self._config.defaults:
                raise RuleDataError(f"{self._path}: allowlists: targetRules: there is no rule {rule_id!r}")
            self._leave_out("an allowlist is for a rule of another program's own set and has no effect", rule_id)
        for rule_id, rule in made.items():
            rule.components = tuple(self._components(self._config.rules[rule_id], made))
        return list(made.values())

    def _leave_out(self, what: str, rule_id: str) -> None:
        first, count = self.left_out.get(what, (rule_id, 0))
        self.left_out[what] = (first, count + 1)

    def _global_allowlists(self) -> tuple[list[Allowlist], dict[str, list[Allowlist]]]:
        everywhere: list[Allowlist] = []
        targeted: dict[str, list[Allowlist]] = {}
        for table in self._config.globals:
            made = read_allowlist(table)
            targets = table.texts("targetRules")
            for rule_id in targets:
                targeted.setdefault(rule_id, []).append(made)
            if not targets:
                everywhere.append(made)
        return everywhere, targeted

    def _rule(self, table: Table) -> UserRule | None:
        rule_id, regex, path = table.text("id"), table.text("regex"), table.text("path")
        if not regex and not path:
            if not self._config.defaults:
                raise table.error("regex", "a rule needs a regex or a path, or it finds nothing")
            self._leave_out("overrides a rule of another program's own set and has no effect", rule_id)
            return None
        rule = UserRule(rule_id, table.text("description"), self._path, self._finder(table, regex))
        rule.path = expression(table, "path", path) if path else None
        rule.keywords = tuple(dict.fromkeys(word.lower() for word in table.texts("keywords") if word))
        rule.entropy = table.number("entropy")
        rule.hidden = table.flag("skipReport")
        rule.allowlists = tuple(read_allowlist(one) for one in allowlists(table))
        rule.confidence = self._confidence(table)
        sources = [_READABLE] if table.flag("tokenEfficiency") else []
        sources += [text] if (text := table.text("filter").strip()) else []
        rule.filters = tuple(self._filter(table.where, "filter", text) for text in sources)
        for key in _ONLINE:
            if table.text(key):
                self._leave_out(f"{key} would ask the provider; it is not used, nothing is sent", rule_id)
        return rule

    def _finder(self, table: Table, regex: str) -> GoFinder | None:
        if not regex:
            return None
        made = expression(table, "regex", regex)
        group = table.count("secretGroup") or 0
        if group > made.groups:
            raise table.error("secretGroup", f"the regex has no group {group}, the last is {made.groups}")
        return GoFinder(made, group)

    def _confidence(self, table: Table) -> Confidence:
        level = table.text("confidence").lower()
        if not level:
            return Confidence.MEDIUM
        if level not in LEVELS:
            raise table.error("confidence", f"{level!r} is unknown; low, medium and high exist")
        return LEVELS[level]

    def _filter(self, where: str, key: str, source: str) -> Filter:
        try:
            made = Filter(source, of_file=key == "prefilter")
        except Unsupported as reason:
            raise RuleDataError(f"{where}: {key}: cannot be supported: {reason}") from None
        for name in made.approximate:
            self._leave_out(f"{name} is approximated by how random the letters look", where.rpartition(": ")[2])
        return made

    def _components(self, table: Table, made: dict[str, UserRule]) -> list[Component]:
        found = []
        new = table.has("components")
        for one in table.tables("components" if new else "required"):
            rule_id = one.text("id")
            if rule_id not in made:
                raise table.error("components" if new else "required", f"there is no rule {rule_id!r}")
            if one.flag("optional"):
                continue
            if new:
                found.append(_within(Component(made[rule_id]), one))
            else:
                lines = one.count("withinLines")
                span = None if lines is None else (lines, lines)
                found.append(Component(made[rule_id], lines=span, columns=one.count("withinColumns")))
        return found


def _within(component: Component, table: Table) -> Component:
    """Apply `within`: "5L" is the match's line and four on either side, "100C" that many characters, signs one side."""
    sides: dict[str, list[int]] = {}
    for part in table.text("within").replace(" ", "").split(","):
        if not part:
            continue
        known = _WITHIN.fullmatch(part)
        if known is None:
            raise table.error("within", f"{part!r} is not a number of lines (5L) or characters (100C)")
        sign, size, unit = known[1], int(known[2]), known[3]
        reach = sides.setdefault(unit, [0, 0])
        reach_by = max(size - 1, 0) if unit == "L" else size
        if sign != "+":
            reach[0] = reach_by
        if sign != "-":
            reach[1] = reach_by
    if "L" in sides:
        component = component._replace(lines=(sides["L"][0], sides["L"][1]))
    if "C" in sides:
        component = component._replace(characters=(sides["C"][0], sides["C"][1]))
    return component
