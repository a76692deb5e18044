"""Diffs: what `patch` and `git apply` make of them is the new text, byte for byte."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report import linediff
from auditor.report.diff import FileDiff, for_terminal, unified
from auditor.report.linediff import replaced
from auditor.report.terminal import Painter

LONG = "".join(f"RUN step {n}\n" for n in range(40))
CASES = {
    "one line": (LONG, LONG.replace("step 7\n", "--mount=x step 7\n")),
    "several places": (LONG, LONG.replace("RUN step 3\n", "").replace("step 20", "step x").replace("step 26", "y")),
    "first and last": (LONG, f"ARG A\n{LONG}CMD x\n"),
    "all": ("A\n", "B\n"),
    "emptied": ("A\nB\n", ""),
    "no final newline": ("A\nB\nC", "A\nB\nD"),
    "newline lost": ("A\nB\n", "A\nB"),
    "newline gained": ("A\nB", "A\nB\n"),
    "CRLF": (LONG.replace("\n", "\r\n"), LONG.replace("step 9\n", "step z\n").replace("\n", "\r\n")),
    "BOM": (f"\ufeff{LONG}", f"\ufeff{LONG}".replace("step 0\n", "step z\n")),
    "bytes": ("A \udcff\nB\u0085\x0c\x1c\nC\n", "A \udcff\nB\u0085\x0c\x1c\nD\n"),
    "same lines": ("A\n" * 30, "A\n" * 12 + "B\n" + "A\n" * 18),
    "new file": (None, "x\ny\n"),
    "new program": (None, "#!/bin/sh\nexec x"),
    "new and empty": (None, ""),
}
NAMES = ["Dockerfile", "a b/Docker file", "ü/日本", 'q"uote\\back', "tab\there", "\udcff"]
TOOLS = [["git", "apply", "-"], ["patch", "-p1", "--binary", "-s"]]


def apply(folder: Path, tool: list[str], diff: str) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"needs {tool[0]}")
    done = subprocess.run(
        tool, cwd=folder, input=diff.encode("utf-8", "surrogateescape"), capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stdout, done.stderr, diff)


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize("case", CASES)
def test_tools_take_it(case: str, tool: list[str], tmp_path: Path) -> None:
    before, after = CASES[case]
    path = tmp_path / "Dockerfile"
    if before is not None:
        path.write_bytes(raw(before))
    apply(tmp_path, tool, unified(FileDiff("Dockerfile", before, after)))
    assert (path.read_bytes() if path.exists() else b"") == raw(after)
    if before is None:
        assert bool(path.stat().st_mode & 0o100) == after.startswith("#!")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [None, "A\nB\n"])
def test_names(name: str, before: str | None, tool: list[str], tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if before is not None:
        path.write_bytes(raw(before))
    apply(tmp_path, tool, unified(FileDiff(name, before, "A\nC\n")))
    assert path.read_bytes() == b"A\nC\n"


def test_files_of_a_group_make_one_patch(tmp_path: Path) -> None:
    for name in ("Dockerfile", "build.sh"):
        (tmp_path / name).write_text(LONG)
    files = [FileDiff(name, LONG, LONG.replace("step 30", "step x")) for name in ("Dockerfile", "build.sh")]
    apply(tmp_path, TOOLS[0], "".join(map(unified, [*files, FileDiff("new", None, "x\n")])))
    assert "step x" in (tmp_path / "build.sh").read_text()
    assert (tmp_path / "new").read_text() == "x\n"


def test_no_change_is_no_diff() -> None:
    assert unified(FileDiff("Dockerfile", LONG, LONG)) == ""


def test_the_form() -> None:
    before, after = "A\nB\nC\nD\nE\nF\n", "A\nB\nC\nD\nX\nY\nF\n"
    assert unified(FileDiff("Dockerfile", before, after)) == (
        "diff --git a/Dockerfile b/Dockerfile\n--- a/Dockerfile\n+++ b/Dockerfile\n"
        "@@ -2,5 +2,6 @@\n B\n C\n D\n-E\n+X\n+Y\n F\n"
    )


def test_hidden_lines_know_their_place() -> None:
    seen: list[tuple[str, int | None]] = []

    def hide(line: str, start: int | None) -> str:
        seen.append((line, start))
        return "****"

    got = unified(FileDiff("Dockerfile", "AB\nC\nD\n", "AB\nX\nD\n"), hide)
    assert seen == [("AB", 0), ("C", 3), ("X", None), ("D", 5)]
    assert got.split("@@\n")[1] == " ****\n-****\n+****\n ****\n"


def test_a_terminal_gets_no_control_characters() -> None:
    before = "A\n::error::x\n##[group]\n\x1b[31m\u202e\r\n"
    diff = unified(FileDiff("x\x1b[0m", before, before + "B\n"))
    shown = for_terminal(diff, Painter(False))
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert "\n ::" not in shown and "##[" not in shown
    coloured = for_terminal(diff, Painter(True))
    assert "\x1b[32m+B\x1b[0m\n" in coloured and "\x1b[1m--- " in coloured and "\x1b[34m@@ " in coloured


lines = st.lists(st.sampled_from(["A\n", "B\n", "C\n", "D\n", "E\n", "\n"]), max_size=14)


@given(lines, lines, st.sampled_from([0, 6, 40_000]))
def test_what_is_not_replaced_is_the_same(old: list[str], new: list[str], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linediff, "_MOST_PAIRS", most)
        parts = replaced(old, new)
    made, at = [], 0
    for part in parts:
        assert part.start < part.end or part.new_start < part.new_end
        made += [*old[at : part.start], *new[part.new_start : part.new_end]]
        assert part.new_start == len(made) - (part.new_end - part.new_start)
        at = part.end
    assert made + old[at:] == new
    assert all(a.end < b.start and a.new_end < b.new_start for a, b in pairwise(parts))


def test_many_lines_that_are_alike_are_not_compared_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import difflib

    sizes: list[int] = []
    real = difflib.SequenceMatcher

    def counting(junk: None, a: list[str], b: list[str], autojunk: bool) -> difflib.SequenceMatcher[str]:
        sizes.append(len(a) * len(b))
        return real(junk, a, b, autojunk)

    monkeypatch.setattr(difflib, "SequenceMatcher", counting)
    before = ["A\n", "B\n"] * 20_000
    after = [*before[:10], "X\n", *before[10:-10], "B\n", *before[-10:]]
    parts = replaced(before, after)
    assert parts and max(sizes, default=0) <= 40_000
