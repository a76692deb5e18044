"""What a compose file says beside `environment`, by section: arguments, labels, command lines, mounts, files, contents.

Services are read by the specification's schema, with what they take over from other places of the file; `x-` blocks as
if they were services. Everything is listed once, where it stands, however many services share it.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.lang.compose.nodes import Alias, Mapping, Node, Scalar, Sequence
from auditor.lang.compose.places import located

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.lang.compose.services import ComposeText, Section
    from auditor.lang.dockerfile.text import Text

_PAIRS, _LINE, _LIST, _PATHS = "pairs", "line", "list", "paths"
#: What stands at the keys of a part: another part, or (with an @) a section of some form and kind.
_SCHEMA: dict[str, dict[str, str]] = {
    "service": {
        "build": "build",
        "deploy": "deploy",
        "healthcheck": "healthcheck",
        "logging": "logging",
        "post_start": "hook",
        "pre_stop": "hook",
        "labels": "@pairs labels",
        "command": "@line command",
        "entrypoint": "@line entrypoint",
        "volumes": "@list volumes",
        "env_file": "@paths env_file",
    },
    "build": {"args": "@pairs args", "labels": "@pairs labels"},
    "deploy": {"labels": "@pairs labels"},
    "healthcheck": {"test": "@line healthcheck"},
    "logging": {"options": "@pairs options"},
    "hook": {"command": "@line command"},
    "resource": {"labels": "@pairs labels", "driver_opts": "@pairs options"},
}
#: In a block that is shared, any part may stand at any place.
_SCHEMA["block"] = {**_SCHEMA["service"], "driver_opts": "@pairs options"}
_RESOURCES = ("volumes", "networks", "secrets", "configs")


class Line(NamedTuple):
    """A command line. `kind`: `command`, `entrypoint` or `healthcheck`; `owner` is the mapping that has it."""

    kind: str
    label: str
    key: Node
    node: Scalar | Sequence
    owner: Mapping


class Item(NamedTuple):
    """One mount of `volumes`, or one path of `env_file`; `node` as written there, an alias looked up."""

    kind: str
    label: str
    node: Node


class Source(NamedTuple):
    """A secret or config of the top level (`kind`: `secrets`, `configs`): its mapping, and its `file` or `content`."""

    kind: str
    name: str
    node: Mapping
    file: Scalar | None
    content: Scalar | None


class Parts:
    """The sections of one compose file, each list in the order of the file."""

    def __init__(self, file: ComposeText) -> None:
        self.file = file
        self.sections: list[Section] = []
        self.lines: list[Line] = []
        self.items: list[Item] = []
        self.sources: list[Source] = list(self._sources())
        self._texts: dict[int, Text] = {}
        self._seen: set[tuple[int, str]] = set()
        self._takers: dict[str, Callable[[Mapping, Node, Node, str], None]] = {
            _PAIRS: self._pairs,
            _LINE: self._line,
            _LIST: self._list,
            _PATHS: self._list,
        }
        for node, part in self._roots():
            self._visit(node, part)
        self.sections.sort(key=lambda section: section.node.span.start)
        self.lines.sort(key=lambda line: line.node.span.start)
        self.items.sort(key=lambda item: item.node.span.start)

    def text_of(self, node: Scalar) -> Text:
        """The value of a scalar with its places; each one is read once."""
        if id(node) not in self._texts:
            self._texts[id(node)] = located(self.file.text, node)
        return self._texts[id(node)]

    def spans(self) -> Iterator[Span]:
        """Everything that a comment above it may belong to."""
        for section in self.sections:
            for entry in section.entries:
                yield entry.span
        for line in self.lines:
            yield Span(line.key.span.start, max(line.node.span.end, line.key.span.end))
        for item in self.items:
            yield item.node.span
        for source in self.sources:
            for key in ("file", "content"):
                pair = source.node.pair(key)
                if pair is not None:
                    yield Span(pair[0].span.start, max(pair[1].span.end, pair[0].span.end))

    # -- reading -------------------------------------------------------------------------------------------------

    def _roots(self) -> Iterator[tuple[Node, str]]:
        for service in self.file.services:
            yield service.node, "service"
        for top in self.file.documents:
            for key, value in top.pairs if isinstance(top, Mapping) else ():
                name = key.value if isinstance(key, Scalar) else ""
                if name.startswith("x-"):
                    yield value, "block"
                elif name in _RESOURCES:
                    held = self.file.resolve(value)
                    for _name, each in held.pairs if isinstance(held, Mapping) else ():
                        yield each, "resource"

    def _sources(self) -> Iterator[Source]:
        for top in self.file.documents:
            for kind in ("secrets", "configs"):
                held = self.file.resolve(top.get(kind)) if isinstance(top, Mapping) else None
                for key, value in held.pairs if isinstance(held, Mapping) else ():
                    node = self.file.resolve(value)
                    if isinstance(key, Scalar) and isinstance(node, Mapping):
                        file, content = (self.file.resolve(node.get(name)) for name in ("file", "content"))
                        yield Source(
                            kind,
                            key.value,
                            node,
                            file if isinstance(file, Scalar) and not file.null else None,
                            content if isinstance(content, Scalar) and not content.null else None,
                        )

    def _visit(self, top: Node, part: str) -> None:
        """Take the sections of a part, and of what it holds and takes over; every node once for each part."""
        todo = [(top, part)]
        while todo:
            given, part = todo.pop()
            node = self.file.resolve(given)
            if node is None or (id(node), part) in self._seen:
                continue
            self._seen.add((id(node), part))
            if isinstance(node, Sequence) and part in ("hook", "block"):
                todo += [(item, part) for item in reversed(node.items) if not isinstance(item, Alias)]
            if not isinstance(node, Mapping):
                continue
            todo += [(one, part) for one in reversed(self.file.merged(node))]
            todo += [below for key, value in reversed(node.pairs) if (below := self._at(node, part, key, value))]

    def _at(self, node: Mapping, part: str, key: Node, value: Node) -> tuple[Node, str] | None:
        """Take what stands at a key; the part that has to be visited, if it is one."""
        name = key.value if isinstance(key, Scalar) else ""
        there = _SCHEMA[part].get(name, "")
        if there.startswith("@"):
            form, _space, kind = there[1:].partition(" ")
            held = self.file.resolve(value)
            if held is not None and (id(held), kind) not in self._seen:
                self._seen.add((id(held), kind))
                self._takers[form](node, key, held, kind)
            return None
        if there:
            return value, there
        if name.startswith("x-") or (part == "block" and name not in ("environment", "<<")):
            return value, "block"
        return None

    def _pairs(self, _owner: Mapping, _key: Node, value: Node, kind: str) -> None:
        todo: list[Node] = [value]
        while todo:
            one = todo.pop()
            if isinstance(one, Mapping | Sequence):
                self.sections.append(self.file.section(one, kind))
            if isinstance(one, Mapping):
                fresh = [m for m in self.file.merged(one) if (id(m), kind) not in self._seen]
                self._seen.update((id(m), kind) for m in fresh)
                todo += fresh

    def _line(self, owner: Mapping, key: Node, value: Node, kind: str) -> None:
        if isinstance(value, Sequence) or (isinstance(value, Scalar) and not value.null):
            self.lines.append(Line(kind, self.file.label_of(value), key, value, owner))

    def _list(self, _owner: Mapping, _key: Node, value: Node, kind: str) -> None:
        for item in value.items if isinstance(value, Sequence) else [value] if isinstance(value, Scalar) else ():
            node = self.file.resolve(item)
            if isinstance(node, Mapping) or (isinstance(node, Scalar) and not node.null):
                self.items.append(Item(kind, self.file.label_of(item), node))
