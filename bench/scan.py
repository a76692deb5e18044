"""Speed and noise of `audit scan` over trees of public text: `python -m bench.scan [--kingfisher PATH] [TREE...]`.

Prints megabytes per second of CPU and of wall time on one core with the start of the process, memory, and the findings
at the default threshold per megabyte, by rule; `--list` names each of them. Every finding in a clean tree is one to be
explained: at most NOISE per megabyte.

With kingfisher (`kingfisher-bin` on PyPI; PATH or --kingfisher) both scan a copy of the trees in turn on the same core,
and the ratio is printed: kingfisher leaves out `node_modules`, which has another name in the copy. It gets no network,
and validates nothing. Modules that Python has compiled from a source beside them are read by kingfisher alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from bench.startup import console_script

ROUNDS = 3
NOISE = 0.1
GOAL = 20
#: What kingfisher leaves out, and its name in the copy.
LEFT_OUT, RENAMED = "node_modules", "node_packages"
#: Severities that `audit scan` prints unless told otherwise.
PRINTED = ("critical", "high", "medium")
_KINGFISHER = "scan --no-validate --no-update-check --git-history none --no-dedup --confidence medium --format jsonl"
#: Exit codes that are no failure: of audit, where a file is damaged, and of kingfisher, with findings.
_OWN_CODES, _ITS_CODES = (0, 3), (0, 200, 205)


class Cost(NamedTuple):
    """What a run took: seconds of CPU (user and system) and of wall time, megabytes of memory at most."""

    cpu: float
    wall: float
    memory: float


def files(trees: Sequence[str]) -> list[str]:
    """Regular files of the trees, sorted; links are not followed."""
    found = []
    for tree in trees:
        for parent, _, names in os.walk(tree):
            found += [os.path.join(parent, name) for name in names]
    return sorted(path for path in found if os.path.isfile(path) and not os.path.islink(path))


def binary_share(paths: Sequence[str]) -> float:
    """Share of the bytes in files with a zero among the first 8192 bytes."""
    binary = total = 0
    for path in paths:
        with open(path, "rb") as file:
            size = os.path.getsize(path)
            total += size
            binary += size if b"\0" in file.read(8192) else 0
    return binary / max(total, 1)


def copied(trees: Sequence[str], folder: str) -> None:
    """The same files with the same dates, as links where the disk allows, with other names for LEFT_OUT."""
    for number, tree in enumerate(trees):
        for path in files([tree]):
            inside = os.path.relpath(path, tree).split(os.sep)
            place = os.path.join(folder, str(number), *(RENAMED if name == LEFT_OUT else name for name in inside))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            try:
                os.link(path, place)
            except OSError:
                shutil.copy2(path, place)


@contextmanager
def one_core() -> Iterator[None]:
    """Keeps this process and what it starts on the last of its cores, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cost(command: Sequence[str], codes: Sequence[int] = (0,)) -> Cost:
    """Run the command with its output thrown away. Raises RuntimeError on an exit code that is not one of these."""
    start = time.perf_counter()
    devnull = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=devnull, stdout=devnull, stderr=devnull) as process:
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise RuntimeError(f"{command[0]} exited {process.returncode}")
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / scale)


def least(costs: Sequence[Cost]) -> Cost:
    """The least of each."""
    return Cost(*map(min, zip(*costs, strict=True)))


def offline() -> list[str]:
    """The command that takes the network from another one, empty where that needs rights that we lack."""
    command = ["unshare", "--map-root-user", "--net"]
    try:
        return command if subprocess.run([*command, "true"], check=False).returncode == 0 else []
    except OSError:
        return []


def audit(trees: Sequence[str], report: str) -> list[str]:
    """Command that scans the trees and writes a JSON report."""
    return [*console_script(), "scan", "--isolated", "--exit-zero", "--quiet", "--format", f"json:{report}", *trees]


