"""`make demo`: `audit lint` and `audit scan` on a small repository with leaks, and `audit image` on a small image, as a
user sees it, then held against what is there.

`python -m tests.demo --update` writes down what was found instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import demoimage

FIXTURES = Path(__file__).resolve().parent / "fixtures" / "repos"
DEMO = FIXTURES / "demo"
EXPECTED = FIXTURES / "demo.expected"


COMMANDS = ("lint", "scan", "image")


def run(command: str, *options: str) -> subprocess.CompletedProcess[str]:
    """`audit lint` or `audit scan` of the demo repository, or `audit image`; with its output captured."""
    script = Path(sys.executable).parent / "audit"
    words = [script, command, "--isolated", "--min-severity", "medium", *options]
    if command != "image":
        return subprocess.run(words, cwd=DEMO, capture_output=True, text=True, check=False)
    with tempfile.TemporaryDirectory(prefix="audit-demo-") as folder:
        image = demoimage.write(Path(folder)).name
        return subprocess.run([*words, "--no-cache", image], cwd=folder, capture_output=True, text=True, check=False)


def found() -> list[str]:
    """`path:line severity rule` of every finding from medium on, command by command."""
    return [line for command in COMMANDS for line in sorted(_lines(command))]


def _lines(command: str) -> Iterator[str]:
    for finding in json.loads(run(command, "--format", "json", "--quiet").stdout)["findings"]:
        if finding["severity"] in ("medium", "high", "critical"):
            yield f"{_place(finding)} {finding['severity']} {finding['rule']}"


def _place(finding: dict[str, Any]) -> str:
    image = finding["image"]
    if image is None:
        return f"{finding['location']['path']}:{finding['location']['start_line']}"
    layer = "" if image["layer_index"] is None else f" {image['layer_index']}"
    return f"{finding['target']} {image['part']}{layer} {image['path'] or image['pointer']} {image['state']}"


def _show(done: subprocess.CompletedProcess[str]) -> None:
    """The findings, and behind them what was said of them."""
    for stream, text in ((sys.stdout, done.stdout), (sys.stderr, done.stderr)):
        stream.write(text)
        stream.flush()


def main(arguments: list[str]) -> int:
    """Show the findings; 0 when they are the expected ones, 1 when not."""
    lines = found()
    if arguments == ["--update"]:
        EXPECTED.write_text("".join(f"{line}\n" for line in lines))
        return 0
    for command in COMMANDS:
        argument = {"scan": " .", "image": f" {demoimage.NAME}"}.get(command, "")
        folder = f"cd {os.path.relpath(DEMO)} && " if command != "image" else ""
        sys.stdout.write(f"$ {folder}audit {command}{argument}\n\n")
        _show(run(command, "--color", "always" if sys.stdout.isatty() else "never"))
    expected = EXPECTED.read_text().splitlines()
    if lines == expected:
        print(f"\nThese are the {len(expected)} findings that the demo was made for.")
        return 0
    changes = [f"  missing: {line}" for line in expected if line not in lines]
    changes += [f"  new:     {line}" for line in lines if line not in expected]
    print("\nThese are not the findings that the demo was made for:", *changes, sep="\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
