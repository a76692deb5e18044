"""Against the registry that most others descend from (`docker-registry`), where it is installed."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.sources.images.model import SourceError
from auditor.sources.images.registry import open_registry
from auditor.sources.images.target import parse_target
from tests.realparts import REGISTRY
from tests.sources.images.fake_registry import OCI_INDEX, OCI_MANIFEST, FakeRegistry, digest_of, registries
from tests.sources.images.fake_registry import registry as registry

__all__ = ["registries"]
WORD = "tango-" + "victor"
#: bcrypt of WORD.
HASHED = "$2y$05$" + "abcdefghijklmnopqrstuuvcK4W4cFE7fapZL/EMti0m.PSPxJnE2"
pytestmark = REGISTRY


def push(domain: str, content: FakeRegistry, credentials: str = "") -> None:
    """Put everything that a fake registry has into a real one: blobs, then images, then indexes."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(method: str, url: str, data: bytes, kind: str) -> str:
        headers = {"Content-Type": kind, **({"Authorization": credentials} if credentials else {})}
        with opener.open(urllib.request.Request(url, data, headers, method=method)) as answer:
            return answer.headers.get("Location") or ""

    order = {"application/octet-stream": 0, OCI_MANIFEST: 1, OCI_INDEX: 2}
    for path, (kind, data) in sorted(content.things.items(), key=lambda item: order[item[1][0]]):
        if "/blobs/" in path:
            place = send("POST", f"http://{domain}{path.partition('/blobs/')[0]}/blobs/uploads/", b"", kind)
            mark = "&" if "?" in place else "?"
            send("PUT", f"{place}{mark}digest={digest_of(data)}", data, kind)
        else:
            send("PUT", f"http://{domain}{path}", data, kind)


def test_images_are_read(registry_server: Callable[..., str], registry: FakeRegistry) -> None:
    entries = [registry.image(architecture=name) for name in ("amd64", "s390x")]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    registry.manifest(index, "multi", kind=OCI_INDEX)
    domain = registry_server()
    push(domain, registry)
    with open_registry(parse_target(f"registry:{domain}/team/app:multi"), "all") as source:
        images = source.images()
        assert [image.digest for image in images] == [entry["digest"] for entry in entries]
        for image in images:
            assert image.problems == []
            for layer in image.layers:
                with image.open(layer) as stream:
                    assert digest_of(stream.read()) == layer.digest


def test_a_broken_stream_goes_on(registry_server: Callable[..., str], registry: FakeRegistry) -> None:
    domain = registry_server()
    push(domain, registry)
    with open_registry(parse_target(f"registry:{domain}/team/app:1")) as source:
        image = source.images()[0]
        with image.open(image.layers[1]) as stream:
            first = stream.read(100)
            # As if the peer had gone.
            stream._answer._connection.sock.close()  # type: ignore[attr-defined]
            stream._answer.close()  # type: ignore[attr-defined]
            stream._answer = None  # type: ignore[attr-defined]
            assert digest_of(first + stream.read()) == image.layers[1].digest


def test_signing_in(registry_server: Callable[..., str], registry: FakeRegistry) -> None:
    domain = registry_server(f"bob:{HASHED}")
    target = parse_target(f"registry:{domain}/team/app:1")
    encoded = base64.b64encode(f"bob:{WORD}".encode()).decode()
    push(domain, registry, f"Basic {encoded}")
    with open_registry(target) as source, pytest.raises(SourceError, match="without credentials"):
        source.images()
    folder = Path.home() / ".docker"
    folder.mkdir()
    for word, allowed in ((WORD, True), ("other", False)):
        auth = base64.b64encode(f"bob:{word}".encode()).decode()
        (folder / "config.json").write_text(json.dumps({"auths": {domain: {"auth": auth}}}))
        with open_registry(target) as source:
            if allowed:
                assert len(source.images()[0].layers) == 2
            else:
                with pytest.raises(
                    SourceError, match=r"access denied \(401 UNAUTHORIZED\) with the credentials of 'bob'"
                ):
                    source.images()


def test_what_is_not_there(registry_server: Callable[..., str], registry: FakeRegistry) -> None:
    domain = registry_server()
    push(domain, registry)
    for reference, code in (("team/app:nope", "MANIFEST_UNKNOWN"), ("no/such:1", "")):
        source = open_registry(parse_target(f"registry:{domain}/{reference}"))
        with source, pytest.raises(SourceError, match=f"no such image or tag .404 {code}"):
            source.images()
