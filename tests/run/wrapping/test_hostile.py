"""Images made to break what reads them: no traceback, bounded work, and nothing secret or obeyed in the output."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.run.wrapping.layertree import LayerTree
from tests.run.images.imagemaking import layer_of, saved, written
from tests.run.wrapping.wrapimages import GLIBC, PATH, VALUE, elf, file, image, link, system, wrapped

Capture = pytest.CaptureFixture[str]
WAYS = [
    ("--with", "file", "--map", "A"),
    ("--with", "swarm", "--map", "A"),
    ("--with", "ksm", "--map", "A=keeper://a/field/b"),
    ("--with", "op", "--form", "exec", "--map", "A=op://a/b/c"),
]


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "image.tar"


CONFIGS: dict[str, dict[str, Any]] = {
    "words of every kind": {"Entrypoint": ["start", "\n", "\r\n::set-output x::y", "\x1b]0;\x07", "\u202e", "##[x]"]},
    "YAML in words": {"Cmd": ["x\nservices:\n  evil:\n    image: x.example/x", "*a", "&a b", "!!python/name:x"]},
    "shell in words": {"Cmd": ["$(touch /tmp/evil)", "`id`", "';id;'", "${PATH}", "\\", "$$", "a'b\"c"]},
    "templates in words": {"Cmd": ["{{ 7*7 }}", "{% for x in y %}", "{#"]},
    "many words": {"Cmd": ["word"] * 5_000},
    "a long word": {"Cmd": ["x" * 100_000]},
    "too many words": {"Cmd": ["word"] * 20_000},
    "a word that is too long": {"Cmd": ["x" * 300_000]},
    "numbers for words": {"Cmd": [1, None, {}]},
    "a text for words": {"Entrypoint": "start", "Cmd": "mysqld"},
    "an object for words": {"Entrypoint": {"a": "b"}},
    "half a pair of surrogates": {"Cmd": ["\ud800", "a\udfffb"], "Env": ["\ud800=\ud800"]},
    "names that are none": {"Env": [PATH, "=x", "a b=c", "A\nB=c", "é=1", "$(id)=x", "1=2"]},
    "variables that are none": {"Env": ["PATH", "", 5, None, "A"]},
    "many variables": {"Env": [PATH, *(f"V{n}=x" for n in range(4_000))]},
    "too many variables": {"Env": [f"V{n}=x" for n in range(20_000)]},
    "a PATH of many folders": {"Env": ["PATH=" + ":".join(f"/p{n}" for n in range(100_000))]},
    "an odd user": {"User": "a\nb: c\x1b[31m"},
    "an odd folder": {"WorkingDir": "../../..//\n\0"},
    "an odd health check": {"Healthcheck": {"Test": ["CMD-SHELL"]}},
    "a health check of odd words": {"Healthcheck": {"Test": ["CMD-SHELL", "echo $A\n'\"`", "more", "\0"]}},
    "an odd shell": {"Shell": [5], "Healthcheck": {"Test": ["CMD-SHELL", "$A"]}},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[1])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_configurations(
    config: dict[str, Any], way: tuple[str, ...], at: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = image(at, **config)
    ran = wrapped(capsys, path, *way)
    assert ran.code in (0, 3, 4), ran.err
    shown = (ran.out + ran.err).replace("\n", "")
    assert all(char.isprintable() or char == "\t" for char in shown)
    assert "##[" not in ran.err and not any(line.startswith("::") for line in ran.err.splitlines())
    if ran.code == 0 and way[1] == "swarm":
        (tmp_path / "s.sh").write_text(ran.out)
        assert subprocess.run(["sh", "-n", str(tmp_path / "s.sh")], capture_output=True).returncode == 0
    elif ran.code == 0:
        assert set(yaml.safe_load(ran.out)["services"]) <= {"app", "init"}
    report = wrapped(capsys, path, *way, "--format", "json")
    assert report.code == ran.code
    assert report.code == 3 or json.loads(report.out)["state"] in ("generated", "refused")


DOCUMENTS: dict[str, Any] = {
    "no config": {},
    "a list": [],
    "config is a text": {"config": "x"},
    "config is null": {"config": None},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(document: Any, at: Path, capsys: Capture) -> None:
    made = saved([layer_of(system())], document if isinstance(document, dict) else None)
    assert wrapped(capsys, written(at, made), *WAYS[0]).code in (3, 4)


def test_layers_that_are_damaged(at: Path, capsys: Capture) -> None:
    whole = layer_of(system())
    config = {"config": {"Entrypoint": ["start"], "Env": [PATH]}}
    for layer in (whole[: len(whole) // 2], b"\xff" * 4096, gzip.compress(whole)[:-20], whole[:700]):
        ran = wrapped(capsys, written(at, saved([layer], config)), *WAYS[0])
        assert ran.code == 3 and "layer 0" in ran.err, ran.err


def test_a_layer_that_is_not_the_one_of_the_configuration(at: Path, capsys: Capture) -> None:
    config = {"config": {"Entrypoint": ["start"]}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}
    ran = wrapped(capsys, image(at, document=config), *WAYS[0])
    assert ran.code == 3 and "does not have the digest" in ran.err


def test_targets_that_are_none(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "x.tar").write_bytes(b"hello")
    for target, code in (("./none.tar", 2), ("-", 2), (str(tmp_path), 2), (str(tmp_path / "x.tar"), 3), ("", 2)):
        assert wrapped(capsys, target, *WAYS[0]).code == code, target


def test_an_archive_of_several_images(at: Path, capsys: Capture) -> None:
    from tests.run.images.imagemaking import archive_of, saved_files

    one = saved_files([layer_of(system())], ["a:1"], {"config": {"Entrypoint": ["start"]}})
    two = saved_files([layer_of(system())], ["b:1"], {"config": {"Entrypoint": ["other"]}})
    both = {
        **one,
        **two,
        "manifest.json": json.dumps(json.loads(one["manifest.json"]) + json.loads(two["manifest.json"])).encode(),
    }
    path = written(at, archive_of(both))
    ran = wrapped(capsys, path, *WAYS[0])
    assert ran.code == 2 and "2 images" in ran.err
    ran = wrapped(capsys, f"docker-archive:{path}:b:1", *WAYS[0])
    assert ran.code == 0 and "other" in ran.out


def test_links_that_explode(at: Path, capsys: Capture) -> None:
    """Each link leads over the one before it twice: two to the hundredth steps, if nothing stops them."""
    links = [link("l0", "."), *(link(f"l{n}", f"l{n - 1}/l{n - 1}") for n in range(1, 100))]
    path = image(at, [*system(), *links], Entrypoint=["/l99/bin/sh"])
    assert wrapped(capsys, path, *WAYS[0]).code == 0


def test_links_through_deep_folders(at: Path, capsys: Capture) -> None:
    """Every folder of PATH leads over forty links, each of them through thousands of folders, in every layer."""
    deep = "/".join(["d"] * 1_900)
    links = [link(f"k{n}", f"/{deep}/../../k{n + 1}") for n in range(39)]
    layers = [[*system(), file(f"{deep}/x"), *links], *([file(f"f{n}")] for n in range(20))]
    path = image(at, *layers, Entrypoint=["k0"], Env=["PATH=" + ":".join(["/k0"] * 50)])
    ran = wrapped(capsys, path, *WAYS[0])
    assert ran.code == 3 and "too many folders, links and layers" in ran.err


def test_a_deep_folder_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a layer hides is asked on the way down, and takes as many questions as the path has folders."""
    tree = LayerTree(())
    asked: list[str] = []
    monkeypatch.setattr(tree, "kind", lambda path: asked.append(path) or "")
    parts = ["d"] * 200
    assert not any(tree.hides("/".join(parts[:depth])) for depth in range(1, len(parts)))
    assert len(asked) < len(parts)


