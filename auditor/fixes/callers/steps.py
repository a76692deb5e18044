"""One step of a GitHub workflow or composite action: its settings, its environment, where it runs."""

from __future__ import annotations

import os.path

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers.surroundings import Foreign, Unit
from auditor.fixes.callers.work import Draft
from auditor.fixes.callers.yamledit import Sheet
from auditor.lang.compose import scalars
from auditor.lang.compose.nodes import Mapping, Scalar

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work
    from auditor.lang.derived import Derived

ONE_EXPRESSION = Pattern(r"\$\{\{(?:(?!\}\}).)*\}\}")
_TOP = Pattern(r"\$\{\{\s*(?:github\.workspace|env\.GITHUB_WORKSPACE)\s*\}\}")


class Step:
    """`outer` are the mappings around it, whose `env` and `defaults` hold: file, then job. `secrets`: it can name
    `secrets.X` (a composite action cannot)."""

    def __init__(
        self, work: Work, sheet: Sheet, node: Mapping, outer: tuple[Mapping, ...], *, secrets: bool = True
    ) -> None:
        self.work = work
        self.sheet = sheet
        self.node = node
        self.secrets = secrets
        self._outer = outer
        self._fresh: dict[str, str] = {}

    @property
    def root(self) -> str:
        """Top of the checked out repository."""
        folder, at = self.work.folder, self.work.folder.replace("\\", "/")
        if at.endswith("/workflows"):
            return os.path.dirname(os.path.dirname(folder))
        return self.work.root

    def path(self, text: str) -> str | None:
        """A path of the step's settings, relative to the root; None where an expression decides."""
        text = _TOP.sub(".", text)
        return None if "${{" in text else text

    def setting(self, name: str) -> str:
        """`shell` or `working-directory`, with the defaults of job and file."""
        own = self.node.text(name)
        if own is not None:
            return own
        for outer in reversed(self._outer):
            defaults = outer.mapping("defaults")
            run = defaults.mapping("run") if defaults is not None else None
            value = run.text(name) if run is not None else None
            if value is not None:
                return value
        return ""

    def environment(self, name: str) -> str | None:
        """The value of a variable in the environment, as written; None if nothing sets it."""
        if name in self._fresh:
            return self._fresh[name]
        for holder in (self.node, *reversed(self._outer)):
            env = holder.mapping("env")
            value = env.text(name) if env is not None else None
            if value is not None:
                return value
        return None

    @property
    def writable(self) -> bool:
        """Whether a variable can be added to the step's environment."""
        env = self.node.get("env")
        if self.node.flow or self.node.marked or self.node.merges:
            return False
        return env is None or (isinstance(env, Mapping) and bool(env.pairs) and not env.marked and not env.merges)

    def set(self, name: str, expression: str, draft: Draft) -> None:
        """Let the step's environment have a variable."""
        known = self.environment(name)
        if known is not None:
            if known.strip() != expression.strip():
                draft.fail(f"the environment has another {name}")
        elif not self.writable or any(c in expression for c in '"\n\\') or ": " in expression or " #" in expression:
            draft.fail(f"{name} cannot be written into the `env` of this step")
        else:
            draft.environment[name] = expression

    def keep(self, draft: Draft) -> None:
        """The draft was taken: its variables are the step's."""
        self._fresh.update(draft.environment)

    def write(self) -> None:
        """Write the variables that are new."""
        if not self._fresh:
            return
        draft = Draft()
        env = self.node.get("env")
        if isinstance(env, Mapping) and env.flow:
            end = env.pairs[-1][1].span.end
            draft.replace(Span(end, end), "".join(f', {k}: "{v}"' for k, v in self._fresh.items()))
        elif isinstance(env, Mapping):
            indent = self.sheet.indent(env)
            lines = [f"{indent}{name}: {value}" for name, value in self._fresh.items()]
            draft.edits.append(self.sheet.put(self.sheet.last(env), lines))
        else:
            indent = self.sheet.indent(self.node)
            step = " " * self.sheet.step(self.node)
            lines = [f"{indent}env:", *(f"{indent}{step}{name}: {value}" for name, value in self._fresh.items())]
            draft.edits.append(self.sheet.put(self.sheet.last(self.node), lines))
        self.work.take(self.node.span.start, draft)


class StepUnit(Unit):
    """The `run` of a step."""

    def __init__(self, file: str, derived: Derived, node: Scalar, step: Step) -> None:
        super().__init__(file, derived)
        self._node = node
        self._step = step

    def own(self, text: str) -> str:
        return scalars.own(self._node, text)

    def value(self, raw: str) -> str | None:
        return self._step.root if _TOP.fullmatch(raw) else None

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        if not ONE_EXPRESSION.fullmatch(raw):
            draft.fail(f"the value of {name} is put together of several parts")
            return Foreign("")
        self._step.set(name, raw, draft)
        return Foreign(name)

    def supply(self, name: str, draft: Draft) -> None:
        text = self.file
        if self._step.environment(name) is None and self._step.secrets and self._step.writable:
            if "GITHUB_ENV" not in text or f"{name}=" not in text:
                self._step.set(name, f"${{{{ secrets.{name} }}}}", draft)
                draft.notes.append(f"add the repository secret {name}")

    def taken(self, draft: Draft) -> None:
        self._step.keep(draft)
