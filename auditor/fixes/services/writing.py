"""The edits of plans for a compose file, all of them at once: services and the top level name a secret one time."""

from __future__ import annotations

from auditor.core.edit import Edit, EditConflict, merged
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import MOUNTED
from auditor.core.span import Span
from auditor.fixes.callers.composetop import TopSecrets
from auditor.fixes.callers.work import Draft, at_once
from auditor.fixes.callers.yamledit import Sheet
from auditor.fixes.plan import Refused
from auditor.fixes.services.plan import FOLDER, EnvPlan, TextPlan
from auditor.lang.compose.nodes import Mapping, Scalar, Sequence
from auditor.lang.compose.places import content

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.fixes.services.plan import FilePlan, Separated, TextualPlan
    from auditor.lang.compose.nodes import Node
    from auditor.lang.compose.services import ComposeText

#: Where compose puts the files of secrets.
_TEXT_TAG = Pattern(r"(?:!!str|!)[ \t]")


def edits_of(file: ComposeText, plans: Iterable[TextualPlan]) -> list[Edit]:
    """What the plans change in the file's text. Raises Refused where that cannot be done for certain."""
    writer = Writer(file)
    for plan in plans:
        if isinstance(plan, EnvPlan):
            writer.setting(plan)
        elif isinstance(plan, TextPlan):
            writer.text(plan)
        else:
            writer.content(plan)
    return writer.finish()


def new_entry(plan: EnvPlan) -> tuple[str, str]:
    """Name and value of the entry that takes the place of the plan's."""
    if plan.file_variable:
        return plan.file_variable, plan.value or f"{MOUNTED}/{plan.given}"
    return plan.setting.entry.name, f"${{{plan.given}:?}}"


