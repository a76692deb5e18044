"""`audit image` from the command line to its output: exit codes, formats, what is printed and what never is."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.run.images.configs import CHOSEN, GITHUB, NPM
from tests.run.images.imagemaking import (
    Ran,
    archive_of,
    audited,
    config_of,
    layer,
    run,
    saved,
    tar_gz,
    written,
)

TOKEN = f"GITHUB_TOKEN={GITHUB}\n".encode()
NPMRC = f"//npm.example/:_authToken={NPM}\n".encode()
LAYERS = [
    layer({"etc/motd": b"hello\n"}),
    layer({"app/.env": TOKEN + f"DB_PASSWORD={CHOSEN}\n".encode(), "root/.npmrc": NPMRC}),
    layer({"srv/b.tar.gz": tar_gz({"x.env": TOKEN}), "srv/b64": base64.b64encode(TOKEN)}),
    layer({"root/.wh..npmrc": b""}),
]
MADE = [
    "/bin/sh -c #(nop) ADD file:1 in / ",
    "COPY . /app # buildkit",
    f"RUN |2 MODE=x NPM_TOKEN={NPM} /bin/sh -c fetch --password={CHOSEN} # buildkit",
    "RUN /bin/sh -c rm /root/.npmrc # buildkit",
    f"ENV DB_PASSWORD={CHOSEN}!",
]
CONFIG = config_of(
    MADE, Env=[f"DB_PASSWORD={CHOSEN}"], Labels={"org.example.key": GITHUB}, Cmd=["run", f"--t={GITHUB}"]
)
FORMATS = ("text", "json", "sarif", "github", "gnu", "runbook", "html")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def image(tmp_path: Path) -> str:
    """An image with everything."""
    return written(tmp_path / "image.tar", saved(LAYERS, CONFIG))


def forms(value: str) -> list[str]:
    """How a value may slip through."""
    data = value.encode()
    shifted = [base64.b64encode(b"x" * shift + data).decode()[4:-4] for shift in range(3)]
    return [value, value[:-1], data.hex(), base64.b64encode(data).decode()[:-2], *shifted]


def quiet(*texts: str) -> None:
    """None of the texts holds a planted value."""
    for value in (GITHUB, NPM, CHOSEN):
        assert [form for text in texts for form in forms(value) if form in text] == []


@pytest.mark.parametrize("extra", [[], ["-v"], ["--color", "always"], ["--min-severity", "info"]], ids=" ".join)
@pytest.mark.parametrize("name", FORMATS)
def test_no_output_holds_a_value(
    name: str, extra: list[str], image: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "Dockerfile").write_text(f"FROM x\nCOPY . /app\nRUN fetch --password={CHOSEN}\nENV DB_PASSWORD={CHOSEN}\n")
    for _ in range(2):
        ran = run(capsys, image, "--format", name, "--format", f"{name}:out", *extra)
        text = (here / "out").read_text()
        (here / "out").unlink()
        quiet(ran.out, ran.err, text)
        assert ran.code == 1 and "known-token" in ran.out + text
    for path in Path(os.environ["XDG_CACHE_HOME"]).rglob("*"):
        if path.is_file():
            quiet(path.read_bytes().decode("latin-1"))


def test_values_are_shown_where_it_is_asked_for(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, image, "--show-secrets", "--format", "json")
    values = {finding["secret"]["value"] for finding in ran.report["findings"] if finding["secret"]}
    assert values >= {GITHUB, NPM, CHOSEN}
    without = json.loads(ran.out)
    for finding in without["findings"]:
        (finding["secret"] or {}).pop("value", None)
    quiet(json.dumps(without))
    assert f"value: {GITHUB}" in run(capsys, image, "--show-secrets").out
    quiet(ran.err)


def test_everything_is_found(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, image)
    assert ran.code == 1 and ran.errors == []
    assert set(ran.places) == {
        ("layer", 1, "app/.env", "live"),
        ("layer", 1, "root/.npmrc", "deleted"),
        ("layer", 2, "srv/b.tar.gz!b.tar!x.env", "live"),
        ("layer", 2, "srv/b64", "live"),
        ("config", None, "", "live"),
        ("label", None, "", "live"),
        ("history", 2, "", "live"),
    }
    prints = {finding["secret"]["fingerprint"] for finding in ran.report["findings"]}
    assert len(prints) == 3


def test_sarif_tells_places_by_layer(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    (report,) = json.loads(run(capsys, image, "--format", "sarif").out)["runs"]
    assert report["results"] and all(one["ruleId"] for one in report["results"])
    assert "app/.env" in json.dumps(report)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        ([], 1),
        (["--exit-zero"], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "critical"], 0),
        (["--select", "known-token"], 1),
        (["--select", "no-such-rule"], 2),
        (["--engine", "magic"], 2),
        (["--max-depth", "-1"], 2),
        (["--platform", "plan9/mips"], 3),
        (["--rules", "none.toml"], 2),
        (["--format", "text", "--format", "json"], 2),
        (["--base", "sha256:" + "1" * 64], 2),
        (["--no-such-option"], 2),
        (["no/such/file.tar"], 2),
        (["oci:no-such-folder"], 2),
        (["-", "-"], 2),
    ],
    ids=str,
)
def test_exit_codes(argv: list[str], code: int, image: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, image, "--isolated", *argv)
    assert ran.code == code
    if code == 2:
        assert ran.out == "" and ran.err


def test_no_target(capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys)
    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err == "audit: error: name an image, an archive or an OCI layout; audit image --help lists what there is\n"
    )


@pytest.mark.parametrize(
    "stdin", [None, SimpleNamespace(closed=True), SimpleNamespace(closed=False, isatty=lambda: True)]
)
def test_a_standard_input_that_gives_nothing(
    stdin: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    ran = run(capsys, "-")
    assert (ran.code, ran.out) == (2, "") and ran.err.startswith("audit: error: -: ")


@pytest.mark.parametrize(
    "data", [b"", b"no archive", bytes(10240), b"\x1f\x8b\x08broken", b"\x28\xb5\x2f\xfd", archive_of({"x": b"y"})]
)
def test_what_is_no_image(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, written(tmp_path / "x.tar", data))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.count("x.tar: ") <= 2 and "error: " in ran.err


def test_a_good_target_beside_a_bad_one(image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = audited(capsys, written(tmp_path / "x.tar", b"nothing"), image)
    assert ran.code == 3
    assert len(ran.places) >= 6
    assert [target["complete"] for target in ran.report["targets"]] == [False, True]


def command(*argv: str, **environment: str) -> Ran:
    """Run it as a process of its own, which may use the network."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "image", *argv],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "target", ["docker:app.example/x:1", "registry:localhost:1/x:1", "podman:app.example/x:1", "app.example/x"]
)
def test_nobody_answers(target: str, tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/none.sock"
    ran = command(target, "--isolated", DOCKER_HOST=nowhere, CONTAINER_HOST=nowhere)
    assert (ran.code, ran.out) == (3, "")
    errors = [line for line in ran.err.splitlines() if "error: " in line]
    assert len(errors) == 1


def test_a_healthy_clean_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, written(tmp_path / "clean.tar", saved(LAYERS[:1], config_of(["RUN x"]))))
    assert (ran.code, ran.out) == (0, "")
    assert ran.err


