"""Makefiles: recipes are shell, with variables of make in them."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers.directories import Place
from auditor.fixes.callers.scripts import Shells
from auditor.fixes.callers.surroundings import ENVIRONMENT, OTHER, TYPED, Foreign, Unit, Variables
from auditor.lang import make

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft, Work
    from auditor.lang.derived import Derived
    from auditor.lang.make import Makefile, Variable

_REFERENCE = Pattern(r"\$(?:\((?P<a>[A-Za-z_][\w.-]*)\)|\{(?P<b>[A-Za-z_][\w.-]*)\}|(?P<c>[A-Za-z_]))")
_TOP = Pattern(r"\$\((?:CURDIR|PWD|shell[ \t]+pwd)\)|\$\{(?:CURDIR|PWD)\}")
_MAX_DEPTH = 8


def change_makefile(work: Work) -> None:
    """Recipes of a Makefile."""
    file = make.read(work.text)
    if file is None:
        if work.build.sole:
            work.problem(0, "this Makefile cannot be read")
        return
    settings = Settings(work, file)
    units: list[Unit] = [MakeUnit(work.text, recipe, settings) for recipe in file.recipes]
    variables = MakeVariables(units, settings)
    shells = Shells(work, units, variables)
    for variable in file.variables:
        shells.carried.hold(variable.name, variable.value)
    for unit in units:
        shells.run(unit, Place((work.folder, work.root)))
    shells.finish()


class Settings:
    """The variables of make itself."""

    def __init__(self, work: Work, file: Makefile) -> None:
        self.text = work.text
        self.file = file
        self.by_name: dict[str, list[Variable]] = {}
        for variable in file.variables:
            self.by_name.setdefault(variable.name, []).append(variable)

    def value(self, raw: str, depth: int = 0) -> str | None:
        """What an expansion stands for, if it is set once to something known."""
        if _TOP.fullmatch(raw):
            return "."
        match = _REFERENCE.fullmatch(raw)
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

    def untype(self, variable: str, name: str, draft: Draft) -> str:
        """Take the typed values of a variable out of the file; the environment variable to set instead."""
        renamed = variable != name and name not in self.by_name
        for found in self.by_name.get(variable, []):
            if not self.is_typed(found):
                continue
            draft.burnt.append((name if renamed else variable, found.value))
            before = self.text[found.line.start : found.value.start]
            if renamed:
                draft.replace(found.value, f"$({name})")
            elif found.operator == "?=":  # keeps the name documented, and loses to the environment as before
                draft.replace(Span(found.line.start + len(before.rstrip()), found.value.end), "")
            else:
                draft.replace(found.line, "")
        draft.ask(name if renamed else variable)
        return name if renamed else variable


class MakeUnit(Unit):
    """A recipe line."""

    def __init__(self, file: str, derived: Derived, settings: Settings) -> None:
        super().__init__(file, derived)
        self.settings = settings

    def own(self, text: str) -> str:
        return text.replace("$", "$$")

    def value(self, raw: str) -> str | None:
        return self.settings.value(raw)

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        match = _REFERENCE.fullmatch(raw)
        if match is None:
            return Foreign("")
        variable = match[match.lastgroup or "a"]
        status = self.settings.status(variable)
        if status == TYPED:
            variable = self.settings.untype(variable, name, draft)
        return Foreign("" if status == OTHER or not variable.isidentifier() else variable)


class MakeVariables(Variables):
    """Shell variables of recipes; what no recipe assigns is make's, exported or not."""

    def __init__(self, units: list[Unit], settings: Settings) -> None:
        super().__init__(units)
        self._settings = settings

    def status(self, name: str) -> str:
        return super().status(name) if name in self.assigned else self._settings.status(name)

    def untype(self, variable: str, name: str, draft: Draft) -> str:
        if variable in self.assigned:
            return super().untype(variable, name, draft)
        return self._settings.untype(variable, name, draft)
