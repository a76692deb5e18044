"""Compose files: `build.args` become `build.secrets`, with the sources in the top-level `secrets`."""

from __future__ import annotations

from auditor.core.edit import Edit
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers import needs
from auditor.fixes.callers.composeparts import Given, arguments_of, ids_of
from auditor.fixes.callers.composetop import TopSecrets
from auditor.fixes.callers.directories import Place, builds, is_elsewhere
from auditor.fixes.callers.work import Draft
from auditor.fixes.callers.yamledit import Sheet, holds_anchor, text_of
from auditor.lang.compose import reader
from auditor.lang.compose.interpolation import VARIABLE, with_defaults
from auditor.lang.compose.nodes import Alias, Mapping, Node, Scalar, Sequence, walk
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work
    from auditor.fixes.plan import BuildSecret

_SHARED = "the build section is shared by an anchor, an alias or a merge; change it there"
#: Of the compose specification: `build.secrets`, and `environment` as the source of a secret.
_NEEDS = "build secrets of compose need docker compose {} or later; docker-compose 1.x knows none"


def change_compose(work: Work) -> None:
    """The services of a compose file that build this Dockerfile."""
    try:
        documents = reader.read(work.text)
    except Unreadable as error:
        work.unreadable(error.reason)
        return
    top = documents[0] if documents else None
    services = top.mapping("services") if isinstance(top, Mapping) else None
    if services is None or not isinstance(top, Mapping):
        return
    file = ComposeFile(work, top, alone=len(documents) == 1)
    for key, service in services.pairs:
        if isinstance(service, Mapping):
            file.service(key, service)
    file.finish()
    file.leftovers()


