"""Unified diffs of what `audit fix` changes, as `git apply` and `patch -p1` take them, and as a terminal shows them."""

from __future__ import annotations

from itertools import accumulate

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.linediff import Replaced, replaced
from auditor.report.terminal import escape, inert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.report.terminal import Painter

    #: What to show of a line of a file that starts at this character of its old text (None: it has a new place).
    Hide = Callable[[str, int | None], str]

_CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file\n"
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", '"': '\\"'}
_STYLES = {"+": "fix", "-": "high", "@": "gutter"}


class FileDiff(NamedTuple):
    """A file whose content changes: `path` relative to where the diff applies, `before` None for a new one."""

    path: str
    before: str | None
    after: str


def unified(file: FileDiff, hide: Hide | None = None, hide_new: Hide | None = None, before: int = 0) -> str:
    """The diff of one file; "" without a change. With `hide` it has only what that lets through.

    `hide_new` is asked about new lines, by their places in the new text. `before` is the number of lines before the
    texts, which are the middle of a file then.
    """
    if file.before == file.after:
        return ""
    old, new = _lines(file.before or ""), _lines(file.after)
    starts = [0, *accumulate(map(len, old))]
    new_starts = [0, *accumulate(map(len, new))] if hide_new is not None else []
    parts = [_header(file)]
    for hunk in _hunks(replaced(old, new), len(old)):
        first, last = hunk[0], hunk[-1]
        top = min(first.start, _CONTEXT)
        bottom = min(len(old) - last.end, _CONTEXT)
        start, end = first.start - top, last.end + bottom
        new_start, new_end = first.new_start - top, last.new_end + bottom
        ranges = _range(start + before, end + before), _range(new_start + before, new_end + before)
        parts.append(f"@@ -{ranges[0]} +{ranges[1]} @@\n")
        at = start
        for part in [*hunk, Replaced(end, end, new_end, new_end)]:
            parts += [_line(" ", old[i], starts[i], hide) for i in range(at, part.start)]
            parts += [_line("-", old[i], starts[i], hide) for i in range(part.start, part.end)]
            for i in range(part.new_start, part.new_end):
                parts.append(
                    _line("+", new[i], new_starts[i], hide_new) if new_starts else _line("+", new[i], None, hide)
                )
            at = part.end
    return "".join(parts)


def for_terminal(diff: str, painter: Painter) -> str:
    """The diff for eyes: coloured, and nothing in it that a terminal or a build service obeys."""
    lines: list[str] = []
    in_hunk = False
    for line in diff.split("\n"):
        in_hunk = (in_hunk and not line.startswith("diff ")) or line.startswith("@@")
        style = _STYLES.get(line[:1], "") if in_hunk else "path"
        shown = escape(line.removesuffix("\r"))
        lines.append(painter.paint(style, shown) if style else shown)
    return inert("\n".join(lines))


def _lines(text: str) -> list[str]:
    """The lines with their ends, which are LF only."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _hunks(parts: Sequence[Replaced], count: int) -> list[list[Replaced]]:
    """The stretches in groups whose surroundings meet; `count` lines are in the old text."""
    hunks: list[list[Replaced]] = []
    end = -count
    for part in parts:
        if hunks and part.start - end <= 2 * _CONTEXT:
            hunks[-1].append(part)
        else:
            hunks.append([part])
        end = part.end
    return hunks


def _range(start: int, end: int) -> str:
    if end - start == 1:
        return str(start + 1)
    return f"{start + 1 if end > start else start},{end - start}"


def _line(sign: str, line: str, start: int | None, hide: Hide | None) -> str:
    body = line.removesuffix("\n")
    shown = body if hide is None else hide(body, start)
    return f"{sign}{shown}\n" if line.endswith("\n") else f"{sign}{shown}\n{_NO_NEWLINE}"


def _header(file: FileDiff) -> str:
    old, new = _name(f"a/{file.path}"), _name(f"b/{file.path}")
    first = f"diff --git {old} {new}\n"
    # A name with a blank ends at the tab behind it.
    tab = "\t" if " " in file.path else ""
    if file.before is not None:
        return f"{first}--- {old}{tab}\n+++ {new}{tab}\n"
    mode = "100755" if file.after.startswith("#!") else "100644"
    empty = "" if file.after else "index 0000000..e69de29\n"
    return f"{first}new file mode {mode}\n{empty}" + (f"--- /dev/null\n+++ {new}{tab}\n" if file.after else "")


def _name(path: str) -> str:
    """As git writes names: in quotes, bytes in octal, where one would end the name or change the terminal."""
    if path.isascii() and path.isprintable() and '"' not in path and "\\" not in path:
        return path
    shown = "".join(map(_quoted, path.replace("\\", "\\\\")))
    return f'"{shown}"'


def _quoted(char: str) -> str:
    if char.isascii() and char.isprintable() and char != '"':
        return char
    return _ESCAPES.get(char) or "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