def measure(commands: dict[str, tuple[list[str], Sequence[int]]], rounds: int) -> dict[str, Cost]:
    """Least cost of each command over the rounds, after one that fills the caches."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    with one_core():
        for number in range(rounds + 1):
            for name, (command, codes) in commands.items():
                taken = cost(command, codes)
                if number:
                    costs[name].append(taken)
    return {name: least(each) for name, each in costs.items()}


def printed(report: str) -> list[dict[str, Any]]:
    """The findings of a JSON report that the text report would show."""
    with open(report, encoding="utf-8") as file:
        findings: list[dict[str, Any]] = json.load(file)["findings"]
    return [one for one in findings if one["severity"] in PRINTED and not one["suppressed"]]


def show_speed(name: str, taken: Cost, megabytes: float) -> None:
    """One line for one command."""
    print(
        f"{name:11} {megabytes / taken.cpu:7.1f} MB/s of CPU {megabytes / taken.wall:7.1f} MB/s of wall time"
        f" {taken.cpu:6.2f} s {taken.memory:6.0f} MB of memory"
    )


def show_noise(found: Sequence[dict[str, Any]], megabytes: float, *, each: bool) -> None:
    """Findings per megabyte by rule, and the findings themselves if `each`."""
    print(f"{len(found)} findings, {len(found) / megabytes:.3f} per MB (limit {NOISE})")
    for rule, count in Counter(one["rule"] for one in found).most_common():
        print(f"  {count:5} {count / megabytes:8.4f} per MB  {rule}")
    for one in found if each else ():
        place, secret = one["location"], one["secret"] or {}
        print(
            f"{place['path']}:{place['start_line']}:{place['start_column']}: {one['rule']} {secret.get('type')}"
            f" {secret.get('redacted')} ({one['severity']}, {one['confidence']}, {one['verdict']})"
        )


def compare(trees: Sequence[str], megabytes: float, binary: str, rounds: int) -> None:
    """Print the speeds of both over the copy, and the ratio."""
    folder = tempfile.mkdtemp()
    try:
        tree = os.path.join(folder, "tree")
        copied(trees, tree)
        report = os.path.join(folder, "report")
        other = [*offline(), binary, *_KINGFISHER.split(), "--output", report, tree]
        taken = measure(
            {
                "audit": (audit([tree], os.path.join(folder, "own")), _OWN_CODES),
                "kingfisher": (other, _ITS_CODES),
            },
            rounds,
        )
        with open(report, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
    finally:
        shutil.rmtree(folder)
    print(f"\na copy, with another name for {LEFT_OUT}:")
    for name, each in taken.items():
        show_speed(name, each, megabytes)
    read = [one["stats"]["bytes_scanned"] for row in rows for one in row.get("audit", {}).get("repositories", ())]
    print(f"kingfisher read {sum(read) / 1e6:.0f} MB and found {sum('rule' in row for row in rows)}")
    print(f"ratio {taken['kingfisher'].cpu / taken['audit'].cpu:.2f} x kingfisher's speed by CPU time")


def main() -> int:
    """Print the figures; 2 where there is nothing to read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="*", metavar="TREE", help="default: the running Python's own")
    parser.add_argument("--kingfisher", metavar="PATH", default=shutil.which("kingfisher"), help="its program")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"runs of each after one to warm up ({ROUNDS})")
    parser.add_argument("--list", action="store_true", help="name every finding")
    options = parser.parse_args()
    trees = options.trees or sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")})
    paths = files(trees)
    megabytes = sum(map(os.path.getsize, paths)) / 1e6
    if not megabytes:
        print("no readable file in there", file=sys.stderr)
        return 2
    print(f"{len(paths)} files, {megabytes:.0f} MB, {binary_share(paths):.0%} of it binary: {' '.join(trees)}")
    folder = tempfile.mkdtemp()
    try:
        report = os.path.join(folder, "report.json")
        taken = measure({"audit": (audit(trees, report), _OWN_CODES)}, options.rounds)["audit"]
        found = printed(report)
    finally:
        shutil.rmtree(folder)
    show_speed("audit", taken, megabytes)
    print(f"goal        {GOAL:7.1f} MB/s of CPU")
    show_noise(found, megabytes, each=options.list)
    if options.kingfisher:
        compare(trees, megabytes, options.kingfisher, options.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
