"""The tree of an expression as instructions for an automaton (Thompson's construction)."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.regexes.charsets import ANY, WORD
from auditor.detect.userrules.goregex.nodes import Branch, Chars, Concat, Edge, Group, Unsupported, shortest

if TYPE_CHECKING:
    from auditor.detect.userrules.goregex.nodes import Node, Repeat
    from auditor.lang.automaton import Ranges

#: More instructions than this make every step slow.
MAX_INSTRUCTIONS = 5000
CHAR, SPLIT, EDGE, SAVE, MATCH = range(5)
#: What stands beside a place: nothing (an end of the text), a newline, a character of `\w`, another one.
NOTHING, LINE, LETTER, OTHER = range(4)
_MAX_KNOWN = 4096


class Instruction(NamedTuple):
    """One step. `to`: the next one; `other`: SPLIT's second choice, CHAR's set or SAVE's slot; `kind`: EDGE's."""

    op: int
    to: int = -1
    other: int = -1
    kind: str = ""


class Program:
    """Instructions for one direction. `start` finds a match at the place, `anywhere` also at any later one."""

    __slots__ = ("_known", "_numbers", "anywhere", "backward", "code", "edges", "sets", "start")

    def __init__(self, tree: Node, *, backward: bool = False) -> None:
        """Raises Unsupported where the expression needs more than MAX_INSTRUCTIONS."""
        self.backward = backward
        self.code: list[Instruction] = []
        self.sets: list[Ranges] = []
        self._numbers: dict[Ranges, int] = {}
        self._known: dict[str, frozenset[int]] = {}
        self.start = self._add_node(Group(tree, 0), self._add(Instruction(MATCH)))
        self.anywhere = self._add(Instruction(SPLIT))
        skip = self._add(Instruction(CHAR, self.anywhere, self._set(ANY)))
        self.code[self.anywhere] = Instruction(SPLIT, self.start, skip)
        self.edges = any(one.op == EDGE for one in self.code)

    def holding(self, char: str) -> frozenset[int]:
        """Numbers of the sets that hold the character."""
        found = self._known.get(char)
        if found is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            code = ord(char)
            found = frozenset(
                i for i, ranges in enumerate(self.sets) if any(low <= code <= high for low, high in ranges)
            )
            self._known[char] = found
        return found

    def passes(self, kind: str, before: int, after: int) -> bool:
        """Whether a place between two kinds of neighbours, in the direction of the program, is this edge."""
        if self.backward:
            before, after = after, before
        if kind in "bB":
            return ((before == LETTER) != (after == LETTER)) == (kind == "b")
        side = before if kind in "A^" else after
        return side == NOTHING or (kind in "^$" and side == LINE)

    def _add(self, one: Instruction) -> int:
        if len(self.code) >= MAX_INSTRUCTIONS:
            raise Unsupported("the expression repeats too much")
        self.code.append(one)
        return len(self.code) - 1

    def _set(self, ranges: Ranges) -> int:
        number = self._numbers.setdefault(ranges, len(self.sets))
        if number == len(self.sets):
            self.sets.append(ranges)
        return number

    def _add_node(self, node: Node, to: int) -> int:
        """Add a part that goes on at `to`; returns where it begins."""
        if isinstance(node, Chars):
            return self._add(Instruction(CHAR, to, self._set(node.ranges)))
        if isinstance(node, Edge):
            return self._add(Instruction(EDGE, to, kind=node.kind))
        if isinstance(node, Concat):
            for item in node.items if self.backward else reversed(node.items):
                to = self._add_node(item, to)
            return to
        if isinstance(node, Branch):
            entries = [self._add_node(item, to) for item in node.items]
            entry = entries.pop()
            while entries:
                entry = self._add(Instruction(SPLIT, entries.pop(), entry))
            return entry
        if isinstance(node, Group):
            first, last = 2 * node.number, 2 * node.number + 1
            inner = self._add_node(node.item, self._add(Instruction(SAVE, to, last)))
            return self._add(Instruction(SAVE, inner, first))
        return self._add_repeat(node, to)

    def _add_repeat(self, node: Repeat, to: int) -> int:
        if node.most is None:
            entry = self._add_loop(node, to)
            copies = node.least - 1
        else:
            entry = to
            for _ in range(node.most - node.least):
                entry = self._add(self._choice(node, self._add_node(node.item, entry), to))
            copies = node.least
        for _ in range(copies):
            entry = self._add_node(node.item, entry)
        return entry

    def _add_loop(self, node: Repeat, to: int) -> int:
        """Once or more often; also not at all if the repeat allows that. Empty rounds end as they do in Go."""
        loop = self._add(Instruction(SPLIT))
        body = self._add_node(node.item, loop)
        self.code[loop] = self._choice(node, body, to)
        if node.least:
            return body
        return loop if shortest(node.item) else self._add(self._choice(node, body, to))

    def _choice(self, node: Repeat, again: int, to: int) -> Instruction:
        return Instruction(SPLIT, again, to) if node.greedy else Instruction(SPLIT, to, again)


_LETTERS = frozenset(chr(code) for low, high in WORD for code in range(low, high + 1))


def neighbour(text: str, at: int) -> int:
    """Kind of the character at an index, NOTHING outside of the text."""
    if not 0 <= at < len(text):
        return NOTHING
    return LETTER if text[at] in _LETTERS else LINE if text[at] == "\n" else OTHER
