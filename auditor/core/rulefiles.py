"""Compiles the rule files (TOML) into the JSON files that are shipped. Used when building and in a checkout.

`rules/<family>/<rule-id>.toml` is one rule. The folders of TABLES are data tables: a file there is either one entry (it
has an `id`) or holds arrays of tables, each element of which is one entry. What running needs and what only a reader or
a test needs (prose, references, examples) are kept apart, so that a start reads little; so are the providers
(`[[provider]]` in `rules/secrets/`), which only a scan of any text needs, and wrappers and vendors' images.
`rules/rotation/` is compiled by `rotationrules`.
"""

from __future__ import annotations

import os
import re
from typing import cast

from auditor.core.errors import RuleDataError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.rotationrules import FOLDER, ROTATION_FILE, compile_rotation
from auditor.core.ruledata import KINDS, OPTIONAL, REQUIRED, is_kind
from auditor.core.rulereading import read_toml
from auditor.core.secretrules import check_provider, check_secret
from auditor.core.wrapperrules import check_vendor, check_wrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.ruledata import CompiledRules, Entry, ProviderData, RuleData, RuleDocs
    from auditor.core.wrapperdata import WrapperData


RUNNING_FILE = "rules.json"
#: Deflated: its examples look like credentials, and searches of whoever installs the package should not find them.
DOCS_FILE = "rules-docs.deflate"
PROVIDERS_FILE = "providers.json"
WRAPPERS_FILE = "wrappers.json"
TABLES = ("secrets", "files", "commands", "images", "configurations", "wrappers", "vendors")
SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high")
FIXES = ("none", "sometimes", "always")
APPLICABILITIES = ("none", "safe", "unsafe", "show-only")
STATUSES = ("stable", "preview", "deprecated")

_CHOICES: dict[str, tuple[str, ...]] = {
    "severity": SEVERITIES,
    "confidence": CONFIDENCES,
    "fix": FIXES,
    "applicability": APPLICABILITIES,
    "status": STATUSES,
}
_CHECKS = {"secrets": check_secret, "providers": check_provider, "wrappers": check_wrapper, "vendors": check_vendor}
_TEXT = ("id", "title", "family", "target", "since", "remedy", *_CHOICES)
_RUNNING = (*_TEXT, "cwe")
_EXAMPLES = ("bad", "good")
_TABLE_DOCS = ("why", "source", "references", "bad", "good", "examples", "counterexamples", "lookalikes")
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class _Source(NamedTuple):
    """One parsed rule file; `name` is its path relative to the rules folder, for messages."""

    name: str
    folder: str
    stem: str
    data: Entry


def compile_rules(rules_dir: str) -> CompiledRules:
    """Read every rule file below this folder; the result depends on the files' names and content only.

    Raises RuleDataError, which names the file and the key, and OSError.
    """
    running: RuleData = {
        "digest": "",
        "rules": {},
        "tables": {"secrets": [], "files": [], "commands": [], "images": [], "configurations": []},
    }
    docs: RuleDocs = {"rules": {}, "tables": {name: {} for name in (*TABLES, "providers")}}
    providers: ProviderData = {"digest": "", "providers": []}
    wrappers: WrapperData = {"digest": "", "wrappers": [], "vendors": []}
    compiled: CompiledRules = {"running": running, "providers": providers, "wrappers": wrappers, "docs": docs}
    seen: dict[str, str] = {}
    for source in _sources(rules_dir):
        if source.folder in TABLES:
            for table, entry in _entries(source):
                _claim(_entry_id(entry, source), source, seen)
                prose, data = _divide(entry, table, source)
                docs["tables"][table][str(data["id"])] = prose
                _add_entry(data, table, compiled)
        else:
            _add_rule(source, running, docs, seen)
    running["digest"] = providers["digest"] = wrappers["digest"] = _digest(compiled)
    return compiled


def write_rules(rules_dir: str, data_dir: str) -> list[str]:
    """Compile `rules_dir` and write the JSON files, that of examples deflated, into `data_dir`; returns their paths.

    The files are replaced whole, so a reader never sees half of one. Raises RuleDataError and OSError.
    """
    import json  # start-up: building only

    compiled = compile_rules(rules_dir)
    os.makedirs(data_dir, exist_ok=True)
    written = []
    for name, content in (
        (RUNNING_FILE, compiled["running"]),
        (PROVIDERS_FILE, compiled["providers"]),
        (WRAPPERS_FILE, compiled["wrappers"]),
        (DOCS_FILE, compiled["docs"]),
        (ROTATION_FILE, compile_rotation(rules_dir)),
    ):
        path = os.path.join(data_dir, name)
        scratch = f"{path}.{os.getpid()}"
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        with open(scratch, "wb") as file:
            file.write(deflate(text) if name == DOCS_FILE else text.encode())
        os.replace(scratch, path)
        written.append(path)
    return written


def deflate(text: str) -> bytes:
    """A text as plain deflate (RFC 1951), as `load_rule_docs` reads it."""
    import zlib  # start-up: building only

    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packer.compress(text.encode()) + packer.flush()


def rule_paths(rules_dir: str) -> Iterator[tuple[str, str]]:
    """(folder, file name) of every rule file, sorted: one level of folders, without hidden names and `rotation`."""
    for folder in sorted(os.listdir(rules_dir)):
        path = os.path.join(rules_dir, folder)
        if folder.startswith(".") or folder == FOLDER or not os.path.isdir(path):
            continue
        for name in sorted(os.listdir(path)):
            if name.endswith(".toml") and not name.startswith("."):
                yield folder, name


def _sources(rules_dir: str) -> Iterator[_Source]:
    for folder, name in rule_paths(rules_dir):
        data = read_toml(os.path.join(rules_dir, folder, name), f"{folder}/{name}")
        yield _Source(f"{folder}/{name}", folder, name.removesuffix(".toml"), data)


