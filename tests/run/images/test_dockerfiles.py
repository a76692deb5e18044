"""Lines of a Dockerfile: of one that is named, one found here, or one that the provenance holds."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.run.images.configs import CHOSEN, GITHUB
from tests.run.images.imagemaking import (
    Memory,
    Ran,
    archive_of,
    audited,
    config_of,
    in_toto,
    index,
    layer,
    layout_files,
    run,
    saved,
    sha,
    written,
)

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
LAYERS = [layer({"etc/motd": b"hello\n"}), layer({"app/.env": TOKEN}), layer({"x": b"y"})]
DOCKERFILE = f"""\
FROM base.example/os:1
# a comment

WORKDIR /app
COPY .env /app/
ENV DB_PASSWORD={CHOSEN}
RUN make \\
    all
CMD ["run"]
"""
BUILDKIT = [
    "/bin/sh -c #(nop) ADD file:1 in / ",
    "WORKDIR /app!",
    "COPY .env /app/ # buildkit",
    f"ENV DB_PASSWORD={CHOSEN}!",
    "RUN /bin/sh -c make     all # buildkit",
    'CMD ["run"]!',
]
LEGACY = [
    "/bin/sh -c #(nop) ADD file:1 in / ",
    "/bin/sh -c #(nop) WORKDIR /app!",
    f"/bin/sh -c #(nop) COPY file:{'ab' * 32} in /app/ ",
    f"/bin/sh -c #(nop)  ENV DB_PASSWORD={CHOSEN}!",
    "/bin/sh -c make     all",
    '/bin/sh -c #(nop)  CMD ["run"]!',
]


def made(history: list[str]) -> bytes:
    """An image with this history."""
    return saved(LAYERS, config_of(history, Env=[f"DB_PASSWORD={CHOSEN}"]))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which has no Dockerfile."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def lines(ran: Ran) -> dict[str, tuple[int | None, str]]:
    """Line and file of each finding, by path or pointer."""
    told = {}
    for finding in ran.report["findings"]:
        place, source = finding["image"], finding["location"]
        key = place["path"] or place["pointer"]
        told[str(key)] = (place["dockerfile_line"], source["path"] if source else "")
        if source:
            assert source["start_line"] == place["dockerfile_line"]
    return told


@pytest.mark.parametrize("history", [BUILDKIT, LEGACY], ids=["buildkit", "legacy"])
@pytest.mark.parametrize("name", ["Dockerfile", "Containerfile", "other/build.docker"])
def test_lines_of_findings(history: list[str], name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / name).parent.mkdir(exist_ok=True)
    (here / name).write_text(DOCKERFILE)
    options = ["--dockerfile", name] if "/" in name else []
    ran = audited(capsys, written(here / "image.tar", made(history)), *options)
    assert lines(ran) == {"app/.env": (5, name), "/config/Env/0": (6, name)}
    (target,) = ran.report["targets"]
    assert [one["dockerfile_line"] for one in target["image"]["layers"]] == [None, 5, 7]


def test_text_names_the_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(DOCKERFILE)
    ran = run(capsys, written(here / "image.tar", made(BUILDKIT)))
    assert "Dockerfile:5" in ran.out and CHOSEN not in ran.out


def test_a_dockerfile_of_something_else(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text("FROM x\nRUN another thing\nCOPY a b\nENV C=d\n")
    ran = audited(capsys, written(here / "image.tar", made(BUILDKIT)))
    assert {line for line, _ in lines(ran).values()} == {None}


def test_the_stage_that_was_built(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_text(DOCKERFILE.replace("os:1", "os:1 AS app") + "FROM scratch\nCOPY --from=app /a /\n")
    image = written(here / "image.tar", made(BUILDKIT))
    assert {line for line, _ in lines(audited(capsys, image)).values()} == {None}
    options = ["--dockerfile", "Dockerfile", "--target", "app"]
    assert lines(audited(capsys, image, *options))["app/.env"] == (5, "Dockerfile")


@pytest.mark.parametrize("name", ["missing", "folder", "\x1b[31m"])
def test_one_that_cannot_be_read(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "folder").mkdir()
    ran = run(capsys, written(here / "image.tar", made(BUILDKIT)), "--dockerfile", name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("audit: error: ") and "\x1b" not in ran.err


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\0", b"FROM", b"\0" * 10000, b"RUN <<EOF\n" * 5000])
def test_a_hostile_dockerfile_beside_it(data: bytes, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "Dockerfile").write_bytes(data)
    ran = audited(capsys, written(here / "image.tar", made(BUILDKIT)))
    assert (ran.code, len(ran.places)) == (1, 2)


def provenance(text: bool, memory: Memory, layers: list[str]) -> dict[str, Any]:
    """What BuildKit says: the Dockerfile, or only the lines of its steps."""
    infos = [
        {"filename": "build/app.docker", **({"data": base64.b64encode(DOCKERFILE.encode()).decode()} if text else {})}
    ]
    steps = {f"step{n}": {"locations": [{"ranges": [{"start": {"line": line}}]}]} for n, line in ((1, 5), (2, 7))}
    chains = {f"step{n}:0": [[{"digest": one} for one in layers[: n + 1]]] for n in (1, 2)}
    metadata = {"source": {"infos": infos, "locations": steps}, "layers": chains}
    _, statement = in_toto(runDetails={"metadata": {"buildkit_metadata": metadata}})
    return statement


@pytest.mark.parametrize("text", [True, False])
def test_what_the_provenance_says(text: bool, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Memory()
    stored = [sha(gzip.compress(one, mtime=0)) for one in LAYERS]
    descriptor, _ = memory.image(LAYERS, config=config_of(BUILDKIT))
    said = memory.attestation(descriptor["digest"], provenance(text, memory, stored))
    image = written(here / "image.tar", archive_of(layout_files(memory, index(descriptor, said))))
    assert lines(audited(capsys, image))["app/.env"] == (5, "build/app.docker")
