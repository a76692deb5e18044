"""Makes text edits of planned changes: everything that several plans do to one instruction becomes one consistent edit.

What is not touched stays byte for byte: a RUN keeps its command, with mounts and statements put in front of it.
"""

from __future__ import annotations

import json
from itertools import pairwise

from auditor.core.edit import Edit
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.plan import Change, Drop, DropCommand, DropPair, DropSource, Mount, Prelude, Refused, Replace
from auditor.fixes.script import gives_way, script_text, statements, the_script
from auditor.lang.shell.chain import Link, is_simple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.lang.dockerfile.nodes import Document, Instruction

_INDENT = "    "
#: The order in which a RUN's preludes that clean up stand: with one, `exec` would leave the cleaning out.
_TRAP = 2
_ORDERS = range(10)
_ANY_TRAP = Pattern(r"(?<![\w.-])trap(?![\w.-])")
_OUR_TRAP = Pattern(r"trap '((?:[^']|'\\'')*)' EXIT(?:[;\s]|$)")
_ERREXIT = Pattern(r"-[a-zA-Z]*e[a-zA-Z]*|errexit")
_SETS_ERREXIT = Pattern(r"set\s+-(?:[a-zA-Z]*e[a-zA-Z]*(?:\s+pipefail)?|o\s+errexit)\s*\Z")
_SETS = Pattern(r"\bset\s+[-+]")
#: The first line of a heredoc that a shell runs; any other program would read our statements as its own language.
_SHELL_LINE = Pattern(r"#![ \t]*(?:/usr/bin/env[ \t]+(?:-S[ \t]+)?)?(?:/\S*/)?(?:ba|da|a|k|z)?sh(?:[ \t]|$)")


def compose(document: Document, changes: Iterable[Change]) -> list[Edit]:
    """The edits of a Dockerfile for these changes.

    Raises Refused where an instruction cannot be changed in the way that is asked for.
    """
    return _Composer(document, tuple(dict.fromkeys(changes))).edits()


