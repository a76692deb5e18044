"""Loads the files of a user's own rules, whatever their format."""

from __future__ import annotations

from auditor.core.errors import RuleDataError
from auditor.core.record import TYPE_CHECKING
from auditor.detect.userrules.compiling import compile_config
from auditor.detect.userrules.gitleaks import read_config
from auditor.detect.userrules.native import read_rules
from auditor.detect.userrules.tables import MAX_RULES, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.detect.userrules.rule import UserRule

_FOREIGN = frozenset({"rules", "allowlist", "allowlists", "extend", "prefilter", "filter", "minversion", "title"})


def load(paths: Sequence[str], notes: list[str] | None = None) -> list[UserRule]:
    """The rules in the files, in their order; those that only serve as components of others are among them, `hidden`.

    A file holds either `[[secret]]` tables as in `rules/secrets/`, or what gitleaks (v8) and betterleaks read:
    `[[rules]]` with `id`, `description`, `regex`, `path`, `secretGroup`, `entropy`, `keywords`, `confidence`,
    `skipReport`, `tokenEfficiency`, `filter`, `[[rules.allowlists]]`, `[[rules.required]]`, `components`, and for the
    whole file `[[allowlists]]`, `prefilter`, `filter` and `[extend]` with `path` (from the file's folder, else from the
    current one) and `disabledRules`. What filters may contain is said in `filters.reader` and `filters.functions`.
    What is left out on purpose (`useDefault`, `url`, expressions that ask a provider) is said in `notes`.

    Raises RuleDataError, which names file and rule, for what is malformed and for what cannot be supported.
    """
    said = [] if notes is None else notes
    rules: list[UserRule] = []
    seen: dict[str, str] = {}
    for path in paths:
        for rule in _load_file(path, said):
            if rule.id in seen:
                raise RuleDataError(f"{path}: {rule.id}: the id is already used in {seen[rule.id]}")
            seen[rule.id] = path
            rules.append(rule)
            if len(rules) > MAX_RULES:
                raise RuleDataError(f"{path}: more than {MAX_RULES} rules")
    return rules


def _load_file(path: str, notes: list[str]) -> list[UserRule]:
    data = read_file(path)
    foreign = [key for key in data if key.lower() in _FOREIGN]
    if "secret" in data:
        if foreign:
            raise RuleDataError(f"{path}: {foreign[0]}: does not belong beside [[secret]]")
        return read_rules(data, path)
    if not foreign:
        raise RuleDataError(f"{path}: has neither [[secret]] tables nor [[rules]] of gitleaks or betterleaks")
    return compile_config(read_config(data, path, notes), path, notes)
