"""Makefiles: recipes are shell, with variables of make in them."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers.directories import Place
from auditor.fixes.callers.scripts import Shells
from auditor.fixes.callers.surroundings import Foreign, Unit, Variables
from auditor.flow.calling.makefiles import MakeSettings, MakeText, variable_of
from auditor.flow.calling.units import OTHER, TYPED
from auditor.lang import make

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft, Work
    from auditor.lang.derived import Derived


def change_makefile(work: Work) -> None:
    """Recipes of a Makefile."""
    file = make.read(work.text)
    if file is None:
        work.unreadable("this Makefile cannot be read")
        return
    settings = Settings(work.text, file)
    units: list[Unit] = [MakeUnit(work.text, recipe, settings) for recipe in file.recipes]
    variables = MakeVariables(units, settings)
    shells = Shells(work, units, variables)
    for variable in file.variables:
        shells.carried.hold(variable.name, variable.value)
    for unit in units:
        shells.run(unit, Place((work.folder, work.root)))
    shells.finish()


class Settings(MakeSettings):
    """The variables of make itself."""

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


class MakeUnit(MakeText, Unit):
    """A recipe line."""

    def __init__(self, file: str, derived: Derived, settings: Settings) -> None:
        super().__init__(file, derived, settings)
        self._settings = settings

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        """The variable of make itself, where recipes have it in their environment."""
        variable = variable_of(raw)
        if not variable:
            return Foreign("")
        status = self._settings.status(variable)
        if status == TYPED:
            variable = self._settings.untype(variable, name, draft)
        return Foreign("" if status == OTHER or not variable.isidentifier() else variable)


class MakeVariables(Variables):
    """Shell variables of recipes; what no recipe assigns is make's, exported or not."""

    def __init__(self, units: list[Unit], settings: Settings) -> None:
        super().__init__(units)
        self._settings = settings

    def status(self, name: str) -> str:
        """Of the recipe first, then of make."""
        return super().status(name) if name in self.assigned else self._settings.status(name)

    def untype(self, variable: str, name: str, draft: Draft) -> str:
        """In the recipe or among make's own."""
        if variable in self.assigned:
            return super().untype(variable, name, draft)
        return self._settings.untype(variable, name, draft)
