"""Literal secrets of RUN instructions: every place of every value, in groups that have to change together."""

from __future__ import annotations

from bisect import bisect_right

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.secret import Secret
    from auditor.flow.build import Build
    from auditor.flow.facts import Literal, Step

WRITTEN_BY_RUN = ("written", "stored")
#: Values that are no accident when they stand in a second place.
_TELLING = 10
_LIVE = ("secret", "weak")


class Found(NamedTuple):
    """One place at which a secret is written into an instruction; `detail` is the program it is given to."""

    step: Step
    literal: Literal
    detail: str


def groups(build: Build) -> list[list[Found]]:
    """The places by value, values that end in one file together."""
    by_value: dict[Secret, list[Found]] = {}
    for one in found(build):
        by_value.setdefault(one.literal.secret, []).append(one)
    for group in by_value.values():
        group += _elsewhere(build, group)
    return _by_file(build, list(by_value.values()))


def found(build: Build) -> list[Found]:
    """The literal secrets of RUN instructions, each place once; tokens that nothing explains come last."""
    seen: list[Found] = []
    for use in build.facts.uses:
        if use.kind in ("literal", "url") and use.literal is not None:
            seen.append(Found(use.step, use.literal, use.detail))
    for file in build.facts.files:
        if file.how in (*WRITTEN_BY_RUN, "cloned"):
            seen += [Found(file.step, literal, "") for literal in file.literals]
    seen += [
        Found(use.step, use.literal, "") for use in build.facts.uses if use.kind == "token" and use.literal is not None
    ]
    # What secrets-bridge is given are names of secrets; its own planner takes the call away.
    bridged = {id(use.step.instruction) for use in build.facts.uses if use.detail == "secrets-bridge"}
    kept: dict[int, Found] = {}
    covered: list[Span] = []
    for one in seen:
        span = one.literal.span
        node = one.step.instruction
        if node.keyword != "RUN" or id(node) in bridged or one.literal.level not in _LIVE:
            continue
        index = bisect_right(covered, (span.end, 0)) - 1
        if index < 0 or covered[index].end <= span.start:
            covered.insert(index + 1, span)
            kept[span.start] = one
    return [kept[start] for start in sorted(kept)]


def _elsewhere(build: Build, group: Sequence[Found]) -> list[Found]:
    """Further places of RUNs at which the value stands, though nothing there says what it is."""
    literal, text = group[0].literal, build.document.text
    value = literal.secret.reveal()
    if literal.level != "secret" or len(value) < _TELLING:
        return []
    more: list[Found] = []
    spans = [one.literal.span for one in group]
    for run in build.facts.runs:
        node = run.step.instruction
        end = max([node.span.end, *(heredoc.span.end for heredoc in node.heredocs)])
        at = text.find(value, node.span.start, end)
        while at >= 0:
            span = Span(at, at + len(value))
            if not any(known.start < span.end and span.start < known.end for known in spans):
                more.append(Found(run.step, literal._replace(span=span, kind="token"), ""))
            at = text.find(value, span.end, end)
    return more


def _by_file(build: Build, groups: list[list[Found]]) -> list[list[Found]]:
    """Groups of places, those united whose values end in the same file."""
    kept = [f for f in build.facts.files if f.how in WRITTEN_BY_RUN and not f.gone]
    owner: dict[str, list[Found]] = {}
    united: list[list[Found]] = []
    for group in groups:
        paths = {f.path for f in kept for one in f.literals if any(one.span == g.literal.span for g in group)}
        mine = next((owner[path] for path in sorted(paths) if path in owner), None)
        if mine is None:
            mine = []
            united.append(mine)
        mine += group
        owner.update(dict.fromkeys(paths, mine))
    return united
