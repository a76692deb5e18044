"""A compose file: its services, and every `environment` section with its entries, aliases and merges looked up."""

from __future__ import annotations

from bisect import bisect_right

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import LineIndex, Span
from auditor.lang.compose import reader
from auditor.lang.compose.nodes import Alias, Mapping, Node, Scalar, Sequence, walk
from auditor.lang.compose.places import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.lang.dockerfile.text import Text

_ENVIRONMENT = "environment"
#: Keys that a service of a file without `services` (format 1) has.
_OLD_SERVICE = ("image", "build")
#: Keys of the top level that hold named things beside services.
_RESOURCES = ("volumes", "networks", "secrets", "configs")
#: Steps in looking up merges, of all services together; what is beyond is not known.
_MOST_STEPS = 50_000
_TANGLED = -1


class Entry:
    """`NAME: value` or `- NAME=value` of a section. `key` is None in a list; `node` the value, of a list
    the whole item; `raw` the value with its places (None: none is given); `aliased`: it stands at an anchor elsewhere.
    """

    __slots__ = ("aliased", "key", "name", "node", "raw", "section", "span")

    def __init__(self, section: Section, key: Node | None, node: Node, name: str, raw: Text | None) -> None:
        self.section = section
        self.key = key
        self.node = node
        self.name = name
        self.raw = raw
        self.aliased = False
        first = node if key is None else key
        self.span = Span(first.span.start, max(node.span.end, first.span.end))


class Section:
    """One mapping or list of names with values: `kind` is `environment`, or `args`, `labels`, `options` (of drivers).

    `label` is the service, `x-` block or top-level key that holds it.
    """

    __slots__ = ("entries", "kind", "label", "node")

    def __init__(self, node: Mapping | Sequence, label: str, kind: str = _ENVIRONMENT) -> None:
        self.node = node
        self.label = label
        self.kind = kind
        self.entries: list[Entry] = []


class Service(NamedTuple):
    """`node` may be shared by several services, through an alias."""

    name: str
    key: Node
    node: Mapping


