"""Leads from history entries to lines of a Dockerfile: the one at hand is laid beside the history, from the end on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.lang.dockerfile import words
from auditor.lang.dockerfile.nodes import Instruction
from auditor.lang.dockerfile.parser import parse
from auditor.lang.dockerfile.stages import Stage, stages
from auditor.lang.dockerfile.words import ExpansionError
from auditor.run.images.history import goformat
from auditor.run.images.history.createdby import Recorded
from auditor.run.images.history.entries import Entry, History

#: Most instructions and entries that are compared, the last ones of each.
_MOST = 500
#: What some builders leave out of the history; it says nothing on whether the file fits.
_OPTIONAL = frozenset("ARG MAINTAINER ONBUILD".split())
#: What the legacy builder records: flags right before digests of what was copied.
_DIGESTS = Pattern(r"(?:--\S{1,200}?)??(?:file|dir|multi):[0-9a-f]{8,64} in (?P<goal>.+)")
#: Stands for what a variable held.
_HOLE = "\0"


#: From a text of the Dockerfile to what the builder records for it.
_Expand = Callable[[str], str]


class _Step(NamedTuple):
    instruction: Instruction
    line: int


def dockerfile_lines(text: str, history: History, target: str | None = None) -> dict[int, int]:
    """Which line of a Dockerfile each history entry comes from: entry -> 1-based line of the instruction.

    Only entries that say what the instruction says are in it: those of the base image are not, and where less than half
    of the instructions of the built stage (`target`, by default the last) are found, the file is another one's and the
    answer is {}. Never raises.
    """
    document = parse(text)
    steps = _steps(stages(document, target=target))[-_MOST:]
    entries = [entry for entry in history.entries if entry.recorded.keyword][-_MOST:]
    found = _longest(steps, entries, lambda text: _expanded(text, document.escape))
    needed = [step for step in steps if step.instruction.keyword not in _OPTIONAL]
    lines = {step.line for step, _ in found if step.instruction.keyword not in _OPTIONAL}
    if not lines or 2 * len(lines) < len({step.line for step in needed}):
        return {}
    return {entry.number: step.line for step, entry in found}


def _steps(found: list[Stage]) -> list[_Step]:
    """The instructions that make the final image, in order: those of the stages it builds on, triggers, its own."""
    chain: list[Stage] = []
    index = next((stage.index for stage in found if stage.is_final), None)
    while index is not None and found[index] not in chain and len(chain) < _MOST:
        chain.append(found[index])
        index = found[index].base_stage
    nodes = [node for stage in reversed(chain) for node in (*stage.triggers, *stage.instructions)]
    return [_Step(node, node.line) for node in nodes]


def _longest(steps: Sequence[_Step], entries: Sequence[Entry], expand: _Expand) -> list[tuple[_Step, Entry]]:
    """The longest common sequence, with the latest entries where there is a choice."""
    width = len(entries) + 1
    table = [[0] * width for _ in range(len(steps) + 1)]
    same = [[_fits(step.instruction, entry.recorded, expand) for entry in entries] for step in steps]
    for row, fits in enumerate(same, 1):
        above, here = table[row - 1], table[row]
        for column, fit in enumerate(fits, 1):
            here[column] = max(above[column], here[column - 1], above[column - 1] + fit)
    found: list[tuple[_Step, Entry]] = []
    row, column = len(steps), len(entries)
    while row and column:
        if same[row - 1][column - 1] and table[row][column] == table[row - 1][column - 1] + 1:
            row, column = row - 1, column - 1
            found.append((steps[row], entries[column]))
        elif table[row][column] == table[row][column - 1]:
            column -= 1
        else:
            row -= 1
    return found[::-1]


def _fits(node: Instruction, recorded: Recorded, expand: _Expand) -> bool:
    """Whether a history entry records just this instruction."""
    if node.keyword != recorded.keyword:
        return False
    compare = _COMPARE.get(node.keyword, _plain)
    return compare(node, recorded, expand)


def _run(node: Instruction, recorded: Recorded, _expand: _Expand) -> bool:
    body = _squeezed(recorded.body)
    if node.json:
        return body == _squeezed(" ".join(node.args)) or body == _squeezed(node.args[-1] if node.args else "")
    command = node.body.text
    if not node.heredocs:
        return body == _squeezed(command)
    if len(node.heredocs) == 1 and command.strip().startswith("<<") and len(command.split()) == 1:
        # A heredoc with an interpreter of its own is mounted as a file of which only the name is recorded.
        return body == _squeezed(node.heredocs[0].content) or body.startswith("/dev/pipes/")
    rest = "".join(f"\n{heredoc.content}{heredoc.name}" for heredoc in node.heredocs)
    return body == _squeezed(command + rest)


def _copy(node: Instruction, recorded: Recorded, expand: _Expand) -> bool:
    expected = [expand(word.text) for word in node.words]
    if len(expected) < 2:
        return False
    body = recorded.body.strip()
    digests = _DIGESTS.match(body)
    if digests is not None:
        return _is_path(expected[-1], digests["goal"].strip())
    while body.startswith("--"):
        body = body.partition(" ")[2].lstrip()
    source, _, goal = body.rpartition(" ")
    whole = _holds(" ".join(expected), body)
    return whole or (_holds(" ".join(expected[:-1]), source.strip()) and _is_path(expected[-1], goal))


def _pairs(node: Instruction, recorded: Recorded, expand: _Expand) -> bool:
    expected = " ".join(f"{expand(p.name)}={expand(p.raw.text) if p.raw else ''}" for p in node.pairs)
    return _holds(expected, recorded.body.strip()) or _squeezed(node.body.text) == _squeezed(recorded.body)


def _argument(node: Instruction, recorded: Recorded, _expand: _Expand) -> bool:
    """By name: newer builders record the value that the build was given."""
    names = [word.partition("=")[0] for word in recorded.body.split()]
    return bool(node.pairs) and node.pairs[0].name in names[:1]


def _command(node: Instruction, recorded: Recorded, _expand: _Expand) -> bool:
    body = recorded.body.strip()
    health = recorded.keyword == "HEALTHCHECK"
    if health and body.startswith(("{", "&{")):
        given = [piece.text for piece in goformat.healthcheck(body)]
        said = " ".join(given[1:])
    else:
        given = goformat.words(body)
        said = " ".join(given)
    if not given:
        return _squeezed(body) == _squeezed(node.body.text)
    if node.json:
        wanted = [word.text for word in node.words]
        return _squeezed(said) == _squeezed(" ".join(wanted[1:] if health and wanted[:1] == ["CMD"] else wanted))
    text = _squeezed(node.body.text)
    if health:
        text = _squeezed(text[4:]) if text[:4].upper() == "CMD " else text
        return _squeezed(said).endswith(text) or given == [text]
    return _squeezed(given[-1]) == text


def _expose(node: Instruction, recorded: Recorded, expand: _Expand) -> bool:
    body = recorded.body
    given = goformat.map_keys(body) if body.startswith("map[") else body.split()
    wanted = [expand(word.text) for word in node.words]
    if any(_HOLE in word or "-" in word for word in wanted):
        return True
    return {_port(word) for word in wanted} == {_port(word) for word in given}


def _port(word: str) -> str:
    return word if "/" in word else f"{word}/tcp"


def _volume(node: Instruction, recorded: Recorded, expand: _Expand) -> bool:
    wanted = [expand(word.text) for word in node.words] or [expand(one) for one in node.body.text.split()]
    body = recorded.body.strip()
    return _holds(" ".join(wanted), " ".join(goformat.words(body)) or body)


def _workdir(node: Instruction, recorded: Recorded, expand: _Expand) -> bool:
    return _is_path(expand(node.body.text.strip()), recorded.body.strip())


def _trigger(node: Instruction, recorded: Recorded, _expand: _Expand) -> bool:
    return _squeezed(node.body.text) == _squeezed(recorded.body)


def _plain(node: Instruction, recorded: Recorded, expand: _Expand) -> bool:
    return _holds(expand(node.body.text.strip()), recorded.body.strip())


_COMPARE: dict[str, Callable[[Instruction, Recorded, _Expand], bool]] = {
    "RUN": _run,
    "COPY": _copy,
    "ADD": _copy,
    "ENV": _pairs,
    "LABEL": _pairs,
    "ARG": _argument,
    "CMD": _command,
    "ENTRYPOINT": _command,
    "SHELL": _command,
    "HEALTHCHECK": _command,
    "EXPOSE": _expose,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
    "ONBUILD": _trigger,
}


def _expanded(text: str, escape: str) -> str:
    """The text as the builder records it, with a hole for each variable."""
    try:
        return words.expand(text, lambda _name: _HOLE, escape)
    except ExpansionError:
        return text


def _holds(wanted: str, given: str) -> bool:
    """Whether a text is the wanted one, with anything in its holes. Linear."""
    first, *rest = wanted.split(_HOLE)
    if not rest:
        return _squeezed(first) == _squeezed(given)
    *middle, last = rest
    if not given.startswith(first) or not given.endswith(last) or len(given) < len(first) + len(last):
        return False
    at, end = len(first), len(given) - len(last)
    for part in middle:
        place = given.find(part, at, end)
        if place < 0:
            return False
        at = place + len(part)
    return True


def _is_path(wanted: str, given: str) -> bool:
    """Whether a recorded path is the wanted one, which may be relative to a folder that is recorded with it."""
    wanted, given = _tidy(wanted), _tidy(given)
    if _HOLE in wanted:
        return _holds(wanted, given)
    return given == wanted or (not wanted.startswith("/") and (wanted == "." or given.endswith("/" + wanted)))


def _tidy(path: str) -> str:
    path = path.strip("\"'")
    return path.removeprefix("./").rstrip("/") or ("/" if path.startswith("/") else ".")


def _squeezed(text: str) -> str:
    return " ".join(text.split())
