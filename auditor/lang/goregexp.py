"""The part of Go's regular expressions that ignore patterns turn into, matched in linear time.

Docker translates a pattern to a Go expression by text replacement, so bracket expressions and escapes keep whatever
meaning Go gives the result (`\\d` is a digit, `[*]` a class and a stray bracket, `|` an alternative). Python's `re`
reads some of these differently and may backtrack without end on repeated `**`, hence an automaton of our own.
"""

from __future__ import annotations

import re

from auditor.lang.automaton import (
    ASSERT,
    CROSSING,
    ONE,
    OPTIONAL,
    STAR,
    START,
    TOP,
    Automaton,
    Item,
    Ranges,
    complement,
)
from auditor.lang.gopath import BadPattern

_MAX_ITEMS = 10_000
_MAX_REPEAT = 1000
_SURROGATES = re.compile("[\ud800-\udfff]")


def _ranges(text: str) -> Ranges:
    """Ranges written as character pairs: "09AF" is 0-9 and A-F."""
    return tuple((ord(text[i]), ord(text[i + 1])) for i in range(0, len(text), 2))


_ANY: Ranges = ((0, TOP),)
_NOT_NEWLINE = complement(_ranges("\n\n"))
_PERL = {"d": _ranges("09"), "s": _ranges("\t\n\f\r  "), "w": _ranges("09AZ__az")}
_POSIX = {
    "alnum": _ranges("09AZaz"),
    "alpha": _ranges("AZaz"),
    "ascii": _ranges("\x00\x7f"),
    "blank": _ranges("\t\t  "),
    "cntrl": _ranges("\x00\x1f\x7f\x7f"),
    "digit": _ranges("09"),
    "graph": _ranges("!~"),
    "lower": _ranges("az"),
    "print": _ranges(" ~"),
    "punct": _ranges("!/:@[`{~"),
    "space": _ranges("\t\r  "),
    "upper": _ranges("AZ"),
    "word": _ranges("09AZ__az"),
    "xdigit": _ranges("09AFaf"),
}
_CONTROL = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_REPEAT = re.compile(r"\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}")


class Expression:
    """A compiled expression: one automaton for each alternative."""

    __slots__ = ("_alternatives",)

    def __init__(self, text: str) -> None:
        """Compile what an ignore pattern turns into: starts with `^`. Raises BadPattern where Go would."""
        self._alternatives = [Automaton(items) for items in _Reader(text).alternatives()]

    def matches(self, text: str) -> bool:
        """Whether the expression is found in the text. Bytes that were not UTF-8 (surrogates) count as U+FFFD."""
        if not text.isascii():
            text = _SURROGATES.sub("\ufffd", text)
        return any(alternative.matches(text) for alternative in self._alternatives)


