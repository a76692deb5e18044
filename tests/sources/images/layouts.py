"""Images made in memory: blobs with their descriptors, and archives of every layout around them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from auditor.sources.images.blobs import Blobs
from auditor.sources.images.documents import MissingBlob
from auditor.sources.images.model import LARGEST_DOCUMENT, Image, PassingSource, Source, SourceError

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
REF_NAME = "org.opencontainers.image.ref.name"
IN_TOTO = "application/vnd.in-toto+json"

Json = dict[str, Any]
#: Images and the stored bytes of their layers, out of an archive (and tag, and platform).
Read = Callable[..., "tuple[Sequence[Image], list[list[bytes]]]"]


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer_tar(name: str = "etc/motd", content: bytes = b"hello\n") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


LAYERS = [layer_tar(), layer_tar("app/.env", b"A=b\n"), layer_tar("app/.wh..env", b"")]


class Memory(Blobs):
    """Blobs in a dictionary; `opened` counts what is asked for."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.asked: list[str] = []

    def document(self, digest: str, most: int = LARGEST_DOCUMENT) -> bytes:
        data = self._get(digest)
        if len(data) > most:
            raise SourceError(f"blob {digest} is too long")
        if sha(data) != digest:
            raise SourceError(f"blob {digest} has another digest")
        return data

    def open(self, digest: str) -> BinaryIO:
        return io.BytesIO(self._get(digest))

    def _get(self, digest: str) -> bytes:
        self.asked.append(digest)
        if digest not in self.blobs:
            raise MissingBlob(f"blob {digest} is missing")
        return self.blobs[digest]

    def put(self, data: bytes | Json, media_type: str, **more: object) -> Json:
        """Store a blob; gives back its descriptor."""
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.blobs[sha(raw)] = raw
        return {"mediaType": media_type, "digest": sha(raw), "size": len(raw), **more}

    def image(
        self, layers: Sequence[bytes] = (layer_tar(),), *, config: Json | None = None, **more: object
    ) -> tuple[Json, Json]:
        """Store an image; gives back the descriptor of its manifest, and the manifest."""
        made: Json = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["A=b"]},
            "rootfs": {"type": "layers", "diff_ids": [sha(layer) for layer in layers]},
            "history": [{"created_by": f"RUN {number}"} for number in range(len(layers))],
            **(config or {}),
        }
        manifest: Json = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": self.put(made, CONFIG_TYPE),
            "layers": [self.put(gzip.compress(layer, mtime=0), LAYER_TYPE) for layer in layers],
        }
        return self.put(manifest, MANIFEST_TYPE, **more), manifest

    def attestation(self, subject: str, statement: Json) -> Json:
        """Store what BuildKit says about an image; gives back the descriptor of its manifest."""
        config: Json = {"architecture": "unknown", "os": "unknown", "rootfs": {"type": "layers", "diff_ids": [subject]}}
        layer = self.put(statement, IN_TOTO, annotations={"in-toto.io/predicate-type": "https://slsa.example/v1"})
        manifest = {"schemaVersion": 2, "config": self.put(config, CONFIG_TYPE), "layers": [layer]}
        about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": subject}
        nowhere = {"architecture": "unknown", "os": "unknown"}
        return self.put(manifest, MANIFEST_TYPE, annotations=about, platform=nowhere)


def index(*entries: Json) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list(entries)}).encode()


def write_layout(folder: Path, memory: Memory, root: bytes) -> Path:
    """An OCI layout directory."""
    for digest, data in memory.blobs.items():
        place = folder / "blobs" / digest.replace(":", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_bytes(root)
    return folder


def layout_files(memory: Memory, root: bytes) -> dict[str, bytes]:
    """The members of an OCI archive."""
    files = {f"blobs/{digest.replace(':', '/')}": data for digest, data in memory.blobs.items()}
    return {**files, "index.json": root, "oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}


def saved_files(
    layers: Sequence[bytes], tags: Sequence[str] = ("app:1",), config: Json | None = None
) -> dict[str, bytes]:
    """The members of what `docker save` of engine 20.10 writes."""
    files: dict[str, bytes] = {}
    names: list[str] = []
    parent = ""
    for number, layer in enumerate(layers):
        name = hashlib.sha256(b"%d" % number + layer).hexdigest()
        record: Json = {"id": name, "os": "linux", "architecture": "amd64"} | ({"parent": parent} if parent else {})
        files |= {f"{name}/VERSION": b"1.0", f"{name}/json": json.dumps(record).encode(), f"{name}/layer.tar": layer}
        names.append(f"{name}/layer.tar")
        parent = name
    made: Json = {"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": [sha(layer) for layer in layers]}}
    raw = json.dumps({**made, **(config or {})}).encode()
    files[f"{sha(raw)[7:]}.json"] = raw
    listed = [{"Config": f"{sha(raw)[7:]}.json", "RepoTags": list(tags), "Layers": names}]
    files["manifest.json"] = json.dumps(listed).encode()
    return files


def archive_of(
    files: Mapping[str, bytes], links: Mapping[str, str] | None = None, *, kind: bytes = tarfile.SYMTYPE
) -> bytes:
    """A tar of files and links."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return out.getvalue()


def contents(source: Source) -> tuple[Sequence[Image], list[list[bytes]]]:
    """The images of a source, and the stored bytes of their layers, whichever way these come."""
    passed: dict[str, bytes] = {}
    if isinstance(source, PassingSource):
        for key, stream in source.passing():
            passed[key] = read_all(stream)
    images = source.images()
    layers = [
        [passed[layer.key] if layer.key in passed else read_all(image.open(layer)) for layer in image.layers]
        for image in images
    ]
    return images, layers


def read_all(stream: BinaryIO) -> bytes:
    """All of a stream by `readinto`, as the engine of layers reads it."""
    data, buffer = bytearray(), bytearray(7000)
    with stream:
        while count := stream.readinto(buffer):  # type: ignore[attr-defined]
            data += buffer[:count]
    return bytes(data)


def kinds(image: Image) -> list[str]:
    """The kinds of an image's documents."""
    return [document.kind for document in image.documents]


def without_end(data: bytes) -> bytes:
    """An archive without its end mark, so that it is truncated, or may go on."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        last = archive.getmembers()[-1]
    return data[: last.offset_data + last.size + -last.size % 512]


def several() -> bytes:
    """An archive of two images, of one and of two layers."""
    files = saved_files(LAYERS[:1], ["app:1"])
    other = saved_files(LAYERS[:2], ["host.example:5000/team/app:2"], {"architecture": "arm64"})
    listed = json.loads(files["manifest.json"]) + json.loads(other["manifest.json"])
    return archive_of({**files, **other, "manifest.json": json.dumps(listed).encode()})
