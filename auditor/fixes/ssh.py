"""SSH keys that a build copies or writes: they stay outside, and RUNs that use git or ssh get the build's agent.

A key under a name that ssh does not look for by itself, or that a command names, becomes a mounted file instead: the
commands stay as they are then.
"""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.agents import READERS, agent_serves, connects, starts_ssh, with_agent
from auditor.fixes.copied import Leaving
from auditor.fixes.files import Folder, by_source, several, stands_for_several, together
from auditor.fixes.leaving import at_run_time, starts_with
from auditor.fixes.plan import Plan, Refusal, Refused
from auditor.fixes.sshwritten import WrittenKey, written_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """Plans for keys that are copied, then for those that a RUN writes from a variable. `form` is not used."""
    del form
    for files in by_source(build, ssh=True):
        yield from together(build, files, [_attempt(build, file) for file in files])
    for group in written_keys(build):
        planned = WrittenKey(build, group)
        try:
            yield planned.plan()
        except Refused as refused:
            yield Refusal(tuple(planned.covers()), refused.reason)


def _attempt(build: Build, file: LayerFile) -> Plan | Refusal:
    try:
        if stands_for_several(build, file):
            return _Folder(build, file).plan()
        return (_Served if agent_serves(build, file.path) else _Key)(build, file).plan()
    except Refused as refused:
        return Refusal((file.span,), refused.reason)


class _Folder(Folder):
    """A whole folder that nothing in the build uses."""

    def __init__(self, build: Build, file: LayerFile) -> None:
        super().__init__(build, file)
        self.tools = READERS

    def _base(self) -> str:
        return "id_rsa"

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        made = super().plan()
        if made.secrets:
            raise Refused(several(self.file))
        made.reason = "no RUN uses git or ssh; what runs in the container may"
        return made


class _Key(Leaving):
    """A copied key that becomes a mounted file."""

    def _run_time(self, read: bool) -> None:
        """A key that the build needs is for the build, unless something that starts the container names it."""
        named = starts_with(self.build, self.path, environment=True) or starts_ssh(self.build)
        if self._ships() and (named or not read):
            at_run_time(self.result, self.path, f"{named} uses it" if named else "no RUN reads it")
        elif not read:
            self.result.reason = "nothing in the build reads the file"


class _Served(_Key):
    """A copied key that the agent takes the place of."""

    mounted = False

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        made = super().plan()
        if made.secrets:
            made.title = f"{self.name} is used through the build's SSH agent"
            if made.applicability is Applicability.SAFE:
                made.reason = "git and ssh ask the agent for the key; known_hosts stays"
        return made

    def _is_read(self, path: str, life: Lifetime) -> bool:
        return path == self.path and any(connects(run) for run in life.consumers)

    def _give(self) -> list[Run]:
        with_agent(self.build, self.lives[0][1].consumers, self.result, self.source)
        return []
