"""Whether what starts a service reads a secret from the file that NAME_FILE names, as far as its files show."""

from __future__ import annotations

import shlex

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.callers.yamledit import text_of
from auditor.fixes.filevars import image_variable, script_variable
from auditor.fixes.plan import Refused
from auditor.fixes.starters import is_watched, script_named, script_of, start, words_of
from auditor.lang.compose.interpolation import with_defaults
from auditor.lang.compose.nodes import Alias, Mapping, Node, Scalar, Sequence, walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditor.flow.place import Place
    from auditor.lang.compose.services import ComposeText, Entry, Service

_WORD = Pattern(r"[A-Za-z_][A-Za-z0-9_]*")
#: Nodes of a service that are searched for names, with what its aliases stand for.
_MOST_NODES = 20_000


class Reading:
    """`variable` takes the path of the file. `doubt` says what could not be seen; "" where all of it was."""

    __slots__ = ("doubt", "variable")

    def __init__(self, variable: str, doubt: str) -> None:
        self.variable = variable
        self.doubt = doubt


class Starts:
    """What starts the services of one compose file."""

    def __init__(self, file: ComposeText, place: Place) -> None:
        self.file = file
        self.place = place
        self._words: dict[int, dict[str, list[Node]]] = {}
        self._entries: dict[int, dict[str, list[Entry]]] = {}
        self._shared = self._extended()

    def reading(self, service: Service, entry: Entry) -> Reading:
        """How the service takes an entry's value from a file. Raises Refused with the reason why it cannot be told."""
        name = entry.name
        if not self.file.modern:
            raise Refused("the file has no `services`: its format knows no secrets")
        if self.file.inherited(service.node, "extends") is not None or service.name in self._shared:
            raise Refused(f"{service.name} and another service share their settings with `extends`")
        variable = self._variable(service, name)
        if not variable:
            raise Refused(f"nothing shows that what starts {service.name} reads {name} from a file")
        known = self._entries_of(service)
        if known.get(name) != [entry] or variable in known:
            raise Refused(f"{service.name} sets {name} in more than one place")
        return Reading(variable, self.alone(service, entry, self._after_reading(service)))

    def alone(self, service: Service, entry: Entry, handed: Collection[int] = ()) -> str:
        """What is not known of other places that set or name the variable of an entry; "" where all is.

        `handed`: ids of nodes that get the value from what reads it. Raises Refused where one of the others names it.
        """
        name, own = entry.name, {id(entry.key), id(entry.node), *handed}
        named = [node for node in self._words_of(service).get(name, []) if id(node) not in own]
        if named:
            raise Refused(f"{service.name} names {name} elsewhere, too (line {self.file.line(named[0])})")
        return self._env_files(service, name) or self._other_files(name)

    # -- the program ---------------------------------------------------------------------------------------------

    def _variable(self, service: Service, name: str) -> str:
        entrypoint, command = (self._argv(service, key) for key in ("entrypoint", "command"))
        node = self.file.inherited(service.node, "build")
        if node is None or (isinstance(node, Scalar) and node.null):
            self._check_volumes(service, [])
            image = self._image(service)
            return image_variable(image, command, name) if image and entrypoint is None else ""
        build = self.place.build_of(self.file, node)
        if build is None:
            return ""
        how = start(build)
        self._check_volumes(service, entrypoint or (words_of(how.entrypoint) if how.entrypoint is not None else []))
        if any(v.kind == "environment" and v.step.ships and v.name == name and v.value for v in build.facts.variables):
            raise Refused(f"the Dockerfile of {service.name} sets {name} as well")
        if is_watched(build, how, name):
            raise Refused(f"the health check in the Dockerfile of {service.name} may read {name}")
        if entrypoint is not None:
            return script_variable(script_named(build, entrypoint), name)
        if how.entrypoint is not None:
            return script_variable(script_of(build, how.entrypoint), name)
        if isinstance(node, Mapping) and node.get("args") is not None:
            return ""  # an argument may choose the base image
        if command is None and how.command is not None:
            command = words_of(how.command) if how.command.json else []
        return image_variable(how.base, command, name)

    def _argv(self, service: Service, key: str) -> list[str] | None:
        """The words of `entrypoint` or `command`; None where the image's own counts, [] where they cannot be told."""
        node = self.file.inherited(service.node, key)
        if node is None or (isinstance(node, Scalar) and node.null and not node.marked):
            return None
        if isinstance(node, Sequence):
            words = [text_of(self.file.resolve(item)) for item in node.items]
        else:
            try:
                words = shlex.split(text_of(node))
            except ValueError:
                return []
        return words if words and words[0] and "$" not in words[0] else []

    def _image(self, service: Service) -> str:
        node = self.file.inherited(service.node, "image")
        image = text_of(node)
        whole = with_defaults(image)
        if whole is not None:
            return whole
        name, colon, _tag = image.partition(":")
        return name if colon and "$" not in name and "/" not in _tag else ""

    # -- what else counts ----------------------------------------------------------------------------------------

    def _extended(self) -> frozenset[str]:
        """Names of services that others take over."""
        nodes = [self.file.resolve(service.node.get("extends")) for service in self.file.services]
        return frozenset((n.text("service") or "") if isinstance(n, Mapping) else text_of(n) for n in nodes)

    def _check_volumes(self, service: Service, words: list[str]) -> None:
        """Raises Refused where a mount takes the place of the script that starts the container."""
        bases = {word.rpartition("/")[2] for word in words if not word.startswith("-")}
        volumes = self.file.inherited(service.node, "volumes")
        for node in walk(volumes) if volumes is not None else ():
            base = node.value.removesuffix(":ro").rpartition("/")[2] if isinstance(node, Scalar) else ""
            if base and (base in bases or "entrypoint" in base.lower()):
                raise Refused(f"a volume lies over what starts {service.name} (line {self.file.line(node)})")

    def _after_reading(self, service: Service) -> set[int]:
        """The parts of `command`, where a script of a build starts it: what reads a file hands the value on."""
        build, command = (self.file.inherited(service.node, key) for key in ("build", "command"))
        return {id(node) for node in walk(command)} if build is not None and command is not None else set()

    def _env_files(self, service: Service, name: str) -> str:
        """What is not known of the service's `env_file`. Raises Refused where one sets the variable, too."""
        doubt = ""
        for path in self._env_paths(self.file.inherited(service.node, "env_file")):
            text = self.place.text(path) if path else None
            if text is None:
                doubt = doubt or f"an env_file of {service.name} cannot be seen, and may set {name} as well"
            elif name in (match[0] for match in _WORD.finditer(text)):
                raise Refused(f"an env_file of {service.name} names {name} as well")
        return doubt

    def _env_paths(self, node: Node | None) -> Iterator[str]:
        for item in node.items if isinstance(node, Sequence) else [node] if node is not None else []:
            one = self.file.resolve(item)
            path = one.text("path") if isinstance(one, Mapping) else text_of(one)
            yield with_defaults(path or "") or ""

    def _other_files(self, name: str) -> str:
        for other, text in self.place.siblings():
            if name in text and any(match[0] == name for match in _WORD.finditer(text)):
                return f"{other} names {name} as well, and may be merged with this file"
        return ""

    def _entries_of(self, service: Service) -> dict[str, list[Entry]]:
        """The entries of the service's environment by name, those that others take the place of included."""
        key = id(service.node)
        if key not in self._entries:
            found = self._entries[key] = {}
            for section in self.file.environment_of(service):
                for entry in section.entries:
                    found.setdefault(entry.name, []).append(entry)
        return self._entries[key]

    def _words_of(self, service: Service) -> dict[str, list[Node]]:
        """Every word of the service's texts, with the nodes that it is in."""
        key = id(service.node)
        if key not in self._words:
            found = self._words[key] = {}
            for node in self._nodes(service.node):
                for match in _WORD.finditer(node.value):
                    found.setdefault(match[0], []).append(node)
        return self._words[key]

    def _nodes(self, top: Node) -> Iterator[Scalar]:
        todo, queued, seen = [top], {id(top)}, 0
        while todo:
            for node in walk(todo.pop()):
                seen += 1
                if seen > _MOST_NODES:
                    raise Refused("the service is too large to be searched")
                if isinstance(node, Scalar):
                    yield node
                    continue
                target = self.file.resolve(node) if isinstance(node, Alias) else None
                if target is not None and id(target) not in queued:
                    queued.add(id(target))
                    todo.append(target)