def test_settings_from_a_file(image: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "audit.toml").write_text('fail-on = "never"\nplatform = "linux/amd64"\nno-cache = true\n')
    assert run(capsys, image).code == 0
    assert run(capsys, image, "--isolated").code == 1


def test_rules_of_one_s_own(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "own.toml").write_text("[[rules]]\nid = 'acme'\nregex = 'acme-[0-9]{8}'\nkeywords = ['acme']\n")
    plain = written(tmp_path / "own.tar", saved([layer({"x.txt": b"key acme-20391847 here\n"})]))
    ran = run(capsys, plain, "--rules", "own.toml", "--format", "json")
    assert (ran.code, [finding["rule"] for finding in ran.report["findings"]]) == (1, ["acme"])
    assert run(capsys, plain).code == 0


SPY = """\
import sys
from auditor.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("\\n".join(sys.modules), file=open("modules", "w"))
"""
HEAVY = {
    "docker",
    "hyperscan",
    "isal",
    "isal.isal_zlib",
    "zstandard",
    "sqlite3",
    "requests",
    "yaml",
    "ssl",
    "http.client",
}


@pytest.mark.parametrize("name", ["image", "history"])
def test_help_loads_no_search(name: str, here: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", SPY, name, "--help"], env=env, check=True, capture_output=True, timeout=60)
    loaded = set((here / "modules").read_text().split())
    assert loaded & HEAVY == set()
    ours = {one for one in loaded if one.startswith(("auditor.run", "auditor.detect", "auditor.sources."))}
    assert ours <= {"auditor.sources.files"}


def test_an_archive_loads_no_network(here: Path, image: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    argv = [sys.executable, "-c", SPY, "image", image]
    subprocess.run(argv, env=env, check=True, capture_output=True, timeout=60)
    loaded = set((here / "modules").read_text().split())
    assert loaded & {"docker", "requests", "http.client", "ssl", "detect_secrets", "yaml", "jinja2", "asyncio"} == set()
