"""A docker command for tests: a script that answers as it is told, and notes how it was called."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from auditor.run.proving.docker import Docker

#: Values of nobody, assembled so that nothing here looks like one.
TOKEN = "tk9" + "QzR4mWx7LpB2vNc8"
OTHER = "pw3" + "HsD6kYf1JgT5uXe0"

_SCRIPT = """\
#!{python}
import json, os, shutil, sys, time
folder = {folder!r}
words = sys.argv[1:]
plan = json.load(open(os.path.join(folder, "plan.json")))
def after(flag):
    return [words[n + 1] for n, word in enumerate(words) if word == flag]
entry = {{"words": words, "environment": dict(os.environ), "secrets": {{}}, "texts": {{}}}}
for text in after("--secret"):
    name, _, path = text.partition(",src=")
    entry["secrets"][name[3:]] = [open(path).read(), os.stat(path).st_mode & 0o777]
for path in after("--file"):
    entry["texts"] = {{name: open(path + name).read() for name in ("", ".dockerignore")}}
if words[0] == "build":
    context = words[-1]
    entry["context"] = {{
        os.path.relpath(os.path.join(top, name), context): oct(os.stat(os.path.join(top, name)).st_mode & 0o777)
        for top, _, names in os.walk(context) for name in names
    }}
with open(os.path.join(folder, "calls.jsonl"), "a") as out:
    out.write(json.dumps(entry) + "\\n")
if words[0] == "build":
    side = after("--tag")[0].rpartition(":")[2]
    told = plan["builds"].get(side) or plan["builds"]["before"]
    for line in told.get("log", []):
        for name, value in entry["environment"].items():
            line = line.replace("{{" + name + "}}", value)
        for name, (value, _) in entry["secrets"].items():
            line = line.replace("{{" + name + "}}", value)
        print(line, flush=True)
    if told.get("hang"):
        time.sleep(60)
    if told.get("code"):
        sys.exit(told["code"])
    open(after("--iidfile")[0], "w").write(told["id"])
elif words[0] == "run":
    told = plan["runs"][after("--name")[0].rpartition("-")[2]]
    print(told["output"], end="")
    sys.exit(told.get("code", 0))
elif words[0] == "version":
    print(plan.get("version", "20.10.24 20.10.24 linux"))
    sys.exit(plan.get("version_code", 0))
elif words[0] == "buildx":
    sys.exit(plan.get("buildx_code", 0))
"""


class Call(NamedTuple):
    """How the command was called; `secrets` are (content, mode) by id, `context` the modes of its files."""

    words: list[str]
    environment: dict[str, str]
    secrets: dict[str, tuple[str, int]]
    texts: dict[str, str]
    context: dict[str, str]


class FakeDocker(Docker):
    """The script; its images are archives in a folder, named by their ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan: dict[str, Any] = {"builds": {}, "runs": {}}
        script = folder / "docker"
        script.write_text(_SCRIPT.format(python=sys.executable, folder=str(folder)))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        super().__init__(str(script))
        self._write()

    def image(self, side: str, archive: bytes, *log: str) -> None:
        """What a build makes; `{NAME}` in its log stands for the value that it was given."""
        (self.folder / f"{side}.tar").write_bytes(archive)
        self.told(side, id=side, log=list(log))

    def told(self, side: str, **what: object) -> None:
        """How a build goes."""
        self.plan["builds"].setdefault(side, {}).update(what)
        self._write()

    def says(self, side: str, output: str, code: int = 0) -> None:
        """What the command in an image says."""
        self.plan["runs"][side] = {"output": output, "code": code}
        self._write()

    def answers(self, **what: object) -> None:
        """What it says about itself."""
        self.plan.update(what)
        self._write()

    def _write(self) -> None:
        (self.folder / "plan.json").write_text(json.dumps(self.plan))

    def target(self, image: str) -> str:
        return str(self.folder / f"{image}.tar")

    @property
    def calls(self) -> list[Call]:
        path = self.folder / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        told: list[Mapping[str, Any]] = [json.loads(line) for line in lines]
        return [Call(t["words"], t["environment"], t["secrets"], t["texts"], t.get("context", {})) for t in told]

    def called(self, what: str) -> list[Call]:
        return [call for call in self.calls if call.words[0] == what]


def temporary_folders(folder: str) -> list[str]:
    """What proofs have left there."""
    return [name for name in os.listdir(folder) if name.startswith("audit-prove-")]
