"""Shell texts: finds the build calls in them, in the order in which they run, and has them changed."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers import others
from auditor.fixes.callers.calls import Call, context_of
from auditor.fixes.callers.carried import Carried
from auditor.fixes.callers.directories import Paths, Place, builds, is_elsewhere
from auditor.fixes.callers.held import change
from auditor.fixes.callers.lists import Lists
from auditor.fixes.callers.surroundings import Unit, Variables
from auditor.flow.calling import programs
from auditor.flow.calling.units import substitutions
from auditor.lang.derived import plain

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft, Work
    from auditor.flow.calling.programs import Build
    from auditor.lang.shell.nodes import Command, Script, Word

_MAX_DEPTH = 20


def change_script(work: Work) -> None:
    """A shell script."""
    unit = Unit(work.text, plain(work.text))
    shells = Shells(work, [unit])
    shells.run(unit, Place((work.folder, work.root)))
    shells.finish()


class Shells:
    """The shell texts of one file."""

    def __init__(self, work: Work, units: list[Unit], variables: Variables | None = None) -> None:
        self.work = work
        self.units = units
        self.variables = variables if variables is not None else Variables(units)
        self.carried = Carried(work, self.variables)
        self.lists = Lists(work, self.variables)
        for unit in units:
            self.carried.read(unit)
        self._place = Place(())

    def run(self, unit: Unit, place: Place) -> Place:
        """Change the calls of one text that begins in a folder; returns where it ends."""
        self._place = place
        if unit.script.truncated:
            self.work.unreadable("the script is too large or too deeply nested to be read")
        self._script(unit, unit.script, 0)
        return self._place

    def finish(self) -> None:
        """After the last text: say where arguments are left that no call that was read accounts for."""
        self.carried.finish()

    def _script(self, unit: Unit, script: Script, depth: int) -> None:
        if depth > _MAX_DEPTH:
            return
        saved: list[tuple[int, Place]] = []
        for command in script.commands:
            while saved and saved[-1][0] not in command.subshells:
                self._place = saved.pop()[1]
            saved += [(n, self._place) for n in command.subshells if all(n != number for number, _ in saved)]
            self._command(unit, command, depth)
        if saved:
            self._place = saved[0][1]

    def _command(self, unit: Unit, command: Command, depth: int) -> None:
        before = self._place
        for inner in substitutions(command):
            self._script(unit, inner.script, depth + 1)
            self._place = before
        if command.body is not None:
            self._script(unit, command.body, depth + 1)
            self._place = before
        elif command.kind == "command" and command.words:
            self._simple(unit, command)

    def _simple(self, unit: Unit, command: Command) -> None:
        paths = Paths(self.work, unit, self.variables)
        if command.name in ("cd", "pushd"):
            targets = [w for w in command.words[1:] if not programs.head(w).startswith("-")]
            target = paths.value(targets[0]) if len(targets) == 1 else None
            moved = self._place.to(target)
            self._place = Place((*moved.folders, *self._place.folders)) if command.branch else moved
            return
        if command.name == "popd":
            self._place = Place((self.work.folder, self.work.root))
            return
        found = programs.find(command.words, paths.value)
        if found is None:
            others.look(self.work, unit, command)
            return
        self.work.seen.append(unit.span(*command.span))
        self._build(unit, command, found, paths)

    def _build(self, unit: Unit, command: Command, found: Build, paths: Paths) -> None:
        call = Call(self.work, unit, self.variables, command, found)
        offset = unit.span(*command.span).start
        context = context_of(command.words, found)
        where = paths.value(context) if context is not None else None
        file, given = self._file(command.words, found, paths)
        if is_elsewhere(where) or is_elsewhere(file):
            return
        held = self.lists.held(unit, command)
        carried, listed = self.carried.names(unit, command), {h.name for h in held}
        names = call.names | carried | listed
        default = ("Dockerfile",) if found.program in ("docker", "?") else ("Containerfile", "Dockerfile")
        ours = builds(self.work, self._place, where, file, given=given, names=default)
        if ours is None:
            ours = self._guess(offset, names)
        if not ours:
            return
        self.work.matched += 1
        if self.work.fits(call.names & (carried | listed) | carried & listed):
            call.draft.fail("the same build argument is given in the call and by a variable of its command line")
        ids = self.carried.ids(unit, command, call) | change(held, unit, call, self.variables)
        draft = call.change(ids)
        if draft.edits and not draft.problem:
            self._engine(command, found, draft)
        if self.work.take(offset, draft):
            unit.taken(draft)

    def _guess(self, offset: int, names: set[str]) -> bool:
        """For a call whose Dockerfile cannot be told."""
        fits = self.work.fits(names)
        if fits and self.work.build.sole:
            return True
        if fits or (self.work.build.sole and any(s.required for s in self.work.build.secrets)):
            self.work.problem(offset, "which Dockerfile this call builds cannot be told; it may need build secrets")
        return False

    def _file(self, words: tuple[Word, ...], found: Build, paths: Paths) -> tuple[str | None, bool]:
        for option in reversed(found.options):
            if option.name in ("-f", "--file") and option.value >= 0:
                value = paths.value(words[option.value])
                return (value[option.cut :] if value is not None else None), True
        return None, False

    def _engine(self, command: Command, found: Build, draft: Draft) -> None:
        """Builders that cannot mount secrets."""
        if found.program == "img":
            draft.fail("img cannot mount build secrets")
        texts = [f"{a.name}={a.value.literal if a.value else ''}" for a in command.assignments]
        texts += [w.rendered for w in command.words[: found.at]]
        if "DOCKER_BUILDKIT=1" in texts or found.program not in ("docker", "docker.exe", "?"):
            return
        if self.work.is_classic():
            draft.fail("DOCKER_BUILDKIT=0 chooses the classic builder, and build secrets need BuildKit")
        elif command.words[found.after].rendered == "build" and found.after == found.at + 1:
            draft.notes.append(
                "build secrets need BuildKit: the default since Docker 23.0, before with DOCKER_BUILDKIT=1"
            )
