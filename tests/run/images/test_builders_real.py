"""One Dockerfile built by both builders of a real engine: the same reconstruction, every line found again."""

from __future__ import annotations

import functools
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.lang.dockerfile.parser import parse
from auditor.run.images.history.align import align
from auditor.run.images.history.dockerfile_lines import dockerfile_lines
from auditor.run.images.history.entries import read
from auditor.run.images.instructions import reconstruct
from tests.realparts import BUILDKIT, DOCKER, LEGACY, DockerEngine

pytestmark = DOCKER
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


@pytest.fixture(scope="module")
def built(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], dict[str, object]]]:
    """Gives the configuration that a builder (LEGACY, BUILDKIT) makes."""
    folder = tmp_path_factory.mktemp("build")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(name)
    tags: list[str] = []

    @functools.cache
    def build(builder: str) -> dict[str, object]:
        tag = f"audit-test/builders:{os.getpid()}-{builder}"
        arguments = ("--build-arg", "TOKEN=k v=w", "--build-arg", "MODE=m 1")
        docker_engine.build(folder, "-q", *arguments, "-t", tag, builder=builder)
        tags.append(tag)
        archive = folder.parent / f"{folder.name}-{builder}.tar"
        docker_engine("save", "-o", str(archive), tag)
        return saved(archive)

    yield build
    if tags:
        docker_engine("rmi", *tags)


def saved(archive: Path) -> dict[str, object]:
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        config = tar.extractfile(json.loads(manifest.read())[0]["Config"])
        assert config is not None
        found: dict[str, object] = json.loads(config.read())
        return found


@pytest.mark.parametrize("builder", [LEGACY, BUILDKIT])
def test_lines_and_layers(built: Callable[[str], dict[str, object]], builder: str) -> None:
    config = built(builder)
    history = read(config)
    lines = dockerfile_lines(DOCKERFILE, history)
    onbuild = DOCKERFILE.splitlines().index("ONBUILD RUN make") + 1
    assert sorted(lines.values()) == [line for line in LINES if builder == LEGACY or line != onbuild]
    assert sorted(lines) == [entry.number for entry in history.entries]
    rootfs = config["rootfs"]
    assert isinstance(rootfs, dict)
    assert align(history, len(rootfs["diff_ids"])).exact


def test_reconstruction(built: Callable[[str], dict[str, object]]) -> None:
    told = {builder: reconstruct(built(builder)) for builder in (LEGACY, BUILDKIT)}
    texts = {builder: [line.text for line in lines] for builder, lines in told.items()}
    same = {b: [text for text in found if not text.startswith(DIFFERENT)] for b, found in texts.items()}
    assert same[LEGACY] == same[BUILDKIT]
    for found in texts.values():
        document = parse("\n".join(found))
        assert document.error is None
        assert len(document.instructions) == len(found)