class _Composer:
    def __init__(self, document: Document, changes: tuple[Change, ...]) -> None:
        self.document = document
        self.text = document.text
        self.changes = changes
        self.dropped = {id(c.instruction): c.instruction for c in changes if isinstance(c, Drop)}
        self.mounts: dict[int, list[str]] = {}
        self.preludes: dict[int, list[Prelude]] = {}
        for change in changes:
            if isinstance(change, Mount):
                self.mounts.setdefault(id(change.run), []).append(change.text)
            elif isinstance(change, Prelude):
                self.preludes.setdefault(id(change.run), []).append(change)

    def edits(self) -> list[Edit]:
        """All edits, in no order."""
        inner = [*self._pairs(), *self._sources(), *self._commands()]
        for run in self._touched():
            if id(run) not in self.dropped:
                inner += self._run(run)
        gone = [self._line(instruction) for instruction in self.dropped.values()]
        inner += [Edit(c.span, c.text) for c in self.changes if isinstance(c, Replace)]
        # What is added between two lines stays, whichever of them goes.
        between = {edit.span.start: edit.text for edit in inner if edit.span.start == edit.span.end}
        kept = [edit for edit in inner if not any(_goes_with(edit.span, whole) for whole in gone)]
        return [*kept, *(Edit(span, between.get(span.start, "")) for span in gone)]

    def _line(self, instruction: Instruction) -> Span:
        """An instruction with the rest of its lines, up to the beginning of the next line."""
        start, end = instruction.span
        for heredoc in instruction.heredocs:
            end = max(end, heredoc.span.end)
        start = self.text.rfind("\n", 0, start) + 1
        start += 1 if start == 0 and self.document.bom else 0
        last = self.document.lines.bounds(instruction.end_line)
        end = max(end, last.end)
        following = self.text.find("\n", end)
        return Span(start, following + 1 if following >= 0 else len(self.text))

    # -- parts of instructions -----------------------------------------------------------------------------------

    def _pairs(self) -> list[Edit]:
        wanted: dict[int, set[int]] = {}
        nodes: dict[int, Instruction] = {}
        for change in self.changes:
            if isinstance(change, DropPair):
                nodes[id(change.instruction)] = change.instruction
                wanted.setdefault(id(change.instruction), set()).add(change.pair.span.start)
        edits: list[Edit] = []
        for key, node in nodes.items():
            spans = [pair.span for pair in node.pairs]
            drop = [span.start in wanted[key] for span in spans]
            edits += self._without(node, spans, drop)
        return edits

    def _sources(self) -> list[Edit]:
        wanted: dict[int, set[int]] = {}
        nodes: dict[int, Instruction] = {}
        for change in self.changes:
            if isinstance(change, DropSource):
                nodes[id(change.instruction)] = change.instruction
                wanted.setdefault(id(change.instruction), set()).add(change.span.start)
        edits: list[Edit] = []
        for key, node in nodes.items():
            spans = [word.whole for word in node.words]
            drop = [span.start in wanted[key] for span in spans]
            if all(drop[:-1]):
                self.dropped[key] = node
            else:
                quote = 1 if node.json else 0
                edits += [
                    Edit(Span(span.start - quote, spans[at + 1].start - quote), "")
                    for at, span in enumerate(spans)
                    if drop[at]
                ]
        return edits

    def _commands(self) -> list[Edit]:
        wanted: dict[int, set[int]] = {}
        nodes: dict[int, Instruction] = {}
        for change in self.changes:
            if isinstance(change, DropCommand):
                nodes[id(change.run)] = change.run
                wanted.setdefault(id(change.run), set()).add(change.at)
        edits: list[Edit] = []
        for key, node in nodes.items():
            links = statements(node)
            if not is_simple(tuple(link for link, _span in links)):
                raise Refused("a command would have to be taken out of a script that is more than a list of commands")
            spans = [span for _link, span in links]
            if not all(any(span.covers(at) for span in spans) for at in wanted[key]):
                raise Refused("a command would have to be taken out of the middle of another one")
            drop = [any(span.covers(at) for at in wanted[key]) for span in spans]
            shown = self._filled(node, links, drop)
            edits += [Edit(span, ":") for span in shown]
            gone = [is_gone and not _is_in(span, shown) for span, is_gone in zip(spans, drop, strict=True)]
            edits += self._without(node, spans, gone)
        return edits

    def _filled(self, node: Instruction, links: list[tuple[Link, Span]], drop: list[bool]) -> list[Span]:
        """Stretches that go, but whose place something has to keep: what follows runs, and how the RUN ends, as before.

        In `a; b && c` and in `a; b` the exit status of `a` does not count; without `b` it would.
        """
        stops = _stops_on_failure(self.document, node, [self.text[slice(*span)] for _link, span in links])
        found: list[Span] = []
        kept = [n for n, gone in enumerate(drop) if not gone]
        for before, after in pairwise([*kept, len(links)]):
            if after == before + 1:
                continue
            ahead = links[before + 1][0].join
            behind = links[after][0].join if after < len(links) else ""
            if ahead == "&&":
                matters = behind not in ("&&", "") and stops is not False
            else:
                matters = behind == "&&" or (not behind and stops is not True)
            if matters:
                found.append(Span(links[before + 1][1].start, links[after - 1][1].end))
        return found

    def _without(self, node: Instruction, spans: list[Span], drop: list[bool]) -> list[Edit]:
        """Some of an instruction's parts cut out, each with what joins it to the part before."""
        if all(drop):
            self.dropped[id(node)] = node
            return []
        edits: list[Edit] = []
        first = drop.index(False)
        if first:
            edits.append(Edit(Span(spans[0].start, spans[first].start), ""))
        before = spans[first]
        for span, is_gone in zip(spans[first + 1 :], drop[first + 1 :], strict=True):
            if is_gone:
                edits.append(Edit(Span(before.end, span.end), ""))
            before = span
        return edits

    # -- RUN -----------------------------------------------------------------------------------------------------

    def _touched(self) -> list[Instruction]:
        return list({id(c.run): c.run for c in self.changes if isinstance(c, Mount | Prelude)}.values())

    def _run(self, run: Instruction) -> list[Edit]:
        """Mounts behind the keyword, preludes in front of the command."""
        mounts = list(dict.fromkeys(self.mounts.get(id(run), ())))
        preludes = self.preludes.get(id(run), ())
        lines = {order: list(dict.fromkeys(c.text for c in preludes if c.order == order)) for order in _ORDERS}
        added, lines[_TRAP] = self._trapped(run, lines[_TRAP])
        traps = bool(lines[_TRAP])
        shown = [line for order in _ORDERS for line in lines[order]]
        script = the_script(run)
        if run.json:
            return [*self._mounted(run, mounts), *self._exec_form(run, shown, traps)]
        if script is not None:
            return [*self._mounted(run, mounts), *self._heredoc(script.span.start, shown), *added]
        return [*self._shell_form(run, mounts, shown), *added]

    def _trapped(self, run: Instruction, cleaning: Sequence[str]) -> tuple[list[Edit], list[str]]:
        """One trap for all that is to be done at the end; into the one that is there, if it is made like ours.

        Raises Refused for a RUN with another trap, which would take the place of ours, and for one that never ends as a
        shell.
        """
        if not cleaning:
            return [], []
        if not run.json and gives_way(run):
            raise Refused("the RUN becomes another program with exec, and nothing would clean up behind it")
        quoted = [command.replace("'", "'\\''") for command in cleaning]
        text = script_text(run)
        traps = [match.start() for match in _ANY_TRAP.finditer(text.text)]
        if not traps:
            return [], [f"trap '{'; '.join(quoted)}' EXIT"]
        ours = _OUR_TRAP.match(text.text, traps[0])
        begins = {span.start for _link, span in statements(run)}
        if ours is None or len(traps) > 1 or text.source(traps[0]) not in begins:
            raise Refused("the RUN has a trap of its own, which would replace the one that cleans up")
        added = [command for command in quoted if command not in ours[1]]
        at = text.source(ours.start(1))
        return [Edit(Span(at, at), "".join(f"{command}; " for command in added))] if added else [], []

    def _mounted(self, run: Instruction, mounts: Sequence[str]) -> list[Edit]:
        at = max([run.keyword_span.end, *(flag.span.end for flag in run.flags)])
        return [Edit(Span(at, at), "".join(f" {mount}" for mount in mounts))] if mounts else []

    def _shell_form(self, run: Instruction, mounts: Sequence[str], lines: Sequence[str]) -> list[Edit]:
        """`RUN`, flags, mounts, statements, command: a line each, indented by four spaces."""
        newline = f" {self.document.escape}{self.document.newline}{_INDENT}"
        place = max([run.keyword_span.end, *(flag.span.end for flag in run.flags)])
        shown = "".join([*(newline + mount for mount in mounts), *(f"{newline}{line};" for line in lines)])
        if not run.flags:  # the first stands beside the keyword
            shown = " " + shown.removeprefix(newline)
        return [self._in_front(place, run.body.source(0), shown, newline)]

    def _in_front(self, place: int, body: int, shown: str, newline: str) -> Edit:
        """Text between what stands before the command and the command; a gap with lines in it stays as it is."""
        if "\n" in self.text[place:body]:
            return Edit(Span(place, place), shown)
        return Edit(Span(place, body), shown + newline)

    def _heredoc(self, start: int, lines: Sequence[str]) -> list[Edit]:
        if not lines:
            return []
        if self.text.startswith("#!", start):
            first, start = start, self.text.find("\n", start) + 1
            if not _SHELL_LINE.match(self.text[first : start - 1].rstrip()):
                raise Refused("the RUN is a script of another program than a shell")
        return [Edit(Span(start, start), "".join(f"{line}{self.document.newline}" for line in lines))]

    def _exec_form(self, run: Instruction, lines: Sequence[str], traps: bool) -> list[Edit]:
        if not lines:
            return []
        at = self.text.find("[", run.body.source(0))
        command = '"$0" "$@"' if traps else 'exec "$0" "$@"'
        script = json.dumps("; ".join([*lines, command]), ensure_ascii=False)
        return [Edit(Span(at + 1, at + 1), f'"/bin/sh", "-c", {script}, ')]


def _stops_on_failure(document: Document, node: Instruction, statements: list[str]) -> bool | None:
    """Whether a RUN ends at the first statement that fails (`set -e`); None where that cannot be told."""
    shells = [each.args for each in document.instructions if each.keyword == "SHELL" and each.span < node.span]
    by_shell = [any(_ERREXIT.fullmatch(word) for word in args[1:]) for args in shells]
    by_set = [_SETS_ERREXIT.match(text) is not None for text in statements]
    if any(_SETS.search(text) for text, known in zip(statements, by_set, strict=True) if not known):
        return None
    if by_set and by_set[0]:
        return True
    return None if any(by_set) or any(by_shell) else False


def _is_in(span: Span, stretches: list[Span]) -> bool:
    return any(_within(span, stretch) for stretch in stretches)


def _goes_with(span: Span, whole: Span) -> bool:
    """Whether an edit is lost with lines that go; one at their end belongs to the next line."""
    is_added = span.start == span.end
    return _within(span, whole) and not (is_added and span.start == whole.end)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
