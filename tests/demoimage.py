"""A small image that leaks, as `docker save` writes it: for `make demo` and for what the README shows.

Nothing in it is a live credential, and the bytes are the same every time.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

NAME = "shop.tar"
_BODY = "4tVbq2nRkX8sLwZ0yPd6HcJm1GfAe3"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DATE = "2026-11-02T09:14:00Z"
_SHELL = "/bin/sh -c"


def _checksum() -> str:
    number, made = zlib.crc32(_BODY.encode()), ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        made = _DIGITS[digit] + made
    return made.rjust(6, "0")


#: A token of npm's form with its checksum, and a password.
TOKEN = f"npm_{_BODY}{_checksum()}"
PASSWORD = "-".join(("Tr4vel", "kettle", "98"))


def _layer(files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            archive.addfile(member, io.BytesIO(content.encode()))
    return made.getvalue()


_LAYERS = [
    _layer({"etc/os-release": 'NAME="Acme Linux"\n', "usr/bin/node": "#!/bin/sh\n"}),
    _layer({"app/.npmrc": f"//npm.acme.example/:_authToken={TOKEN}\n", "app/package.json": '{"name": "shop"}\n'}),
    _layer({"app/.wh..npmrc": "", "app/node_modules/left/index.js": "module.exports = 1\n"}),
]


def _history() -> list[dict[str, object]]:
    entries: list[tuple[str, bool]] = [
        (f"{_SHELL} #(nop) ADD file:5c1a0e in / ", False),
        ("ENV DB_USER=shop DB_PASSWORD=" + PASSWORD, True),
        ("COPY .npmrc package.json /app/ # buildkit", False),
        (f"RUN {_SHELL} npm ci && rm .npmrc # buildkit", False),
        ('CMD ["node" "server.js"]', True),
    ]
    return [
        {"created": _DATE, "created_by": text, **({"empty_layer": True} if empty else {})} for text, empty in entries
    ]


def write(folder: Path) -> Path:
    """Write the archive into a folder; its path."""
    diff_ids = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in _LAYERS]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": _DATE,
        "config": {"Env": ["DB_USER=shop", f"DB_PASSWORD={PASSWORD}"], "Cmd": ["node", "server.js"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": _history(),
    }
    document = json.dumps(config).encode()
    name = f"{hashlib.sha256(document).hexdigest()}.json"
    paths = [f"{diff_id[7:]}/layer.tar" for diff_id in diff_ids]
    manifest = json.dumps([{"Config": name, "RepoTags": ["shop:1"], "Layers": paths}]).encode()
    path = folder / NAME
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for member, data in [*zip(paths, _LAYERS, strict=True), (name, document), ("manifest.json", manifest)]:
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path
