"""`audit rules`: list the rules; `audit rules check [DIR]`: validate rule files, tables included, and run examples."""

from __future__ import annotations

import os
import sys

from auditor import __version__
from auditor.cli.arguments import parser
from auditor.core.errors import ExitCode, RuleDataError, UsageError
from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import rules_digest
from auditor.run.selection import IMAGE, LINT, SCAN, all_rules, rule_ids

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from auditor.core.rotationrules import RotationEntry
    from auditor.core.ruledata import CompiledRules, Entry
    from auditor.run.examples import Example

_EPILOG = """\
audit explain RULE says more about one. Formats of tokens and wrappers are no
rules: docs/formats.md and docs/wrappers.md list them.
"""
_LEAST_BAD, _LEAST_GOOD = 2, 3


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and RuleDataError."""
    arguments = build_parser().parse_args(argv)
    if arguments.action == "check":
        if arguments.format != "text":
            raise UsageError("--format is for audit rules list")
        return _check(arguments.directory)
    if arguments.directory:
        raise UsageError("audit rules list takes no directory")
    sys.stdout.write(as_json() if arguments.format == "json" else f"{listing()}\n")
    return ExitCode.CLEAN


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("rules", "List the rules, or check rule files (TOML) and run their examples.", epilog=_EPILOG)
    p.add_argument("action", nargs="?", choices=("list", "check"), default="list", help="list (default) or check")
    p.add_argument("directory", nargs="?", metavar="DIR", help="check: folder of rule files (default: our own rules)")
    p.add_argument("--format", choices=("text", "json"), default="text", help="list: text (default) or json")
    return p


def as_json() -> str:
    """All rules in the order of ids, version 1; docs/schemas/rules-1.schema.json. Fields are added, never renamed."""
    import json

    content = {
        "schema_version": 1,
        "tool": {"name": "audit", "version": __version__, "rules_digest": rules_digest()},
        "rules": [
            {
                "id": rule.id,
                "title": rule.title,
                "family": rule.family,
                "severity": rule.severity.label,
                "confidence": rule.confidence.label,
                "cwe": rule.cwe,
                "fix": rule.fix,
                "commands": [command for command in (LINT, SCAN, IMAGE) if rule.id in rule_ids(command)],
                "remedy": rule.remedy,
                "docs": rule.docs,
            }
            for rule in all_rules().values()
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def listing() -> str:
    """A table of all rules by family."""
    rules = sorted(all_rules().values(), key=lambda rule: (rule.family, rule.id))
    width = max((len(rule.id) for rule in rules), default=0)
    lines: list[str] = []
    family = ""
    for rule in rules:
        if rule.family != family:
            lines += ["", rule.family] if lines else [rule.family]
            family = rule.family
        lines.append(f"  {rule.id.ljust(width)}  {rule.severity.label.ljust(8)}  {rule.title}")
    return "\n".join(lines)


def _check(directory: str | None) -> int:
    from auditor.run.rotationchecks import rotation_problems
    from auditor.run.tablechecks import check_tables

    compiled, rotation = _compiled(directory), _rotation(directory)
    docs = compiled["docs"]["rules"]
    wrong = [problem for rule_id in sorted(docs) for problem in problems(rule_id, docs[rule_id])]
    starts = [*compiled["wrappers"]["wrappers"], *compiled["wrappers"]["vendors"]]
    if directory is not None and not (docs or rotation or starts or any(compiled["running"]["tables"].values())):
        raise UsageError(f"{directory}: no rules found; give the folder that holds their folders, as `rules/`")
    tables = check_tables(compiled, directory)
    wrong += tables.problems + rotation_problems(rotation, compiled)
    for line in (*wrong, *tables.notes):
        print(line)
    examples = tables.examples + sum(_length(docs[rule_id], kind) for rule_id in docs for kind in ("bad", "good"))
    counts = [f"{len(docs):,} rules"]
    if tables.formats or tables.providers:
        counts += [f"{tables.formats:,} formats", f"{tables.providers:,} providers"]
    if starts:
        wrappers = len(compiled["wrappers"]["wrappers"])
        counts += [f"{wrappers:,} wrappers", f"{len(starts) - wrappers:,} starts of images"]
    if rotation:
        counts.append(f"{len(rotation):,} ways to rotate")
    counts.append(f"{examples:,} examples")
    print(f"{', '.join(counts)}: {f'{len(wrong)} problems' if wrong else 'all as they should be'}")
    return ExitCode.FINDINGS if wrong else ExitCode.CLEAN


def _compiled(directory: str | None) -> CompiledRules:
    """The rules and tables of a folder; our own without one."""
    if directory is None:
        from auditor.core.resources import load_providers, load_rule_docs, load_rules, load_wrappers

        return {
            "running": load_rules(),
            "providers": load_providers(),
            "wrappers": load_wrappers(),
            "docs": load_rule_docs(),
        }
    if not os.path.isdir(directory):
        raise UsageError(f"{directory}: no such directory")
    from auditor.core.rulefiles import compile_rules

    try:
        return compile_rules(directory)
    except OSError as error:
        raise RuleDataError(f"{directory}: cannot be read: {error.strerror}") from None


def _rotation(directory: str | None) -> list[RotationEntry]:
    """How credentials are replaced; none in a folder of rules that brings only rules."""
    if directory is None:
        from auditor.core.resources import load_rotation

        return load_rotation()
    from auditor.core.rotationrules import compile_rotation

    return compile_rotation(directory)


def problems(rule_id: str, entry: Entry) -> Iterator[str]:
    """What is wrong with one rule's examples. Raises RuleDataError where they cannot be read."""
    from auditor.run.examples import examples_of

    examples = examples_of(rule_id, entry)
    for kind, least in (("bad", _LEAST_BAD), ("good", _LEAST_GOOD)):
        number = sum(example.kind == kind for example in examples)
        if number < least:
            yield f"{rule_id}: {number} {kind} examples; at least {least} are needed"
    if rule_id not in rule_ids():
        yield f"{rule_id}: no check has this id, so its examples cannot be run"
        return
    for example in examples:
        problem = _example_problem(example)
        if problem:
            yield f"{example.label}: {problem}"


def _example_problem(example: Example) -> str:
    from auditor.run.examples import reported, run_example

    found = [f for f in run_example(example) if f.rule == example.rule]
    if example.kind == "good":
        loud = [f for f in found if f.severity >= Severity.MEDIUM]
        return f"reported at line {loud[0].location.start_line}: {loud[0].message}" if loud else ""
    texts = [reported(example.text, f) for f in found]
    if texts != list(example.finds):
        return f"should report {list(example.finds)}, reports {texts}"
    if example.severity is not None and any(f.severity != example.severity for f in found):
        return f"should be {example.severity.label}, is {', '.join(f.severity.label for f in found)}"
    if not example.is_fixed:
        return ""
    from auditor.run.rewrite.examples import problem

    return problem(example)


def _length(entry: Entry, key: str) -> int:
    value = entry.get(key)
    return len(value) if isinstance(value, list) else 0
