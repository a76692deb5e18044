"""What all rewrites of a run change, as one diff: every file once, secrets masked unless they are asked for."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.diff import FileDiff, unified
from auditor.report.fix_shapes import REFUSED, is_main
from auditor.report.masking import FileMasker, shown_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.core.finding import Target
    from auditor.core.secret import Secret
    from auditor.core.span import Span
    from auditor.report.fix_shapes import Change, FixReport, Rewrite

_MASK = "****"
#: Behind a name: what assigns in a shell, a Makefile, YAML or HCL, then the value, quoted or up to a blank.
_ASSIGNED = r"""["']?\s*[:?+]?[:=]{1,2}\s*(?P<value>"[^"\n]*"?|'[^'\n]*'?|[^\s"']+)"""


class Diffed(NamedTuple):
    """The diff, and whether something in it is masked, so that it cannot be applied."""

    text: str
    masked: bool


def render(report: FixReport, *, show_secrets: bool, name: Callable[[str], str] = str) -> Diffed:
    """The diff of everything that is changed; `name` gives a file's path relative to where the diff will be applied."""
    files: dict[str, MaskedFile] = {}
    for fixed in report.files:
        if fixed.state != REFUSED:
            for change in fixed.rewrite.changes:
                files.setdefault(change.path, MaskedFile(change)).add(change, fixed.rewrite)
    parts: list[str] = []
    masked = False
    for path, file in files.items():
        diff = FileDiff(name(path), file.before, file.after)
        shown = unified(diff) if show_secrets else unified(diff, file.hide, file.hide_new)
        masked = masked or (not show_secrets and shown != unified(diff))
        parts.append(shown)
    return Diffed("".join(parts), masked)


def of_change(change: Change, rewrite: Rewrite, name: str) -> str:
    """The diff of one change that a rewrite brings, secrets masked."""
    file = masked(change, rewrite)
    return unified(FileDiff(name, change.before, change.after), file.hide, file.hide_new)


def masked(change: Change, rewrite: Rewrite) -> MaskedFile:
    """A file with one change that a rewrite brings."""
    file = MaskedFile(change)
    file.add(change, rewrite)
    return file


class MaskedFile:
    """A file with all that rewrites make of it, each from what the one before it has left, and what may be shown of its
    lines."""

    def __init__(self, change: Change) -> None:
        self.before = change.before
        self.after = change.after
        self._secrets: list[Secret] = []
        self._spans: list[tuple[Span, str]] = []
        self._names: set[str] = set()
        self._last: Target | None = None
        self._masker: FileMasker | None = None
        self._new_masker: FileMasker | None = None
        self._assigned: re.Pattern[str] | None = None

    def add(self, change: Change, rewrite: Rewrite) -> None:
        """Take in a change of this file, and what the rewrite knows of its secrets."""
        self.after = change.after
        self._secrets += rewrite.target.secrets
        if is_main(change, rewrite):
            self._spans += rewrite.target.secret_spans
            self._last = rewrite.last
        else:
            self._names |= {secret.name for secret in rewrite.secrets if secret.name}

    def hide(self, line: str, start: int | None) -> str:
        """The line without secrets."""
        if self._masker is None:
            self._masker = FileMasker(self._secrets, self._spans)
            if self._names:
                names = "|".join(re.escape(name) for name in sorted(self._names, key=len, reverse=True))
                self._assigned = re.compile(rf"(?<![A-Za-z0-9_])(?P<name>{names}){_ASSIGNED}")
        shown = shown_line(self._masker, line, len(self.before or "") + 1 if start is None else start)
        return self._assigned.sub(_without_value, shown) if self._assigned is not None else shown

    def hide_new(self, line: str, start: int | None) -> str:
        """The same for a line of the new text: a value in another spelling is told by its place there."""
        if self._last is not None and self._last.text == self.after and start is not None:
            if self._new_masker is None:
                secrets = [*self._secrets, *self._last.secrets]
                self._new_masker = FileMasker(secrets, self._last.secret_spans)
            line = shown_line(self._new_masker, line, start)
        return self.hide(line, None)


def _without_value(match: re.Match[str]) -> str:
    """Values that callers give are nobody's finding; a reference to a variable or another secret is none."""
    value = match["value"]
    quote = value[0] if value[0] in "\"'" else ""
    inner = value.strip("\"'")
    # A bake file names the variable itself, or `null`.
    if not inner or inner.startswith("$") or inner.strip("*") == "" or inner in (match["name"], "null"):
        return match[0]
    end = quote if quote and value.endswith(quote) else ""
    return f"{match[0][: match.start('value') - match.start()]}{quote}{_MASK}{end}"
