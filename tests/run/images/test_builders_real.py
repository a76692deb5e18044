"""One Dockerfile built by both builders of a real engine: the same reconstruction, every line found again."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.lang.dockerfile.parser import parse
from auditor.run.images.align import align
from auditor.run.images.attribution import dockerfile_lines
from auditor.run.images.history import read
from auditor.run.images.instructions import reconstruct

CLIENT = "/usr/bin/docker"
DOCKERFILE = """\
FROM scratch AS mid
MAINTAINER someone <a@b.example>
ARG TOKEN
ARG MODE="a b"
ENV A=1 B="x y" C='q$r'
ENV PATH=$PATH:/opt/bin
LABEL "com.example.x"="hello world" b=2
WORKDIR /app
COPY one.txt two.txt ./sub/
FROM mid
ARG MODE
WORKDIR rel
ADD one.txt .
COPY --chown=0:0 ["two.txt", "/with blank/"]
COPY one.txt /etc/${MODE}/
EXPOSE 80 443/udp
VOLUME ["/data", "/b"]
SHELL ["/bin/sh", "-e", "-c"]
HEALTHCHECK --interval=30s --timeout=5s --retries=3 CMD wget -q http://localhost/ || exit 1
USER 1000
STOPSIGNAL SIGTERM
ONBUILD RUN make
ENTRYPOINT ["/bin/sh", "-c", "echo \\"q\\" $1"]
CMD echo hi "there"
"""
LINES = [line for line in range(2, 25) if line != 10]
#: What builders record in different words: sources of copies; BuildKit does not record ONBUILD at all.
DIFFERENT = ("COPY", "ADD", "ONBUILD")


def docker(*words: str, builder: str = "0", folder: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "DOCKER_BUILDKIT": builder}
    return subprocess.run([CLIENT, *words], capture_output=True, env=environment, cwd=folder, timeout=120, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, object]]]:
    """The configurations by builder ("0" legacy, "1" BuildKit)."""
    if shutil.which(CLIENT) is None or docker("version").returncode != 0:
        pytest.skip("needs a Docker engine that runs, with its client")
    folder = tmp_path_factory.mktemp("build")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(name)
    tags = {builder: f"audit-test/builders:{os.getpid()}-{builder}" for builder in "01"}
    configs = {}
    try:
        for builder, tag in tags.items():
            words = ("build", "-q", "--build-arg", "TOKEN=k v=w", "--build-arg", "MODE=m 1", "-t", tag, ".")
            done = docker(*words, builder=builder, folder=folder)
            if done.returncode != 0:
                pytest.skip(f"the engine has no builder of this kind: DOCKER_BUILDKIT={builder}")
            configs[builder] = saved(docker("save", tag).stdout)
        yield configs
    finally:
        docker("rmi", *tags.values())


def saved(archive: bytes) -> dict[str, object]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        config = tar.extractfile(json.loads(manifest.read())[0]["Config"])
        assert config is not None
        found: dict[str, object] = json.loads(config.read())
        return found


@pytest.mark.parametrize("builder", ["0", "1"])
def test_lines_and_layers(built: dict[str, dict[str, object]], builder: str) -> None:
    config = built[builder]
    history = read(config)
    lines = dockerfile_lines(DOCKERFILE, history)
    onbuild = DOCKERFILE.splitlines().index("ONBUILD RUN make") + 1
    assert sorted(lines.values()) == [line for line in LINES if builder == "0" or line != onbuild]
    assert sorted(lines) == [entry.number for entry in history.entries]
    rootfs = config["rootfs"]
    assert isinstance(rootfs, dict)
    assert align(history, len(rootfs["diff_ids"])).exact


def test_reconstruction(built: dict[str, dict[str, object]]) -> None:
    told = {builder: reconstruct(config) for builder, config in built.items()}
    texts = {builder: [line.text for line in lines] for builder, lines in told.items()}
    same = {b: [text for text in found if not text.startswith(DIFFERENT)] for b, found in texts.items()}
    assert same["0"] == same["1"]
    for found in texts.values():
        document = parse("\n".join(found))
        assert document.error is None
        assert len(document.instructions) == len(found)
