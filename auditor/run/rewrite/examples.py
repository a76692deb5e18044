"""What `audit fix` makes of the examples of rules, for the tests and `audit rules check`."""

from __future__ import annotations

import os

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.wrappers import Wrapping, wrapper_named
from auditor.run.examples import Example, placed
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

IGNORE = ".dockerignore"


class Rewritten(NamedTuple):
    """The Dockerfile and its ignore file after the rewrite, the lines that this has more, the rules whose findings are
    gone, and those that are left, with reasons; other files that changed, by path."""

    text: str
    ignore: str
    ignored: tuple[str, ...]
    gone: frozenset[str]
    left: tuple[tuple[str, str], ...]
    changed: Mapping[str, str] = {}


def rewritten(example: Example, text: str | None = None, *, unsafe: bool | None = None) -> Rewritten:
    """An example, or its text in another spelling, after `audit fix`; `unsafe` defaults to what the example says."""
    source = example.text if text is None else text
    before = (example.files or {}).get(IGNORE, "")
    with placed(example, text) as (settings, path):
        settings.min_severity = example.least
        is_unsafe = example.unsafe if unsafe is None else unsafe
        run = fix(settings, [path], FixOptions(unsafe=is_unsafe, wrapping=_wrapping(example)))
    if not run.rewrites:  # nothing is said about a script that is clean
        return Rewritten(source, before, (), frozenset(), ())
    [rewrite] = run.rewrites
    after, ignore = source, before
    changed: dict[str, str] = {}
    for change in rewrite.changes:
        if change.path == path:
            after = change.after
        elif change.kind == "ignore":
            ignore = change.after
        else:
            changed[os.path.relpath(change.path, os.path.dirname(path)).replace(os.sep, "/")] = change.after
    known = before.splitlines()
    left = tuple((one.finding.rule, one.reason) for one in rewrite.left)
    gone = frozenset(finding.rule for applied in rewrite.applied for finding in applied.findings)
    return Rewritten(
        after, ignore, tuple(line for line in ignore.splitlines() if line not in known), gone, left, changed
    )


def _wrapping(example: Example) -> Wrapping | None:
    wrapper = wrapper_named(example.wrapper) if example.wrapper else None
    if wrapper is None:
        return None
    return Wrapping(wrapper, {name: value for name, _equals, value in (one.partition("=") for one in example.mapped)})


def with_fix(example: Example, result: Rewritten) -> Example:
    """The example as the rewrite left it: to be searched or rewritten once more."""
    files = example.files
    if files is not None:
        files = {**files, **result.changed, **({IGNORE: result.ignore} if result.ignore else {})}
    return example._replace(text=result.text, files=files)


def problem(example: Example) -> str:
    """What is wrong with the rewrite of a bad example that has one, for `audit rules check`; "" if nothing is."""
    result = rewritten(example)
    if result.text == example.text and not result.ignored and not result.changed:
        return f"nothing is fixed: {'; '.join(reason for _rule, reason in result.left)}"
    if result.text != example.after:
        return "the fixed text is another one"
    if result.ignored != example.ignored:
        return f"the ignore file should get {list(example.ignored)}, gets {list(result.ignored)}"
    if result.changed != example.changed:
        return f"other files that should change: {sorted(example.changed)}, that do: {sorted(result.changed)}"
    again = rewritten(with_fix(example, result))
    if (again.text, again.ignore, again.changed) != (result.text, result.ignore, {}):
        return "a second run changes it again"
    return ""
