"""`audit fix` on files as they come: with the real engine, from bytes on disk to bytes on disk."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.fixes import registry
from auditor.run.rewrite import writing
from tests.cli.fixing import Capture, fix

DOCKERFILE = """\
FROM node:22
WORKDIR /app
ARG NPM_TOKEN
COPY package.json ./
RUN echo "//npm.example/:_authToken=$NPM_TOKEN" > .npmrc && npm ci --ignore-scripts && rm .npmrc
CMD ["node", "server.js"]
"""
FIXED = """\
FROM node:22
WORKDIR /app
COPY package.json ./
RUN --mount=type=secret,id=npm_token,required=true \\
    export NPM_TOKEN="$(cat /run/secrets/npm_token)"; \\
    echo "//npm.example/:_authToken=$NPM_TOKEN" > .npmrc && npm ci --ignore-scripts && rm .npmrc
CMD ["node", "server.js"]
"""
SCRIPT = '#!/bin/sh\nset -e\ndocker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t app .\n'
NEW_SCRIPT = "#!/bin/sh\nset -e\ndocker build --secret id=npm_token,env=NPM_TOKEN -t app .\n"
OPTIONS = ("--isolated", "--ignore", "package-cache")
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one Dockerfile that can be fixed. The command is tested here: one planner is enough."""
    monkeypatch.setattr(registry, "PLANNERS", ("variables",))
    tree = tmp_path / "tree"
    (tree / ".git").mkdir(parents=True)
    (tree / "Dockerfile").write_text(DOCKERFILE)
    monkeypatch.chdir(tree)
    return tree


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_one_file(here: Path, capsys: Capture) -> None:
    code, out, err = fix(capsys, *OPTIONS, "Dockerfile")
    assert (code, (here / "Dockerfile").read_text()) == (0, FIXED)
    assert out.startswith("Dockerfile  fixed\n\n  fixed: NPM_TOKEN becomes a build secret\n    line 3: arg-secret\n")
    assert "docker build --secret id=npm_token,env=NPM_TOKEN" in out and "Rotate these" in out
    assert err.startswith("1 finding fixed in 1 file (")
    assert fix(capsys, *OPTIONS, "Dockerfile")[2].startswith("Nothing to fix in 1 file (")
    assert (here / "Dockerfile").read_text() == FIXED


def test_what_calls_the_build_changes_along(here: Path, capsys: Capture) -> None:
    (here / "build.sh").write_text(SCRIPT)
    (here / "build.sh").chmod(0o755)
    code, out, _ = fix(capsys, *OPTIONS)
    assert code == 0 and out.startswith("Dockerfile  fixed, with build.sh\n") and "Build it with" not in out
    assert contents(here) == {"Dockerfile": FIXED.encode(), "build.sh": NEW_SCRIPT.encode()}
    assert os.access(here / "build.sh", os.X_OK)


