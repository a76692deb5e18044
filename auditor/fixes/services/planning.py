"""How each secret leaves a compose file: as a file that the service reads, or as a variable from outside.

The first only where everything shows that the service starts as before; the second asks for a value that compose did
not need so far, which is never sure to be there.
"""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import secret_id
from auditor.fixes.plan import Refusal, Refused
from auditor.fixes.services import clients
from auditor.fixes.services.plan import FOLDER, EnvPlan
from auditor.fixes.services.starting import Reading, Starts
from auditor.fixes.services.variables import KEEP, NOTE
from auditor.fixes.services.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.fixes.services.variables import Variables
    from auditor.flow.place import Place
    from auditor.flow.services import ComposeFacts, Setting
    from auditor.lang.compose.services import Entry, Section, Service

_NAME = Pattern(r"[A-Za-z_][A-Za-z0-9_]*")
#: Secrets of a file up to which the services that use them are looked at.
_MOST_SETTINGS = 500
_VERSION = Pattern(r"(?:[12](?:\.\d+)?|3(?:\.0)?)")


class Planner:
    """Plans for one compose file."""

    def __init__(self, facts: ComposeFacts, place: Place, shown: str, variables: Variables) -> None:
        self.file = facts.file
        self.facts = facts
        self.place = place
        self._shown = shown
        self.starts = Starts(facts.file, place)
        self.writer = Writer(facts.file)
        self._seconds: dict[int, dict[str, Entry]] = {}
        #: What each new name stands for: the value, so that a name is used again for the same one only.
        self._taken: dict[str, str] = {}
        self._variables = variables

    def plans(self) -> list[EnvPlan | Refusal]:
        """A plan, or the reason against one, for every secret in `environment` and `build.args`."""
        given = [setting for setting in self.facts.given if setting.kind == "args"]
        return [self._plan(setting) for setting in (*self.facts.settings, *given)]

    def _plan(self, setting: Setting) -> EnvPlan | Refusal:
        try:
            self._check(setting)
        except Refused as refused:
            return Refusal((setting.literal.span,), refused.reason)
        if setting.kind == "args":
            return self._argument(setting)
        try:
            client = clients.plan(self, setting)
            if client is not None:
                return client
            services, reading = self._reading(setting)
        except Refused as refused:
            return self._from_outside(setting, refused.reason)
        return self._from_file(setting, services, reading)

    def _check(self, setting: Setting) -> None:
        """Raises Refused where the text cannot be changed."""
        entry = setting.entry
        value = self.file.resolve(entry.node)
        if entry.aliased and value is not None:
            raise Refused(f"the value stands at an anchor (line {self.file.line(value)}), which others may use")
        if self.file.is_used_elsewhere(entry.node) or (entry.key and self.file.is_used_elsewhere(entry.key)):
            raise Refused(f"the value is used elsewhere by its anchor (line {self.file.line(entry.node)})")
        if not _NAME.fullmatch(entry.name):
            raise Refused(f"no variable can have this name (line {self.file.line(entry.node)})")
        again = self._repeated(entry.section).get(entry.name)
        if again is not None:
            raise Refused(f"{entry.name} is set twice (line {self.file.lines.line(again.span.start)})")

    def _repeated(self, section: Section) -> dict[str, Entry]:
        """The entries of a section whose name stood there before, by name."""
        if id(section) not in self._seconds:
            seen: set[str] = set()
            found = self._seconds[id(section)] = {}
            for entry in section.entries:
                if entry.name in seen:
                    found.setdefault(entry.name, entry)
                seen.add(entry.name)
        return self._seconds[id(section)]

    # -- a file --------------------------------------------------------------------------------------------------

    def _reading(self, setting: Setting) -> tuple[list[Service], Reading]:
        """The services that use a setting, all of which read it from a file in the same way. Raises Refused."""
        entry = setting.entry
        if len(self.facts.settings) > _MOST_SETTINGS:
            raise Refused("the file has too many secrets to look at each")
        if setting.uses:
            raise Refused(f"the value of {entry.name} has variables in it, which a file cannot have")
        if entry.raw is not None and entry.raw.text.endswith("\n"):
            raise Refused(f"the value of {entry.name} ends with a line break, which is lost in a file")
        services = self.file.users(entry.section)
        if not services:
            raise Refused("which services use it cannot be told")
        self.check_apart(services)
        readings = [self.starts.reading(service, entry) for service in services]
        self.writer.check(service.node for service in services)
        variables = {reading.variable for reading in readings}
        if len(variables) != 1:
            raise Refused("its services read it from files in different ways")
        return services, Reading(variables.pop(), next((r.doubt for r in readings if r.doubt), ""))

    def check_apart(self, services: list[Service]) -> None:
        """Raises Refused where a service that has nothing to do with it would get the secret by a merge."""
        ids = {id(service.node) for service in services}
        for other in self.file.services if any(service.node.anchor for service in services) else ():
            if id(other.node) not in ids and any(id(one) in ids for one in self.file.closure(other.node)):
                raise Refused(f"{other.name} takes over the settings of a service that uses it")

    def _from_file(self, setting: Setting, services: list[Service], reading: Reading) -> EnvPlan:
        name = setting.entry.name
        given = self.secret(setting)
        shown = ", ".join(dict.fromkeys(service.name for service in services))
        reason = reading.doubt or f"what starts {shown} reads {name} from the file that {reading.variable} names"
        return EnvPlan(
            setting,
            reading.variable,
            given,
            tuple({id(service.node): service.node for service in services}.values()),
            Applicability.UNSAFE if reading.doubt else Applicability.SAFE,
            f"{name} of {shown} is read from a file, the secret {given}",
            reason,
            self.file_notes(setting, given),
        )

    def secret(self, setting: Setting) -> str:
        """The secret's name: that of the variable, unless it stands for another value."""
        entry = setting.entry
        value = entry.raw.text if entry.raw is not None else ""
        top = self.file.top.mapping("secrets") if self.file.top is not None else None
        for made in _names(secret_id(entry.name), secret_id(f"{entry.section.label}_{entry.name}")):
            is_theirs = top is not None and top.get(made) is not None
            if self._taken.get(made, value) == value and not is_theirs:
                self._taken[made] = value
                return made
        raise AssertionError("the names do not end")

    def file_notes(self, setting: Setting, given: str) -> tuple[str, ...]:
        """What the user has to do: the file first, then what keeps it out of other places."""
        value = setting.entry.raw.text if setting.entry.raw is not None else ""
        return tuple(self._file_notes(setting.entry.name, given, value))

    def _file_notes(self, name: str, given: str, value: str) -> Iterable[str]:
        path = f"{FOLDER}/{given}"
        folder = self._shown.rpartition("/")[0]
        shown, kept = (f"{folder}/{one}" if folder else one for one in (path, f"{FOLDER}/"))
        doubled = " (`$$` in compose is one `$`)" if "$$" in value else ""
        there = " It is there already: see that it holds that." if self.place.is_taken(path) else ""
        yield (
            f"make the file {shown} with the value of {name}{doubled}, no line break after it, readable for the user"
            f" that the container runs as.{there}"
        )
        yield f"keep {kept} out of git and out of build contexts: a line `{FOLDER}/` in .gitignore and .dockerignore."
        version = self.file.top.text("version") if self.file.top is not None else None
        if version is not None and _VERSION.fullmatch(version):
            yield 'docker-compose 1.x needs `version: "3.1"` for secrets; docker compose does not look at it.'

    # -- a variable ----------------------------------------------------------------------------------------------

    def _from_outside(self, setting: Setting, why: str) -> EnvPlan:
        given = self._variable(setting)
        label = setting.entry.section.label
        return EnvPlan(
            setting,
            "",
            given,
            (),
            Applicability.UNSAFE,
            f"{setting.entry.name} of {label} comes from outside the file, as {given}",
            f"{given} has to be set where compose is run, and no file takes its place: {why}",
            (NOTE.format(given), KEEP),
        )

    def _argument(self, setting: Setting) -> EnvPlan:
        """A build argument: out of the file, for the image it stays one."""
        plan = self._from_outside(setting, "")
        name = setting.entry.name
        return plan._replace(
            reason=f"{plan.given} has to be set where compose is run",
            notes=(
                *plan.notes,
                f"{name} is still a build argument, which the history of the image and the build log show:"
                " `audit fix` on the Dockerfile and this file together makes a build secret of it.",
            ),
        )

    def _variable(self, setting: Setting) -> str:
        """The variable's name: that of the setting, or of the variable whose default is the secret."""
        entry, span = setting.entry, setting.literal.span
        for use in setting.uses:
            if use.default is not None and setting.at(use).covers(span.start):
                return use.name
        value = entry.raw.text if entry.raw is not None else ""
        return self._variables.own(value, entry.name, f"{entry.name}_{secret_id(entry.section.label).upper()}")


def _names(first: str, second: str) -> Iterable[str]:
    yield from (first, second)
    number = 2
    while True:
        yield f"{second}_{number}"
        number += 1
