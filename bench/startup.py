"""Start-up cost of the command, as a ratio to a bare Python of the same run: `python -m bench.startup`.

CPU time (user and system) rather than wall time, the minimum of many runs rather than the mean, and all commands in
turn rather than one after the other: what is left is steady even on a busy machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence

from auditor.core import rulefiles

FLOOR = "python -I -c pass"
CLEAN = """\
FROM debian:12-slim AS build
ARG VERSION=1.2
ENV LANG=C.UTF-8
RUN apt-get update && apt-get install -y --no-install-recommends gcc make && rm -rf /var/lib/apt/lists/*
COPY src/ /src/
RUN make -C /src VERSION="$VERSION" && install -m 755 /src/app /usr/local/bin/app

FROM debian:12-slim
COPY --from=build /usr/local/bin/app /usr/local/bin/app
USER 1000
ENTRYPOINT ["app"]
"""


def console_script() -> list[str]:
    """The installed `audit` of the running Python, or the module when there is none."""
    script = os.path.join(os.path.dirname(sys.executable), "audit")
    return [script] if os.access(script, os.X_OK) else [sys.executable, "-m", "auditor"]


def cpu_seconds(command: Sequence[str], folder: str) -> float:
    """CPU seconds of one run with its output thrown away. Raises CalledProcessError when it does not exit 0."""
    # An installed package has its bytecode; the run to warm up writes it where a checkout has none yet.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    devnull = subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=devnull, stdout=devnull, stderr=devnull
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return usage.ru_utime + usage.ru_stime


def fastest(commands: Mapping[str, Sequence[str]], folder: str, runs: int) -> dict[str, float]:
    """Least CPU seconds of each command over so many rounds; every round runs each once, after one to warm up."""
    best = dict.fromkeys(commands, float("inf"))
    for number in range(runs + 1):
        for name, command in commands.items():
            seconds = cpu_seconds(command, folder)
            if number:
                best[name] = min(best[name], seconds)
    return best


def ratios(runs: int = 25) -> dict[str, float]:
    """How many times the CPU of a bare Python each start takes, with the rules compiled as in an installed package.

    Raises RuntimeError when they do not compile.
    """
    if rulefiles.main():
        raise RuntimeError("the rule files do not compile")
    audit = console_script()
    commands = {
        FLOOR: [sys.executable, "-I", "-c", "pass"],
        "audit --version": [*audit, "--version"],
        "audit --help": [*audit, "--help"],
        "audit lint Dockerfile": [*audit, "lint", "Dockerfile"],
        "audit fix --diff Dockerfile": [*audit, "fix", "--diff", "Dockerfile"],
    }
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "Dockerfile"), "w", encoding="utf-8") as file:
            file.write(CLEAN)
        best = fastest(commands, folder, runs)
    floor = best.pop(FLOOR)
    return {name: seconds / floor for name, seconds in best.items()}


def main() -> int:
    """Print one line per command."""
    for name, ratio in ratios().items():
        print(f"{name:28} {ratio:5.2f} x {FLOOR}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
