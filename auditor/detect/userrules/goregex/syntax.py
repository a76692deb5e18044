"""Reads Go's regular expressions (package regexp/syntax, the flavour that `regexp.Compile` takes) into nodes.

Everything Go accepts is read, except `\\p{Script}`: Python knows the categories of Unicode and not its scripts. Case is
folded one to one, and ASCII letters only to ASCII ones (Go also folds `k` to the Kelvin sign).
"""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.regexes.charsets import ANY, NEWLINE, PERL, POSIX, category, folded, normal
from auditor.detect.userrules.goregex.nodes import EMPTY, Branch, Chars, Concat, Edge, Group, Repeat, Unsupported
from auditor.lang.automaton import TOP, complement

if TYPE_CHECKING:
    from auditor.detect.userrules.goregex.nodes import Node
    from auditor.lang.automaton import Ranges

MAX_LENGTH = 64 * 1024
_MAX_DEPTH = 50
_MAX_REPEAT = 1000
_CONTROL = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_COUNT = re.compile(r"\{(0|[1-9][0-9]{0,8})(?:(,)(0|[1-9][0-9]{0,8})?)?\}")
_OPENING = re.compile(r"\?(?:P?<([A-Za-z0-9_]+)>|([imsU]*)(?:-([imsU]+))?([:)]))")
_PROPERTY = re.compile(r"([pP])(?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))")
_NAMED = re.compile(r"\[:(\^?)([a-z]+):\]")


class Syntax(NamedTuple):
    """A parsed expression: its tree, and the names of its groups, "" for those without one."""

    tree: Node
    names: tuple[str, ...]


def parse(source: str) -> Syntax:
    """The tree of one expression. Raises Unsupported with the reason where Go would not compile it either."""
    if len(source) > MAX_LENGTH:
        raise Unsupported(f"the expression is longer than {MAX_LENGTH} characters")
    reader = _Reader(source)
    tree = reader.branch(frozenset(), 0)
    if reader.at < len(source):
        raise Unsupported(f"unexpected ) at character {reader.at + 1}")
    return Syntax(tree, tuple(reader.names))


