"""Loads the files of a user's own rules, whatever their format."""

from __future__ import annotations

import os

from auditor.core.errors import RuleDataError
from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import load_rules
from auditor.detect.detection import SECOND_OPINION
from auditor.detect.userrules.compiling import compile_config
from auditor.detect.userrules.gitleaks import read_config
from auditor.detect.userrules.native import read_rules
from auditor.detect.userrules.tables import MAX_RULES, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.detect.userrules.rule import UserRule

_FOREIGN = frozenset({"rules", "allowlist", "allowlists", "extend", "prefilter", "filter", "minversion", "title"})


def load(paths: Sequence[str], notes: list[str] | None = None, *, within: str = "") -> list[UserRule]:
    """The rules in the files, in their order; those that only serve as components of others are among them, `hidden`.

    A file holds either `[[secret]]` tables as in `rules/secrets/`, or what gitleaks (v8) and betterleaks read:
    `[[rules]]` with `id`, `description`, `regex`, `path`, `secretGroup`, `entropy`, `keywords`, `confidence`,
    `skipReport`, `tokenEfficiency`, `filter`, `[[rules.allowlists]]`, `[[rules.required]]`, `components`, and for the
    whole file `[[allowlists]]`, `prefilter`, `filter` and `[extend]` with `path` (from the file's folder, else from the
    current one) and `disabledRules`. What filters may contain is said in `filters.reader` and `filters.functions`.
    What is left out on purpose (`useDefault`, `url`, expressions that ask a provider) is said in `notes`.

    An id of our own rules is refused in our format. Files of gitleaks cannot help having some (`private-key`): there
    the rule goes by the file's name and its id, `gitleaks-private-key`, which is said in `notes` as well.

    `within`: a folder that the files must not lead out of, where a repository's configuration names them; what one
    extends must then be relative to it.

    Raises RuleDataError, which names file and rule, for what is malformed and for what cannot be supported.
    """
    said = [] if notes is None else notes
    ours = our_ids()
    rules: list[UserRule] = []
    seen: dict[str, str] = {}
    for path in paths:
        for rule in _load_file(path, said, within):
            if not rule.id.isprintable():
                raise RuleDataError(f"{path}: {rule.id!a}: an id is one line of printable characters")
            if rule.id in ours:
                rule.id = f"{family_of(path)}-{rule.id}"
                said.append(f"{path}: {rule.written_id} is a rule of this program, too; here it is called {rule.id}")
            if rule.id in seen:
                raise RuleDataError(f"{path}: {rule.id}: the id is already used in {seen[rule.id]}")
            seen[rule.id] = path
            rules.append(rule)
            if len(rules) > MAX_RULES:
                raise RuleDataError(f"{path}: more than {MAX_RULES} rules")
    return rules


def family_of(path: str) -> str:
    """What selects all rules of a file: its name without folder, leading dot and ending."""
    return os.path.splitext(os.path.basename(path).lstrip("."))[0]


def our_ids() -> frozenset[str]:
    """Ids that a user's rule cannot have."""
    return frozenset({*load_rules()["rules"], SECOND_OPINION})


def _load_file(path: str, notes: list[str], within: str) -> list[UserRule]:
    data = read_file(path)
    foreign = [key for key in data if key.lower() in _FOREIGN]
    if "secret" in data:
        if foreign:
            raise RuleDataError(f"{path}: {foreign[0]}: does not belong beside [[secret]]")
        return _not_ours(read_rules(data, path))
    if not foreign:
        raise RuleDataError(f"{path}: has neither [[secret]] tables nor [[rules]] of gitleaks or betterleaks")
    return compile_config(read_config(data, path, notes, within=within), path, notes)


def _not_ours(rules: list[UserRule]) -> list[UserRule]:
    ours = our_ids()
    for rule in rules:
        if rule.id in ours:
            raise RuleDataError(f"{rule.file}: {rule.id}: the id is that of a rule of this program; choose another")
    return rules
