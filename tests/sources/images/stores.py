"""Engines' folders made for tests: layers unpacked, with the notes that make their tars again."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path


def tar(files: dict[str, bytes], *, pax: dict[str, str] | None = None, tail: bytes = b"") -> bytes:
    """A tar of regular files, and of folders where a name ends with a slash; `tail` follows its end."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT, pax_headers=pax or {}) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.rstrip("/"))
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue() + tail


def digest(data: bytes) -> str:
    """The sha256 digest, as images write it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def unpack(data: bytes, folder: Path, notes: Path, *, written: bool = True) -> None:
    """Put the files of a tar into a folder, and all other bytes of it into notes, as tar-split does."""
    lines: list[dict[str, object]] = []
    at = 0
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            lines.append({"type": 2, "payload": base64.b64encode(data[at : member.offset_data]).decode()})
            lines.append({"type": 1, "name": member.name, "size": member.size, "payload": "AAAAAAAAAAA="})
            at = member.offset_data + member.size
            if written and os.path.basename(member.name)[:4] != ".wh.":
                archive.extract(member, folder, filter="fully_trusted")
    lines.append({"type": 2, "payload": base64.b64encode(data[at:]).decode()})
    write_notes(notes, lines)


def write_notes(path: Path, lines: Sequence[object]) -> None:
    """Notes of tar-split."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))


def config_with(layers: Sequence[bytes], **more: object) -> bytes:
    """A config document for these layers."""
    rootfs = {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}
    # podman 4.3 fails on entries without a time.
    created = "2026-01-01T00:00:00Z"
    history = [{"created": created, "created_by": f"COPY {number}"} for number in range(len(layers))]
    return json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs, "history": history, **more}).encode()


def docker_store(root: Path, layers: Sequence[bytes], config: bytes) -> dict[str, object]:
    """A Docker engine's data folder with one image; gives what the engine would say about the image."""
    chain = ""
    folder = Path()
    for number, data in enumerate(layers):
        chain = digest(f"{chain} {digest(data)}".encode()) if chain else digest(data)
        entry = root / "image/overlay2/layerdb/sha256" / chain[7:]
        folder = root / "overlay2" / f"{number}cache" / "diff"
        unpack(data, folder, entry / "tar-split.json.gz")
        (entry / "cache-id").write_text(f"{number}cache")
    (root / "image/overlay2/layerdb/mounts").mkdir(parents=True, exist_ok=True)
    content = root / "image/overlay2/imagedb/content/sha256"
    content.mkdir(parents=True, exist_ok=True)
    (content / digest(config)[7:]).write_bytes(config)
    return inspection(layers, config, {"Name": "overlay2", "Data": {"UpperDir": str(folder)}})


def podman_store(root: Path, layers: Sequence[bytes], config: bytes) -> dict[str, object]:
    """Podman's storage with one image; gives what podman would say about the image."""
    folders = []
    for number, data in enumerate(layers):
        folders.append(root / "overlay" / f"{number}layer" / "diff")
        unpack(data, folders[-1], root / "overlay-layers" / f"{number}layer.tar-split.gz")
    image = root / "overlay-images" / digest(config)[7:]
    image.mkdir(parents=True)
    (image / ("=" + base64.b64encode(digest(config).encode()).decode())).write_bytes(config)
    data = {"UpperDir": str(folders[-1]), "LowerDir": ":".join(map(str, folders[-2::-1]))}
    return inspection(layers, config, {"Name": "overlay", "Data": data})


def inspection(layers: Sequence[bytes], config: bytes, driver: object) -> dict[str, object]:
    """What `GET /images/NAME/json` answers."""
    return {
        "Id": digest(config),
        "RepoTags": ["app:1"],
        "Created": "2026-01-01T00:00:00Z",
        "Author": "",
        "Config": {"Env": ["A=1"], "Labels": {"l": "1"}},
        "Architecture": "amd64",
        "Os": "linux",
        "Size": sum(map(len, layers)),
        "GraphDriver": driver,
        "RootFS": {"Type": "layers", "Layers": [digest(layer) for layer in layers]},
    }
