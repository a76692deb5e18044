"""The manifests that a root document leads to: every one is read, once, whatever its media type claims."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images import digest as digests
from auditor.sources.images import fields
from auditor.sources.images.model import ATTESTATION, INDEX, MANIFEST, Document, Problem
from auditor.sources.images.platforms import described, suits

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from auditor.sources.images.documents import Reader

CACHE_CONFIG = "application/vnd.buildkit.cacheconfig.v0"
#: Bounds for one root: descriptors in all of its indexes, and how deeply indexes are nested.
MOST_ENTRIES = 10_000
_DEEPEST = 8
_REFERENCE_TYPE, _REFERENCE = "vnd.docker.reference.type", "vnd.docker.reference.digest"
_TAGS = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
#: Names under which cosign stores what is about an image beside it.
_COSIGN = re.compile(r"(?:.*:)?(sha256)-([0-9a-f]{64})\.(?:sig|att|sbom)", re.ASCII | re.DOTALL)
_LAYER_TYPE = re.compile(r"\.layer\.|\.tar\b|diff\.tar", re.ASCII)


class Entry(NamedTuple):
    """A descriptor on the way: `chain` are the indexes above it, `asked` says whether its tag or digest fits."""

    descriptor: Mapping[str, object]
    digest: str
    chain: tuple[Document, ...]
    asked: bool


class Manifest(NamedTuple):
    """A manifest that was read: its fields and itself as a document, and how it was found."""

    value: Mapping[str, object]
    document: Document
    entry: Entry


class Cache(NamedTuple):
    """An index that lists layers themselves, not manifests, as BuildKit exports its cache: with a config for it."""

    chain: tuple[Document, ...]
    configs: list[Mapping[str, object]]
    layers: list[Mapping[str, object]]


class Tree:
    """What was found below one root. `attached` are (digest that it is about, manifest)."""

    def __init__(self, reader: Reader, platform: str, tag: str, *, sparse: bool = False) -> None:
        self.found: list[Manifest] = []
        self.attached: list[tuple[str, Manifest]] = []
        self.caches: list[Cache] = []
        self.problems: list[Problem] = []
        self._reader = reader
        self._platform = platform
        self._tag = tag
        self._sparse = sparse
        self._about: list[Entry] = []
        self._pending: list[Entry] = []
        self._visited: dict[str, bool] = {}
        self._left_out: dict[str, str] = {}
        self._tags: dict[str, None] = {}
        self._absent: list[Problem] = []
        self._count = 0

    def gather(self, root: bytes, digest: str) -> None:
        """Read everything below the root."""
        asked = not self._tag or self._tag == digest
        self._look(Entry({}, digest, (), asked), root)
        while self._pending:
            entry = self._pending.pop()
            if self._visited.get(entry.digest, False) >= entry.asked and entry.digest in self._visited:
                continue
            self._visited[entry.digest] = entry.asked
            data = self._read(entry, MANIFEST)
            if data is not None:
                self._look(entry, data)

    def _read(self, entry: Entry, what: str) -> bytes | None:
        """A document below an index; where only some are kept, a missing one is a problem only if all are."""
        problems: list[Problem] = []
        data = self._reader.document(entry.descriptor, f"{what} {entry.digest}", problems)
        if not (self._sparse and entry.digest in self._reader.missing):
            self.problems.extend(problems)
        elif not self._absent:
            self._absent = problems
        return data

    def leave_out(self, digest: str, platform: str) -> None:
        """Note an image that was not asked for."""
        self._left_out[digest] = platform

    def attachments(self, images: Container[str]) -> Iterator[tuple[str, Manifest]]:
        """What is about those images, and what is about none; not what is about images that were left out."""
        for subject, manifest in self._attachments(images):
            # Left out under one name and taken under another is taken.
            if subject in images or (subject not in self._left_out and (manifest.entry.asked or not self._tag)):
                yield subject, manifest

    def _attachments(self, images: Container[str]) -> Iterator[tuple[str, Manifest]]:
        yield from self.attached
        for entry in self._about:
            subject = fields.text(fields.mapping(entry.descriptor, "annotations"), _REFERENCE)
            if subject in self._left_out and subject not in images:
                continue
            data = self._read(entry, ATTESTATION)
            value = None if data is None else self._parsed(f"attestation {entry.digest}", data)
            if data is not None and value is not None:
                yield subject, Manifest(value, _document(MANIFEST, entry, data), entry)

    def nothing(self, media_type: str) -> str:
        """Why there is no image here, as a clause."""
        platforms = sorted(filter(None, set(self._left_out.values())))
        if self._platform and platforms:
            return f"no image for {self._platform}; there are images for {', '.join(platforms[:20])}"
        if self._tag and self._tags:
            return f"no image {self._tag} in it; there are {', '.join(list(self._tags)[:10])}"
        if self._tag and self._left_out:
            return f"no image {self._tag} in it; its images have no names"
        for problem in (*self.problems, *self._absent):
            return f"{problem.part}: {problem.message}"
        return f"there is no image in it{f' ({media_type})' if media_type else ''}"

    def _look(self, entry: Entry, data: bytes) -> None:
        """See what a document is: an index, a manifest, or (some are made so) both."""
        part = f"manifest {entry.digest}" if entry.digest else "index"
        value = self._parsed(part, data)
        if value is None:
            return
        if isinstance(value.get("fsLayers"), list):
            self.problems.append(Problem(part, "Docker's image manifest schema 1 is not supported; push it again"))
            return
        index = isinstance(value.get("manifests"), list)
        manifest = isinstance(value.get("layers"), list) or isinstance(value.get("config"), dict)
        if index:
            self._index(entry, value, data)
        if manifest:
            self._manifest(entry, value, data)
        if not index and not manifest:
            self.problems.append(Problem(part, "neither an index nor a manifest"))

    def _parsed(self, part: str, data: bytes) -> Mapping[str, object] | None:
        try:
            value = self._reader.parser.parse(data)
        except ValueError as error:
            self.problems.append(Problem(part, str(error)))
            return None
        if not isinstance(value, dict):
            self.problems.append(Problem(part, "no JSON object"))
            return None
        return value

    def _manifest(self, entry: Entry, value: Mapping[str, object], data: bytes) -> None:
        manifest = Manifest(value, _document(MANIFEST, entry, data), entry)
        signed = _COSIGN.fullmatch(_tag_of(entry.descriptor))
        subject = f"{signed[1]}:{signed[2]}" if signed else fields.text(fields.mapping(value, "subject"), "digest")
        if subject and not _has_layers(value):
            self.attached.append((subject, manifest))
        elif entry.asked:
            self.found.append(manifest)
        else:
            self.leave_out(entry.digest, "")

    def _index(self, entry: Entry, value: Mapping[str, object], data: bytes) -> None:
        part = f"index {entry.digest}".rstrip()
        if len(entry.chain) >= _DEEPEST:
            self.problems.append(Problem(part, f"indexes nested deeper than {_DEEPEST}"))
            return
        chain = (*entry.chain, _document(INDEX, entry, data))
        cache = Cache(chain, [], [])
        below: list[Entry] = []
        nameless = 0
        for item in fields.items(value, "manifests"):
            self._count += 1
            if self._count > MOST_ENTRIES:
                self.problems.append(Problem(part, f"more than {MOST_ENTRIES:,} manifests; the others were not read"))
                break
            descriptor = fields.mapping(item)
            digest = fields.text(descriptor, "digest")
            if digests.parts(digest) is None:
                nameless += 1
            else:
                self._sort(Entry(descriptor, digest, chain, entry.asked or self._asked(descriptor)), cache, below)
        if nameless:
            self.problems.append(Problem(part, f"{nameless:,} of its entries have no digest, or a malformed one"))
        if not cache.configs:
            below += self._no_layers(cache, asked=entry.asked)
        if (cache.configs or cache.layers) and entry.asked:
            self.caches.append(cache)
        self._pending.extend(reversed(below))

    def _no_layers(self, cache: Cache, *, asked: bool) -> list[Entry]:
        """Take out of an index's layers what is a manifest all the same: without a cache config no index has any."""
        found: list[Entry] = []
        layers: list[Mapping[str, object]] = []
        for item in cache.layers:
            digest = fields.text(item, "digest")
            if self._reader.begins_json(digest):
                found.append(Entry(item, digest, cache.chain, asked or self._asked(item)))
            else:
                layers.append(item)
        cache.layers[:] = layers
        return found

    def _sort(self, entry: Entry, cache: Cache, below: list[Entry]) -> None:
        """Put an entry where it belongs by what its descriptor says."""
        media_type = fields.text(entry.descriptor, "mediaType")
        platform = described(fields.mapping(entry.descriptor, "platform"))
        if media_type == CACHE_CONFIG:
            cache.configs.append(entry.descriptor)
        elif _LAYER_TYPE.search(media_type):
            cache.layers.append(entry.descriptor)
        elif _REFERENCE_TYPE in fields.mapping(entry.descriptor, "annotations"):
            self._about.append(entry)
        elif not suits(self._platform, platform):
            self.leave_out(entry.digest, platform)
        else:
            below.append(entry)

    def _asked(self, descriptor: Mapping[str, object]) -> bool:
        """Whether a descriptor has the name or the digest asked for."""
        names = [fields.short(fields.mapping(descriptor, "annotations"), key) for key in _TAGS]
        self._tags.update(dict.fromkeys(name for name in names if name and len(self._tags) < MOST_ENTRIES))
        return (
            self._tag in names
            or any(name.endswith(f":{self._tag}") for name in names)
            or fields.text(descriptor, "digest") == self._tag
        )


def _has_layers(value: Mapping[str, object]) -> bool:
    """Whether a manifest is an image's, whatever else it says that it is about."""
    return any(_LAYER_TYPE.search(fields.text(layer, "mediaType")) for layer in fields.items(value, "layers"))


def _tag_of(descriptor: Mapping[str, object]) -> str:
    return fields.short(fields.mapping(descriptor, "annotations"), _TAGS[0])


def _document(kind: str, entry: Entry, data: bytes) -> Document:
    digest = entry.digest
    return Document(kind, f"{kind} {digest}".rstrip(), data, digest)
