"""Secrets written into RUN commands: the value goes into a build secret, `$(cat /run/secrets/ID)` takes its place."""

from __future__ import annotations

from bisect import bisect_right
from importlib import import_module

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes import exposure, prints, sites, urls
from auditor.fixes.plan import BuildSecret, Burnt, DropCommand, Mount, Plan, Refusal, Refused, Replace
from auditor.flow import commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.secret import Secret
    from auditor.fixes.plan import Change
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Literal, Run, Step

_LIVE = ("secret", "weak")
#: Programs that are given a password in order to keep it, or a hash of it, in the image.
_KEEPERS = frozenset(
    "chpasswd passwd useradd usermod adduser htpasswd htdigest vncpasswd x11vnc smbpasswd samba-tool slappasswd "
    "saslpasswd2 mosquitto_passwd rabbitmqctl mysqladmin mariadb-admin neo4j-admin grafana-cli grafana "
    "debconf-set-selections ldappasswd net".split()
)
_BY_DESIGN = (
    "{} keeps the password or its hash in the image: a build secret would not change that. Set it when the container "
    "starts"
)
#: Names that say nothing about which of several secrets is meant.
_GENERIC = frozenset("password pass passwd pw token secret key user pwd stdin authorization".split())
_WRITTEN_BY_RUN = ("written", "stored")


class Found(NamedTuple):
    """One place at which a secret is written into an instruction; `detail` is the program it is given to."""

    step: Step
    literal: Literal
    detail: str


def plans(build: Build, _form: str = "file") -> Iterator[Plan | Refusal]:
    """A plan, or the reason why there is none, for each secret value that is written into RUN commands."""
    groups: dict[Secret, list[Found]] = {}
    for found in _found(build):
        groups.setdefault(found.literal.secret, []).append(found)
    taken = _taken_ids(build)
    for group in groups.values():
        spans = tuple(found.literal.span for found in group)
        try:
            yield _Planner(build, group, taken).plan()
        except Refused as refused:
            yield Refusal(spans, refused.reason)


def _found(build: Build) -> list[Found]:
    """The literal secrets of RUN instructions, each place once; tokens that nothing explains come last."""
    found: list[Found] = []
    for use in build.facts.uses:
        if use.kind in ("literal", "url") and use.literal is not None:
            found.append(Found(use.step, use.literal, use.detail))
    for file in build.facts.files:
        if file.how in (*_WRITTEN_BY_RUN, "cloned"):
            found += [Found(file.step, literal, "") for literal in file.literals]
    found += [
        Found(use.step, use.literal, "") for use in build.facts.uses if use.kind == "token" and use.literal is not None
    ]
    # What secrets-bridge is given are names of secrets; its own planner takes the call away.
    bridged = {id(use.step.instruction) for use in build.facts.uses if use.detail == "secrets-bridge"}
    kept: dict[int, Found] = {}
    covered: list[Span] = []
    for one in found:
        span = one.literal.span
        node = one.step.instruction
        if node.keyword != "RUN" or id(node) in bridged or one.literal.level not in _LIVE:
            continue
        index = bisect_right(covered, (span.end, 0)) - 1
        if index < 0 or covered[index].end <= span.start:
            covered.insert(index + 1, span)
            kept[span.start] = one
    return [kept[start] for start in sorted(kept)]


def _taken_ids(build: Build) -> set[str]:
    """Ids that other secrets of the build have or are going to have."""
    taken = {exposure.secret_id(v.name) for v in build.facts.variables if v.sensitive}
    for run in build.facts.runs:
        for flag in run.step.instruction.flags:
            for field in (flag.value or "").split(",") if flag.name == "mount" else ():
                key, _equals, value = field.partition("=")
                taken |= {value} if key == "id" else set()
    return taken