class _Reader:
    """Expression text -> items of each alternative. Only the first is tied to the start, only the last to the end."""

    __slots__ = ("at", "out", "repeatable", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1
        self.out: list[Item] = []
        self.repeatable = True

    def alternatives(self) -> list[list[Item]]:
        """Read the whole text."""
        done: list[list[Item]] = []
        while self.at < len(self.text):
            if self.text[self.at] == "|":
                self.at += 1
                done.append([*self.out, Item(STAR, _ANY)])
                self.out = [Item(STAR, _ANY)]
                self.repeatable = False
            elif self.text[self.at] == "$" and self.at + 1 == len(self.text):
                return [*done, self.out]
            else:
                self._part()
            if len(self.out) > _MAX_ITEMS:
                raise BadPattern("the pattern repeats too much")
        return [*done, [*self.out, Item(STAR, _ANY)]]

    def _part(self) -> None:
        if self.text.startswith("(.*/)?", self.at):
            self.at += 6
            self._add(Item(CROSSING, _NOT_NEWLINE), repeatable=False)
        elif found := _REPEAT.match(self.text, self.at):
            self.at = found.end()
            self._repeat(found)
        else:
            self._single()

    def _add(self, item: Item, *, repeatable: bool = True) -> None:
        if item.kind == ONE or not self.out or self.out[-1] != item:
            self.out.append(item)
        self.repeatable = repeatable

    def _repeat(self, found: re.Match[str]) -> None:
        """Apply `{n}`, `{n,}` or `{n,m}` to the last item; without one, to the leading `^`, which `{0}` undoes."""
        if not self.repeatable:
            raise BadPattern(f"there is nothing for {found[0]} to repeat")
        least = min(int(found[1][:5]), _MAX_REPEAT + 1)
        most = least if found[2] is None else int(found[3][:5]) if found[3] else None
        if least > _MAX_REPEAT or (most is not None and not least <= most <= _MAX_REPEAT):
            raise BadPattern(f"{found[0]} is not a valid number of repetitions")
        self.repeatable = False
        if not self.out:
            self.out += [Item(STAR, _ANY)] * (not least)
            return
        item = self.out.pop()
        if item.kind == ASSERT:
            self.out += [item] * min(least, 1)
            return
        self.out += [item] * least
        if most is None:
            self.out.append(Item(STAR, item.ranges))
        else:
            self.out += [Item(OPTIONAL, item.ranges)] * (most - least)

    def _single(self) -> None:
        char = self.text[self.at]
        self.at += 1
        if char == "^":
            self._add(Item(ASSERT, assertion=START))
        elif char == ".":
            self._repeatable(_NOT_NEWLINE)
        elif char == "[":
            self._repeatable(self._class())
        elif char == "\\":
            self._escape()
        else:
            self._repeatable(((ord(char), ord(char)),))

    def _repeatable(self, ranges: Ranges) -> None:
        star = self.text.startswith("*", self.at)
        self.at += star
        self._add(Item(STAR if star else ONE, ranges), repeatable=not star)

    def _escape(self) -> None:
        char = self.text[self.at : self.at + 1]
        if char in ("A", "z", "b", "B"):
            self.at += 1
            self._add(Item(ASSERT, assertion=START if char == "A" else char))
        elif char == "Q":
            literal, _, _ = self.text[self.at + 1 :].partition("\\E")
            self.at += 1 + len(literal) + 2
            for each in literal:
                self._add(Item(ONE, ((ord(each), ord(each)),)))
        elif char and char in "dswDSW":
            self.at += 1
            self._add(Item(ONE, _perl(char)))
        else:
            code = self._escaped_char()
            self._add(Item(ONE, ((code, code),)))

    def _escaped_char(self) -> int:
        """Code of the escape whose backslash has just been read."""
        text, at = self.text, self.at
        char = text[at : at + 1]
        self.at += 1
        if char in _CONTROL:
            return _CONTROL[char]
        if (found := _HEX.match(text, at)) and (code := int(found[1] or found[2], 16)) <= TOP:
            self.at = found.end()
            return code
        if found := _OCTAL.match(text, at):
            self.at = found.end()
            return int(found[0], 8)
        if not char or not char.isascii() or char.isalnum():
            raise BadPattern(f"the escape \\{char} has no meaning")
        return ord(char)

    def _class(self) -> Ranges:
        text = self.text
        negated = text.startswith("^", self.at)
        self.at += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not text.startswith("]", self.at):
            if self.at >= len(text):
                raise BadPattern("a bracket expression is not closed")
            ranges += self._class_part()
            first = False
        self.at += 1
        return complement(tuple(ranges)) if negated else tuple(ranges)

    def _class_part(self) -> Ranges:
        text, at = self.text, self.at
        if text.startswith("[:", at) and (end := text.find(":]", at + 2)) >= 0:
            name = text[at + 2 : end]
            known = _POSIX.get(name.removeprefix("^"))
            if known is None:
                raise BadPattern(f"the character class [:{name}:] does not exist")
            self.at = end + 2
            return complement(known) if name.startswith("^") else known
        if text.startswith("\\", at) and (letter := text[at + 1 : at + 2]) and letter in "dswDSW":
            self.at += 2
            return _perl(letter)
        low = high = self._class_char()
        if text.startswith("-", self.at) and self.at + 1 < len(text) and text[self.at + 1] != "]":
            self.at += 1
            high = self._class_char()
        if high < low:
            raise BadPattern("a range in a bracket expression runs backwards")
        return ((low, high),)

    def _class_char(self) -> int:
        char = self.text[self.at : self.at + 1]
        if not char:
            raise BadPattern("a bracket expression is not closed")
        self.at += 1
        return self._escaped_char() if char == "\\" else ord(char)


def _perl(letter: str) -> Ranges:
    ranges = _PERL[letter.lower()]
    return complement(ranges) if letter.isupper() else ranges