@pytest.mark.parametrize(
    "tool", [["git", "apply", "-"], pytest.param(["patch", "-p1", "-s"], marks=pytest.mark.skipif(
        shutil.which("patch") is None, reason="needs patch"))], ids=["git", "patch"]
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_diff_does_what_the_command_does(tool: list[str], newline: str, here: Path, capsys: Capture) -> None:
    for name, text in (("Dockerfile", DOCKERFILE), ("build.sh", SCRIPT.rstrip("\n"))):
        (here / name).write_bytes(text.replace("\n", newline).encode())
    before = contents(here)
    code, diff, _ = fix(capsys, *OPTIONS, "--diff")
    assert code == 0 and contents(here) == before
    copy = here.parent / "copy"
    shutil.copytree(here, copy)
    if tool[0] == "patch" and newline == "\r\n":
        tool = [*tool, "--binary"]
    subprocess.run(tool, cwd=copy, input=diff.encode(), check=True)
    fix(capsys, *OPTIONS)
    assert contents(copy) == contents(here) != before


def variants() -> dict[str, bytes]:
    plain = DOCKERFILE.encode()
    return {
        "crlf": plain.replace(b"\n", b"\r\n"),
        "bom": b"\xef\xbb\xbf" + plain,
        "bom and crlf": b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"),
        "no final newline": plain.rstrip(b"\n"),
        "latin-1": plain.replace(b"FROM", b"# caf\xe9\nFROM"),
        "odd bytes": plain.replace(b"FROM", b"# \xff\xfe\x80\nFROM"),
        "utf-8": plain.replace(b"FROM", "# 日本\nFROM".encode()),
    }


@pytest.mark.parametrize("name", variants())
def test_bytes_that_are_not_concerned_stay(name: str, here: Path, capsys: Capture) -> None:
    before = variants()[name]
    (here / "Dockerfile").write_bytes(before)
    assert fix(capsys, *OPTIONS)[0] == 0
    after = (here / "Dockerfile").read_bytes()
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    expected = [line for line in before.split(newline) if line != b"ARG NPM_TOKEN"]
    at = next(number for number, line in enumerate(expected) if line.startswith(b"RUN echo"))
    command = expected[at].removeprefix(b"RUN ")
    mounted = FIXED.encode().split(b"\n")[3:5]
    expected[at : at + 1] = [*mounted, b"    " + command]
    assert after == newline.join(expected)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_left_alone(encoding: str, here: Path, capsys: Capture) -> None:
    (here / "Dockerfile").write_bytes(DOCKERFILE.encode(encoding))
    before = contents(here)
    code, out, err = fix(capsys, *OPTIONS, "Dockerfile")
    assert code in (1, 3, 4) and contents(here) == before
    assert "Nothing to fix in 1 file" not in out + err and "internal error" not in err


TEMPLATES = {
    "handlebars": DOCKERFILE.replace("node:22", "{{ base }}"),
    "block": "{% if x %}\n" + DOCKERFILE + "{% endif %}\n",
    "percent": DOCKERFILE.replace("FROM", "%%HEADER%%\nFROM", 1).replace("node:22", "%%BASE%%"),
    "autoconf": DOCKERFILE.replace("node:22", "@BASE@"),
    "erb": DOCKERFILE.replace("node:22", "<%= base %>"),
    "generated": "# Code generated by gen.py. DO NOT EDIT.\n" + DOCKERFILE,
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_and_generated_files_are_refused(name: str, here: Path, capsys: Capture) -> None:
    (here / "Dockerfile").write_text(TEMPLATES[name])
    before = contents(here)
    code, out, _ = fix(capsys, *OPTIONS)
    assert code != 0 and contents(here) == before
    assert "not changed" in out or "template" in out or "generated" in out or "rejects" in out
    assert "fixed:" not in out.replace("not fixed:", "")


@posix
def test_read_only_files_are_refused(here: Path, capsys: Capture) -> None:
    (here / "build.sh").write_text(SCRIPT)
    (here / "build.sh").chmod(0o555)
    before = contents(here)
    code, out, err = fix(capsys, *OPTIONS)
    assert code == 4 and contents(here) == before
    assert out.startswith("Dockerfile  not changed\n  build.sh: is read-only\n")
    assert err.startswith("1 finding whose fix was refused in 1 file")


def test_a_file_that_changes_meanwhile_is_refused(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = writing._File.prepare

    def late(self: writing._File) -> None:
        (here / "Dockerfile").write_text(DOCKERFILE + "# somebody else\n")
        prepare(self)

    monkeypatch.setattr(writing._File, "prepare", late)
    code, out, _ = fix(capsys, *OPTIONS)
    assert code == 4 and "changed while it was being fixed; nothing was written" in out
    assert contents(here) == {"Dockerfile": (DOCKERFILE + "# somebody else\n").encode()}


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_leaves_everything_as_it_was(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "build.sh").write_text(SCRIPT)
    before = contents(here)
    create = writing._create

    def full(path: str, mode: int) -> int:
        os.close(create(path, mode))
        return os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(writing, "_create", full)
    code, out, _ = fix(capsys, *OPTIONS)
    assert code == 4 and "cannot be written: no space left on device" in out
    assert contents(here) == before


@posix
def test_a_link_inside_of_the_tree_stays_a_link(here: Path, capsys: Capture) -> None:
    (here / "docker").mkdir()
    (here / "Dockerfile").rename(here / "docker" / "image")
    (here / "Dockerfile").symlink_to("docker/image")
    assert fix(capsys, *OPTIONS)[0] == 0
    assert (here / "Dockerfile").is_symlink() and (here / "docker" / "image").read_text() == FIXED


@posix
@pytest.mark.parametrize("argv", [(), ("Dockerfile",)])
def test_a_link_out_of_the_tree_is_not_followed(argv: tuple[str, ...], here: Path, capsys: Capture) -> None:
    outside = here.parent / "elsewhere"
    (here / "Dockerfile").rename(outside)
    (here / "Dockerfile").symlink_to(outside)
    code, out, err = fix(capsys, *OPTIONS, *argv)
    assert outside.read_text() == DOCKERFILE and (here / "Dockerfile").is_symlink()
    assert "fixed:" not in out.replace("not fixed:", "")
    assert code == (4 if argv else code) and (not argv or "leads out of the tree" in out), err


def test_a_file_named_twice_is_fixed_once(here: Path, capsys: Capture) -> None:
    code, out, _ = fix(capsys, *OPTIONS, "Dockerfile", "./Dockerfile", ".", str(here / "Dockerfile"))
    assert code == 0 and (here / "Dockerfile").read_text() == FIXED
    assert out.count("NPM_TOKEN becomes a build secret") == 1


def shared_caller(here: Path) -> None:
    for name in ("web", "api"):
        (here / name).mkdir()
        (here / name / "Dockerfile").write_text(DOCKERFILE)
    (here / "Dockerfile").unlink()
    lines = [f'docker build --build-arg NPM_TOKEN="$NPM_TOKEN" -t {name} {name}\n' for name in ("web", "api")]
    (here / "build.sh").write_text("#!/bin/sh\n" + "".join(lines))


def test_two_dockerfiles_share_a_caller(here: Path, capsys: Capture) -> None:
    shared_caller(here)
    code, diff, _ = fix(capsys, *OPTIONS, "--diff")
    copy = here.parent / "copy"
    shutil.copytree(here, copy)
    subprocess.run(["git", "apply", "-"], cwd=copy, input=diff.encode(), check=True)
    code, _, err = fix(capsys, *OPTIONS)
    assert code == 0 and err.startswith("2 findings fixed in 2 files")
    script = (here / "build.sh").read_text()
    assert script.count("--secret id=npm_token,env=NPM_TOKEN") == 2 and "--build-arg" not in script
    assert [(here / name / "Dockerfile").read_text() for name in ("web", "api")] == [FIXED, FIXED]
    assert contents(copy) == contents(here)


@posix
def test_a_shared_caller_stays_if_the_first_rewrite_is_refused(here: Path, capsys: Capture) -> None:
    shared_caller(here)
    (here / "api" / "Dockerfile").chmod(0o444)
    before = contents(here)
    code, out, _ = fix(capsys, *OPTIONS)
    assert code == 4 and contents(here) == before
    assert "is read-only" in out and "build.sh changes with api/Dockerfile first, whose fix was refused" in out


@pytest.mark.parametrize("argv", [(), ("--diff",), ("--check",), ("--format", "json")])
def test_a_folder_without_dockerfiles(argv: tuple[str, ...], here: Path, capsys: Capture) -> None:
    (here / "Dockerfile").unlink()
    (here / "build.sh").write_text("docker build -t app .\n")
    code, out, err = fix(capsys, *OPTIONS, *argv)
    assert code == 0 and (here / "build.sh").read_text() == "docker build -t app .\n"
    assert json.loads(out)["files"] == [] if "json" in argv else (out, err[:14]) == ("", "Nothing to fix")


def test_a_path_that_is_not_there(capsys: Capture) -> None:
    code, out, err = fix(capsys, *OPTIONS, "nowhere")
    assert (code, out) == (3, "") and "nowhere: error: cannot be read: no such file" in err


@pytest.mark.parametrize("argv", [("-",), ("--diff", "-"), ("--check", "-")], ids=" ".join)
def test_standard_input(argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(DOCKERFILE.encode())))
    code, out, err = fix(capsys, *OPTIONS, *argv)
    assert code == (1 if "--check" in argv else 0)
    if argv == ("-",):
        assert out == FIXED and "Dockerfile  fixed\n" in err
    elif "--diff" in argv:
        assert out.startswith("diff --git a/Dockerfile b/Dockerfile\n") and "-ARG NPM_TOKEN\n" in out
    else:
        assert out.startswith("Dockerfile  can be fixed\n")


def test_rules_that_are_chosen(here: Path, capsys: Capture) -> None:
    code, _, err = fix(capsys, "--isolated", "--select", "env-secret")
    assert (code, (here / "Dockerfile").read_text()) == (0, DOCKERFILE) and err.startswith("Nothing to fix")
    assert fix(capsys, "--isolated", "--select", "arg-secret", "--exit-non-zero-on-fix")[0] == 1
    assert (here / "Dockerfile").read_text() == FIXED
    assert fix(capsys, "--isolated", "--select", "arg-secret", "--exit-non-zero-on-fix")[0] == 0


def test_no_value_is_printed(here: Path, capsys: Capture) -> None:
    """Neither one of the Dockerfile nor one that a caller gives, in no format."""
    password, token = "Tundra-42" + "-kite", "npm_" + "Zq8vT1xK4mR7sW2yB5nD9hJ3fL6pC0aE1gU8"
    text = DOCKERFILE.replace("CMD", f"ENV DB_PASSWORD={password}\nENV OLD_TOKEN={token}\nCMD")
    (here / "Dockerfile").write_text(text)
    (here / "build.sh").write_text(SCRIPT.replace('"$NPM_TOKEN"', token))
    printed = ""
    for argv in (["--check"], ["--diff"], ["--check", "-v"], ["--check", "--format", "json:report.json"]):
        printed += "".join(fix(capsys, *OPTIONS, *argv)[1:])
    printed += "".join(fix(capsys, *OPTIONS)[1:]) + (here / "report.json").read_text()
    assert "DB_PASSWORD" in printed and password not in printed and token not in printed
