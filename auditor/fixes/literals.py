"""Secrets written into RUN commands: the value goes into a build secret, `$(cat /run/secrets/ID)` takes its place."""

from __future__ import annotations

from importlib import import_module

from auditor.core.edit import Edit, apply_edits
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secretnames import secret_id
from auditor.core.span import Span
from auditor.fixes import bases, exposure, lasting, naming, places, prints, sites, tracing, urls
from auditor.fixes.places import WRITTEN_BY_RUN
from auditor.fixes.plan import BuildSecret, Burnt, DropCommand, Mount, Plan, Refusal, Refused, Replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.secret import Secret
    from auditor.fixes.leftover import Moved
    from auditor.fixes.places import Found
    from auditor.fixes.plan import Change
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Literal, Run

#: Places times characters: each place is looked up in its script.
_MOST_WORK = 5_000_000
_TOO_MANY = "the file holds more secrets than are looked at: take them out of it by hand"


def plans(build: Build, _form: str = "file") -> Iterator[Plan | Refusal]:
    """A plan, or the reason why there is none, for each secret value that is written into RUN commands.

    Values that end in one file are one plan.
    """
    groups = places.groups(build)
    if sum(map(len, groups)) * len(build.document.text) > _MOST_WORK:
        yield Refusal(tuple(found.literal.span for group in groups for found in group), _TOO_MANY)
        return
    taken = naming.taken_ids(build)
    for group in groups:
        spans = tuple(found.literal.span for found in group)
        planner = _Planner(build, group, taken)
        try:
            yield planner.plan()
        except Refused as refused:
            yield Refusal((*spans, *planner.plan_.covers), refused.reason)
    if any(origin.kind == "fetched" for file in build.facts.files for origin in file.origins):
        # start-up: for files that commands fetch credentials into only
        yield from import_module("auditor.fixes.fetched").plans(build)


class Placed(NamedTuple):
    """A place with what replaces its text; `secret` is mounted for it (None: the text just goes)."""

    found: Found
    run: Run | None
    changes: tuple[Change, ...]
    secret: BuildSecret | None
    other_user: bool = False


