"""Text of a YAML file to nodes, from PyYAML's events: bounded in size and depth, and no alias is followed."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.lang.compose.nodes import Alias, Mapping, Node, Scalar, Sequence
from auditor.lang.unreadable import Unreadable

if TYPE_CHECKING:
    import yaml

MAX_CHARS = 256 * 1024
MAX_DEPTH = 60
_INVALID = "the file is not valid YAML"
#: Beginnings of PyYAML's messages, and what they mean to the user.
_PROBLEMS = (
    ("found character '\\t' that cannot", "a tab where only spaces may stand"),
    ("found character", "a character that no value may begin with; put the value in quotes"),
    ("could not find expected ':'", "a key without a colon"),
    ("mapping values are not allowed", "a colon where none may stand; put the value in quotes"),
    ("expected <block end>", "the line does not fit the lines above it"),
    ("did not find expected", "the line does not fit the lines above it"),
    ("expected ',' or", "a bracket is not closed"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("found unknown escape", "a backslash in double quotes that means nothing"),
)


def read(text: str, *, unique: bool = True) -> list[Node]:
    """The documents of a file (an empty one has none). Raises Unreadable, with `unique` also for a repeated key."""
    if len(text) > MAX_CHARS:
        raise Unreadable(f"the file is larger than {MAX_CHARS // 1024} KiB")
    import yaml  # start-up: only callers of a build are YAML

    reader = _Reader(unique)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            reader.event(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(_reason(error.problem or ""), None if mark is None else mark.line + 1) from None
    except yaml.reader.ReaderError as error:
        raise Unreadable(f"{_INVALID}: a character that YAML does not allow", _line(text, error.position)) from None
    except yaml.YAMLError:
        raise Unreadable(_INVALID) from None
    return reader.documents


def _reason(problem: str) -> str:
    """What PyYAML says is wrong, as far as it is known not to hold any of the text."""
    return next((f"{_INVALID}: {said}" for begin, said in _PROBLEMS if problem.startswith(begin)), _INVALID)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


class _Reader:
    """Puts nodes together without recursion."""

    def __init__(self, unique: bool) -> None:
        self.documents: list[Node] = []
        self._unique = unique
        self._open: list[Mapping | Sequence] = []
        self._keys: list[Node | None] = []
        self._names: list[set[str]] = []
        self._at = 0

    def event(self, event: yaml.Event) -> None:
        kind = type(event).__name__
        self._at = event.start_mark.line
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) >= MAX_DEPTH:
                raise Unreadable(f"the file is nested deeper than {MAX_DEPTH} levels", event.start_mark.line + 1)
            made = Mapping if kind == "MappingStartEvent" else Sequence
            self._open.append(made(_span(event), bool(event.flow_style), event.anchor or "", _marked(event)))
            self._keys.append(None)
            self._names.append(set())
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            node = self._open.pop()
            self._keys.pop()
            self._names.pop()
            node.span = Span(node.span.start, _end(node, event))
            self._place(node)
        elif kind == "ScalarEvent":
            style = event.style or ""
            self._place(Scalar(_span(event), event.value, style, event.anchor or "", _marked(event)))
        elif kind == "AliasEvent":
            self._place(Alias(_span(event), event.anchor or ""))

    def _place(self, node: Node) -> None:
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif self._keys[-1] is None:
            self._keys[-1] = node
            if isinstance(node, Scalar) and node.value != "<<":
                if self._unique and node.value in self._names[-1]:
                    raise Unreadable("a key of the file stands there twice", self._at + 1)
                self._names[-1].add(node.value)
        else:
            parent.pairs.append((self._keys[-1], node))
            self._keys[-1] = None


def _span(event: yaml.Event) -> Span:
    return Span(event.start_mark.index, event.end_mark.index)


def _marked(event: yaml.Event) -> bool:
    return bool(event.anchor or event.tag)


def _end(node: Mapping | Sequence, event: yaml.Event) -> int:
    """Behind the closing bracket; a block ends with its last part, PyYAML only knows what comes after."""
    if node.flow:
        return int(event.end_mark.index)
    parts = [node.pairs[-1][1]] if isinstance(node, Mapping) and node.pairs else []
    if isinstance(node, Sequence):
        parts = node.items[-1:]
    return max(parts[0].span.end, node.span.start) if parts else node.span.end
