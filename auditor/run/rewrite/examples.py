"""What `audit fix` makes of the examples of rules, for the tests and `audit rules check`."""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.run.examples import Example, placed
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions

IGNORE = ".dockerignore"


class Rewritten(NamedTuple):
    """The Dockerfile after the rewrite, the lines that its ignore file has more, the rules whose findings are gone, and
    those that are left, with reasons."""

    text: str
    ignored: tuple[str, ...]
    gone: frozenset[str]
    left: tuple[tuple[str, str], ...]


def rewritten(example: Example, text: str | None = None, *, unsafe: bool | None = None) -> Rewritten:
    """An example, or its text in another spelling, after `audit fix`; `unsafe` defaults to what the example says."""
    source = example.text if text is None else text
    with placed(example, text) as (settings, path):
        run = fix(settings, [path], FixOptions(unsafe=example.unsafe if unsafe is None else unsafe))
    [rewrite] = run.rewrites
    after, ignored = source, ""
    for change in rewrite.changes:
        if change.path == path:
            after = change.after
        elif change.kind == "ignore":
            ignored = change.after
    known = (example.files or {}).get(IGNORE, "").splitlines()
    left = tuple((one.finding.rule, one.reason) for one in rewrite.left)
    gone = frozenset(finding.rule for applied in rewrite.applied for finding in applied.findings)
    return Rewritten(after, tuple(line for line in ignored.splitlines() if line not in known), gone, left)


def problem(example: Example) -> str:
    """What is wrong with the rewrite of a bad example that has one, for `audit rules check`; "" if nothing is."""
    result = rewritten(example)
    if result.text == example.text:
        return f"nothing is fixed: {'; '.join(reason for _rule, reason in result.left)}"
    if result.text != example.fixed:
        return "the fixed text is another one"
    if result.ignored != example.ignored:
        return f"the ignore file should get {list(example.ignored)}, gets {list(result.ignored)}"
    if rewritten(example, result.text).text != result.text:
        return "a second run changes it again"
    return ""