class ComposeText:
    """A compose file as read. `top` is the first document (None: it is no mapping); `modern`: it has `services`."""

    def __init__(self, text: str, documents: list[Node]) -> None:
        self.text = text
        self.lines = LineIndex(text)
        self.documents = documents
        self._targets = _targets(documents)
        self._shared = {id(node) for node in self._targets.values()}
        self.top = documents[0] if documents and isinstance(documents[0], Mapping) else None
        self.modern = self.top is not None and self.top.get("services") is not None
        self.services = [one for top in documents if isinstance(top, Mapping) for one in self._services(top)]
        self._labels = sorted(self._places())
        self._users: dict[int, list[Service]] = {}
        self._by_node: dict[int, Section] = {}
        self.sections = self._sections()

    def line(self, node: Node) -> int:
        """1-based line that a node begins on."""
        return self.lines.line(node.span.start)

    def resolve(self, node: Node | None) -> Node | None:
        """What an alias stands for; any other node itself."""
        return self._targets.get(id(node)) if isinstance(node, Alias) else node

    def is_used_elsewhere(self, node: Node) -> bool:
        """Whether an alias stands for this very node."""
        return id(node) in self._shared

    def repeated(self) -> Node | None:
        """The first key that stands in its mapping twice; compose rejects such a file."""
        for document in self.documents:
            for node in walk(document):
                names: set[str] = set()
                for key, _value in node.pairs if isinstance(node, Mapping) else ():
                    if isinstance(key, Scalar) and key.value != "<<":
                        if key.value in names:
                            return key
                        names.add(key.value)
        return None

    def merged(self, mapping: Mapping) -> list[Mapping]:
        """What a mapping takes over with `<<`, the strongest first."""
        found: list[Mapping] = []
        for key, value in mapping.pairs:
            if isinstance(key, Scalar) and key.value == "<<":
                given = self.resolve(value)
                parts = [self.resolve(item) for item in given.items] if isinstance(given, Sequence) else [given]
                found += [part for part in parts if isinstance(part, Mapping)]
        return found

    def closure(self, mapping: Mapping, most: int = _MOST_STEPS) -> list[Mapping]:
        """A mapping and all that it takes over, in order of strength; of hostile files the first `most`."""
        found: list[Mapping] = []
        seen: set[int] = set()
        todo = [mapping]
        while todo and len(found) < most:
            one = todo.pop()
            if id(one) not in seen:
                seen.add(id(one))
                found.append(one)
                todo += reversed(self.merged(one))
        return found

    def inherited(self, mapping: Mapping, name: str) -> Node | None:
        """The value of a key, its own or one that is taken over."""
        for one in self.closure(mapping):
            value = one.get(name)
            if value is not None:
                return self.resolve(value)
        return None

    def environment_of(self, service: Service) -> list[Section]:
        """The sections that a service's environment is made of, the strongest first."""
        node = self.inherited(service.node, _ENVIRONMENT)
        nodes: list[Node] = [*self.closure(node)] if isinstance(node, Mapping) else [node] if node is not None else []
        return [self._by_node[id(one)] for one in nodes if id(one) in self._by_node]

    def users(self, section: Section) -> list[Service] | None:
        """The services whose environment takes from a section; None in a file too tangled to tell."""
        if not self._users:
            self._users = self._all_users()
        return None if _TANGLED in self._users else self._users.get(id(section), [])

    def _all_users(self) -> dict[int, list[Service]]:
        found: dict[int, list[Service]] = {}
        steps = 0
        for service in self.services:
            sections = self.environment_of(service)
            steps += len(sections) + len(self.closure(service.node))
            if steps > _MOST_STEPS:
                return {_TANGLED: []}
            for one in sections:
                found.setdefault(id(one), []).append(service)
        return found

    # -- reading -------------------------------------------------------------------------------------------------

    def _services(self, top: Mapping) -> Iterator[Service]:
        listed = self.resolve(top.get("services"))
        pairs = listed.pairs if isinstance(listed, Mapping) else top.pairs if not self.modern else []
        for key, value in pairs:
            node = self.resolve(value)
            is_one = isinstance(listed, Mapping) or any(
                isinstance(node, Mapping) and node.get(name) is not None for name in _OLD_SERVICE
            )
            if is_one and isinstance(node, Mapping) and isinstance(key, Scalar):
                yield Service(key.value, key, node)

    def _places(self) -> Iterator[tuple[int, str]]:
        for top in self.documents:
            for key, _value in top.pairs if isinstance(top, Mapping) else ():
                yield key.span.start, key.value if isinstance(key, Scalar) else ""
            for kind in _RESOURCES:
                held = self.resolve(top.get(kind)) if isinstance(top, Mapping) else None
                for key, _value in held.pairs if isinstance(held, Mapping) else ():
                    yield key.span.start, key.value if isinstance(key, Scalar) else ""
        for service in self.services:
            yield service.key.span.start, service.name

    def label_of(self, node: Node) -> str:
        """The service, other named thing, `x-` block or top-level key that a node stands in."""
        at = bisect_right(self._labels, (node.span.start, "\U0010ffff")) - 1
        return self._labels[at][1] if at >= 0 else ""

    def _roots(self) -> Iterator[Node]:
        for service in self.services:
            yield service.node
        for top in self.documents:
            for key, value in top.pairs if isinstance(top, Mapping) else ():
                if isinstance(key, Scalar) and key.value.startswith("x-"):
                    yield value

    def _sections(self) -> list[Section]:
        seen: set[int] = set()
        for root in self._roots():
            if id(root) in seen:
                continue
            for node in walk(root):
                seen.add(id(node))
                for key, value in node.pairs if isinstance(node, Mapping) else ():
                    if isinstance(key, Scalar) and key.value == _ENVIRONMENT:
                        self._take(self.resolve(value))
        return sorted(self._by_node.values(), key=lambda section: section.node.span.start)

    def _take(self, node: Node | None) -> None:
        todo = [node]
        while todo:
            one = todo.pop()
            if not isinstance(one, Mapping | Sequence) or id(one) in self._by_node:
                continue
            self._by_node[id(one)] = self.section(one, _ENVIRONMENT)
            todo += self.merged(one) if isinstance(one, Mapping) else ()

    def section(self, node: Mapping | Sequence, kind: str) -> Section:
        """A mapping or list of names with values, without what it takes over."""
        section = Section(node, self.label_of(node), kind)
        if isinstance(node, Mapping):
            section.entries = [e for key, value in node.pairs if (e := self._pair(section, key, value)) is not None]
        else:
            section.entries = [e for item in node.items if (e := self._item(section, item)) is not None]
        return section

    def _pair(self, section: Section, key: Node, value: Node) -> Entry | None:
        given = self.resolve(value)
        if not isinstance(key, Scalar) or key.value == "<<" or not isinstance(given, Scalar):
            return None
        entry = Entry(section, key, value, key.value, None if given.null else located(self.text, given))
        entry.aliased = isinstance(value, Alias)
        return entry

    def _item(self, section: Section, item: Node) -> Entry | None:
        given = self.resolve(item)
        if not isinstance(given, Scalar):
            return None
        whole = located(self.text, given)
        name, equals, _value = whole.text.partition("=")
        raw = whole.slice(len(name) + 1, len(whole.text)) if equals else None
        entry = Entry(section, None, item, name, raw)
        entry.aliased = isinstance(item, Alias)
        return entry


def read_compose(text: str) -> ComposeText:
    """Read a compose file; repeated keys are kept. Raises Unreadable."""
    return ComposeText(text, reader.read(text, unique=False))


def _targets(documents: list[Node]) -> dict[int, Node]:
    """By the alias's identity, what it stands for: the last node before it with that anchor."""
    found: dict[int, Node] = {}
    for document in documents:
        anchors: dict[str, Node] = {}
        for node in walk(document):
            if isinstance(node, Alias):
                if node.anchor in anchors:
                    found[id(node)] = anchors[node.anchor]
            elif node.anchor:
                anchors[node.anchor] = node
    return found
