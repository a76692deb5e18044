"""Edits of a bake file's objects and lists, in HCL and in JSON; on doubt the draft fails."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.lang.compose.nodes import Mapping, Node, Sequence

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft

_UNSURE = "the target here is written in a way that cannot be changed safely"
_REST = Pattern(r"[ \t]*,?[ \t]*(?:(?:#|//)[^\r\n]*)?(?=\r?\n|$)")


class Board:
    """The text of a bake file; `json` tells which of the two notations it has."""

    def __init__(self, text: str, *, json: bool) -> None:
        self.text = text
        self.json = json
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _indent(self, offset: int) -> str:
        """The white space that the line of a place begins with."""
        line = self.text[self._line_start(offset) : offset]
        return line[: len(line) - len(line.lstrip())]

    def remove(self, parent: Mapping, gone: list[int], draft: Draft) -> None:
        """Take pairs out of an object or a target."""
        pairs = parent.pairs
        for i in gone:
            start, end = pairs[i][0].span.start, pairs[i][1].span.end
            lines = None if self.json else self._lines(start, end)
            if lines is not None:
                draft.replace(lines, "")
                continue
            following = i + 1
            while following in gone:
                following += 1
            if following < len(pairs):
                end = pairs[i + 1][0].span.start
            elif i:
                start = pairs[i - 1][1].span.end
            if not self.json and ("\n" in self.text[start:end] or len(gone) == len(pairs) > 1):
                draft.fail(_UNSURE)
            draft.replace(Span(start, end), "")

    def _lines(self, start: int, end: int) -> Span | None:
        """The whole lines of a pair, if nothing else stands on them."""
        first = self._line_start(start)
        rest = _REST.match(self.text, end)
        if rest is None or self.text[first:start].strip(" \t\ufeff"):
            return None
        newline = self.text.find("\n", rest.end())
        return Span(first, len(self.text) if newline < 0 else newline + 1)

    def swap(self, pair: tuple[Node, Node], fresh: dict[str, list[str]], draft: Draft) -> None:
        """Other settings in the place of a pair."""
        start, end = pair[0].span.start, pair[1].span.end
        if not self.json and self._lines(start, end) is None and len(fresh) > 1:
            draft.fail(_UNSURE)
        joint = ("," if self.json else "") + self.newline + self._indent(start)
        draft.replace(Span(start, end), joint.join(self._setting(*item) for item in fresh.items()))

    def _setting(self, name: str, items: list[str]) -> str:
        listed = ", ".join(f'"{item}"' for item in items)
        return f'"{name}": [{listed}]' if self.json else f"{name} = [{listed}]"

    def insert(
        self, target: Mapping, after: tuple[Node, Node] | None, fresh: dict[str, list[str]], draft: Draft
    ) -> None:
        """More settings behind one of a target; None where it has none."""
        texts = [self._setting(*item) for item in fresh.items()]
        if after is None:
            self._fill(target, texts, draft)
            return
        start, end = after[0].span.start, after[1].span.end
        own_line = not self.text[self._line_start(start) : start].strip()
        if self.json:
            joint = "," + (self.newline + self._indent(start) if own_line else " ")
            draft.replace(Span(end, end), "".join(joint + text for text in texts))
            return
        lines = self._lines(start, end)
        if lines is None:
            draft.fail(_UNSURE)
            return
        rest = _REST.match(self.text, end)
        at = rest.end() if rest is not None else end
        draft.replace(Span(at, at), "".join(self.newline + self._indent(start) + text for text in texts))

    def _fill(self, target: Mapping, texts: list[str], draft: Draft) -> None:
        """Into an empty target."""
        start, end = target.span.start + 1, target.span.end - 1
        if self.text[start:end].strip():
            draft.fail(_UNSURE)
            return
        if self.json:
            draft.replace(Span(start, end), ", ".join(texts))
            return
        indent = self._indent(target.span.start)
        body = "".join(f"{self.newline}{indent}  {text}" for text in texts)
        draft.replace(Span(start, end), f"{body}{self.newline}{indent}")

    def extend(self, node: Node, items: list[str], draft: Draft) -> None:
        """More items for a list."""
        quoted = [f'"{item}"' for item in items]
        if not isinstance(node, Sequence):
            draft.fail(_UNSURE)
        elif node.items:
            last = node.items[-1].span
            line = self._line_start(last.start)
            own_line = not self.text[line : last.start].strip()
            joint = "," + (self.newline + self.text[line : last.start] if own_line else " ")
            draft.replace(Span(last.end, last.end), "".join(joint + text for text in quoted))
        elif self.text[node.span.start + 1 : node.span.end - 1].strip():
            draft.fail(_UNSURE)
        else:
            draft.replace(Span(node.span.start + 1, node.span.end - 1), ", ".join(quoted))
