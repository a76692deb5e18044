"""One image in every place where an image can be: the same findings with the same ids."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from auditor.sources.images import daemon, overlay
from auditor.sources.images.exported import KeptSource
from auditor.sources.images.target import parse_target
from tests.images.building import Audited, Found, Saved, audit
from tests.images.workshop import Built
from tests.realbuilders import Podman
from tests.realparts import BUILDKIT, LEGACY, DockerEngine, run, skopeo_copy

pytestmark = pytest.mark.real
#: What the configuration of an OCI image has no room for.
NOT_IN_OCI = ("healthcheck", "onbuild")
docker_group = pytest.mark.xdist_group("docker")
builders = pytest.mark.parametrize("builder", [LEGACY, BUILDKIT], ids=["legacy", "buildkit"])


def same(one: Audited, other: Audited) -> None:
    """Both say the same, and everything was read."""
    assert one.complete
    assert other.complete
    assert other.findings == one.findings
    assert other.ids == one.ids
    assert other.layers == one.layers
    assert other.code == one.code == 1


def same_in_oci(one: Audited, other: Audited, saved: Saved) -> None:
    """The same as far as OCI images have room for it: the history still tells what the configuration lost."""
    same(_without(one), _without(other))
    for secret, word in (("healthcheck", "HEALTHCHECK"), ("onbuild", "ONBUILD")):
        assert {found.part for found in one.of(secret)} == {"config"}
        assert [(found.part, found.step) for found in other.of(secret)] == [("history", n) for n in saved.steps(word)]


def _without(audited: Audited) -> Audited:
    """Without what is not in OCI images."""
    kept = [
        finding
        for finding, found in zip(audited.report["findings"], audited.findings, strict=True)
        if found.secret not in NOT_IN_OCI
    ]
    return Audited(audited.code, {**audited.report, "findings": kept})


@docker_group
@builders
def test_disk_export_and_archive(
    overlay2: DockerEngine,
    built: Callable[[str], Built],
    builder: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, saved = built(builder)
    opened: list[bool] = []
    opens = overlay.kept_image

    def noted(record: dict[str, object]) -> object:
        opened.append(opens(record) is not None)
        return opens(record)

    monkeypatch.setattr(daemon, "kept_image", noted)
    disk = audit(capsys, f"docker:{name}")
    assert opened == [True]
    monkeypatch.setattr(daemon, "kept_image", lambda record: None)
    same(disk, audit(capsys, f"docker:{name}"))
    same(disk, audit(capsys, str(saved.path)))
    assert disk.target["digest"] == audit(capsys, str(saved.path)).target["digest"]


@docker_group
def test_standard_input(
    built: Callable[[str], Built], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    saved = built(BUILDKIT).saved
    expected = audit(capsys, str(saved.path))
    packed = tmp_path / "image.tar.gz"
    packed.write_bytes(gzip.compress(saved.path.read_bytes(), 1))
    for path in (saved.path, packed):
        with path.open("rb") as stream:
            monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream, closed=False, isatty=lambda: False))
            same(expected, audit(capsys, "-"))


@docker_group
@builders
@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("oci:{}/copy:v1", []),
        ("oci:{}/copy:v1", ["--dest-compress-format=zstd"]),
        ("oci-archive:{}/copy.tar:v1", []),
        ("docker-archive:{}/copy.tar:app:v1", []),
    ],
    ids=["gzip", "zstd", "oci-archive", "docker-archive"],
)
def test_copies(
    built: Callable[[str], Built],
    builder: str,
    form: str,
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    saved = built(builder).saved
    copy = form.format(tmp_path)
    skopeo_copy(f"docker-archive:{saved.path}", copy, *options)
    expected, audited = audit(capsys, str(saved.path)), audit(capsys, copy)
    if "oci" in form:
        same_in_oci(expected, audited, saved)
    else:
        same(expected, audited)


@docker_group
@builders
def test_registry(
    registry_server: Callable[..., str],
    built: Callable[[str], Built],
    builder: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    domain = registry_server()
    saved = built(builder).saved
    expected = audit(capsys, str(saved.path))
    skopeo_copy(f"docker-archive:{saved.path}", f"docker://{domain}/team/app:v1")
    same(expected, audit(capsys, f"registry:{domain}/team/app:v1"))
    skopeo_copy(f"docker-archive:{saved.path}", f"docker://{domain}/team/oci:v1", "--format=oci")
    same_in_oci(expected, audit(capsys, f"registry:{domain}/team/oci:v1"), saved)


@docker_group
def test_unpacked_files(
    docker_engine: DockerEngine, built: Callable[[str], Built], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    container = docker_engine("create", built(BUILDKIT).name).strip()
    docker_engine("export", "-o", str(tmp_path / "root.tar"), container)
    docker_engine("rm", container)
    (tmp_path / "root").mkdir()
    run("tar", "-C", str(tmp_path / "root"), "-xf", str(tmp_path / "root.tar"))
    audited = audit(capsys, f"rootfs:{tmp_path / 'root'}")
    assert audited.complete
    [found] = audited.findings
    assert found == Found("live", "stored-credential", "layer", 0, "app/live.env", "live", None, None)


@pytest.mark.xdist_group("podman")
def test_podman(
    podman: Podman,
    built_by_buildah: Callable[[str], Built],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, saved = built_by_buildah("--layers")
    podman("load", "-q", "-i", str(saved.path))
    expected = audit(capsys, str(saved.path))
    disk = audit(capsys, f"podman:{name}")
    same(expected, disk)
    monkeypatch.setattr(daemon, "kept_image", lambda record: None)
    with daemon.open_daemon(parse_target(f"podman:{name}")) as source:
        assert not isinstance(source, KeptSource)
    same(expected, audit(capsys, f"podman:{name}"))
