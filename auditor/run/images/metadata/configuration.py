"""Secrets in an image's configuration, in the copies of it that old engines keep, and in manifests' annotations."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from auditor.core.image import ANNOTATION, CONFIG, LABEL, ImagePlace
from auditor.detect import names
from auditor.run.images.history.createdby import DEFAULT_SHELLS, parse
from auditor.run.images.history.setters import Setters
from auditor.run.images.metadata import sentences
from auditor.run.images.metadata.documents import Members, Node, point, walk
from auditor.run.images.metadata.judging import Judge
from auditor.run.images.metadata.recorded import Reader
from auditor.run.images.metadata.sightings import CONFIG_RANK, COPY_RANK, METADATA, OTHER_RANK, Context, Sightings

_CONFIGS = ("config", "container_config", "Config", "ContainerConfig")
_SAID = ("author", "comment", "created_by")
_SHORTEST = 6
#: Fields of BuildKit that have a reader of their own.
BUILDKIT = ("moby.buildkit.cache.v0", "moby.buildkit.buildinfo.v1")


class ConfigurationReader:
    """Judges configuration documents.

    `setters` know which history entry each field comes from; `told` are the texts of the history that `reader` was
    given. What else stands under that name (entries beyond the bound, a second history) is a field like others.
    """

    def __init__(
        self, judge: Judge, sightings: Sightings, reader: Reader, setters: Setters, told: Collection[str]
    ) -> None:
        self._judge = judge
        self._sightings = sightings
        self._reader = reader
        self._setters = setters
        self._told = told
        self._place = ImagePlace(CONFIG)
        self._copy = False

    def read(self, root: object, digest: str = "", *, copy: bool = False) -> None:
        """Look over a configuration; `copy` marks one of the per-layer documents of old archives."""
        self._place = ImagePlace(CONFIG, digest=digest)
        self._copy = copy
        for node in walk(root, self._handled):
            if not self._is_read_elsewhere(node):
                self._other(node)

    def annotations(self, root: object, document: str, digest: str) -> None:
        """Look over a manifest or an index."""
        for node in walk(root, lambda _node: False):
            place = ImagePlace(ANNOTATION, digest=digest, pointer=node.pointer)
            name = node.path[-1] if node.path else ""
            sentence = sentences.ANNOTATION.replace("{name}", name).replace("{document}", document)
            self._field(node, Context(str(node.value), place, ("annotation", name), METADATA, sentence, OTHER_RANK))

    def _is_read_elsewhere(self, node: Node) -> bool:
        if len(node.path) == 1:
            return node.path[0] in BUILDKIT
        return node.path[:1] == ("history",) and node.value in self._told

    def _handled(self, node: Node) -> bool:
        """Take what has a meaning of its own."""
        if len(node.path) < 2 or node.path[0] not in _CONFIGS:
            return False
        field, value = node.path[1], node.value
        if len(node.path) == 2 and isinstance(value, Members):
            if field == "Labels":
                self._labels(node, value)
            elif field in ("ExposedPorts", "Volumes"):
                self._keys(node, value)
            return field in ("Labels", "ExposedPorts", "Volumes")
        texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
        if not texts or not isinstance(value, list) or len(texts) != len(value):
            return False
        if field == "Env" and len(node.path) == 2:
            self._environment(node, texts)
        elif field == "OnBuild" and len(node.path) == 2:
            self._triggers(node, texts)
        elif field in sentences.FIELDS and len(node.path) == 2:
            self._command(node, texts, sentences.FIELDS[field])
        elif node.path[1:] == ("Healthcheck", "Test"):
            self._command(node, texts, "HEALTHCHECK")
        else:
            return False
        return True

    def _rank(self, node: Node) -> int:
        return COPY_RANK if self._copy or node.path[0].lower() != "config" else CONFIG_RANK

    def _environment(self, node: Node, texts: list[str]) -> None:
        for number, text in enumerate(texts):
            name, _, value = text.partition("=")
            place = self._at(point(node.pointer, number), self._setters.pair("ENV", name, value))
            sentence = sentences.VARIABLE.replace("{name}", name)
            context = Context(text, place, ("variable", name), "env-secret", sentence, self._rank(node))
            self._sightings.add(self._judge.value(name, value), context, len(name) + 1)

    def _labels(self, node: Node, labels: Members) -> None:
        for name, value in labels:
            if isinstance(value, str):
                place = self._at(point(node.pointer, name), self._setters.pair("LABEL", name, value))
                sentence = sentences.LABEL.replace("{name}", name)
                place = place._replace(part=LABEL)
                context = Context(value, place, ("label", name), "label-secret", sentence, self._rank(node))
                self._sightings.add(self._judge.value(name, value), context)

    def _keys(self, node: Node, members: Members) -> None:
        for name, _ in members:
            place = self._at(point(node.pointer, name), None)
            sentence = sentences.FIELD.replace("{name}", node.path[1])
            context = Context(name, place, ("field", node.path[1]), METADATA, sentence, self._rank(node))
            self._sightings.add(self._judge.text(name), context)

    def _triggers(self, node: Node, texts: list[str]) -> None:
        for number, text in enumerate(texts):
            place = self._at(point(node.pointer, number), self._setters.field("ONBUILD", text))
            context = Context(text, place, ("trigger", ""), "onbuild-secret", sentences.TRIGGER, self._rank(node))
            self._sightings.add(self._judge.trigger(text), context)

    def _command(self, node: Node, words: list[str], keyword: str) -> None:
        recorded = " ".join(words)
        if "#(nop)" in recorded[:400] or recorded.startswith("|"):
            # Engines keep the last step of the build here as if it were the container's command.
            place = self._at(node.pointer, None)
            self._reader.instruction(parse(recorded, "", (), DEFAULT_SHELLS), recorded, place, COPY_RANK)
            return
        index = self._setters.field(keyword)
        if index is None:
            index = self._setters.field("", recorded)
        kind, rule, sentence = sentences.COMMANDS[keyword]
        for number, hit in self._judge.words(words):
            place = self._at(point(node.pointer, number), index)
            self._sightings.add((hit,), Context(words[number], place, (kind, ""), rule, sentence, self._rank(node)))

    def _other(self, node: Node) -> None:
        place = self._at(node.pointer, None)
        text, key = str(node.value), node.key
        rank = COPY_RANK if self._copy or node.path[:1] == ("container_config",) else CONFIG_RANK
        if node.path and node.path[-1] in _SAID:
            # The history tells the same of the entry that it belongs to.
            sentence = sentences.FIELD.replace("{name}", f"The {key}")
            self._sightings.add(
                self._judge.author(text), Context(text, place, ("said", key), METADATA, sentence, COPY_RANK)
            )
            return
        sentence = sentences.FIELD.replace("{name}", key)
        self._field(node, Context(text, place, ("field", key), METADATA, sentence, rank))

    def _field(self, node: Node, context: Context) -> None:
        """A string under any name: what the name announces, and what the string itself gives away."""
        text = context.text
        if len(text) >= _SHORTEST:
            key = node.key.rpartition("/")[2].rpartition(".")[2]
            self._sightings.add(self._judge.value(key, text) if names.read(key) else self._judge.text(text), context)

    def _at(self, pointer: str, entry: int | None) -> ImagePlace:
        return self._place._replace(pointer=pointer, history_index=entry)


def values_of(config: Mapping[str, object]) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """The variables and the labels of a configuration: name -> values."""
    inner = config.get("config")
    listed, named = (inner.get("Env"), inner.get("Labels")) if isinstance(inner, dict) else (None, None)
    environment: dict[str, set[str]] = {}
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, str):
            name, _, value = item.partition("=")
            environment.setdefault(name, set()).add(value)
    labels = {str(name): frozenset({str(value)}) for name, value in named.items()} if isinstance(named, dict) else {}
    return {name: frozenset(values) for name, values in environment.items()}, labels


def texts_of(config: Mapping[str, object]) -> frozenset[str]:
    """The commands, triggers and plain fields of a configuration, words joined by blanks."""
    inner = config.get("config")
    found: set[str] = set()
    fields: Collection[object] = inner.values() if isinstance(inner, dict) else ()
    health = inner.get("Healthcheck") if isinstance(inner, dict) else None
    for value in (*fields, health.get("Test") if isinstance(health, dict) else None):
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, list):
            words = [word for word in value if isinstance(word, str)]
            found.update((*words, " ".join(words)))
    return frozenset(found)