class _Planner:
    """The plan for one value, wherever it stands."""

    def __init__(self, build: Build, group: Sequence[Found], taken: set[str]) -> None:
        self.build = build
        self.text = build.document.text
        self.group = group
        self.taken = taken
        self.runs = {id(run.step.instruction): run for run in build.facts.runs}
        self.secret = BuildSecret("", "variable")
        self.plan_ = Plan("", "the command gets the value it had, from a mount that no layer keeps")
        self.mounted = False

    def plan(self) -> Plan:
        """Raises Refused where one of the places cannot be changed."""
        plan, first = self.plan_, self.group[0]
        name = self._id()
        self.secret = BuildSecret(name, "variable", name.upper())
        what = first.literal.secret.kind.replace("-", " ")
        for found in self.group:
            plan.changes += self._changes(found)
            plan.covers.append(found.literal.span)
            line = self.build.document.lines.line(found.literal.span.start)
            plan.burnt.append(Burnt(what, f"line {line} of the Dockerfile and the image history", found.literal.span))
        if self.mounted:
            plan.title = f"{what} in the command becomes the build secret {name}"
            plan.secrets.append(self.secret)
            plan.notes.append(f"The build secret {name} holds the value exactly as it stood in the command.")
        else:
            plan.title = f"{what} leaves the file"
            plan.reason = "nothing reads the text that goes"
        plan.changes = list(dict.fromkeys(plan.changes))
        self._settle()
        self.taken.add(name)
        return plan

    def _id(self) -> str:
        """An id that says what the secret is: by what announces it, else by the kind of token."""
        first = next((f for f in self.group if f.literal.kind != "token"), self.group[0])
        literal, name = first.literal, first.literal.name
        if literal.kind == "url":
            name = f"{urls.host_behind(self.text, literal.span.end)}_{name}"
        elif literal.kind == "token" or not name:
            name = literal.secret.kind
        elif len(name) < 3 or name.lower() in _GENERIC:
            owner = first.detail if first.detail and first.detail.lower() != name.lower() else ""
            name = f"{owner}_{name if len(name) > 2 else 'password'}"
        made = base = exposure.secret_id(name)
        number = 2
        while made in self.taken:
            made, number = f"{base}_{number}", number + 1
        return made

    # -- one place -----------------------------------------------------------------------------------------------

    def _changes(self, found: Found) -> list[Change]:
        node = found.step.instruction
        run = self.runs.get(id(node))
        span, value = found.literal.span, found.literal.secret.reveal()
        comment = next((c for c in self.build.document.comments if c.covers(span.start)), None)
        if comment is not None:
            return [_blanked(self.text, comment, span)]
        if run is None:
            raise Refused("the instruction is not followed")
        exposure.check(run)
        where = sites.site(run, max(span.end - len(value), span.start))
        if where.kinds[-1] == "comment":
            raise Refused("it stands in a comment of a script: take it out there")
        dropped = self._printed(run, found)
        if dropped is not None:
            return dropped
        self._bearable(found, where)
        command = f"cat /run/secrets/{self.secret.id}"
        self.mounted = True
        changes: list[Change] = [self._mount(run, where), *prints.silenced(self.build, run)]
        clone = urls.clone_of(run, span.start)
        if clone is not None:
            return [*changes, *urls.without_credentials(self.build, clone, span, value, f"$({command})")]
        if any(file.how == "cloned" for file in self._files(found.literal)):
            raise Refused("git keeps the URL in the clone, and its command stands in a script inside another command")
        return [*changes, sites.hidden(self.text, where, span, value, command)]

    def _printed(self, run: Run, found: Found) -> list[Change] | None:
        """`echo TOKEN` with nothing behind it: the statement goes."""
        if any(file.how in _WRITTEN_BY_RUN for file in self._files(found.literal, gone=True)):
            return None
        place = found.literal.span.start
        return [DropCommand(run.step.instruction, place)] if prints.only_prints(run, place) else None

    def _bearable(self, found: Found, where: sites.Site) -> None:
        """Raises Refused for values that are meant to stay in the image, in whatever form."""
        literal = found.literal
        if literal.kind == "sql":
            raise Refused(_BY_DESIGN.format("the database"))
        names = {literal.name, found.detail}
        if where.command is not None:
            fed = (where.command, *where.command.feeds)
            names |= {commands.base_name(w[0]) for c in fed if (w := commands.program(c.words))}
        keeper = next((name for name in sorted(names) if name in _KEEPERS), "")
        if keeper:
            raise Refused(_BY_DESIGN.format(keeper))
        words = where.command.words if where.command is not None else ()
        if any(word.rendered in ("-e", "--editable") for word in words) and literal.kind == "url":
            raise Refused("an editable install keeps the URL in the .git/config of its clone")

    def _mount(self, run: Run, where: sites.Site) -> Mount:
        made = exposure.mount(run, self.secret)
        if where.other_user and "mode=" not in made.text:
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

    def _settle(self) -> None:
        """Where a command leaves the value in a file of the image, that file is taken care of, too."""
        files: list[LayerFile] = []
        for found in self.group:
            files += [f for f in self._files(found.literal) if f.how in _WRITTEN_BY_RUN and f not in files]
        if not files:
            return
        try:
            # start-up: only for commands that store what they are given
            written = import_module("auditor.fixes.written")
        except ModuleNotFoundError:
            raise Refused(f"the command also leaves the value in {files[0].path}, which stays in the image") from None
        self.plan_.covers += [file.span for file in files]
        written.settle(self.build, files, self.plan_)


def _blanked(text: str, comment: Span, span: Span) -> Replace:
    """A token in a comment: nothing reads it."""
    end = min(span.end, comment.end)
    return Replace(Span(span.start, end), "(removed)") if text[span.start : end] else Replace(span, "")