class _Reader:
    """Recursive descent; the flags that hold at a place are a set of `i`, `m`, `s` and `U`."""

    __slots__ = ("at", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.names: list[str] = []

    def branch(self, flags: frozenset[str], depth: int) -> Node:
        """Alternatives up to the closing parenthesis or the end."""
        if depth > _MAX_DEPTH:
            raise Unsupported("groups are nested too deeply")
        done: list[Node] = []
        items: list[Node] = []
        repeated = False
        while self.at < len(self.text) and (char := self.text[self.at]) != ")":
            if char == "|":
                self.at += 1
                done.append(_concat(items))
                items, repeated = [], False
            elif count := self._quantifier():
                if repeated or not items:
                    raise Unsupported(f"there is nothing for {count[3]} to repeat")
                items[-1] = Repeat(items[-1], count[0], count[1], self._is_greedy(flags))
                repeated = True
            else:
                flags = self._atom(items, flags, depth)
                repeated = False
        done.append(_concat(items))
        return done[0] if len(done) == 1 else Branch(tuple(done))

    def _quantifier(self) -> tuple[int, int | None, bool, str] | None:
        char = self.text[self.at]
        if char in "*+?":
            self.at += 1
            return int(char == "+"), 1 if char == "?" else None, True, char
        found = _COUNT.match(self.text, self.at) if char == "{" else None
        if found is None:
            return None
        self.at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if max(least, most or 0) > _MAX_REPEAT or (most is not None and most < least):
            raise Unsupported(f"{found[0]} is not a valid number of repetitions")
        return least, most, True, found[0]

    def _is_greedy(self, flags: frozenset[str]) -> bool:
        lazy = self.text.startswith("?", self.at)
        self.at += lazy
        return lazy == ("U" in flags)

    def _atom(self, items: list[Node], flags: frozenset[str], depth: int) -> frozenset[str]:
        """Read one item; returns the flags that hold after it."""
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self._group(items, flags, depth)
        if char == "[":
            items.append(Chars(self._class(flags)))
        elif char == ".":
            items.append(Chars(ANY if "s" in flags else complement(NEWLINE)))
        elif char == "^":
            items.append(Edge("^" if "m" in flags else "A"))
        elif char == "$":
            items.append(Edge("$" if "m" in flags else "z"))
        elif char == "\\":
            self._escape(items, flags)
        else:
            items.append(_literal(ord(char), flags))
        return flags

    def _group(self, items: list[Node], flags: frozenset[str], depth: int) -> frozenset[str]:
        inner, index = flags, 0
        if not self.text.startswith("?", self.at):
            self.names.append("")
            index = len(self.names)
        else:
            found = _OPENING.match(self.text, self.at)
            if found is None:
                raise Unsupported(f"({self.text[self.at : self.at + 3]} is not part of Go's syntax")
            self.at = found.end()
            if found[1]:
                if found[1] in self.names:
                    raise Unsupported(f"two groups are named {found[1]}")
                self.names.append(found[1])
                index = len(self.names)
            else:
                inner = (flags | frozenset(found[2])) - frozenset(found[3] or "")
                if found[4] == ")":
                    return inner
        item = self.branch(inner, depth + 1)
        if not self.text.startswith(")", self.at):
            raise Unsupported("a parenthesis is not closed")
        self.at += 1
        items.append(Group(item, index) if index else item)
        return flags

    def _escape(self, items: list[Node], flags: frozenset[str]) -> None:
        char = self.text[self.at : self.at + 1]
        if char and char in "AzbB":
            self.at += 1
            items.append(Edge(char))
        elif char == "Q":
            quoted = self.text[self.at + 1 :].partition("\\E")[0]
            self.at = min(self.at + 1 + len(quoted) + 2, len(self.text))
            items.extend(_literal(ord(each), flags) for each in quoted)
        elif (ranges := self._shorthand(flags)) is not None:
            items.append(Chars(ranges))
        else:
            items.append(_literal(self._escaped_char(), flags))

    def _shorthand(self, flags: frozenset[str]) -> Ranges | None:
        """The set of `\\d`, `\\pL` and their kind, if that is what stands after the backslash."""
        char = self.text[self.at : self.at + 1]
        if char and char in "dswDSW":
            self.at += 1
            return complement(PERL[char.lower()]) if char.isupper() else PERL[char.lower()]
        found = _PROPERTY.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        ranges = category(found[3] or found[4])
        if ranges is None:
            raise Unsupported(f"\\{found[0]} names no general category of Unicode")
        known = folded(ranges) if "i" in flags else ranges
        return complement(known) if (found[1] == "P") != bool(found[2]) else known

    def _escaped_char(self) -> int:
        """Code of the escape whose backslash has just been read."""
        char = self.text[self.at : self.at + 1]
        if (found := _HEX.match(self.text, self.at)) and (code := int(found[1] or found[2], 16)) <= TOP:
            self.at = found.end()
            return code
        if found := _OCTAL.match(self.text, self.at):
            self.at = found.end()
            return int(found[0], 8)
        self.at += 1
        if char in _CONTROL:
            return _CONTROL[char]
        if not char or not char.isascii() or char.isalnum():
            raise Unsupported(f"the escape \\{char} has no meaning in Go's syntax")
        return ord(char)

    def _class(self, flags: frozenset[str]) -> Ranges:
        negated = self.text.startswith("^", self.at)
        self.at += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.text.startswith("]", self.at):
            ranges += self._class_part(flags)
            first = False
        self.at += 1
        known = normal(ranges)
        return complement(known) if negated else known

    def _class_part(self, flags: frozenset[str]) -> Ranges:
        if found := _NAMED.match(self.text, self.at):
            self.at = found.end()
            if found[2] not in POSIX:
                raise Unsupported(f"the class {found[0]} does not exist")
            known = folded(POSIX[found[2]]) if "i" in flags else POSIX[found[2]]
            return complement(known) if found[1] else known
        if self.text.startswith("\\", self.at):
            self.at += 1
            if (ranges := self._shorthand(flags)) is not None:
                return ranges
            self.at -= 1
        low = high = self._class_char()
        if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
            self.at += 1
            high = self._class_char()
        if high < low:
            raise Unsupported("a range in brackets runs backwards")
        return folded(((low, high),)) if "i" in flags else ((low, high),)

    def _class_char(self) -> int:
        if self.at >= len(self.text):
            raise Unsupported("a bracket is not closed")
        char = self.text[self.at]
        self.at += 1
        return self._escaped_char() if char == "\\" else ord(char)


def _literal(code: int, flags: frozenset[str]) -> Chars:
    ranges = ((code, code),)
    return Chars(folded(ranges) if "i" in flags else ranges)


def _concat(items: list[Node]) -> Node:
    """One after the other, without rows in rows; repeats of one set beside each other become one repeat of it."""
    row: list[Node] = []
    for item in items:
        for part in item.items if isinstance(item, Concat) else (item,):
            row[-1:] = _joined(row[-1], part) if row else [part]
    return row[0] if len(row) == 1 else Concat(tuple(row)) if row else EMPTY


def _joined(one: Node, other: Node) -> list[Node]:
    if not isinstance(one, Repeat) or not isinstance(other, Repeat) or not isinstance(one.item, Chars):
        return [one, other]
    if one.item != other.item or one.greedy != other.greedy:
        return [one, other]
    most = None if one.most is None or other.most is None else one.most + other.most
    return [one._replace(least=one.least + other.least, most=most)]
