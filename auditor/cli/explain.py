"""`audit explain NAME`: what a rule finds, why it matters, what to do, with examples; kinds of secrets, wrappers."""

from __future__ import annotations

from auditor.cli.arguments import parser
from auditor.core.config import suggestion
from auditor.core.errors import ExitCode, UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import load_rule_docs
from auditor.detect.detection import SECOND_OPINION
from auditor.report.prose import indented, paragraphs
from auditor.run.examples import load_examples
from auditor.run.selection import IMAGE, SCAN, all_rules

if TYPE_CHECKING:
    import argparse

    from auditor.core.rule import Rule
    from auditor.run.examples import Example

_WIDTH = 80
_SECOND = """\
detect-secrets: Found by a plugin of detect-secrets
high severity, CWE-798

With --engine detect-secrets the plugins of that library search every line of
text, too. This is what they found and our own rules did not. The message names
the plugin; many of its findings are long random values that are no secrets.

What to do

Judge the value. A secret is replaced where it was issued, and read from a
secret store or a mounted file. Without this engine these findings go away.

To accept one case, on its line or the line above:

    # audit: ignore[detect-secrets] why this is fine

See

  https://github.com/Yelp/detect-secrets"""


_EPILOG = """\
NAME is a rule, as findings and audit rules name it; a kind of secret, as the
JSON report names it (github-token; docs/formats.md lists them); or a wrapper
(ksm; docs/wrappers.md). Nothing is asked of the network.
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError for an unknown name."""
    wanted = build_parser().parse_args(argv).names
    rules = all_rules()
    pages: list[str] = []
    for name in wanted:
        if name in rules:
            pages.append(explanation(rules[name]))
        elif name == SECOND_OPINION:
            pages.append(_SECOND)
        else:
            pages.append(_other(name, rules))
    print("\n\n".join(pages))
    return ExitCode.CLEAN


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("explain", "Say what a rule finds, why it matters and what to do.", epilog=_EPILOG)
    p.add_argument("names", nargs="+", metavar="NAME", help="a rule, a kind of secret or a wrapper")
    return p


def _other(name: str, rules: dict[str, Rule]) -> str:
    from auditor.cli import explained  # start-up: rules do not need these tables

    others = explained.names()
    if name in others:
        return explained.explained(name)
    if listed := [rule.id for rule in rules.values() if rule.family == name]:
        raise UsageError(f"{name!r} is a family of rules: {', '.join(sorted(listed))}")
    known = suggestion(name, [*rules, SECOND_OPINION]) or suggestion(name, sorted(others))
    raise UsageError(f"there is no rule {name!r}{known}")


def explanation(rule: Rule) -> str:
    """The page of one rule for the terminal."""
    docs = load_rule_docs()["rules"][rule.id]
    lines = [f"{rule.id}: {rule.title}"]
    lines += [f"{rule.severity.label} severity, {rule.confidence.label} confidence, CWE-{rule.cwe}", ""]
    lines += [*paragraphs(str(docs.get("why", "")), _WIDTH), "", "What to do", ""]
    lines += paragraphs(rule.remedy, _WIDTH)
    examples = load_examples(rule.id)
    bad = [e for e in examples if e.kind == "bad"]
    lines += _example("Reported", [e for e in bad if e.is_fixed] or bad)
    lines += _example("Not reported", [e for e in examples if e.kind == "good"])
    lines += ["", *_accepting(rule)]
    references = docs.get("references")
    if isinstance(references, list) and references:
        lines += ["", "See", "", *(f"  {address}" for address in references)]
    return "\n".join(lines)


def _accepting(rule: Rule) -> list[str]:
    """How not to be told of it."""
    if rule.family == IMAGE:
        return ["Metadata has no comments. To leave the rule out:", "", f"    audit image --ignore {rule.id} IMAGE"]
    place = "on its line or the line above" if rule.family == SCAN else "above the instruction"
    return [f"To accept one case, {place}:", "", f"    # audit: ignore[{rule.id}] why this is fine"]


def _example(heading: str, examples: list[Example]) -> list[str]:
    if not examples:
        return []
    first = examples[0]
    title = f"{heading}: {first.title}" if first.title else heading
    return ["", title, "", *indented(first.text), *_rewritten(first)]


def _rewritten(example: Example) -> list[str]:
    """What `audit fix` makes of an example."""
    lines = ["", f"What `{example.command}` makes of it", "", *indented(example.fixed)] if example.fixed else []
    if example.ignored:
        start = "and" if example.fixed else f"`{example.command}` leaves the Dockerfile as it is, and"
        lines += ["", *paragraphs(f"{start} adds to .dockerignore: {', '.join(example.ignored)}", _WIDTH)]
    return lines