class Writer:
    """Collects the edits of plans for one file."""

    def __init__(self, file: ComposeText) -> None:
        self.file = file
        self.sheet = Sheet(file.text)
        self.draft = Draft()
        self._given: dict[int, tuple[Mapping, list[str]]] = {}
        #: By the secret's name, where it comes from.
        self._sources: dict[str, str] = {}
        self._top_problem: str | None = None

    def check(self, nodes: Iterable[Mapping]) -> None:
        """Raises Refused where services (by their nodes) cannot be given a secret, or none can be declared."""
        if self._top_problem is None:
            self._top_problem = self._problem_at_top()
        if self._top_problem:
            raise Refused(self._top_problem)
        draft = self.draft
        try:
            for node in nodes:
                self.draft = Draft()
                self._service(node, ["secret"], "- ")
                if self.draft.problem:
                    raise Refused(f"{self.draft.problem} (line {self.file.line(node)})")
        finally:
            self.draft = draft

    def _problem_at_top(self) -> str:
        trial = Writer(self.file)
        trial._sources["secret"] = f"file: ./{FOLDER}/secret"
        try:
            trial.finish()
        except Refused as refused:
            return refused.reason
        return ""

    def setting(self, plan: EnvPlan) -> None:
        """The entry itself; what services get is collected."""
        entry = plan.setting.entry
        name, value = new_entry(plan)
        if plan.setting.uses and not plan.file_variable and self._in_default(plan, value):
            return
        if entry.key is None:
            self._replace(entry.node, f"{name}={value}", in_flow=entry.section.node.flow)
        else:
            if name != entry.name:
                self._replace(entry.key, name)
            self._replace(entry.node, value, in_flow=entry.section.node.flow)
        for separated in plan.separated:
            self._separate(separated)
        for node in plan.services:
            self.give(node, plan.given, f"file: ./{FOLDER}/{plan.given}")

    def give(self, node: Mapping, given: str, source: str) -> None:
        """Let a service have a secret (`file: PATH` says which one)."""
        ids = self._given.setdefault(id(node), (node, []))[1]
        if given not in ids:
            ids.append(given)
        self._sources.setdefault(given, source)

    def text(self, plan: TextPlan) -> None:
        """A part of a scalar."""
        if not plan.quoted:
            self.draft.replace(plan.place, plan.new)
            return
        span = content(self.file.text, plan.node)
        old = self.file.text[slice(*span)]
        if any(char in old for char in '"\\\n'):
            raise Refused(f"the YAML there cannot be changed safely (line {self.file.line(plan.node)})")
        start, end = plan.place
        changed = old[: start - span.start] + plan.new + old[end - span.start :]
        self.draft.replace(span, f'"{changed}"')

    def content(self, plan: FilePlan) -> None:
        """`content` with its text becomes `file` with a path."""
        pair = plan.source.node.pair("content")
        assert pair is not None
        key, value = pair
        if not isinstance(value, Scalar) or value.marked or not isinstance(key, Scalar) or key.style or key.marked:
            raise Refused(f"the YAML there cannot be changed safely (line {self.file.line(key)})")
        end = content(self.file.text, value).end + (1 if value.style in ("'", '"') else 0)
        self.draft.replace(Span(key.span.start, max(end, key.span.end)), f"file: {plan.path}")

    def _separate(self, separated: Separated) -> None:
        """`--` as a word of a list."""
        words, at = separated
        if at < len(words.items):
            here = words.items[at].span.start
            if words.flow:
                self.draft.replace(Span(here, here), '"--", ')
                return
            start = self.sheet.line_start(here)
            lead = self.file.text[start:here]
            if lead.strip() != "-":
                raise Refused(f"the YAML there cannot be changed safely (line {self.file.line(words)})")
            self.draft.edits.append(self.sheet.put(start, [f'{lead}"--"']))
            return
        self.sheet.extend(words, ['"--"'], self.draft)

    def _in_default(self, plan: EnvPlan, value: str) -> bool:
        """`${NAME:-literal}` inside a value: only that variable changes."""
        setting = plan.setting
        for use in setting.uses:
            place = setting.at(use)
            if use.name == plan.given and use.default is not None and place.covers(setting.literal.span.start):
                if not self.file.text.startswith("${", place.start):  # the characters' places are not known
                    raise Refused(
                        f"the YAML there cannot be changed safely (line {self.file.line(setting.entry.node)})"
                    )
                self.draft.replace(place, value)
                return True
        return False

    def _replace(self, node: Node, text: str, *, in_flow: bool = False) -> None:
        """Other text for a scalar, in its own quotes."""
        if not isinstance(node, Scalar):
            raise Refused(f"the YAML there cannot be changed safely (line {self.file.line(node)})")
        span = content(self.file.text, node)
        head = self.file.text[node.span.start : span.start]
        if "!" in head and not _TEXT_TAG.search(head):
            raise Refused(f"the value has a tag of its own (line {self.file.line(node)})")
        if not node.style and "$" in text and in_flow:
            text = f'"{text}"'  # braces have a meaning there
        self.draft.replace(span, text)

    def finish(self) -> list[Edit]:
        """All edits, those of the services' `secrets` and of the top level too."""
        if self._sources:
            self._declare()
        if self.draft.problem:
            raise Refused(self.draft.problem)
        try:
            return merged(at_once(self.draft.edits))
        except EditConflict:
            raise Refused("two changes of it concern the same text") from None

    def _declare(self) -> None:
        if self.file.top is None:
            raise Refused("the file has no top level that could declare secrets")
        top = TopSecrets(self.file.top, self.sheet, alone=len(self.file.documents) == 1)
        for given, source in self._sources.items():
            top.add(given, source, self.draft)
        for node, ids in self._given.values():
            self._service(node, ids, top.dash())
        top.declare(self.draft)
        if self.draft.problem:
            pair = self.file.top.pair("secrets")
            raise Refused(f"{self.draft.problem} (line {self.file.line(pair[0] if pair else self.file.top)})")

    def _service(self, node: Mapping, ids: list[str], dash: str) -> None:
        """Let a service have secrets: more items of its list, or a list behind its environment."""
        own = node.pair("secrets")
        line = self.file.line(own[0] if own is not None else node)
        if own is None and self.file.inherited(node, "secrets") is not None:
            raise Refused(f"the `secrets` of the service are merged from elsewhere (line {line})")
        if own is not None:
            self._extend(own[1], ids, line)
            return
        pair = node.pair("environment") or node.pairs[-1]
        if node.flow:
            end = pair[1].span.end
            self.draft.replace(Span(end, end), f", secrets: [{', '.join(ids)}]")
            return
        indent = self.sheet.indent(node)
        start = self.sheet.line_start(pair[0].span.start)
        if self.file.text[start : pair[0].span.start].strip(" \ufeff"):
            raise Refused(f"the YAML there cannot be changed safely (line {self.file.line(pair[0])})")
        at = self._behind(max(self.sheet.last(pair[1]), self.sheet.line_end(pair[0].span.end)), len(indent))
        self.draft.edits.append(self.sheet.put(at, [f"{indent}secrets:", *(f"{indent}{dash}{one}" for one in ids)]))

    def _extend(self, value: Node, ids: list[str], line: int) -> None:
        listed = value.items if isinstance(value, Sequence) else []
        if not isinstance(value, Sequence) or value.marked or not listed:
            raise Refused(f"the `secrets` of the service cannot be added to safely (line {line})")
        self.sheet.extend(value, ids, self.draft)

    def _behind(self, at: int, indent: int) -> int:
        """Behind the comments that follow and stand further in than the service's keys."""
        while at < len(self.file.text):
            end = self.sheet.line_end(at)
            line = self.file.text[at:end]
            if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) <= indent:
                break
            at = end
        return at
