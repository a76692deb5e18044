"""The report of `audit fix` for people: what was changed in each Dockerfile, what stays and why, what is left to do."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.finding import Report
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import LineIndex
from auditor.report import text
from auditor.report.fix_shapes import DOCKERFILE, FIXED, PLANNED, REFUSED, is_main, is_refused, nothing_to_fix
from auditor.report.masking import masker
from auditor.report.rotation import rotations
from auditor.report.terminal import Painter, escape, escape_path, inert, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.report.fix_shapes import Applied, Fixed, FixReport, Left, Proof
    from auditor.report.masking import FileMasker
    from auditor.report.meta import Meta

#: What stands before the title of a fix.
_LABELS = {FIXED: "fixed", PLANNED: "fix", REFUSED: "not fixed"}
_ROTATE = "Rotate these: they have been in images, logs or caches, and no fix takes them out of there."
_ROTATE_IN_FILE = "Rotate these: they have been in the file and in its history, and no fix takes them out of there."
_MOST_LINES = 8


def render(report: FixReport, meta: Meta) -> str:
    """A block for every Dockerfile with something to tell; "" where there is none."""
    lines: list[str] = []
    for fixed in report.files:
        block = _Block(fixed, meta).lines
        if block:
            lines += [*block, ""]
    return inert("".join(f"{line}\n" for line in lines))


def problems(report: FixReport, meta: Meta) -> str:
    """A line for the standard error for everything that could not be read whole."""
    paint = Painter(meta.color).paint
    lines = [f"{paint('high', 'error')}: {escape(error)}\n" for error in dict.fromkeys(report.errors)]
    return inert("".join(lines)) + text.problems(Report([fixed.rewrite.target for fixed in report.files], []), meta)


def summary(report: FixReport, meta: Meta, *, why_nothing_written: str = "") -> str:
    """One line for the standard error, and a second one where there is more to do or to know."""
    time = f"({report.seconds:.2f} s)"
    left = [left for fixed in report.files for left in fixed.left]
    refused = sum(map(is_refused, left))
    parts = []
    for state, words in ((FIXED, "fixed"), (PLANNED, "can be fixed"), (REFUSED, "whose fix was refused")):
        number = sum(_number_fixed(fixed) for fixed in report.files if fixed.state == state)
        number += refused if state == REFUSED else 0
        if number or any(fixed.state == state for fixed in report.files):
            parts.append(f"{_count(number, 'finding')} {words}")
    if len(left) > refused:
        number = len(left) - refused
        parts.append(f"{number} left" if parts else f"{_count(number, 'finding')} left without a fix")
    hit = sum(bool(fixed.left or fixed.rewrite.changes) for fixed in report.files)
    read = _count(len(report.files), "file")
    if parts:
        first = f"{', '.join(parts)} in {read if hit == len(report.files) else f'{hit} of {read}'} {time}"
    else:
        first = nothing_to_fix(report)
    rest = _rest(report, left, meta, why_nothing_written)
    return inert("".join(f"{line}\n" for line in (first, "; ".join(rest)) if line))


def _rest(report: FixReport, left: list[Left], meta: Meta, why_nothing_written: str) -> list[str]:
    rest = [why_nothing_written] if why_nothing_written and any(f.state == PLANNED for f in report.files) else []
    unsafe = sum(one.unsafe for one in left)
    if unsafe:
        rest.append(f"--unsafe-fixes would fix {unsafe} of those left")
    hidden = [one.finding.severity for one in left if _is_hidden(one, meta)]
    if hidden:
        rest.append(f"{len(hidden)} not shown (--min-severity {min(hidden).label})")
    unread = sum(not fixed.rewrite.target.complete for fixed in report.files) + len(report.errors)
    if unread:
        rest.append(f"{_count(unread, 'file')} not read whole")
    explained = [one.finding for one in left if one.finding.rule in meta.rules and not _is_hidden(one, meta)]
    if explained:
        rest.append(f"audit explain {max(explained, key=lambda finding: finding.severity).rule} says more")
    return rest


def _is_hidden(left: Left, meta: Meta) -> bool:
    return left.finding.severity < meta.min_severity and not left.unsafe and not is_refused(left)


def _number_fixed(fixed: Fixed) -> int:
    return sum(len(one.findings) for one in fixed.rewrite.applied)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class _Block:
    """The lines of one Dockerfile; none where nothing is to be told."""

    def __init__(self, fixed: Fixed, meta: Meta) -> None:
        self._fixed = fixed
        self._meta = meta
        self._mask: FileMasker = masker(fixed.rewrite.target)
        self._paint = Painter(meta.color).paint
        self._positions = LineIndex(fixed.text)
        self._why_none = _one_refusal(fixed)
        self.lines: list[str] = []
        self._paragraph(self._applied())
        for left in fixed.left:
            if not _is_hidden(left, meta):
                self._paragraph(self._left(left))
        self._paragraph(self._commands())
        self._paragraph(self._rotate())
        notes = dict.fromkeys(() if fixed.state == REFUSED else fixed.rewrite.notes)
        self._paragraph([line for note in notes for line in self._note(note)])
        if fixed.proof is not None:
            self._paragraph(self._proof(fixed.proof))
        if self.lines:
            self.lines[:0] = self._head()

    def _paragraph(self, lines: list[str]) -> None:
        if lines:
            self.lines += ["", *lines]

    def _head(self) -> list[str]:
        rewrite = self._fixed.rewrite
        path = self._paint("path", escape_path(rewrite.path))
        others = [c.path for c in rewrite.changes if not is_main(c, rewrite) and c.before != c.after]
        along = f", with {_listed([escape(other) for other in dict.fromkeys(others)])}" if others else ""
        if self._fixed.state == FIXED:
            return [f"{path}  {self._paint('fix', 'fixed')}{along}"]
        if self._fixed.state == PLANNED:
            return [f"{path}  can be fixed{along}"]
        if self._fixed.state == REFUSED:
            reason = self._mask.mask(self._fixed.reason.removeprefix(f"{rewrite.path}: "))
            return [f"{path}  {self._paint('high', 'not changed')}", *self._wrapped(reason, "  ")]
        if self._why_none:
            return [f"{path}  {self._paint('high', 'not changed')}", *self._wrapped(self._why_none, "  ")]
        return [path]

    def _applied(self) -> list[str]:
        lines: list[str] = []
        label = _LABELS.get(self._fixed.state, "fix")
        style = "high" if self._fixed.state == REFUSED else "fix"
        for one in self._fixed.rewrite.applied:
            title = wrap(f"{label}: {self._mask.mask(one.title)}", self._meta.width, "  ", "    ")
            lines += [title[0].replace(label, self._paint(style, label), 1), *title[1:], f"    {_places(one)}"]
            if one.applicability is not Applicability.SAFE:
                lines += self._wrapped(f"{one.applicability.label}: {one.reason}", "    ")
        return lines

    def _left(self, left: Left) -> list[str]:
        finding = left.finding
        where = f"{escape_path(finding.location.path)}:{finding.location.start_line}:{finding.location.start_column}"
        level = self._paint(finding.severity.label, finding.severity.label)
        lines = [f"  {self._paint('path', where)}  {level}  {finding.rule}"]
        lines += self._wrapped(finding.message, "    ")
        if self._why_none:
            return lines
        label = "refused" if is_refused(left) else "unsafe to fix" if left.unsafe else "not fixed"
        hint = " (--unsafe-fixes does it)" if left.unsafe else ""
        return lines + self._wrapped(f"{label}: {left.reason}{hint}", "    ")

    def _commands(self) -> list[str]:
        commands = dict.fromkeys(self._fixed.rewrite.commands)
        if not commands or self._fixed.state == REFUSED:
            return []
        shown = [f"    {escape(line)}" for c in commands for line in self._mask.mask(c).split("\n")]
        return ["  Build it with:" if self._fixed.state == FIXED else "  Then build it with:", *shown]

    def _rotate(self) -> list[str]:
        burnt = rotations(self._fixed, self._meta.rules)
        if not burnt:
            return []
        is_build = self._fixed.rewrite.target.kind == DOCKERFILE
        lines = self._wrapped(_ROTATE if is_build else _ROTATE_IN_FILE, "  ")
        for one in burnt:
            file = "" if one.path == self._fixed.rewrite.path else f"{one.path}, "
            place = f"{one.what} ({file}line {one.line}): {one.where}"
            lines += wrap(self._mask.mask(place), self._meta.width, "    ", "      ")
        return lines

    def _note(self, note: str) -> list[str]:
        return wrap(self._mask.mask(note), self._meta.width, "  note: ", "        ")

    def _proof(self, proof: Proof) -> list[str]:
        verdict = self._paint("fix", "holds") if proof.holds else self._paint("high", "does not hold")
        lines = [f"  The proof {verdict} ({proof.seconds:.1f} s)."]
        for check in proof.checks:
            sign = "yes" if check.ok else self._paint("high", "NO ")
            lines += [
                f"    {sign} {line.strip()}" if i == 0 else line for i, line in enumerate(self._proved(check.sentence))
            ]
            for evidence in check.evidence if not check.ok or self._meta.verbose else ():
                lines += wrap(self._mask.mask(evidence), self._meta.width, "          ", "          ")
        return lines

    def _proved(self, sentence: str) -> list[str]:
        return wrap(self._mask.mask(sentence), self._meta.width, "        ", "        ")

    def _wrapped(self, sentence: str, indent: str) -> list[str]:
        return wrap(self._mask.mask(sentence), self._meta.width, indent, indent)


def _one_refusal(fixed: Fixed) -> str:
    """The reason why nothing of a file could be fixed, where it is one for all its findings."""
    reasons = {left.reason for left in fixed.left}
    whole = len(reasons) == 1 and not fixed.rewrite.applied and all(map(is_refused, fixed.left))
    return reasons.pop() if whole else ""


def _places(applied: Applied) -> str:
    """Where the findings were, and of which rules."""
    lines = sorted({finding.location.start_line for finding in applied.findings})
    rules = dict.fromkeys(finding.rule for finding in applied.findings)
    if not lines:
        return "no finding of its own"
    numbers = [str(number) for number in lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        numbers.append(f"{len(lines) - _MOST_LINES} more")
    return f"line{'s' if len(lines) > 1 else ''} {_listed(numbers)}: {', '.join(rules)}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
