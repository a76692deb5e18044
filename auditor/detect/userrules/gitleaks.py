"""Reads rule files of gitleaks (v8) and betterleaks as data, merged with the files that they extend."""

from __future__ import annotations

import os

from auditor.core.errors import RuleDataError
from auditor.core.places import is_below
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.userrules.tables import MAX_RULES, Table, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DEPTH = 8
#: Keys of a rule whose value replaces the extended rule's, unless it is empty, and those whose lists are joined.
_REPLACED = "description regex path secretgroup entropy confidence filter components required".split()
_JOINED = "keywords tags allowlists".split()


class Config(NamedTuple):
    """One file with what it extends. `rules` by id; the others are in the order of the files, the outermost first."""

    rules: dict[str, Table]
    globals: list[Table]
    prefilters: list[tuple[str, str]]
    filters: list[tuple[str, str]]
    #: Rules of another program's own set are extended, which are not here: overrides of theirs have no regex.
    defaults: bool


def read_config(data: dict[str, object], path: str, notes: list[str], *, within: str = "") -> Config:
    """What the file at the path holds and extends; `within`: see `loading.load`. Raises RuleDataError."""
    return _read(Table(data, path), path, notes, _Outer((), within))


class _Outer(NamedTuple):
    """The files that extend the one that is read, by real path, and the folder that none may lead out of."""

    chain: tuple[str, ...]
    within: str


def _read(top: Table, path: str, notes: list[str], outer: _Outer) -> Config:
    rules: dict[str, Table] = {}
    for values in top.tables("rules"):
        rule = _identified(values, path)
        rules[rule.text("id")] = rule
        if len(rules) > MAX_RULES:
            raise RuleDataError(f"{path}: more than {MAX_RULES} rules")
    config = Config(
        rules,
        list(allowlists(top)),
        [(path, text)] if (text := top.text("prefilter").strip()) else [],
        [(path, text)] if (text := top.text("filter").strip()) else [],
        False,
    )
    extend = top.table("extend")
    return config if extend is None else _extended(config, extend, path, notes, outer)


def allowlists(table: Table) -> Iterator[Table]:
    """The allowlists of a file or a rule, in either way of writing them. Raises RuleDataError where both are used."""
    old = table.table("allowlist")
    if old is None:
        yield from table.tables("allowlists")
        return
    if any(True for _ in table.tables("allowlists")):
        raise table.error("allowlist", "cannot stand beside [[allowlists]]; it is the older way to write them")
    yield old


def _identified(rule: Table, path: str) -> Table:
    rule_id = rule.text("id").strip()
    if not rule_id:
        about = rule.text("description") or rule.text("regex") or rule.text("path")
        raise RuleDataError(f"{path}: rules: id: is missing in the rule {about[:60]!r}")
    known = Table(rule.values, f"{path}: {rule_id}")
    known.values["id"] = rule_id
    if "allowlist" in known.values:
        known.values["allowlists"] = [one.values for one in allowlists(known)]
        del known.values["allowlist"]
    return known


def _extended(config: Config, extend: Table, path: str, notes: list[str], outer: _Outer) -> Config:
    target, defaults = extend.text("path"), extend.flag("useDefault")
    disabled = set(extend.texts("disabledRules"))
    if target and defaults:
        raise extend.error("extend", "path and useDefault cannot be used together")
    if extend.text("url"):
        notes.append(f"{path}: extend.url is not followed: nothing is fetched from the network")
    if defaults:
        notes.append(f"{path}: extend.useDefault adds nothing: the rules of this program are always on")
        if disabled:
            notes.append(f"{path}: extend.disabledRules names rules of another program's own set and has no effect")
        return config._replace(defaults=True)
    if not target:
        return config
    inner = os.path.normpath(os.path.join(os.path.dirname(path), target))
    if not os.path.exists(inner) and os.path.exists(target):
        inner = target
    if outer.within and (os.path.isabs(target) or not is_below(inner, outer.within)):
        raise extend.error("extend", "path must lie below the configuration file; other places with --rules only")
    chain = (*outer.chain, os.path.realpath(path))
    if os.path.realpath(inner) in chain:
        raise extend.error("extend", f"{target} extends itself")
    if len(chain) > _MAX_DEPTH:
        raise extend.error("extend", f"more than {_MAX_DEPTH} files extend each other")
    base = _read(Table(read_file(inner), inner), inner, notes, _Outer(chain, outer.within))
    return _merged(config, base, disabled)


def _merged(config: Config, base: Config, disabled: set[str]) -> Config:
    rules = dict(config.rules)
    for rule_id, rule in base.rules.items():
        if rule_id not in disabled:
            rules[rule_id] = _override(rule, rules[rule_id]) if rule_id in rules else rule
    return Config(
        rules,
        config.globals + base.globals,
        config.prefilters + base.prefilters,
        config.filters + base.filters,
        base.defaults,
    )


def _override(base: Table, own: Table) -> Table:
    """A rule of an extended file with what the extending file says about it."""
    merged = Table(base.values, own.where)
    for key in _REPLACED:
        if own.values.get(key):
            merged.values[key] = own.values[key]
    for key in _JOINED:
        one, other = base.values.get(key), own.values.get(key)
        if isinstance(one, list) and isinstance(other, list):
            merged.values[key] = one + other
        elif other:
            merged.values[key] = other
    if own.values.get("skipreport") is not None:
        merged.values["skipreport"] = own.values["skipreport"]
    return merged
