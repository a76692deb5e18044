"""Reads a filter expression (Expr, and the parts of CEL that betterleaks' older files use) into a function.

Read are `let`, `?:`, `??`, `||`, `&&`, comparisons, `in`, `contains`, `startsWith`, `endsWith`, `matches`, arithmetic,
`.name`, `?.name`, `[key]`, `[?key]`, `[low:high]`, `.orValue()`, lists, and calls of what `functions` offers, with or
without `filter.` before them. Anything else is an error, not something to guess at.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.userrules.filters import functions as known
from auditor.detect.userrules.filters.lexer import Token, tokens
from auditor.detect.userrules.goregex.nodes import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Scope: TypeAlias = "dict[str, object]"
    Code: TypeAlias = "Callable[[Scope], object]"

_MAX_DEPTH = 40
_CONSTANTS: dict[str, object] = {"true": True, "false": False, "nil": None, "null": None}
_COMPARE: dict[str, Callable[[object, object], object]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: known.number(one) < known.number(other),
    "<=": lambda one, other: known.number(one) <= known.number(other),
    ">": lambda one, other: known.number(one) > known.number(other),
    ">=": lambda one, other: known.number(one) >= known.number(other),
    "in": known.contained,
    "contains": lambda one, other: known.text(other) in known.text(one),
    "startsWith": lambda one, other: known.text(one).startswith(known.text(other)),
    "endsWith": lambda one, other: known.text(one).endswith(known.text(other)),
    "matches": known.matches,
}
_ADD: dict[str, Callable[[object, object], object]] = {
    "+": known.plus,
    "-": lambda one, other: known.number(one) - known.number(other),
}
_MULTIPLY: dict[str, Callable[[object, object], object]] = {
    "*": lambda one, other: float(known.number(one)) * known.number(other),
    "/": lambda one, other: known.number(one) / known.number(other),
    "%": lambda one, other: known.number(one) % known.number(other),
}
#: Where confidence and an approximation are noted in a scope.
CONFIDENCE = "\0confidence"


class Reader:
    """One expression. `names`: the variables it may use; `called`: the functions it calls."""

    __slots__ = ("_at", "_depth", "_names", "_tokens", "called")

    def __init__(self, source: str, names: frozenset[str]) -> None:
        self._tokens = tokens(source)
        self._at = 0
        self._depth = 0
        self._names = set(names)
        self.called: set[str] = set()

    def read(self) -> Code:
        """The whole expression as a function of a scope. It raises Mismatch, ArithmeticError or ValueError at most."""
        code = self._sequence()
        if self._next.kind != "end":
            raise Unsupported(f"unexpected {self._next.value!r}")
        return code

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *values: str) -> str:
        """The next token, if it is one of these signs or names; "" without moving if not."""
        token = self._next
        if token.kind in ("sign", "name") and token.value in values:
            self._at += 1
            return token.value
        return ""

    def _expect(self, value: str) -> None:
        if not self._take(value):
            raise Unsupported(f"{value!r} expected, not {self._next.value!r}")

    def _name(self) -> str:
        token = self._next
        if token.kind != "name":
            raise Unsupported(f"a name expected, not {token.value!r}")
        self._at += 1
        return token.value

    def _sequence(self) -> Code:
        bound: list[tuple[str, Code]] = []
        while self._take("let"):
            name = self._name()
            self._expect("=")
            bound.append((name, self._choice()))
            self._expect(";")
            self._names.add(name)
        result = self._choice()

        def run(scope: Scope) -> object:
            for name, code in bound:
                scope[name] = code(scope)
            return result(scope)

        return run if bound else result

    def _choice(self) -> Code:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Unsupported("nested too deeply")
        test = self._fallback()
        if self._take("?"):
            yes = self._choice()
            self._expect(":")
            no = self._choice()
            self._depth -= 1
            return lambda scope: yes(scope) if test(scope) is True else no(scope)
        self._depth -= 1
        return test

    def _fallback(self) -> Code:
        code = self._either()
        while self._take("??"):
            code = _default(code, self._either())
        return code

    def _either(self) -> Code:
        parts = [self._both()]
        while self._take("||", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) is True for part in parts)

    def _both(self) -> Code:
        parts = [self._comparison()]
        while self._take("&&", "and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) is True for part in parts)

    def _comparison(self) -> Code:
        code = self._sum()
        while True:
            turned = bool(self._take("not"))
            operator = self._take(*_COMPARE)
            if not operator:
                if turned:
                    raise Unsupported("'not' without an operator after it")
                return code
            code = _binary(_COMPARE[operator], code, self._sum())
            code = _not(code) if turned else code

    def _sum(self) -> Code:
        code = self._product()
        while operator := self._take(*_ADD):
            code = _binary(_ADD[operator], code, self._product())
        return code

    def _product(self) -> Code:
        code = self._unary()
        while operator := self._take(*_MULTIPLY):
            code = _binary(_MULTIPLY[operator], code, self._unary())
        return code

    def _unary(self) -> Code:
        signs = []
        while sign := self._take("!", "not", "-"):
            signs.append(sign)
        code = self._postfix()
        for sign in reversed(signs):
            code = _negative(code) if sign == "-" else _not(code)
        return code

    def _postfix(self) -> Code:
        code = self._primary()
        while True:
            if self._take(".", "?."):
                if self._next.value != "[" or self._next.kind != "sign":
                    code = self._member(code)
            elif self._take("["):
                code = self._index(code)
            else:
                return code

    def _member(self, code: Code) -> Code:
        name = self._name()
        if not self._take("("):
            return lambda scope: known.get(code(scope), name)
        if name in ("contains", "matches"):
            (argument,) = self._arguments(name, 1, 1)
            return _binary(_COMPARE[name], code, argument)
        if name == "orValue":
            (argument,) = self._arguments(name, 1, 1)
            return _default(code, argument)
        if name not in known.METHODS:
            raise Unsupported(f"the method {name} is unknown")
        function, least, most = known.FUNCTIONS[known.METHODS[name]]
        rest = self._arguments(name, least - 1, most - 1)
        return lambda scope: function(code(scope), *(one(scope) for one in rest))

    def _index(self, code: Code) -> Code:
        self._take("?")
        low = None if self._next == Token("sign", ":") else self._choice()
        if self._take(":"):
            high = None if self._next == Token("sign", "]") else self._choice()
            self._expect("]")
            return lambda scope: known.slice_of(code(scope), low and low(scope), high and high(scope))
        self._expect("]")
        key = low
        return lambda scope: known.get(code(scope), key and key(scope))

    def _primary(self) -> Code:
        token = self._next
        self._at += 1
        if token.kind == "text":
            return _constant(token.value)
        if token.kind == "number":
            plain = token.value.replace("_", "")
            return _constant(int(plain[:300]) if plain.isdecimal() else float(plain))
        if token.kind == "name":
            return self._named(token.value)
        if token == Token("sign", "("):
            code = self._sequence()
            self._expect(")")
            return code
        if token == Token("sign", "["):
            items = self._items("]")
            return lambda scope: [item(scope) for item in items]
        raise Unsupported(f"unexpected {token.value!r}")

    def _named(self, name: str) -> Code:
        if name == "filter" and self._take("."):
            name = self._name()
            if self._next != Token("sign", "("):
                raise Unsupported(f"unknown name filter.{name}")
        if self._take("("):
            return self._call(name)
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        if name not in self._names:
            raise Unsupported(f"unknown name {name}")
        return lambda scope: scope.get(name)

    def _call(self, name: str) -> Code:
        self.called.add(name)
        if name == "setConfidence":
            (level,) = self._arguments(name, 1, 1)

            def run(scope: Scope) -> object:
                scope[CONFIDENCE] = level(scope)
                return scope[CONFIDENCE]

            return run
        if name not in known.FUNCTIONS:
            raise Unsupported(f"unknown function {name}")
        function, least, most = known.FUNCTIONS[name]
        arguments = self._arguments(name, least, most)
        return lambda scope: function(*(one(scope) for one in arguments))

    def _arguments(self, name: str, least: int, most: int) -> list[Code]:
        found = self._items(")")
        if not least <= len(found) <= most:
            raise Unsupported(f"{name} has {len(found)} arguments")
        return found

    def _items(self, closing: str) -> list[Code]:
        found: list[Code] = []
        while not self._take(closing):
            found.append(self._choice())
            if not self._take(","):
                self._expect(closing)
                break
        return found


def _constant(value: object) -> Code:
    return lambda _scope: value


def _binary(operator: Callable[[object, object], object], one: Code, other: Code) -> Code:
    return lambda scope: operator(one(scope), other(scope))


def _not(code: Code) -> Code:
    return lambda scope: code(scope) is not True


def _negative(code: Code) -> Code:
    return lambda scope: -known.number(code(scope))


def _default(code: Code, other: Code) -> Code:
    def run(scope: Scope) -> object:
        value = code(scope)
        return other(scope) if value is None else value

    return run
