"""One step of a GitHub workflow or composite action: its settings, its environment, where it runs."""

from __future__ import annotations

import os.path

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers.surroundings import Foreign, Unit
from auditor.fixes.callers.work import Draft
from auditor.fixes.callers.yamledit import Sheet
from auditor.flow.calling.pipelines import ScalarText
from auditor.lang.compose.nodes import Mapping, Scalar

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Work
    from auditor.flow.calling.pipelines import StepSettings
    from auditor.lang.derived import Derived

ONE_EXPRESSION = Pattern(r"\$\{\{(?:(?!\}\}).)*\}\}")
_KNOWN = Pattern(r"\$\{\{\s*env\.([A-Za-z_]\w*)\s*\}\}")
_TOP = Pattern(r"\$\{\{\s*(?:github\.workspace|env\.GITHUB_WORKSPACE)\s*\}\}")


class Step:
    """`settings` is what is read of it; `secrets`: it can name `secrets.X` (a composite action cannot)."""

    def __init__(self, work: Work, sheet: Sheet, settings: StepSettings) -> None:
        self.work = work
        self.sheet = sheet
        self.settings = settings
        self.node = settings.node
        self.secrets = settings.secrets
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

    def environment(self, name: str) -> str | None:
        """The value of a variable in the environment, as written or as new; None if nothing sets it."""
        return self._fresh[name] if name in self._fresh else self.settings.environment(name)

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


class ScalarUnit(ScalarText, Unit):
    """A script in a scalar."""


class StepUnit(ScalarUnit):
    """The `run` of a step."""

    def __init__(self, file: str, derived: Derived, node: Scalar, step: Step) -> None:
        super().__init__(file, derived, node)
        self._step = step

    def value(self, raw: str) -> str | None:
        """The workspace is the top of the repository."""
        return self._step.root if _TOP.fullmatch(raw) else None

    def foreign(self, raw: str, name: str, draft: Draft) -> Foreign:
        """Becomes a variable of the step's `env`."""
        if not ONE_EXPRESSION.fullmatch(raw):
            draft.fail(f"the value of {name} is put together of several parts")
            return Foreign("")
        known = _KNOWN.fullmatch(raw)
        if known is not None and self._step.environment(known[1]) is not None:
            return Foreign(known[1])
        self._step.set(name, raw, draft)
        return Foreign(name)

    def supply(self, name: str, draft: Draft) -> None:
        """Out of a repository secret, unless the file sets the variable already."""
        if self._step.environment(name) is not None or not self._step.secrets or not self._step.writable:
            return
        if "GITHUB_ENV" not in self.file or f"{name}=" not in self.file:
            self._step.set(name, f"${{{{ secrets.{name} }}}}", draft)
            draft.notes.append(f"add the repository secret {name}")

    def taken(self, draft: Draft) -> None:
        """The variables are the step's now."""
        self._step.keep(draft)