class ComposeFile:
    """One compose file; the top-level `secrets` are written once, for all services."""

    def __init__(self, work: Work, top: Mapping, *, alone: bool) -> None:
        self.work = work
        self.top = top
        self.sheet = Sheet(work.text)
        self.secrets = TopSecrets(top, self.sheet, alone=alone)
        self._handled: list[Span] = []
        self._drafts: list[tuple[int, Draft]] = []

    def service(self, key: Node, service: Mapping) -> None:
        """One service."""
        pair = service.pair("build")
        if pair is None:
            return
        build = pair[1]
        if isinstance(build, Alias) or (isinstance(build, Scalar) and build.null):
            return
        given = arguments_of(build.get("args")) if isinstance(build, Mapping) else []
        if not self.is_ours(build, {g.name for g in given}, key.span.start):
            return
        self.work.matched += 1
        self._handled.append(build.span)
        draft = Draft()
        if isinstance(build, Mapping):
            self._long(build, given, draft)
        elif isinstance(build, Scalar):
            self._short(pair[0], build, service, draft)
        self._drafts.append((pair[0].span.start, draft))

    def is_ours(self, build: Node, names: set[str], offset: int) -> bool:
        """Whether a service's `build` (with arguments of these names) builds the Dockerfile; a doubt is a problem."""
        work = self.work
        context: str | None = text_of(build)
        file = None
        if isinstance(build, Mapping):
            if build.get("dockerfile_inline") is not None:
                return False
            context, file = build.text("context") or ".", build.text("dockerfile")
        where = with_defaults(context or "")
        if is_elsewhere(where):
            return False
        folder = Place((work.folder,)).to(where) if where is not None else Place(())
        path = with_defaults(file) if file is not None else None
        ours = builds(work, folder, ".", path, given=file is not None, names=("Dockerfile",))
        if ours is None:
            ours = work.build.sole and work.fits(names)
            if not ours and (work.fits(names) or work.build.sole):
                work.problem(offset, "which Dockerfile this service builds cannot be told")
        return bool(ours)

    def _long(self, build: Mapping, given: list[Given], draft: Draft) -> None:
        args = build.pair("args")
        gone = [g for g in given if self.work.gone(g.name)]
        wanted = self._wanted(build, gone, draft)
        if not gone and not wanted:
            return
        if build.marked or build.merges or (args and (holds_anchor(args[1]) or isinstance(args[1], Alias))):
            draft.fail(_SHARED)
            return
        if args is not None and isinstance(args[1], Mapping) and args[1].merges and gone:
            draft.fail(_SHARED)
            return
        over: Span | None = None
        if args is not None and gone and isinstance(args[1], Mapping | Sequence):
            if len(gone) < len(given):
                self.sheet.remove(args[1], [g.at for g in gone], draft)
            elif build.flow:
                draft.fail("the YAML here is written in a way that cannot be changed safely")
            else:
                over = self.sheet.lines_of(*args, draft)
        self._write(build, args, over, wanted, draft)

    def _wanted(self, build: Mapping, gone: list[Given], draft: Draft) -> list[BuildSecret]:
        """The secrets that the service does not list yet; notes where each one comes from."""
        listed = ids_of(build.get("secrets")) | ids_of(build.get("ssh"))
        by_name = {g.name: g for g in gone}
        wanted = []
        for secret in self.work.build.secrets:
            given = by_name.get(secret.name) if secret.kind == "variable" else None
            if given is not None:
                self._burn(given, draft)
            if secret.id in listed:
                continue
            listed.add(secret.id)
            wanted.append(secret)
            self._source(secret, given, draft)
        return wanted

    def _burn(self, given: Given, draft: Draft) -> None:
        match = VARIABLE.fullmatch(given.value or "")
        if given.value is None or (match is None and "$" in given.value.replace("$$", "")):
            return
        if given.value and (match is None or (match["op"] == "-" and match["rest"])):
            draft.burnt.append((given.name, given.span))
            draft.ask(match["name"] if match else given.name)

    def _source(self, secret: BuildSecret, given: Given | None, draft: Draft) -> None:
        """The entry of the top-level `secrets`."""
        if secret.kind == "variable":
            name = needs.variable(secret)
            if given is not None and given.value is not None and "$" in given.value.replace("$$", ""):
                match = VARIABLE.fullmatch(given.value)
                if match is None:
                    draft.fail(f"the value of {given.name} is put together of several parts")
                name = (match["name"] or match["bare"]) if match else name
            elif given is None:
                draft.notes.append(f"set {name} in the environment before the build")
            self.secrets.add(secret.id, f"environment: {name}", draft)
            draft.notes.append(_NEEDS.format("2.6"))
        elif secret.kind == "file":
            if not secret.source or not self.work.build.context:
                draft.fail(f"which file the build secret {secret.id} is cannot be told")
                return
            self.secrets.add(secret.id, f"file: {self.secrets.path(secret.source, self.work, draft)}", draft)
            draft.notes.append(_NEEDS.format("2.5"))

    def _items(self, wanted: list[BuildSecret], draft: Draft) -> tuple[list[str], list[str]]:
        """Items for `secrets` and for `ssh`."""
        keys = []
        for secret in wanted:
            if secret.kind == "ssh":
                key = needs.ssh_key(secret, self.work.build.context)
                keys.append(secret.id + (f"={self.secrets.path(key, self.work, draft)}" if key else ""))
        return [s.id for s in wanted if s.kind != "ssh"], keys

    def _write(
        self, build: Mapping, args: tuple[Node, Node] | None, over: Span | None, wanted: list[BuildSecret], draft: Draft
    ) -> None:
        """Put the lists into a long build section, in the place of `args` or behind it."""
        fresh: list[str] = []
        indent = self.sheet.indent(build)
        for name, items in zip(("secrets", "ssh"), self._items(wanted, draft), strict=True):
            if not items:
                continue
            existing = build.get(name)
            if isinstance(existing, Sequence):
                self.sheet.extend(existing, items, draft)
            elif existing is not None:
                draft.fail(f"`build.{name}` is written in a way that cannot be changed safely")
            elif build.flow:
                end = build.pairs[-1][1].span.end
                draft.replace(Span(end, end), f", {name}: [{', '.join(items)}]")
            else:
                fresh += [f"{indent}{name}:", *(f"{indent}{self.secrets.dash()}{item}" for item in items)]
        if over is not None and not fresh:
            draft.replace(over, "")
        elif fresh:
            after = args[1] if args is not None else build.pairs[-1][1]
            at = max(self.sheet.last(after), self.sheet.line_end(build.pairs[-1][0].span.end) if args is None else 0)
            draft.edits.append(self.sheet.put(at, fresh, over=over))

    def _short(self, key: Node, build: Scalar, service: Mapping, draft: Draft) -> None:
        """`build: .` becomes a mapping."""
        wanted = self._wanted(Mapping(build.span, False, "", False), [], draft)
        if not wanted:
            return
        text, (start, end) = self.work.text, build.span
        if build.marked or build.style in ("|", ">") or "\n" in text[key.span.end : end] or service.flow:
            draft.fail(_SHARED)
            return
        indent = " " * self.sheet.column(key)
        inner = indent + " " * self.sheet.step(service, self.sheet.step(self.top))
        lines = [f"{inner}context: {text[start:end]}"]
        for name, items in zip(("secrets", "ssh"), self._items(wanted, draft), strict=True):
            if items:
                lines += [f"{inner}{name}:", *(f"{inner}{self.secrets.dash()}{item}" for item in items)]
        colon = text.index(":", key.span.end) + 1
        draft.replace(Span(colon, end), "")
        at = self.sheet.line_end(end)
        if at >= len(text) and not text.endswith("\n") and not text[end:].strip():
            draft.edits[-1] = Edit(Span(colon, end), self.sheet.newline + self.sheet.newline.join(lines))
            return
        draft.edits.append(self.sheet.put(at, lines))

    def finish(self) -> None:
        """Take the services' changes, and write the top-level secrets behind them."""
        failed = any(draft.problem for _, draft in self._drafts)
        whole, top = Draft(), Draft()
        if self.secrets.sources and not failed:
            self.secrets.declare(top)
        for _, draft in self._drafts:
            if failed and not draft.problem and draft.edits:
                draft.fail("another service of this file cannot be changed along with this one")
            if top.problem:
                draft.fail(top.problem)
        if self._drafts and not failed and not top.problem:
            for _, draft in self._drafts:
                whole.edits += draft.edits
                whole.burnt += draft.burnt
                whole.notes += draft.notes
            whole.edits = [*whole.edits, *top.edits]
            self.work.take(self._drafts[0][0], whole)
            return
        for offset, draft in self._drafts:
            if draft.problem:
                self.work.take(offset, draft)

    def leftovers(self) -> None:
        """Arguments in sections that no service of ours holds: behind anchors, or merged."""
        for node in walk(self.top):
            if not isinstance(node, Mapping):
                continue
            pair = node.pair("args")
            if pair is None or any(s.start <= pair[0].span.start < s.end for s in self._handled):
                continue
            build = node.get("context") is not None or node.get("dockerfile") is not None or self.work.build.sole
            if build and node.anchor and self.work.fits({g.name for g in arguments_of(pair[1])}):
                self.work.problem(pair[0].span.start, _SHARED)
