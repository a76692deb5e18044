"""Edits of YAML by whole lines (block style) or by parts of one line (flow style); on doubt the draft fails."""

from __future__ import annotations

from auditor.core.edit import Edit
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.lang.compose.nodes import Alias, Mapping, Node, Sequence, walk
from auditor.lang.compose.nodes import text_of as text_of

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft

_UNSURE = "the YAML here is written in a way that cannot be changed safely"


class Sheet:
    """The text of one YAML file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def line_start(self, offset: int) -> int:
        """Where the line of a place begins."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Behind the line end of the line of a place."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1

    def last(self, node: Node) -> int:
        """Behind the line that a node ends on, blank lines after it not counted."""
        end = node.span.end
        while end > node.span.start and self.text[end - 1].isspace():
            end -= 1
        return self.line_end(end)

    def column(self, node: Node) -> int:
        """Characters before a node on its line."""
        start = self.line_start(node.span.start)
        return node.span.start - start - (start == 0 and self.text.startswith("\ufeff"))

    def lines_of(self, key: Node, value: Node, draft: Draft) -> Span:
        """The whole lines of a pair."""
        start = self.line_start(key.span.start)
        if self.text[start : key.span.start].strip(" \ufeff"):
            draft.fail(_UNSURE)
        return Span(start, max(self.last(value), self.line_end(key.span.end)))

    def remove(self, parent: Mapping | Sequence, gone: list[int], draft: Draft) -> None:
        """Take parts out of a mapping or list that keeps others."""
        parts = self._parts(parent)
        if any(holds_anchor(node) for i in gone for node in parts[i]):
            draft.fail(_UNSURE)
        if not parent.flow:
            for i in gone:
                key, value = parts[i][0], parts[i][-1]
                if isinstance(parent, Mapping):
                    draft.replace(self.lines_of(key, value, draft), "")
                else:
                    self._item(value, draft)
            return
        kept = [i for i in range(len(parts)) if i not in gone]
        for i in gone:
            start, end = parts[i][0].span.start, parts[i][-1].span.end
            if i < max(kept):
                end = parts[i + 1][0].span.start
            else:
                start = parts[i - 1][-1].span.end
            if any(c in self.text[start:end] for c in "\n#"):
                draft.fail(_UNSURE)
            draft.replace(Span(start, end), "")

    def _item(self, value: Node, draft: Draft) -> None:
        start = self.line_start(value.span.start)
        if self.text[start : value.span.start].strip() != "-":
            draft.fail(_UNSURE)
        draft.replace(Span(start, self.last(value)), "")

    def _parts(self, parent: Mapping | Sequence) -> list[tuple[Node, ...]]:
        return [(item,) for item in parent.items] if isinstance(parent, Sequence) else list(parent.pairs)

    def put(self, at: int, lines: list[str], *, over: Span | None = None) -> Edit:
        """Lines at the beginning of a line (or at the end of the file), or in the place of whole lines."""
        body = self.newline.join(lines)
        span = over or Span(at, at)
        if span.end >= len(self.text) and not self.text.endswith("\n"):
            first = "" if span.start == 0 or self.text[span.start - 1] == "\n" else self.newline
            return Edit(span, first + body)
        return Edit(span, body + self.newline)

    def indent(self, parent: Mapping) -> str:
        """The indentation of a mapping's keys."""
        return " " * self.column(parent.pairs[0][0]) if parent.pairs else ""

    def extend(self, parent: Sequence, items: list[str], draft: Draft) -> None:
        """More items at the end of a list."""
        if parent.marked or not parent.items:
            draft.fail(_UNSURE)
            return
        last = parent.items[-1]
        if last.span.start == last.span.end:
            draft.fail(_UNSURE)
            return
        if parent.flow:
            draft.replace(Span(last.span.end, last.span.end), "".join(f", {item}" for item in items))
            return
        start = self.line_start(last.span.start)
        lead = self.text[start : last.span.start]
        if lead.strip() != "-":
            lead = " " * lead.index("-") + "- " if lead.strip().endswith("-") and lead.count("-") == 1 else ""
        if not lead:
            draft.fail(_UNSURE)
            return
        draft.edits.append(self.put(self.last(last), [lead + item for item in items]))

    def step(self, parent: Mapping, default: int = 2) -> int:
        """How far a mapping's nested mappings stand further in."""
        for _, value in parent.pairs:
            if isinstance(value, Mapping) and not value.flow and value.pairs:
                return max(self.column(value.pairs[0][0]) - self.column(parent.pairs[0][0]), 1)
        return default


def holds_anchor(node: Node) -> bool:
    """Whether anything in a node may be used elsewhere by its anchor."""
    return any(part.anchor and not isinstance(part, Alias) for part in walk(node))
