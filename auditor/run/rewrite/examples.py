"""What `audit fix` makes of the examples of rules, for the tests and `audit rules check`."""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.run.examples import Example, placed
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions

IGNORE = ".dockerignore"


class Rewritten(NamedTuple):
    """The Dockerfile and its ignore file after the rewrite, the lines that this has more, the rules whose findings are
    gone, and those that are left, with reasons."""

    text: str
    ignore: str
    ignored: tuple[str, ...]
    gone: frozenset[str]
    left: tuple[tuple[str, str], ...]


def rewritten(example: Example, text: str | None = None, *, unsafe: bool | None = None) -> Rewritten:
    """An example, or its text in another spelling, after `audit fix`; `unsafe` defaults to what the example says."""
    source = example.text if text is None else text
    before = (example.files or {}).get(IGNORE, "")
    with placed(example, text) as (settings, path):
        settings.min_severity = example.least
        run = fix(settings, [path], FixOptions(unsafe=example.unsafe if unsafe is None else unsafe))
    if not run.rewrites:  # nothing is said about a script that is clean
        return Rewritten(source, before, (), frozenset(), ())
    [rewrite] = run.rewrites
    after, ignore = source, before
    for change in rewrite.changes:
        if change.path == path:
            after = change.after
        elif change.kind == "ignore":
            ignore = change.after
    known = before.splitlines()
    left = tuple((one.finding.rule, one.reason) for one in rewrite.left)
    gone = frozenset(finding.rule for applied in rewrite.applied for finding in applied.findings)
    return Rewritten(after, ignore, tuple(line for line in ignore.splitlines() if line not in known), gone, left)


def with_fix(example: Example, result: Rewritten) -> Example:
    """The example as the rewrite left it: to be searched or rewritten once more."""
    files = example.files
    if files is not None and result.ignore:
        files = {**files, IGNORE: result.ignore}
    return example._replace(text=result.text, files=files)


def problem(example: Example) -> str:
    """What is wrong with the rewrite of a bad example that has one, for `audit rules check`; "" if nothing is."""
    result = rewritten(example)
    if result.text == example.text and not result.ignored:
        return f"nothing is fixed: {'; '.join(reason for _rule, reason in result.left)}"
    if result.text != example.after:
        return "the fixed text is another one"
    if result.ignored != example.ignored:
        return f"the ignore file should get {list(example.ignored)}, gets {list(result.ignored)}"
    again = rewritten(with_fix(example, result))
    if (again.text, again.ignore) != (result.text, result.ignore):
        return "a second run changes it again"
    return ""
