"""Small images made in memory, in the shapes that builders and engines give them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from auditor.cli.main import main
from auditor.detect.detector import Detector
from auditor.detect.sweep import Sweep
from auditor.detect.userrules import UserRule
from tests.run.images.configs import entry
from tests.sources.images.layouts import (
    Memory,
    archive_of,
    index,
    layout_files,
    saved_files,
    sha,
    without_end,
    write_layout,
)

__all__ = [
    "FILLER", "Memory", "Ran", "archive_of", "audited", "bundle", "config_of", "git_object", "git_pack", "in_toto",
    "index", "jar", "layer", "layer_of", "layout_files", "listed", "members", "oci", "oci_folder", "run",
    "saved", "saved_files", "sha", "sqlite_database", "tar_gz", "without_end", "written",
]  # fmt: skip

#: What stands between two words of a file, so that nothing else is near a value.
FILLER = b"the quick brown fox jumps over the lazy dog\n"


def members(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Headers and contents of plain files, and of directories where the name ends with a slash."""
    made = []
    for name, data in files.items() if isinstance(files, Mapping) else files:
        info = tarfile.TarInfo(name.rstrip("/"))
        info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
        info.size = len(data)
        made.append((info, data))
    return made


def layer_of(made: Iterable[tuple[tarfile.TarInfo, bytes]], kind: int = tarfile.PAX_FORMAT) -> bytes:
    """The uncompressed tar of these members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for info, data in made:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def layer(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """The uncompressed tar of a layer; whiteouts are files by their names."""
    return layer_of(members(files))


def config_of(history: Sequence[object] = (), **config: object) -> dict[str, Any]:
    """A config document; history entries that are texts become entries, without a layer if they end with `!`."""
    made = [entry(one.removesuffix("!"), empty=one.endswith("!")) if isinstance(one, str) else one for one in history]
    return {"config": config, **({"history": made} if history else {})}


def saved(layers: Sequence[bytes], config: Mapping[str, Any] | None = None, tags: Sequence[str] = ("app:1",)) -> bytes:
    """What `docker save` of engine 20.10 writes."""
    return archive_of(saved_files(layers, tags, dict(config or {})))


def bundle(
    layers: Sequence[bytes], config: Mapping[str, Any] | None = None, *documents: tuple[str, dict[str, Any]]
) -> tuple[Memory, bytes]:
    """Blobs and index of an OCI image; `documents` are attestations, each with a name and the statement."""
    memory = Memory()
    descriptor, _ = memory.image(layers, config=dict(config or {}))
    said = [memory.attestation(descriptor["digest"], statement) for _, statement in documents]
    return memory, index(descriptor, *said)


def oci(layers: Sequence[bytes], config: Mapping[str, Any] | None = None, *documents: tuple[str, Any]) -> bytes:
    """An OCI archive with gzip layers."""
    return archive_of(layout_files(*bundle(layers, config, *documents)))


def oci_folder(folder: Path, layers: Sequence[bytes], config: Mapping[str, Any] | None = None) -> Path:
    """An OCI layout directory."""
    return write_layout(folder, *bundle(layers, config))


def written(path: Path, data: bytes) -> str:
    """The archive as a file; gives back its name."""
    path.write_bytes(data)
    return str(path)


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    """A compressed tar."""
    return gzip.compress(layer(files), mtime=0)


def jar(files: Mapping[str, bytes]) -> bytes:
    """A zip with compressed members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def sqlite_database(text: str, scratch: Path) -> bytes:
    """A database with one row that holds this text."""
    database = sqlite3.connect(scratch)
    with database:
        database.execute("CREATE TABLE settings (name TEXT, value TEXT)")
        database.execute("INSERT INTO settings VALUES ('note', ?)", (text,))
    database.close()
    return scratch.read_bytes()


def git_object(data: bytes) -> tuple[str, bytes]:
    """Path below `.git` and content of a loose blob."""
    whole = b"blob %d\0" % len(data) + data
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    return f"objects/{name[:2]}/{name[2:]}", zlib.compress(whole)


def git_pack(*blobs: bytes) -> bytes:
    """A pack of blobs, version 2."""
    parts = [b"PACK" + (2).to_bytes(4) + len(blobs).to_bytes(4)]
    for data in blobs:
        size, kind = len(data), 3
        first = kind << 4 | size & 15
        size >>= 4
        head = bytearray()
        while size:
            head.append(first | 0x80)
            first, size = size & 0x7F, size >> 7
        head.append(first)
        parts += (bytes(head), zlib.compress(data))
    pack = b"".join(parts)
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest()


def listed(files: Mapping[str, bytes]) -> str:
    """The lines of a dpkg list of md5sums."""
    sums = ((hashlib.md5(data, usedforsecurity=False).hexdigest(), name) for name, data in files.items())
    return "".join(f"{digest}  {name}\n" for digest, name in sums)


def in_toto(**predicate: object) -> tuple[str, dict[str, Any]]:
    """A SLSA v1 statement."""
    return "provenance", {
        "_type": "https://in-toto.example/Statement/v1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [],
        "predicate": json.loads(json.dumps(predicate)),
    }


class Ran(NamedTuple):
    """What one run of the command gave."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def places(self) -> list[tuple[object, ...]]:
        """Part, layer, path (with the way inside) and state of every finding, in the order of the report."""
        return [
            (one["part"], one["layer_index"], "!".join(filter(None, (one["path"], one["inner_path"]))), one["state"])
            for one in (finding["image"] for finding in self.report["findings"])
        ]

    @property
    def errors(self) -> list[str]:
        """Part and message of everything that could not be read."""
        told = [error for target in self.report["targets"] for error in target["errors"]]
        return [f"{error['path']}: {error['message']}" for error in told]


@cache
def _detector(engine: str) -> Detector:
    return Detector(engine, signs=True)


def _shared(
    engine: str = "auto", *, rules: Sequence[UserRule] = (), plugins: Sequence[str] = (), signs: bool = True
) -> Detector:
    """As `Detector`: compiled once for all tests, whose cache folders are empty."""
    return Detector(engine, rules=rules, plugins=plugins, signs=signs) if rules or plugins else _detector(engine)


@cache
def _sweep(detector: Detector) -> Sweep:
    return Sweep(detector)


def run(capsys: pytest.CaptureFixture[str], *argv: str, command: str = "image") -> Ran:
    """Run the command in this process."""
    with patch("auditor.run.detecting.Detector", _shared), patch("auditor.detect.sweep.Sweep", _sweep):
        code = main([command, *argv])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert "internal error" not in captured.err + captured.out
    return Ran(int(code), captured.out, captured.err)


def audited(capsys: pytest.CaptureFixture[str], *argv: str) -> Ran:
    """Run `audit image` with a JSON report, and without a cache."""
    return run(capsys, *argv, "--format", "json", "--no-cache", "--isolated")