def _add_rule(source: _Source, running: RuleData, docs: RuleDocs, seen: dict[str, str]) -> None:
    for key in source.data:
        if key not in _RUNNING and key not in _EXAMPLES and key not in ("why", "references"):
            raise RuleDataError(f"{source.name}: {key}: unknown key")
    rule_id = _text(source, "id")
    if rule_id != source.stem:
        raise RuleDataError(f"{source.name}: id: {rule_id!r} must be the file's name")
    _claim(rule_id, source, seen)
    if _text(source, "family") != source.folder:
        raise RuleDataError(f"{source.name}: family: must be the folder's name, {source.folder!r}")
    for key, allowed in _CHOICES.items():
        if _text(source, key) not in allowed:
            raise RuleDataError(f"{source.name}: {key}: must be one of {', '.join(allowed)}")
    running["rules"][rule_id] = {
        **{key: _text(source, key).strip() for key in _TEXT},
        "cwe": _number(source, "cwe"),
        "docs": f"docs/rules/{rule_id}.md",
    }
    docs["rules"][rule_id] = {
        "why": _text(source, "why").strip(),
        "references": list(_references(source)),
        **{key: list(_examples(source, key)) for key in _EXAMPLES},
    }


def _entries(source: _Source) -> Iterator[tuple[str, Entry]]:
    """(table, entry) of a table file; a provider is told from a token format by the name of its array."""
    if "id" in source.data:
        yield source.folder, source.data
        return
    for key, value in source.data.items():
        if not isinstance(value, list):
            raise RuleDataError(f"{source.name}: {key}: must be an array of tables, or the file one entry with an id")
        table = "providers" if source.folder == "secrets" and key == "provider" else source.folder
        for entry in value:
            if not isinstance(entry, dict):
                raise RuleDataError(f"{source.name}: {key}: every element must be a table")
            yield table, entry


def _entry_id(entry: Entry, source: _Source) -> str:
    entry_id = entry.get("id")
    if not isinstance(entry_id, str):
        raise RuleDataError(f"{source.name}: id: every entry needs one, a string")
    return entry_id


def _divide(entry: Entry, table: str, source: _Source) -> tuple[Entry, Entry]:
    """(prose, running data) of one entry, both checked."""
    prose = {key: value for key, value in entry.items() if key in _TABLE_DOCS}
    data = {key: value for key, value in entry.items() if key not in prose}
    shown = f"{source.name}: {data['id']}"
    _check_entry(data, table, shown)
    check = _CHECKS.get(table)
    if check and (problem := check(entry)):
        raise RuleDataError(f"{shown}: {problem}")
    return prose, data


def _add_entry(data: Entry, table: str, compiled: CompiledRules) -> None:
    homes = (compiled["running"]["tables"], compiled["providers"], compiled["wrappers"])
    home = next(one for one in homes if table in one)
    cast("dict[str, list[Entry]]", home)[table].append(data)


def _check_entry(data: Entry, table: str, shown: str) -> None:
    required, optional = REQUIRED[table], OPTIONAL[table]
    if missing := [key for key in required if key not in data]:
        raise RuleDataError(f"{shown}: {missing[0]}: is missing")
    for key, value in data.items():
        kind = required.get(key) or optional.get(key)
        if kind is None:
            raise RuleDataError(f"{shown}: {key}: unknown key")
        if not is_kind(value, kind):
            raise RuleDataError(f"{shown}: {key}: must be {KINDS[kind]}")


def _claim(entry_id: str, source: _Source, seen: dict[str, str]) -> None:
    if not _ID.fullmatch(entry_id):
        raise RuleDataError(f"{source.name}: id: {entry_id!r} must be lower-case words joined by hyphens")
    key = f"{source.folder if source.folder in TABLES else 'rules'}:{entry_id}"
    if key in seen:
        raise RuleDataError(f"{source.name}: id: {entry_id!r} is already used in {seen[key]}")
    seen[key] = source.name


def _text(source: _Source, key: str) -> str:
    value = source.data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise RuleDataError(f"{source.name}: {key}: must be a text that is not empty")
    return value


def _number(source: _Source, key: str) -> int:
    value = source.data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise RuleDataError(f"{source.name}: {key}: must be a whole number above 0")
    return value


def _references(source: _Source) -> Iterator[str]:
    value = source.data.get("references")
    if not isinstance(value, list):
        raise RuleDataError(f"{source.name}: references: must be a list of web addresses")
    for address in value:
        if not isinstance(address, str) or not address.startswith("https://"):
            raise RuleDataError(f"{source.name}: references: {address!r} must start with https://")
        yield address


def _examples(source: _Source, key: str) -> Iterator[Entry]:
    value = source.data.get(key, [])
    if not isinstance(value, list):
        raise RuleDataError(f"{source.name}: {key}: must be an array of tables")
    for number, example in enumerate(value, 1):
        if not isinstance(example, dict):
            raise RuleDataError(f"{source.name}: {key}: example {number} must be a table")
        yield example


def _digest(compiled: CompiledRules) -> str:
    import hashlib  # start-up: building only
    import json

    running, wrappers = compiled["running"], compiled["wrappers"]
    behaviour = [running["rules"], running["tables"], compiled["providers"]["providers"]]
    content = json.dumps([*behaviour, wrappers["wrappers"], wrappers["vendors"]], sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def main() -> int:
    """`python -m auditor.core.rulefiles`: compile the rules of this checkout."""
    import sys  # start-up: building only

    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    try:
        write_rules(os.path.join(root, "rules"), os.path.join(root, "auditor", "_data"))
    except RuleDataError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
