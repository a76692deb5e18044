"""Bake files, HCL and JSON: `args` of a target become entries of `secret`, those that it inherits included."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers import needs
from auditor.fixes.callers.bakeedit import Board
from auditor.fixes.callers.directories import Place, builds, is_elsewhere
from auditor.fixes.callers.work import Draft
from auditor.fixes.callers.yamledit import text_of
from auditor.flow.calling.bakefiles import blocks, variable_of
from auditor.lang.compose.nodes import Mapping, Node, Scalar, Sequence
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work
    from auditor.fixes.plan import BuildSecret

_WORD = Pattern(r"\w+")
_ID = Pattern(r"(?:^|,)id=([^,]+)")
_SAFE = Pattern(r"[\w./:@=+~-]+")
_MAX_CHAIN = 50


def change_bake(work: Work) -> None:
    """The targets that build this Dockerfile."""
    json = work.caller.path.endswith(".json")
    try:
        kinds = blocks(work.text, json=json)
    except Unreadable:
        work.unreadable("this bake file cannot be read")
        return
    BakeFile(work, kinds, Board(work.text, json=json)).change()


def _texts(node: Node | None) -> list[str]:
    return [text_of(item) for item in node.items] if isinstance(node, Sequence) else []


class BakeFile:
    """One bake file; its changes are taken together."""

    def __init__(self, work: Work, kinds: dict[str, dict[str, Mapping]], board: Board) -> None:
        self.work = work
        self.board = board
        self.draft = Draft()
        self.targets = kinds.get("target", {})
        self.variables = kinds.get("variable", {})
        grouped = {name for group in kinds.get("group", {}).values() for name in _texts(group.get("targets"))}
        inherited = {name for target in self.targets.values() for name in _texts(target.get("inherits"))}
        #: Targets that somebody builds: those that are only there to be inherited build nothing.
        self._real = [name for name in self.targets if name in grouped or name not in inherited]
        self._gone: dict[str, set[int]] = {}
        self._added: dict[str, dict[str, dict[str, str]]] = {}
        self._used: dict[str, list[Span]] = {}

    def change(self) -> None:
        """Change the targets."""
        work = self.work
        ours = [name for name in self._real if self._is_ours(name)]
        work.matched += len(ours)
        for name in ours:
            self._target(name, self.chain(name))
        for name in self._real:
            if name not in ours and any(holder in self._gone for holder in self.chain(name)):
                self.draft.fail(f"the target {name} builds another Dockerfile with the same arguments")
        self._defaults()
        for name in self.targets:
            if name in self._gone or name in self._added:
                self._write(name)
        if self.draft.edits or self.draft.problem:
            work.take(self.targets[ours[0]].span.start, self.draft)

    def chain(self, name: str) -> list[str]:
        """A target and what it inherits, in the order in which a setting is looked for."""
        found: list[str] = []
        todo = [name]
        while todo and len(found) < _MAX_CHAIN:
            at = todo.pop()
            if at in self.targets and at not in found:
                found.append(at)
                todo += _texts(self.targets[at].get("inherits"))
        return found

    def _setting(self, chain: list[str], name: str) -> Node | None:
        return next((node for at in chain if (node := self.targets[at].get(name)) is not None), None)

    def _path(self, chain: list[str], name: str, default: str) -> str | None:
        """A path that a target is given; None where it is not plain text."""
        node = self._setting(chain, name)
        if node is None:
            return default
        plain = isinstance(node, Scalar) and bool(node.style) and not any(mark in node.value for mark in ("${", "%{"))
        return text_of(node) if plain else self._default(node)

    def _default(self, node: Node) -> str | None:
        """The default of the variable that a value is."""
        name = variable_of(node)
        default = self.variables[name].get("default") if name in self.variables else None
        return text_of(default) if isinstance(default, Scalar) and default.style and "${" not in default.value else None

    def _is_ours(self, name: str) -> bool:
        work, chain = self.work, self.chain(name)
        if self._setting(chain, "dockerfile-inline") is not None:
            return False
        context, file = self._path(chain, "context", "."), self._path(chain, "dockerfile", "Dockerfile")
        if is_elsewhere(context):
            return False
        place = Place((work.folder, work.root)).to(context)
        ours = builds(work, place, ".", file, given=True, names=("Dockerfile",))
        names = {text_of(key) for at in chain for key, _ in self._arguments(at)}
        if ours is None:
            ours = work.build.sole and work.fits(names)
            if not ours and (work.fits(names) or work.build.sole):
                offset = self.targets[name].span.start
                work.problem(offset, "which Dockerfile this target builds cannot be told")
        return bool(ours)

    def _arguments(self, name: str) -> list[tuple[Node, Node]]:
        args = self.targets[name].get("args")
        return args.pairs if isinstance(args, Mapping) else []

    def _target(self, name: str, chain: list[str]) -> None:
        """What one target has to lose and to get."""
        values: dict[str, tuple[str, Node]] = {}
        for at in chain:
            args = self.targets[at].get("args")
            if isinstance(args, Scalar) and self.work.fits({m[0] for m in _WORD.finditer(args.value)}):
                self.draft.fail("the arguments of this target are computed")
            for index, (key, value) in enumerate(self._arguments(at)):
                if self.work.gone(text_of(key)):
                    self._gone.setdefault(at, set()).add(index)
                    values.setdefault(text_of(key), (at, value))
        given = {secret for at in chain for secret in self._given(at)}
        for secret in self.work.build.secrets:
            held = values.get(secret.name) if secret.kind == "variable" else None
            if secret.id not in given:
                given.add(secret.id)
                entry = self._entry(secret, held[1] if held else None, chain)
                kinds = self._added.setdefault(held[0] if held else name, {})
                kinds.setdefault("ssh" if secret.kind == "ssh" else "secret", {})[secret.id] = entry

    def _given(self, name: str) -> set[str]:
        """Ids that a target passes already, or will."""
        target = self.targets[name]
        found = {secret for kind in self._added.get(name, {}).values() for secret in kind}
        found.update(text.partition("=")[0] for text in _texts(target.get("ssh")))
        secrets = target.get("secret")
        for item in secrets.items if isinstance(secrets, Sequence) else []:
            if isinstance(item, Mapping):
                found.add(item.text("id") or "")
            found.update(match[1] for match in _ID.finditer(text_of(item)))
        return found

    def _entry(self, secret: BuildSecret, value: Node | None, chain: list[str]) -> str:
        if secret.kind == "variable":
            return f"type=env,id={self._safe(secret.id)},env={self._source(secret, value)}"
        context = self._path(chain, "context", ".")
        if secret.kind == "ssh":
            key = needs.ssh_key(secret, self.work.build.context)
            return secret.id + (f"={self._safe(needs.joined(context or '', key))}" if key else "")
        if not secret.source or context is None:
            self.draft.fail(f"which file the build secret {secret.id} is cannot be told")
        return f"type=file,id={self._safe(secret.id)},src={self._safe(needs.joined(context or '.', secret.source))}"

    def _safe(self, text: str) -> str:
        if not _SAFE.fullmatch(text):
            self.draft.fail("the name of the secret file cannot be written here")
        return text

    def _source(self, secret: BuildSecret, value: Node | None) -> str:
        """The environment variable with the value that an argument had so far."""
        name = needs.variable(secret)
        if value is None or (isinstance(value, Scalar) and value.null):
            self.draft.notes.append(f"set {name} in the environment before the build")
            return name
        variable = variable_of(value)
        if variable:
            self._used.setdefault(variable, []).append(value.span)
            return variable
        if not isinstance(value, Scalar) or "{" in value.value or (not value.style and not value.value.isdigit()):
            self.draft.fail(f"the value of {name} is put together of several parts")
        elif value.value:
            quotes = len(value.style)
            self.draft.burnt.append((name, Span(value.span.start + quotes, value.span.end - quotes)))
            self.draft.ask(name)
        return name

    def _defaults(self) -> None:
        """Values that variables have when the environment does not set them: they are secrets, too."""
        for name, spans in self._used.items():
            body = self.variables.get(name)
            default = body.get("default") if body is not None else None
            if default is None or (isinstance(default, Scalar) and default.value in ("", "null")):
                continue
            if not isinstance(default, Scalar) or not default.style or "{" in default.value:
                self.draft.fail(f"the default of the variable {name} is put together of several parts")
                continue
            uses = sum(1 for match in _WORD.finditer(self.work.text) if match[0] == name)
            named = sum(1 for span in spans for m in _WORD.finditer(self.work.text[slice(*span)]) if m[0] == name)
            keys = sum(1 for at in self.targets for key, _ in self._arguments(at) if text_of(key) == name)
            secrets = sum(1 for secret in self.work.build.secrets if secret.id == name)
            if uses > named + keys + secrets + 1:
                self.draft.fail(f"the default of the variable {name} is used elsewhere in the file, too")
            span = Span(default.span.start + 1, default.span.end - 1)
            self.draft.burnt.append((name, span))
            self.draft.replace(span, "")
            self.draft.ask(name)

    def _write(self, name: str) -> None:
        target, board, draft = self.targets[name], self.board, self.draft
        fresh: dict[str, list[str]] = {}
        for kind, entries in self._added.get(name, {}).items():
            existing = target.get(kind)
            if existing is not None:
                board.extend(existing, list(entries.values()), draft)
            else:
                fresh[kind] = list(entries.values())
        args = target.pair("args")
        gone = sorted(self._gone.get(name, ()))
        emptied = args is not None and bool(gone) and len(gone) == len(self._arguments(name))
        if args is not None and emptied:
            if fresh:
                board.swap(args, fresh, draft)
            else:
                board.remove(target, [i for i, pair in enumerate(target.pairs) if pair == args], draft)
            return
        if gone and args is not None and isinstance(args[1], Mapping):
            board.remove(args[1], gone, draft)
        if fresh:
            board.insert(target, args or (target.pairs[-1] if target.pairs else None), fresh, draft)
