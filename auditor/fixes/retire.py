"""What else a build does with a credential file that will no longer be in a layer: who reads it, who removes it."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes import deeds as doing
from auditor.fixes.exposure import CLEANING, SETTING, mount
from auditor.fixes.folders import quoted, stands
from auditor.fixes.plan import Drop, DropCommand, Prelude, Refused, Replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.fixes.deeds import Deed
    from auditor.fixes.plan import BuildSecret, Change
    from auditor.flow.build import Build
    from auditor.flow.facts import Run, Step

#: Folders that every Linux image has, or that a RUN cannot do without.
_ALWAYS = frozenset(
    "/ /root /etc /tmp /usr /var /opt /home /srv /bin /lib /run /mnt /usr/local /var/lib /etc/ssl".split()
)
#: What a mounted file does not allow.
_BLOCKED = frozenset({"write", "clear", "sweep", "move", "inner"})
_ENDING = frozenset({"remove", "clear", "move"})


class Lifetime(NamedTuple):
    """What becomes of a file that leaves the layers.

    `changes` take out the commands that would fail without it; `consumers` are the RUNs that need it, `real` those of
    them that need a file of the layer for as long as they run, since they do what a mount does not allow (see `give`).
    `ended`: the build removes it. `unsafe` says what could not be decided ("" for nothing).
    """

    changes: tuple[Change, ...]
    consumers: tuple[Run, ...]
    ended: bool
    unsafe: str
    real: tuple[Run, ...] = ()


def lifetime(
    build: Build,
    path: str,
    start: Step,
    tools: frozenset[str] | None,
    *,
    inside: Run | None = None,
    mounted: bool = True,
    written: bool | None = None,
) -> Lifetime:
    """Follow the file at `path` (absolute) behind the instruction `start`, in its stage and in stages built from that.

    `tools` are the programs that read it unasked (None: any may). `inside` is the RUN that `start` is, where a command
    of it makes the file: what follows that command is looked at, too. `mounted`: consumers will find it as a read-only
    mount at `path`; else nothing is there. `written`: they have a file of their own, whose mode they may change (by
    default where a command makes it). Raises Refused with a sentence for the user.
    """
    life = _Life(build, path, tools, mounted, written if written is not None else inside is not None)
    ended = False
    if inside is not None:
        ended = life.run(inside, life.made(inside))
    if not ended:
        ended = life.stage(start.stage, start.instruction.span.start)
    if life.packed and life.consumers:
        raise Refused(f"the folder of {path} is copied on to {life.packed}")
    return Lifetime(tuple(life.changes), tuple(life.consumers), ended, life.unsafe, tuple(life.real))


def give(
    run: Run, secret: BuildSecret, path: str, life: Lifetime, users: Mapping[str, str] | None = None, mode: str = "600"
) -> list[Change]:
    """The changes that let a consumer find the secret at `path`: a mount there, or a file as long as the RUN lasts."""
    if run not in life.real:
        return [mount(run, secret, path, users)]
    node = run.step.instruction
    write = f"cat /run/secrets/{secret.id} > {quoted(path)} || exit 1"
    if not secret.required:
        write = f"if [ -f /run/secrets/{secret.id} ]; then {write}; fi"
    return [
        mount(run, secret, users=users),
        Prelude(node, f"rm -f {quoted(path)}", CLEANING),
        Prelude(node, write, SETTING),
        Prelude(node, f"chmod {mode} {quoted(path)}", SETTING),
    ]


class _Life:
    """The file on its way through the RUNs; `packed`: where a folder above it is copied to."""

    def __init__(self, build: Build, path: str, tools: frozenset[str] | None, mounted: bool, own: bool) -> None:
        self.build = build
        self.path = path
        self.tools = tools
        self.mounted = mounted
        self.own = own
        self.changes: list[Change] = []
        self.consumers: list[Run] = []
        self.real: list[Run] = []
        self.unsafe = ""
        self.packed = ""
        self.written = False

    def made(self, run: Run) -> int:
        """Where the command ends that makes the file in this RUN."""
        node = run.step.instruction
        files = (f for f in self.build.facts.files if f.path == self.path and f.step.instruction is node)
        return max((f.extent.end for f in files), default=node.span.start)

    def stage(self, index: int, after: int) -> bool:
        """Follow a stage's RUNs behind a place, and the stages built from it; returns whether all of them end it."""
        for run in self.build.facts.runs:
            if run.step.stage == index and run.step.instruction.span.start > after and self.run(run):
                return True
        heirs = [stage for stage in self.build.stages if stage.base_stage == index]
        ended = [self.stage(stage.index, -1) for stage in heirs]
        return bool(ended) and all(ended) and not self.build.stages[index].is_final

    def run(self, run: Run, after: int = -1) -> bool:
        """Follow one RUN; returns whether it removes the file."""
        found = sorted([*doing.deeds(run, self.path, self.tools, after), *self._stored(run, after)], key=_begin)
        end = next((n for n, deed in enumerate(found) if self._ends(run, deed, found)), len(found))
        reads = any(self._reads(run, deed, found) for deed in found[: end + 1])
        if run.step.onbuild and (reads or end < len(found)):
            raise Refused(
                "an ONBUILD trigger needs the file: the fix would change what every child build has to provide"
            )
        for deed in found:
            self._copied(run, deed)
        if not reads or not self.mounted:
            self._absent(run, found)
        if reads:
            self._consumer(run, found)
        return end < len(found)

    def _stored(self, run: Run, after: int) -> list[Deed]:
        """What tools are told to keep in the file; that they write it no word of their commands says."""
        node = run.step.instruction
        files = [f for f in self.build.facts.files if f.path == self.path and f.how == "stored"]
        places = [f.extent for f in files if f.step.instruction is node and f.extent.start >= after]
        return [doing.Deed("write", place) for place in places]

    def _ends(self, run: Run, deed: Deed, found: list[Deed]) -> bool:
        return deed.kind in _ENDING and (not deed.branch or deed.lenient or doing.is_guarded(run, deed, found))

    def _reads(self, run: Run, deed: Deed, found: list[Deed]) -> bool:
        if deed.kind == "test":
            return not any(d.kind != "test" and doing.is_guarded(run, d, [deed]) for d in found)
        return deed.kind in ("read", "copy", "move", "write", "inner")

    # -- a RUN that gets the file --------------------------------------------------------------------------------

    def _consumer(self, run: Run, found: list[Deed]) -> None:
        if self.written:
            raise Refused(f"one RUN changes {self.path} and a later one uses it")
        self.consumers.append(run)
        if not self.mounted:
            return
        if any(deed.kind in _BLOCKED for deed in found):
            self.real.append(run)
            self.written = any(deed.kind == "write" for deed in found)
            return
        for deed in found:
            if deed.kind == "remove" or (deed.kind == "adjust" and not self.own):
                self._take_out(run, deed)

    def _copied(self, run: Run, deed: Deed) -> None:
        """Refuse what hands the content on; a copy that the same RUN removes again is none."""
        if deed.kind == "pack":
            self.packed = self.packed or deed.goal
        elif deed.kind in ("copy", "move") and not (
            deed.goal.startswith("/") and doing.is_removed(run, deed.goal, deed.span.end)
        ):
            raise Refused(f"{self.path} is copied on to {deed.goal}")

    # -- a RUN without it ----------------------------------------------------------------------------------------

    def _absent(self, run: Run, found: list[Deed]) -> None:
        """Take out what would fail on a missing file."""
        for deed in found:
            if deed.kind in ("remove", "adjust"):
                if not doing.is_guarded(run, deed, found):
                    self._take_out(run, deed)
            elif deed.kind == "write" and not self.mounted:
                raise Refused(f"a RUN changes {self.path}")
            elif deed.kind in ("clear", "sweep", "parent"):
                self._above(run, deed)

    def _above(self, run: Run, deed: Deed) -> None:
        """A command on a folder above the file, or on a pattern: it stays, and may find nothing."""
        if deed.words:
            self._take_out(run, deed)
        if deed.kind == "clear" and deed.lenient:
            return
        if "*" in deed.goal or "?" in deed.goal or not self._stands(run, deed):
            self.unsafe = self.unsafe or f"a command on {deed.goal} may find nothing there once the file is gone"

    def _stands(self, run: Run, deed: Deed) -> bool:
        """Whether the folder is there all the same; a mount makes it, too, and it stays."""
        stage = run.step.stage
        if self.mounted and any(got.step.stage == stage and got not in self.real for got in self.consumers):
            return True
        return stands(self.build, run.step.stage, deed.goal, deed.span.start, besides=self.path)

    def _take_out(self, run: Run, deed: Deed) -> None:
        """Cut the file out of a command, or the command out of the RUN."""
        node = run.step.instruction
        if not deed.alone:
            self.changes += [Replace(span, rest) for span, rest in deed.words]
        elif node.json:
            self.changes.append(Drop(node))
        elif doing.is_droppable(run, deed):
            self.changes.append(DropCommand(node, deed.span.start))
        else:  # in the middle of something: a command that does nothing takes its place
            self.changes.append(Replace(deed.span, ":"))


def _begin(deed: Deed) -> int:
    return deed.span.start