class _Planner:
    """The plan for values that belong together, wherever they stand."""

    def __init__(self, build: Build, group: Sequence[Found], taken: set[str]) -> None:
        self.build = build
        self.text = build.document.text
        self.group = group
        self.taken = taken
        self.runs = {id(run.step.instruction): run for run in build.facts.runs}
        self.secrets: dict[Secret, BuildSecret] = {}
        self.plan_ = Plan("", "the command gets the value it had, from a mount that no layer keeps")

    def plan(self) -> Plan:
        """Raises Refused where one of the places cannot be changed."""
        plan = self.plan_
        kinds: dict[str, None] = {}
        for found in self.group:
            what = found.literal.secret.kind.replace("-", " ")
            kinds[what] = None
            plan.covers.append(found.literal.span)
            plan.burnt.append(Burnt(what, "RUN in the Dockerfile, image history", found.literal.span))
        files = self._kept_files()
        for file in files:
            plan.covers += [file.span, file.extent, *(span for _step, span in [*file.removed, *file.carried])]
        placed = [self._placed(found) for found in self.group]
        self._entitle(" and ".join(kinds), {one.secret: None for one in placed if one.secret is not None})
        self._carry_out(placed, files)
        self.taken.update(secret.id for secret in self.secrets.values())
        return plan

    def _entitle(self, what: str, secrets: dict[BuildSecret, None]) -> None:
        """The plan's words, and the secrets that it asks for."""
        plan = self.plan_
        ids = ", ".join(secret.id for secret in secrets)
        if not secrets:
            plan.title = f"{what} leaves the file"
            plan.reason = "nothing reads the text that goes"
            return
        plan.title = f"{what} in the command becomes the build secret {ids}"
        plan.secrets += secrets
        for secret in secrets:
            plan.notes.append(f"The build secret {secret.id} holds the value exactly as it stood in the command.")

    # -- names ---------------------------------------------------------------------------------------------------

    def _secret(self, found: Found) -> BuildSecret:
        value = found.literal.secret
        if value not in self.secrets:
            group = [one for one in self.group if one.literal.secret == value]
            first = next((f for f in group if f.literal.kind != "token"), group[0])
            used = [*self.taken, *(secret.id for secret in self.secrets.values())]
            name = naming.literal_id(self.text, first.literal, first.detail, used)
            variable = naming.variable_of(first.literal)
            # Another secret of that name has another id: callers give each its own variable.
            self.secrets[value] = BuildSecret(name, "variable", variable if secret_id(variable) == name else "")
        return self.secrets[value]

    # -- one place -----------------------------------------------------------------------------------------------

    def _placed(self, found: Found) -> Placed:
        node = found.step.instruction
        run = self.runs.get(id(node))
        span, value = found.literal.span, found.literal.secret.reveal()
        comment = next((c for c in self.build.document.comments if c.covers(span.start)), None)
        if comment is not None:
            return Placed(found, None, (_blanked(self.text, comment, span),), None)
        if run is None:
            raise Refused("the instruction is not followed")
        exposure.check(run)
        if node.json and not sites.is_shell(node):
            return self._exec_form(found, run, value)
        where = sites.site(run, max(span.end - len(value), span.start))
        if where.kinds[-1] == "comment":
            raise Refused("it stands in a comment of a script: take it out there")
        dropped = self._printed(run, found)
        if dropped is not None:
            return Placed(found, run, (dropped,), None)
        hasher = lasting.kept_hash(found.literal, found.detail, where)
        if hasher and lasting.note(hasher) not in self.plan_.notes:
            self.plan_.notes.append(lasting.note(hasher))
        secret = self._secret(found)
        command = f"cat /run/secrets/{secret.id}"
        clone = urls.clone_of(run, span.start)
        if clone is not None:
            changes = urls.without_credentials(self.build, clone, span, value, f"$({command})")
            return Placed(found, run, tuple(changes), secret, where.other_user)
        if any(file.how == "cloned" for file in self._files(found.literal)):
            raise Refused("git keeps the URL in the clone, and its command stands in a script inside another command")
        change = sites.hidden(self.text, where, span, value, command)
        return Placed(found, run, (change,), secret, where.other_user)

    def _printed(self, run: Run, found: Found) -> Change | None:
        """`echo TOKEN` with nothing behind it: the statement goes."""
        if any(file.how in WRITTEN_BY_RUN for file in self._files(found.literal, gone=True)):
            return None
        return prints.unprinted(run, found.literal.span.start)

    def _exec_form(self, found: Found, run: Run, value: str) -> Placed:
        """A RUN without a shell gets one, for the word that has the value in it."""
        if bases.lacks_shell(self.build, run.step.stage):
            raise Refused("the RUN is in exec form, and the image has no shell that could read the secret for it")
        secret = self._secret(found)
        changes = sites.through_shell(run, found.literal.span, value, f"cat /run/secrets/{secret.id}")
        return Placed(found, run, tuple(changes), secret)

    def _mount(self, run: Run, secret: BuildSecret, other_user: bool) -> Mount:
        made = exposure.mount(run, secret)
        if other_user and "mode=" not in made.text:
            fields = [field for field in made.text.split(",") if not field.startswith("uid=")]
            made = Mount(made.run, ",".join([*fields[:-1], "mode=0444", fields[-1]]))
        return made

    # -- files that the commands write -----------------------------------------------------------------------------

    def _files(self, literal: Literal, *, gone: bool = False) -> list[LayerFile]:
        return [
            file
            for file in self.build.facts.files
            if (gone or not file.gone) and any(one.span == literal.span for one in file.literals)
        ]

    def _kept_files(self) -> list[LayerFile]:
        found: list[LayerFile] = []
        for one in self.group:
            found += [f for f in self._files(one.literal) if f.how in WRITTEN_BY_RUN and f not in found]
        return found

    def _carry_out(self, placed: Sequence[Placed], files: Sequence[LayerFile]) -> None:
        """All changes: in the commands where they stand, and in the RUNs that they move to."""
        plan = self.plan_
        gone: list[Span] = []
        for path in dict.fromkeys(file.path for file in files):
            # start-up: only for commands that store what they are given
            leaving = import_module("auditor.fixes.leftover").leave(
                self.build, path, [file for file in files if file.path == path], plan
            )
            plan.changes += leaving.changes
            gone += [span for _run, span in leaving.gone]
            plan.changes += [DropCommand(run.step.instruction, span.start) for run, span in leaving.gone]
            for moved in leaving.moved:
                self._move(moved, placed)
        for one in placed:
            if any(span.covers(one.found.literal.span.start) for span in gone):
                continue
            plan.changes += one.changes
            self._give(one, one.run)
        plan.changes = list(dict.fromkeys(plan.changes))

    def _give(self, one: Placed, run: Run | None) -> None:
        """Mount a place's secret in a RUN."""
        if run is not None and one.secret is not None:
            self.plan_.changes += [self._mount(run, one.secret, one.other_user), *tracing.silenced(self.build, run)]

    def _move(self, moved: Moved, placed: Sequence[Placed]) -> None:
        """A statement in front of another RUN's command, with its values from mounts."""
        for one in placed:
            if any(span.covers(one.found.literal.span.start) for span in moved.statements):
                self._give(one, moved.run)

        def source(span: Span) -> str:
            edits = [
                Edit(Span(c.span.start - span.start, c.span.end - span.start), c.text)
                for one in placed
                for c in one.changes
                if isinstance(c, Replace) and span.covers(c.span.start)
            ]
            return apply_edits(self.text[span.start : span.end], edits)

        self.plan_.changes += moved.preludes(source)


def _blanked(text: str, comment: Span, span: Span) -> Replace:
    """A token in a comment: nothing reads it."""
    end = min(span.end, comment.end)
    return Replace(Span(span.start, end), "(removed)") if text[span.start : end] else Replace(span, "")
