"""Writes the rule pages `docs/rules/` from the rule files. `--check` only says whether they are up to date."""

from __future__ import annotations

import argparse
import html
import os
import re
import sys
from typing import TYPE_CHECKING, cast

from auditor.core.rulefiles import compile_rules
from auditor.run.examples import examples_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.ruledata import CompiledRules, Entry
    from auditor.run.examples import Example

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RULES = os.path.join(ROOT, "rules")
PAGES = os.path.join(ROOT, "docs", "rules")
NOTE = "<!-- Made from the rule file by `python -m tools.ruledocs`: edit that file, not this page. -->"
_FAMILIES = {
    "variables": "Variables",
    "metadata": "Image metadata",
    "run": "Commands",
    "layers": "Files in layers",
    "mounts": "Secret mounts",
    "context": "Build context",
    "log": "Build log",
    "caches": "Caches",
    "baked": "Keys and vault credentials",
    "servers": "Retired methods",
    "dockerfile": "The Dockerfile itself",
    "compose": "Compose files",
    "calls": "Scripts, Makefiles, CI and bake files",
    "scan": "Secrets in files of any kind (`audit scan`)",
    "image": "Built images (`audit image`)",
}


def pages(compiled: CompiledRules) -> dict[str, str]:
    """File name -> text of every page, the index included."""
    rules = compiled["running"]["rules"]
    result = {f"{rule_id}.md": _page(rules[rule_id], compiled["docs"]["rules"][rule_id]) for rule_id in sorted(rules)}
    result["index.md"] = _index(rules)
    return result


