"""docker/build-push-action: lines of `build-args` become lines of `secrets`."""

from __future__ import annotations

from auditor.core.edit import Edit
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers import needs
from auditor.fixes.callers.directories import Place, builds, is_elsewhere
from auditor.fixes.callers.steps import ONE_EXPRESSION, Step
from auditor.fixes.callers.work import Draft
from auditor.flow.calling.pipelines import Line, input_lines
from auditor.lang.compose.nodes import Mapping, Scalar

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work
    from auditor.fixes.plan import BuildSecret
_UNSURE = "`with` of this step is written in a way that cannot be changed safely"


class PushAction:
    """One step."""

    def __init__(self, work: Work, step: Step) -> None:
        self.work = work
        self.step = step
        self.sheet = step.sheet
        self.inputs = step.node.mapping("with")
        self.draft = Draft()
        self._added: dict[str, list[str]] = {}

    def change(self) -> None:
        """Change the step, if it builds the Dockerfile."""
        work, inputs = self.work, self.inputs
        args = self._lines("build-args") or []
        if not self._is_ours({line.name for line in args}):
            return
        work.matched += 1
        offset = self.step.node.span.start
        if inputs is not None:
            work.seen.append(inputs.span)
        gone = [line for line in args if work.gone(line.name)]
        given = self._given()
        by_name = {line.name: line for line in gone}
        for secret in work.build.secrets:
            line = by_name.get(secret.name) if secret.kind == "variable" else None
            if line is not None:
                self._burn(line)
            if secret.id not in given:
                given.add(secret.id)
                self._need(secret, line)
        if gone or self._added:
            self._write(gone, len(args))
            work.take(offset, self.draft)

    def _is_ours(self, names: set[str]) -> bool:
        work, inputs = self.work, self.inputs
        context = (inputs.text("context") if inputs is not None else None) or "."
        file = inputs.text("file") if inputs is not None else None
        if context.startswith(("{{", "${{ github.server", "https:")) or is_elsewhere(context):
            return False
        root = Place((self.step.root,))
        path = self.step.path(file) if file else None
        ours = builds(work, root, self.step.path(context), path, given=bool(file), names=("Dockerfile",))
        if ours is None:
            ours = work.build.sole and work.fits(names)
            if not ours and (work.fits(names) or work.build.sole):
                work.problem(self.step.node.span.start, "which Dockerfile this step builds cannot be told")
        return bool(ours)

    def _lines(self, name: str) -> list[Line] | None:
        """The lines of an input; None without it or where their places are not certain."""
        return input_lines(self.work.text, self.inputs.get(name)) if self.inputs is not None else None

    def _given(self) -> set[str]:
        """Ids that the step passes already."""
        names = ("secrets", "secret-envs", "secret-files", "ssh")
        return {line.name.removeprefix("id=") for name in names for line in self._lines(name) or []}

    def _burn(self, line: Line) -> None:
        if line.value and "${{" not in line.value:
            self.draft.burnt.append((line.name, line.at))

    def _need(self, secret: BuildSecret, line: Line | None) -> None:
        if secret.kind == "variable":
            self._variable(secret, line)
        elif secret.kind == "file":
            context = self.inputs.text("context") if self.inputs is not None else None
            if not secret.source or "\n" in secret.source:
                self.draft.fail(f"which file the build secret {secret.id} is cannot be told")
            path = needs.joined(context or ".", secret.source)
            self._added.setdefault("secret-files", []).append(f"{secret.id}={path}")
        else:
            self._added.setdefault("ssh", []).append(secret.id)
            self.draft.notes.append("the runner needs an ssh agent that has the key")

    def _variable(self, secret: BuildSecret, line: Line | None) -> None:
        name = needs.variable(secret)
        if line is not None and line.value is None:
            self._added.setdefault("secret-envs", []).append(f"{secret.id}={name}")
            return
        value = line.value if line is not None and line.value else ""
        if "${{" not in value:
            if not self.step.secrets:
                self.draft.fail(f"give {name} to this action as an input")
            value = f"${{{{ secrets.{name} }}}}"
            self.draft.notes.append(f"add the repository secret {name}")
        elif not ONE_EXPRESSION.fullmatch(value) and '"' in value:
            self.draft.fail(f"the value of {name} cannot be written as a line of `secrets`")
        self._added.setdefault("secrets", []).append(f"{secret.id}={value}")

    def _write(self, gone: list[Line], count: int) -> None:
        """Lines out of `build-args`, lines into the other inputs."""
        step, inputs = self.step.node, self.inputs
        if step.flow or inputs is None or inputs.flow or inputs.marked or inputs.merges or not inputs.pairs:
            self.draft.fail(_UNSURE)
            return
        pair = inputs.pair("build-args")
        over: Span | None = None
        if pair is not None and gone:
            if len(gone) == count:
                over = self.sheet.lines_of(*pair, self.draft)
            else:
                for line in gone:
                    start = self.sheet.line_start(line.span.start)
                    self.draft.replace(Span(start, self.sheet.line_end(line.span.end)), "")
        indent = self.sheet.indent(inputs)
        inner = indent + " " * self._step(inputs)
        fresh: list[str] = []
        for name, lines in self._added.items():
            existing = inputs.pair(name)
            if existing is not None:
                self._append(existing[1], inner, lines)
            elif name == "ssh" and len(lines) == 1:
                fresh.append(f"{indent}ssh: {lines[0]}")
            else:
                fresh += [f"{indent}{name}: |", *(inner + line for line in lines)]
        if over is not None and not fresh:
            self.draft.replace(over, "")
        elif fresh:
            after = pair[1] if pair is not None else inputs.pairs[-1][1]
            self.draft.edits.append(self.sheet.put(self.sheet.last(after), fresh, over=over))

    def _step(self, inputs: Mapping) -> int:
        """How far the lines of the file's block scalars stand in."""
        for key, value in inputs.pairs:
            if isinstance(value, Scalar) and value.style == "|":
                head = self.sheet.line_end(value.span.start)
                line = self.work.text[head : self.sheet.line_end(head)]
                return max(len(line) - len(line.lstrip(" ")) - self.sheet.column(key), 1)
        return 2

    def _append(self, node: object, inner: str, lines: list[str]) -> None:
        """More lines for an input that is there."""
        if not isinstance(node, Scalar) or node.marked or node.style not in ("", "|"):
            self.draft.fail(_UNSURE)
        elif node.style == "|":
            head = self.sheet.line_end(node.span.start)
            line = self.work.text[head : self.sheet.line_end(head)]
            indent = line[: len(line) - len(line.lstrip(" "))]
            self.draft.edits.append(self.sheet.put(self.sheet.last(node), [indent + text for text in lines]))
        elif "\n" in self.work.text[node.span.start : node.span.end] or not node.value:
            self.draft.fail(_UNSURE)
        else:
            text = self.sheet.newline.join(["|", *(inner + part for part in [node.value, *lines])])
            self.draft.edits.append(Edit(node.span, text))
