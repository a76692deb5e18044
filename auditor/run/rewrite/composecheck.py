"""Whether a rewritten compose file may take the original's place: read again, all but the plans' own parts the same."""

from __future__ import annotations

from collections import Counter

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.services.writing import new_entry
from auditor.lang.compose.nodes import Alias, Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Sequence as Listed

    from auditor.fixes.services.plan import EnvPlan
    from auditor.lang.compose.nodes import Node
    from auditor.lang.compose.services import ComposeText
    from auditor.run.analysis import Analysis

#: Rules about comments: a comment that silenced what is gone now is no new leak.
_ABOUT_COMMENTS = frozenset({"unused-ignore"})


def objection(before: Analysis, after: Analysis, plans: Listed[EnvPlan], answered: Counter[tuple[str, str]]) -> str:
    """Why the result must not be written, as a sentence part; "" where everything holds.

    `answered` counts the findings, by rule and subject, that the plans promised to remove.
    """
    if before.compose is None or after.compose is None:
        return "the result could not be read again"
    old, new = (Counter((f.rule, f.subject) for f in one.findings) for one in (before, after))
    for key, count in new.items():
        if key[0] not in _ABOUT_COMMENTS and count > old[key] - answered[key]:
            return f"a finding of {key[0]} would be there: {key[1]}"
    wanted = Counter(new_entry(plan) for plan in plans)
    there = Counter(_entries(after.compose.file)) - Counter(_entries(before.compose.file))
    if wanted - there:
        return "an entry would read differently"
    if _shape(before.compose.file, plans) != _shape(after.compose.file, plans):
        return "something that the change does not concern would read differently"
    return ""


def _entries(file: ComposeText) -> list[tuple[str, str]]:
    return [(e.name, e.raw.text) for section in file.sections for e in section.entries if e.raw is not None]


def _shape(file: ComposeText, plans: Listed[EnvPlan]) -> object:
    """The file's content without what the plans concern: their entries, and the secrets that they add."""
    names = {name for plan in plans for name in (plan.setting.entry.name, new_entry(plan)[0])}
    ids = {plan.given for plan in plans if plan.services}
    sections = {id(section.node) for section in file.sections}
    return [_plain(document, names, ids, sections) for document in file.documents]


def _plain(node: Node, names: set[str], ids: set[str], sections: set[int]) -> object:
    if isinstance(node, Alias):
        return ("alias", node.anchor)
    if isinstance(node, Scalar):
        return ("scalar", node.value, bool(node.style), node.anchor)
    gone = names if id(node) in sections else set()
    if isinstance(node, Sequence):
        items = [_plain(i, names, ids, sections) for i in node.items if _name(i).partition("=")[0] not in gone]
        return ("list", items, node.anchor)
    pairs = []
    for key, value in node.pairs if isinstance(node, Mapping) else ():
        if _name(key) in gone:
            continue
        kept = _without(value, ids) if _name(key) == "secrets" else value
        if kept is not None:
            pairs.append((_plain(key, names, ids, sections), _plain(kept, names, ids, sections)))
    return ("mapping", pairs, node.anchor)


def _without(value: Node, ids: set[str]) -> Node | None:
    """A `secrets` list or mapping without those that were added; None where nothing else is in it."""
    if isinstance(value, Sequence) and any(_name(item) in ids for item in value.items):
        rest = Sequence(value.span, value.flow, value.anchor, value.marked)
        rest.items = [item for item in value.items if _name(item) not in ids]
        return rest if rest.items else None
    if isinstance(value, Mapping) and any(_name(key) in ids for key, _source in value.pairs):
        kept = Mapping(value.span, value.flow, value.anchor, value.marked)
        kept.pairs = [pair for pair in value.pairs if _name(pair[0]) not in ids]
        return kept if kept.pairs else None
    return value


def _name(node: Node) -> str:
    return node.value if isinstance(node, Scalar) else ""
