"""Whether a rewritten compose file may take the original's place: read again, all but the plans' own parts the same."""

from __future__ import annotations

from collections import Counter

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.services.plan import EnvPlan, FilePlan, TextPlan
from auditor.fixes.services.writing import new_entry
from auditor.lang.compose.nodes import Alias, Mapping, Scalar, Sequence
from auditor.run.suppress import ABOUT_COMMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence as Listed

    from auditor.fixes.services.plan import TextualPlan
    from auditor.flow.services import ComposeFacts
    from auditor.lang.compose.nodes import Node
    from auditor.run.analysis import Analysis


def objection(before: Analysis, after: Analysis, plans: Listed[TextualPlan], answered: Counter[tuple[str, str]]) -> str:
    """Why the result must not be written, as a sentence part; "" where everything holds.

    `answered` counts the findings, by rule and subject, that the plans promised to remove.
    """
    if before.compose is None or after.compose is None:
        return "the result could not be read again"
    old, new = (Counter((f.rule, f.subject) for f in one.findings) for one in (before, after))
    for key, count in new.items():
        if key[0] not in ABOUT_COMMENTS and count > old[key] - answered[key]:
            return f"a finding of {key[0]} would be there: {key[1]}"
    wanted = Counter(new_entry(plan) for plan in plans if isinstance(plan, EnvPlan))
    there = Counter(_entries(after.compose)) - Counter(_entries(before.compose))
    if wanted - there:
        return "an entry would read differently"
    if _Shape(before.compose, plans, is_old=True).documents() != _Shape(after.compose, plans, is_old=False).documents():
        return "something that the change does not concern would read differently"
    return ""


def _entries(facts: ComposeFacts) -> list[tuple[str, str]]:
    sections = [*facts.file.sections, *facts.parts.sections]
    return [(e.name, e.raw.text) for section in sections for e in section.entries if e.raw is not None]


class _Shape:
    """A file's content without what plans of entries concern: those entries, and the secrets that they add.

    In the old file (`is_old`) texts and contents are what the other plans make of them.
    """

    def __init__(self, facts: ComposeFacts, plans: Listed[TextualPlan], *, is_old: bool) -> None:
        self.file = facts.file
        entries = [plan for plan in plans if isinstance(plan, EnvPlan)]
        self.names = {name for plan in entries for name in (plan.setting.entry.name, new_entry(plan)[0])}
        self.ids = {plan.given for plan in entries if plan.services}
        self.sections = {id(section.node) for section in (*facts.file.sections, *facts.parts.sections)}
        self.texts: dict[int, list[TextPlan]] = {}
        self.contents: dict[int, FilePlan] = {}
        self.separated: dict[int, int] = {}
        for plan in plans if is_old else ():
            if isinstance(plan, TextPlan):
                self.texts.setdefault(id(plan.node), []).append(plan)
            elif isinstance(plan, FilePlan):
                self.contents[id(plan.source.node)] = plan
            else:
                self.separated.update((id(one.words), one.at) for one in plan.separated)

    def documents(self) -> list[object]:
        """All of it, to be compared."""
        return [self._plain(document) for document in self.file.documents]

    def _plain(self, node: Node) -> object:
        if isinstance(node, Alias):
            return ("alias", node.anchor)
        if isinstance(node, Scalar):
            return self._scalar(node)
        gone = self.names if id(node) in self.sections else set()
        if isinstance(node, Sequence):
            items = [self._plain(i) for i in node.items if _name(i).partition("=")[0] not in gone]
            if id(node) in self.separated:
                items.insert(self.separated[id(node)], ("scalar", "--", True, ""))
            return ("list", items, node.anchor)
        return ("mapping", self._pairs(node, gone) if isinstance(node, Mapping) else [], node.anchor)

    def _scalar(self, node: Scalar) -> object:
        value, quoted = node.value, bool(node.style)
        for plan in sorted(self.texts.get(id(node), ()), key=lambda plan: -plan.at):
            value, quoted = value[: plan.at] + plan.new + value[plan.at + len(plan.old) :], quoted or plan.quoted
        return ("scalar", value, quoted, node.anchor)

    def _pairs(self, node: Mapping, gone: set[str]) -> list[object]:
        pairs: list[object] = []
        content = self.contents.get(id(node))
        for key, value in node.pairs:
            if content is not None and _name(key) == "content":
                pairs.append((("scalar", "file", False, ""), ("scalar", content.path, False, "")))
                continue
            if _name(key) in gone:
                continue
            kept = _without(value, self.ids) if _name(key) == "secrets" else value
            if kept is not None:
                pairs.append((self._plain(key), self._plain(kept)))
        return pairs


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
