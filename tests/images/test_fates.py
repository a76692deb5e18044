"""What later steps do to a file, as the layers of real builders record it: whiteouts, opaque folders, copies, links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.sources.images import daemon
from tests.images.building import Audited, audit, write_context
from tests.images.workshop import BUILDAH_BASE, Workshop
from tests.realbuilders import Buildah
from tests.realparts import BUILDKIT, LEGACY, DockerEngine

pytestmark = pytest.mark.real
DOCKERFILE = """\
FROM {base}
COPY npmrc /opt/secrets/npmrc
COPY live.env /srv/old/live.env
COPY first.env /app/first.env
RUN rm -rf /opt/secrets && mkdir /opt/secrets
RUN mv /srv/old /srv/new
RUN chmod 600 /app/first.env
RUN ln /app/first.env /app/linked && rm /app/first.env
RUN ln -s /srv/new/live.env /shortcut && mkfifo /app/pipe
"""
#: Path, layer, state, and the layer that made it so.
FATES = {
    ("opt/secrets/npmrc", 1, "deleted", 4),
    ("srv/old/live.env", 2, "deleted", 5),
    ("srv/new/live.env", 5, "live", None),
    ("app/first.env", 3, "overwritten", 6),
    ("app/first.env", 6, "deleted", 7),
    ("app/linked", 7, "live", None),
}


def fates(audited: Audited) -> set[tuple[Any, ...]]:
    """Of all places, those that a finding has beside its own among them."""
    places = [place["image"] for finding in audited.report["findings"] for place in (finding, *finding["related"])]
    names = ("path", "layer_index", "state", "removed_by_layer")
    return {tuple(place[name] for name in names) for place in places if place}


@pytest.mark.xdist_group("docker")
@pytest.mark.parametrize("builder", [LEGACY, BUILDKIT], ids=["legacy", "buildkit"])
def test_docker(
    docker: DockerEngine,
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    builder: str,
) -> None:
    name = workshop.built("fates", builder, DOCKERFILE)
    audited = audit(capsys, f"docker:{name}")
    assert (audited.code, audited.complete) == (1, True)
    assert fates(audited) == FATES
    monkeypatch.setattr(daemon, "kept_image", lambda record: None)
    exported = audit(capsys, f"docker:{name}")
    assert (exported.findings, exported.ids, exported.layers) == (audited.findings, audited.ids, audited.layers)


@pytest.mark.xdist_group("podman")
def test_buildah(buildah: Buildah, buildah_base: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = write_context(tmp_path / "context", BUILDAH_BASE, DOCKERFILE)
    buildah("bud", "-q", "--layers", "-t", "localhost/audit-test/fates:1", ".", folder=context)
    buildah("push", "-q", "localhost/audit-test/fates:1", f"oci:{tmp_path / 'layout'}:v1")
    audited = audit(capsys, f"oci:{tmp_path / 'layout'}")
    assert (audited.code, audited.complete) == (1, True)
    assert fates(audited) == FATES