def test_paths_that_lead_out(at: Path, capsys: Capture) -> None:
    members = [*system(), file("../../etc/evil", elf()), link("usr/local/bin/up", "../" * 1000 + "etc/evil")]
    ran = wrapped(capsys, image(at, members, Entrypoint=["up"]), *WAYS[0], "--format", "json")
    assert ran.report["image"]["program"]["path"] == "/etc/evil"


def test_a_script_of_repeated_words(at: Path, capsys: Capture) -> None:
    """What searches it takes time in proportion to its length."""
    for line in ("su " * 20_000, "gosu\t" * 12_000, "file_env " * 7_000, "${A+" * 16_000, "#!/bin/sh" * 7_000):
        members = system(GLIBC, file("usr/local/bin/long", f"#!/bin/sh\n{line}\n"))
        path = image(at, members, Entrypoint=["long"], Env=[PATH, "A=b"])
        assert wrapped(capsys, path, *WAYS[0]).code in (0, 4)


def test_values_are_never_shown(at: Path, capsys: Capture) -> None:
    """`wrapped` looks for the value in all that is printed, whatever becomes of it."""
    for config in (
        {"Env": [PATH, f"A={VALUE}"]},
        {"Env": [PATH, f"A={VALUE}"], "Cmd": [VALUE]},
        {"Env": [PATH, f"A={VALUE}"], "Entrypoint": ["start", f"--password={VALUE}"]},
        {"Cmd": ["mysqld", f"--password={VALUE}"]},
        {"Env": [PATH, f"A={VALUE}"], "Healthcheck": {"Test": ["CMD-SHELL", f"x -p{VALUE} $A"]}},
        {
            "Env": [PATH, f"URL=postgres://shop:{VALUE}@db.example/shop"],
            "Cmd": [f"postgres://shop:{VALUE}@db.example/shop"],
        },
        {"Env": [PATH, f"A={VALUE}"], "User": "mysql", "Labels": {"x": VALUE}},
    ):
        path = image(at, **config)
        for way in WAYS:
            wrapped(capsys, path, *way)
            wrapped(capsys, path, *way, "--format", "json", "--keep", "URL")


@pytest.mark.parametrize(
    "words",
    [
        ["--map", "=x"],
        ["--map", "A="],
        ["--map", "A=x\ny"],
        ["--map", "A=x", "--map", "A=y"],
        ["--map", "A", "--keep", "A"],
        ["--map", "A", "--service", "a b"],
        ["--map", "A", "--service", "-"],
        ["--map", "A", "--service", "x" * 99],
        ["--map", "A", "--image", "A B"],
        ["--map", "A", "--form", "shim"],
        ["--map", "A", "--fill", "X=y"],
        ["--map", "A", "--cli", "/x"],
    ],
)
def test_wrong_usage(words: list[str], at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "file", *words)
    assert (ran.code, ran.out) == (2, "") and ran.err.count("\n") == 1


def test_an_image_without_a_name(at: Path, capsys: Capture) -> None:
    path = image(at, tag="")
    ran = wrapped(capsys, path, *WAYS[0])
    assert ran.code == 2 and "--image" in ran.err
    ran = wrapped(capsys, path, *WAYS[0], "--image", "shop.example/app:2")
    assert yaml.safe_load(ran.out)["services"]["app"]["image"] == "shop.example/app:2"
