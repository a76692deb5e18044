"""Makefiles: recipes are shell, with variables of make in them."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.flow.calling.units import ENVIRONMENT, OTHER, TELLING, TYPED, ShellText
from auditor.lang import make
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    from auditor.flow.calling.files import Gathered
    from auditor.lang.derived import Derived
    from auditor.lang.make import Makefile, Variable

REFERENCE = Pattern(r"\$(?:\((?P<a>[A-Za-z_][\w.-]*)\)|\{(?P<b>[A-Za-z_][\w.-]*)\}|(?P<c>[A-Za-z_]))")
_TOP = Pattern(r"\$\((?:CURDIR|PWD|shell[ \t]+pwd)\)|\$\{(?:CURDIR|PWD)\}")
_MAX_DEPTH = 8


class MakeSettings:
    """The variables of make itself."""

    def __init__(self, text: str, file: Makefile) -> None:
        self.text = text
        self.file = file
        self.by_name: dict[str, list[Variable]] = {}
        for variable in file.variables:
            self.by_name.setdefault(variable.name, []).append(variable)

    def value(self, raw: str, depth: int = 0) -> str | None:
        """What an expansion stands for, if it is set once to something known."""
        if _TOP.fullmatch(raw):
            return "."
        match = REFERENCE.fullmatch(raw)
        found = self.by_name.get(match[match.lastgroup or "a"], []) if match else []
        if len(found) != 1 or depth > _MAX_DEPTH or "$$" in (text := self._text(found[0])):
            return None
        made, at = "", 0
        while (dollar := text.find("$", at)) >= 0 and dollar + 1 < len(text):
            end = make.expansion_end(text, dollar, len(text))
            inner = self.value(text[dollar:end], depth + 1)
            if inner is None:
                return None
            made, at = made + text[at:dollar] + inner, end
        return made + text[at:]

    def _text(self, variable: Variable) -> str:
        return self.text[variable.value.start : variable.value.end]

    def is_typed(self, variable: Variable) -> bool:
        """Whether it is set to a text that stands there."""
        text = self._text(variable)
        return bool(text) and "$" not in text and variable.operator != "!="

    def status(self, name: str) -> str:
        """As for shell variables: whether the recipes' environment has it, or a typed value, or neither."""
        found = [v for v in self.by_name.get(name, []) if self._text(v)]
        if found and all(self.is_typed(v) for v in found):
            return TYPED
        if self.file.exports_all or name in self.file.exported or any(v.exported for v in found):
            return ENVIRONMENT
        return OTHER if found or self.file.includes else ENVIRONMENT


class MakeText(ShellText):
    """A recipe line."""

    def __init__(self, file: str, derived: Derived, settings: MakeSettings) -> None:
        super().__init__(file, derived)
        self.settings = settings

    def own(self, text: str) -> str:
        """With `$` doubled for make."""
        return text.replace("$", "$$")

    def value(self, raw: str) -> str | None:
        """What make expands it to."""
        return self.settings.value(raw)


def variable_of(raw: str) -> str:
    """The variable that an expansion names; "" for any other expression."""
    match = REFERENCE.fullmatch(raw)
    return match[match.lastgroup or "a"] if match else ""


def read_into(into: Gathered) -> None:
    """The recipes of a Makefile, and its variables that hold a part of a command line. Raises Unreadable."""
    file = make.read(into.text)
    if file is None:
        raise Unreadable("this Makefile is too large, or has a recipe prefix of its own")
    settings = MakeSettings(into.text, file)
    values = (make.shell_text(into.text, *variable.value) for variable in file.variables)
    texts = (text for text in (*file.recipes, *values) if _is_telling(into.text, text))
    into.shell(MakeText(into.text, text, settings) for text in texts)


def _is_telling(file: str, text: Derived) -> bool:
    """Whether a recipe or a value may have a call in it: most have none, and the shell's reader is slow."""
    return TELLING.search(file[text.at(0) : text.end]) is not None
