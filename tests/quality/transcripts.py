"""Pages whose console blocks are transcripts: their commands are run one after the other, and the page shows all that
they print. `--update` writes it there."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

#: A file with its name, or commands with what they print.
_BLOCK = re.compile(
    r"^`(?P<name>[\w./-]+)`:\n\n```\w*\n(?P<text>.*?)^```|^(?P<fence>```|~~~)console\n(?P<shown>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
#: What differs from run to run, and what a page has in its place.
_VARYING = (
    (re.compile(r"sha256:[0-9a-f]{12,64}"), "sha256:..."),
    (re.compile(r"^\[(\w+(?: \(root-commit\))?) [0-9a-f]{7,}\]", re.MULTILINE), r"[\1 ...]"),
    (re.compile(r"\blinux/(?:arm64(?:/v8)?|riscv64|ppc64le|s390x)"), "linux/amd64"),
    (re.compile(r"\b\d+(?:\.\d+)? s\b"), "... s"),
    (re.compile(r"\b\d+(?:\.\d+)? ([kMG]B)\b"), r"... \1"),
)


def programs(folder: Path, root: Path) -> dict[str, str]:
    """The environment of a shell that has `audit`, this checkout's, which is written into the folder."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/audit").write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m auditor "$@"\n')
    (folder / "bin/audit").chmod(0o755)
    # A path of the tests' own must not stand before that of another environment.
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "COLUMNS": "80", "LC_ALL": "C.UTF-8"}


class Shell:
    """A shell in a folder, which `cd` changes; `$?` is the code of the command before. Output is what a terminal shows:
    errors among it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = environment
        self._code = 0

    def __call__(self, command: str) -> str:
        """What a command line prints."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return ""
        done = subprocess.run(
            ["sh", "-c", f"(exit {self._code}); {command}"],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=300,
        )
        self._code = done.returncode
        text = done.stdout.decode()
        for pattern, instead in _VARYING:
            text = pattern.sub(instead, text)
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


class Transcript:
    """A page with its commands run: `text` is the page as it should be, `said` each command with what it printed.

    What commands print that begin with one of `kept` stays as the page has it.
    """

    def __init__(self, page: Path, shell: Shell, kept: tuple[str, ...] = ()) -> None:
        self._page = page
        self._shown = page.read_text(encoding="utf-8")
        self.said: list[tuple[str, str]] = []
        made, end = [], 0
        for block in _BLOCK.finditer(self._shown):
            if block["name"]:
                path = shell.folder / block["name"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block["text"], encoding="utf-8")
                continue
            made.append(self._shown[end : block.start("shown")])
            end = block.end("shown")
            for command, shown in _COMMAND.findall(block["shown"]):
                output = shell(command)
                self.said.append((command, output))
                made.append(f"$ {command}\n{shown if command.startswith(kept) else output}")
        self.text = "".join([*made, self._shown[end:]])

    def compare(self, update: bool) -> None:
        """Assert that the page is as it should be; write it first where `update`."""
        if update:
            self._page.write_text(self.text, encoding="utf-8")
        else:
            lines = difflib.unified_diff(self._shown.splitlines(), self.text.splitlines(), lineterm="", n=1)
            assert self._shown == self.text, "\n".join(["run with --update if the change is wanted:", *lines])