def _page(rule: dict[str, str | int], docs: Entry) -> str:
    rule_id = str(rule["id"])
    examples = examples_of(rule_id, docs)
    parts = [
        NOTE,
        f"# {rule_id}",
        f"**{rule['title']}.**",
        _facts(rule),
        "## Why it matters",
        str(docs["why"]),
        "## What to do",
        _fenced_indents(str(rule["remedy"])),
        "## Reported",
        *_examples(examples, "bad"),
        "## Not reported",
        *_examples(examples, "good"),
        "## Ignoring a finding",
        *_IGNORING.get(str(rule["family"]), _ignoring)(rule_id),
        "## Read more",
        "\n".join(f"- <{address}>" for address in cast("list[str]", docs["references"])),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(rule: dict[str, str | int]) -> str:
    cwe = rule["cwe"]
    fix = {"none": "no", "sometimes": "in some cases", "always": "yes"}[str(rule["fix"])]
    if rule["applicability"] == "unsafe":
        fix += ", with `--unsafe-fixes`"
    header = "| Severity | Confidence | Family | Automatic fix | Weakness | Since |"
    cells = [
        str(rule["severity"]),
        str(rule["confidence"]),
        f"`{rule['family']}`",
        fix,
        f"[CWE-{cwe}](https://cwe.mitre.org/data/definitions/{cwe}.html)",
        str(rule["since"]),
    ]
    return "\n".join([header, "|---" * len(cells) + "|", f"| {' | '.join(cells)} |"])


def _fenced_indents(text: str) -> str:
    """Indented blocks as fenced ones, which keep their look in every renderer."""
    parts = []
    for block in re.split(r"\n\n+", text):
        lines = block.split("\n")
        if all(line.startswith("    ") for line in lines):
            block = _fence("\n".join(line[4:] for line in lines), "")
        parts.append(block)
    return "\n\n".join(parts)


def _fence(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{text.rstrip(chr(10))}\n{ticks}"


def _examples(examples: list[Example], kind: str) -> Iterator[str]:
    for example in examples:
        if example.kind != kind:
            continue
        title = example.title.strip()
        if title:
            yield f"{title[0].upper()}{title[1:]}:"
        if example.name:
            yield from _scanned(example)
            continue
        yield _fence(example.text, "dockerfile")
        for name, content in (example.files or {}).items():
            yield f"`{name}` in the build context:"
            yield _fence(content, "")
        if kind == "bad":
            yield _reported(example)
        yield from _rewritten(example)


def _rewritten(example: Example) -> Iterator[str]:
    """What `audit fix` makes of an example."""
    yield from _fixed(example)
    for name, content in example.changed.items():
        yield f"and `{name}` becomes:"
        yield _fence(content, "")


def _fixed(example: Example) -> Iterator[str]:
    """The Dockerfile and its ignore file."""
    adds = f"adds to `.dockerignore`: {', '.join(map(_code, example.ignored))}."
    if example.fixed:
        yield f"`{example.command}` makes of it:"
        yield _fence(example.fixed, _language(example))
        if example.ignored:
            yield f"and {adds}"
    elif example.ignored:
        yield f"`{example.command}` leaves the Dockerfile as it is, and {adds}"


def _language(example: Example) -> str:
    return "yaml" if example.name.endswith((".yml", ".yaml")) else "" if example.name else "dockerfile"


def _scanned(example: Example) -> Iterator[str]:
    """An example that is a file with a name. A character of every value is written as an entity: the page must not hold
    one."""
    yield f"`{example.name}`"
    text = html.escape(example.text.strip("\n"), quote=False)
    for found in example.finds:
        text = text.replace(html.escape(found, quote=False), _spelled(found))
    yield f"<pre>\n{text}\n</pre>"
    if example.finds:
        shown = ", ".join(f"<code>{_spelled(found)}</code>" for found in example.finds)
        yield f"Reports {shown}{_severity(example)}."
    yield from _rewritten(example)


def _spelled(value: str) -> str:
    """A value in HTML, with its middle character as a number."""
    middle = len(value) // 2
    before, after = html.escape(value[:middle], quote=False), html.escape(value[middle + 1 :], quote=False)
    return f"{before}&#{ord(value[middle])};{after}"


def _reported(example: Example) -> str:
    return f"Reports {', '.join(map(_code, example.finds))}{_severity(example)}."


def _severity(example: Example) -> str:
    return "" if example.severity is None else f" ({example.severity.label})"


def _code(text: str) -> str:
    short = text if len(text) <= 60 else f"{text[:24]}...{text[-12:]}"
    return f"`` {short} ``" if "`" in short else f"`{short}`"


def _ignoring(rule_id: str) -> Iterator[str]:
    if rule_id == "unreadable-dockerfile":
        yield "This finding cannot be ignored by a comment. Exclude the file from the run instead:"
        yield _fence("audit lint --exclude 'templates/*.Dockerfile'", "console")
        return
    if rule_id == "unused-ignore":
        yield "No comment can ignore this finding; leave the rule out of the run instead:"
        yield _fence(f"audit lint --ignore {rule_id}", "console")
        return
    yield "On the line above the instruction, with the reason:"
    yield _fence(f"# audit: ignore[{rule_id}] why this is no leak here", "dockerfile")
    yield "For the whole file, before its first instruction:"
    yield _fence(f"# audit: ignore-file[{rule_id}] why this is no leak here", "dockerfile")


def _ignoring_scanned(rule_id: str) -> Iterator[str]:
    yield "On its line or on the line above, in a comment of any style, with the reason:"
    yield _fence(f"# audit: ignore[{rule_id}] why this is no leak here", "")
    yield "Where a file has no comments, leave it out, or accept what is there in a baseline:"
    yield _fence("audit scan --exclude 'fixtures/*.json' --baseline audit-baseline.jsonl .", "console")


def _ignoring_in_images(rule_id: str) -> Iterator[str]:
    yield "Metadata has no comments. Leave the rule out of a run, or out of all of them in `audit.toml`:"
    yield _fence(f"audit image --ignore {rule_id} IMAGE", "console")


def _ignoring_in_compose(rule_id: str) -> Iterator[str]:
    yield "On the line of the entry or on the one above, with the reason:"
    yield _fence(f"# audit: ignore[{rule_id}] why this is no leak here", "yaml")
    yield "For the whole file, at its head:"
    yield _fence(f"# audit: ignore-file[{rule_id}] why this is no leak here", "yaml")


def _ignoring_in_calls(rule_id: str) -> Iterator[str]:
    yield "On the line or on the one above, with the reason (after `//` in a Jenkinsfile):"
    yield _fence(f"# audit: ignore[{rule_id}] why this is no leak here", "")
    yield "For the whole file, above its first line of code:"
    yield _fence(f"# audit: ignore-file[{rule_id}] why this is no leak here", "")


_IGNORING = {
    "calls": _ignoring_in_calls,
    "compose": _ignoring_in_compose,
    "scan": _ignoring_scanned,
    "image": _ignoring_in_images,
}


def _index(rules: dict[str, dict[str, str | int]]) -> str:
    parts = [NOTE, "# Rules", f"{len(rules)} rules. `audit explain RULE` shows the same text on the command line."]
    families = sorted({str(rule["family"]) for rule in rules.values()}, key=_family_order)
    for family in families:
        rows = [
            f"| [{rule_id}]({rule_id}.md) | {rule['title']} | {rule['severity']} |"
            for rule_id, rule in sorted(rules.items())
            if rule["family"] == family
        ]
        table = "\n".join(["| Rule | What it finds | Severity |", "|---|---|---|", *rows])
        parts += [f"## {_FAMILIES.get(family, family)}", f"Family `{family}`.", table]
    return "\n\n".join(parts) + "\n"


def _family_order(family: str) -> tuple[int, str]:
    known = list(_FAMILIES)
    return (known.index(family) if family in known else len(known), family)


def stale(wanted: dict[str, str], folder: str) -> list[str]:
    """Names of the pages that are missing, different, or left over from a rule that is gone."""
    there = {name: _read(os.path.join(folder, name)) for name in os.listdir(folder)} if os.path.isdir(folder) else {}
    names = sorted(wanted.keys() | there.keys())
    return [name for name in names if wanted.get(name) != there.get(name)]


def write(wanted: dict[str, str], folder: str) -> list[str]:
    """Bring the folder up to date; returns the names of the files written or removed."""
    os.makedirs(folder, exist_ok=True)
    changed = stale(wanted, folder)
    for name in changed:
        path = os.path.join(folder, name)
        if name not in wanted:
            os.remove(path)
            continue
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(wanted[name])
    return changed


def _read(path: str) -> str:
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages, or with `--check` return 1 when they are stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.ruledocs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    options = parser.parse_args(argv)
    wanted = pages(compile_rules(RULES))
    changed = stale(wanted, PAGES) if options.check else write(wanted, PAGES)
    for name in changed:
        sys.stdout.write(f"{'stale' if options.check else 'written'}: docs/rules/{name}\n")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
